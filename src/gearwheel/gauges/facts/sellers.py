"""Does demand draw sellers, beyond what "has sold something" makes true by construction?

Sellers seen by their sales move with sales by definition. A placebo measures how much: all sales are dealt at random
to a fixed pool of sellers. For active sellers subtracting it is right (planted fixed pools give zero). For new sellers
it is not enough: a first sale follows the sign-up by a wait that past demand has shortened, and in planted markets the
difference lies a third to a half of an elasticity too low. So reach is estimated from sign-ups alone.
"""

from __future__ import annotations

import numpy as np

from gearwheel.gauges.facts.fact import Fact, fetch, lacking, without
from gearwheel.gauges.facts.regress import Slopes, linear, log_linear

LAGS = 4  # weeks of past demand that sellers may answer to
SETTLING = 8  # weeks at the start of the record, when every seller's first sale is still to come
LEAST_WEEKS = 40
LEAST_NEW = 100
DEALS = 300  # of the placebo
KNOWN = 0.8  # share of sellers whose sign-up must be known before sign-ups are counted

ACTIVE = ("active_sellers", "Active sellers with demand, beyond their definition", "", "elasticity")
DRAWN = ("demand_sellers", "New sellers with the demand of the weeks before", "marketplace.reach", "elasticity")


def seller_facts(events) -> list[Fact]:
    """`active_sellers`: elasticity of sellers with a sale on sales, less that of a fixed pool. `demand_sellers`: the
    elasticity of sign-ups on the sales of the weeks before, which is reach, as the gear's sellers enter at the rate
    entry × (demand / reference)^reach; None where sign-ups are not known.
    """
    why = lacking(events, ("order_lines.seller_id",))
    if not why:
        weeks, sellers = _without_ends(fetch(events, "sale_weeks")), fetch(events, "seller_sales")
        if len(sellers["sales"]) < LEAST_NEW:
            why = f"only {len(sellers['sales'])} sellers have sold something"
        elif len(weeks["week"]) < LEAST_WEEKS:
            why = f"only {len(weeks['week'])} weeks in a row with sales; {LEAST_WEEKS} are needed"
    if why:
        return [without(*about[:3], about[3], why) for about in (ACTIVE, DRAWN)]
    return [_active(weeks, sellers), _drawn(weeks, sellers, fetch(events, "sign_ups")["week"].astype(float))]


def _without_ends(weeks: dict) -> dict:
    """The longest run of weeks with sales, less its first and its last week, which may be unfinished."""
    week = weeks["week"].astype(int)
    starts = np.flatnonzero(np.diff(week, prepend=week[:1] - 2) > 1)
    runs = np.split(np.arange(len(week)), starts[1:])
    run = max(runs, key=len)[1:-1] if len(week) else []
    return {key: column[run] for key, column in weeks.items()}


