"""What a policy does, in words that who wrote it can hold against what they meant."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gearwheel.desk.conditions import PLACE, Condition
from gearwheel.desk.operation import Operation
from gearwheel.desk.places import GROUPS
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
    said += [f"In {name}, {_or(sorted(others))} stands for {word}." for name, word, others in _words(policy) if others]
    if policy.holidays:
        said.append(f"Days of rest besides those that the desk knows: {', '.join(map(str, sorted(policy.holidays)))}.")
    said += [f"Rule {r.name}: {_when(r.when)}{_left(r, policy)}{_why(r.because)}." for r in policy.rules]
    for right in policy.rights:
        said.append(
            f"Right {right.name}, before every rule and cap: {_when(right.when, True)}only {_or(right.grants)}"
            f"{_why(right.because)}."
        )
        said += [
            f"There is no right {right.name} where {' and '.join(map(_condition, some))}." for some in right.unless
        ]
    if len(policy.rights) > 1:
        said.append(
            "Where several rights apply, what any of them grants may be answered, as far as no rule forbids it."
        )
    opened = {a for rule in policy.rules for a in rule.opens}
    said += [f"No rule opens {a}, so it is never the answer." for a in policy.refusals if a not in opened]
    said += [
        f"The desk knows no country '{text}': only a request with this very word meets the condition."
        for text in _unknown_places(policy)
    ]
    said += [f"Cap {c.name}: {_cap(c, policy.currency)}{_why(c.because)}." for c in policy.caps]
    stated = [f"{n} {_value(v)}" for n, v in policy.quantities.items()]
    left = len(operation.quantities) - len(stated)
    said.append(f"The policy states {', '.join(stated) or 'no cost'}; {left} quantities stay as they are believed.")
    return said


def _words(policy: Policy) -> list[tuple[str, str, list[str]]]:
    """(field, word, what stands for it)."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, same in policy.words.items():
        for other, word in same.items():
            found.setdefault((name, word), []).extend([other] if other != word else [])
    return [(name, word, others) for (name, word), others in found.items()]


def _unknown_places(policy: Policy) -> list[str]:
    """What conditions name as a place and what is neither a country nor a part of one."""
    named = [t for c in policy.conditions() if c.field == PLACE for t in (*c.among, *c.none_of)]
    return [
        t for t in dict.fromkeys(named) if not policy.reader.country(t) and policy.reader.word(PLACE, t) not in GROUPS
    ]


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
