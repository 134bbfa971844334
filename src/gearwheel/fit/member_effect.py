"""What a membership does to orders, told apart from who joins: an experiment, a dated change, or bounds, never more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np

from gearwheel.gauges.facts.members import member_facts
from gearwheel.wheel.errors import DataError, Problem

WINDOW = 182  # days over which members and others are compared
GROUPS = 8  # of customers by how likely they were to join
BEFORE = 28  # days of record that a dated change needs on either side
LEAST = 30  # members and orders below which nothing is said
MOST_ERROR = 0.3  # standard error of a log ratio from which a dated change tells nothing: a range of a factor of 2.7
FEE_STEP = 0.05  # relative change of the fee that counts as one
ONE_SIDED = 1.6449  # a 5 % tail

PURCHASES = """CREATE OR REPLACE TEMP VIEW member_purchase AS
SELECT o.customer_id, o.placed_at, coalesce(l.money, 0) AS money
FROM events.orders o LEFT JOIN (
  SELECT order_id, sum(coalesce(quantity, 1) * coalesce(price, 0) - coalesce(discount, 0)) AS money
  FROM events.order_lines GROUP BY order_id) l USING (order_id)
WHERE o.customer_id IS NOT NULL AND o.placed_at IS NOT NULL
  AND lower(coalesce(o.status, '')) <> 'cancelled' AND NOT coalesce(o.is_test, false)"""

# what was given for nothing was not chosen: those customers are in neither group
COMPARED = """WITH ends AS (SELECT max(placed_at) AS last FROM member_purchase),
spans AS (SELECT last - to_days($window) AS first, last FROM ends),
person AS (SELECT customer_id, min(placed_at) AS since FROM member_purchase GROUP BY customer_id),
member AS (
  SELECT customer_id,
    bool_or(starts_at <= first) AND sum(greatest(0, epoch(least(coalesce(ends_at, last), last))
      - epoch(greatest(starts_at, first)))) >= 0.98 * (epoch(any_value(last)) - epoch(any_value(first))) AS all_through,
    bool_or(coalesce(fee, 1) = 0) AS given,
    bool_or(starts_at < last AND coalesce(ends_at, last) > first) AS ever
  FROM events.memberships, spans WHERE customer_id IS NOT NULL GROUP BY customer_id)
SELECT coalesce(m.all_through, false) AS member,
  count(p.placed_at)::DOUBLE AS orders, coalesce(sum(p.money), 0)::DOUBLE AS money
FROM person CROSS JOIN spans LEFT JOIN member m USING (customer_id)
LEFT JOIN member_purchase p ON p.customer_id = person.customer_id AND p.placed_at > spans.first
WHERE since < spans.first AND NOT coalesce(m.given, false) AND (m.all_through OR NOT coalesce(m.ever, false))
GROUP BY person.customer_id, m.all_through ORDER BY person.customer_id"""

# three equal spans, two before the change and one after; groups are made by the first, so that nobody is in a group for
# what the second happened to bring
DATED = """WITH spans AS (SELECT $day::TIMESTAMP AS day, to_days($span) AS span),
person AS (SELECT customer_id, min(placed_at) AS since FROM member_purchase GROUP BY customer_id),
held AS (
  SELECT customer_id,
    sum(greatest(0, epoch(least(coalesce(ends_at, day), day)) - epoch(greatest(starts_at, day - span)))) AS before,
    sum(greatest(0, epoch(least(coalesce(ends_at, day + span), day + span)) - epoch(greatest(starts_at, day)))) AS after
  FROM events.memberships, spans GROUP BY customer_id)
SELECT count(p.placed_at) FILTER (p.placed_at < day - span)::DOUBLE AS first,
  count(p.placed_at) FILTER (p.placed_at >= day - span AND p.placed_at < day)::DOUBLE AS before,
  count(p.placed_at) FILTER (p.placed_at >= day)::DOUBLE AS after,
  coalesce(any_value(h.before), 0) / ($span * 86400.0) AS member_before,
  coalesce(any_value(h.after), 0) / ($span * 86400.0) AS member_after
FROM person CROSS JOIN spans LEFT JOIN held h USING (customer_id)
LEFT JOIN member_purchase p ON p.customer_id = person.customer_id
  AND p.placed_at >= day - 2 * span AND p.placed_at < day + span
