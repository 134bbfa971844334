"""From a measured business to what its desk knows: customers.parquet and knowledge.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from gearwheel.run.store import Progress, save_atomically, silent
from gearwheel.run.worth import DISCOUNT, WEEKS_A_YEAR
from gearwheel.wheel.errors import FitError, GearwheelError
from gearwheel.wheel.parts import Belief

YEAR = 365.25
PATIENCE = 45  # days that a return may be on its way before it counts as not come back
FITTED = 200  # posterior draws of the customers' model
BOTHER = Belief(-0.06, -0.02, 0.01)  # ln satisfaction of one who has to send something back: a judgement, see docs
NEEDED = ("delight", "loyalty", "churn", "perception_time")
GEAR = "experience"

RECORDS = """
with placed as (
    select order_id, customer_id from events.orders
    where customer_id is not null and placed_at < $until::date + interval 1 day
      and lower(coalesce(status, '')) <> 'cancelled' and not coalesce(is_test, false)
), arrivals as (
    select count(returned_at) > 0 as recorded from events.returns
), line as (
    select o.customer_id, coalesce(r.kept, false) as kept,
           coalesce(r.returned_at < $until::date + interval 1 day, false) as back,
           a.recorded and r.requested_at < $until::date - to_days($patience::int) as overdue
    from events.returns r join placed o using (order_id) cross join arrivals a
    where r.requested_at < $until::date + interval 1 day
), claims as (
    select customer_id, count(*) as claims, count(*) filter (kept) as kept,
           count(*) filter (back) as came_back, count(*) filter (overdue and not back and not kept) as not_back
    from line group by 1
), bought as (
    select customer_id, count(*) as orders from placed group by 1
)
select b.customer_id, b.orders, coalesce(c.claims, 0) as claims, coalesce(c.kept, 0) as kept,
       coalesce(c.came_back, 0) as came_back, coalesce(c.not_back, 0) as not_back
from bought b left join claims c using (customer_id) order by b.customer_id"""

MEMBERS = """
with period as (
    select customer_id, starts_at, ends_at, coalesce(fee, 0) as fee,
           row_number() over (partition by customer_id order by starts_at desc) as latest,
           min(starts_at) over (partition by customer_id) as joined
    from events.memberships where starts_at < $until::date + interval 1 day
)
select customer_id, fee, epoch(ends_at - ($until::date + interval 1 day)) / 86400 as due,
       epoch(ends_at - starts_at) / 86400 as period, epoch(($until::date + interval 1 day) - joined) / 86400 as member_days
