"""A wheel and its record → a posterior with its verdicts and filtered states, kept on disk by the hash of its inputs."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from gearwheel.gauges.series import Gauges
from gearwheel.gauges.tidy import read_gauges
from gearwheel.run.measuring import measures_of
from gearwheel.run.record import record
from gearwheel.run.store import FIT_ROOMS, LIBRARY, Progress, cached_file, input_hash, plain, save_atomically, silent
from gearwheel.wheel.errors import DataError, WheelError
from gearwheel.wheel.evidence import counted, with_facts
from gearwheel.wheel.load import load
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.rules import check_wheel
from gearwheel.wheel.times import decimal_year

DRAWS = 2000
TRACED = 256  # draws whose states are kept over time


def open_wheel(name: str) -> Wheel:
    """A bundled wheel by name or a file by path, assembled and checked. Raises WheelError with all its errors."""
    wheel = load(str(name), LIBRARY)
    errors = [p for p in check_wheel(wheel) if p.severity == "error"]
    if errors:
        raise WheelError(errors)
    return wheel


def measured(wheel: Wheel, progress: Progress | None = None) -> Gauges | None:
    """The record that the wheel file names, from events where it names a mapping; None when it names none.

    Raises DataError.
    """
    if not wheel.measured:
        return None
    return known_of(wheel, progress).gauges


@dataclass(frozen=True)
class Known:
    """What is known about a wheel beside beliefs: its evidence filled with measured facts, its record, and the measures
    of its events (None where it is not measured from events)."""

    wheel: Wheel
    gauges: Gauges | None
    events: dict | None = None


def known_of(wheel: Wheel, progress: Progress | None = None) -> Known:
    """Looks at the source once, so that record and facts are of one moment. Raises DataError."""
    if not wheel.measured:
        return Known(wheel, None)
    events = measures_of(wheel, progress)
    if events is None:
        return Known(wheel, read_gauges(Path(wheel.file).parent / wheel.measured, wheel))
    facts = {n: f for n, f in events["facts"].items() if f["estimate"] is not None and f["error"]}
    filled = with_facts(wheel, {n: (f["estimate"], f["error"]) for n, f in facts.items()})
    return Known(filled, record(filled, events), events)


def recorded(wheel: Wheel, frame) -> Known:
    """What a pandas frame with columns of a record says, in place of the file that the wheel names; columns that it
    lacks are empty. It is read by the rules for files. Raises DataError with the lines of the frame as a CSV."""
    from gearwheel.gauges.tidy import COLUMNS

    cells = frame.reindex(columns=list(COLUMNS))
    for column in ("start", "end"):
        if cells[column].dtype.kind == "M":
            cells[column] = cells[column].dt.strftime("%Y-%m-%d")
    text = cells.to_csv(index=False).encode()
    file = cached_file("records", hashlib.sha256(text).hexdigest()[:24], ".csv")
    save_atomically(file, text)
    try:
        return Known(wheel, read_gauges(file, wheel))
    except DataError as error:
        raise DataError(replace(problem, file="data") for problem in error.problems) from None


def record_end(gauges: Gauges, wheel: Wheel) -> float:
    """When the record ends, on the wheel's time grid."""
    return round(max(r.end for s in gauges.series.values() for r in s.rows) / wheel.dt) * wheel.dt