WHERE since < day - span GROUP BY person.customer_id ORDER BY person.customer_id"""


@dataclass(frozen=True)
class Estimate:
    """A log ratio of orders (or money) as a member over not, with its standard error. `design` says what it is:
    naive, experiment, observational or descriptive; only the second and third may be read as an effect."""

    name: str
    design: str
    log: float
    error: float
    how: str
    n: int = 0

    @property
    def ratio(self) -> float:
        return math.exp(self.log)


@dataclass(frozen=True)
class MemberEffect:
    """`bounds` (low, high) on the log effect on orders hold under the stated assumption; `answer` is what may be
    believed: "experiment", "dated change" or "bounds"."""

    naive: Mapping[str, Estimate]
    experiments: tuple[Estimate, ...] = ()
    dated: tuple[Estimate, ...] = ()
    before_after: Estimate | None = None
    bounds: tuple[float, float] | None = None
    answer: str = "bounds"
    notes: tuple[str, ...] = field(default=())


def member_effect(events: Any, changed: date | None = None) -> MemberEffect:
    """What the events say about a membership's effect on orders, strongest design first.

    `events` is what `gauges.events.open_events` gives. `changed` is the day of a launch or of a change of the terms;
    without it the launch and the largest change of the fee are looked for. Raises DataError GW158 where there are no
    memberships, or too few to compare.
    """
    if "memberships" not in events.present:
        hint = "Map a table of memberships (customer_id, starts_at, ends_at, fee)."
        raise DataError(Problem("GW158", "these events hold no memberships", hint=hint))
    events.connection.execute(PURCHASES)
    naive = naive_ratios(events)
    tried = experiments_on_membership(events)
    days = [changed] if changed else changes(events)
    found = [dated_change(events, day) for day in days]
    experiments, dated = (tuple(e for e in some if isinstance(e, Estimate)) for some in (tried, found))
    notes = tuple(e for e in (*tried, *found) if isinstance(e, str))
    return MemberEffect(
        naive, experiments, dated, _before_after(events), bounds_of(naive["orders"]),
        "experiment" if experiments else "dated change" if dated else "bounds", notes,
    )  # fmt: skip


def naive_ratios(events: Any) -> dict[str, Estimate]:
    """Orders and money of those who were members all through the last `WINDOW` days over those who never were in them,
    of customers who had ordered before: selection and effect together."""
    rows = _fetch(events, COMPARED, window=WINDOW)
    member = rows["member"].astype(bool)
    sizes, bought = ([int(v[m].sum()) for m in (member, ~member)] for v in (np.ones(len(member)), rows["orders"]))
    if min(*sizes, *bought) < LEAST:
        message = (
            f"only {sizes[0]} members with {bought[0]} orders and {sizes[1]} others with {bought[1]} can be compared"
        )
        hint = f"Both groups need {LEAST} customers and {LEAST} orders over the last {WINDOW} days of the record."
        raise DataError(Problem("GW158", message, hint=hint))
    how = f"{int(member.sum()):,} members all through the last {WINDOW} days, {int((~member).sum()):,} others"
    found = {}
    for what in ("orders", "money"):
        values = rows[what]
        if values[member].sum() > 0 and values[~member].sum() > 0:
            log, error = log_ratio(values[member], values[~member])
            found[what] = Estimate(f"members' {what} over others'", "naive", log, error, how, int(member.sum()))
    return found


def log_ratio(treated: np.ndarray, control: np.ndarray) -> tuple[float, float]:
    """ln of the ratio of two means, and its standard error by the delta method over customers."""
    variance = sum(g.var(ddof=1) / len(g) / g.mean() ** 2 for g in (treated, control))
    return math.log(treated.mean() / control.mean()), math.sqrt(variance)


def bounds_of(naive: Estimate) -> tuple[float, float]:
    """Bounds on the log effect under monotone treatment response (a membership makes nobody order less) and monotone
    treatment selection (those who join would not have ordered less than others without it): 0 to the naive ratio, which
    is widened by its sampling error (Manski & Pepper 2000, Econometrica 68, proposition 2 and corollary 2)."""
    return 0.0, max(0.0, naive.log + ONE_SIDED * naive.error)


def experiments_on_membership(events: Any) -> tuple[Estimate | str, ...]:
    """Randomised offers of the membership among the experiments: the relative effect on orders of those offered, over
    the difference in members between the two groups (Wald; Imbens & Angrist 1994), so per membership; or why there is
    none. It is a share of the orders of those not offered, so it is divided before it is made a log ratio."""
    if "experiments" not in events.present:
        return ()
    rows = events.connection.execute(
        """SELECT name, effect, se, control_value, treated_value FROM events.experiments
        WHERE lower(lever) LIKE '%member%' AND lower(metric) LIKE '%order%' AND lower(coalesce(scale, 'log')) = 'log'
          AND lower(coalesce(design, 'experiment')) = 'experiment' AND se > 0 ORDER BY name"""
    ).fetchall()
    found = []
    for name, effect, se, control, treated in rows:
        lift = 1.0 if control is None or treated is None else treated - control
        if not lift > 0:
            continue
        ratio = 1 + math.expm1(effect) / lift
        if ratio <= 0:
            found.append(f"{name}: the offer took more orders away than those whom it made members can have had")
            continue
        how = f"offered at random; {lift:.0%} more of those offered were members"
        found.append(Estimate(name, "experiment", math.log(ratio), math.exp(effect) * se / lift / ratio, how))
    return tuple(found)


def changes(events: Any) -> list[date]:
    """The day of the launch, where the record begins well before it, and that of the largest step of the fee."""
    query = events.connection.execute
    first, last = query("SELECT min(placed_at), max(placed_at) FROM member_purchase").fetchone()
    launch = query("SELECT quantile_disc(starts_at, 0.005) FROM events.memberships").fetchone()[0]
    days = [launch] if (launch - first).days >= 2 * BEFORE and (last - launch).days >= BEFORE else []
    fees = query(
        "SELECT date_trunc('week', starts_at), median(fee) FROM events.memberships WHERE fee > 0 GROUP BY 1 ORDER BY 1"
    ).fetchall()
    steps = [(abs(math.log(b / a)), at) for (_, a), (at, b) in zip(fees[:-1], fees[1:])]
    size, at = max(steps, default=(0.0, None))
    if size >= FEE_STEP and (at - first).days >= 2 * BEFORE and (last - at).days >= BEFORE:
        days += [at] if all(abs((at - d).days) > BEFORE for d in days) else []
    return [d.date() if isinstance(d, datetime) else d for d in days]


def dated_change(events: Any, day: date) -> Estimate | str:
    """The change of orders across a dated change of the terms, by how much more members each group of customers came to
    have: a difference in differences over groups (grouping estimator, Wald 1940; Angrist 1991), or why there is none.

    A group whose share of members rises by e goes on as g (1 + e (ratio - 1)), a straight line in e: the ratio is 1
    plus slope over intercept. That takes few to be members before. Observational: without the change groups must have
    gone on alike.
    """
    first, last = events.connection.execute("SELECT min(placed_at), max(placed_at) FROM member_purchase").fetchone()
    at = datetime(day.year, day.month, day.day)
    span = min((at - first).days // 2, (last - at).days, WINDOW)
    if span < BEFORE:
        return f"{day}: too near to an end of the record"
    rows = _fetch(events, DATED, day=day.isoformat(), span=span)
    group = _groups(rows["first"])
    size = np.bincount(group)
    sums = {n: np.bincount(group, rows[n]) for n in ("before", "after", "member_before", "member_after")}
    kept = (sums["before"] >= LEAST) & (sums["after"] >= LEAST)
    exposure = ((sums["member_after"] - sums["member_before"]) / size)[kept]
    if kept.sum() < 3:
        return f"{day}: too few orders on either side"
    if not np.ptp(exposure) > 0:
        return f"{day}: all groups of customers came to be members alike"
    grown = (sums["after"] / sums["before"])[kept]
    influence = rows["after"] / sums["after"][group] - rows["before"] / sums["before"][group]
    log, error = _ratio_of_line(exposure, grown, grown**2 * np.bincount(group, influence**2)[kept])
    if error > MOST_ERROR:
        return (
            f"{day}: groups of customers differ too little in how many came to be members to tell (error {error:.2f})"
        )
    how = (
        f"{len(group):,} customers in {int(kept.sum())} groups by their orders in the {span} days that end {span} days "
        f"before {day}; members rose by {exposure.min():.1%} to {exposure.max():.1%} of the groups"
    )
    return Estimate(f"change of {day}", "observational", log, error, how, len(group))


def _ratio_of_line(exposure: np.ndarray, grown: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """ln(1 + slope / intercept) of the weighted line through the groups, and its standard error by the delta method;
    the error is infinite where the line leaves no ratio above 0."""
    rows = np.column_stack([np.ones(len(exposure)), exposure])
    spread = np.linalg.inv(rows.T @ (rows / variance[:, None]))
    intercept, slope = spread @ (rows.T @ (grown / variance))
    if min(intercept, intercept + slope) <= 0:
        return 0.0, math.inf
    misfit = float(((grown - intercept - slope * exposure) ** 2 / variance).sum())
    apart = max(1.0, misfit / max(len(grown) - 2, 1))  # groups that went apart for other reasons widen it
    gradient = np.array([-slope / intercept, 1.0]) / (intercept + slope)
    return math.log1p(slope / intercept), math.sqrt(apart * gradient @ spread @ gradient)


def _groups(first: np.ndarray) -> np.ndarray:
    """Customers by their orders in the first span: as many groups as the counts allow, at most `GROUPS`."""
    cuts = np.unique(np.quantile(first, np.linspace(0, 1, GROUPS + 1)[1:-1]))
    return np.unique(np.searchsorted(cuts, first, side="left"), return_inverse=True)[1]


def _before_after(events: Any) -> Estimate | None:
    """Members before and after joining, beside never-members: descriptive only, since people join when they plan to
    buy."""
    fact = next(iter(member_facts(events)), None)
    if fact is None or fact.estimate is None:
        return None
    how = f"{fact.how} Biased upwards: people join when they plan to buy."
    return Estimate("members after joining over before", "descriptive", fact.estimate, fact.error, how, fact.n)


def _fetch(events: Any, sql: str, **given: Any) -> dict[str, np.ndarray]:
    return events.connection.execute(sql, given).fetchnumpy()
