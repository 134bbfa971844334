"""Returns: who claims, honestly or not, what is decided, and what the decision costs and leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gearwheel.market.draws import Stream
from gearwheel.market.orders import product_price
from gearwheel.market.state import Day, State
from gearwheel.market.tables import WORDS, Columns, clock

REASONS = WORDS["reason"]
NEVER_ARRIVED = REASONS.index("never arrived")
SHIPPING_TIME = 7.0  # days until a returned item is back


@dataclass(frozen=True)
class Action:
    """What a decision means: money given back over price, credit over price, goods sent out, the item back or not.

    `offers`: it is a part of the price that one may decline, and who declines sends the item back for all of it.
    `looks`: a person looks at the claim first.
    """

    refund: float = 0.0
    credit: float = 0.0
    goods: float = 0.0
    back: bool = False
    offers: bool = False
    looks: bool = False
    displeases: bool = False


ACTIONS = {
    "return": Action(refund=1.0, back=True),
    "keep": Action(refund=1.0),
    "replace": Action(goods=1.0),
    "exchange": Action(goods=1.0, back=True),
    "credit": Action(credit=1.0, back=True, displeases=True),
    "partial": Action(offers=True, displeases=True),
    "review": Action(refund=1.0, back=True, looks=True, displeases=True),  # what is not found out ends as a return
    "refuse": Action(displeases=True),
}


def claim(state: State, day: Day, parcels: Columns, score: np.ndarray) -> None:
    """Claims on the parcels of today, each decided by the callback and carried out. A callback with a true attribute
    `oracle` is told also which claims are honest: what others are measured by."""
    s, rows = day.settings, state.customers
    who, luck = parcels["who"], day.draws.uniform(Stream.CLAIM, parcels["order"])
    honest = luck < s.returning * np.exp(-0.5 * (score - s.score))
    learned = np.minimum(s.abuse * np.exp(s.abuse_learning * rows["kept"][who]), 1.0)
    false = rows["abuser"][who] & (1 - luck < learned) & ~honest
    claimed = np.flatnonzero(honest | false)
    if not len(claimed):
        return
    requests = _requests(state, day, {n: c[claimed] for n, c in parcels.items()}, honest[claimed])
    hidden = ("at",) if getattr(day.decide, "oracle", False) else ("at", "honest")
    visible = {name: column for name, column in requests.items() if name not in hidden}
    actions = np.full(len(claimed), "return") if day.decide is None else np.asarray(day.decide(visible))
    _check(actions, len(claimed))
    _carry_out(state, day, requests, actions)


def _requests(state: State, day: Day, parcels: Columns, honest: np.ndarray) -> dict[str, np.ndarray]:
    """What the desk sees of each claim, and whether it is honest, which it does not."""
    s, rows, who, order = day.settings, state.customers, parcels["who"], parcels["order"]
    wait = 0.5 + 4 * day.draws.uniform(Stream.CLAIM_TIME, order)
    pick = np.floor(day.draws.uniform(Stream.TEXT, order, 1) * 4).astype(np.int64)
    product = parcels["product"]
    bulk = day.draws.normal(Stream.PRODUCT_FREIGHT, product)
    grade = day.draws.normal(Stream.PRODUCT_RESALE, product)
    return {
        "order_id": order,
        "line": np.ones(len(who), dtype=np.int64),
        "customer_id": who,
        "product_id": product,
        "quantity": np.ones(len(who)),
        "price": parcels["price"],
        "unit_cost": np.round(s.goods * product_price(day, product), 2),
        "freight": np.round(s.return_freight * np.exp(s.freight_spread * (bulk - 0.5 * s.freight_spread)), 2),
        "resale": np.clip(s.salvage + s.salvage_spread * grade, 0.0, 1.0),
        "reason": np.where(honest | (pick < 2), pick, NEVER_ARRIVED),
        "requested_at": clock(s.start, parcels["at"] + wait),
        "delivered_at": clock(s.start, parcels["at"]),
        "member": rows["member"][who],
        "orders": rows["orders"][who],
        "claims": rows["claims"][who],
        "kept": rows["kept"][who],
        "honest": honest,
        "at": parcels["at"] + wait,
    }


def _check(actions: np.ndarray, count: int) -> None:
    if actions.shape != (count,):
        raise ValueError(f"the decision callback answered {actions.shape} actions for {count} requests")
    unknown = sorted(set(actions.tolist()) - set(ACTIONS))
    if unknown:
        raise ValueError(f"the decision callback answered {unknown[0]!r}; actions are {', '.join(ACTIONS)}")


def _carry_out(state: State, day: Day, requests: Columns, actions: np.ndarray) -> None:
    """Book the decisions and let them be felt. Who claims what is not so sends nothing back."""
    s, price, honest = day.settings, requests["price"], requests["honest"]
    chosen = {name: np.array([getattr(ACTIONS[a], name) for a in actions.tolist()]) for name in ACTION_FIELDS}
    luck = {n: day.draws.uniform(Stream.AFTER_CLAIM, requests["order_id"], n) for n in range(4)}
    accepted = chosen["offers"] & (luck[0] < s.accepts)
    asked = chosen["back"] | (chosen["offers"] & ~accepted)  # to send it back
    found = chosen["looks"] & ~honest & (luck[1] < s.review_finds)
    served = ~asked | honest | ((luck[2] < s.persists) & ~found)
    arrives = asked & honest & (luck[3] >= s.lost)
    money = chosen["refund"] + chosen["offers"] * np.where(accepted, s.partial_share, 1.0)
    given = {
        "refund": np.round(served * price * money, 2),
        "credit": np.round(served * price * chosen["credit"], 2),
        "goods": served * chosen["goods"] * requests["unit_cost"],
    }
    _felt(state, day, requests, asked, chosen["displeases"], given)
    salvage = np.where(arrives, np.round(price * requests["resale"], 2), 0.0)
    returned = np.where(arrives, requests["at"] + SHIPPING_TIME, np.nan)
    day.sink.add(
        "returns",
        {
            "order_id": requests["order_id"],
            "line": requests["line"],
            "requested_at": requests["requested_at"],
            "returned_at": clock(s.start, returned),
            "refund": given["refund"] + given["credit"],
            "reason": requests["reason"],
            "kept": ~asked,
            "salvage": salvage,
        },
    )
    freight, handling = (requests["freight"] * (asked & honest)).sum(), s.return_handling * arrives.sum()
    day.tally(
        claims=len(price), false_claims=(~honest).sum(), refunds=given["refund"].sum(), returns_cost=freight + handling,
        replaced=given["goods"].sum(), resent=s.logistics * (given["goods"] > 0).sum(), salvaged=salvage.sum(),
        credited=s.goods * given["credit"].sum(), reviewed=s.review_cost * chosen["looks"].sum(),
    )  # fmt: skip


ACTION_FIELDS = tuple(Action.__dataclass_fields__)


def _felt(state: State, day: Day, requests: Columns, asked, bad, given: Columns) -> None:
    """What the customers remember: the trouble, the generosity, the displeasure; and what it teaches."""
    s, rows, who = day.settings, state.customers, requests["customer_id"]
    generous = ~asked & (sum(given.values()) > 0)
    felt = np.where(asked, s.trouble_on_satisfaction, 0.0) + np.where(bad, s.displeasure_on_satisfaction, 0.0)
    felt = felt + np.where(generous & requests["honest"], s.keep_on_satisfaction, 0.0)
    rows["satisfaction"][who] = np.clip(rows["satisfaction"][who] * np.exp(felt), 1, 5)
    rows["claims"][who] += 1
    rows["kept"][who] += generous


def cost_of_returns(daily: Columns) -> np.ndarray:
    """What returns cost the shop on each day, (days,), from a market's daily counts."""
    spent = ("refunds", "credited", "replaced", "resent", "returns_cost", "reviewed")
    return sum(daily[name] for name in spent if name in daily) - daily.get("salvaged", 0.0)
