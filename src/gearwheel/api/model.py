"""A wheel that can be checked, fitted, spun, drawn and saved, and what a fit can answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gearwheel.api.files import write_picture
from gearwheel.api.plans import Plan
from gearwheel.api.pushes import Push
from gearwheel.api.runs import Runs
from gearwheel.api.tables import Levers, Loops
from gearwheel.api.terms import Terms
from gearwheel.wheel.errors import Problem, ProblemsError, WheelError
from gearwheel.wheel.parts import Wheel

if TYPE_CHECKING:
    from gearwheel.fit.posterior import Posterior

LOST_SHARE = 0.5  # on beliefs alone some draws may be impossible businesses; more than this share says nothing


def open(name_or_path: str | Path) -> Model:
    """A bundled wheel by its name, or a wheel file by its path. Raises WheelError where it cannot be read."""
    from gearwheel.run import LIBRARY
    from gearwheel.wheel.load import as_written

    return Model(as_written(str(name_or_path), LIBRARY))


def stored_fit(model: Model, *, seed: int = 1) -> Fit | None:
    """The fit of this wheel and its record that an earlier run has left in the cache, None where there is none."""
    from gearwheel.run.fitting import stored_posterior

    posterior = stored_posterior(model.wheel, seed=seed)
    return Fit(model, posterior) if posterior else None


def build(wheel: Wheel) -> Model:
    """A wheel made in Python, `gw.build(gw.Wheel(...))`: the twin of the file.

    A number will do where an equation is wanted, and one name where a list of names is. Raises WheelError naming the
    part and the key where a value is of another kind.
    """
    from gearwheel.wheel.typed import typed

    return Model(typed(wheel))


@dataclass(frozen=True)
class Model:
    """`written` is the wheel as its author wrote it; everything else follows from it."""

    written: Wheel

    @cached_property
    def assembled(self) -> Wheel:
        """All gears taken in, not yet checked. Raises WheelError where gears do not mesh."""
        from gearwheel.run import LIBRARY
        from gearwheel.wheel.load import assemble_with

        return assemble_with(self.written, LIBRARY)

    @cached_property
    def wheel(self) -> Wheel:
        """All gears taken in and every rule kept. Raises WheelError with all errors."""
        from gearwheel.wheel.rules import check_wheel

        errors = [p for p in check_wheel(self.assembled) if p.severity == "error"]
        if errors:
            raise WheelError(errors)
        return self.assembled

    def check(self) -> list[Problem]:
        """Everything wrong with the wheel and its measured series, warnings too; [] when there is nothing to say."""
        from gearwheel.run import measured
        from gearwheel.run.first_rows import contradictions
        from gearwheel.spin.trial import trial
        from gearwheel.wheel.rules import check_wheel

        problems: list[Problem] = []
        try:
            problems += check_wheel(self.assembled)
            if not any(p.severity == "error" for p in problems):
                problems += trial(self.assembled)
                problems += contradictions(self.assembled, measured(self.assembled))
        except ProblemsError as error:
            problems += error.problems
        return problems

    def fit(self, *, data=None, draws: int = 2000, seed: int = 1, progress=None, cache: bool = True) -> Fit:
        """The joint posterior from beliefs and gauges, out of the cache where nothing has changed.

        `data` is a pandas frame that stands in for the record which the wheel names: a row for each measurement, with
        the columns of a record (gauge, start, end, value, unit; error, bound, source and confidence may be left out).
        Without gauges the posterior is the beliefs. Raises DataError for data that cannot be read, FitError where no
        posterior that may be believed comes out.
        """
        from gearwheel.run import fit_wheel
        from gearwheel.run.fitting import recorded

        known = None if data is None else recorded(self.wheel, data)
        found = fit_wheel(self.wheel, seed=seed, draws=draws, progress=progress, cache=cache, known=known)
        return Fit(self, found)

    def spin(
        self,
        years: float | None = None,
        set: Mapping[str, Any] | None = None,
        *,
        draws: int = 400,
        noise: bool = True,
        seed: int = 1,
    ) -> Runs:
        """From the wheel's start on beliefs alone, at once: NumPy, no fit.

        `years` is the wheel's horizon when None; `set` gives levers (or parameters) a value, or (time, value) steps.
        Raises WheelError for what cannot be set, SpinError when most draws leave the finite numbers.
        """
        import numpy as np

        from gearwheel.fit.beliefs import beliefs_of
        from gearwheel.spin.levers import history, resolve
        from gearwheel.spin.program import build as compiled
        from gearwheel.spin.run import check_lost, spin
        from gearwheel.spin.size import refuse_large, steps_of

        wheel = self.wheel
        steps = steps_of(wheel, wheel.horizon if years is None else years)
        refuse_large(wheel, steps, draws)
        seed = _seed(wheel, seed)
        paths = {**history(wheel), **resolve(wheel, set or {}, 0.0)}
        program, beliefs = compiled(wheel), beliefs_of(wheel)
        parameters = {n: np.broadcast_to(v, (draws,)) for n, v in beliefs.named(beliefs.draw(draws, seed)).items()}
        shocks = None
        if noise:
            shocks = np.random.default_rng([seed, 1]).standard_normal((steps, draws, len(program.stocks)))
        ensemble = spin(program, parameters, steps, paths=paths, shocks=shocks)
        return Runs(check_lost(ensemble, most=LOST_SHARE), on="beliefs")

    def push(self, probability: float = 0.8, **asked) -> Push:
        """The cheapest push from the wheel's start on beliefs alone; `asked` as in `Fit.push`, but for `at`."""
        from gearwheel.run.pushing import push_on_beliefs

        return Push(push_on_beliefs(self.wheel, probability=probability, **asked), self.wheel)

    def draw(self, path: str | Path | None = None, *, dark: bool = False) -> str:
        """The wheel as SVG text, also written to `path` (.svg or .png) when given."""
        from gearwheel.run import picture_results
        from gearwheel.show.wheel_picture import wheel_svg

        svg = wheel_svg(picture_results(self.wheel), dark=dark)
        if path is not None:
            write_picture(svg, path)
        return svg

    def save(self, path: str | Path, *, overwrite: bool = False) -> Model:
        """Write the wheel as its author wrote it, comments kept; nothing else is replaced unless asked."""
        from gearwheel.wheel.write import save

        return Model(save(self.written, path, overwrite))

    def _repr_svg_(self) -> str:
        return self.draw()


