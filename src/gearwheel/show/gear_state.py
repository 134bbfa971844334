"""What measures a gear: one answer for the picture, the cards and the fine print."""

from __future__ import annotations

from typing import NamedTuple

from gearwheel.show.own_data import definition, events_of, gears, readings_of, texts
from gearwheel.show.phrases import conjoined, gauge_words
from gearwheel.show.values import at, listing, mapping, words_of


class Measured(NamedTuple):
    """Gauges of one gear: those that the fit reads, and those that were measured and stand beside it. `known` is False
    where the results do not say what measures the gear."""

    fitted: tuple[str, ...]
    beside: tuple[str, ...]
    known: bool = True

    @property
    def stands(self) -> str:
        """ "fitted", "beside" where its numbers are measured and no fitted gauge reads it, or "on beliefs"."""
        return "fitted" if self.fitted else "beside" if self.beside else "on beliefs"


def measured(results: dict, gear: str) -> Measured:
    about = mapping(mapping(at(results, "wheel", "gears")).get(gear))
    events = events_of(results)
    listed = next((one for one in gears(events) if words_of(one.get("name")) == gear), {})
    there = readings_of(events)
    named = [*texts(listed.get("possible")), *(g for g in there if words_of(definition(events, g).get("gear")) == gear)]
    read = mapping(mapping(results).get("series"))  # one that reads a variable of no gear is fitted all the same
    fitted = dict.fromkeys(g for g in listing(about.get("measured_by")) if isinstance(g, str))
    fitted |= dict.fromkeys(g for g in named if g in read)
    beside = [g for g in dict.fromkeys(named) if g in there and g not in fitted]
    return Measured(tuple(fitted), tuple(beside), "measured_by" in about or bool(listed))


def gauges_said(results: dict, found: Measured) -> str:
    """'Overhead; not fitted: Cost of goods', "" where nothing measures the gear."""
    fitted, beside = (", ".join(gauge_words(results, g) for g in some) for some in (found.fitted, found.beside))
    return "; ".join(filter(None, (fitted, f"measured and not fitted: {beside}" if beside else "")))


def unfitted_said(results: dict, gears_there: list[str]) -> str:
    """Which gears no gauge measures, and which are measured while no fitted gauge reads them."""
    states = {g: measured(results, g) for g in gears_there}
    said = []
    for stand, words in (
        ("on beliefs", "No gauge measures {}, so {} on beliefs."),
        ("beside", "What is measured of {} is not part of the fit, so {} on beliefs."),
    ):
        idle = [g.replace("_", " ") for g, state in states.items() if state.known and state.stands == stand]
        if idle:
            said.append(words.format(conjoined(idle), "it stands" if len(idle) == 1 else "they stand"))
    return " ".join(said)
