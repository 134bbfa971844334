"""From what was decided and what came after it to better quantities: claims, costs, and what answers do to customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from gearwheel.desk.history import History, clustered
from gearwheel.desk.learn_claims import LEARNED, beliefs_of, learn_claims
from gearwheel.desk.learn_effects import Effect, effects
from gearwheel.desk.operation import Columns, Operation
from gearwheel.desk.policy import Policy, believed
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Belief

BOOKED = {  # quantity → outcome, and what it is a share of
    "return_freight": ("freight", ""),
    "handling": ("handling", ""),
    "salvage": ("salvage", "amount"),
    "review_cost": ("people", ""),
    "accepts": ("accepted", ""),
    "usual_claim": ("claimed", ""),
}
LASTING = "lasting"
ONE_CUSTOMER = "Give each customer an id of their own; guests, too, are not one customer."


@dataclass(frozen=True)
class Learned:
    """Draws (draws,) of one quantity, and what they rest on in words."""

    draws: np.ndarray = field(repr=False)
    because: str


@dataclass(frozen=True)
class Knowledge:
    """What was learned by quantity, the effects measured, and what could not be learned."""

    quantities: Mapping[str, Learned]
    effects: Sequence[Effect]
    refused: Sequence[Problem]

    @property
    def draws(self) -> dict[str, np.ndarray]:
        """Quantity → (draws,), as `believed` takes it."""
        return {name: learned.draws for name, learned in self.quantities.items()}


def learn(operation: Operation, policy: Policy, history: History, records: Columns | None = None) -> Knowledge:
    """Everything that the history and the records of all customers (each (customers,), see `abuse.RECORD`) can teach.

    A quantity of which nothing is learned is not among the answer: the policy's belief stays.
    """
    history.check()
    beliefs = beliefs_of(operation.quantities, policy.quantities)
    refused: list[Problem] = []
    found = booked(operation, history, beliefs, policy.draws, refused)
    if set(LEARNED) <= set(beliefs):
        if records is None:
            said = "claims: the records of all customers are needed, those who never claimed among them"
            hint = "--customers takes them; where the events hold no returns nobody's claims are known."
            refused.append(Problem("GW521", said, hint=hint))
        else:
            claims = learn_claims(records, beliefs, policy.draws)
            because = f"the records of {claims.customers:,} customers ({claims.effective:.0f} effective draws)"
            found |= {name: Learned(draws, because) for name, draws in claims.draws.items()}
    measured: list[Effect] = []
    if operation.effects:
        measured, unknown = effects(history, policy.fallback)
        refused += unknown
        if measured:
            found |= combined(operation, policy, beliefs, measured)
    if "persists" in beliefs:
        found |= _persists(_telling(operation, history, "persists"), beliefs, policy.draws, found)
    return Knowledge(found, measured, refused)


def booked(
    operation: Operation, history: History, beliefs: Mapping[str, Belief], count: int, refused: list[Problem]
) -> dict[str, Learned]:
    """Costs as they were booked: the mean over decisions after which they arose, joined with the belief by the
    conjugate Normal (on the log scale for what cannot be negative), each (count,) draws. Equal bookings are not taken
    for a cost without error: the next one may differ as far as was believed. What bookings of one customer cannot tell
    is added to `refused`."""
    found = {}
    for number, (name, (outcome, over)) in enumerate(BOOKED.items()):
        telling = _telling(operation, history, name)
        value = telling.outcome(outcome)
        known = np.isfinite(value)
        if name in beliefs and known.sum() > 1:
            base = telling.columns[over][known] if over else np.ones(int(known.sum()))
            mean = value[known].sum() / base.sum()
            error = clustered(value[known] - mean * base, telling.where(known).customers()) / base.mean()
            if not np.isfinite(error):
                said = f"'{name}' cannot be learned: all {known.sum():,} bookings are of one customer"
                refused.append(Problem("GW521", said, hint=ONE_CUSTOMER))
                continue
            z = np.random.default_rng([8, number]).standard_normal(count)
            found[name] = Learned(
                _joined(beliefs[name], mean, error, z, known.sum()), f"{known.sum():,} bookings, mean {mean:.4g}"
            )
    return found


def combined(
    operation: Operation, policy: Policy, beliefs: Mapping[str, Belief], measured: Sequence[Effect]
) -> dict[str, Learned]:
    """The effects on later spending: the beliefs and what was measured, joined.

    A measured effect is the difference of an action to the fallback, a linear combination of the effects. Each effect may
    be nothing (`Quantity.nothing`), so the posterior is a mixture of Normals over which of them are (spike and slab:
    George & McCulloch 1993), summed over exactly. What was seen in the window holds for all later spending as far as
    `lasting` says.
    """
    names = list(operation.effects)
    rows = np.array([contrast(operation, policy, names, e.action) for e in measured])
    nothing = np.array([0.0 if n in policy.quantities else operation.quantities[n].nothing for n in names])
    found = [
        _posterior([beliefs[n] for n in names], np.array(some, float), rows, measured)
        for some in product((0, 1), repeat=len(names))
        if all(s or n for s, n in zip(some, nothing))
    ]
    prior = [np.prod(np.where(some, 1 - nothing, nothing)) for some, *_ in found]
    score = np.log(prior) + [fit for *_, fit in found]
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    rng = np.random.default_rng(9)
    z, place = rng.standard_normal((policy.draws, len(names))), rng.permutation(policy.draws)
    which = np.searchsorted(np.cumsum(weight), (place + 0.5) / policy.draws).clip(max=len(found) - 1)
    draws = np.stack([found[k][1] + found[k][2] @ z[i] for i, k in enumerate(which)])
    lasting = believed(policy, operation)[LASTING] if LASTING in beliefs else 1.0
    said = ", ".join(
        f"{e.action} {100 * e.share:+.1f} % (error {100 * e.error:.1f}, drawn {e.drawn:,})" for e in measured
    )
    because = f"spending after decisions drawn by lot, beside {policy.fallback}: {said}; joined with the belief"
    none = 1 - weight @ np.array([some for some, *_ in found])
    return {
        name: Learned(draws[:, k] * lasting, f"{because}, none at all with probability {none[k]:.2f}")
        for k, name in enumerate(names)
    }


def _posterior(
    beliefs: Sequence[Belief], some: np.ndarray, rows: np.ndarray, measured: Sequence[Effect]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Where only the effects with a 1 in `some` are anything: (some, posterior mean (effects,), a root of the covariance
    (effects, effects), log probability of what was measured)."""
    mean = some * [b.centre for b in beliefs]
    cover = np.diag(some * [b.sd**2 for b in beliefs])
    spread = rows @ cover @ rows.T + np.diag([e.error**2 for e in measured])
    off = np.array([e.share for e in measured]) - rows @ mean
    fit = -0.5 * (off @ np.linalg.solve(spread, off) + np.linalg.slogdet(spread)[1])
    gain = cover @ rows.T @ np.linalg.inv(spread)
    cover = cover - gain @ rows @ cover
    values, vectors = np.linalg.eigh((cover + cover.T) / 2)
    return some, mean + gain @ off, vectors * np.sqrt(np.maximum(values, 0)), fit


