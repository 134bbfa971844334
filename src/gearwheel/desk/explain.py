"""Why it was decided so, told from a record: every option with its numbers, and the reasons in words for an auditor."""

from __future__ import annotations

from collections.abc import Sequence

from gearwheel.desk.form import Form
from gearwheel.desk.policy import Cap, Policy, Right, Rule
from gearwheel.desk.record import ENCODE, Record


def answer_of(policy: Policy, form: Form, record: Record) -> bytes:
    """What is sent for a decision, as JSON: equal for equal records. `policy` and `form`: those of the record."""
    return ENCODE.encode(
        {
            "decision_id": record.id,
            "action": record.action,
            "explanation": {"customer": record.says, "auditor": reasons(policy, form, record)},
            "options": options(form, record),
            "propensity": record.propensity[form.number[record.action]],
            "policy_version": record.policy,
        }
    )


def options(form: Form, record: Record) -> list[dict]:
    """Every action: expected cost and its parts, how likely it was, and whether it was open."""
    costs, open_, per = record.costs, record.open, form.per_money
    return [
        {
            "action": action,
            "expected_cost": expected / per,
            "parts": {part: costs[k] / per for part, k in places},
            "cheaper_than_fallback": surely / form.draws,
            "open": action in open_,
            "propensity": propensity,
        }
        for action, places, expected, surely, propensity in zip(
            form.actions, form.parts_of, record.expected, record.surely, record.propensity
        )
    ]


def reasons(policy: Policy, form: Form, record: Record) -> str:
    """What was weighed, what was forbidden, capped or owed, and the lot."""
    money, number = policy.currency, form.number
    cost = {action: form.money(expected) for action, expected in zip(form.actions, record.expected)}
    open_ = sorted((cost[a], a) for a in record.open)
    said = [f"Open were, with their expected cost: {', '.join([f'{a} {c:.2f} {money}' for c, a in open_])}."]
    if record.rules:
        said += [
            f"Rule {r.name} forbade {', '.join(r.forbid)}{_why(r)}." for r in policy.rules if r.name in record.rules
        ]
        said += [
            f"Right {r.name} grants {', '.join(r.grants)}{_why(r)}." for r in policy.rights if r.name in record.rules
        ]
        said += [
            f"Rule {r.name} opened {', '.join(r.opens)}." for r in policy.rules if r.name in record.rules and r.opens
        ]
        said += _precedence(policy, record)
    said += [f"Cap {c.name} is used up{_why(c)}." for c in policy.caps if c.name in record.caps]
    best, fallback = record.best, policy.fallback
    sure = {action: record.surely[number[action]] / form.draws for action in form.actions}
    if best != fallback and fallback in record.open:
        said.append(
            f"{best.capitalize()} is {cost[fallback] - cost[best]:.2f} {money} cheaper than {fallback}, "
            f"cheaper with probability {sure[best]:.3f} ({policy.surely:g} wanted)."
        )
    for saved, action in ((cost[best] - c, a) for c, a in open_ if c < cost[best]):
        said.append(
            f"{action.capitalize()} may be {saved:.2f} {money} cheaper still, but is cheaper than {fallback} only with "
            f"probability {sure[action]:.3f} ({policy.surely:g} wanted)."
        )
    if record.action != best:
        said.append(
            f"{record.action.capitalize()} was drawn by lot (probability {record.propensity[number[record.action]]:.3f}), "
            f"so that its effect can be learned; {best} was best."
        )
    return " ".join(said)


def _precedence(policy: Policy, record: Record) -> list[str]:
    """Which right overruled which rule, and what several rights leave."""
    rights = [r for r in policy.rights if r.name in record.rules]
    names = " and ".join(r.name for r in rights)
    over = [
        r.name for r in policy.rules if r.name in record.rules and set(r.forbid) & set(record.allowed or record.open)
    ]
    said = [f"Right {names} came before rule {' and '.join(over)}."] if rights and over else []
    if len({r.grants for r in rights}) > 1:
        said.append(f"Rights {names} apply together: {_together(policy, rights)}.")
    return said


def _together(policy: Policy, rights: Sequence[Right]) -> str:
    if policy.semantics > 1:
        return "what any of them grants may be answered, as far as no rule forbids it"
    common = set.intersection(*(set(r.grants) for r in rights))
    return "only what all of them grant was open" if common else "what any of them grants was open"


def _why(part: Rule | Right | Cap) -> str:
    return f" ({part.because})" if part.because else ""
