"""How many days have passed since a delivery, as the law of the European Union counts a period of days.

Regulation (EEC, Euratom) No 1182/71, article 3: the day of the event is not counted, a period ends with the last hour
of its last day, and where that day is a Saturday, a Sunday or a public holiday, with the last hour of the next working
day. Days are those of the customer's zone. What is not known counts for the customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache, lru_cache

import numpy as np

from gearwheel.desk.places import GROUPS

DAY, HOUR = 86_400, 3_600  # seconds
CENTRAL, EASTERN = "ad at be ch cz de dk fr hr hu it li lu mc mt nl no pl se si sk sm va", "ax bg cy ee fi gr lt lv ro"
SUMMER_TIME = (  # country → hours from UTC in winter, the least and the most in its zones; clocks change as in the EU
    dict.fromkeys(CENTRAL.split(), (1, 1))
    | dict.fromkeys(EASTERN.split(), (2, 2))
    | {"es": (0, 1), "fo": (0, 0), "gb": (0, 0), "ie": (0, 0), "pt": (-1, 0)}
)
OTHERS = {  # the same all the year, or with the summer time of their own within the two
    "is": (0, 0), "gf": (-3, -3), "gp": (-4, -4), "mf": (-4, -4), "mq": (-4, -4), "re": (4, 4), "yt": (3, 3),
    "us": (-11, -4), "ca": (-8, -2.5),
}  # fmt: skip
ZONES = SUMMER_TIME | OTHERS
ANYWHERE = (-12, 14)
FIRST, LAST = np.datetime64("1900-01-01", "s"), np.datetime64("2200-01-01", "s")  # what is beyond them is a fault
RESTING = {*GROUPS["eea"], "gb", ""}  # countries in which a period runs on over days of rest; "": not known
MOVED = {"bg", "es", "gb", "ie", "lv"}  # where a holiday of a fixed date on a weekend is taken on the next working day
SAME = {"ax": "fi", "gf": "fr", "gp": "fr", "mf": "fr", "mq": "fr", "re": "fr", "yt": "fr"}
# Public holidays: month-day, E or O and the days from Easter (O: of the Orthodox churches), or month-mon and which Monday.
# Those of a part of the country are among them, since nobody says which part the customer lives in.
HOLIDAYS = {
    "at": "01-01 01-06 E+1 05-01 E+39 E+50 E+60 08-15 10-26 11-01 12-08 12-25 12-26",
    "be": "01-01 E+1 05-01 E+39 E+50 07-21 08-15 11-01 11-11 12-25",
    "bg": "01-01 03-03 O-2 O-1 O+1 05-01 05-06 05-24 09-06 09-22 12-24 12-25 12-26",
    "cy": "01-01 01-06 O-48 03-25 04-01 O-2 O+1 O+2 05-01 O+50 08-15 10-01 10-28 12-25 12-26",
    "cz": "01-01 E-2 E+1 05-01 05-08 07-05 07-06 09-28 10-28 11-17 12-24 12-25 12-26",
    "de": "01-01 01-06 03-08 E-2 E+1 05-01 E+39 E+50 E+60 08-15 09-20 10-03 10-31 11-01 12-25 12-26",
    "dk": "01-01 E-3 E-2 E+1 E+39 E+50 06-05 12-25 12-26",
    "ee": "01-01 02-24 E-2 05-01 06-23 06-24 08-20 12-24 12-25 12-26",
    "es": "01-01 01-06 E-3 E-2 E+1 05-01 08-15 10-12 11-01 12-06 12-08 12-25",
    "fi": "01-01 01-06 E-2 E+1 05-01 E+39 12-06 12-24 12-25 12-26",
    "fr": "01-01 E-2 E+1 05-01 05-08 E+39 E+50 07-14 08-15 11-01 11-11 12-25 12-26",
    "gb": "01-01 01-02 03-17 E-2 E+1 05-mon1 05-mon-1 08-mon1 08-mon-1 12-25 12-26",
    "gr": "01-01 01-06 O-48 03-25 O-2 O+1 05-01 O+50 08-15 10-28 12-25 12-26",
    "hr": "01-01 01-06 E+1 05-01 05-30 E+60 06-22 08-05 08-15 11-01 11-18 12-25 12-26",
    "hu": "01-01 03-15 E-2 E+1 05-01 E+50 08-20 10-23 11-01 12-24 12-25 12-26",
    "ie": "01-01 02-mon1 03-17 E-2 E+1 05-mon1 06-mon1 08-mon1 10-mon-1 12-25 12-26",
    "is": "01-01 E-3 E-2 E+1 05-01 E+39 E+50 06-17 08-mon1 12-24 12-25 12-26 12-31",
    "it": "01-01 01-06 E+1 04-25 05-01 06-02 08-15 10-04 11-01 12-08 12-25 12-26",
    "li": "01-01 01-02 01-06 02-02 03-19 E-2 E+1 05-01 E+39 E+50 E+60 08-15 09-08 11-01 12-08 12-24 12-25 12-26 12-31",
    "lt": "01-01 02-16 03-11 E+1 05-01 06-24 07-06 08-15 11-01 11-02 12-24 12-25 12-26",
    "lu": "01-01 E+1 05-01 05-09 E+39 E+50 06-23 08-15 11-01 12-25 12-26",
    "lv": "01-01 E-2 E+1 05-01 05-04 06-23 06-24 11-18 12-24 12-25 12-26 12-31",
    "mt": "01-01 02-10 03-19 03-31 E-2 05-01 06-07 06-29 08-15 09-08 09-21 12-08 12-13 12-25",
    "nl": "01-01 E-2 E+1 04-27 05-05 E+39 E+50 12-25 12-26",
    "no": "01-01 E-3 E-2 E+1 05-01 05-17 E+39 E+50 12-25 12-26",
    "pl": "01-01 01-06 E+1 05-01 05-03 E+60 08-15 11-01 11-11 12-24 12-25 12-26",
    "pt": "01-01 E-2 04-25 05-01 E+60 06-10 08-15 10-05 11-01 12-01 12-08 12-25",
    "ro": "01-01 01-02 01-06 01-07 01-24 O-2 O+1 05-01 06-01 O+50 08-15 11-30 12-01 12-25 12-26",
    "se": "01-01 01-06 E-2 E+1 05-01 E+39 06-06 12-24 12-25 12-26 12-31",
    "si": "01-01 01-02 02-08 E+1 04-27 05-01 05-02 06-25 08-15 10-31 11-01 12-25 12-26",
    "sk": "01-01 01-06 E-2 E+1 05-01 05-08 07-05 08-29 09-01 09-15 11-01 11-17 12-24 12-25 12-26",
}


def days_since(
    delivered: np.ndarray, requested: np.ndarray, countries: Sequence[str], holidays: frozenset[date] = frozenset()
) -> np.ndarray:
    """The shortest period of days that a request is still within, (requests,) whole numbers; NaN where a time is NaT.

    `delivered` and `requested` (requests,) datetime64[s] in UTC: one at midnight is known only as a date, and then that
    date counts. `countries` (requests,): codes as `places.country_of` gives them, "" where it is not known;
    `holidays`: further days of rest.
    """
    unknown = np.isnat(delivered) | np.isnat(requested)
    zones = np.array([ZONES.get(country, ANYWHERE) for country in countries]).reshape(-1, 2) * HOUR
    summer = np.array([country in SUMMER_TIME for country in countries], bool)
    began, asked = (
        _days(np.clip(np.where(unknown, FIRST, times.astype("datetime64[s]")), FIRST, LAST), zones, summer, latest)
        for times, latest in ((delivered, True), (requested, False))
    )
    first = {pair: _working(*pair, holidays) for pair in set(zip(countries, asked.tolist())) if pair[0] in RESTING}
    asked = np.array([first.get(pair, pair[1]) for pair in zip(countries, asked.tolist())], float)
    return np.where(unknown, np.nan, np.maximum(asked - began, 0))


def earliest(times: np.ndarray) -> np.ndarray:
    """When it can have been, (requests,) seconds since 1970; a date began up to 14 hours before it did in UTC."""
    seconds = times.astype("datetime64[s]").astype(np.int64)
    return np.where(seconds % DAY == 0, seconds - ANYWHERE[1] * HOUR, seconds)


def latest(times: np.ndarray) -> np.ndarray:
    """As `earliest`; a date ended up to 12 hours after it did in UTC."""
    seconds = times.astype("datetime64[s]").astype(np.int64)
    return np.where(seconds % DAY == 0, seconds + DAY - ANYWHERE[0] * HOUR, seconds)


def _days(times: np.ndarray, zones: np.ndarray, summer: np.ndarray, latest: bool) -> np.ndarray:
    """The date of each time where the customer is, as days since 1970; the latest or the earliest that it may be. `zones`
    (requests, 2) least and most seconds from UTC, `summer` (requests,) whether clocks change."""
    seconds = times.astype(np.int64)
    local = (seconds + zones[:, int(latest)] + HOUR * (summer & _summer(times))) // DAY
    of_date = np.maximum(local, seconds // DAY) if latest else np.minimum(local, seconds // DAY)
    return np.where(seconds % DAY == 0, of_date, local).astype(np.int64)


def _summer(times: np.ndarray) -> np.ndarray:
    """Where the European Union has summer time: from the last Sunday of March to that of October, 01:00 UTC."""
    found, years = np.zeros(len(times), bool), times.astype("datetime64[Y]").astype(np.int64) + 1970
    for year in set(years.tolist()):
        start, end = _summer_of(year)
        found |= (times >= start) & (times < end)
    return found


@cache
def _summer_of(year: int) -> tuple[np.datetime64, np.datetime64]:
    start, end = (np.datetime64(_nth(year, month, 6, -1), "s") + 3_600 for month in (3, 10))
    return start, end


def _working(country: str, day: int, holidays: frozenset[date]) -> int:
    """The first of the days of rest that end just before `day`, or `day` itself: a period that ended on any of them
    runs on to `day`."""
    while _rests(country, day - 1, holidays):
        day -= 1
    return day


@lru_cache(20_000)
def _rests(country: str, day: int, holidays: frozenset[date]) -> bool:
    on = date(1970, 1, 1) + timedelta(day)
    return on.weekday() >= 5 or on in holidays or on in _holidays(SAME.get(country, country), on.year)


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    found, fixed = set(), []
    for stated in HOLIDAYS.get(country, "").split():
        month, _, day = stated.partition("-")
        if stated[0] in "EO":
            found.add(easter(year, stated[0] == "O") + timedelta(int(stated[1:])))
        elif day.startswith("mon"):
            found.add(_nth(year, int(month), 0, int(day[3:])))
        else:
            fixed.append(date(year, int(month), int(day)))
    found.update(fixed)
    if country in MOVED:
        for on in [day for day in fixed if day.weekday() >= 5]:
            while on.weekday() >= 5 or on in found:
                on += timedelta(1)
            found.add(on)
    return frozenset(found)


def _nth(year: int, month: int, weekday: int, which: int) -> date:
    """The first (1), second, … or last (-1) such day of the month."""
    if which < 0:
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(1)
        return last - timedelta((last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (which - 1))


def easter(year: int, orthodox: bool = False) -> date:
    """Easter Sunday (Meeus 1991, chapter 8), of the Orthodox churches from the Julian calendar, 13 days behind in this
    and the next century."""
    if orthodox:
        a, b, c = year % 4, year % 7, year % 19
        d = (19 * c + 15) % 30
        month, day = divmod(d + (2 * a + 4 * b - d + 34) % 7 + 114, 31)
        return date(year, month, day + 1) + timedelta(13)
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    l = (32 + 2 * e + 2 * i - h - k) % 7  # noqa: E741 - the letters are the source's
    m = (a + 11 * h + 22 * l) // 451
    month, day = divmod(h + l - 7 * m + 114, 31)
    return date(year, month, day + 1)
