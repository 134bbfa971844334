"""What a policy does, in words that who wrote it can hold against what they meant."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gearwheel.desk.conditions import Condition
from gearwheel.desk.operation import Operation
from gearwheel.desk.policy import Cap, Policy, Rule
from gearwheel.wheel.parts import Belief

COMPARED = {"above": "above", "below": "below", "at_least": "at least", "at_most": "at most"}
MANY = 6  # texts of a condition that are named; of more only the number


def policy_words(policy: Policy, operation: Operation) -> list[str]:
    """Sentences, in the order in which the policy works."""
    said = [
        f"{operation.title}, version {policy.version}, money in {policy.currency}.",
        *(f"Answer {a}: {operation.actions[a]}." for a in policy.actions),
        f"The answer is {policy.fallback}, unless another one is expected to cost less and does so with a probability of "
        f"at least {policy.surely:.0%}.",
        _lots(policy),
        "A customer of whom nothing is known is "
        + ("an error." if policy.unknown_customers == "refuse" else "taken for a new one."),
    ]
    said += [f"Rule {r.name}: {_when(r.when)}{_left(r, policy)}{_why(r.because)}." for r in policy.rules]
    said += [
        f"Right {r.name}, before every rule and cap: {_when(r.when, True)}only {_or(r.grants)}{_why(r.because)}."
        for r in policy.rights
    ]
    said += [f"Cap {c.name}: {_cap(c, policy.currency)}{_why(c.because)}." for c in policy.caps]
    stated = [f"{n} {_value(v)}" for n, v in policy.quantities.items()]
    left = len(operation.quantities) - len(stated)
    said.append(f"The policy states {', '.join(stated) or 'no cost'}; {left} quantities stay as they are believed.")
    return said


def _left(rule: Rule, policy: Policy) -> str:
    """Whichever is shorter to say."""
    left = [a for a in policy.actions if a not in rule.forbid]
    return f"never {_or(rule.forbid)}" if len(rule.forbid) <= len(left) else f"only {_or(left)}"


def _lots(policy: Policy) -> str:
    if not policy.explore:
        return "No answer is drawn by lot, so the effects of answers cannot be learned."
    return (
        f"A share of {policy.explore:.1%} of the requests is answered by lot among what is open, so that effects can be "
        "learned."
    )


def _when(conditions: Sequence[Condition], right: bool = False) -> str:
    if not conditions:
        return "always "
    unsaid = " (or is not known)" if right else ""
    return "where " + " and ".join(_condition(c) + unsaid for c in conditions) + ", "


def _condition(condition: Condition) -> str:
    if condition.among:
        return f"{condition.field} is {_or(condition.among)}"
    if condition.none_of:
        return f"{condition.field} is not {_or(condition.none_of)}"
    return f"{condition.field} is " + " and ".join(f"{COMPARED[how]} {n:g}" for how, n in condition.compared)


def _or(names: Sequence[str]) -> str:
    if len(names) > MANY:
        return f"one of {len(names)} ({', '.join(names[: MANY // 2])} …)"
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 2 else list(names))


def _cap(cap: Cap, currency: str) -> str:
    most = [f"{cap.most:g} times"] if math.isfinite(cap.most) else []
    most += [f"{cap.money:g} {currency}"] if math.isfinite(cap.money) else []
    whom = "in all" if cap.per == "all" else f"for one {cap.per}"
    days = "a day" if cap.days == 1 else f"{cap.days:g} days"
    return f"{_or(cap.actions)} at most {' and '.join(most)} {whom} within {days}"


def _value(value: float | Belief) -> str:
    return f"{value.low:g} to {value.high:g}" if isinstance(value, Belief) else f"{value:g}"


def _why(because: str) -> str:
    return f" ({because})" if because else ""