def instants(wheel: Wheel, steps: int) -> list[int]:
    """Grid indices at which states are kept: the first of every year, and the end."""
    turns = np.floor([decimal_year(k * wheel.dt, wheel) + 1e-6 for k in range(steps)])
    years = [k for k in range(1, steps) if turns[k] > turns[k - 1]]
    if len(years) < 4:
        years = list(range(1, steps, max(1, steps // 24)))
    return [*years, steps]


def make_engine(wheel: Wheel, gauges: Gauges):
    """(program, engine, observations): the compiled filter of this wheel and record."""
    from gearwheel.fit.observations import lay_out
    from gearwheel.fit.posterior import Engine
    from gearwheel.spin.compiled import jax_program

    layout = lay_out(wheel, gauges, record_end(gauges, wheel))
    return Engine(jax_program(wheel), layout), layout


def fit_wheel(
    wheel: Wheel,
    *,
    seed: int = 1,
    draws: int = DRAWS,
    progress: Progress | None = None,
    cache: bool = True,
    engine=None,
    known: Known | None = None,
):
    """The posterior of a wheel: from its record and its evidence where it has them, else its beliefs.

    Raises FitError when no trustworthy posterior came out, Cancelled when `progress` says so.
    """
    from gearwheel.fit.posterior import fit, from_beliefs
    from gearwheel.fit.trace import trace
    from gearwheel.fit.verdicts import verdicts

    progress = progress or silent
    known = known or known_of(wheel, progress)
    wheel, gauges = known.wheel, known.gauges
    if gauges is None or not gauges.series:
        return _from_evidence(wheel, draws, seed, progress) if counted(wheel) else from_beliefs(wheel, draws, seed)
    key = input_hash(wheel, gauges.hash, FIT_ROOMS, seed=seed, draws=draws)
    if cache and (kept := from_cache(wheel, key)):
        return kept
    engine = engine or make_engine(wheel, gauges)
    machine, observations = engine
    posterior = fit(machine, observations, draws=draws, seed=seed, progress=progress)
    judged = verdicts(machine, posterior, progress)
    progress("states", 0, 1, "")
    traced = trace(machine.evaluator, posterior.u[:TRACED], observations, instants(wheel, observations.steps), seed)
    posterior = posterior.with_findings(judged, traced)
    if cache:
        to_cache(posterior, key)
    return posterior


def _from_evidence(wheel: Wheel, draws: int, seed: int, progress: Progress):
    """Beliefs and evidence without a record: quick, and without states to keep."""
    from gearwheel.fit.observations import lay_out
    from gearwheel.fit.posterior import Engine, fit
    from gearwheel.fit.verdicts import verdicts
    from gearwheel.spin.compiled import jax_program

    nothing = lay_out(wheel, Gauges(), 0.0)
    machine = Engine(jax_program(wheel), nothing)
    posterior = fit(machine, nothing, draws=draws, seed=seed, progress=progress)
    return posterior.with_findings(verdicts(machine, posterior, progress), None)


def stored_posterior(wheel: Wheel, *, seed: int = 1, draws: int = DRAWS):
    """The posterior that an earlier fit of the same wheel and record has left in the cache, else None."""
    known = known_of(wheel)
    wheel, gauges = known.wheel, known.gauges
    if gauges is None or not gauges.series:
        return None
    key = input_hash(wheel, gauges.hash, FIT_ROOMS, seed=seed, draws=draws)
    # asked first, since reading one imports the fitting room
    return from_cache(wheel, key) if cached_file("fits", key, ".npz").exists() else None


def to_cache(posterior, key: str) -> None:
    """Keep a posterior; what cannot be kept (a full or read-only disk) is computed again next time."""
    from gearwheel.wheel.errors import GearwheelError

    arrays = io.BytesIO()
    mode, traced = posterior.mode, posterior.traced
    np.savez_compressed(
        arrays, u=posterior.u, free=posterior.free, mode=mode.u, information=mode.information, at=traced.at,
        stocks=traced.stocks, seasons=traced.seasons, residual=traced.residual,
    )  # fmt: skip
    notes = {
        "diagnostics": posterior.diagnostics,
        "verdicts": {n: vars(v) for n, v in posterior.verdicts.items()},
        "log_posterior": mode.log_posterior,
        "seed": posterior.seed,
    }
    try:
        save_atomically(cached_file("fits", key, ".npz"), arrays.getvalue())
        save_atomically(cached_file("fits", key, ".json"), json.dumps(plain(notes)).encode())
    except GearwheelError:
        return


def from_cache(wheel: Wheel, key: str):
    """The kept posterior of this key, None when there is none or it cannot be read."""
    try:
        return _kept(wheel, key)
    except (OSError, ValueError, LookupError, TypeError, EOFError, BadZipFile, zlib.error):
        return None  # what is damaged is computed again


def _kept(wheel: Wheel, key: str):
    from gearwheel.fit.beliefs import beliefs_of
    from gearwheel.fit.mode import Mode
    from gearwheel.fit.posterior import Posterior
    from gearwheel.fit.trace import Traced
    from gearwheel.fit.verdicts import Verdict

    with np.load(cached_file("fits", key, ".npz")) as kept:
        arrays = {n: kept[n] for n in kept.files}
    notes = json.loads(cached_file("fits", key, ".json").read_text())
    mode = Mode(arrays["mode"], notes["log_posterior"], arrays["information"], np.zeros_like(arrays["mode"]), 0)
    found = {
        n: Verdict(**{**v, "correlated_with": v["correlated_with"] and tuple(v["correlated_with"])})
        for n, v in notes["verdicts"].items()
    }
    traced = Traced(arrays["at"], arrays["stocks"], arrays["seasons"], arrays["residual"])
    posterior = Posterior(
        wheel, beliefs_of(wheel), arrays["u"], arrays["free"], notes["diagnostics"], mode=mode, seed=notes["seed"]
    )
    return posterior.with_findings(found, traced)
