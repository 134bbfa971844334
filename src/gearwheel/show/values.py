"""Reading a results dict that may lack anything: each helper answers with something harmless instead of raising."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Span(NamedTuple):
    """A median with its 5 % and 95 % points."""

    median: float
    low: float | None
    high: float | None


def on_beliefs(results: object) -> bool:
    """Whether nothing was measured: every number then follows from beliefs alone."""
    return at(results, "fit", "method") == "beliefs"


def mapping(value: object) -> Mapping:
    """`value` where it is a mapping, otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}


def listing(value: object) -> list:
    """`value` as a list where it is a list or tuple, otherwise an empty one."""
    return list(value) if isinstance(value, (list, tuple)) else []


def real(value: object) -> float | None:
    """`value` as a float that can be drawn, otherwise None: not a boolean, not NaN, not beyond 1e200."""
    if isinstance(value, bool):
        return None
    try:
        x = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return x if abs(x) < 1e200 else None


def words_of(value: object, otherwise: str = "") -> str:
    """`value` as text, `otherwise` where there is none."""
    if value is None or value != value or isinstance(value, (Mapping, list, tuple)):  # NaN is no word
        return otherwise
    return str(value).strip() or otherwise


def at(results: object, *keys: str) -> object:
    """The value under nested keys, or None where any of them is missing."""
    value = results
    for key in keys:
        value = mapping(value).get(key)
    return value


def span(value: object) -> Span | None:
    """A {"median", "low", "high"} as a Span (posterior-shaped {"q05", "q95"} too), None without a median."""
    found = mapping(value)
    median = real(found.get("median"))
    if median is None:
        return None
    low = real(found.get("low")) if "low" in found else real(found.get("q05"))
    high = real(found.get("high")) if "high" in found else real(found.get("q95"))
    return Span(median, low, high)


def series_unit(series: object) -> str:
    """The unit of an entry of results["series"]: a number between 0 and 1 on the logit scale is a share."""
    unit = words_of(mapping(series).get("unit"))
    return "share" if unit in ("", "1") and mapping(series).get("scale") == "logit" else unit


def path_over_time(value: object, *columns: str) -> list[tuple[float, ...]]:
    """Rows (time, column …) of a {"time": […], column: […]}; rows with a gap anywhere are left out."""
    found = mapping(value)
    series = [listing(found.get("time"))] + [listing(found.get(column)) for column in columns]
    rows = [tuple(real(x) for x in row) for row in zip(*series)]
    return [row for row in rows if None not in row]  # type: ignore[misc]


def decimal_year(value: object) -> float | None:
    """An ISO date or a decimal year as a decimal year (to the month), None where it is neither."""
    number = real(value)
    if number is not None:
        return number
    parts = words_of(value).split("-")
    try:
        return int(parts[0]) + ((int(parts[1]) - 1) / 12 if len(parts) > 1 else 0.0)
    except (ValueError, IndexError):
        return None


def now_of(results: object) -> float | None:
    """The decimal year at which the evidence ends: the last history point, else the date of the wheel's speed."""
    times = [
        real(row[0])
        for series in mapping(at(results, "series")).values()
        for row in listing(mapping(series).get("history"))
        if listing(row)
    ]
    times = [t for t in times if t is not None]
    if times:
        return max(times)
    return decimal_year(at(results, "speed", "at")) or decimal_year(at(results, "backtest", "until"))


def gear_of(variable: str, node: object) -> str:
    """The gear that a variable belongs to: as stated, else by its name."""
    stated = words_of(mapping(node).get("gear"))
    return stated or (variable.split(".", 1)[0] if "." in variable else "wheel")


def label_of(variable: str, node: object = None) -> str:
    """The words for a variable: its label, else its short name with spaces."""
    return words_of(mapping(node).get("label")) or str(variable).rsplit(".", 1)[-1].replace("_", " ")


def loop_tag(loop: object) -> str:
    """What stands in a loop's badge: its short name ("R9" of "experience.R9"), else the letter of its polarity."""
    name = words_of(mapping(loop).get("name")).rsplit(".", 1)[-1]
    if 0 < len(name) <= 3:
        return name
    polarity = words_of(mapping(loop).get("polarity"))
    return polarity if polarity in ("R", "B") else "?"


def loop_name(loop: object) -> str:
    """'R9 Word of mouth': the badge's letters with the nickname, the plain name where there is no nickname."""
    if not words_of(mapping(loop).get("name")) and not words_of(mapping(loop).get("title")):
        return "a loop"
    return f"{loop_tag(loop)} {words_of(mapping(loop).get('title'), words_of(mapping(loop).get('name')))}"
