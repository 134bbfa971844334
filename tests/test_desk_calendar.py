"""Days from delivery to request as Regulation (EEC, Euratom) No 1182/71 counts them, in the customer's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.desk.calendar_days import HOLIDAYS, RESTING, SAME, days_since, easter
from gearwheel.desk.places import GROUPS, country_of

BERLIN = ZoneInfo("Europe/Berlin")


def counted(delivered: str, requested: str, country: str = "de", holidays=frozenset()) -> float:
    times = (np.array([t.replace("Z", "")], "datetime64[s]") for t in (delivered, requested))
    return days_since(*times, [country], holidays)[0]


# The last hour of the period of 14 days, and the hour after it; Berlin is an hour ahead of UTC in winter, two in summer.
LAST = [
    ("2026-10-07T09:00Z", "2026-10-21T21:30Z", "2026-10-21T22:30Z"),  # a Wednesday, summer time
    ("2026-11-02T09:00Z", "2026-11-16T22:30Z", "2026-11-16T23:30Z"),  # a Monday
    ("2026-11-02T23:30Z", "2026-11-17T22:30Z", "2026-11-17T23:30Z"),  # delivered on the 3rd in Berlin
    (
        "2026-10-17T21:00Z",
        "2026-11-02T22:30Z",
        "2026-11-02T23:30Z",
    ),  # the clocks go back in between; 31st is a Saturday
    ("2026-11-01T09:00Z", "2026-11-16T22:30Z", "2026-11-16T23:30Z"),  # ends on a Sunday: Monday
    ("2026-12-11T09:00Z", "2026-12-28T22:30Z", "2026-12-28T23:30Z"),  # ends on Christmas Day, a Friday: Monday
    ("2026-03-20T09:00Z", "2026-04-07T21:30Z", "2026-04-07T22:30Z"),  # ends on Good Friday: Tuesday after Easter
    ("2026-11-02", "2026-11-16T22:30Z", "2026-11-16T23:30Z"),  # a date
    ("2026-11-01T23:00Z", "2026-11-16T22:30Z", "2026-11-16T23:30Z"),  # midnight in Berlin
]


@pytest.mark.parametrize(("delivered", "last", "after"), LAST)
def test_the_fourteenth_day_counts_to_its_last_hour_and_over_days_of_rest(delivered, last, after):
    assert counted(delivered, last) <= 14 < counted(delivered, after)


@given(
    delivered=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    waited=st.timedeltas(timedelta(0), timedelta(60)),
    length=st.integers(1, 40),
)
@settings(max_examples=400, deadline=None)
def test_a_request_is_within_a_period_exactly_when_it_comes_before_the_end_by_the_regulation(delivered, waited, length):
    """The end worked out forwards, from the zone's own clock."""
    delivered, requested = (
        delivered.replace(microsecond=0, second=1),
        (delivered + waited).replace(microsecond=0, second=2),
    )
    end = delivered.astimezone(BERLIN).date() + timedelta(length)
    free = {easter(end.year + k) + timedelta(n) for k in (0, 1) for n in (-2, 1, 39, 50, 60)}
    free |= {
        date(end.year + k, *map(int, d.split("-"))) for k in (0, 1) for d in HOLIDAYS["de"].split() if "E" not in d
    }
    while end.weekday() >= 5 or end in free:
        end += timedelta(1)
    days = counted(*(t.strftime("%Y-%m-%dT%H:%M:%S") for t in (delivered, requested)))
    assert (days <= length) == (requested.astimezone(BERLIN).date() <= end)


def test_a_date_loses_no_day_wherever_the_customer_is():
    for country in ("de", "us", "pt", "", "nz", "fi"):
        assert counted("2026-11-02", "2026-11-16T20:00Z", country) <= 14, country
        assert counted("2026-11-02", "2026-11-16", country) <= 14, country


