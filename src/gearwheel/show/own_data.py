"""The `events` part of a results dict as plain values: what was measured from a business's own events, in time order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from gearwheel.show.values import at, listing, mapping, real, words_of

COMPLAINTS = ("complaints_", "contacts_")  # how the gauges of what customers write begin
FAMILIES = ("delivery", "quality", "price", "service", "other")


@dataclass(frozen=True)
class Reading:
    """One measured value of a period that ends before the day `end`; `error` is its sampling sd on the value's own
    scale, None where there is none, and `n` the events behind it."""

    start: date | None
    end: date
    value: float
    error: float | None
    n: float | None

    @property
    def time(self) -> float:
        """The middle of the period as a decimal year, its end where it has no beginning."""
        middle = self.end if self.start is None else self.start + (self.end - self.start) / 2
        return middle.year + (middle.timetuple().tm_yday - 1) / 365.25


class Prepared(dict):
    """The `events` part with its rows read once: every sentence of a report asks for them."""

    @cached_property
    def readings(self) -> dict[str, list[Reading]]:
        return _read(self)


def prepared(results: object) -> Mapping:
    """The results with their events read once, the same results where nothing was measured from events."""
    events = events_of(results)
    return {**mapping(results), "events": Prepared(events)} if events else mapping(results)


def events_of(results: object) -> Mapping:
    """The part that says what was measured from events, empty for a business that is not measured so."""
    return mapping(at(results, "events"))


def day(value: object) -> date | None:
    """An ISO date, None where it is none."""
    try:
        return date.fromisoformat(words_of(value)[:10])
    except ValueError:
        return None


def definition(events: Mapping, gauge: str) -> Mapping:
    """The gauge as the catalogue defines it."""
    return mapping(mapping(events.get("gauges")).get(gauge))


def title_of(events: Mapping, gauge: str) -> str:
    return words_of(definition(events, gauge).get("title")) or gauge.replace("_", " ")


def unit_of(events: Mapping, gauge: str) -> str:
    """The unit to show: the source's currency for money, a share where the scale is one."""
    about = definition(events, gauge)
    if words_of(about.get("scale")) == "logit":
        return "share"
    unit = re.sub(r"\((\w+)\*(\w+)\)", r"\1 and \2", words_of(about.get("unit")))
    currency = words_of(at(events, "source", "currency"))
    return re.sub(r"\bmoney\b", currency, unit) if re.fullmatch("[A-Z]{3}", currency) else unit


def readings_of(events: Mapping) -> dict[str, list[Reading]]:
    """The rows of every gauge, the earliest first; rows that are none are passed over."""
    return events.readings if isinstance(events, Prepared) else _read(events)


def _read(events: Mapping) -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = {}
    for row in map(mapping, listing(events.get("rows"))):
        gauge, end, value = words_of(row.get("gauge")), day(row.get("end")), real(row.get("value"))
        if not gauge or end is None or value is None:
            continue
        error = _natural(real(row.get("error")), value, words_of(definition(events, gauge).get("scale")))
        found.setdefault(gauge, []).append(Reading(day(row.get("start")), end, value, error, real(row.get("n"))))
    return {gauge: sorted(readings, key=lambda r: r.end) for gauge, readings in found.items()}


def _natural(error: float | None, value: float, scale: str) -> float | None:
    """A sampling error on the gauge's scale as one of the value itself."""
    if error is None or error < 0:
        return None
    return error * {"log": abs(value), "logit": abs(value * (1 - value))}.get(scale, 1.0)


def told(events: Mapping) -> dict[str, Mapping]:
    """What customers write, by the table in which they do: themes of reviews, of contacts."""
    return {str(name): mapping(one) for name, one in mapping(events.get("themes")).items() if mapping(one)}


def gears(events: Mapping) -> list[Mapping]:
    """The gears of the library as the page of data checks lists them."""
    return [one for one in map(mapping, listing(at(events, "page", "page", "gears"))) if words_of(one.get("name"))]


def findings(events: Mapping) -> list[Mapping]:
    return [one for one in map(mapping, listing(at(events, "page", "findings"))) if words_of(one.get("message"))]


def there(events: Mapping) -> list[Mapping]:
    """The tables that the source has."""
    return [one for one in map(mapping, listing(at(events, "page", "page", "tables"))) if words_of(one.get("name"))]


def has(events: Mapping, need: str) -> bool:
    """Whether the source has the table with a row in it, or the table.column."""
    table, _, column = need.partition(".")
    found = next((one for one in there(events) if words_of(one.get("name")) == table), {})
    return (real(found.get("rows")) or 0) > 0 and not (column and column in texts(found.get("missing")))


def texts(values: object) -> list[str]:
    """The words in a list."""
    return [said for v in listing(values) if (said := words_of(v))]
