"""`policy.toml`: what the desk may do, what it costs, what is forbidden, capped or owed by law. Plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np

from gearwheel.desk.conditions import PLACE, SEMANTICS, Condition, Reader, Requests
from gearwheel.desk.operation import Columns, Draws, Operation
from gearwheel.desk.versions import version_of
from gearwheel.wheel.parts import Belief

UNKNOWN = ("refuse", "newcomer")  # what a customer is taken for of whom nothing is known


@dataclass(frozen=True)
class Rule:
    """Requests for which `when` holds may not be answered with `forbid`, and may be refused with `opens`."""

    name: str
    when: tuple[Condition, ...]
    forbid: tuple[str, ...]
    because: str
    opens: tuple[str, ...] = ()


@dataclass(frozen=True)
class Right:
    """What the customer is owed by law: where `when` holds and none of the exceptions `unless` does, only `grants` may be
    answered, whatever rules and caps say. What a request leaves open counts in the customer's favour."""

    name: str
    when: tuple[Condition, ...]
    grants: tuple[str, ...]
    because: str
    unless: tuple[tuple[Condition, ...], ...] = ()


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
    `surely` the probability of being cheaper than the fallback from which another action is preferred to it. `refusals`:
    those of the actions that are open only where a rule opens them. `words`: field → word → the word that it stands for;
    `holidays`: days of rest beyond those that the desk knows; `semantics`: what all of it means, see conditions."""

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
    refusals: tuple[str, ...] = ()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    semantics: int = SEMANTICS
    text: str = field(default="", compare=False, repr=False)
    file: str = field(default="", compare=False, repr=False)

    @cached_property
    def version(self) -> str:
        """Names what the policy says: a hash of its text."""
        return version_of(self.text)

    def conditions(self) -> list[Condition]:
        of_rights = [c for right in self.rights for some in right.unless for c in some]
        return [c for part in (*self.rules, *self.rights) for c in part.when] + of_rights

    @cached_property
    def reader(self) -> Reader:
        """What the words of its conditions and of requests mean."""
        plain = Reader(self.semantics, self.words)
        places = [c for c in self.conditions() if c.of_texts and c.field == PLACE]
        return Reader(self.semantics, self.words, frozenset().union(*map(plain.named, places)))


def permitted(policy: Policy, columns: Columns) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(requests, actions) bool before caps, and which rules and rights spoke: name → (requests,) bool.

    Rights come after rules: where rights apply, only what any of them grants is left, since which of them to use is for
    the customer to say. Where the rules forbid all of it, it is granted nevertheless. Where rules leave nothing, the
    fallback remains. A refusal has to be opened by a rule, and no right grants one.
    """
    asked = Requests(columns, policy.reader)
    allowed, spoke = np.ones((asked.count, len(policy.actions)), bool), {}
    opened = np.zeros_like(allowed)
    for rule in policy.rules:
        spoke[rule.name] = asked.meet(rule.when, if_missing=False)
        if spoke[rule.name].any():
            allowed &= ~(spoke[rule.name][:, None] & _among(policy, rule.forbid))
            opened |= spoke[rule.name][:, None] & _among(policy, rule.opens)
    allowed &= opened | ~_among(policy, policy.refusals)
    common, owed = np.ones_like(allowed), np.zeros_like(allowed)
    for right in policy.rights:
        speaks = asked.meet(right.when, if_missing=True)
        for exception in right.unless if speaks.any() else ():
            speaks &= ~asked.meet(exception, if_missing=False)
        spoke[right.name] = speaks
        granted = speaks[:, None] & _among(policy, right.grants)
        common &= granted | ~speaks[:, None]
        owed |= granted
    if policy.semantics == 1:  # then it was what each of them granted
        owed &= common | ~(owed & common).any(axis=1)[:, None]
    left = np.where(owed.any(axis=1)[:, None], allowed & owed, allowed)
    allowed = np.where(left.any(axis=1)[:, None], left, owed)
    nothing = ~allowed.any(axis=1)
    allowed[nothing, policy.actions.index(policy.fallback)] = True
    return allowed, spoke


def unnamed(policy: Policy, columns: Columns) -> Counter[tuple[str, str]]:
    """(field, text) that requests say and that neither a condition on this field nor `words` name, with how often: a
    misspelled country is one of them. Where conditions only say what a field is not, every other text is meant."""
    named: dict[str, set[str]] = {}
    wanted = {c.field for c in policy.conditions() if c.among}
    for condition in policy.conditions():
        if condition.of_texts and condition.field in wanted:
            named.setdefault(condition.field, set()).update(policy.reader.named(condition))
    asked, found = Requests(columns, policy.reader), Counter()
    for field_, texts in named.items():
        texts |= set(policy.words.get(field_, {}).values())
        words = asked.said(field_)
        times = np.bincount(words.which, minlength=len(words.texts)).tolist()
        for text, count in zip(words.texts, times):
            said = policy.reader.meanings(field_, text) or {policy.reader.word(field_, text)} - {""}
            if said and texts.isdisjoint(said):
                found[field_, text] += count
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
