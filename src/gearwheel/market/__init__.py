"""A synthetic marketplace that emits the canonical events, takes levers, experiments and decisions, and knows its truth."""
