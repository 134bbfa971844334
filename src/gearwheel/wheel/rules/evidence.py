"""Evidence says of what it is, between which settings, when and how sure; otherwise it could not be weighed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gearwheel.wheel.errors import Problem
from gearwheel.wheel.parts import Evidence, Wheel
from gearwheel.wheel.rules import levers, time_step
from gearwheel.wheel.rules.helpers import problem, suggest
from gearwheel.wheel.times import elapsed

CODE = "GW227"
DESIGNS = ("experiment", "observational")
SCALES = ("log", "abs")

Fault = tuple[str, str]


def check(wheel: Wheel) -> Iterator[Problem]:
    for name, evidence in wheel.evidence.items():
        both = bool(evidence.of) == bool(evidence.lever or evidence.metric)
        if both:
            hint = "Give of = a parameter, or lever, control, treated, starts, ends and metric."
            what = "is of a parameter and of a lever" if evidence.of else "does not say of what it is"
            yield problem(wheel, CODE, "evidence", name, f"evidence '{name}' {what}", hint)
            continue
        form = _parameter(wheel, evidence) if evidence.of else _contrast(wheel, evidence)
        for message, hint in (*form, *_numbers(evidence)):
            yield problem(wheel, CODE, "evidence", name, f"evidence '{name}' {message}", hint)


def _parameter(wheel: Wheel, evidence: Evidence) -> Iterator[Fault]:
    parameter = wheel.parameter.get(evidence.of)
    if parameter is None:
        yield f"is of '{evidence.of}', which is no parameter", suggest(evidence.of, wheel.parameter)
    elif parameter.belief is None:
        yield f"is of '{evidence.of}', which is fixed", "Evidence moves a belief: give the parameter one."


def _contrast(wheel: Wheel, evidence: Evidence) -> Iterator[Fault]:
    lever = wheel.lever.get(evidence.lever)
    if lever is None:
        yield f"moves '{evidence.lever}', which is no lever", suggest(evidence.lever, wheel.lever)
    if evidence.metric not in wheel.variables():
        yield f"measures '{evidence.metric}', which is no variable", suggest(evidence.metric, wheel.variables())
    if evidence.control is None or evidence.treated is None or evidence.control == evidence.treated:
        yield "does not compare two settings", "Give control and treated, two values of the lever."
    elif (
        lever
        and not any(levers.check(wheel))
        and not all(lever.limits[0] <= v <= lever.limits[1] for v in (evidence.control, evidence.treated))
    ):
        limits = f"{lever.limits[0]:g} to {lever.limits[1]:g}"
        yield (
            f"sets '{evidence.lever}' outside its limits {limits}",
            "What has been done is possible: widen the limits.",
        )
    if evidence.scale not in SCALES:
        yield f"has the scale '{evidence.scale}'", f"One of {', '.join(SCALES)}."
    yield from _window(wheel, evidence)


def _window(wheel: Wheel, evidence: Evidence) -> Iterator[Fault]:
    if evidence.starts is None or evidence.ends is None:
        yield "does not say when it was", "Give starts and ends, the first day and the first day after."
    elif evidence.starts < wheel.start:
        yield f"starts on {evidence.starts}, before the wheel on {wheel.start}", "Start the wheel earlier."
    elif evidence.ends <= evidence.starts:
        yield f"ends on {evidence.ends}, not after its start on {evidence.starts}", "ends is the first day after it."
    elif elapsed(evidence.ends, wheel) - elapsed(evidence.starts, wheel) < 0.5 * wheel.dt:
        if any(time_step.check(wheel)):
            return
        yield "is shorter than one time step", "Shorten dt, or state the effect on the parameter itself."


def _numbers(evidence: Evidence) -> Iterator[Fault]:
    if evidence.design not in DESIGNS:
        yield f"has the design '{evidence.design}'", f"One of {', '.join(DESIGNS)}."
    if not (math.isfinite(evidence.widen) and evidence.widen >= 1):
        yield f"is widened by {evidence.widen:g}", "At least 1: observation does not make an estimate surer."
    if evidence.estimate is None and evidence.error is None:
        if not evidence.fact:
            yield "has no estimate", "Give estimate and error, or the fact that fills them."
    elif evidence.estimate is None or not math.isfinite(evidence.estimate):
        yield "has no finite estimate", "Give estimate and error together."
    elif evidence.error is None or not (math.isfinite(evidence.error) and evidence.error > 0):
        yield "has no error above 0", "Give the standard error of the estimate."
