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


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-03-05 09:00:00,250", datetime(2024, 3, 5, 9, 0, 0, 250_000)),
        ("Mar 05, 2024 09:00", datetime(2024, 3, 5, 9)),
        ("March 5, 2024 at 9:30 PM", datetime(2024, 3, 5, 21, 30)),
        ("5 Mar 2024", datetime(2024, 3, 5)),
        ("05-MAR-24 09.30.15.000000 PM", datetime(2024, 3, 5, 21, 30, 15)),
        ("Tue, 05 Mar 2024 09:00:00 +0100", datetime(2024, 3, 5, 8)),
        ("Tue Mar  5 09:00:00 UTC 2024", datetime(2024, 3, 5, 9)),
        ("Tue Mar 05 2024 09:00:00 GMT+0100 (Central European Standard Time)", datetime(2024, 3, 5, 8)),
        ("5. März 2024 um 09:00 Uhr", datetime(2024, 3, 5, 9)),
        ("mardi 5 mars 2024", datetime(2024, 3, 5)),
        ("30 juin 2024", datetime(2024, 6, 30)),
        ("1er juillet 2024", datetime(2024, 7, 1)),
        ("3 de enero de 2024", datetime(2024, 1, 3)),
        ("2024年3月5日", datetime(2024, 3, 5)),
        ("31.03.2024, 09:00", datetime(2024, 3, 31, 9)),
        ("2024-03-05 09:00 EST", datetime(2024, 3, 5, 14)),
        ("2024-07-05 09:00:00 Europe/Berlin", datetime(2024, 7, 5, 7)),
        ("2024-07-05T09:00+02:00[Europe/Berlin]", datetime(2024, 7, 5, 7)),
        ("2024-03-05 09:00 GMT+1", datetime(2024, 3, 5, 8)),
        ("20240305T093000Z", datetime(2024, 3, 5, 9, 30)),
        ("20240305 0930", datetime(2024, 3, 5, 9, 30)),
        ("20240305093000123", datetime(2024, 3, 5, 9, 30, 0, 123_000)),
        ("2024-03-05 09:00\u202fPM", datetime(2024, 3, 5, 21)),
    ],
)
def test_a_time_in_a_common_form_is_read(connection, text, at):
    assert read(connection, "time", [text]) == [at]


def test_a_zone_name_that_means_several_zones_is_not_guessed(connection):
    assert (
        read(connection, "time", [f"2024-03-05 09:00:00 {zone}" for zone in ("CST", "IST", "BST", "XYZ")]) == [None] * 4
    )


@few
@given(st.lists(moments, min_size=1, max_size=8))
def test_a_bare_number_is_the_time_that_it_plausibly_is(connection, ats):
    forms = []
    for at in ats:
        seconds = int(at.replace(tzinfo=UTC).timestamp())
        forms += [str(seconds * unit) for unit in (1, 10**3, 10**6, 10**9)]
        forms += [f"{at:%Y%m%d%H%M%S}", repr((at - datetime(1899, 12, 30)) / timedelta(days=1))]
    assert read(connection, "time", forms) == [at for at in ats for _ in range(6)]
    numbers = ", ".join(f"({form}::double)" for form in forms)
    sql = f"select {typed('time', 'x', 'DOUBLE', 'UTC', Reading())} from (values {numbers}) t(x)"
    assert [value for (value,) in connection.execute(sql).fetchall()] == [at for at in ats for _ in range(6)]
    assert read(connection, "time", ["0", "17", "999999", "123456789", "20241331", "99991231235959"]) == [None] * 6


@few
@given(st.lists(st.dates(date(2000, 1, 1), date(2026, 12, 31)), min_size=1, max_size=8), st.sampled_from("-/."))
def test_two_digit_years_first_or_last_are_asked_for_and_settled_by_one_key(connection, days, sign):
    for form, order in (("%y{}%m{}%d", "YMD"), ("%d{}%m{}%y", "DMY")):
        texts = [day.strftime(form.format(sign, sign)) for day in days]
        assert read(connection, "date", texts, order=order) == days
    with pytest.raises(Unclear, match="may begin with the year") as caught:
        read(connection, "date", [day.strftime(f"%y{sign}%m{sign}%d") for day in days])
    assert '"YMD"' in caught.value.hint


