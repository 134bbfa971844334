"""Headline and terminal lines for a business measured from its own events, where "it does not turn" is an answer too."""

from __future__ import annotations

from collections.abc import Mapping

from gearwheel.show.figures import in_words, number
from gearwheel.show.own_data import events_of, readings_of
from gearwheel.show.own_verdict import links_on, wheel_verdict
from gearwheel.show.phrases import UNSURE, variable_words
from gearwheel.show.values import at, listing, mapping, on_beliefs, real, words_of
from gearwheel.show.words_acts import best_lever, levers, standing
from gearwheel.show.words_tests import duels
from gearwheel.show.words_wheel import speed, verdict_counts, verdicts


def headline(results: dict) -> list[tuple[str, str]]:
    """Three (label, sentence) pairs: does it turn and how fast, how sure, what next."""
    return [
        ("Does it turn, and how fast", f"{wheel_verdict(results)} {speed(results)}"),
        ("How far to trust it", believable(results)),
        ("What to try next", next_step(results)),
    ]


def believable(results: dict) -> str:
    """How much was measured and held back, what the data support, and how it forecasts."""
    readings = readings_of(events_of(results))
    if not readings:
        return "Nothing was measured: every number here stands on belief."
    grain = words_of(events_of(results).get("grain"), "period")
    periods = max(len(r) for r in readings.values())
    measured = f"{in_words(len(readings)).capitalize()} gauge{'s' * (len(readings) != 1)} {'were' if len(readings) != 1 else 'was'} measured over up to {number(periods)} {grain}s"
    back = held_back(results)
    kept = f", the last {in_words(back)} of them held back as a test" if back else ", none of them held back as a test"
    if on_beliefs(results) or not sum(verdict_counts(results).values()):
        return f"{measured}, but nothing was fitted to them: links and forecasts stand on belief."
    found = duels(results)
    won, lost = (sum(d[0] == word for d in found.values()) for word in ("wins", "loses"))
    test = (
        f" On what was held back the wheel forecasts better than every simple baseline on {in_words(won)} of {in_words(len(found))} gauges and worse than the best of them on {in_words(lost)}."
        if found
        else " How well it forecasts is not known."
    )
    return f"{measured}{kept}. {verdicts(results)}{test}"


def held_back(results: dict) -> int:
    """Periods of the longest test: rows of a gauge that the backtest's fit did not see."""
    gauges = mapping(at(results, "backtest", "gauges")).values()
    return int(max((real(mapping(g).get("after")) or 0 for g in gauges), default=0))


def next_step(results: dict) -> str:
    """The best lever; where none stands out, the experiment that would tell most."""
    said, best = levers(results), best_lever(results)
    test = experiment(results)
    return said if not test or (best and standing(best) == "promising") else f"{said} {test}"


def experiment(results: dict, links: list[Mapping] | None = None) -> str:
    """The experiment of the undecided link with the most to gain, those on a loop first; "" where there is none."""
    links = [mapping(v) for v in mapping(results.get("links")).values()] if links is None else links
    unsure = [v for v in links if words_of(v.get("verdict")) == UNSURE and words_of(v.get("experiment"))]
    if not unsure:
        return ""
    best = max(unsure, key=lambda v: (_on_a_loop(results, v), _promise(v)))
    ends = f"{variable_words(results, best.get('cause'))} → {variable_words(results, best.get('effect'))}"
    return f"To learn whether {ends} turns: {words_of(best.get('experiment')).rstrip('.?')}."


def _on_a_loop(results: dict, link: Mapping) -> bool:
    return any(link in links_on(results, mapping(loop)) for loop in listing(results.get("loops")))


def _promise(link: Mapping) -> float:
    """How far beyond "no effect" the undecided strength may lie, in units of what would matter."""
    median, band = real(at(link, "posterior", "median")), real(link.get("no_effect_band"))
    away = abs((median or 0.0) - (real(link.get("neutral")) or 0.0))
    return away / band if band else 0.0
