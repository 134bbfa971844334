"""Returns: refund on return, refund and keep, replace, exchange, credit, partial refund, a human looks at it, or no.

Handling, freight and salvage count with the probability that the claim is honest: who claims what is not so sends
nothing back, and either gives up or is refunded without it. What the customer feels counts through what they will yet
spend. No causal estimate of the effect of letting customers keep the item is published, so it is a wide belief around
nothing until the desk's own randomised decisions have told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gearwheel.desk.abuse import RECORD, abuse
from gearwheel.desk.calendar_days import days_since, earliest, latest
from gearwheel.desk.conditions import PLAIN
from gearwheel.desk.future import left, spread
from gearwheel.desk.operation import ALWAYS, Columns, Draws, Field, Operation, Part, Quantity, stated_or_believed
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Belief

if TYPE_CHECKING:
    from gearwheel.desk.policy import Policy

HONEST, FALSE, FUTURE, HAZARD = "honest", "false", "future", "hazard"
DAY = np.timedelta64(86_400, "s")
UNSHOWN = 0.5  # probability that an effect on later spending that nobody has shown is none at all

ACTIONS = {
    "return": "refund when the item is back",
    "keep": "refund now, the customer keeps the item",
    "replace": "send another one, the customer keeps the first",
    "exchange": "send another one when the first is back",
    "credit": "store credit when the item is back",
    "partial": "offer a part of the price, the customer keeps the item; who declines sends it back",
    "review": "a person looks at it",
    "refuse": "say no: nothing is refunded or sent",
}
REFUSALS = ("refuse",)
PARTS = {
    "refund": "money given back",
    "goods": "what another item costs",
    "freight": "carriers, there or back",
    "handling": "unpacking, checking, putting away",
    "salvage": "what the item is still worth",
    "people": "the time of who looks at it",
    "future": "what the customer will buy less, or more, afterwards",
    "abuse": "what being generous teaches those who claim what is not so",
}
FIELDS = {
    "order_id": Field("text", "the order"),
    "product_id": Field("text", "the product"),
    "customer_id": Field("text", "who asks"),
    "quantity": Field("number", "how many of it", above=0.0),
    "price": Field("number", "what one was paid", low=0.0),
    "currency": Field("text", "of the price"),
    "reason": Field("text", "why, in the shop's own words"),
    "requested_at": Field("time", "when"),
    "jurisdiction": Field("text", "the country or state whose law applies", needed=False),
    "delivered_at": Field("time", "when the item arrived", needed=False),
    "unit_cost": Field("number", "what one costs the shop", needed=False, low=0.0),
    "freight": Field("number", "what sending it back costs, where it is known", needed=False, low=0.0),
    "resale": Field("number", "share of the price for which it could be sold again", needed=False, low=0.0, high=1.0),
}
DERIVED = {
    "amount": Field("number", "price × quantity", low=0.0),
    "days_since_delivery": Field(
        "number", "days from delivery to request as a legal period counts them", needed=False, low=0.0
    ),
}
FACTS = {  # of a customer of whom nothing is known
    "orders": 1.0, "claims": 0.0, "kept": 0.0, "came_back": 0.0, "not_back": 0.0, "member": 0.0,
    "value": np.nan, "value_spread": 1.0, "orders_ahead": np.nan,
}  # fmt: skip
NOT_THERE = "never arrived"  # the reason of who has no item to keep or send back; `words` may give it other names
AHEAD = 300.0  # seconds by which two clocks may differ
WORDS = {  # with the amount, its currency, and the part of it that is offered
    "return": "Please send the item back; we refund {0:,.2f} {1} when it has arrived.",
    "keep": "We refund {0:,.2f} {1} now. There is no need to send the item back.",
    "replace": "We send you another one. There is no need to send the first one back.",
    "exchange": "Please send the item back; we send you another one when it has arrived.",
    "credit": "Please send the item back; we credit {0:,.2f} {1} to your account when it has arrived.",
    "partial": "We refund {2:,.2f} {1} now if you keep the item; or send it back, and we refund all {0:,.2f} {1}.",
    "review": "A colleague looks at your request and answers you personally.",
    "refuse": "We cannot accept this request{3}. If you see it otherwise, reply, and a colleague looks at it.",
}
UNSENT = WORDS | {  # of what never arrived
    "keep": "We refund {0:,.2f} {1} now.",
    "replace": "We send you another one.",
    "exchange": "We send you another one.",
    "return": "We refund {0:,.2f} {1}.",
    "credit": "We credit {0:,.2f} {1} to your account.",
    "partial": "We refund {2:,.2f} {1} now.",
}
NOTHING = "You paid nothing for this item, so there is nothing to refund."
UNPAID = WORDS | {  # where the amount is nothing
    "return": NOTHING + " If you want, send it back.",
    "keep": NOTHING + " There is no need to send it back.",
    "credit": NOTHING + " If you want, send it back.",
    "partial": NOTHING + " There is no need to send it back.",
}
CENT = 0.005  # an amount below it is shown as nothing


def _q(low, centre, high, unit, because, shape="normal", nothing=0.0) -> Quantity:
    return Quantity(Belief(low, centre, high, shape), unit, because, nothing)


QUANTITIES = {
    "return_freight": _q(3, 5, 9, "money", "a parcel back; yours to replace", "lognormal"),
    "outbound_freight": _q(3, 4.5, 7, "money", "a parcel out; yours to replace", "lognormal"),
    "handling": _q(3, 6, 12, "money", "unpack, check, put away; yours to replace", "lognormal"),
    "salvage": _q(0.2, 0.5, 0.8, "share of price", "a return costs about 66 % of a $50 item (Optoro/CBRE 2021)"),
    "goods_share": _q(0.5, 0.65, 0.8, "share of price", "what goods cost; yours to replace"),
    "credit_cost": _q(0.6, 0.75, 0.95, "share of credit", "credit buys goods at cost, and some is never used"),
    "partial_share": _q(0.35, 0.4, 0.45, "share of price", "what is offered; a policy states it as a number"),
    "accepts": _q(0.2, 0.4, 0.7, "probability", "customers who take the part; who declines sends the item back"),
    "review_cost": _q(4, 8, 15, "money", "a quarter of an hour of a person; yours to replace", "lognormal"),
    "review_misses": _q(0.2, 0.4, 0.7, "probability", "false claims that a person does not see"),
    "lost": _q(0.005, 0.015, 0.04, "share", "of what honest customers send back never arrives", "lognormal"),
    "persists": _q(0.1, 0.3, 0.6, "probability", "false claims refunded although nothing came back"),
    "newcomer_value": _q(20, 60, 180, "money", "what a customer still spends in a year; yours to replace", "lognormal"),
    "newcomer_orders": _q(0.3, 1.0, 3.0, "order", "what a customer still orders in a year", "lognormal"),
    "margin": _q(0.15, 0.3, 0.45, "share of spending", "what is left of what a customer spends; yours to replace"),
    "trouble": _q(-0.08, -0.02, 0.02, "log change", "having to send it back, on what the customer yet spends; "
                  "free returns raise later spending (Bower & Maxham 2012), strongly selected", nothing=UNSHOWN),
    "goodwill": _q(-0.06, 0.01, 0.08, "log change", "keeping the item: no causal estimate is published, so it is wide",
                   nothing=UNSHOWN),
    "disappointment": _q(-0.12, -0.04, 0.0, "log change", "credit or a part instead of the money, or having to wait",
                         nothing=UNSHOWN),
    "lasting": _q(0.5, 0.8, 1.1, "ratio", "of an effect seen in the weeks after that holds for all that is yet spent"),
    "abusers": _q(0.005, 0.02, 0.06, "share", "customers who claim what is not so", "lognormal"),
    "honest_claims": _q(0.03, 0.06, 0.12, "claim/order", "claims of honest customers", "lognormal"),
    "false_claims": _q(0.04, 0.1, 0.25, "claim/order", "further claims of those who abuse", "lognormal"),
    "learning": _q(0.05, 0.25, 0.5, "log change", "a refund without a return, on the next false claims"),
    "temptation": _q(0.001, 0.005, 0.02, "share", "honest customers whom one such refund turns", "lognormal"),
    "usual_claim": _q(15, 40, 100, "money", "what is claimed, on the mean; yours to replace", "lognormal"),
    "hazard_share": _q(0.3, 0.5, 0.8, "share", "of a later false claim that is lost all the same"),
}  # fmt: skip


def derive(columns: Columns, policy: Policy | None = None) -> dict[str, np.ndarray]:
    """The amount paid; the days from delivery to request (NaN where delivery is unknown); `arrived`: 0 where the reason is
    that it never did, else 1; `returns`: 0 where nothing can come back. A policy may name words and days of rest."""
    reader, holidays = (policy.reader, policy.holidays) if policy else (PLAIN, frozenset())
    reasons, places = columns["reason"].tolist(), columns["jurisdiction"].tolist()
    never = {reason: reader.word("reason", reason) == NOT_THERE for reason in set(reasons)}
    arrived = 1.0 - np.fromiter(map(never.__getitem__, reasons), float, len(reasons))
    found = {"amount": columns["price"] * columns["quantity"], "arrived": arrived}
    if reader.semantics == 1:
        waited = columns["requested_at"] - columns["delivered_at"]
        days = np.where(np.isnat(waited), np.nan, waited / DAY)
        return found | {"days_since_delivery": days, "returns": np.ones(len(reasons))}
    countries = {place: reader.country(place) for place in set(places)}
    of = [countries[place] for place in places]
    days = days_since(columns["delivered_at"], columns["requested_at"], of, holidays)
    return found | {"days_since_delivery": days, "returns": arrived}


def impossible(columns: Columns) -> list[tuple[np.ndarray, Problem]]:
    """Requests that came before the delivery, as far as clocks and dates can tell."""
    both = ~(np.isnat(columns["delivered_at"]) | np.isnat(columns["requested_at"]))
    before = both & (earliest(columns["delivered_at"]) > latest(columns["requested_at"]) + AHEAD)
    hint = "Are the two times mixed up, or without their zone? A time that states no zone is UTC."
    return [(before, Problem("GW526", "'delivered_at' is after 'requested_at'", hint=hint))]


def kinds(columns: Columns) -> dict[str, np.ndarray]:
    """The customer's record of claims, and how unsure it is what they will yet spend."""
    return {**{name: columns[name] for name in RECORD}, "spread": spread(columns)}


