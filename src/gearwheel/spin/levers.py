"""Levers over time: what a lever was (history), and what a scenario sets it to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import numpy as np

from gearwheel.wheel.errors import Problem, WheelError, did_you_mean
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import elapsed

Path = Sequence[tuple[float, float]]  # (time, value) steps, sorted
Scenario = Mapping[str, float | Sequence[tuple[float | date, float]]]


def history(wheel: Wheel) -> dict[str, Path]:
    """Parameter name → the dated steps of the lever that sets it, in wheel time."""
    return {
        lever.of: sorted((elapsed(day, wheel), value) for day, value in lever.history)
        for lever in wheel.lever.values()
        if lever.history
    }


def resolve(wheel: Wheel, settings: Scenario, start: float) -> dict[str, Path]:
    """Settings by lever or parameter name → parameter paths that begin at `start`.

    A number holds from `start` on; a list of (time or date, value) gives steps. Raises WheelError on unknown
    names and values outside a lever's limits.
    """
    paths: dict[str, Path] = {}
    for name, setting in settings.items():
        lever = wheel.lever.get(name) or next((v for k, v in wheel.lever.items() if k.split(".")[-1] == name), None)
        target = lever.of if lever else name
        if target not in wheel.parameter:
            known = [*wheel.lever, *(n.split(".")[-1] for n in wheel.lever), *wheel.parameter]
            raise WheelError(
                Problem("GW140", f"no lever or parameter '{name}'", wheel.file, hint=did_you_mean(name, known))
            )
        steps = _steps(wheel, name, setting, start)
        if lever:
            low, high = lever.limits
            outside = [v for _, v in steps if not low <= v <= high]
            if outside:
                hint = "Change the limits in the wheel file if the lever may go further."
                raise WheelError(
                    Problem(
                        "GW141",
                        f"'{name}' = {outside[0]:g} is outside its limits {low:g} to {high:g}",
                        wheel.file,
                        hint=hint,
                    )
                )
        paths[target] = sorted(steps)
    return paths


def _steps(wheel: Wheel, name: str, setting, start: float) -> list[tuple[float, float]]:
    """A setting as (wheel time, value) steps. Raises WheelError (GW109) for what is neither a number nor steps."""
    try:
        pairs = [(start, setting)] if np.ndim(setting) == 0 else [(at, value) for at, value in setting]
        steps = [(_moment(at, wheel), float(value)) for at, value in pairs if not isinstance(value, str)]
        if len(steps) == len(pairs) and steps and np.isfinite(steps).all():
            return steps
    except (TypeError, ValueError):
        pass
    hint = 'Give a number, or steps such as [("2026-01-01", 0.1), ("2027-01-01", 0.05)].'
    raise WheelError(Problem("GW109", f"'{name}' cannot be set to {setting!r:.60}", wheel.file, hint=hint))


def _moment(at, wheel: Wheel) -> float:
    """A date, its ISO text, or a number in wheel time, as wheel time."""
    day = date.fromisoformat(at) if isinstance(at, str) else at.date() if isinstance(at, datetime) else at
    return elapsed(day, wheel) if isinstance(day, date) else float(day)


def value_at(path: Path, time: float, before: float | np.ndarray):
    """The value of a step path at `time`; `before` until its first step."""
    value = before
    for at, new in path:
        if at > time + 1e-9:
            break
        value = new
    return value


def table(paths: Mapping[str, Path], times: np.ndarray) -> dict[str, np.ndarray]:
    """Each path sampled at `times`, shape (times,); NaN before its first step, where the parameter keeps its own value."""
    return {n: np.array([value_at(p, t, np.nan) for t in times], dtype=float) for n, p in paths.items()}


def moved(xp, parameters: Mapping, levers: Mapping) -> dict:
    """Parameters with the levers' values of one moment laid over them, where these have begun."""
    return {**parameters, **{n: xp.where(xp.isnan(v), parameters[n], v) for n, v in levers.items()}}
