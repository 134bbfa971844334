"""Sentences about forecasts of what cannot be: above a ceiling, or below zero where there is nothing below zero."""

from __future__ import annotations

from collections.abc import Sequence

from gearwheel.show.figures import amount, chance, year_words
from gearwheel.show.phrases import gauge_words, variable_words
from gearwheel.show.values import at, listing, mapping, real, series_unit, words_of

LEAST = 0.05  # share of draws above the ceiling from which a forecast is impossible: its 90 % band crosses it


def impossible(results: dict) -> list[str]:
    """One sentence for each gauge whose forecast rises above its ceiling, and for each stock that falls below zero."""
    below = mapping(mapping(results).get("below_zero"))
    said = [below_zero(variable_words(results, name), real(share)) for name, share in below.items()]
    for name, one in mapping(mapping(results).get("series")).items():
        times, shares = (listing(at(one, "forecast", key)) for key in ("time", "above_ceiling"))
        source, unit = words_of(mapping(one).get("ceiling_source")), series_unit(one)
        said.append(beyond(gauge_words(results, name), real(mapping(one).get("ceiling")), source, unit, times, shares))
    return [sentence for sentence in said if sentence]


def below_zero(title: str, share: float | None) -> str:
    """What to say of a stock on a log scale that falls below zero in this share of the draws."""
    return (
        f'Impossible in part: {title} falls below 0 in {chance(share)} of the draws, and its scale is "log", for what is '
        'always above 0. Give it scale = "abs" if it may be negative, or nonnegative = true.'
    )


def beyond(title: str, ceiling: float | None, source: str, unit: str, times: Sequence, shares: Sequence) -> str:
    """What to say of values over `times` (calendar years) of which the `shares` of draws lie above `ceiling`, "" where
    hardly any do."""
    over = [(real(t), real(share)) for t, share in zip(times, shares)]
    over = [(t, share) for t, share in over if t is not None and share is not None and share >= LEAST]
    if ceiling is None or not over:
        return ""
    when, most = max(over, key=lambda pair: (pair[1], pair[0]))
    half = next((t for t, share in over if share >= 0.5), None)
    middle = f" Its median is above from {year_words(half)} on." if half is not None else ""
    because = f" ({source})" if source else ""
    return (
        f"Impossible in part: {title} cannot exceed {amount(ceiling, unit)}{because}, and in {year_words(when)} "
        f"{chance(most)} of the draws do.{middle} Nothing in the wheel keeps it below: do not rely on this forecast."
    )
