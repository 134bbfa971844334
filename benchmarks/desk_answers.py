"""Ways to answer the claims of a planted market: fixed rules, the pilot, the desk, and the oracle. Used by desk_regret.py."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from desk_shop import ACTIONS, Books

from gearwheel.desk.consider import Desk
from gearwheel.desk.decide import decide
from gearwheel.desk.learn import learn
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.policy import believed
from gearwheel.desk.policy_file import parse_policy
from gearwheel.desk.returns import RETURNS
from gearwheel.market.draws import Draws, Stream
from gearwheel.market.settings import Market
from gearwheel.market.state import State

RELEARN = 60  # days between two lessons
EXPLORE = 0.005
DRAWS = 200
POLICY = """operation = "returns"
currency = "EUR"
actions = ["return", "keep", "review"]
explore = {explore}
draws = {draws}
[quantity]
margin = {margin:.6f}
temptation = 0.0
"""
PILOT = {"return": 0.65, "keep": 0.27, "review": 0.08}

Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Answers(ABC):
    """One way to answer until the day `end`, after which nothing is counted."""

    books: Books
    end: int = 0
    oracle = False  # does it see what nobody can?

    @abstractmethod
    def decide(self, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        """(actions, propensity (claims, actions))."""

    def __call__(self, requests: Columns) -> np.ndarray:
        """The market's callback: answer and write down."""
        columns = self.books.asked(requests)
        actions, propensity = self.decide(columns)
        day = np.full(len(actions), self.books.today)
        self.books.note(**columns, day=day, action=actions, propensity=propensity)
        return actions


@dataclass(frozen=True)
class Below(Answers):
    """Keep below a price, return above."""

    price: float = 0.0

    def decide(self, columns):
        keep = columns["price"] < self.price
        return np.where(keep, "keep", "return"), np.stack([~keep, keep, np.zeros_like(keep)], axis=1).astype(float)


@dataclass(frozen=True)
class Pilot(Answers):
    """By lot, in the shares of PILOT."""

    def decide(self, columns):
        lots = Draws(self.books.planted.seed).uniform(Stream.AFTER_CLAIM, columns["order_id"], 9)
        shares = np.array([PILOT[a] for a in ACTIONS])
        return np.array(ACTIONS)[np.searchsorted(np.cumsum(shares)[:-1], lots)], np.tile(shares, (len(lots), 1))


@dataclass(frozen=True)
class ByDesk(Answers):
    """The desk: what it learned from the books before the year, and again every RELEARN days. `blind`: it leaves out
    what answers do to later spending."""

    margin: float = 0.2
    blind: bool = False
    now: dict = field(default_factory=dict)

    def decide(self, columns):
        if self.books.today >= self.now.get("until", 0):
            self._learn()
        desk, buying = self.now["desk"], self.now["buying"]
        columns = self.books.valued(columns, buying, max(self.end - self.books.today, 1.0))
        keys, count = [str(o) for o in columns["order_id"].tolist()], len(columns["price"])
        asked = columns | {n: columns[n].astype(str).astype(object) for n in ("order_id", "product_id", "customer_id")}
        times = np.full(count, 86_400.0 * self.books.today)
        made = decide(desk, asked, keys, times, self.now["ledger"])
        return np.array(made.actions), made.propensity

    def _learn(self) -> None:
        """Take in what the books say by now."""
        text = POLICY.format(explore=EXPLORE, draws=DRAWS, margin=self.margin)
        policy, operation = parse_policy(text, [RETURNS])
        buying = self.books.buying(self.margin)
        knowledge = learn(operation, policy, self.books.history(buying), self.books.records())
        draws = believed(policy, operation, knowledge.draws)
        if self.blind:
            draws |= {n: np.zeros(DRAWS) for n in RETURNS.effects}
        desk = Desk(operation, policy, draws, b"regret")
        until = self.books.today + RELEARN
        self.now.update(desk=desk, buying=buying, until=until, ledger=Ledger(policy.caps), knowledge=knowledge)


@dataclass(frozen=True)
class Oracle:
    """Needs no books of what was asked: it knows of every claim whether it is honest, of every customer whether they abuse, how often they buy and leave,
    what freight and resale will be, every planted effect and how it fades, and the mean price. It chooses the cheapest
    action by the first-order effect on what is earned until the end."""

    books: Books
    end: int
    state: State
    earned: float  # of an order, returns taken off
    oracle = True

    def __call__(self, requests: Columns) -> np.ndarray:
        settings, claim = self.books.planted.settings, self.books.table("price").mean()
        horizon = max(self.end - self.books.today, 1.0)
        costs = oracle_costs(settings, self.state, requests, horizon, self.earned, claim)
        return np.array(ACTIONS)[np.argmin(costs, axis=1)]


def oracle_costs(s: Market, state: State, requests: Columns, horizon: float, earned: float, claim: float) -> np.ndarray:
    """What each of ACTIONS costs in expectation, (claims, actions), under everything that is planted.

    A felt change f of log satisfaction fades with the deliveries that follow, at the rate `fading` = orders a day ×
    opinion_weight. Until the horizon it changes orders by elasticity × f, and the chance to leave likewise.
    """
    rows, who = state.customers, requests["customer_id"]
    honest, price = requests["honest"], requests["price"]
    orders, leaving = rows["frequency"][who].astype(float), rows["dropout"][who].astype(float)
    fading = orders * s.opinion_weight
    both = fading + leaving
    gone = -np.expm1(-both * horizon) / both
    stays = gone - np.exp(-leaving * horizon) * -np.expm1(-fading * horizon) / fading
    worth = orders * earned * (s.satisfaction_on_orders * gone - s.satisfaction_on_leaving * stays)
    trouble, displeasure = s.trouble_on_satisfaction * worth, s.displeasure_on_satisfaction * worth
    back = requests["freight"] + (1 - s.lost) * (s.return_handling - requests["resale"] * price)
    returned = np.where(honest, price + back, s.persists * price) - trouble
    kept = rows["kept"][who]
    now, after = (np.minimum(s.abuse * np.exp(s.abuse_learning * k), 1.0) for k in (kept, kept + 1))
    ahead = orders * -np.expm1(-leaving * horizon) / leaving
    later = min(s.persists * claim, s.review_cost + (1 - s.review_finds) * s.persists * claim)
    hazard = rows["abuser"][who] * (after - now) * ahead * later
    keep = price - np.where(honest, s.keep_on_satisfaction * worth, 0.0) + hazard
    unseen = np.where(honest, price + back, (1 - s.review_finds) * s.persists * price)
    return np.stack([returned, keep, s.review_cost + unseen - trouble - displeasure], axis=1)