def contrast(operation: Operation, policy: Policy, names: Sequence[str], action: str) -> np.ndarray:
    """By how much each effect makes later spending after `action` differ from that after the fallback, (effects,):
    read off the operation's own costs, for a customer who yet spends 1 and a request that says no more than it must."""
    nothing = {"text": np.array([""], object), "time": np.array(["NaT"], "datetime64[s]")}
    blank = {n: nothing.get(f.type, np.array([0.0 if f.needed else np.nan])) for n, f in operation.fields.items()}
    blank |= {n: np.array([value]) for n, value in operation.facts.items()} | {"value": np.ones(1)}
    blank |= operation.derive(blank, policy)
    amounts = operation.amounts(blank)
    usual = {n: np.atleast_1d(d.mean()) for n, d in believed(policy, operation).items()}

    def change(draws, which):
        parts = [p for p in operation.costs(draws)[which] if p.when == operation.future]
        return -sum(float(amounts[p.amount][0]) * float(np.broadcast_to(p.rate, 1)[0]) for p in parts)

    found = []
    for name in names:
        one = usual | {other: np.full(1, float(other == name)) for other in names}
        found.append(change(one, action) - change(one, policy.fallback))
    return np.array(found)


def _telling(operation: Operation, history: History, name: str) -> History:
    """The decisions whose outcomes tell the quantity: the freight of a replacement is no parcel back, and the refund of
    an item that nobody asked for back is no claim that persisted."""
    actions = operation.told_by.get(name)
    if actions is None:
        return history
    return history.where(np.isin(history.chosen, [k for k, a in enumerate(history.actions) if a in actions]))


def _persists(history: History, beliefs, count: int, found: Mapping[str, Learned]) -> dict[str, Learned]:
    """Of claims after which nothing came back those that were lost on the way were refunded; the others as far as
    they persisted."""
    nothing = history.outcome("came_back") == 0
    refunded = history.outcome("refunded")[nothing]
    refunded = refunded[np.isfinite(refunded)] > 0
    asked = np.isfinite(history.outcome("came_back")).sum()
    if len(refunded) < 2 or "lost" not in found:
        return {}
    lost = np.clip(found["lost"].draws * (asked - len(refunded)) / len(refunded), 0, 0.9)
    z = np.random.default_rng(10).standard_normal(count)
    share = _beta_draws(refunded.sum(), len(refunded), count)
    seen = np.clip((share - lost) / (1 - lost), 0, 1)
    draws = _joined(beliefs["persists"], float(seen.mean()), float(max(seen.std(), 1e-6)), z, len(refunded))
    return {"persists": Learned(np.clip(draws, 0, 1), f"{len(refunded):,} claims after which nothing came back")}


def _beta_draws(hits: int, tries: int, count: int) -> np.ndarray:
    return np.random.default_rng(12).beta(0.5 + hits, 0.5 + tries - hits, count)


def _joined(belief: Belief, mean: float, error: float, z: np.ndarray, seen: int) -> np.ndarray:
    """Draws of belief × Normal likelihood; `z` are standard Normals (draws,). However alike the `seen` bookings are, one
    more may differ from them as far as was believed."""
    logs = belief.shape == "lognormal" and mean > 0
    value, error = (np.log(mean), error / mean) if logs else (mean, error)
    centre, spread = (
        (belief.location, belief.sd) if logs or belief.shape != "lognormal" else (belief.centre, belief.centre)
    )
    error = max(error, spread / seen)
    weight = spread**2 / (spread**2 + error**2)
    draws = centre + weight * (value - centre) + np.sqrt(weight) * error * z
    return np.exp(draws) if logs else draws
