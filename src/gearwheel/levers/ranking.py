"""Levers beside each other: each lever's better direction, its elasticity, and how sure it is ahead of the others.

An outcome in money is judged after the part of a lever's cost that no equation books; all else as the equations say.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gearwheel.levers.judging import ahead, summed_unit
from gearwheel.levers.risk import explodes
from gearwheel.levers.sensitivity import Effect, Sensitivity, net
from gearwheel.loops.anchors import interval

SHARE_TO_NAME = 0.05  # of a lever's effect, from which a loop counts as one that it works through
SURE = 0.8  # of the draws, from which something counts as likely
MOST_ON_BELIEF = 0.5  # of an effect's uncertainty: what rests on beliefs by more is to be tested before it is trusted


def best_moves(found: Sensitivity) -> dict[str, Effect]:
    """Lever → its step in the direction with the larger median effect; up where the two are equal."""
    best: dict[str, Effect] = {}
    for effect in found.effects:
        known = best.get(effect.lever)
        if known is None or _median(net(effect)) > _median(net(known)):
            best[effect.lever] = effect
    return best


def elasticity(baseline: np.ndarray, effect: Effect) -> np.ndarray:
    """d ln outcome / d ln lever as a quotient of log differences, (draws,); NaN where one of the four is not positive."""
    after = baseline + effect.change
    with np.errstate(all="ignore"):
        ratio = np.log(after / baseline) / np.log(effect.after / effect.before)
        positive = (baseline > 0) & (after > 0) & (effect.before > 0) & (effect.after > 0)
    return np.where(positive & np.isfinite(ratio), ratio, np.nan)


def winners(moves: dict[str, Effect]) -> dict[str | None, float]:
    """Lever → share of draws in which its step is the best of all and better than doing nothing (None: nothing is).

    Levers that tie for the first place share the draw; a draw in which a lever has no finite effect counts it last.
    """
    if not moves:
        return {None: 1.0}
    changes = np.stack([np.where(np.isfinite(net(e)), net(e), -np.inf) for e in moves.values()])
    first = (changes == changes.max(axis=0)) & (changes > 0)
    share = first / np.maximum(first.sum(axis=0), 1)
    return {**dict(zip(moves, share.mean(axis=1).tolist())), None: float(np.mean(~first.any(axis=0)))}


def advice(effect: np.ndarray, better: float | None, share: float | None) -> str:
    """What a step deserves to be called, from its effect (draws,) after cost, the share of draws in which it helps, and
    the share of it that rests on beliefs: "promising", "worth testing", "open" or "no gain"."""
    if better is None or _median(effect) <= 0 or better <= 1 - SURE:
        return "no gain"
    if better < SURE:
        return "open"
    return "worth testing" if share is not None and share > MOST_ON_BELIEF else "promising"


def size_part(wheel, change: np.ndarray | None) -> dict | None:
    """What a step or a plan leaves behind: the wheel's size at the end over that without it, less 1, (draws,)."""
    if change is None or not wheel.size:
        return None
    smaller = ahead(-change)
    return {"name": wheel.size, "change": interval(change), "probability_smaller": smaller}


def costs_later(better: float | None, size: dict | None) -> bool:
    """Whether a gain that is likely comes with a smaller size at the end that is likely too."""
    smaller = size and size["probability_smaller"]
    return bool(better is not None and better >= SURE and smaller is not None and smaller >= SURE)


def summary(found: Sensitivity, rests: Callable[[Effect], float | None] = lambda _: None) -> dict:
    """The `levers` part of results.json: a row a lever with its better direction, largest median effect first.

    `rests` says of an effect how much of it rests on beliefs, None where that is not known.
    """
    best = best_moves(found)
    first = winners(best)
    rows = []
    for name, effect in best.items():
        parts = {loop: interval(_share(lost, effect.change)) for loop, lost in effect.lost.items()}
        parts = {loop: part for loop, part in parts.items() if part and abs(part["median"]) >= SHARE_TO_NAME}
        other = next((e for e in found.effects if e.lever == name and e is not effect), None)
        lever = found.wheel.lever[name]
        rows.append(
            {
                "lever": name,
                "title": lever.title or name,
                "unit": found.wheel.parameter[lever.of].unit,
                **_row(found, effect),
                **_standing(found, effect, rests(effect)),
                "probability_best": first[name],
                "beats": {k: ahead(net(effect), net(e)) for k, e in best.items() if k != name},
                "through": sorted(parts, key=lambda loop: -abs(parts[loop]["median"])),
                "loop_shares": parts,
                "other": _row(found, other) if other else None,
            }
        )
    rows.sort(key=lambda row: -abs(row["effect"]["median"]) if row["effect"] else 0.0)
    return {
        "outcome": found.outcome,
        "horizon": found.horizon,
        "how": found.how,
        "unit": summed_unit(found.wheel, found.outcome, found.how),
        "baseline": interval(found.baseline),
        "explodes": explodes(found.baseline),
        "probability_nothing_best": first[None],
        "effects": rows,
    }


def _standing(found: Sensitivity, effect: Effect, share: float | None) -> dict:
    better, size = ahead(net(effect)), size_part(found.wheel, effect.size)
    return {
        "belief_share": share,
        "advice": advice(net(effect), better, share),
        "size": size,
        "costs_later": costs_later(better, size),
    }


def _row(found: Sensitivity, effect: Effect) -> dict:
    return {
        "direction": effect.direction,
        "from": float(np.median(effect.before)),
        "to": float(np.median(effect.after)),
        "effect": interval(net(effect)),
        "before_cost": interval(effect.change),
        "per_unit": interval(_share(effect.change, effect.after - effect.before)),
        "per_dollar": interval(_share(effect.change, effect.cost)),
        "elasticity": interval(elasticity(found.baseline, effect)),
        "probability_better": ahead(net(effect)),
    }


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else -np.inf


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where the whole is 0."""
    with np.errstate(all="ignore"):
        return np.where(whole == 0, np.nan, part / whole)
