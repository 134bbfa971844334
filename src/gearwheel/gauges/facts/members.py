"""How much more often members order, as an upper bound: who joins is who was going to order."""

from __future__ import annotations

import math

import numpy as np

from gearwheel.gauges.facts.fact import Fact, fetch, lacking, without
from gearwheel.gauges.facts.regress import widening

WINDOW = 168  # days before and after joining that are compared, whole weeks
GAP = 14  # days around joining that are left out: people join in order to order
LEAST = 50  # members with both windows
ABOUT = ("member_frequency", "Order frequency of members after joining", "membership.lift", "log")


def member_facts(events) -> list[Fact]:
    """`member_frequency`: ln of members' orders after joining over before, less the same of never-members in the same
    weeks (difference in differences). An upper bound of ln lift."""
    why = lacking(events, ("memberships",))
    if why:
        return [without(*ABOUT[:3], ABOUT[3], why)]
    rows = fetch(events, "members", span=WINDOW + GAP, gap=GAP)
    n = len(rows["week"])
    before, after = rows["before"], rows["after"]
    if n < LEAST or min(before.sum(), after.sum()) < LEAST:
        why = f"only {n} members were customers {WINDOW + GAP} days before they joined and have as many behind them"
        return [without(*ABOUT[:3], ABOUT[3], why, n)]
    other_before, other_after = _others(fetch(events, "non_members"), rows["week"])
    if min(other_before.sum(), other_after.sum()) < LEAST:
        return [without(*ABOUT[:3], ABOUT[3], "too few orders of persons who never were members", n)]
    return [_fact(rows["week"], before, after, other_before, other_after)]


def _fact(week, before, after, other_before, other_after) -> Fact:
    """Members of one week share what that week brought, so weeks are the clusters of both parts together."""
    own, theirs = math.log(after.sum() / before.sum()), math.log(other_after.sum() / other_before.sum())
    influence = after / after.sum() - before / before.sum()
    influence = influence - other_after / other_after.sum() + other_before / other_before.sum()
    _, at = np.unique(week, return_inverse=True)
    sums = np.bincount(at, influence)
    by_week = math.sqrt((sums**2).sum() * len(sums) / max(len(sums) - 1, 1)) * widening(len(sums) - 1)
    error = max(by_week, math.sqrt((influence**2).sum()))
    how = (
        f"{len(week):,} members: {before.sum():,.0f} orders in the {WINDOW} days before joining and {after.sum():,.0f} "
        f"after, {GAP} days either side left out (log ratio {own:+.3f}); never-members who were customers as long "
        f"ordered {theirs:+.3f} over the same weeks. Errors clustered by week of joining."
    )
    caveat = (
        "An upper bound: people join when they mean to order more, and only those who stayed customers long enough "
        "before are compared. A randomised offer of the membership would tell."
    )
    return Fact(*ABOUT[:3], own - theirs, error, len(week), ABOUT[3], how, caveat, bound="upper")


def _others(rows: dict, joined: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean orders before and after each member's week of joining, of the never-members who were customers before."""
    weeks, gap = WINDOW // 7, GAP // 7
    first, week, orders = rows["first_week"], rows["week"], rows["orders"]
    found = {}
    for at in np.unique(joined):
        old = first < at - weeks - gap
        before = orders[old & (week >= at - weeks - gap) & (week < at - gap)].sum()
        after = orders[old & (week >= at + gap) & (week < at + gap + weeks)].sum()
        found[at] = before, after
    both = np.array([found[at] for at in joined])
    return both[:, 0], both[:, 1]
