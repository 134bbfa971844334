"""Texts become times and numbers: whatever is written in a known way reads back as what was meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.gauges.canonical import Column
from gearwheel.gauges.sources.casts import Reading, typed
from gearwheel.gauges.sources.readings import Unclear, readings


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def read(connection, kind: str, texts: list[str], zone: str = "UTC", order: str = "", decimal: str = "") -> list:
    """The texts as the canonical type, read as a column of a source is."""
    connection.execute("create or replace table given (place integer, x varchar)")
    connection.executemany("insert into given values (?, ?)", list(enumerate(texts)))
    column = {"x": (Column("x", kind), "VARCHAR")}
    how = readings(connection, "select x from given", column, order, decimal)["x"]
    sql = f"select {typed(kind, 'x', 'VARCHAR', zone, how)} from given order by place"
    return [value for (value,) in connection.execute(sql).fetchall()]


moments = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)).map(lambda at: at.replace(microsecond=0))
few = settings(max_examples=25, deadline=None)


@few
@given(
    st.lists(moments, min_size=1, max_size=8),
    st.sampled_from(["%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d-%m-%Y %H:%M:%S"]),
)
def test_short_dates_read_back_when_one_of_them_settles_the_order(connection, ats, form):
    ats = [*ats, datetime(2024, 5, 31, 4, 5, 6)]
    assert read(connection, "time", [at.strftime(form) for at in ats]) == ats


@few
@given(
    st.lists(st.dates(date(1990, 1, 1), date(2060, 1, 1)), min_size=1, max_size=8),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d"]),
    st.sampled_from(["UTC", "America/Sao_Paulo", "Asia/Tokyo"]),
)
def test_a_day_stays_that_day_in_every_zone(connection, days, form, zone):
    assert read(connection, "date", [day.strftime(form) for day in days], zone) == days


@few
@given(st.lists(moments, min_size=1, max_size=8), st.sampled_from([-720, -300, 0, 60, 330, 840]))
def test_offsets_are_obeyed_whatever_the_zone_of_the_mapping(connection, ats, minutes):
    offset = timedelta(minutes=minutes)
    sign, whole = "-" if minutes < 0 else "+", abs(minutes)
    texts = [f"{(at + offset):%Y-%m-%d %H:%M:%S} {sign}{whole // 60:02}{whole % 60:02}" for at in ats]
    assert read(connection, "time", texts, "Europe/Berlin") == ats


@few
@given(
    st.lists(moments, min_size=1, max_size=8), st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
)
def test_local_times_become_utc_as_the_zone_database_says(connection, ats, zone):
    local = [at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)) for at in ats]
    # the hour that comes twice in autumn is not told apart by its text, nor can it be
    once = [at for at in local if at.utcoffset() == at.replace(fold=1 - at.fold).utcoffset()]
    texts = [f"{at:%Y-%m-%d %H:%M:%S}" for at in once]
    assert read(connection, "time", texts, zone) == [at.astimezone(UTC).replace(tzinfo=None) for at in once]


cents = st.integers(-(10**11), 10**11)


@few
@given(st.lists(cents, min_size=1, max_size=8), st.booleans(), st.sampled_from(["", "€ ", "$"]))
def test_numbers_read_back_in_either_notation(connection, numbers, german, sign):
    texts = [f"{sign}{n / 100:,.2f}" for n in [*numbers, 7]]
    if german:
        texts = [text.translate(str.maketrans(",.", ".,")) for text in texts]
    assert read(connection, "number", texts) == pytest.approx([n / 100 for n in [*numbers, 7]])


def test_what_is_no_value_is_empty(connection):
    assert read(connection, "number", ["nan", "inf", "1e400", "12abc", "1,2,3.0", "--1", "0x10", "1.5"]) == [
        None
    ] * 7 + [1.5]
    texts = ["2024-02-30", "2024-01-31 25:00", "2024-01-31 10:00 foo", "infinity", "today", "2024-13-01", "epoch"]
    assert read(connection, "time", texts) == [None] * 7
    assert read(connection, "flag", ["Yes", "nein", "T", "0", "maybe"]) == [True, False, True, False, None]


def test_what_can_be_read_in_two_ways_is_asked_for(connection):
    for kind, texts in (("time", ["01/02/2024"]), ("time", ["31/01/2024", "01/31/2024"]), ("number", ["1,250"])):
        with pytest.raises(Unclear):
            read(connection, kind, texts)


def test_epochs_of_every_length(connection):
    at = datetime(2024, 1, 31, 12)
    seconds = int(at.replace(tzinfo=UTC).timestamp())
    assert read(connection, "time", [f"{seconds}", f"{seconds * 10**3}", f"{seconds * 10**6}"]) == [at] * 3
    sql = f"select {typed('time', 'x', 'BIGINT', 'Asia/Tokyo', Reading())} from (select {seconds}::bigint as x)"
    assert connection.execute(sql).fetchone() == (at,)
