"""Shipping: send this order, placed at standard speed, faster for nothing or at half the price?

A carrier takes a surcharge for the faster way. What comes back is what the customer will yet spend: a parcel that is a
few days earlier, and less often late, changes it a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gearwheel.desk.future import left, spread
from gearwheel.desk.operation import Columns, Draws, Field, Operation, Part, Quantity, stated_or_believed
from gearwheel.desk.returns import realised
from gearwheel.wheel.parts import Belief

FUTURE = "future"

ACTIONS = {
    "standard": "send it as ordered",
    "expedited": "send it the faster way for nothing",
    "half": "offer the faster way at half its surcharge; who declines gets it as ordered",
}
WORDS = {  # with half the surcharge and its currency
    "standard": "Your order is on its way as you chose it.",
    "expedited": "We send your order the faster way, at no cost to you.",
    "half": "For {:,.2f} {} we send your order the faster way, half of what it costs.",
}
PARTS = {
    "carrier": "the surcharge that is not passed on",
    "late": "answering those whose parcel is late",
    "future": "what the customer will buy less, or more, afterwards",
}
FIELDS = {
    "order_id": Field("text", "the order"),
    "customer_id": Field("text", "who ordered"),
    "price": Field("number", "what was paid for the order", low=0.0),
    "currency": Field("text", "of the price and the surcharge"),
    "surcharge": Field("number", "what the carrier takes more for the faster way", low=0.0),
    "requested_at": Field("time", "when it is decided"),
    "standard_days": Field("number", "days to the door at standard speed", needed=False, low=0.0),
    "expedited_days": Field("number", "days to the door the faster way", needed=False, low=0.0),
    "late_risk": Field("number", "probability that the standard way is late", needed=False, low=0.0, high=1.0),
    "jurisdiction": Field("text", "where it goes", needed=False),
}
DERIVED = {"days_saved": Field("number", "days by which the faster way is faster", needed=False)}
FACTS = {"orders": 1.0, "claims": 0.0, "member": 0.0, "value": np.nan, "value_spread": 1.0}


def _q(low, centre, high, unit, because, shape="normal") -> Quantity:
    return Quantity(Belief(low, centre, high, shape), unit, because)


QUANTITIES = {
    "usual_days_saved": _q(1, 2, 3, "day", "where the order does not say; yours to replace"),
    "usual_late_risk": _q(0.03, 0.08, 0.2, "probability", "where the order does not say; yours to replace", "lognormal"),
    "still_late": _q(0.2, 0.4, 0.7, "share", "of that risk that the faster way keeps; yours to replace"),
    "accepts": _q(0.1, 0.25, 0.5, "probability", "customers who take the offer at half price; yours to replace"),
    "late_cost": _q(1, 3, 7, "money", "answering a late parcel; yours to replace", "lognormal"),
    "faster": _q(0.0, 0.002, 0.006, "log change/day", "one parcel of many: a whole shop a day faster sells 1.5 % more "
                 "(Fisher, Gallino & Xu 2019); the share of one parcel is a judgement"),
    "late": _q(-0.06, -0.02, 0.0, "log change", "one bad order lowers the return to the shop "
               "(Nosko & Tadelis 2015: the direction; the size is a judgement)"),
    "newcomer_value": _q(20, 60, 180, "money", "what a customer still spends in a year; yours to replace", "lognormal"),
    "margin": _q(0.15, 0.3, 0.45, "share of spending", "what is left of what a customer spends; yours to replace"),
}  # fmt: skip


def derive(columns: Columns, policy: Any = None) -> dict[str, np.ndarray]:
    """The days saved, NaN where either way's days are unknown."""
    return {"days_saved": columns["standard_days"] - columns["expedited_days"]}


def kinds(columns: Columns) -> dict[str, np.ndarray]:
    """The chance that the standard way is late, to a hundredth, and how unsure it is what the customer will yet spend."""
    return {"late_risk": np.round(columns["late_risk"], 2), "spread": spread(columns)}


def weights(kinds: Columns, draws: Draws) -> dict[str, np.ndarray]:
    """`future` (margin on what the customer yet spends, over the expectation of it), `late` and `late_future` (the chance
    that the standard way is late, alone and times that margin), each (kinds, draws)."""
    stated = kinds["late_risk"][:, None]
    risk = np.where(np.isfinite(stated), stated, np.minimum(draws["usual_late_risk"], 1.0))
    future = left(kinds["spread"], draws)
    return {FUTURE: future, "late": risk, "late_future": risk * future}


def amounts(columns: Columns) -> dict[str, np.ndarray]:
    """What is known of an order: the days saved times what the customer yet spends, both stated or believed."""
    one = np.ones(len(columns["surcharge"]))
    spending = stated_or_believed("spending", columns["value"], one)
    found = {"one": one, "surcharge": columns["surcharge"], **spending}
    for name, amount in spending.items():
        found |= stated_or_believed(f"days_{name}", columns["days_saved"] * amount, amount)
    return found


def costs(draws: Draws) -> dict[str, list[Part]]:
    """The parts of each action, in money."""

    def sent(faster: float | np.ndarray, late: float | np.ndarray) -> list[Part]:
        """`faster`: share of the orders that go the faster way; `late`: share of the standard way's risk that is left."""
        parts = [Part("late", "one", late * draws["late_cost"], "late")]
        for spending, worth in (("spending_stated", 1.0), ("spending_believed", draws["newcomer_value"])):
            days = -faster * draws["faster"] * worth
            parts += [
                Part("future", spending, -late * draws["late"] * worth, "late_future"),
                Part("future", f"days_{spending}_stated", days, FUTURE),
                Part("future", f"days_{spending}_believed", days * draws["usual_days_saved"], FUTURE),
            ]
        return parts

    took = draws["accepts"]
    return {
        "standard": sent(0.0, 1.0),
        "expedited": [Part("carrier", "surcharge"), *sent(1.0, draws["still_late"])],
        "half": [Part("carrier", "surcharge", took / 2), *sent(took, 1 - took * (1 - draws["still_late"]))],
    }


def spends(columns: Columns, action: str, draws: Draws) -> np.ndarray:
    """What counts against caps of money: the surcharge that is given away."""
    return {"expedited": 1.0, "half": 0.5}.get(action, 0.0) * columns["surcharge"]


def words(actions: Sequence[str], columns: Columns, draws: Draws) -> list[str]:
    """What each customer is told."""
    half = zip((columns["surcharge"] / 2).tolist(), columns["currency"].tolist())
    return [WORDS[action].format(amount, currency) for action, (amount, currency) in zip(actions, half)]


SHIPPING = Operation(
    name="shipping",
    title="Faster shipping",
    fields=FIELDS,
    derived=DERIVED,
    facts=FACTS,
    actions=ACTIONS,
    fallback="standard",
    parts=PARTS,
    quantities=QUANTITIES,
    kinds=kinds,
    derive=derive,
    amounts=amounts,
    weights=weights,
    costs=costs,
    spends=spends,
    words=words,
    realised=realised,
    effects=("faster",),
    future=FUTURE,
)