def weights(kinds: Columns, draws: Draws) -> dict[str, np.ndarray]:
    """`honest`, `false`, `future` (margin that is left of what an honest customer yet spends, over the expectation of
    it), `hazard` (later false claims an order that a refund without a return adds), each (kinds, draws)."""
    false, more = abuse(kinds, draws)
    honest = 1 - false
    return {HONEST: honest, FALSE: false, FUTURE: honest * left(kinds["spread"], draws), HAZARD: more}


def amounts(columns: Columns) -> dict[str, np.ndarray]:
    """What is known of a request. Freight, salvage, cost of the goods, and what the customer will yet spend and order
    are stated by some requests (`…_stated`) and left to what is believed by the others (`…_believed`). What never arrived
    does not come back: `back` is 0 then, as are freight, salvage, and the trouble (`sending`) of who would send it."""
    amount, one, back = columns["amount"], np.ones(len(columns["amount"])), columns["returns"]
    found = {"amount": amount, "one": one, "back": back}
    for name, stated, believed in (
        ("freight", columns["freight"] * back, back),
        ("salvage", columns["resale"] * amount * back, amount * back),
        ("goods", columns["unit_cost"] * columns["quantity"], amount),
        ("spending", columns["value"], one),
        ("sending", columns["value"] * back, back),
        ("orders", columns["orders_ahead"], one),
    ):
        found |= stated_or_believed(name, stated, believed)
    return found


