"""One verdict per link: turns, turns the other way, does not turn here, or the data cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gearwheel.fit.evaluate import Terms
from gearwheel.fit.mode import find_mode
from gearwheel.fit.posterior import Engine, Held, Posterior, Progress, silent
from gearwheel.wheel.parts import Link

LEAST_CONTRACTION = 0.3
PROFILE_TOLERANCE = 0.1  # log units: small beside the gain that matters
LEAST_PROFILE_GAIN = 1.35  # half the 90 % point of chi-squared with one degree of freedom
TINY, LEANS, BOTH, UNMOVED = "at most tiny", "leans", "effect or none", "hardly narrowed"


@dataclass(frozen=True)
class Verdict:
    """`contraction` = 1 − var(posterior)/var(prior) on the fitting scale; `profile_gain` in log units, None where it
    was not needed; `correlated_with` the parameter with the strongest posterior correlation; `detail` what lies behind
    "the data cannot tell": one of TINY, LEANS, BOTH, UNMOVED, "" for the other verdicts."""

    verdict: str
    contraction: float
    profile_gain: float | None
    correlated_with: tuple[str, float] | None
    detail: str = ""


def contraction(posterior: Posterior, parameter: str) -> float:
    """How much the data narrowed one belief: 1 is all, 0 nothing. Negative when the posterior is wider.

    A parameter that stayed on its belief has contraction 0 by definition, not by the accident of its draws.
    """
    i = posterior.beliefs.names.index(parameter)
    return float(1 - posterior.u[:, i].var()) if posterior.free[i] else 0.0


def beyond_belief(posterior: Posterior) -> list[str]:
    """The parameters that the data took out of their beliefs, whose stated 80 % range is then wrong or bears what
    something else leaves unexplained: the 90 % interval does not touch the range, or the median lies outside it and
    the data made the number less sure than the belief was."""
    found = []
    for i, name in enumerate(posterior.beliefs.names):
        if not posterior.free[i]:
            continue
        belief = posterior.wheel.parameter[name].belief
        low, median, high = np.quantile(posterior[name], [0.05, 0.5, 0.95])
        apart = low > belief.high or high < belief.low
        if apart or (not belief.low <= median <= belief.high and contraction(posterior, name) < 0):
            found.append(name)
    return found


def judge(link: Link, posterior: Posterior, gain_over_neutral: Callable[[], float] | None) -> Verdict:
    """The verdict, its rules tested in the design's order. `gain_over_neutral` computes the profile only if needed."""
    draws = posterior[link.strength]
    low, high = np.quantile(draws, [0.05, 0.95])
    narrowed = contraction(posterior, link.strength)
    related = _correlated(posterior, link.strength)
    gain = None
    if narrowed >= LEAST_CONTRACTION:
        band = link.no_effect_band
        if band and link.neutral - band <= low and high <= link.neutral + band:
            return Verdict("does not turn here", narrowed, None, related)
        if gain_over_neutral and not low <= link.neutral <= high:
            gain = gain_over_neutral()
            if gain >= LEAST_PROFILE_GAIN:
                return Verdict(_direction(link, posterior, float(np.median(draws))), narrowed, gain, related)
    return Verdict("the data cannot tell", narrowed, gain, related, _detail(link, posterior, narrowed, low, high))


def _detail(link: Link, posterior: Posterior, narrowed: float, low: float, high: float) -> str:
    """Why the data cannot tell: they hardly narrowed the belief; they leave at most a tiny effect in the claimed
    direction, with that end of the 90 % interval inside the no-effect band; the interval leaves no effect out, but the
    record is hardly less likely without one; or both an effect and none fit."""
    if narrowed < LEAST_CONTRACTION:
        return UNMOVED
    claimed = np.sign(posterior.wheel.parameter[link.strength].belief.centre - link.neutral)
    end = high - link.neutral if claimed > 0 else link.neutral - low
    if claimed and link.polarity != "open" and link.no_effect_band and end <= link.no_effect_band:
        return TINY
    return BOTH if low <= link.neutral <= high else LEANS


def _direction(link: Link, posterior: Posterior, median: float) -> str:
    believed = posterior.wheel.parameter[link.strength].belief
    claimed = np.sign(believed.centre - link.neutral)
    if link.polarity == "open" or claimed == 0 or np.sign(median - link.neutral) == claimed:
        return "turns"
    return "turns the other way"


def _correlated(posterior: Posterior, parameter: str) -> tuple[str, float] | None:
    names = posterior.beliefs.names
    i = names.index(parameter)
    others = np.flatnonzero(posterior.free & (np.arange(len(names)) != i))
    if not posterior.free[i] or not len(others):
        return None
    correlation = np.corrcoef(posterior.u[:, [i, *others]].T)[0, 1:]
    strongest = int(np.argmax(np.abs(correlation)))
    return names[others[strongest]], float(correlation[strongest])


def verdicts(engine: Engine, posterior: Posterior, progress: Progress = silent) -> dict[str, Verdict]:
    """Link name → verdict, for every link whose strength is believed."""
    found = {}
    judged = {n: v for n, v in posterior.wheel.link.items() if v.strength in posterior.beliefs.names}
    evaluate = None if posterior.observations is None else engine.evaluator.bind(posterior.observations)
    for done, (name, link) in enumerate(judged.items()):
        progress("verdicts", done, len(judged), name)
        found[name] = judge(link, posterior, evaluate and _profile(evaluate, posterior, link))
    return found


def _profile(evaluate: Callable[[np.ndarray], Terms], posterior: Posterior, link: Link) -> Callable[[], float]:
    """Log-likelihood gained over the neutral strength, the other parameters re-fitted under their beliefs and the
    link's own belief left out: so that a verdict cannot be read off the belief."""

    def gain() -> float:
        free = posterior.free
        held = Held(evaluate, free, len(free))
        i = int(np.flatnonzero(np.flatnonzero(free) == posterior.beliefs.names.index(link.strength))[0])
        prior = np.ones(int(free.sum()))
        prior[i] = 0.0
        start, covariance = posterior.mode.u[free], np.linalg.inv(posterior.mode.information)
        settings = {"prior": prior, "tolerance": PROFILE_TOLERANCE}
        best = find_mode(held, start, most=15, **settings).log_posterior
        others = np.ones(len(prior), bool)
        others[i] = False
        target = posterior.beliefs.whitened(link.strength, _neutral(posterior, link))
        # the others move as the Laplace posterior says they would: a start that is nearly the end
        neutral = start + covariance[:, i] / covariance[i, i] * (target - start[i])
        return best - find_mode(held, neutral, free=others, most=25, **settings).log_posterior

    return gain


def _neutral(posterior: Posterior, link: Link) -> float:
    """The neutral strength; for a strength that cannot be negative, so near to zero that it makes no difference."""
    positive = posterior.beliefs.logs[posterior.beliefs.names.index(link.strength)]
    return max(link.neutral, 1e-6) if positive else link.neutral
