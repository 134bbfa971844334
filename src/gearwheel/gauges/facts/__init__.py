"""Facts of single orders that vanish in weekly series: each an observational estimate with what may confound it."""

from __future__ import annotations

from collections.abc import Callable

from gearwheel.gauges.facts.fact import Fact
from gearwheel.gauges.facts.members import member_facts
from gearwheel.gauges.facts.repeats import repeat_facts
from gearwheel.gauges.facts.reviews import delivery_facts, review_repeat_facts
from gearwheel.gauges.facts.sellers import seller_facts

__all__ = ["Fact", "facts"]

GROUPS = {
    "delivery and reviews": delivery_facts,
    "reviews and repeat purchase": review_repeat_facts,
    "repeat purchase": repeat_facts,
    "sellers and demand": seller_facts,
    "members": member_facts,
}


def facts(events, progress: Callable[[str, int, int, str], None] | None = None) -> dict[str, Fact]:
    """Every fact by name; where the data cannot give one, its estimate is None and its caveat says why.

    `events` has the connection, the present tables and columns, and the mapping of `gauges.events.Events`.
    """
    found: dict[str, Fact] = {}
    for done, (group, estimate) in enumerate(GROUPS.items()):
        if progress:
            progress("facts", done, len(GROUPS), group)
        found |= {fact.name: fact for fact in estimate(events)}
    if progress:
        progress("facts", len(GROUPS), len(GROUPS), "")
    return found
