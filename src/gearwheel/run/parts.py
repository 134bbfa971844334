"""Parameters and links as plain results: belief beside posterior, always."""

from __future__ import annotations

import re

import numpy as np

from gearwheel.wheel.parts import Belief, Wheel
from gearwheel.wheel.read import TIME_UNITS
from gearwheel.wheel.units import UnitError, parse_unit

CURVE = 60  # points of a density curve


def shown_unit(unit: str, wheel: Wheel) -> str:
    """A unit as people read it: `money` is the wheel's currency, counts carry its `counts` word, 1 says nothing.

    In a wheel of "USD million" that counts in millions, `money/year` is "USD/year million", `customer` is
    "customer million" and `money/order` is "USD/order": the two millions cancel.
    """
    try:
        powers = dict(parse_unit(unit))
    except UnitError:
        return unit
    if not powers:
        return ""
    code, _, scale = wheel.currency.partition(" ")
    text = re.sub(r"\bmoney\b", code, unit) if code else unit
    counted = sum(p for base, p in powers.items() if base not in ("money", *TIME_UNITS))
    words = [scale] * int(powers.get("money", 0)) + [wheel.counts] * max(0, int(counted))
    for _ in range(max(0, -int(counted))):
        if wheel.counts in words:
            words.remove(wheel.counts)
    return f"{text} {words[0]}".strip() if len(words) == 1 else text


def parameter_part(posterior) -> dict:
    """The `parameters` part of results.json, one entry for each believed parameter."""
    from gearwheel.fit.verdicts import contraction

    found = {}
    for i, name in enumerate(posterior.beliefs.names):
        parameter = posterior.wheel.parameter[name]
        draws = posterior[name]
        found[name] = {
            "unit": shown_unit(parameter.unit, posterior.wheel),
            "because": parameter.because,
            "belief": belief_part(parameter.belief),
            "posterior": posterior_part(draws),
            "contraction": contraction(posterior, name),
            "fitted": bool(posterior.free[i]),
            "belief_curve": _believed_curve(parameter.belief),
            "posterior_curve": _curve(draws, parameter.belief),
        }
    return found


def belief_part(belief: Belief) -> dict:
    """low, centre, high as stated, and mean and sd on the natural scale."""
    mean, sd = belief.centre, belief.sd
    if belief.shape == "lognormal":
        mean = belief.centre * np.exp(belief.sd**2 / 2)
        sd = mean * np.sqrt(np.expm1(belief.sd**2))
    return {"low": belief.low, "centre": belief.centre, "high": belief.high, "mean": mean, "sd": sd}


def posterior_part(draws: np.ndarray) -> dict:
    low, median, high = np.quantile(draws, [0.05, 0.5, 0.95])
    return {"q05": low, "median": median, "q95": high, "mean": draws.mean(), "sd": draws.std()}


def _believed_curve(belief: Belief) -> list:
    log = belief.shape == "lognormal"
    z = np.linspace(-3.2, 3.2, CURVE)
    x = belief.location + belief.sd * z
    density = np.exp(-0.5 * z**2) / (belief.sd * np.sqrt(2 * np.pi))
    return np.column_stack([np.exp(x), density / np.exp(x)] if log else [x, density]).tolist()


def _curve(draws: np.ndarray, belief: Belief) -> list:
    """A kernel density on the fitting scale, so that a positive parameter has no density below zero."""
    log = belief.shape == "lognormal"
    z = np.log(draws) if log else draws
    width = 1.06 * max(z.std(), 1e-12) * len(z) ** -0.2  # Silverman's rule
    x = np.linspace(z.min() - 2 * width, z.max() + 2 * width, CURVE)
    kernel = np.exp(-0.5 * ((x[:, None] - z[None, :]) / width) ** 2)
    density = kernel.mean(axis=1) / (width * np.sqrt(2 * np.pi))
    return np.column_stack([np.exp(x), density / np.exp(x)] if log else [x, density]).tolist()


def link_part(posterior, anchors=None) -> dict:
    """The `links` part of results.json, one entry for each link with a believed strength.

    With `anchors` each says how long it takes to be felt.
    """
    from gearwheel.fit.verdicts import UNMOVED

    delays = _delays(anchors) if anchors is not None else {}
    found = {}
    for name, link in posterior.wheel.link.items():
        if link.strength not in posterior.beliefs.names:
            continue
        verdict = posterior.verdicts.get(name)
        related = verdict.correlated_with if verdict else None
        found[name] = {
            "cause": link.cause,
            "effect": link.effect,
            "polarity": link.polarity,
            "strength": link.strength,
            "belief": belief_part(posterior.wheel.parameter[link.strength].belief),
            "posterior": posterior_part(posterior[link.strength]),
            "neutral": link.neutral,
            "no_effect_band": link.no_effect_band,
            "contraction": verdict.contraction if verdict else 0.0,
            "narrowed": narrowed(verdict.contraction if verdict else 0.0),
            "profile_gain": verdict.profile_gain if verdict else None,
            "verdict": verdict.verdict if verdict else "the data cannot tell",
            "detail": verdict.detail if verdict else UNMOVED,
            "correlated_with": {"parameter": related[0], "r": related[1]} if related else None,
            "experiment": link.experiment,
            "because": link.because,
            "delay": delays.get(name),
            "evidence": _evidence(posterior.wheel, link.strength),
        }
    return found


def narrowed(contraction: float) -> float:
    """The share of the belief's width that the data removed, 1 − sd(posterior)/sd(prior), from that of its variance."""
    return 1.0 - float(np.sqrt(max(0.0, 1.0 - contraction)))


def _evidence(wheel: Wheel, strength: str) -> list[dict]:
    """What entered beside the record about one strength."""
    from gearwheel.wheel.evidence import counted

    return [
        {"name": name, "design": e.design, "estimate": e.estimate, "error": e.sd, "because": e.because}
        for name, e in counted(wheel).items()
        if e.of == strength
    ]


def _delays(anchors) -> dict[str, dict]:
    from gearwheel.loops.anchors import interval
    from gearwheel.loops.delays import link_delays

    unit = anchors.program.wheel.unit
    told = {name: (stock, interval(draws)) for name, (stock, draws) in link_delays(anchors).items()}
    return {name: {**span, "unit": unit, "stock": stock} for name, (stock, span) in told.items() if span}
