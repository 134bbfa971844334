"""`policy.toml`: what the desk may do, what it costs, what is forbidden, capped or owed by law. Plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gearwheel.desk.conditions import Condition, Requests
from gearwheel.desk.operation import Columns, Draws, Operation
from gearwheel.desk.versions import version_of
from gearwheel.wheel.parts import Belief

UNKNOWN = ("refuse", "newcomer")  # what a customer is taken for of whom nothing is known


@dataclass(frozen=True)
class Rule:
    """Requests for which `when` holds may not be answered with `forbid`."""

    name: str
    when: tuple[Condition, ...]
    forbid: tuple[str, ...]
    because: str


@dataclass(frozen=True)
class Right:
    """What the customer is owed by law: where `when` holds, only `grants` may be answered, whatever rules and caps say.
    What a request leaves open counts in the customer's favour."""

    name: str
    when: tuple[Condition, ...]
    grants: tuple[str, ...]
    because: str


@dataclass(frozen=True)
class Cap:
    """At most so many times (`most`), or so much money, of `actions` within `days` days, for each customer, each
    product or all together."""

    name: str
    actions: tuple[str, ...]
    per: str
    days: float
    most: float
    money: float
    because: str


@dataclass(frozen=True)
class Policy:
    """`actions` in the order written, the fallback among them. `explore` is the share of decisions drawn at random,
    `surely` the probability of being cheaper than the fallback from which another action is preferred to it."""

    operation: str
    name: str
    currency: str
    actions: tuple[str, ...]
    fallback: str
    explore: float = 0.0
    surely: float = 0.5
    unknown_customers: str = "newcomer"
    draws: int = 400
    quantities: Mapping[str, float | Belief] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    rights: tuple[Right, ...] = ()
    caps: tuple[Cap, ...] = ()
    text: str = field(default="", compare=False, repr=False)
    file: str = field(default="", compare=False, repr=False)

    @cached_property
    def version(self) -> str:
        """Names what the policy says: a hash of its text."""
        return version_of(self.text)

    def conditions(self) -> list[Condition]:
        return [c for part in (*self.rules, *self.rights) for c in part.when]


def permitted(policy: Policy, columns: Columns) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(requests, actions) bool before caps, and which rules and rights spoke: name → (requests,) bool.

    Rights come after rules: where rights apply, what they do not grant is out, and where the rules forbid all that
    they grant, they grant it nevertheless. What several rights grant together is what each of them grants (a policy
    in which two never agree is not read; where more than two do not, what any of them grants is open). Where rules
    leave nothing, the fallback remains.
    """
    asked = Requests(columns)
    allowed, spoke = np.ones((asked.count, len(policy.actions)), bool), {}
    for rule in policy.rules:
        spoke[rule.name] = asked.meet(rule.when, if_missing=False)
        if spoke[rule.name].any():
            allowed &= ~(spoke[rule.name][:, None] & _among(policy, rule.forbid))
    owed, any_of = np.ones_like(allowed), np.zeros_like(allowed)
    for right in policy.rights:
        spoke[right.name] = asked.meet(right.when, if_missing=True)
        granted = spoke[right.name][:, None] & _among(policy, right.grants)
        owed &= granted | ~spoke[right.name][:, None]
        any_of |= granted
    owed = np.where(owed.any(axis=1)[:, None], owed, any_of)
    allowed = np.where(
        (allowed & owed).any(axis=1)[:, None], allowed & owed, np.where(any_of.any(axis=1)[:, None], owed, allowed)
    )
    nothing = ~allowed.any(axis=1)
    allowed[nothing, policy.actions.index(policy.fallback)] = True
    return allowed, spoke


def unnamed(policy: Policy, columns: Columns) -> Counter[tuple[str, str]]:
    """(field, text) that requests say and that no condition on this field names, whatever its capitals, with how often:
    a misspelled country is one of them."""
    named: dict[str, set[str]] = {}
    for condition in policy.conditions():
        if condition.of_texts:
            named.setdefault(condition.field, {""}).update(condition.named)
    asked, found = Requests(columns), Counter()
    for field_, texts in named.items():
        words = asked.said(field_)
        times = np.bincount(words.which, minlength=len(words.texts)).tolist()
        found.update({(field_, t): n for t, n in zip(words.texts, times) if t.casefold() not in texts})
    return found


def _among(policy: Policy, actions: tuple[str, ...]) -> np.ndarray:
    return np.array([name in actions for name in policy.actions], bool)


def believed(policy: Policy, operation: Operation, learned: Mapping[str, np.ndarray] | None = None) -> Draws:
    """Every quantity as (draws,): what was learned from data where there is such, else what the policy states, else
    the operation's own belief. Equal policies give equal draws. `learned` draws are repeated or cut to the number."""
    found = {}
    for number, (name, quantity) in enumerate(operation.quantities.items()):
        stated = policy.quantities.get(name, quantity.belief)
        if learned and name in learned:
            found[name] = np.resize(np.asarray(learned[name], float), policy.draws)
        elif isinstance(stated, Belief):
            z = np.random.default_rng([4, number]).standard_normal(policy.draws)
            value = stated.location + stated.sd * z
            found[name] = np.exp(value) if stated.shape == "lognormal" else value
            if quantity.nothing and name not in policy.quantities:
                place = np.random.default_rng([5, number]).permutation(policy.draws)
                found[name] = np.where(place < quantity.nothing * policy.draws, 0.0, found[name])
        else:
            found[name] = np.full(policy.draws, float(stated))
    return found
