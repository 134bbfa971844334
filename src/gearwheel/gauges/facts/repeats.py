"""How many come back, and what that says about habit: less than it seems."""

from __future__ import annotations

import math

from gearwheel.gauges.facts.fact import Fact, fetch, without
from gearwheel.gauges.facts.regress import widening

LEAST = 100  # first purchases below which no share is stated
LEAST_EVENTS = 20  # second purchases that must be followed, and third ones, before their share says anything

SHARE = ("repeat_share", "Customers who buy again after their first purchase", "", "share")
AFTER = ("repeat_after_repeat", "Coming back after the second purchase against after the first", "", "log")
HABIT = ("habit", "Does having bought make buying again likelier in itself", "experience.habit_hold", "elasticity")
NOT_TOLD = (
    "Not identified by orders alone. A person who has bought twice is likelier to come back than one who has bought "
    "once even where no purchase changes anybody, because frequent buyers are the ones who get that far; BG/NBD and "
    "MBG/NBD explain the same rise by such differences alone, and any mixture of lasting differences and habit fits the "
    "same counts. An experiment tells: a one-off voucher drawn at random, and the order frequency a year later."
)


def repeat_facts(events) -> list[Fact]:
    """`repeat_share` with its error by week; `repeat_after_repeat`, a log ratio of shares and an upper bound of what
    habit could do; `habit`, which is never estimated."""
    window = int(getattr(events.mapping, "active_days", 90) or 90)
    rows = fetch(events, "repeats", window=window)
    first, second = (_share(rows, number) for number in (1, 2))
    n = int(first[2])
    if n < LEAST:
        why = f"only {n} first purchases have their {window} days behind them"
        return [without(*SHARE[:3], SHARE[3], why, n), without(*AFTER[:3], AFTER[3], why, n), _habit(n, "")]
    how = f"Of {n:,} persons whose {window} days after the first purchase day are over; errors clustered by week."
    caveat = "Persons who buy under two names, or as guests, count as two who bought once."
    share = Fact(*SHARE[:3], first[0], first[1], n, SHARE[3], how, caveat)
    if second[3] < LEAST_EVENTS or second[2] - second[3] < LEAST_EVENTS or not first[0]:
        why = f"only {second[3]:.0f} third purchases"
        return [share, without(*AFTER[:3], AFTER[3], why, int(second[2])), _habit(n, "")]
    ratio = math.log(second[0] / first[0])
    error = math.hypot(second[1] / second[0], first[1] / first[0])
    how = (
        f"{second[0]:.1%} of {second[2]:,.0f} second purchases were followed within {window} days, {first[0]:.1%} of "
        f"{n:,} first ones; log ratio, errors clustered by week."
    )
    caveat = "Persons differ: frequent buyers are over-represented after the second purchase. Habit is at most this."
    after = Fact(*AFTER[:3], ratio, error, int(second[2]), AFTER[3], how, caveat, bound="upper")
    return [
        share,
        after,
        _habit(n, f"{first[0]:.1%} came back after the first purchase, {second[0]:.1%} after the second. "),
    ]


def _habit(n: int, seen: str) -> Fact:
    return without(*HABIT[:3], HABIT[3], seen + NOT_TOLD, n)


def _share(rows: dict, number: int) -> tuple[float, float, float, float]:
    """Share, its error clustered by week, persons due and persons back."""
    here = rows["number"] == number
    due, again = rows["due"][here].astype(float), rows["again"][here].astype(float)
    if due.sum() == 0:
        return math.nan, math.nan, 0.0, 0.0
    share, weeks = float(again.sum() / due.sum()), len(due)
    spread = math.sqrt(((again - share * due) ** 2).sum() * weeks / max(weeks - 1, 1)) / due.sum()
    chance = math.sqrt(max(share * (1 - share), 0) / due.sum())
    return share, max(spread, chance) * widening(weeks - 1), float(due.sum()), float(again.sum())