def expected_active(sales: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Sellers that have a sale in weeks of `sales` (T,), were all sales of the record dealt to sellers at random, each
    keeping its own number `own` (S,): Σ 1 − C(N − n, m) / C(N, m) (Hurlbert 1971, Ecology 52(4))."""
    from scipy.special import gammaln

    total = own.sum()
    sizes, many = np.unique(own.astype(float), return_counts=True)
    left, m = (total - sizes)[:, None], np.minimum(sales, total)[None].astype(float)
    missed = gammaln(left + 1) - gammaln(np.maximum(left - m, 0) + 1) - gammaln(total + 1) + gammaln(total - m + 1)
    return many @ np.where(left >= m, -np.expm1(missed), 1.0)


def _active(weeks: dict, sellers: dict) -> Fact:
    sales = weeks["sales"].astype(float)
    dealt = expected_active(sales, sellers["sales"])
    x = np.column_stack([np.ones(len(sales)), np.log(sales)])
    if np.ptp(x[:, 1]) == 0:
        return without(*ACTIVE[:3], ACTIVE[3], "demand never changed", len(sales))
    seen, by_deal = (linear(np.log(y), x, LAGS).estimate[1] for y in (weeks["active"].astype(float), dealt))
    found = linear(np.log(weeks["active"] / dealt), x, LAGS)
    how = (
        f"{len(sales)} weeks. 1 % more sales go with {seen:.2f} % more sellers that sold something; dealing the same "
        f"sales at random to a fixed pool of {len(sellers['sales']):,} sellers, each with its own number of sales "
        f"(rarefaction, Hurlbert 1971), gives {by_deal:.2f} % by construction. The estimate is what is left. "
        f"Newey-West errors over {LAGS} weeks."
    )
    caveat = (
        "Zero where the pool of sellers stood still. Above zero the pool grew and shrank with sales, which does not say "
        "that sales drew it: two series that both grow go together whatever the cause, and sellers bring buyers too."
    )
    return Fact(*ACTIVE[:3], float(found.estimate[1]), float(found.error[1]), len(sales), ACTIVE[3], how, caveat)


def _drawn(weeks: dict, sellers: dict, joined: np.ndarray) -> Fact:
    week, sales = weeks["week"].astype(int), weeks["sales"].astype(float)
    known = np.isfinite(joined)
    share = known.sum() / max(len(joined), len(sellers["sales"]))
    if np.ptp(sales) == 0:
        return without(*DRAWN[:3], DRAWN[3], "demand never changed", len(week))
    if share < KNOWN:
        return without(*DRAWN[:3], DRAWN[3], _by_first_sale(week, sales, sellers, share), len(week))
    counts = _by_week(joined[known], week)
    n = int(counts[_used(len(week))].sum())
    if n < LEAST_NEW:
        why = f"only {n} sellers signed up after the first {SETTLING + LAGS} weeks"
        return without(*DRAWN[:3], DRAWN[3], why, len(week))
    try:
        found = _regress(counts, sales)
    except np.linalg.LinAlgError:
        return without(*DRAWN[:3], DRAWN[3], "demand moved with the trend alone", len(week))
    how = (
        f"{n:,} sign-ups ({share:.0%} of dates known) in {_used(len(week)).sum()} weeks on the mean log sales of "
        f"the {LAGS} weeks before and a trend; Poisson, Newey-West errors over {LAGS} weeks."
    )
    caveat = (
        "Season and campaigns move buyers and sellers together; what sellers answer to with more than "
        f"{LAGS} weeks of delay goes with the trend, so a slow pull is not seen here."
    )
    return Fact(*DRAWN[:3], float(found.estimate[-1]), float(found.error[-1]), n, DRAWN[3], how, caveat)


def _by_first_sale(week: np.ndarray, sales: np.ndarray, sellers: dict, known: float) -> str:
    """Why first sales cannot stand in for sign-ups, with what they and the placebo say."""
    start = f"The sign-up is known of only {known:.0%} of sellers, and a first sale is no sign-up"
    tail = (
        "a wait that past demand shortens lies between them, which pulls the difference down: no estimate of the pull."
    )
    placebo = _placebo(sales, week, sellers["sales"].astype(float))
    try:
        seen = _regress(_by_week(sellers["first_week"], week), sales)
    except np.linalg.LinAlgError:
        return f"{start}: {tail}"
    if len(placebo) < DEALS // 2:
        return f"{start}: {tail}"
    return (
        f"{start}: first sales on the sales of the {LAGS} weeks before have the elasticity {seen.estimate[-1]:.2f} (se "
        f"{seen.error[-1]:.2f}), sales dealt at random to a fixed pool make {placebo.mean():.2f} (sd "
        f"{placebo.std():.2f}) by construction; {tail}"
    )


def _used(weeks: int) -> np.ndarray:
    return np.arange(weeks) >= SETTLING + LAGS


def _by_week(new: np.ndarray, week: np.ndarray) -> np.ndarray:
    at = (new - week[0]).astype(int)
    return np.bincount(at[(at >= 0) & (at < len(week))], minlength=len(week)).astype(float)


def _regress(counts: np.ndarray, sales: np.ndarray) -> Slopes:
    logs, used = np.log(sales), _used(len(sales))
    past = np.array([logs[t - LAGS : t].mean() if t >= LAGS else 0.0 for t in range(len(logs))])
    trend = np.linspace(-1, 1, len(logs))
    x = np.column_stack([np.ones(len(logs)), trend, past - logs.mean()])[used]
    return log_linear(counts[used], x, LAGS)


def _placebo(sales: np.ndarray, week: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Coefficients when every seller's sales are dealt to random places of the record: the first of n random places
    is the least of n uniforms."""
    rng = np.random.default_rng(1)
    ends = np.cumsum(sales) / sales.sum()
    found = []
    for _ in range(DEALS):
        first = -np.expm1(np.log(rng.random(len(own))) / own)
        counts = _by_week(week[0] + np.searchsorted(ends, first), week)
        if counts[_used(len(week))].sum() >= 10:
            try:
                found.append(_regress(counts, sales).estimate[-1])
            except np.linalg.LinAlgError:
                continue
    return np.array(found)
