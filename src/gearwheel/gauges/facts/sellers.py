"""Does demand draw sellers, beyond what "has sold something" makes true by construction?"""

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
    elasticity of new sellers on the demand of the weeks before, which is reach, as the gear's sellers enter at the rate
    entry × (demand / reference)^reach.
    """
    why = lacking(events, ("order_lines.seller_id",))
    if not why:
        weeks, sellers = _without_ends(fetch(events, "sale_weeks")), fetch(events, "seller_weeks")
        if len(sellers["sales"]) < LEAST_NEW:
            why = f"only {len(sellers['sales'])} sellers have sold something"
        elif len(weeks["week"]) < LEAST_WEEKS:
            why = f"only {len(weeks['week'])} weeks in a row with sales; {LEAST_WEEKS} are needed"
    if why:
        return [without(*about[:3], about[3], why) for about in (ACTIVE, DRAWN)]
    return [_active(weeks, sellers), _drawn(weeks, sellers)]


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
        "Two series that both grow go together whatever the cause, and sellers bring buyers as well as follow them."
    )
    return Fact(*ACTIVE[:3], float(found.estimate[1]), float(found.error[1]), len(sales), ACTIVE[3], how, caveat)


def _drawn(weeks: dict, sellers: dict) -> Fact:
    known = np.isfinite(sellers["joined_week"].astype(float))
    new, by_sign_up = sellers["first_week"], known.mean() >= KNOWN
    if by_sign_up:
        new = sellers["joined_week"][known]
    week, sales = weeks["week"].astype(int), weeks["sales"].astype(float)
    counts = _by_week(new, week)
    if counts[_used(len(week))].sum() < LEAST_NEW or np.ptp(sales) == 0:
        why = f"only {counts[_used(len(week))].sum():.0f} new sellers after the first {SETTLING + LAGS} weeks"
        return without(*DRAWN[:3], DRAWN[3], why, len(week))
    try:
        found = _regress(counts, sales)
    except np.linalg.LinAlgError:
        return without(*DRAWN[:3], DRAWN[3], "demand moved with the trend alone", len(week))
    n, caveat = (
        int(counts[_used(len(week))].sum()),
        (
            "Season and campaigns move buyers and sellers together; what sellers answer to with more than "
            f"{LAGS} weeks of delay is taken out with the trend, so a slow pull is not seen here."
        ),
    )
    start = f"{n:,} new sellers in {_used(len(week)).sum()} weeks on the mean log sales of the {LAGS} weeks before"
    controls = f"controls: trend and this week's sales; Poisson, Newey-West errors over {LAGS} weeks"
    if by_sign_up:
        how = f"{start}; new by sign-up date ({known.mean():.0%} known), which no sale defines; {controls}."
        return Fact(*DRAWN[:3], float(found.estimate[-1]), float(found.error[-1]), n, DRAWN[3], how, caveat)
    placebo = _placebo(sales, week, sellers["sales"].astype(float))
    if len(placebo) < DEALS // 2:
        return without(*DRAWN[:3], DRAWN[3], "the placebo has too few new sellers to be regressed", n)
    made = float(placebo.mean())
    how = (
        f"{start}; new by first sale, as {known.mean():.0%} of sign-up dates are known; {controls}: "
        f"{found.estimate[-1]:.2f}. The placebo, all sales dealt at random to a fixed pool {DEALS} times, gives "
        f"{made:.2f} (sd {placebo.std():.2f}) by construction; the estimate is the difference."
    )
    error = float(np.hypot(found.error[-1], placebo.std()))
    caveat += " A first sale comes later than the sign-up, by a wait that demand itself shortens."
    return Fact(*DRAWN[:3], float(found.estimate[-1]) - made, error, n, DRAWN[3], how, caveat)


def _used(weeks: int) -> np.ndarray:
    return np.arange(weeks) >= SETTLING + LAGS


def _by_week(new: np.ndarray, week: np.ndarray) -> np.ndarray:
    at = (new - week[0]).astype(int)
    return np.bincount(at[(at >= 0) & (at < len(week))], minlength=len(week)).astype(float)


def _regress(counts: np.ndarray, sales: np.ndarray) -> Slopes:
    logs, used = np.log(sales), _used(len(sales))
    past = np.array([logs[t - LAGS : t].mean() if t >= LAGS else 0.0 for t in range(len(logs))])
    trend = np.linspace(-1, 1, len(logs))
    x = np.column_stack([np.ones(len(logs)), trend, logs - logs.mean(), past - logs.mean()])[used]
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