from period where latest = 1 and (ends_at is null or ends_at > $until::date) order by customer_id"""

LAST = "select max(placed_at)::date from events.orders"


@dataclass
class Prepared:
    """`files` written; `notes` on what could not be known; further facts for whoever reads the terminal."""

    customers: int = 0
    members: int = 0
    as_of: str = ""
    model: str = ""
    value: dict = field(default_factory=dict)
    quantities: dict = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def prepare(target: str, out: Path, progress: Progress | None = None) -> Prepared:
    """Write `out`/customers.parquet from the events of the mapping that `target` names, and `out`/knowledge.json where
    a wheel stands beside it. Raises GearwheelError, DataError where there are no events or a foreign file is in the way.
    """
    from gearwheel.desk.batch_files import refuse_foreign
    from gearwheel.gauges.events import open_events
    from gearwheel.gauges.mapping import read_mapping
    from gearwheel.run.measuring import mapping_of, measure_source

    progress, found = progress or silent, Prepared()
    file = mapping_of(target)
    refuse_foreign(out / "customers.parquet")
    until = measure_source(file, progress)["customers"].get("until")
    with open_events(read_mapping(file), file.parent, progress) as events:
        last = date.fromisoformat(until) if until else events.connection.execute(LAST).fetchone()[0]
        progress("customers", 0, 1, "")
        columns = _customers(events, last, found)
    _write_customers(columns, last, out / "customers.parquet")
    found.files.append(str(out / "customers.parquet"))
    wheel = file.parent / "wheel.toml"
    if wheel.is_file():
        _knowledge(wheel, out / "knowledge.json", found, progress)
    else:
        found.notes.append(f"no wheel beside {file}: nothing was learned of what the experience does")
    return found


def _customers(events, last: date, found: Prepared) -> dict[str, np.ndarray]:
    run = events.connection.execute
    columns = {n: np.asarray(v) for n, v in run(RECORDS, {"until": last, "patience": PATIENCE}).fetchnumpy().items()}
    count = len(columns["customer_id"])
    found.customers, found.as_of = count, last.isoformat()
    if "returns" not in events.present:
        found.notes.append(
            "the events hold no returns: what customers claimed is not known, and nothing is learned of it"
        )
        columns |= dict.fromkeys(("claims", "kept", "came_back", "not_back"), np.full(count, np.nan))
    columns |= {"member": np.zeros(count), "value": np.full(count, np.nan), "value_spread": np.ones(count)}
    columns["orders_ahead"] = np.full(count, np.nan)
    try:
        _worth(events, last, columns, found)
    except (FitError, GearwheelError) as error:
        found.notes.append(f"what customers will spend is not known: {error}")
    if "memberships" in events.present:
        _members(events, last, columns, found)
    return columns


def _worth(events, last: date, columns: dict, found: Prepared) -> None:
    """Value, its spread and orders ahead, from the purchases."""
    from gearwheel.desk.prepare import valued
    from gearwheel.fit.customers import fit_spend, fit_timing, people, summarise

    histories = summarise(events.connection, last)
    timing = fit_timing(histories, draws=FITTED)
    spend = fit_spend(histories, draws=FITTED) if len(histories.spending.x) else None
    if spend is None:
        found.notes.append("nobody bought twice: what an order is worth is not known")
    persons = people(events.connection, last)
    value, spread, ahead = valued(timing, spend, persons, WEEKS_A_YEAR, DISCOUNT)
    at = np.searchsorted(columns["customer_id"].astype(str), persons["customer_id"].astype(str))
    for name, values in (("value", value), ("value_spread", spread), ("orders_ahead", ahead)):
        columns[name][at] = values
    found.model = f"{timing.model} and Gamma-Gamma" if spend else timing.model
    known = value[np.isfinite(value)]
    if len(known):
        found.value = dict(zip(("low", "median", "high"), np.quantile(known, [0.05, 0.5, 0.95]).tolist()))


def _members(events, last: date, columns: dict, found: Prepared) -> None:
    """Members spend their fees on top, and more than their past says where there is evidence that a membership does it."""
    from gearwheel.desk.prepare import fees_ahead, lift_ahead
    from gearwheel.fit.customer_renewal import renewals

    rows = events.connection.execute(MEMBERS, {"until": last}).fetchnumpy()
    names = np.asarray(rows["customer_id"]).astype(str)
    everybody = columns["customer_id"].astype(str)
    at = np.minimum(np.searchsorted(everybody, names), max(len(everybody) - 1, 0))
    ours = everybody[at] == names if len(everybody) else np.zeros(0, bool)
    at, rows = (
        at[ours],
        {n: np.ma.filled(np.ma.asarray(v, float), np.nan)[ours] for n, v in rows.items() if n != "customer_id"},
    )
    found.members = len(at)
    columns["member"][at] = 1.0
    if not len(at) or not np.isfinite(columns["value"]).any():
        return
    lift = _lift(events, found)
    share = np.clip(rows["member_days"] / np.maximum(_watched(events, last, everybody[at]), 1), 0, 1)
    for name in ("value", "orders_ahead"):
        columns[name][at] *= lift_ahead(lift, share)
    due, period = (np.where(np.isfinite(rows[n]), rows[n], YEAR) / YEAR for n in ("due", "period"))
    seen = renewals(events.connection, last)
    ended = sum(r.due for r in seen)
    renews = (sum(r.renewed for r in seen) + 0.5) / (ended + 1)
    if not ended:
        found.notes.append("no membership has come up for renewal yet: half of them are taken to renew")
    fees = fees_ahead(rows["fee"], np.maximum(due, 0), np.maximum(period, 1 / 60), renews, 1.0, DISCOUNT)
    columns["value"][at] += fees
    found.notes.append(f"members renew with {renews:.0%}; their fees are {fees.mean():,.2f} each on the mean")


def _lift(events, found: Prepared) -> float:
    """Orders of a member over the same customer's without, 1 where only bounds are known."""
    from gearwheel.fit.member_effect import member_effect

    try:
        effect = member_effect(events)
    except GearwheelError as error:
        found.notes.append(f"what a membership does to orders is not known: {error}")
        return 1.0
    told = {"experiment": effect.experiments, "dated change": effect.dated}.get(effect.answer, ())
    if not told:
        found.notes.append(
            "no experiment or dated change tells what a membership does to orders: nothing is multiplied"
        )
        return 1.0
    lift = float(np.exp(min(told, key=lambda e: e.error).log))
    found.notes.append(f"a membership multiplies orders by {lift:.2f} ({effect.answer})")
    return lift


