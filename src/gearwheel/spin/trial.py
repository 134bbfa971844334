"""A trial run for `check`: what only shows when the wheel spins, at the centre of the beliefs and without noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gearwheel.spin.levers import history
from gearwheel.spin.program import Program, build
from gearwheel.spin.run import Ensemble, below_zero, spin
from gearwheel.wheel.errors import Problem
from gearwheel.wheel.graph import parse_name
from gearwheel.wheel.lines import Lines
from gearwheel.wheel.parts import Place, Wheel
from gearwheel.wheel.rules.helpers import place_of
from gearwheel.wheel.times import calendar_day, per_year
from gearwheel.wheel.tree import names

MOST_VALUES = 4_000_000  # variables times steps; a longer run is tried as far as that
ROUNDED = 0.02  # of the horizon, that a run may end before or after it without a word


def trial(wheel: Wheel) -> list[Problem]:
    """Warnings about a wheel without errors: variables without a value (GW308), log stocks below zero (GW309), a horizon
    that is no whole number of time steps (GW310)."""
    program = build(wheel)
    horizon = wheel.horizon * per_year(wheel)
    steps = max(1, round(horizon / wheel.dt))
    most = max(1, MOST_VALUES // len(wheel.variables()))
    run = spin(program, {}, min(steps, most), paths=history(wheel))
    below = [*_below_zero(program, run), *_below_at_start(program, run)]
    return [*_rounded(wheel, horizon, steps), *_without_value(program, run), *below]


def _rounded(wheel: Wheel, horizon: float, steps: int) -> Iterator[Problem]:
    if abs(steps * wheel.dt - horizon) > ROUNDED * horizon:
        message = (
            f"the horizon of {wheel.horizon:g} years is {horizon:g} {wheel.unit}s and no whole number of time steps"
        )
        hint = f"Runs end after {steps} steps of {wheel.dt:g}, at {steps * wheel.dt:g} {wheel.unit}s. Shorten dt."
        line = Lines(wheel.text).of("wheel", "dt") if wheel.text else 0
        yield Problem("GW310", message, wheel.file, line, hint, "warning")


def _without_value(program: Program, run: Ensemble) -> Iterator[Problem]:
    """The variables that have no finite value first, but for those that only follow from others of them."""
    wheel = program.wheel
    first = {n: np.argmin(ok) for n, v in run.values.items() if not (ok := np.isfinite(v[0])).all()}
    if not first:
        return
    begin = min(first.values())
    missing = {n for n, k in first.items() if k == begin}
    for name in wheel.variables():
        if name not in missing:
            continue
        stock = wheel.stock.get(name)
        causes = names(parse_name(stock.start if stock else wheel.variables()[name].equation))
        if missing & set(causes) and (begin == 0 or not stock):
            continue
        kind = "stock" if stock else "flow" if name in wheel.flow else "aux"
        when = f"on {calendar_day(float(run.times[begin]), wheel)}"
        message = f"{kind} '{name}' has no finite value {when}, with every belief at its centre"
        hint = "Is dt too long, or does something explode?"
        if begin == 0 or not stock:  # computed from what is known at the same moment
            known = [f"{c} = {_value(program, run, c, begin):.4g}" for c in causes]
            hint = f"It is computed from {', '.join([f'time = {run.times[begin]:g}', *known[:4]])}."
        yield _warning(wheel, "GW308", kind, name, message, hint)


def _value(program: Program, run: Ensemble, name: str, step: int) -> float:
    return float(run.values[name][0, step]) if name in run.values else float(program.centre()[name])


def _below_zero(program: Program, run: Ensemble) -> Iterator[Problem]:
    wheel = program.wheel
    for name in below_zero(run):
        step = int(np.argmax(run.values[name][0] < 0))
        stock, before = wheel.stock[name], run.values[name][0, max(step - 1, 0)]
        leaving = [f for f in stock.outflows if run.values[f][0, max(step - 1, 0)] > 0]
        message = f"stock '{name}' has scale \"log\", for what is always above 0, and is below 0"
        message += f" on {calendar_day(float(run.times[step]), wheel)}, with every belief at its centre"
        hint = 'Give it scale = "abs" if it may be negative, or nonnegative = true to stop its outflows at 0.'
        if step and leaving:
            taken = sum(run.values[f][0, step - 1] for f in leaving) * wheel.dt
            hint = f"It held {before:.4g} and {' and '.join(leaving)} took {taken:.4g} in one dt. {hint}"
            if any(name in names(parse_name(wheel.flow[f].equation)) for f in leaving):
                hint += " An outflow that is a share of the stock needs a shorter dt."
        yield _warning(wheel, "GW309", "stock", name, message, hint)


def _below_at_start(program: Program, run: Ensemble) -> Iterator[Problem]:
    for name, stock in program.wheel.stock.items():
        start = run.values[name][0, 0]
        if stock.nonnegative and start < 0:
            message = f"stock '{name}' is nonnegative and starts at {start:.4g}, with every belief at its centre"
            hint = "Its first step would lift it to 0 out of nothing. Give it a start of 0 or more."
            yield _warning(program.wheel, "GW309", "stock", name, message, hint)


def _warning(wheel: Wheel, code: str, kind: str, name: str, message: str, hint: str) -> Problem:
    place: Place = place_of(wheel, kind, name)
    return Problem(code, message, place.file, place.line, hint, "warning")