def test_a_year_in_the_future_is_no_year_and_four_digits_settle_it(connection):
    assert read(connection, "date", ["31/01/24", "05/02/24"]) == [date(2024, 1, 31), date(2024, 2, 5)]
    assert read(connection, "date", ["05.02.24", "31.01.24"]) == [date(2024, 2, 5), date(2024, 1, 31)]
    assert read(connection, "date", ["31/01/2024", "05.02.24", "5-FEB-24"]) == [
        date(2024, 1, 31), date(2024, 2, 5), date(2024, 2, 5),
    ]  # fmt: skip


MARKS = [
    "{} zł",
    "₹{}",
    "kr {}",
    "kr. {}",
    "{} Kč",
    "Rs.{}",
    "R$ {}",
    "US${}",
    "CHF {}",
    "{}EUR",
    "{}\u00a0€",
    "{} Ft",
    "{} kr",
]


@few
@given(
    st.lists(cents, min_size=1, max_size=6),
    st.sampled_from(MARKS),
    st.sampled_from(["\u00a0", "\u202f", "\u2009", " ", "'", "’"]),
)
def test_currencies_and_thousands_around_a_number(connection, numbers, mark, thousands):
    for point in ".,":
        plain = [f"{n / 100:,.2f}".replace(".", "p").replace(",", thousands).replace("p", point) for n in numbers]
        wanted = [n / 100 for n in numbers]
        assert read(connection, "number", [mark.format(text) for text in plain]) == pytest.approx(wanted)
        for form in ("({})", "{}-", "−{}"):
            minus = [form.format(text.lstrip("-")) for text in plain]
            assert read(connection, "number", minus) == pytest.approx([-abs(n) for n in wanted])


def test_what_stands_around_a_number_must_be_a_currency(connection):
    texts = ["12%", "3 kg", "12 50.1", "1'2", "(5", "5)", "--5", "-5-", "12.50 CR", "a 5", "5 5", "1.5"]
    assert read(connection, "number", texts) == [None] * 11 + [1.5]
    assert read(connection, "number", ["$.50", "-.5", "Rs.500", "12.-", "1.5E+03", "Rs. 1,25,000.50"]) == [
        0.5, -0.5, 500, 12, 1500, 125000.5,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "texts", [["1.250"], ["950", "18.900"], ["1,250"], ["1.250", "2,500"], ["12.50", "3,5"], ["€ 12.500"]]
)
def test_one_sign_before_three_digits_is_asked_for(connection, texts):
    with pytest.raises(Unclear) as caught:
        read(connection, "number", texts)
    assert 'decimal = ","' in caught.value.hint and 'decimal = "."' in caught.value.hint


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1.250.000", "1.250"], [1_250_000, 1250]),
        (["1,250,000", "1,250"], [1_250_000, 1250]),
        (["0.250", "1.250"], [0.25, 1.25]),
        (["0,250", "1,250"], [0.25, 1.25]),
        (["1250.500", "1.250"], [1250.5, 1.25]),
        (["1.250", "3,50"], [1250, 3.5]),
        (["1,250", "3.50"], [1250, 3.5]),
        (["12,34,567", "1,250"], [1_234_567, 1250]),
    ],
)
def test_another_number_of_the_column_settles_the_sign(connection, texts, numbers):
    assert read(connection, "number", texts) == numbers


def test_a_settled_sign_is_kept_to(connection):
    assert read(connection, "number", ["1.250", "12.50", "1.250,5"], decimal=",") == [1250, None, 1250.5]
    assert read(connection, "number", ["1,250", "12,50", "1,250.5"], decimal=".") == [1250, None, 1250.5]


def test_words_for_nothing_are_empty_in_every_type(connection):
    nothing = [
        "NULL",
        "null",
        "N/A",
        "NA",
        "nan",
        "None",
        "\\N",
        "-",
        "--",
        "#N/A",
        "<NA>",
        "NaT",
        " - ",
        "undefined",
        "(blank)",
        ".",
    ]
    for kind in ("text", "number", "time", "date", "flag"):
        assert read(connection, kind, nothing) == [None] * len(nothing), kind
    assert read(connection, "text", ["Nina", "0", "A-", "NAN-1"]) == ["Nina", "0", "A-", "NAN-1"]
