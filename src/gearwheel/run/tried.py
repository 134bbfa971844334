"""Experiments that a business has run, as evidence of its wheel: the contrast that they found, with its error."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from gearwheel.spin.run import resolve_name
from gearwheel.wheel.parts import Evidence, Wheel

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


def tried(experiments: Sequence[Mapping], wheel: Wheel) -> tuple[dict[str, Evidence], dict[str, str]]:
    """Evidence by name from rows of the table `experiments`, and for those that cannot enter why not.

    `wheel` is assembled. An experiment enters where its lever and metric are the wheel's and it began after the
    wheel's first day; customers treated at random stand for the business as a whole, which is right where they do not
    act on one another.
    """
    found, left = {}, {}
    for row in experiments:
        name = re.sub(r"\W+", "_", str(row["name"])).strip("_").lower() or "experiment"
        lever, metric = _named(row["lever"], LEVERS, wheel.lever), _named(row["metric"], METRICS, wheel.variables())
        if not lever:
            left[name] = f"the wheel has no lever '{row['lever']}'"
        elif not metric:
            left[name] = f"the wheel has no variable '{row['metric']}'"
        elif not row["starts_at"] or not row["ends_at"] or date.fromisoformat(row["starts_at"]) < wheel.start:
            left[name] = "it was not wholly within the wheel's record"
        elif not row["se"] or row["se"] <= 0 or None in (row["control_value"], row["treated_value"], row["effect"]):
            left[name] = "its effect, error or settings are missing"
        else:
            found[name] = _evidence(row, lever, metric)
    return found, left


def _evidence(row: Mapping, lever: str, metric: str) -> Evidence:
    share = f", {row['share_exposed']:.0%} of each {row['unit']}" if row["share_exposed"] and row["unit"] else ""
    return Evidence(
        lever=lever,
        metric=metric,
        control=float(row["control_value"]),
        treated=float(row["treated_value"]),
        starts=date.fromisoformat(row["starts_at"]),
        ends=date.fromisoformat(row["ends_at"]),
        scale="abs" if row["scale"] == "abs" else "log",
        estimate=float(row["effect"]),
        error=float(row["se"]),
        design="observational" if row["design"] == "observational" else "experiment",
        because=f"the shop's own experiment '{row['name']}'{share}",
    )


def _named(word: str | None, names: Mapping[str, str], known) -> str:
    """The full name that is meant, "" where there is none."""
    said = (word or "").strip()
    try:
        return resolve_name(names.get(said.lower(), said), known)
    except KeyError:
        return ""