def _watched(events, last: date, names: np.ndarray) -> np.ndarray:
    """Days since the first order of each of these customers."""
    query = """select customer_id, epoch(($until::date + interval 1 day) - min(placed_at)) / 86400 as days
        from events.orders where customer_id is not null group by 1 order by 1"""
    rows = events.connection.execute(query, {"until": last}).fetchnumpy()
    return np.asarray(rows["days"], float)[np.searchsorted(np.asarray(rows["customer_id"]).astype(str), names)]


def _write_customers(columns: dict[str, np.ndarray], last: date, file: Path) -> None:
    import pyarrow as pa

    from gearwheel.desk.batch_files import Written
    from gearwheel.desk.customers import AS_OF

    as_of = datetime.combine(last + timedelta(1), datetime.min.time(), UTC).timestamp()
    schema = pa.schema([(n, pa.string() if n == "customer_id" else pa.float64()) for n in columns])
    with Written(file, schema, {AS_OF: f"{as_of:.0f}".encode()}) as out:
        texts = {"customer_id": columns["customer_id"].astype(str)}
        out.add(pa.table({**columns, **texts}, schema))


def _knowledge(wheel_file: Path, file: Path, found: Prepared, progress: Progress) -> None:
    """Quantities that the wheel's posterior tells the desk of returns."""
    from gearwheel.desk.learned import knowledge_text, refuse_foreign_knowledge
    from gearwheel.run.fitting import fit_wheel, open_wheel

    try:
        posterior = fit_wheel(open_wheel(str(wheel_file)), progress=progress)
    except FitError as error:
        found.notes.append(f"the wheel does not fit, so nothing was learned from it: {error}")
        return
    draws = trouble_draws(posterior)
    if draws is None:
        found.notes.append(f"the wheel has no gear '{GEAR}': nothing was learned of what the experience does")
        return
    refuse_foreign_knowledge(file)
    because = (
        f"having to send it back changes satisfaction by {BOTHER.low:+.0%} to {BOTHER.high:+.0%} (a judgement), times how "
        f"spending over a year follows satisfaction, from the wheel {posterior.wheel.name}"
    )
    save_atomically(file, knowledge_text("returns", {"trouble": draws}, {"trouble": because}).encode())
    found.quantities["trouble"] = dict(zip(("low", "median", "high"), np.quantile(draws, [0.05, 0.5, 0.95]).tolist()))
    found.files.append(str(file))


def trouble_draws(posterior, draws: int = 400) -> np.ndarray | None:
    """The log change of what a customer yet spends by having to send an item back, (draws,); None where the wheel has
    no gear of experience."""
    from gearwheel.desk.prepare import satisfaction_elasticity
    from gearwheel.wheel.times import per_year

    parameters = posterior.parameters(draws)
    names = [f"{GEAR}.{n}" for n in NEEDED]
    if any(name not in parameters for name in names):
        return None
    delight, loyalty, churn, fades = (np.asarray(parameters[n], float) for n in names)
    slope = satisfaction_elasticity(delight, loyalty, churn, fades, per_year(posterior.wheel))
    z = np.random.default_rng([posterior.seed, 7]).standard_normal(max(slope.size, 1))
    return (BOTHER.location + BOTHER.sd * z) * slope
