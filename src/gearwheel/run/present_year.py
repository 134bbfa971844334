"""Whether a wheel reproduces the year that its record ends with: a plan from a wheel that does not is no plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from gearwheel.gauges.series import Gauges
from gearwheel.run.fitting import Known, known_of
from gearwheel.run.questions import LEVER_DRAWS, anchors_of, now_of
from gearwheel.show.figures import amount, percent
from gearwheel.wheel.errors import Problem, WheelError
from gearwheel.wheel.graph import graph
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.times import per_year

CODE = "GW161"
FAR = 3.0  # standard deviations
LEAST = 0.05  # of what was measured: the states are read at a few moments of the year only
UNKNOWN = 0.5  # spread in logs beyond which the wheel does not know what the record says plainly
COVERED = 0.5  # of the year, that the record must cover to speak about it
GOODS = ("sales_value", "orders", "goods_cost_share", "cost_overhead")  # without these no profit is measured
GEAR_COSTS = {
    "fulfilment": ("cost_fulfilment", "shipping_per_order"),
    "marketplace": ("third_party_share", "take_rate"),
}


def refuse_unless_reproduced(posterior, outcome: str, known: Known | None = None) -> None:
    """Raises WheelError (GW161), saying what the wheel makes of the last year and what was measured, where the two differ
    by more than their error: in a measured flow of money that `outcome` follows from, or in the profit itself.

    The last year is that before the end of the record, or all of a shorter one; the wheel is read at its filtered
    states. Nothing is refused where the record says nothing about money, or where nothing was fitted.
    """
    if posterior.traced is None:
        return
    known = known or known_of(posterior.wheel)
    told = [*_flows(posterior, outcome, known.gauges), *_profit(posterior, outcome, known)]
    if told:
        hint = "Mend what the wheel says about today first: its start, its costs, its price level. `gearwheel fit` and the report's forecast show where it leaves the record."
        message = f"no plan: of the last year the wheel says {'; '.join(told)}"
        raise WheelError(Problem(CODE, message, posterior.wheel.file, hint=hint))


def _money(wheel: Wheel, variable: str) -> bool:
    top, _, below = wheel.variables()[variable].unit.partition("/")
    return top.strip() in ("money", wheel.currency or "money") and below.strip() == wheel.unit


def _flows(posterior, outcome: str, gauges: Gauges) -> Iterator[str]:
    """Of each measured flow of money behind the outcome that is not reproduced, one sentence."""
    wheel, now = posterior.wheel, now_of(posterior)
    behind = _behind(wheel, outcome)
    for name, series in gauges.series.items():
        gauge = wheel.gauge[name]
        if gauge.measure != "sum" or gauge.of not in behind or not _money(wheel, gauge.of):
            continue
        rows = [
            r for r in series.rows if not r.bound and r.start >= now - per_year(wheel) - 1e-6 and r.end <= now + 1e-6
        ]
        covered = sum(r.end - r.start for r in rows)
        if covered < COVERED * per_year(wheel):
            continue
        measured = sum(r.value for r in rows) / covered * per_year(wheel)
        error = max(r.error or gauge.error for r in rows)
        error = error if gauge.scale == "abs" else error * abs(measured)
        drawn = _year(posterior, gauge.of, rows[0].start, rows[-1].end)
        if said := _apart(gauge.title or name, drawn, measured, error, None, wheel):
            yield said


def _profit(posterior, outcome: str, known: Known) -> Iterator[str]:
    """The same of the profit, where the events tell all of its costs; the error of each is LEAST of the sales."""
    wheel, now = posterior.wheel, now_of(posterior)
    if known.events is None or outcome.rpartition(".")[2] not in ("profit", "operating_income"):
        return
    year = _measured_year(known.events, wheel)
    if not year or (said := _profit_of(year, wheel)) is None:
        return
    drawn = _year(posterior, outcome, max(0.0, now - per_year(wheel)), now)
    if told := _apart("the profit", drawn, said, LEAST * year["sales_value"], year["sales_value"], wheel):
        yield told


def _apart(what: str, drawn: np.ndarray, measured: float, error: float, sales: float | None, wheel: Wheel) -> str:
    """How a year (draws,) differs from what was measured, "" where it does not by more than the errors allow. A
    difference counts beside `sales` where given, since a profit may be near 0; else beside what was measured."""
    low, middle, high = np.nanquantile(drawn, [0.16, 0.5, 0.84])
    spread, size = (high - low) / 2, abs(measured) if sales is None else sales
    said = f"{amount(measured, wheel.currency)} was measured"
    if abs(middle - measured) <= FAR * np.hypot(min(spread, UNKNOWN * size), np.hypot(error, LEAST * size)):
        if spread <= UNKNOWN * size:
            return ""
        return f"{what} is {amount(low, wheel.currency)} to {amount(high, wheel.currency)}, too wide a range to plan with, where {said}"
    off = f"{percent((middle - measured) / size, signed=True)} of {'it' if sales is None else 'sales'}"
    return f"{what} is {amount(middle, wheel.currency)}, where {said} ({off})"


def _behind(wheel: Wheel, outcome: str) -> set[str]:
    """The outcome and all that it is computed from."""
    into: dict[str, list[str]] = {}
    for cause, effect in graph(wheel).edges:
        into.setdefault(effect, []).append(cause)
    found, ahead = {outcome}, [outcome]
    while ahead:
        for cause in into.get(ahead.pop(), ()):
            if cause not in found:
                found.add(cause)
                ahead.append(cause)
    return found


def _year(posterior, variable: str, begin: float, end: float) -> np.ndarray:
    """A flow between two times, from the filtered states: its mean over their moments, as a rate per year (draws,)."""
    anchors = anchors_of(posterior, LEVER_DRAWS)
    inside = [i for i, t in enumerate(anchors.times) if begin - 1e-6 <= t <= end + 1e-6] or [len(anchors.times) - 1]
    wheel = posterior.wheel
    with np.errstate(all="ignore"):
        values = [_at(anchors, variable, i) for i in inside]
    return np.mean(values, axis=0) * per_year(wheel)


def _at(anchors, variable: str, i: int) -> np.ndarray:
    from gearwheel.spin.levers import value_at
    from gearwheel.spin.program import values_at

    time = float(anchors.times[i])
    given = {**anchors.parameters}
    given |= {n: value_at(path, time, given[n]) for n, path in anchors.paths.items()}
    values = values_at(anchors.program, anchors.states[:, i], given, time)
    return np.broadcast_to(values[variable], (len(anchors.states),))


def _measured_year(events: Mapping, wheel: Wheel) -> dict[str, float]:
    """Gauge → its last year in the measures: sums as a year's, all others as means; {} for a record too short."""
    from datetime import date, timedelta

    rows = [r for r in events["rows"] if r["start"]]
    last = max((r["end"] for r in rows if r["gauge"] == "sales_value"), default="")
    if not last:
        return {}
    begin = max(wheel.start, date.fromisoformat(last) - timedelta(366)).isoformat()
    parts: dict[str, list] = {}
    for row in rows:
        if begin <= row["start"] and row["end"] <= last:
            parts.setdefault(row["gauge"], []).append(row)
    found = {}
    for name, part in parts.items():
        days = sum((date.fromisoformat(r["end"]) - date.fromisoformat(r["start"])).days for r in part)
        values = [r["value"] for r in part]
        if days >= COVERED * 365 or name not in ("sales_value", "orders"):
            summed = events["gauges"].get(name, {}).get("as") == "sum"
            found[name] = sum(values) / days * 365.2425 if summed else float(np.mean(values))
    return found if "sales_value" in found else {}


def _profit_of(year: Mapping[str, float], wheel: Wheel) -> float | None:
    """What is left of a year's sales after all costs, None where one that the wheel books was not measured."""
    gears = wheel.sentences
    needed = [*GOODS, *(n for gear, names in GEAR_COSTS.items() if gear in gears for n in names)]
    if any(n not in year for n in needed):
        return None
    sales = year["sales_value"]
    theirs = year["third_party_share"] if "marketplace" in gears else 0.0
    income = sales * (1 - theirs) * (1 - year["goods_cost_share"])
    income += sales * theirs * year["take_rate"] if theirs else 0.0
    income += year.get("fee_income", 0.0) if "membership" in gears else 0.0
    income += year.get("hosting_revenue", 0.0) - year.get("hosting_cost", 0.0) if "cloud" in gears else 0.0
    logistics = 0.0
    if "fulfilment" in gears:
        logistics = year["cost_fulfilment"] + year["shipping_per_order"] * year["orders"]
    return income - logistics - year["cost_overhead"] - year.get("cost_advertising", 0.0)
