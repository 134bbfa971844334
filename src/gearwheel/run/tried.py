"""Experiments that a business has run, as evidence of its wheel: the contrast that they found, with its error."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from gearwheel.spin.run import resolve_name
from gearwheel.wheel.parts import Evidence, Wheel
from gearwheel.wheel.times import elapsed

METRICS = {  # what shops call a metric → the variable that an own wheel has for it
    "orders per customer": "experience.frequency",
    "review score": "review_score",
    "basket": "experience.basket",
    "new customers": "experience.joining",
    "new sellers": "marketplace.entering",
}
LEVERS = {
    "delivery": "delivery_days",
    "prices": "price",
    "commission": "marketplace.take_rate",
    "take": "marketplace.take_rate",
    "fee": "membership.fee",
}


def tried(experiments: Sequence[Mapping], wheel: Wheel, end: date) -> tuple[dict[str, Evidence], dict[str, str]]:
    """Evidence by name from rows of the table `experiments`, and for those that cannot enter why not.

    `wheel` is assembled and its record ends on `end`. An experiment enters where its lever and metric are the wheel's
    and it lay within the record; customers treated at random stand for the business as a whole, which is right where
    they do not act on one another.
    """
    found, left = {}, {}
    for row in experiments:
        name = _name(row, {*found, *left})
        lever, metric = _named(row["lever"], LEVERS, wheel.lever), _named(row["metric"], METRICS, wheel.variables())
        why = next(_reasons(row, lever, metric, wheel, end), "")
        if why:
            left[name] = why
        else:
            found[name] = _evidence(row, lever, metric)
    return found, left


def _reasons(row: Mapping, lever: str, metric: str, wheel: Wheel, end: date) -> Iterator[str]:
    numbers = [row[key] for key in ("control_value", "treated_value", "effect", "se")]
    if not lever:
        yield f"the wheel has no lever '{row['lever']}'"
    elif not metric:
        yield f"the wheel has no variable '{row['metric']}'"
    elif any(n is None or not math.isfinite(n) for n in numbers) or row["se"] <= 0:
        yield "its effect, error or settings are missing"
    elif row["control_value"] == row["treated_value"]:
        yield "both groups had the same setting"
    elif not all(_within(wheel.lever[lever].limits, row[key]) for key in ("control_value", "treated_value")):
        yield f"its settings lie outside the lever's limits, {wheel.lever[lever].limits[0]:g} to {wheel.lever[lever].limits[1]:g}"
    elif row["scale"] not in (None, "", "log", "abs"):
        yield f"its scale is '{row['scale']}', not log or abs"
    elif not (row["starts_at"] and row["ends_at"]):
        yield "its first or last day is missing"
    elif _day(row["starts_at"]) < wheel.start or _end(row) > end:
        yield "it was not wholly within the wheel's record"
    elif elapsed(_end(row), wheel) - elapsed(_day(row["starts_at"]), wheel) < wheel.dt:
        yield "it was shorter than one time step"


def _evidence(row: Mapping, lever: str, metric: str) -> Evidence:
    share = f", {row['share_exposed']:.0%} of each {row['unit']}" if row["share_exposed"] and row["unit"] else ""
    return Evidence(
        lever=lever,
        metric=metric,
        control=float(row["control_value"]),
        treated=float(row["treated_value"]),
        starts=_day(row["starts_at"]),
        ends=_end(row),
        scale=row["scale"] or "log",
        estimate=float(row["effect"]),
        error=float(row["se"]),
        design="observational" if row["design"] == "observational" else "experiment",
        because=f"the shop's own experiment '{row['name']}'{share}",
    )


def _within(limits: tuple[float, float], value: float) -> bool:
    return limits[0] <= value <= limits[1]


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _end(row: Mapping) -> date:
    """The first day after it."""
    return _day(row["ends_at"]) + timedelta(1)


def _name(row: Mapping, taken: set[str]) -> str:
    """A name that a wheel file may have, from that of the experiment and, where it is taken, its metric."""
    for text in (str(row["name"]), f"{row['name']} {row['metric']}"):
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        name = "tried_" + re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
        if name not in taken:
            return name
    return f"{name}_{len(taken)}"


def _named(word: str | None, names: Mapping[str, str], known) -> str:
    """The full name that is meant, "" where there is none."""
    said = (word or "").strip()
    try:
        return resolve_name(names.get(said.lower(), said), known)
    except KeyError:
        return ""