def costs(draws: Draws) -> dict[str, list[Part]]:
    """The parts of each action, in money."""
    arrives = 1 - draws["lost"]

    def later(rate: np.ndarray, of: str = "spending") -> list[Part]:
        """On what an honest customer yet spends."""
        believed = rate * draws["newcomer_value"]
        return [Part("future", f"{of}_stated", rate, FUTURE), Part("future", f"{of}_believed", believed, FUTURE)]

    def hazard(loss: np.ndarray) -> list[Part]:
        """On the false claims that a refund without a return breeds."""
        believed = loss * draws["newcomer_orders"]
        return [Part("abuse", "orders_stated", loss, HAZARD), Part("abuse", "orders_believed", believed, HAZARD)]

    back = [
        Part("freight", "freight_stated", 1.0, HONEST),
        Part("freight", "freight_believed", draws["return_freight"], HONEST),
        Part("handling", "back", draws["handling"] * arrives, HONEST),
        Part("salvage", "salvage_stated", -arrives, HONEST),
        Part("salvage", "salvage_believed", -draws["salvage"] * arrives, HONEST),
        *later(-draws["trouble"], "sending"),
    ]

    def another(honest: str, false: bool) -> list[Part]:
        """Another item sent out, to honest claims and, with `false`, to what persists of the others."""
        parts = [
            Part("goods", "goods_stated", 1.0, honest),
            Part("goods", "goods_believed", draws["goods_share"], honest),
            Part("freight", "one", draws["outbound_freight"], honest),
        ]
        if false:
            parts += [
                Part("goods", "goods_stated", draws["persists"], FALSE),
                Part("goods", "goods_believed", draws["goods_share"] * draws["persists"], FALSE),
                Part("freight", "one", draws["outbound_freight"] * draws["persists"], FALSE),
            ]
        return parts

    let_down, good = later(-draws["disappointment"]), later(-draws["goodwill"])
    lost = draws["hazard_share"] * draws["usual_claim"]  # of a later false claim, whatever is claimed now
    return {
        "return": [Part("refund", "amount", 1.0, HONEST), Part("refund", "amount", draws["persists"], FALSE), *back],
        "keep": [Part("refund", "amount"), *good, *hazard(lost)],
        "replace": [*another(ALWAYS, false=False), *hazard(lost * draws["goods_share"])],
        "exchange": [*another(HONEST, false=True), *back],
        "credit": [
            Part("refund", "amount", draws["credit_cost"], HONEST),
            Part("refund", "amount", draws["credit_cost"] * draws["persists"], FALSE),
            *back,
            *let_down,
        ],
        "partial": [
            Part("refund", "amount", draws["accepts"] * draws["partial_share"]),
            *hazard(draws["accepts"] * lost * draws["partial_share"]),
            Part("refund", "amount", 1 - draws["accepts"], HONEST),
            Part("refund", "amount", (1 - draws["accepts"]) * draws["persists"], FALSE),
            *(replace(part, rate=part.rate * (1 - draws["accepts"])) for part in back),
            *let_down,
        ],
        "review": [
            Part("people", "one", draws["review_cost"]),
            Part("refund", "amount", 1.0, HONEST),
            Part("refund", "amount", draws["review_misses"] * draws["persists"], FALSE),
            *back,
            *let_down,
        ],
        "refuse": let_down,
    }


