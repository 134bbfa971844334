"""How much a run takes, told before it begins: its steps, and the numbers that it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np

from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules.time_step import MAX_STEPS
from gearwheel.wheel.times import LAST_YEAR, decimal_year, per_year

MOST_KEPT = 250_000_000  # numbers, 2 GB
MOST_VARIABLES = 2_000  # of a wheel whose loops are measured
MOST_PAIRS = 100_000  # of a variable and a stock: every loop's gain needs the slope of each in each, in each draw
MOST_CALLS = 25_000_000  # of equations, in some thirty runs over ten years


def steps_of(wheel: Wheel, years: float, start: float = 0.0) -> int:
    """Time steps of so many years from wheel time `start` on. Raises WheelError (GW143, GW149)."""
    number = isinstance(years, Real) and not isinstance(years, bool)
    if not number or not 0 < years < LAST_YEAR - decimal_year(start, wheel):
        hint = f"Give a number above 0 that ends before the year {LAST_YEAR}."
        shown = f"{years:g}" if number else f"{years!r:.60}"
        raise WheelError(Problem("GW143", f"cannot spin {shown} years", wheel.file, hint=hint))
    steps = max(1, round(years * per_year(wheel) / wheel.dt))
    if steps > MAX_STEPS:
        message = f"{years:g} years at dt = {wheel.dt:g} {wheel.unit} are {steps:,} steps; {MAX_STEPS:,} is the most"
        raise WheelError(Problem("GW149", message, wheel.file, hint="Lengthen dt, or spin fewer years."))
    return steps


def refuse_large(wheel: Wheel, steps: int, draws: int, keep: Sequence[str] | None = None) -> None:
    """Raises WheelError: GW143 for draws that are none, GW149 where a run would keep more numbers than there is likely to be memory for."""
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1:
        raise WheelError(Problem("GW143", f"cannot spin {draws!r} draws", wheel.file, hint="A whole number above 0."))
    variables = len(wheel.variables() if keep is None else keep)
    kept = (steps + 1) * draws * variables
    if kept > MOST_KEPT:
        message = f"this run keeps {kept:,} numbers ({draws:,} draws of {variables:,} variables at {steps + 1:,} times)"
        message += f"; {MOST_KEPT:,} is the most"
        hint = (
            f"Take {max(1, MOST_KEPT // ((steps + 1) * variables)):,} draws or fewer, lengthen dt, or spin fewer years."
        )
        raise WheelError(Problem("GW149", message, wheel.file, hint=hint))


def refuse_loops(wheel: Wheel) -> None:
    """Raises WheelError (GW151) for a wheel whose loops would take many minutes or more memory than there is."""
    variables, stocks = len(wheel.variables()), len(wheel.stock)
    calls = 30 * 10 * per_year(wheel) / wheel.dt * variables
    if variables > MOST_VARIABLES or variables * stocks > MOST_PAIRS:
        message = f"the loops of {variables:,} variables with {stocks:,} stocks among them are too many to measure"
        hint = "Sum up what behaves alike into one stock, or write smaller gears and ask each for its loops."
    elif calls > MOST_CALLS:
        message = f"the loops of {variables:,} variables at dt = {wheel.dt:g} {wheel.unit} would take many minutes"
        hint = f"Take dt = {wheel.dt * calls / MOST_CALLS:.2g} or more for this question."
    else:
        return
    raise WheelError(Problem("GW151", message, wheel.file, hint=hint))
