"""A policy file on the log of another: what it would have answered, and what that would have cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gearwheel.desk.consider import Desk
from gearwheel.desk.decide import decide
from gearwheel.desk.evaluate import Evaluation, evaluate
from gearwheel.desk.history import History
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.operation import Draws, Operation
from gearwheel.desk.policy import Policy
from gearwheel.desk.weigh import weigh


@dataclass(frozen=True)
class Tried:
    """The evaluation, and how many decisions would have been (`would`) and were (`did`) each action: action → number,
    expected where lots are drawn."""

    evaluation: Evaluation
    would: Mapping[str, float]
    did: Mapping[str, int]


def evaluate_policy(
    operation: Operation, policy: Policy, history: History, draws: Draws, untold: str | None = None
) -> Tried:
    """What the decisions of the history would have cost under the policy, which believes `draws`.

    The policy answers the requests in their order, with the facts as they were known then and with caps of its own.
    `untold` and errors: see `evaluate`.
    """
    names = tuple(dict.fromkeys((*history.actions, *policy.actions)))
    wider = np.zeros((len(history), len(names)))
    wider[:, : len(history.actions)] = history.propensity
    history = replace(history, actions=names, propensity=wider)
    asked = history.columns["requested_at"].astype("datetime64[s]").astype(float)
    times = np.maximum.accumulate(np.nan_to_num(asked))
    keys = [str(k) for k in range(len(history))]
    made = decide(Desk(operation, policy, draws, b"evaluated"), history.columns, keys, times, Ledger(policy.caps))
    target = np.zeros_like(wider)
    target[:, [names.index(a) for a in policy.actions]] = made.propensity
    weighed = weigh(operation, tuple(dict.fromkeys((*names, operation.fallback))), history.columns, draws)
    expected = weighed.expected[:, : len(names)]
    would = {a: float(n) for a, n in zip(names, target.sum(axis=0)) if n}
    did = Counter(names[c] for c in history.chosen.tolist())
    return Tried(evaluate(history, target, expected, untold=untold, silent=operation.refusals), would, dict(did))
