"""Why it was decided so: for the customer in one sentence, for an auditor with every number."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gearwheel.desk.decide import Decisions, Desk

CENT = 2  # digits of money in words
SHOWN = 4  # and in options


def options(decisions: Decisions, rows: slice = slice(None)) -> list[list[dict]]:
    """For each request every action: expected cost and its parts, how likely it was, and whether it was open."""
    weighed = decisions.weighed
    costs = np.round(weighed.costs[:, rows].T, SHOWN).tolist()
    expected, surely = np.round(weighed.expected[rows], SHOWN).tolist(), np.round(weighed.surely[rows], SHOWN).tolist()
    open_, propensity = decisions.open[rows].tolist(), decisions.propensity[rows].tolist()
    parts = [
        (a, action, [(part, slot) for slot, (of, part) in enumerate(weighed.slots) if of == action])
        for a, action in enumerate(weighed.actions)
    ]
    return [
        [
            {
                "action": action,
                "expected_cost": expected[row][a],
                "parts": {part: cost[slot] for part, slot in mine},
                "cheaper_than_fallback": surely[row][a],
                "open": open_[row][a],
                "propensity": propensity[row][a],
            }
            for a, action, mine in parts
        ]
        for row, cost in enumerate(costs)
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
