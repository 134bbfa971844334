"""What terms with partners and customers are worth to a posterior: the question, and its answer as plain results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gearwheel.run.horizon import longest_delay, usual_years
from gearwheel.run.parts import belief_part, posterior_part, shown_unit
from gearwheel.run.questions import LEVER_DRAWS, belief_share, now_of, weighed_here
from gearwheel.spin.levers import history
from gearwheel.spin.program import build
from gearwheel.wheel.errors import Problem, WheelError, did_you_mean
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import per_year

PASSED = tuple(k / 10 for k in range(11))
SAVED = 0.05
REACH = 3.0  # times the present setting or a third of it: an elasticity says nothing far from where it was measured


def terms_of(
    posterior,
    kind: str,
    *,
    outcome: str | None = None,
    years: float | None = None,
    how: str | None = None,
    settings: Mapping[str, Sequence[float]] | None = None,
    saving: float = SAVED,
    on: str | None = None,
    wait: float = 1.0,
    noise: bool = True,
) -> dict:
    """What each setting of the terms of a kind does over `years`, from paired draws, as plain results.

    `kind` is one of `levers.terms_kinds.kinds()` or the name of any gear of the wheel that has levers. `settings` gives
    a term its own grid. For pass-through, `saving` is the share saved of the money variable `on`, and `wait` (years) how
    long "delayed" and "gradually" take. Raises WheelError: GW155 for a kind that the wheel cannot answer, GW156 for a
    setting outside its limits or of no term, GW157 for a saving that is none or not on money per time, GW142 for an unknown outcome.
    """
    from gearwheel.levers.judging import usual

    wheel = posterior.wheel
    kind, gear = _known(kind, wheel)
    _refuse_unknown(settings or {}, kind, gear, wheel)
    outcome = outcome or (wheel.outcomes[0] if wheel.outcomes else wheel.size)
    if outcome not in wheel.variables():
        hint = did_you_mean(outcome, wheel.variables())
        raise WheelError(Problem("GW142", f"no variable is called '{outcome}'", wheel.file, hint=hint))
    years = usual_years(posterior, longest_delay(posterior)) if years is None else years
    given, state = weighed_here(posterior, LEVER_DRAWS)
    drawn = {n: given[n] for n in _unsure(kind, gear, wheel)}
    horizon = years * per_year(wheel)
    steps = max(1, round(horizon / wheel.dt))
    shocks = np.random.default_rng(posterior.seed).standard_normal((steps, *state.shape)) if noise else None
    how = how or usual(wheel, outcome)
    common = {"how": how, "start": now_of(posterior), "paths": history(wheel), "shocks": shocks}
    common |= {k: _shown(getattr(kind, k), gear, wheel) for k in ("level", "cumulated")}
    about = {
        "kind": kind.name, "title": kind.title, "gear": gear, "outcome": outcome, "years": years, "how": how,
        "unit": _unit(outcome, how, wheel), "draws": len(state), "strengths": _strengths(kind, gear, posterior),
        "drawn_from_ranges": sorted(drawn),
    }  # fmt: skip
    program = build(wheel)
    if kind.price:
        if not wait > 0:
            hint = "Give years above 0; what is passed on now is tried in any case."
            raise WheelError(Problem("GW157", f"cannot wait {wait:g} years", wheel.file, hint=hint))
        planted = _saving(kind, gear, wheel, saving, on)
        return about | _passed(program, state, given, planted, outcome, horizon, wait * per_year(wheel), common)
    terms = [_term(name, gear, posterior, (settings or {}).get(name)) for name in _terms(kind, gear, wheel)]
    return about | _tried(posterior, program, state, given, drawn, kind, gear, terms, outcome, horizon, common)


def _known(name: str, wheel: Wheel):
    from gearwheel.levers.terms_kinds import answerable, gear_of, gears, kinds, own_kind

    if name in kinds():
        gear = gear_of(kinds()[name], wheel)
        if gear is not None:
            return kinds()[name], gear
        message = f"no gear of this wheel has terms of the kind '{name}'"
    elif name in gears(wheel) and (kind := own_kind(name, wheel)):
        return kind, name
    else:
        message = f"there are no terms of the kind '{name}'"
    can = answerable(wheel)
    hint = f"It can answer {', '.join(can)}." if can else "It has no gear with a lever."
    raise WheelError(Problem("GW155", message, wheel.file, hint=hint))


def _refuse_unknown(settings: Mapping, kind, gear: str, wheel: Wheel) -> None:
    terms = [] if kind.price else _terms(kind, gear, wheel)
    unknown = sorted(set(settings) - set(terms))
    if unknown:
        there = f"There are {', '.join(terms)}." if terms else "It has no terms to set: leave `--try` out."
        hint = did_you_mean(unknown[0], terms) or there
        raise WheelError(Problem("GW156", f"'{unknown[0]}' is no term of {kind.name}", wheel.file, hint=hint))


def _terms(kind, gear: str, wheel: Wheel) -> list[str]:
    from gearwheel.levers.terms_kinds import find

    return [name for name in kind.terms if find(name, gear, wheel.parameter)]


def _unsure(kind, gear: str, wheel: Wheel) -> list[str]:
    """What nobody knows in the gears of these terms, and is drawn."""
    from gearwheel.fit.beliefs import unsure_draws
    from gearwheel.levers.terms_kinds import find

    inside = {find(name, gear, wheel.parameter).rpartition(".")[0] for name in _terms(kind, gear, wheel)}
    return [n for n in unsure_draws(wheel, 1, 0) if n.rpartition(".")[0] in inside]


def _term(name: str, gear: str, posterior, grid: Sequence[float] | None):
    from gearwheel.levers.terms import Term, grid_of
    from gearwheel.levers.terms_kinds import find, lever_of
    from gearwheel.spin.levers import value_at

    wheel = posterior.wheel
    full = find(name, gear, wheel.parameter)
    lever, part = lever_of(full, wheel), wheel.parameter[full]
    present = float(value_at(history(wheel).get(full, ()), now_of(posterior), part.centre))
    low, high = lever.limits if lever else (-np.inf, np.inf)
    if grid is not None:
        outside = [v for v in grid if not low <= v <= high]
        if outside:
            message = f"'{name}' = {outside[0]:g} is outside its limits {low:g} to {high:g}"
            hint = "Change the limits in the wheel file if the term may go further."
            raise WheelError(Problem("GW156", message, wheel.file, hint=hint))
    if grid is None:
        near = (max(low, present / REACH), min(high, present * REACH)) if present > 0 else (low, high)
        if not np.isfinite(near).all():
            hint = "Give it a lever with limits, or say which settings to try."
            raise WheelError(Problem("GW156", f"'{name}' has no limits between which to try", wheel.file, hint=hint))
        points = grid_of(*near, present)
    else:
        points = np.unique([*map(float, grid), present])
    title = lever.title if lever and lever.title else name.replace("_", " ")
    return Term(name, (full,), points, title, shown_unit(part.unit, wheel))


def _tried(posterior, program, state, given, drawn, kind, gear, terms, outcome, horizon, common) -> dict:
    from gearwheel.levers.terms import curve_summary, try_terms
    from gearwheel.levers.terms_best import answered, best, value_at
    from gearwheel.loops.anchors import interval

    wheel = posterior.wheel
    found = try_terms(program, state, given, terms, outcome, horizon, without=_without(kind, gear, wheel), **common)
    rows = []
    for curve in found.curves:
        row = curve_summary(curve, found.baseline, found.without)
        row["tried_before"] = _tried_before(curve, wheel, now_of(posterior))
        kept = answered(curve.change)
        if "best" in row:
            tops = best(curve.term.grid[kept], curve.change[kept])
            same = np.ptp(tops[np.isfinite(tops)]) == 0  # then what it gains says how much hangs on beliefs
            target = value_at(curve.term.grid[kept], curve.change[kept], row["best"]["setting"]) if same else tops
            row["best"]["belief_share"] = belief_share(posterior, target, list(drawn.values()))
        rows.append(row)
    return {
        "baseline": interval(found.baseline),
        "shown": {n: _about(n, values, wheel, common) for n, values in found.shown.items()},
        "without": interval(found.without) if found.without is not None else None,
        "terms": rows,
        "not_booked": _not_booked(kind, gear, wheel, outcome),
    }


def _tried_before(curve, wheel: Wheel, now: float) -> list[float]:
    """The lowest and the highest setting that the business has had until now; beyond them nobody has seen what it does."""
    path = history(wheel).get(curve.term.of[0], ())
    had = [curve.present, *(value for time, value in path if time <= now)]
    return [float(min(had)), float(max(had))]


def _without(kind, gear: str, wheel: Wheel):
    from gearwheel.levers.terms_kinds import inside

    if not kind.without:
        return None
    stocks = [inside(gear, n) for n in kind.without["stocks"]]
    return stocks, {inside(gear, n): float(v) for n, v in kind.without["parameters"].items()}


def _not_booked(kind, gear: str, wheel: Wheel, outcome: str) -> list[str]:
    """What other terms cost (`terms_cost` of the gear) where no path of the wheel takes it into the outcome."""
    from gearwheel.levers.terms_kinds import inside
    from gearwheel.wheel.graph import graph

    cost = inside(gear, "terms_cost")
    if cost not in wheel.variables():
        return []
    reached, front, edges = {cost}, [cost], graph(wheel).edges
    while front:
        here_now = front.pop()
        new = [effect for cause, effect in edges if cause == here_now and effect not in reached]
        reached.update(new)
        front += new
    return [] if outcome in reached else [cost]


def _saving(kind, gear: str, wheel: Wheel, size: float, on: str | None):
    from gearwheel.levers.judging import taken_off
    from gearwheel.levers.terms_kinds import find
    from gearwheel.levers.terms_saving import Saving

    variables = wheel.variables()
    if not 0 < size < 1:
        raise WheelError(
            Problem("GW157", f"a saving of {size:g} is none", wheel.file, hint="Give a share, such as 0.05.")
        )
    tried = (on,) if on else kind.saves
    cost = next((full for name in tried if (full := find(name, gear, variables))), None)
    if cost is None:
        hint = did_you_mean(on, variables) if on else "Say on which variable, such as what suppliers are paid."
        raise WheelError(Problem("GW157", f"no variable '{tried[0]}' on which to save", wheel.file, hint=hint))
    if not taken_off(wheel, cost, "cumulated"):
        message = f"'{cost}' is in {variables[cost].unit}, and what is saved is money per {wheel.unit}"
        hint = "Save on something that is paid, such as what suppliers are paid."
        raise WheelError(Problem("GW157", message, wheel.file, hint=hint))
    volume = find(kind.volume, gear, variables) or wheel.size
    ends = [(find(a, gear, variables), find(b, gear, variables)) for a, b in kind.holds]
    holds = tuple((a, b) for a, b in ends if a and b)
    return Saving(size, cost, find(kind.price, gear, variables), find(kind.base, gear, variables), volume, holds)


def _passed(program, state, given, saving, outcome, horizon, wait, common) -> dict:
    from gearwheel.levers.judging import ahead
    from gearwheel.levers.terms_best import best
    from gearwheel.levers.terms_saving import half_time, try_saving
    from gearwheel.loops.anchors import interval

    found = try_saving(program, state, given, saving, PASSED, outcome, horizon, wait=wait, **common)
    kept_all = found.gain[0, 0]  # nothing passed on is the same whenever
    rows = []
    for i, when in enumerate(found.timings):
        against = found.gain[i] - kept_all
        tops = best(found.shares, found.gain[i])
        settings = [
            {
                "value": float(share),
                "effect": interval(found.gain[i, k]),
                "against_keeping": interval(against[k]),
                "probability_better": ahead(against[k]),
                "without_loop": interval(found.held[i, k] - kept_all),
                "returned": interval(found.gain[i, k] - found.held[i, k]),
                "volume": interval(found.volume[i, k][:, -1]),
                "half_time": interval(half_time(found.times, found.volume[i, k])),
                "shown": {n: interval(values[i, k]) for n, values in found.shown.items()},
            }
            for k, share in enumerate(found.shares)
        ]
        rows.append({"when": when, "settings": settings, "best": interval(tops), "all_is_best": float((tops >= 1).mean()),
                     "none_is_best": float((tops <= 0).mean())})  # fmt: skip
    return {
        "baseline": interval(found.baseline),
        "saving": {"share": saving.size, "of": saving.cost, "volume": saving.volume, "wait": wait,
                   "held": [list(edge) for edge in saving.holds]},
        "timings": rows,
    }  # fmt: skip


def _shown(names: Sequence[str], gear: str, wheel: Wheel) -> list[str]:
    from gearwheel.levers.terms_kinds import find

    return [full for name in names if (full := find(name, gear, wheel.variables()))]


def _about(name: str, values: np.ndarray, wheel: Wheel, common: Mapping) -> dict:
    from gearwheel.loops.anchors import interval

    how = "cumulated" if name in common["cumulated"] else "level"
    return {"unit": _unit(name.removesuffix(" (end)"), how, wheel), "how": how, "present": interval(values)}


def _unit(name: str, how: str, wheel: Wheel) -> str:
    from gearwheel.levers.judging import summed_unit

    return shown_unit(summed_unit(wheel, name, how), wheel)


def _strengths(kind, gear: str, posterior) -> dict:
    """Belief and posterior of what the answer hangs on."""
    from gearwheel.levers.terms_kinds import find

    wheel, found = posterior.wheel, {}
    for name in kind.strengths:
        full = find(name, gear, wheel.parameter)
        if full in posterior.beliefs.names:
            told = {"belief": belief_part(wheel.parameter[full].belief), "posterior": posterior_part(posterior[full])}
            told["fitted"] = bool(posterior.free[posterior.beliefs.names.index(full)])
            found[full] = told
    return found
