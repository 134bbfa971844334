"""Every sentence of the report and the terminal summary, made from the numbers and nothing else: the door to them all.

Each function takes the whole results dict (or one entry of it) and answers with a sentence or two; where the numbers
are missing it says so. `NOTES` says for each card what it does not establish.
"""

from __future__ import annotations

from gearwheel.show import words_own
from gearwheel.show.figures import in_words
from gearwheel.show.notes import CARD_NAMES, HOW_TO_READ_FANS, HOW_TO_READ_SCORES, NOTES, STEPS, STEPS_LEAD
from gearwheel.show.own_data import events_of
from gearwheel.show.phrases import (
    OTHER_WAY,
    OURS,
    STILL,
    TURNS,
    UNSURE,
    gauge_words,
    in_gear,
    method_words,
    unknown,
    variable_words,
)
from gearwheel.show.values import at, decimal_year, loop_name, mapping, now_of, on_beliefs, words_of
from gearwheel.show.words_acts import (
    barrier,
    critical_mass,
    critical_rest,
    lever,
    levers,
    levers_by_effect,
    outcome_words,
    outcomes,
    without_levers,
)
from gearwheel.show.words_tests import (
    backtest,
    calibration,
    diagnostics,
    duel,
    duels,
    fit,
    forecast,
    on_belief,
    rolling,
)
from gearwheel.show.words_wheel import (
    TIED,
    feedback,
    link,
    loop,
    loops,
    share_mean,
    speed,
    speed_levers,
    strongest_loops,
    verdict_counts,
    verdicts,
    wheel,
)

__all__ = [
    "CARD_NAMES",
    "HOW_TO_READ_FANS",
    "HOW_TO_READ_SCORES",
    "NOTES",
    "OTHER_WAY",
    "OURS",
    "STEPS",
    "STEPS_LEAD",
    "STILL",
    "TIED",
    "TURNS",
    "UNSURE",
    "backtest",
    "barrier",
    "believable",
    "calibration",
    "critical_mass",
    "critical_rest",
    "diagnostics",
    "duel",
    "feedback",
    "fit",
    "forecast",
    "gauge_words",
    "headline",
    "in_gear",
    "lever",
    "levers",
    "levers_by_effect",
    "link",
    "loop",
    "loop_name",
    "loops",
    "method_words",
    "on_belief",
    "outcome_words",
    "outcomes",
    "report_title",
    "rolling",
    "share_mean",
    "speed",
    "speed_levers",
    "strongest_loops",
    "subtitle",
    "unknown",
    "variable_words",
    "verdict_counts",
    "verdicts",
    "wheel",
    "without_levers",
]


def report_title(results: dict) -> str:
    return words_of(at(results, "wheel", "title")) or words_of(at(results, "wheel", "name"), "A business flywheel")


def subtitle(results: dict) -> str:
    now, start = now_of(results), decimal_year(at(results, "wheel", "start"))
    when = ""
    if start is not None and now is not None:
        when = f", {int(start)} to {int(now)}" if int(start) != int(now) else f", in {int(now)}"
    gears = len(mapping(at(results, "wheel", "gears")))
    return (
        f"A business flywheel of {in_words(gears)} gear{'s' * (gears != 1)}, measured and fitted{when}"
        if gears
        else "A business flywheel"
    )


def headline(results: dict) -> list[tuple[str, str]]:
    """Three (label, sentence) pairs to forward: how fast, how sure, what next."""
    if events_of(results):
        return words_own.headline(results)
    return [
        ("How fast it turns", speed(results)),
        ("How far to trust it", believable(results)),
        ("What to try next", levers(results)),
    ]


def believable(results: dict) -> str:
    """The headline's second sentence: what the data support, and how it forecasts."""
    counts, found = verdict_counts(results), duels(results)
    total = sum(counts.values())
    if not total and not found:
        return "How far the data support the wheel is not known: nothing has been fitted yet."
    if on_beliefs(results):
        return f"No record is bound to this wheel yet: all {in_words(total)} claimed links and every number here stand on belief."
    parts = []
    if total:
        parts.append(
            f"the data support {in_words(counts[TURNS])} of its {in_words(total)} claimed links and cannot tell on {in_words(counts[UNSURE])}"
        )
    if found:
        won = sum(d[0] == "wins" for d in found.values())
        lost = sum(d[0] == "loses" for d in found.values())
        parts.append(
            f"on held-out data the wheel forecasts better than every simple baseline on {in_words(won)} of {in_words(len(found))} gauges and worse than the best of them on {in_words(lost)}"
        )
    said = "; ".join(parts) + "."
    return said[:1].upper() + said[1:]