def spends(columns: Columns, action: str, draws: Draws) -> np.ndarray:
    """What counts against caps of money: what is given away without anything coming back."""
    share = {"keep": 1.0, "replace": 1.0, "partial": draws["partial_share"].mean()}.get(action, 0.0)
    return share * columns["amount"]


def words(actions: Sequence[str], columns: Columns, draws: Draws) -> list[str]:
    """What each customer is told; the column `because` says why a request is refused."""
    part = float(draws["partial_share"].mean())
    asked = (columns[name].tolist() for name in ("amount", "currency", "arrived", "because"))
    found = []
    for action, amount, currency, arrived, because in zip(actions, *asked):
        said = UNPAID if 0 <= amount < CENT else WORDS if arrived else UNSENT
        found.append(said[action].format(amount, currency, part * amount, f": {because}" if because else ""))
    return found


def realised(request: Mapping, action: str, outcomes: Sequence[Mapping]) -> float:
    """What a decision cost in the end: the money of its outcomes, costs positive, what the customer bought again taken
    off (outcomes state their `amount`; a purchase states the margin it left)."""
    gains = ("bought_again", "salvaged")
    return sum((-1 if o["kind"] in gains else 1) * float(o.get("amount") or 0.0) for o in outcomes)


RETURNS = Operation(
    name="returns",
    title="Returns",
    fields=FIELDS,
    derived=DERIVED,
    facts=FACTS,
    actions=ACTIONS,
    fallback="return",
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
    effects=("trouble", "goodwill", "disappointment"),
    future=FUTURE,
    counts={"claims": tuple(a for a in ACTIONS if a not in REFUSALS), "kept": ("keep", "replace")},
    told_by={"return_freight": ("return", "credit", "review"), "persists": ("return", "credit")},
    refusals=REFUSALS,
    impossible=impossible,
)
