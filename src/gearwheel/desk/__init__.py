"""Everyday decisions: options with their expected cost, a policy, a log that can be replayed, and learning from it."""
