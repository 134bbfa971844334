"""Why it was decided so: for the customer in one sentence, for an auditor with every number."""

from __future__ import annotations

from collections.abc import Mapping

from gearwheel.desk.decide import Decisions, Desk

CENT = 2  # digits of money shown


def options(decisions: Decisions, row: int) -> list[dict]:
    """Every action of one request: expected cost and its parts, how likely it was, and why not where it was not open."""
    weighed = decisions.weighed
    return [
        {
            "action": action,
            "expected_cost": round(float(weighed.expected[row, a]), 4),
            "parts": {name: round(float(cost[row]), 4) for name, cost in weighed.parts[action].items()},
            "cheaper_than_fallback": round(float(weighed.surely[row, a]), 4),
            "open": bool(decisions.open[row, a]),
            "propensity": float(decisions.propensity[row, a]),
        }
        for a, action in enumerate(weighed.actions)
    ]


def explanation(desk: Desk, decisions: Decisions, row: int, request: Mapping) -> dict[str, str]:
    """`customer`: what they are told; `auditor`: what was weighed, what was forbidden, capped or owed, and the lot."""
    policy, weighed = desk.policy, decisions.weighed
    chosen, best = int(decisions.chosen[row]), int(decisions.best[row])
    money = policy.currency
    costs = sorted(
        (float(weighed.expected[row, a]), action) for a, action in enumerate(policy.actions) if decisions.open[row, a]
    )
    said = [f"Open were, with their expected cost: {', '.join(f'{a} {c:.{CENT}f} {money}' for c, a in costs)}."]
    said += [
        f"Rule {r.name} forbade {', '.join(r.forbid)}{_why(r)}." for r in policy.rules if decisions.spoke[r.name][row]
    ]
    said += [
        f"Right {r.name} grants {', '.join(r.grants)}{_why(r)}." for r in policy.rights if decisions.spoke[r.name][row]
    ]
    said += [f"Cap {name} is used up." for name in decisions.capped[row]]
    fallback = policy.actions.index(policy.fallback)
    if best != fallback and decisions.open[row, fallback]:
        saved = float(weighed.expected[row, fallback] - weighed.expected[row, best])
        sure = float(weighed.surely[row, best])
        said.append(
            f"{policy.actions[best].capitalize()} is {saved:.{CENT}f} {money} cheaper than {policy.fallback}, "
            f"cheaper with probability {sure:.2f} ({policy.surely:.2f} wanted)."
        )
    if chosen != best:
        said.append(
            f"{policy.actions[chosen].capitalize()} was drawn by lot (probability "
            f"{decisions.propensity[row, chosen]:.3f}), so that its effect can be learned; {policy.actions[best]} was best."
        )
    return {"customer": desk.operation.words(policy.actions[chosen], request), "auditor": " ".join(said)}


def _why(part) -> str:
    return f" ({part.because})" if part.because else ""
