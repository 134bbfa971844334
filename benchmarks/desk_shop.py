"""The shop of one planted market: its books, what it knows, and how it answers claims. Used by desk_regret.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gearwheel.desk.history import History
from gearwheel.desk.returns import RETURNS
from gearwheel.market.orders import CALENDAR
from gearwheel.market.returns import REASONS
from gearwheel.market.settings import Market

ACTIONS = ("return", "keep", "review")
SETTLED = 21  # days after which it is clear whether an item comes back
WATCHED = 30, 120  # days over which spending after a decision is counted, at least and at most
NOT_STATED = {"freight", "resale"}


@dataclass(frozen=True)
class Planted:
    """A market, and what its requests state of their own beyond price and cost (of NOT_STATED)."""

    name: str
    settings: Market
    states: tuple[str, ...] = ()
    seed: int = 1


@dataclass(frozen=True)
class Buying:
    """How a shop's customers buy: the Gamma (shape, rate) over orders a day, chance a day to leave, money of an order,
    and the share of it that is left after goods, parcels and returns."""

    shape: float
    rate: float
    churn: float
    basket: float
    margin: float

    def ahead(self, orders: np.ndarray, days: np.ndarray, horizon: float) -> np.ndarray:
        """Orders within the horizon, (customers,), of who ordered so often within so many days and is still there."""
        usual = (self.shape + orders) / (self.rate + days)
        return usual * -np.expm1(-self.churn * horizon) / self.churn


class Books:
    """What a shop sees: order lines, claims and what came of them. It takes the place of a market's sink."""

    wanted = True

    def __init__(self, planted: Planted):
        self.planted, self.today = planted, 0
        self.lines: dict[str, list] = {"order": [], "spent": []}
        self.claims: dict[str, list] = {}
        self.settled = 0  # batches of claims counted into the following
        self.orders, self.since = np.zeros(0), np.zeros(0)  # by customer, as are these
        self.came_back, self.not_back = np.zeros(0), np.zeros(0)

    def copy(self) -> Books:
        twin = Books(self.planted)
        twin.lines = {n: list(c) for n, c in self.lines.items()}
        twin.claims = {n: list(c) for n, c in self.claims.items()}
        twin.settled, twin.today = self.settled, self.today
        for name in ("orders", "since", "came_back", "not_back"):
            setattr(twin, name, getattr(self, name).copy())
        return twin

    def add(self, table: str, columns: Mapping[str, np.ndarray]) -> None:
        """A batch of rows of one of the market's tables."""
        if table == "customers":
            new = np.zeros(len(columns["customer_id"]))
            self.since = np.concatenate([self.since, new + self.today])
            for name in ("orders", "came_back", "not_back"):
                setattr(self, name, np.concatenate([getattr(self, name), new]))
        elif table == "order_lines":
            self.lines["order"].append(columns["order_id"])
            self.lines["spent"].append(columns["price"] * columns["quantity"] + columns["shipping_charged"])
            self.orders[np.unique(columns["order_id"]) // CALENDAR] += 1
        elif table == "returns":
            back = ~np.isnat(columns["returned_at"])
            self.note(
                after_came_back=np.where(columns["kept"], np.nan, back),
                after_refunded=columns["refund"],
                after_salvage=np.where(back, columns["salvage"], np.nan),
            )

    def note(self, **columns: np.ndarray) -> None:
        """Columns of a batch of claims."""
        for name, column in columns.items():
            self.claims.setdefault(name, []).append(column)

    def asked(self, requests: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Claims of today with what the shop knows of the customers, and what the carrier will charge."""
        self._settle()
        who, count = requests["customer_id"], len(requests["price"])
        found = {
            n: requests[n] for n in ("order_id", "product_id", "quantity", "price", "unit_cost", "freight", "resale")
        }
        found |= {"bill": requests["freight"]}
        found |= {n: np.full(count, np.nan) for n in NOT_STATED - set(self.planted.states)}
        found |= {n: requests[n].astype(float) for n in ("orders", "claims", "kept", "member")}
        found |= {n: requests[n] for n in ("requested_at", "delivered_at")}
        found |= {"customer_id": who, "reason": np.array(REASONS, object)[requests["reason"]]}
        found |= {"jurisdiction": np.full(count, "", object), "currency": np.full(count, "EUR", object)}
        found |= {"came_back": self.came_back[who], "not_back": self.not_back[who]}
        found |= {
            "value": np.full(count, np.nan),
            "value_spread": np.full(count, 0.3),
            "orders_ahead": np.full(count, np.nan),
        }
        return found | RETURNS.derive(found)

    def valued(self, columns: Mapping[str, np.ndarray], buying: Buying, horizon: float) -> dict[str, np.ndarray]:
        """The columns with what each customer is still expected to spend and order within the horizon."""
        days = self.today - self.since[columns["customer_id"]]
        ahead = buying.ahead(columns["orders"], days, horizon)
        return {**columns, "value": ahead * buying.basket, "orders_ahead": ahead}

    def table(self, name: str) -> np.ndarray:
        return np.concatenate(self.claims[name])

    def history(self, buying: Buying) -> History:
        """All claims with what is known of them today."""
        settled = self.table("day") <= self.today - SETTLED
        outcomes = {
            n: np.where(settled, self.table(f"after_{n}"), np.nan) for n in ("came_back", "refunded", "salvage")
        }
        back, s = outcomes["came_back"] == 1, self.planted.settings
        outcomes |= {
            "claimed": self.table("amount"),
            "freight": np.where(back, self.table("bill"), np.nan),
            "handling": np.where(back, s.return_handling, np.nan),
            "people": np.where(self.table("action") == "review", s.review_cost, np.nan),
            "spent_after": self.after(self.spending()),
            "watched": self.watched(),
            "sure": np.ones(len(settled)),  # what the market has booked is right, however little was claimed
        }
        columns = {n: self.table(n) for n in ("customer_id", "amount", *RETURNS.facts)}
        days = self.table("day") - self.since[columns["customer_id"]]
        columns["value"] = buying.ahead(columns["orders"], days, 1.0) * buying.basket
        chosen = np.array([ACTIONS.index(a) for a in self.table("action").tolist()])
        return History(ACTIONS, columns, chosen, self.table("propensity"), outcomes)

    def records(self) -> dict[str, np.ndarray]:
        """What is known of every customer's claims, those who never claimed among them."""
        who, count = self.table("customer_id"), len(self.orders)
        return {
            "orders": self.orders,
            "claims": np.bincount(who, minlength=count).astype(float),
            "kept": np.bincount(who, self.table("action") == "keep", count),
            "came_back": self.came_back,
            "not_back": self.not_back,
        }

    def spending(self) -> tuple[np.ndarray, np.ndarray]:
        """(customer and day in one number, money), a row an order line, sorted."""
        order, spent = np.concatenate(self.lines["order"]), np.concatenate(self.lines["spent"])
        by = np.argsort(order, kind="stable")
        return order[by], spent[by]

    def watched(self) -> np.ndarray:
        """For how many days after each claim spending has been counted, NaN where these are too few."""
        days = np.minimum(self.today - 1.0 - self.table("day"), WATCHED[1])
        return np.where(days < WATCHED[0], np.nan, days)

    def after(self, lines: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """The sum of each claimant's lines while they were watched after the claim."""
        order, total = lines[0], np.concatenate([[0.0], np.cumsum(lines[1])])
        start = self.table("customer_id").astype(np.int64) * CALENDAR + self.table("day")
        end = start + np.nan_to_num(self.watched()).astype(np.int64)
        found = total[np.searchsorted(order, end, "right")] - total[np.searchsorted(order, start, "right")]
        return np.where(np.isfinite(self.watched()), found, np.nan)

    def buying(self, margin: float) -> Buying:
        """How customers buy, by moments; the chance to leave from what claimants ordered later against what their own
        orders before had promised."""
        days = np.maximum(self.today - self.since, 1.0)
        mean = self.orders.sum() / days.sum()
        extra = max((((self.orders - mean * days) ** 2 - mean * days).sum()) / (days**2).sum(), 0.01 * mean**2)
        shape, rate = mean**2 / extra, mean / extra
        order, spent = self.spending()
        basket = spent.sum() / len(np.unique(order))
        later = self.after((np.unique(order), np.ones(len(np.unique(order)))))
        known = np.isfinite(later)
        past = self.table("day") - self.since[self.table("customer_id")]
        watched = self.watched()
        promised = watched * (shape + self.table("orders")) / (rate + past)
        kept = later[known].sum() / promised[known].sum()
        churn = float(np.clip(2 * (1 - kept) / watched[known].mean(), 2e-4, 0.02))
        return Buying(shape, rate, churn, basket, margin)

    def _settle(self) -> None:
        """Count what has become clear since."""
        days = self.claims.get("day", [])
        while self.settled < len(days) and days[self.settled][0] <= self.today - SETTLED:
            who, back = self.claims["customer_id"][self.settled], self.claims["after_came_back"][self.settled]
            np.add.at(self.came_back, who, back == 1)
            np.add.at(self.not_back, who, back == 0)
            self.settled += 1