def test_doubt_about_the_zone_counts_for_the_customer():
    assert counted("2026-11-02T12:00Z", "2026-11-18T05:00Z", "us") == 15  # still the 17th in Hawaii
    assert counted("2026-11-02T12:00Z", "2026-11-18T08:00Z", "") == 14  # the 3rd at +14, the 17th at -12
    assert counted("2026-11-30", "2026-11-30") == 0 == counted("2026-11-30T10:00Z", "2026-11-30T09:58Z")
    assert np.isnan(counted("NaT", "2026-11-30"))


def test_days_of_rest_are_those_of_the_country_and_those_stated():
    assert counted("2026-09-19T09:00Z", "2026-10-05T09:00Z", "de") == 14  # 3 October 2026 is a Saturday
    assert (
        counted("2026-06-30T09:00Z", "2026-07-15T09:00Z", "fr") == 14
        and counted("2026-06-30T09:00Z", "2026-07-15T09:00Z") == 15
    )
    stated = frozenset([date(2026, 7, 14)])
    assert counted("2026-06-30T09:00Z", "2026-07-15T09:00Z", "de", stated) == 14
    assert counted("2026-10-31T15:00Z", "2026-11-16T20:00Z", "us") == 16  # no such law


def test_a_holiday_on_a_weekend_is_taken_on_the_next_working_day_where_the_law_says_so():
    # 26 December 2026 is a Saturday, so 28 December is a holiday in the United Kingdom and not in Germany
    assert counted("2026-12-14T12:00Z", "2026-12-29T12:00Z", "gb") == 11  # the 25th, 26th, 27th and 28th are at rest
    assert counted("2026-12-14T12:00Z", "2026-12-29T12:00Z", "de") == 15
    assert counted("2021-12-11T12:00Z", "2021-12-29T12:00Z", "gb") == 14  # the 27th and the 28th for the 25th and 26th
    assert counted("2025-05-01T12:00Z", "2025-05-06T12:00Z", "lv") == 2  # 4 May 2025 is a Sunday
    assert counted("2026-04-08T12:00Z", "2026-04-15T12:00Z", "bg") == 7  # that of Easter Saturday is not taken later


def test_times_that_no_calendar_has_bring_no_error():
    assert counted("0001-01-01", "9999-12-31T23:00Z") > 365 * 200
    assert days_since(*(np.array([t], "datetime64[s]") for t in (-(2**40), 2**40)), ["de"])[0] > 0


def test_easter_falls_on_its_published_dates():
    assert [easter(y) for y in (2019, 2024, 2026, 2038)] == [
        date(2019, 4, 21),
        date(2024, 3, 31),
        date(2026, 4, 5),
        date(2038, 4, 25),
    ]
    assert [easter(y, True) for y in (2024, 2025, 2026)] == [date(2024, 5, 5), date(2025, 4, 20), date(2026, 4, 12)]


def test_every_country_where_periods_run_on_has_its_holidays():
    assert {SAME.get(c, c) for c in RESTING - {""}} == set(HOLIDAYS)


@pytest.mark.parametrize(
    ("said", "code"),
    [("Germany", "de"), ("DE ", "de"), (" de", "de"), ("DE-BY", "de"), ("de_BY", "de"), ("Bavaria, Germany", "de"), ("DEU", "de"),
     ("Deutschland", "de"), ("EL", "gr"), ("UK", "gb"), ("U.K.", "gb"), ("GB-SCT", "gb"), ("Österreich", "at"), ("ÖSTERREICH", "at"),
     ("Czech Republic", "cz"), ("The Netherlands", "nl"), ("U.S.A.", "us"), ("US-CA", "us"), ("united\u00a0states", "us"),
     ("D\u200bE", "de"), ("Freedonia", ""), ("XX", ""), ("", ""), ("is no", ""), ("DE, FR", ""), ("x" * 500, "")],
)  # fmt: skip
def test_countries_are_known_however_they_are_spelled(said, code):
    assert country_of(said)[0] == code


def test_the_union_is_its_members_and_the_parts_with_a_code_of_their_own():
    assert len(GROUPS["eu"]) == 27 + 7 and GROUPS["eu"] < GROUPS["eea"]
    assert all(country_of(code) == (code, True) for code in GROUPS["eea"])
