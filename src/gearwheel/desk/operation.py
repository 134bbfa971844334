"""An everyday operation that the desk decides about: what is asked, what may be done, what each action costs.

The expected cost of an action is a sum of parts, each of the form amount × rate × weight: the amount is known of the
request, the rate is a quantity that one only believes, and the weight is how far the part applies to this request (the
probability that the claim is honest). So all actions of thousands of requests under hundreds of draws are a few matrix
products, and each part can be shown by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Belief

Columns = Mapping[str, np.ndarray]  # one entry a request
Draws = Mapping[str, np.ndarray]  # one entry a draw

ALWAYS = "always"
LIMITS = {  # first word of a unit → the least and the most that makes sense; money in any currency
    "share": (0.0, 1.0), "probability": (0.0, 1.0), "money": (0.0, 1e9), "order": (0.0, 1e4), "claim/order": (0.0, 1.0),
    "day": (0.0, 366.0), "log": (-5.0, 5.0), "ratio": (0.0, 10.0),
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One thing that a request says. `type` is text, number, whole or time; an optional one may be missing, and is then
    "" in texts, NaN in numbers and NaT in times. `low` and `high` are the least and largest number that make sense; it has
    to be `above`."""

    type: str
    says: str
    needed: bool = True
    low: float = -np.inf
    above: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Part:
    """One part of the expected cost of an action: the amount with the name `amount` (requests,) × `rate` (draws,) or a
    number × the weight `when` (kinds, draws). Costs are positive, gains negative; in the policy's currency."""

    name: str
    amount: str
    rate: np.ndarray | float = 1.0
    when: str = ALWAYS


def stated_or_believed(name: str, stated: np.ndarray, believed: np.ndarray) -> dict[str, np.ndarray]:
    """Two amounts (requests,) of which one is 0: `<name>_stated` where the request states it (NaN where not), and
    `<name>_believed`, by which what is believed of the others is multiplied."""
    known = np.isfinite(stated)
    return {f"{name}_stated": np.where(known, stated, 0.0), f"{name}_believed": np.where(known, 0.0, believed)}


@dataclass(frozen=True)
class Quantity:
    """A number that the costs rest on: the policy may state it (a number), believe it (an 80 % range) or leave it as it
    is here. `nothing`: the probability that it is 0 and the belief does not apply, for effects that nobody has shown."""

    belief: Belief
    unit: str
    because: str
    nothing: float = 0.0

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the most that it can be, whatever is believed."""
        return LIMITS[self.unit.split()[0]]


@dataclass(frozen=True)
class Operation:
    """`actions` and `parts` say each in words; `facts` are what is known of a customer (name → value of a newcomer).

    `derive(requests, policy)` adds what follows from a request (`derived`), such as the days since delivery.
    `amounts(requests)` gives what is known of each request by name, (requests,); `kinds(requests)` the numbers by name,
    (requests,), that its weights follow from, best such as many requests share; `weights(kinds, draws)` these weights by
    name, (kinds, draws); `costs(draws)` the parts of each action, which are the same for all requests;
    `spends(requests, action, draws)` what of it counts against caps of money, (requests,). `words(actions, requests,
    draws)` is the sentence for each customer; their column `because` says why a request is refused. `realised(request, action, outcomes)` is what a decision turned out to cost, from
    what happened after. `effects` are the quantities that change what a customer spends later, in parts whose weight is
    `future`: they are learned from decisions drawn by lot. `counts`: fact → the actions of earlier decisions that each
    add one to it. `told_by`: quantity → the actions whose outcomes tell it, where not all do. `refusals`: actions that
    deny what was asked for: open only where a rule opens them, never the fallback, granted by no right. `impossible(requests)`
    says which requests contradict themselves, and how: [(requests,) bool, Problem].
    """

    name: str
    title: str
    fields: Mapping[str, Field]
    derived: Mapping[str, Field]
    facts: Mapping[str, float]
    actions: Mapping[str, str]
    fallback: str
    parts: Mapping[str, str]
    quantities: Mapping[str, Quantity]
    kinds: Callable[[Columns], Columns] = field(repr=False)
    derive: Callable[[Columns, Any], Columns] = field(repr=False)
    weights: Callable[[Columns, Draws], Mapping[str, np.ndarray]] = field(repr=False)
    amounts: Callable[[Columns], Mapping[str, np.ndarray]] = field(repr=False)
    costs: Callable[[Draws], Mapping[str, Sequence[Part]]] = field(repr=False)
    spends: Callable[[Columns, str, Draws], np.ndarray] = field(repr=False)
    words: Callable[[Sequence[str], Columns, Draws], list[str]] = field(repr=False)
    realised: Callable[[Mapping, str, Sequence[Mapping]], float] = field(repr=False)
    effects: tuple[str, ...] = ()
    future: str = "future"
    counts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    told_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    impossible: Callable[[Columns], Sequence[tuple[np.ndarray, Problem]]] = field(
        default=lambda columns: (), repr=False
    )
