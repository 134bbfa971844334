"""The Python door: a wheel with its few methods, a fit, runs; each a thin cover of a plain value.

    wheel = gw.open("amazon")
    fit = wheel.fit()
    runs = fit.spin(years=5, set={"advertising": 0.08})
    runs["net_sales"]

Pictures in notebooks are still SVG, without script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gearwheel.wheel.errors import GearwheelError, Problem, ProblemsError, WheelError, did_you_mean
from gearwheel.wheel.parts import Wheel

if TYPE_CHECKING:
    import numpy as np

    from gearwheel.fit.posterior import Posterior
    from gearwheel.spin.run import Ensemble

MOST_PICTURES = 6  # in a notebook cell
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def open(name_or_path: str | Path) -> Model:  # noqa: A001 -- gw.open reads as it should
    """A bundled wheel by its name, or a wheel file by its path. Raises WheelError where it cannot be read."""
    from gearwheel.run import LIBRARY
    from gearwheel.wheel.load import as_written

    return Model(as_written(str(name_or_path), LIBRARY))


def build(wheel: Wheel) -> Model:
    """A wheel made in Python, `gw.build(gw.Wheel(...))`: the twin of the file."""
    return Model(wheel)


@dataclass(frozen=True)
class Model:
    """A wheel that can be checked, fitted, spun, drawn and saved. `written` is what its author wrote."""

    written: Wheel

    @cached_property
    def _unchecked(self) -> Wheel:
        from gearwheel.run import LIBRARY
        from gearwheel.wheel.load import assemble_with

        return assemble_with(self.written, LIBRARY)

    @cached_property
    def wheel(self) -> Wheel:
        """The wheel with all gears taken in and every name final. Raises WheelError with all its errors."""
        from gearwheel.wheel.rules import check_wheel

        errors = [p for p in check_wheel(self._unchecked) if p.severity == "error"]
        if errors:
            raise WheelError(errors)
        return self._unchecked

    def check(self) -> list[Problem]:
        """Everything wrong with the wheel and its measured series, warnings too; [] when there is nothing to say."""
        from gearwheel.run import measured
        from gearwheel.wheel.rules import check_wheel

        try:
            problems = check_wheel(self._unchecked)
            if not any(p.severity == "error" for p in problems):
                measured(self._unchecked)
        except ProblemsError as error:
            return [*error.problems] if isinstance(error, WheelError) else [*problems, *error.problems]
        return problems

    def fit(self, *, draws: int = 2000, seed: int = 1, progress=None, cache: bool = True) -> Fit:
        """Joint posterior from beliefs and gauges, from the cache where nothing has changed.

        Without gauges it is the beliefs. Raises FitError where no posterior that may be believed comes out.
        """
        from gearwheel.run import fit_wheel

        posterior = fit_wheel(self.wheel, seed=seed, draws=draws, progress=progress, cache=cache)
        return Fit(self, posterior)

    def spin(
        self,
        years: float | None = None,
        set: Mapping[str, Any] | None = None,  # noqa: A002 -- reads as a sentence
        *,
        draws: int = 400,
        noise: bool = True,
        seed: int = 1,
    ) -> Runs:
        """From the wheel's start on beliefs alone, at once: NumPy, no fit. `years` is the wheel's horizon when None."""
        import numpy as np

        from gearwheel.fit.beliefs import beliefs_of
        from gearwheel.spin.levers import history, resolve
        from gearwheel.spin.program import build as compiled
        from gearwheel.spin.run import check_lost, spin

        steps = steps_of(self.wheel, years)
        program, beliefs = compiled(self.wheel), beliefs_of(self.wheel)
        shape = (steps, draws, len(program.stocks))
        shocks = np.random.default_rng([seed, 1]).standard_normal(shape) if noise else None
        paths = {**history(self.wheel), **resolve(self.wheel, set or {}, 0.0)}
        parameters = {n: np.broadcast_to(v, (draws,)) for n, v in beliefs.named(beliefs.draw(draws, seed)).items()}
        # a lever's own setting wins over the belief that stood in for it
        return Runs(check_lost(spin(program, parameters, steps, paths=paths, shocks=shocks), most=0.5), "beliefs")

    def draw(self, path: str | Path | None = None, *, dark: bool = False) -> str:
        """The wheel as SVG text; also written to `path` (.svg or .png) when given, a file of ours replaced."""
        from gearwheel.run import picture_results
        from gearwheel.show.wheel_picture import wheel_svg

        svg = wheel_svg(picture_results(self.wheel), dark=dark)
        if path is not None:
            write_picture(svg, Path(path))
        return svg

    def save(self, path: str | Path, *, overwrite: bool = False) -> Model:
        """Write the wheel as its author wrote it, comments kept; nothing of others is replaced unless asked."""
        from gearwheel.wheel.write import save

        return Model(save(self.written, path, overwrite))

    def _repr_svg_(self) -> str:
        return self.draw()
