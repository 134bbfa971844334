"""Returns: who claims, honestly or not, what is decided, and what the decision costs and leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gearwheel.market.draws import Stream
from gearwheel.market.state import Day, State
from gearwheel.market.tables import WORDS, Columns, clock

REASONS = WORDS["reason"]
NEVER_ARRIVED = REASONS.index("never arrived")
SHIPPING_TIME = 7.0  # days until a returned item is back


@dataclass(frozen=True)
class Action:
    """What a decision means: money given back over price, goods sent out over price at cost, the item back or not."""

    refund: float
    goods: float
    back: bool
    displeases: bool = False


ACTIONS = {
    "return": Action(1.0, 0.0, True),
    "keep": Action(1.0, 0.0, False),
    "replace": Action(0.0, 1.0, False),
    "exchange": Action(0.0, 1.0, True),
    "credit": Action(1.0, 0.0, True),
    "partial": Action(0.4, 0.0, False),
    "review": Action(1.0, 0.0, True, displeases=True),  # a person looks at it, and it ends as a return
    "refuse": Action(0.0, 0.0, False, displeases=True),
}


def claim(state: State, day: Day, parcels: Columns, score: np.ndarray) -> None:
    """Claims on the parcels of today, each decided by the callback and carried out."""
    s, rows = day.settings, state.customers
    who, luck = parcels["who"], day.draws.uniform(Stream.CLAIM, parcels["order"])
    honest = luck < s.returning * np.exp(-0.5 * (score - s.score))
    learned = np.minimum(s.abuse * np.exp(s.abuse_learning * rows["kept"][who]), 1.0)
    false = rows["abuser"][who] & (1 - luck < learned) & ~honest
    claimed = np.flatnonzero(honest | false)
    if not len(claimed):
        return
    requests = _requests(state, day, {n: c[claimed] for n, c in parcels.items()}, honest[claimed])
    visible = {name: column for name, column in requests.items() if name != "honest"}
    actions = np.full(len(claimed), "return") if day.decide is None else np.asarray(day.decide(visible))
    _check(actions, len(claimed))
    _carry_out(state, day, requests, actions)


def _requests(state: State, day: Day, parcels: Columns, honest: np.ndarray) -> dict[str, np.ndarray]:
    """What the desk sees of each claim, and whether it is honest, which it does not."""
    s, rows, who, order = day.settings, state.customers, parcels["who"], parcels["order"]
    wait = 0.5 + 4 * day.draws.uniform(Stream.CLAIM_TIME, order)
    pick = np.floor(day.draws.uniform(Stream.TEXT, order, 1) * 4).astype(np.int64)
    return {
        "order_id": order,
        "line": np.ones(len(who), dtype=np.int64),
        "customer_id": who,
        "product_id": parcels["product"],
        "price": parcels["price"],
        "reason": np.where(honest | (pick < 2), pick, NEVER_ARRIVED),
        "requested_at": clock(s.start, parcels["at"] + wait),
        "member": rows["member"][who],
        "orders": rows["orders"][who],
        "claims": rows["claims"][who],
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
    s, rows, who, price = day.settings, state.customers, requests["customer_id"], requests["price"]
    chosen = [ACTIONS[a] for a in actions.tolist()]
    refund = np.round(price * np.array([a.refund for a in chosen]), 2)
    goods = price * s.goods * np.array([a.goods for a in chosen])
    back, bad = np.array([a.back for a in chosen]), np.array([a.displeases for a in chosen])
    salvage = np.where(back & requests["honest"], price * s.salvage, 0.0)  # a false claim brings back what is worthless
    cost = np.where(back, s.return_freight + s.return_handling, 0.0)
    felt = np.where(back, s.trouble_on_satisfaction, 0.0) + np.where(bad, -0.25, 0.0)
    generous = ~back & (refund > 0)
    felt = felt + np.where(generous & requests["honest"], s.keep_on_satisfaction, 0.0)
    rows["satisfaction"][who] = np.clip(rows["satisfaction"][who] * np.exp(felt), 1, 5)
    rows["claims"][who] += 1
    rows["kept"][who] += generous
    returned = np.where(back, requests["at"] + SHIPPING_TIME, np.nan)
    day.sink.add(
        "returns",
        {
            "order_id": requests["order_id"],
            "line": requests["line"],
            "requested_at": requests["requested_at"],
            "returned_at": clock(s.start, returned),
            "refund": refund,
            "reason": requests["reason"],
            "kept": ~back,
            "salvage": np.round(salvage, 2),
        },
    )
    day.tally(
        claims=len(who), false_claims=(~requests["honest"]).sum(), refunds=refund.sum(), returns_cost=cost.sum(),
        replaced=goods.sum(), salvaged=salvage.sum(),
    )  # fmt: skip
