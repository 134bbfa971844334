"""Sentences under a link's verdict: its delay, what a weak or undecided verdict means, and the evidence that entered."""

from __future__ import annotations

from collections.abc import Mapping

from gearwheel.show.figures import amount, number, percent
from gearwheel.show.own_data import events_of
from gearwheel.show.phrases import OTHER_WAY, STILL, TURNS, UNSURE
from gearwheel.show.values import at, listing, mapping, real, words_of

MOVED = 0.3  # contraction from which the data are said to have moved a belief (the verdict's own threshold)
DAYS = {"year": 365.25, "month": 30.4, "week": 7.0, "day": 1.0}


def delay(one: Mapping) -> str:
    """'felt after about 4 weeks', "" where the link has no delay of its own."""
    about = mapping(one.get("delay"))
    median, unit = real(about.get("median")), words_of(about.get("unit"))
    return f"felt after about {_short_time(median, unit)}" if median and median > 0 else ""


def _short_time(value: float, unit: str) -> str:
    """0.08 years are said to be 4 weeks."""
    days = value * DAYS[unit] if unit in DAYS else None
    if days is None:
        return amount(value, unit, digits=2)
    for name in ("year", "month", "week"):
        if days >= (1.5 if name != "week" else 1.0) * DAYS[name]:
            return amount(days / DAYS[name], name, digits=2)
    return amount(days, "day", digits=2)


def plainly(results: dict, one: Mapping) -> str:
    """What "does not turn here" and "the data cannot tell" mean for this link; only for one's own business."""
    if not events_of(results):
        return ""
    verdict = words_of(one.get("verdict"))
    low, high = (real(at(one, "posterior", key)) for key in ("q05", "q95"))
    if verdict not in (STILL, UNSURE, OTHER_WAY, TURNS) or low is None or high is None:
        return ""
    neutral, band = real(one.get("neutral")) or 0.0, real(one.get("no_effect_band"))
    if verdict == STILL:
        near = f"within {number(band)} of no effect" if band is not None else "as good as no effect"
        return f"Measured well enough to say that it is {near}: pushing on it will not turn the wheel."
    if verdict == UNSURE:
        if (real(one.get("contraction")) or 0.0) < MOVED:
            return _on_belief(real(one.get("contraction")))
        if low <= neutral <= high:
            return "Both no effect and an effect that matters fit the data."
        return "The data lean away from no effect, but no effect explains them about as well."
    return ""


def _on_belief(contraction: float | None) -> str:
    if not contraction or contraction < 0.01:
        return "The record says nothing about it: this number is what was believed."
    return f"The record narrowed the belief by only {percent(contraction)}: this number is mostly what was believed."


def evidence(one: Mapping) -> list[str]:
    """A sentence for each experiment or observational fact that entered the fit of this link."""
    said = []
    for item in map(mapping, listing(one.get("evidence"))):
        estimate, error = real(item.get("estimate")), real(item.get("error"))
        if not item:
            continue
        design = {"observational": "Observed", "experiment": "Experiment"}.get(
            words_of(item.get("design")), words_of(item.get("design"), "Evidence").capitalize()
        )
        name = words_of(item.get("name"), "unnamed").replace("_", " ")
        wide = f" ± {number(error)}" if error is not None else ""
        because = words_of(item.get("because")).rstrip(".")
        said.append(f"{design} ({name}): {number(estimate)}{wide}{f', {because}' if because else ''}.")
    return said
