"""Sentences about verdicts: their rule, what the data added, what an undecided one means, delay and evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gearwheel.show.figures import amount, in_words, number, percent
from gearwheel.show.phrases import STILL, UNSURE, conjoined
from gearwheel.show.values import at, listing, mapping, on_beliefs, real, words_of

# the verdict's own thresholds (see fit/verdicts.py), in the words of the card: a contraction of 0.3 and a profile gain of
# 1.35 in log units
LEAST_NARROWED, LEAST_LIKELIER = 1 - math.sqrt(1 - 0.3), math.exp(1.35)
AT_MOST_TINY, EFFECT_OR_NONE, LEANS, HARDLY_NARROWED = "at most tiny", "effect or none", "leans", "hardly narrowed"
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


def rule(results: dict) -> str:
    """When a link turns, when it does not and when the data cannot tell, in the numbers that decide."""
    if on_beliefs(results):
        return ""
    return (
        f"The rule: a link turns if the data removed at least {percent(LEAST_NARROWED, 3)} of the width of its belief, its 90 % "
        f"interval leaves out no effect (the dashed line), and the record is at least {number(LEAST_LIKELIER, 2)} times as "
        "likely with the effect as without it, whatever was believed of this link. It does not turn here if the data "
        "removed as much and the whole interval lies in the band of no effect (shaded). Otherwise the data cannot tell."
    )


def added(one: Mapping) -> str:
    """How much the data added to the belief about a link."""
    removed = real(one.get("narrowed"))
    if removed is None:
        return ""
    if removed < 0.005:
        return "The data removed nothing of the belief's width."
    return f"The data removed {percent(removed, 3)} of the belief's width."


def plainly(one: Mapping) -> str:
    """What "does not turn here" and "the data cannot tell" mean for this link."""
    verdict, detail = words_of(one.get("verdict")), words_of(one.get("detail"))
    neutral, band = real(one.get("neutral")) or 0.0, real(one.get("no_effect_band"))
    if verdict == STILL:
        near = f"within {number(band)} of no effect" if band is not None else "as good as no effect"
        return f"Measured well enough to say that it is {near}: pushing on it will not turn the wheel."
    if verdict != UNSURE:
        return ""
    if detail == HARDLY_NARROWED:
        return (
            "This number is what was believed."
            if not real(one.get("narrowed"))
            else "This number is mostly what was believed."
        )
    if detail == AT_MOST_TINY:
        low, high, centre = (
            real(at(one, *keys)) for keys in (("posterior", "q05"), ("posterior", "q95"), ("belief", "centre"))
        )
        if None in (low, high, centre, band):
            return ""
        end = max(0.0, high - neutral if centre > neutral else neutral - low)
        return (
            f"At most tiny: in the claimed direction the 90 % interval ends {number(end)} from no effect, and up to "
            f"{number(band)} counts as none."
        )
    if detail == EFFECT_OR_NONE:
        return "Both no effect and an effect that matters fit the data."
    if detail == LEANS:
        return _leans(real(one.get("profile_gain")))
    return ""


def _leans(gain: float | None) -> str:
    if gain is None:
        return "The interval leaves out no effect, but there is no record to compare with one without it."
    times = math.exp(min(gain, 50.0))
    likely = (
        f"only {number(times, 2)} times as likely with the effect as without it"
        if times >= 1.1
        else "as likely without it"
    )
    return (
        f"The interval leaves out no effect, but the record is {likely}; {number(LEAST_LIKELIER, 2)} times are needed."
    )


def behind_unsure(results: dict) -> str:
    """Of the links on which the data cannot tell: how many are at most tiny, and how many are still what was believed."""
    details = [
        words_of(mapping(one).get("detail"))
        for one in mapping(mapping(results).get("links")).values()
        if words_of(mapping(one).get("verdict")) == UNSURE
    ]
    tiny, unmoved = details.count(AT_MOST_TINY), details.count(HARDLY_NARROWED)
    parts = []
    if tiny:
        parts.append(f"{in_words(tiny)} {'is' if tiny == 1 else 'are'} at most tiny")
    if unmoved:
        parts.append(f"{in_words(unmoved)} {'is' if unmoved == 1 else 'are'} mostly what was believed")
    return f" Of these, {conjoined(parts)}." if parts and not on_beliefs(results) else ""


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
