"""What the customers of a shop are worth, as plain results: who is still one, what they will buy, and a test of it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from gearwheel.run.store import Progress, silent
from gearwheel.wheel.errors import FitError, GearwheelError

WEEKS_A_YEAR = 365.25 / 7
DISCOUNT = 0.10  # a year
DRAWS = 400
TESTED = 0.2  # share of the record that is held out to test the customers' model
MOST_RENEWALS = 6
LEAST_DAYS = 120  # a shorter record has no past to learn repeat purchases from

CAME = """
with bought as (
    select customer_id, cast(placed_at as date) as day from events.orders
    where lower(coalesce(status, '')) <> 'cancelled' and not coalesce(is_test, false) and customer_id is not null
    group by 1, 2
)
select count(*) from bought
where day > $since and day <= $last and customer_id in (select customer_id from bought where day <= $since)"""


def customer_value(events, record: tuple[date, date] | None, progress: Progress | None = None) -> dict:
    """The `customers` part of the measures, over the first and last day of `record`. Where nothing can be said,
    {"reason": why}."""
    (progress or silent)("customers", 0, 1, "")
    days = (record[1] - record[0]).days if record else 0
    if days < LEAST_DAYS:
        return {"reason": f"the record is {days} days long; {LEAST_DAYS} are needed to see customers come back"}
    try:
        return _valued(events, *record)
    except (FitError, GearwheelError) as error:
        return {"reason": str(error)}


def _valued(events, first: date, last: date) -> dict:
    from gearwheel.fit.customers import base, expected_purchases, fit_timing, summarise

    histories = summarise(events.connection, last)
    timing = fit_timing(histories, draws=DRAWS)
    spend, about_spend = _spend(histories)
    whole = base(timing, histories, WEEKS_A_YEAR, spend=spend, discount=DISCOUNT)
    newcomer = expected_purchases(timing, 0, 0, 0, WEEKS_A_YEAR)[:, 0]
    return {
        "model": timing.model,
        "persons": whole.persons,
        "once": histories.once,
        "until": last.isoformat(),
        "k_hat": timing.k_hat,
        "parameters": {n: _span(d) for n, d in zip(timing.names, timing.draws.T)},
        "alive": _span(whole.alive / whole.persons),
        "orders_next_year": _span(whole.purchases),
        "value_next_year": None if whole.value is None else _span(whole.value),
        "spend": about_spend,
        "orders_of_a_newcomer": _span(newcomer),
        "discount": DISCOUNT,
        "renewals": _renewals(events, last),
        "tested": _tested(events, first, last),
    }


def _spend(histories):
    """What `base` takes for the money of a purchase, and how the results name it: the model, the one price or why none."""
    from gearwheel.fit import customers

    each = customers.same_spend(histories)
    if each is not None:
        return each, {"model": "one price", "each": each, "reason": ""}
    if not len(histories.spending.x):
        return None, _none("nobody bought twice for money, so what a repeat purchase brings is unknown")
    try:
        found = customers.fit_spend(histories, draws=DRAWS)
    except FitError as error:
        return None, _none(str(error))
    return found, {"model": found.model, "each": None, "reason": ""}


def _none(reason: str) -> dict:
    return {"model": None, "each": None, "reason": reason}


def _renewals(events, last: date) -> list[dict]:
    """How surely members renew after each paid period, with 90 % intervals."""
    from gearwheel.fit.customer_renewal import renewals

    found = renewals(events.connection, last)[:MOST_RENEWALS]
    return [{"number": r.number, "due": r.due, "share": r.renewed / r.due, **r.interval()} for r in found]


def _tested(events, first: date, last: date) -> dict:
    """Fitted to the record without its last part, and what was then predicted of the persons known, and came."""
    from gearwheel.fit.customers import fit_timing, simulated_purchases, summarise

    since = last - timedelta(round(TESTED * (last - first).days))
    early = summarise(events.connection, since)
    timing = fit_timing(early, draws=DRAWS)
    predicted = simulated_purchases(timing, early, (last - since).days / 7)
    return {"since": since.isoformat(), "predicted": _span(predicted), "came": _came(events, since, last)}


def _came(events, since: date, last: date) -> int:
    """Purchase days after `since` of persons who had bought by then."""
    return int(events.connection.execute(CAME, {"since": since, "last": last}).fetchone()[0])


def _span(draws: np.ndarray) -> dict:
    draws = draws[np.isfinite(draws)]
    if not draws.size:
        return {"median": None, "low": None, "high": None}
    low, median, high = np.quantile(draws, [0.05, 0.5, 0.95])
    return {"median": float(median), "low": float(low), "high": float(high)}
