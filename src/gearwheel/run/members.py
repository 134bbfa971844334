"""What is known of members beside the wheel: their events, a survey of what they spend, and what past fees did."""

from __future__ import annotations

import csv
import math
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np

from gearwheel.run.questions import LEVER_DRAWS
from gearwheel.run.store import Progress
from gearwheel.spin.levers import history
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.errors import DataError, Problem
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import calendar_day, per_year

SURVEY = "member_spend.csv"  # beside the wheel: year, members, others, source
AFTER = 5.0  # years over which a past change is judged


def member_effect_at(target: str | Path, changed: date | None = None, progress: Progress | None = None) -> dict:
    """What the events of a mapping, or of the folder that holds one, say about a membership's effect, as plain results.

    Ratios are of members over others, 90 % ranges. Raises DataError: GW158 where there are no memberships.
    """
    from gearwheel.fit.member_effect import member_effect
    from gearwheel.gauges.events import open_events
    from gearwheel.gauges.mapping import read_mapping
    from gearwheel.run.measuring import mapping_of

    file = mapping_of(str(target))
    with open_events(read_mapping(file), file.parent, progress) as events:
        return told(member_effect(events, changed))


def told(found) -> dict:
    """A `MemberEffect` as plain results."""

    def ratio(estimate) -> dict:
        low, high = (math.exp(estimate.log + k * 1.6449 * estimate.error) for k in (-1, 1))
        return asdict(estimate) | {"ratio": {"low": low, "median": estimate.ratio, "high": high}}

    return {
        "answer": found.answer,
        "naive": {name: ratio(e) for name, e in found.naive.items()},
        "experiments": [ratio(e) for e in found.experiments],
        "dated": [ratio(e) for e in found.dated],
        "before_after": ratio(found.before_after) if found.before_after else None,
        "bounds": {"low": math.exp(found.bounds[0]), "high": math.exp(found.bounds[1])},
        "assumption": "a membership makes nobody order less, and those who join would not have ordered less than others",
        "notes": list(found.notes),
    }


def survey(wheel: Wheel) -> list[dict]:
    """What members and others spend by a survey beside the wheel's file: their ratio holds selection and effect, so it
    is an upper bound on the effect and no more. Empty where there is no such file. Raises DataError: GW158 for a row
    that lacks a number."""
    file = Path(wheel.file).with_name(SURVEY) if wheel.file else None
    if file is None or not file.exists():
        return []
    reader = csv.DictReader(file.read_text("utf-8").splitlines())
    return [_surveyed(row, file, reader.line_num) for row in reader]


def _surveyed(row: dict, file: Path, line: int) -> dict:
    try:
        year, spent = int(row["year"]), [float(row[n]) for n in ("members", "others")]
    except (KeyError, TypeError, ValueError):
        year, spent = 0, [math.nan]
    if not all(0 < v < math.inf for v in spent):
        message = "a row of the survey needs a year, and above 0 what members and what others spend"
        hint = "Columns: year, members, others, source."
        raise DataError(Problem("GW158", message, str(file), line, hint))
    return {"year": year, "ratio": spent[0] / spent[1], "source": row.get("source") or ""}


def selection_of(posterior, gear: str) -> dict | None:
    """Spend of members over others: what the wheel holds for the effect, and what the survey's ratio leaves for who
    joins. None where the wheel has neither number."""
    from gearwheel.loops.anchors import interval

    names = [f"{gear}.{n}" if gear else n for n in ("lift", "basket_ratio")]
    found = survey(posterior.wheel)
    if not found or any(n not in posterior.wheel.parameter for n in names):
        return None
    effect = np.prod([posterior.parameters()[n] for n in names], axis=0)
    latest = found[-1]
    return {
        "survey": found,
        "effect": interval(effect),
        "left_to_selection": interval(latest["ratio"] / effect),
        "above_survey": float(np.mean(effect > latest["ratio"])),
    }


def past_changes(posterior, parameter: str, outcome: str, shown: list[str], years: float = AFTER) -> list[dict]:
    """Each dated change of one lever, as it was against the value before going on, over `years` or until now.

    From the states that the record leaves at that time, in paired draws without noise; all other levers as they were.
    [] without a record or a history.
    """
    from gearwheel.levers.judging import ahead, summed
    from gearwheel.loops.anchors import interval

    wheel, traced = posterior.wheel, posterior.traced
    steps = history(wheel).get(parameter, ())
    if traced is None or len(steps) < 2:
        return []
    program, draws = build(wheel), min(LEVER_DRAWS, len(traced.stocks))
    given, times = posterior.parameters(draws), np.asarray(traced.at) * wheel.dt
    rest = {n: path for n, path in history(wheel).items() if n != parameter}
    found = []
    for (_, before), (at, after) in zip(steps[:-1], steps[1:]):
        known = np.flatnonzero(times <= at + 1e-9)
        length = min(years * per_year(wheel), times[-1] - at)
        if not len(known) or length < wheel.dt:
            continue
        first = times[known[-1]]
        state = traced.stocks[:draws, known[-1]]
        lead = round((at - first) / wheel.dt)
        if lead:
            state = spin(program, given, lead, start=first, state=state, paths=history(wheel), keep=()).states
        start = first + lead * wheel.dt
        batch = {n: np.tile(np.broadcast_to(v, (draws,)), 2) for n, v in given.items()}
        batch[parameter] = np.repeat([before, after], draws)
        run = spin(
            program, batch, round(length / wheel.dt), start=start, state=np.tile(state, (2, 1)), paths=rest,
            keep=list(dict.fromkeys([outcome, *shown])),
        )  # fmt: skip
        sums = {n: summed(v, "cumulated", wheel.dt).reshape(2, draws) for n, v in run.values.items()}
        ends = {n: summed(v, "level", wheel.dt).reshape(2, draws) for n, v in run.values.items()}
        gain = sums[outcome][1] - sums[outcome][0]
        found.append(
            {
                "date": calendar_day(at, wheel).isoformat(), "from": before, "to": after, "years": length / per_year(wheel),
                "effect": interval(gain), "probability_better": ahead(gain),
                "shown": {n: {"relative": interval(ends[n][1] / ends[n][0]), "sum": interval(sums[n][1] - sums[n][0])}
                          for n in shown},
            }
        )  # fmt: skip
    return found
