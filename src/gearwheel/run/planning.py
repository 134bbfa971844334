"""A plan asked of a posterior: which lever paths, what they bring and risk, what to find out first."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Mapping, Sequence

import numpy as np

from gearwheel.run.chosen import chosen_lever, outcome_of
from gearwheel.run.horizon import longest_delay, usual_years
from gearwheel.run.parts import shown_unit
from gearwheel.run.present_year import refuse_unless_reproduced
from gearwheel.run.questions import belief_share, now_of, weighed_here
from gearwheel.run.store import Progress, cached_file, input_hash, plain, save_atomically, silent
from gearwheel.spin.levers import history, table
from gearwheel.wheel.errors import GearwheelError, Problem, WheelError
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import decimal_year, per_year

SEEN, FRESH = 160, 720  # draws of the search, and at least so many to judge on
KNOTS = 4
LEAST_YEARS = 1.0  # of a plan that is not told how far: in less, nothing that is spent comes back
TOLD = 6  # things worth knowing that are told


def plan_of(
    posterior,
    outcome: str,
    *,
    budget: float | None = None,
    years: float | None = None,
    levers: Sequence[str] | None = None,
    risk: str = "expected",
    at_risk: float = 0.1,
    keep: str | Sequence[str] = (),
    knots: int = KNOTS,
    progress: Progress | None = None,
    cache: bool = True,
) -> dict:
    """The best lever paths for `outcome` over `years`, as plain data; kept on disk by the hash of all that it rests on.

    `budget`: the most expected money to be spent on the levers beyond the current plan, over the whole time; None for
    no limit. `keep`: conditions such as "costs.cash >= 0 with 0.95", for all times. Where a few exploding draws make the
    mean of the current plan, the plan raises the median instead (`expected_by`). Raises WheelError (GW144 to GW148, GW142)
    for what cannot be asked, with what to try, and GW161 where the wheel does not reproduce the last year.
    """
    from gearwheel.levers.risk import parse_rules

    wheel, keep = posterior.wheel, (keep,) if isinstance(keep, str) else keep
    outcome = outcome_of(outcome, wheel)
    years = max(usual_years(posterior, longest_delay(posterior)), LEAST_YEARS) if years is None else years
    _refuse_numbers(wheel, budget, years, risk, at_risk, knots)
    chosen = chosen_levers(wheel, levers)
    rules = parse_rules(keep, wheel)
    asked = {"outcome": outcome, "budget": budget, "years": years, "levers": chosen, "risk": risk, "at_risk": at_risk}
    asked |= {"keep": [r.text for r in rules], "knots": knots}
    key = input_hash(wheel, _fingerprint(posterior), plan=asked, seed=posterior.seed)
    kept = cached_file("plans", key, ".json")
    if cache and kept.exists():
        with contextlib.suppress(OSError, ValueError):
            return json.loads(kept.read_text())
    found = plain(_planned(posterior, asked, rules, progress or silent))
    if cache:
        with contextlib.suppress(GearwheelError):  # a full disk costs time at the next run, nothing else
            save_atomically(kept, json.dumps(found, allow_nan=False).encode())
    return found


def chosen_levers(wheel: Wheel, names: Sequence[str] | None) -> list[str]:
    """The levers that a plan may move: those named, else all of the business. Raises WheelError (GW146)."""
    from gearwheel.levers.judging import business_levers

    ours = business_levers(wheel)
    if not ours:
        hint = "Say what the business may set: [lever.NAME] with `of`, `limits` and perhaps `cost`."
        raise WheelError(
            Problem("GW146", "this wheel has no levers, so there is nothing to plan", wheel.file, hint=hint)
        )
    return list(dict.fromkeys(chosen_lever(wheel, name, "GW146") for name in names or ours))


def _refuse_numbers(wheel: Wheel, budget, years: float, risk: str, at_risk: float, knots: int) -> None:
    from gearwheel.levers.risk import MEASURES
    from gearwheel.wheel.rules.time_step import MAX_STEPS

    wrong = ""
    if budget is not None and not (isinstance(budget, int | float) and math.isfinite(budget) and budget >= 0):
        wrong = f"a budget of {budget!r}: give a number, 0 or more, or leave it out for no limit"
    elif not (math.isfinite(years) and 2 <= years * per_year(wheel) / wheel.dt < MAX_STEPS):
        wrong = f"{years:g} years: give enough for two time steps, and no more than can be spun"
    elif risk not in MEASURES:
        wrong = f"the risk measure '{risk}': {' or '.join(MEASURES)}"
    elif not 0 < at_risk < 1:
        wrong = f"the share at risk {at_risk:g}: between 0 and 1"
    elif not 1 <= knots <= 24:
        wrong = f"{knots} knots: 1 to 24"
    if wrong:
        raise WheelError(Problem("GW145", f"cannot plan with {wrong}", wheel.file))


def _fingerprint(posterior) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(posterior.u).tobytes())
    if posterior.traced is not None:
        digest.update(np.ascontiguousarray(posterior.traced.stocks[:, -1]).tobytes())
    return digest.hexdigest()


def _planned(posterior, asked: Mapping, rules, progress: Progress) -> dict:
    from gearwheel.fit.beliefs import unsure_draws
    from gearwheel.levers.plan import MEDIAN, plan
    from gearwheel.levers.risk import explodes

    refuse_unless_reproduced(posterior, asked["outcome"])
    wheel = posterior.wheel
    task = _task(posterior, asked, rules)
    seen, other, fresh, judging = _inputs(posterior, task, progress)
    budget = np.inf if asked["budget"] is None else asked["budget"]
    natural = posterior.beliefs.natural(posterior.u)
    believed = {n: natural[judging, i] for i, n in enumerate(posterior.beliefs.names)}
    believed |= {n: fresh.parameters[n][: len(judging)] for n in unsure_draws(wheel, 1, posterior.seed)}
    few = asked["risk"] == "expected" and explodes(task.measure(other, np.zeros(task.paths.size)).value)
    risk = MEDIAN if few else asked["risk"]
    found = plan(
        task, seen, other, fresh, budget=budget, risk=risk, at_risk=asked["at_risk"], believed=believed,
        seed=posterior.seed, progress=progress,
    )  # fmt: skip
    if not found.kept:
        _refuse_impossible(found, wheel)
    gain = found.fresh["plan"].value - found.fresh["nothing"].value
    # the draws to judge on are repeated with other noise: what a plan brings for one set of numbers is their mean
    gain = gain.reshape(-1, len(judging)).mean(axis=0)
    beside = [fresh.parameters[n][: len(judging)] for n in unsure_draws(wheel, 1, posterior.seed)]
    return _told(found, {**asked, "by": "median" if few else "mean"}, wheel) | _standing(
        found, wheel, belief_share(posterior, gain, beside, judging)
    )


def _standing(found, wheel: Wheel, share: float | None) -> dict:
    """What the plan deserves to be called, and how much of its gain rests on beliefs."""
    from gearwheel.levers.judging import ahead
    from gearwheel.levers.ranking import advice, costs_later, size_part

    gain = found.fresh["plan"].value - found.fresh["nothing"].value
    with np.errstate(all="ignore"):
        change = found.fresh["plan"].size / found.fresh["nothing"].size - 1
    size, better = size_part(wheel, change), ahead(gain)
    said = advice(gain, better, share) if found.better else "no gain"
    return {"size": size, "belief_share": share, "advice": said, "costs_later": costs_later(better, size)}


def _task(posterior, asked: Mapping, rules):
    from gearwheel.levers.judging import usual
    from gearwheel.levers.paths import Track, lay_paths
    from gearwheel.levers.plan_task import Task

    wheel, start = posterior.wheel, now_of(posterior)
    steps = max(2, round(asked["years"] * per_year(wheel) / wheel.dt))
    current = history(wheel)
    parameters = posterior.parameters()

    def track(name: str) -> Track:
        lever = wheel.lever[name]
        of = current.get(lever.of)
        stood = table({lever.of: of}, np.array([start]))[lever.of][0] if of else np.nan
        base = stood if np.isfinite(stood) else float(np.median(parameters[lever.of]))
        return Track(name, lever.of, float(base), *lever.limits, lever.ramp)

    paths = lay_paths(
        [track(n) for n in asked["levers"]], wheel.dt * np.arange(steps + 1), min(asked["knots"], steps // 2)
    )
    return Task(wheel, asked["outcome"], usual(wheel, asked["outcome"]), paths, rules, start, current)


def _inputs(posterior, task, progress: Progress):
    """(draws of the search, draws to tighten conditions and to choose on, draws to judge on, and which parameters those
    have).

    Each has parameters and noise of its own; those to judge on are repeated with new noise where a record leaves few.
    Draws that leave the finite numbers under the current plan are left out.
    """
    from gearwheel.levers.plan_task import Inputs

    progress("draws", 0, 1, "")
    parameters, state = weighed_here(posterior, 5 * SEEN + FRESH)
    everyone = np.arange(len(state))

    def of(which: np.ndarray, seed: int) -> Inputs:
        given = {n: (np.asarray(v)[which] if np.ndim(v) else v) for n, v in parameters.items()}
        shape = (task.steps, len(which), state.shape[1])
        shocks = np.random.default_rng([posterior.seed, seed]).standard_normal(shape)
        return Inputs(given, np.array(state[which]), shocks)

    trial = task.measure(of(everyone, 0), np.zeros(task.paths.size))
    sound = everyone[np.isfinite(trial.value) & np.isfinite(trial.spent) & np.isfinite(trial.margins).all(axis=0)]
    if len(sound) < 0.5 * len(everyone) or len(sound) < 8:
        message = (
            f"under the current plan {len(everyone) - len(sound)} of {len(everyone)} draws leave the finite numbers"
        )
        raise GearwheelError(f"{message}: no plan can be judged. `gearwheel spin` shows which variables do.")
    cut = min(SEEN, len(sound) // 2)
    until = cut + min(2 * SEEN, (len(sound) - cut) // 2)
    rest = sound[until:]
    judging = np.tile(rest, -(-FRESH // len(rest)))
    return of(sound[:cut], 1), of(sound[cut:until], 2), of(judging, 3), rest


def _refuse_impossible(found, wheel: Wheel) -> None:
    """Raises WheelError (GW148), saying which conditions fail already."""
    told = []
    for i, rule in enumerate(found.task.rules):
        now = float(np.mean(found.fresh["nothing"].margins[i] >= 0))
        told.append(
            f"under the current plan '{rule.variable} {'>=' if rule.sign > 0 else '<='} {rule.bound:g}' holds in "
            f"{100 * now:.0f} % of the draws, and {100 * rule.probability:.0f} % are asked for"
        )
    hint = "Ask for less probability or a lower bound, allow more budget or more levers, or look less far ahead."
    kept = "; ".join(told) or "the budget cannot be kept"
    raise WheelError(
        Problem("GW148", f"no path of these levers was found that keeps all conditions: {kept}", wheel.file, hint=hint)
    )


def _told(found, asked: Mapping, wheel: Wheel) -> dict:
    """The plan as plain data."""
    from gearwheel.levers.judging import summed_unit
    from gearwheel.levers.plan import AGREE

    task, none = found.task, found.fresh["nothing"]
    money = wheel.currency or "money"
    gains = found.checked.values()
    far = max(gains) - min(gains)
    return {
        "outcome": task.outcome,
        "how": task.how,
        "unit": shown_unit(summed_unit(wheel, task.outcome, task.how), wheel),
        "money": money,
        "years": asked["years"],
        "budget": asked["budget"],
        "risk": asked["risk"],
        "expected_by": asked["by"],
        "at_risk": asked["at_risk"],
        "better": found.better,
        "time": [decimal_year(task.start + float(t), wheel) for t in task.paths.times],
        "levers": _lever_rows(found, wheel),
        "compared": [_compared(found, name, asked) for name in found.fresh],
        "over_time": {n: _band(found.fresh[n].path) for n in ("plan", "nothing")},
        "path_unit": shown_unit(wheel.variables()[task.outcome].unit, wheel),
        "rules": [
            {
                "text": rule.text,
                "probability": rule.probability,
                "now": float(np.mean(none.margins[i] >= 0)),
                "plan": float(np.mean(found.fresh["plan"].margins[i] >= 0)),
            }
            for i, rule in enumerate(task.rules)
        ],
        "search": {
            **found.checked,
            "agree": bool(np.isfinite(far) and far <= AGREE * max(map(abs, gains), default=0.0) + 1e-12),
            "runs": found.runs,
            "optimism": found.optimism,
        },
        "next": _worth_knowing(found.knowing, wheel),
    }


def _lever_rows(found, wheel: Wheel) -> list[dict]:
    paths = found.task.paths
    offsets = paths.offsets(found.x)  # what is advised
    rows = []
    for track, offset, path in zip(paths.tracks, offsets, paths.values(found.x)):
        lever = wheel.lever[track.lever]
        rows.append(
            {
                "lever": track.lever,
                "title": lever.title or track.lever,
                "unit": shown_unit(wheel.parameter[lever.of].unit, wheel),
                "from": track.base,
                "path": path,
                "limits": [track.low, track.high],
                "ramp": track.ramp,
                "moved": bool(np.abs(offset).max() > 1e-3 * track.width),
            }
        )
    return rows


def _compared(found, name: str, asked: Mapping) -> dict:
    """One plan beside the plan and beside changing nothing, on the fresh draws."""
    from gearwheel.loops.anchors import interval

    measured, none, ours = found.fresh[name], found.fresh["nothing"], found.fresh["plan"]
    gain, ahead = measured.value - none.value, ours.value - measured.value
    same = name == "plan" or not np.any(ahead)
    middle = np.median if asked["by"] == "median" else np.mean
    return {
        "name": name,
        "expected": float(middle(measured.value)),
        "expected_gain": float(middle(gain)),
        "outcome": interval(measured.value),
        "mean": float(measured.value.mean()),
        "gain": interval(gain),
        "mean_gain": float(gain.mean()),
        "spent": interval(measured.spent - none.spent),
        "mean_spent": float((measured.spent - none.spent).mean()),
        "risk_value": found.value[name],
        "plan_beats": None if same else float(np.mean(ahead > 0)),
        "probability_better": None if name == "nothing" else float(np.mean(gain > 0)),
    }


def _band(path: np.ndarray) -> dict:
    low, median, high = np.nanquantile(path, [0.05, 0.5, 0.95], axis=1)
    return {"median": median, "low": low, "high": high}


def _worth_knowing(knowing: Mapping[str, float], wheel: Wheel) -> list[dict]:
    rows = []
    for name, worth in list(knowing.items())[:TOLD]:
        links = [n for n, link in wheel.link.items() if link.strength == name]
        experiment = next((wheel.link[n].experiment for n in links if wheel.link[n].experiment), "")
        because = wheel.parameter[name].because
        rows.append({"parameter": name, "worth": worth, "links": links, "experiment": experiment, "because": because})
    return rows