@dataclass(frozen=True)
class Fit:
    """What the data and the beliefs say together: `posterior` holds the joint draws and their diagnostics."""

    model: Model
    posterior: Posterior = field(repr=False)

    def spin(
        self,
        years: float | None = None,
        set: Mapping[str, Any] | None = None,
        *,
        draws: int = 400,
        noise: bool = True,
        seed: int = 1,
    ) -> Runs:
        """From where the data leave the wheel, forward. `set` gives levers a value from then on. Raises WheelError.

        The fit keeps `states` joint draws of parameters and present stocks. More `draws` go through them again, each
        with noise of its own.
        """
        from gearwheel.run import spin_posterior

        years = self.model.wheel.horizon if years is None else years
        found = spin_posterior(
            self.posterior,
            years=years,
            settings=set or {},
            noise=noise,
            draws=draws,
            seed=_seed(self.model.wheel, seed),
        )
        return Runs(found, on="fit")

    @property
    def states(self) -> int:
        """How many joint draws of parameters and present stocks a spin can begin from."""
        from gearwheel.run.questions import states_kept

        return states_kept(self.posterior)

    def loops(self, progress=None) -> Loops:
        """The named loops with polarity, gain, pace and share of change, and how fast the wheel turns."""
        from gearwheel.run import loops_of

        return Loops(loops_of(self.posterior, progress), self.model.wheel)

    def levers(self, outcome: str, *, years: float | None = None, how: str | None = None) -> Levers:
        """What one step of each lever does to `outcome` over `years`: "cumulated" or its "level" in the end, when None
        what flows is cumulated and a stock is looked at in the end. `years` is the wheel's horizon when None; for a
        business measured from events at least two years and twice the delay of its slowest loop. Raises WheelError
        without levers or for an unknown outcome."""
        from gearwheel.run import levers_of
        from gearwheel.run.chosen import judged_by

        wheel = self.model.wheel
        years = None if years is None else _positive(wheel, years)
        return Levers(levers_of(self.posterior, judged_by(wheel, outcome), years=years, how=how), wheel)

    def plan(
        self,
        outcome: str = "profit",
        *,
        budget: float | None = None,
        years: float | None = None,
        levers: Sequence[str] | None = None,
        risk: str = "expected",
        at_risk: float = 0.1,
        keep: Sequence[str] = (),
        progress=None,
        cache: bool = True,
    ) -> Plan:
        """The best lever paths for `outcome` under a budget, limits, ramps and risk, judged on draws of their own.

        `risk` "expected" raises the mean, "cvar" the mean of the worst share `at_risk`; `keep` are conditions for all
        times such as "costs.cash >= 0 with 0.95". Raises WheelError for what cannot be asked or kept.
        """
        from gearwheel.run.planning import plan_of

        found = plan_of(
            self.posterior, outcome, budget=budget, years=years, levers=levers, risk=risk, at_risk=at_risk, keep=keep,
            progress=progress, cache=cache,
        )  # fmt: skip
        return Plan(found, self.model.wheel)

    def push(self, probability: float = 0.8, **asked) -> Push:
        """The cheapest subsidies for a time that carry the wheel past critical mass in a share `probability` of draws.

        `asked`: years (judged after so many, 10), levers (the subsidies to choose from), most (mean cost allowed), at
        ("now" or "start"), front (half the rate from half time on), noise, draws, progress. Raises WheelError (GW152 to
        GW154).
        """
        from gearwheel.run.pushing import push_of

        return Push(push_of(self.posterior, probability=probability, **asked), self.model.wheel)

    def terms(self, kind: str, outcome: str | None = None, *, years: float | None = None, **asked) -> Terms:
        """What each setting of the terms of a `kind` does to `outcome` over `years`, and which is best.

        `kind` is pass-through, membership, sellers, fulfilment, hosting, or a gear of the wheel that has levers. `asked`
        are the options of `run.terms.terms_of` (settings, saving, on, wait, how) and, for a membership, `data`: a mapping
        with memberships and orders. Raises WheelError (GW155 to GW157) and DataError (GW158).
        """
        from gearwheel.run.chosen import outcome_of
        from gearwheel.run.terms_asked import ask_terms

        wheel = self.model.wheel
        outcome = outcome_of(outcome, wheel) if outcome else None
        years = None if years is None else _positive(wheel, years)
        return Terms(ask_terms(self.posterior, kind, outcome, years=years, **asked))

    @property
    def links(self):
        """One row a link: belief, posterior, contraction and verdict (a pandas frame)."""
        from gearwheel.run.parts import link_part

        return _frame(link_part(self.posterior), "link")

    @property
    def parameters(self):
        """One row a believed parameter: belief and posterior side by side (a pandas frame)."""
        from gearwheel.run.parts import parameter_part

        return _frame(parameter_part(self.posterior), "parameter")

    def report(self, folder: str | Path, progress=None) -> list[Path]:
        """Write report.html, wheel.svg and results.json into `folder`: all that `gearwheel run` writes.

        What the report says beyond the fit (backtest, loops, levers) is computed or taken from the cache. Raises
        GearwheelError where a file that is not ours is in the way.
        """
        from gearwheel.run import run_wheel, write_run

        return write_run(run_wheel(self.model.wheel, seed=self.posterior.seed, progress=progress), Path(folder))

    def to_arviz(self):
        """The posterior draws as ArviZ inference data, one chain. Needs the optional extra `diagnostics`."""
        from gearwheel.wheel.errors import GearwheelError

        try:
            import arviz as az
        except ImportError as error:
            raise GearwheelError("this needs the optional extra. Try: pip install 'gearwheel[diagnostics]'") from error
        draws = {name: self.posterior[name][None] for name in self.posterior.beliefs.names}
        try:
            return az.from_dict(posterior=draws)
        except TypeError:  # since ArviZ 1.0
            return az.from_dict({"posterior": draws})


def _positive(wheel: Wheel, years: float) -> float:
    """Years that can be spun. Raises WheelError."""
    from gearwheel.spin.size import steps_of

    steps_of(wheel, years)
    return years


def _seed(wheel: Wheel, seed: int) -> int:
    """A seed as random numbers take it. Raises WheelError."""
    try:
        if index(seed) >= 0:
            return index(seed)
    except TypeError:
        pass
    raise WheelError(Problem("GW143", f"the seed cannot be {seed!r}", wheel.file, hint="A whole number from 0 on."))


def _frame(parts: Mapping[str, Mapping[str, Any]], index: str):
    """One row an entry, nested ranges as columns, curves left out."""
    import pandas as pd

    rows = [
        {index: name, **{k: v for k, v in _flat(about).items() if "curve" not in k}} for name, about in parts.items()
    ]
    return pd.DataFrame(rows).set_index(index)


def _flat(about: Mapping[str, Any]) -> dict[str, Any]:
    """One level of a results entry: {"posterior": {"q05": 1}} → {"posterior_q05": 1}."""
    row: dict[str, Any] = {}
    for key, value in about.items():
        row |= {f"{key}_{k}": v for k, v in value.items()} if isinstance(value, Mapping) else {key: value}
    return row
