"""Fit a wheel to its gauges: beliefs + record → joint draws of the parameters, with the gate they had to pass."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gearwheel.fit.beliefs import Beliefs, beliefs_of
from gearwheel.fit.evaluate import Evaluator, Terms
from gearwheel.fit.filter import Filter
from gearwheel.fit.importance import LEAST_ESS, adapt
from gearwheel.fit.mode import Mode, find_mode
from gearwheel.fit.observations import Observations
from gearwheel.spin.levers import history
from gearwheel.spin.program import Program
from gearwheel.wheel.errors import FitError
from gearwheel.wheel.evidence import left_out
from gearwheel.wheel.parts import Wheel

Progress = Callable[[str, int, int, str], None]

STARTS = 3
ROUND = 2048  # importance draws a round
AGREE = 0.5  # log units between the ends of two starts that count as one mode
KNOWN_SD = 0.95  # posterior sd, in prior sd, above which the data say nothing about a parameter
NARROWED = 0.02  # share of a sampled parameter's sd that holding the others may cost
FORETOLD = 256  # draws by which evidence is compared with the posterior
STILL = 0.3  # … provided that its mode has not moved more than this many prior sd


@dataclass(frozen=True)
class Posterior:
    """Equally weighted joint draws. `u` (draws, size) are whitened; parameters not in `free` stay on their belief.

    `log_likelihood` at the mode; `observations` None when there was nothing to fit to.
    """

    wheel: Wheel = field(repr=False)
    beliefs: Beliefs = field(repr=False)
    u: np.ndarray = field(repr=False)
    free: np.ndarray = field(repr=False)
    diagnostics: Mapping[str, Any]
    observations: Observations | None = field(default=None, repr=False)
    mode: Mode | None = field(default=None, repr=False)
    seed: int = 1
    verdicts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    traced: Any = field(default=None, repr=False)

    def with_findings(self, verdicts: Mapping[str, Any], traced: Any) -> Posterior:
        """The same posterior with its verdicts by link and its states over time."""
        return replace(self, verdicts=verdicts, traced=traced)

    @property
    def draws(self) -> int:
        return len(self.u)

    def parameters(self, draws: int | None = None) -> dict[str, Any]:
        """All parameters by name, believed ones as (draws,) arrays."""
        return self.beliefs.named(self.u[:draws])

    def __getitem__(self, name: str) -> np.ndarray:
        """Draws of one believed parameter on its natural scale."""
        return self.beliefs.natural(self.u)[:, self.beliefs.names.index(name)]


class Engine:
    """One compiled filter for a wheel and a layout of gauges; fits to all of it or to a split share it."""

    def __init__(self, program: Program, layout: Observations):
        self.wheel, self.beliefs, self.layout = program.wheel, beliefs_of(program.wheel), layout
        self.evaluator = Evaluator(Filter(program, self.beliefs, layout, history(program.wheel)))


def silent(*_) -> None:
    """The progress of those who do not ask."""


def from_beliefs(wheel: Wheel, draws: int, seed: int) -> Posterior:
    """What is believed before any data: prior draws."""
    beliefs = beliefs_of(wheel)
    diagnostics = {"method": "beliefs", "gate_passed": True, "k_hat": None, "r_hat_max": None, "ess_min": float(draws)}
    diagnostics |= {"draws": draws, "seconds": 0.0, "free_parameters": 0, "states": len(wheel.stock), "rows": 0}
    return Posterior(wheel, beliefs, beliefs.draw(draws, seed), np.zeros(beliefs.size, bool), diagnostics, seed=seed)


def fit(engine: Engine, observations: Observations, *, draws: int, seed: int, progress: Progress = silent) -> Posterior:
    """The joint posterior of the believed parameters.

    Multi-start Fisher scoring → Laplace → adaptive importance draws with the PSIS gate (k-hat < 0.7, ESS ≥ 400) →
    NUTS in whitened coordinates when the gate fails. Raises FitError, in words, when that fails too.
    """
    began = clock.perf_counter()
    evaluate = engine.evaluator.bind(observations)
    beliefs = engine.beliefs
    if not beliefs.size:
        raise FitError(
            "no parameter carries a belief, so there is nothing to fit: give those that you do not know one."
        )
    progress("compile", 0, 1, "the filter; kept on disk for the next time")
    evaluate(np.zeros((1, beliefs.size)))
    modes = _from_all_starts(evaluate, beliefs.size, seed, progress)
    best = max(modes, key=lambda m: m.log_posterior)
    if not np.isfinite(best.log_posterior):
        raise FitError(
            "no start gives the measured series any likelihood: a gauge reads a variable that is zero or negative "
            "where the record has a value. `gearwheel spin --beliefs` shows which."
        )
    free = _informed(best)
    held = Held(evaluate, free, beliefs.size)
    mode = find_mode(held, best.u[free])
    covariance = np.linalg.inv(mode.information)
    rounds = 16

    def told(number, found):
        progress("sample", number + 1, rounds, f"k-hat {found.k_hat:.2f}, effective draws {found.ess:.0f}")

    sampled = adapt(held, mode.u, covariance, draws=ROUND, seed=seed, rounds=rounds, progress=told)
    diagnostics = {
        "method": "laplace+psis",
        "gate_passed": sampled.passed,
        "k_hat": sampled.k_hat,
        "r_hat_max": None,
        "ess_min": sampled.ess,
        "divergences": None,
        "starts": len(modes),
        "starts_agreeing": sum(best.log_posterior - m.log_posterior < AGREE for m in modes),
    }
    if sampled.passed:
        chosen = sampled.resample(draws, seed)
    else:
        from gearwheel.fit.nuts import sample_nuts

        chosen, told_by_nuts = sample_nuts(engine, observations, free, mode, covariance, draws, seed, progress)
        diagnostics |= told_by_nuts
    _refuse_if_untrusted(diagnostics, beliefs, free, covariance)
    u = np.random.default_rng(seed + 999).standard_normal((draws, beliefs.size))
    u[:, free] = chosen
    whole = np.zeros(beliefs.size)
    whole[free] = mode.u
    diagnostics |= {
        "seconds": clock.perf_counter() - began,
        "draws": draws,
        "free_parameters": int(free.sum()),
        "states": len(engine.wheel.stock),
        "rows": observations.rows,
        "log_posterior": mode.log_posterior,
        "seasons_on_belief": [s.gauge for s in observations.seasons if s.on_belief],
        **_weighed(engine, observations, u),
    }
    return Posterior(engine.wheel, beliefs, u, free, diagnostics, observations, _at(mode, whole), seed)


class Held:
    """`evaluate` in the free coordinates only; the held stay at the centre of their belief."""

    def __init__(self, evaluate: Callable[[np.ndarray], Terms], free: np.ndarray, size: int):
        self.evaluate, self.free, self.size = evaluate, np.flatnonzero(free), size

    def __call__(self, v: np.ndarray) -> Terms:
        u = np.zeros((len(v), self.size))
        u[:, self.free] = v
        return self.evaluate(u)


def _weighed(engine: Engine, observations: Observations, u: np.ndarray) -> dict:
    """What each piece of evidence said and what the posterior makes of it; nothing for a wheel without evidence."""
    if not engine.wheel.evidence:
        return {}
    terms, found = engine.evaluator.evidence, {}
    out = left_out(engine.wheel)
    if len(terms):
        predicted = engine.evaluator.foretold(u[:FORETOLD])
        for i, (name, estimate, sd, seen) in enumerate(zip(terms.names, *terms.data(observations.known))):
            if not seen:
                out[name] = "it had not ended"
                continue
            low, median, high = np.nanquantile(predicted[:, i], [0.05, 0.5, 0.95])
            found[name] = {"estimate": estimate, "error": sd, "q05": low, "median": median, "q95": high}
    return {"evidence": found, "evidence_left_out": out}


def _at(mode: Mode, u: np.ndarray) -> Mode:
    return Mode(u, mode.log_posterior, mode.information, mode.gradient, mode.iterations)


def _from_all_starts(evaluate, size: int, seed: int, progress: Progress) -> list[Mode]:
    modes = []
    for start in range(STARTS):
        progress("optimise", start, STARTS, "")
        u = np.zeros(size) if start == 0 else 0.7 * np.random.default_rng(seed + start).standard_normal(size)
        modes.append(find_mode(evaluate, u))
    progress("optimise", STARTS, STARTS, f"log posterior {max(m.log_posterior for m in modes):.1f}")
    return modes


def _informed(mode: Mode) -> np.ndarray:
    """Parameters to sample, by the Laplace posterior. The others keep their belief, which is then also their posterior:
    the data say nothing about them (sd and mode are those of the belief), and holding them narrows none of the sampled
    parameters by more than `NARROWED`, so that nothing is known about them jointly either. A record that says nothing
    leaves one parameter, since there must be something to sample."""
    covariance = np.linalg.inv(mode.information)
    sd = np.sqrt(np.diag(covariance))
    free = (sd < KNOWN_SD) | (np.abs(mode.u) > STILL)
    free[np.argmin(sd)] = True
    while not free.all():
        conditional = np.sqrt(np.diag(np.linalg.inv(mode.information[np.ix_(free, free)])))
        loss = 1 - conditional / sd[free]
        if loss.max() <= NARROWED:
            break
        worst = np.flatnonzero(free)[np.argmax(loss)]
        tied = np.abs(covariance[worst]) / sd
        free[np.argmax(np.where(free, -1.0, tied))] = True
    return free


def _refuse_if_untrusted(diagnostics: dict, beliefs: Beliefs, free: np.ndarray, covariance: np.ndarray) -> None:
    if diagnostics["gate_passed"]:
        return
    sd = np.sqrt(np.diag(covariance))
    correlation = np.abs(covariance / np.outer(sd, sd) - np.eye(len(sd)))
    names = np.array(beliefs.names)[free]
    a, b = np.unravel_index(np.argmax(correlation), correlation.shape)
    raise FitError(
        f"no trustworthy posterior: k-hat {diagnostics['k_hat']:.2f}, effective draws {diagnostics['ess_min']:.0f} "
        f"(at least {LEAST_ESS:.0f} wanted). The data cannot tell {names[a]} from {names[b]} "
        f"(correlation {correlation[a, b]:.2f}): an experiment on either, or a narrower belief with its reason, would help."
    )
