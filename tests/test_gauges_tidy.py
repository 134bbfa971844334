"""Reading a tidy CSV: what is accepted, and that every problem is told once, with code, line and hint."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.gauges import tidy
from gearwheel.gauges.tidy import read_gauges
from gearwheel.wheel.errors import DataError
from gearwheel.wheel.parts import Gauge, Wheel

HEADER = "gauge,start,end,value,unit,error,bound,source,confidence"
WHEEL = Wheel(
    name="x",
    unit="year",
    dt=0.25,
    start=date(2010, 1, 1),
    gauge={
        "net_sales": Gauge(of="a.sales", measure="sum", unit="USD_million"),
        "share": Gauge(of="a.share", measure="mean", scale="logit", unit="1"),
        "margin": Gauge(of="a.margin", measure="ratio", over="a.sales", scale="abs", unit="1"),
        "members": Gauge(of="a.members", measure="end", unit="million"),
    },
)
GOOD = "net_sales,2014-01-01,2014-04-01,19741,USD_million,,,release,checked"


@pytest.fixture
def read(tmp_path):
    """Reads the given lines under the header; `wheel` may differ."""

    def reader(*lines: str, wheel: Wheel = WHEEL, header: str = HEADER):
        path = tmp_path / "measured.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return read_gauges(path, wheel)

    return reader


@pytest.fixture
def problems(read):
    """The problems of the given lines as (code, line); asserts that each is complete."""

    def finder(*lines: str, **options) -> list[tuple[str, int]]:
        with pytest.raises(DataError) as caught:
            read(*lines, **options)
        found = caught.value.problems
        assert all(p.file.endswith("measured.csv") and p.hint and p.message and p.line for p in found)
        return [(p.code, p.line) for p in found]

    return finder


def test_rows_in_wheel_time(read):
    gauges = read(
        GOOD,
        'members,,2018-04-01,100,million,,above,"letter, April",verified',
        "share,2013-01-01,2014-01-01,0.46,1,0.1,,letter,verified",
        "margin,2012-01-01,2013-01-01,-0.02,,,,filing,verified",
    )
    (sales,) = gauges.series["net_sales"].rows
    assert (sales.start, sales.end, sales.value, sales.error, sales.bound, sales.line) == (
        4.0,
        4.25,
        19741.0,
        None,
        "",
        2,
    )
    (members,) = gauges.series["members"].rows
    assert (members.start, members.end, members.bound, members.source) == (None, 8.25, "above", "letter, April")
    assert gauges.series["share"].rows[0].error == 0.1
    assert gauges.series["margin"].rows[0].value == -0.02
    assert gauges.series["net_sales"].unit == "USD_million"


def test_rows_come_in_order_of_time_whatever_the_order_of_the_file(read):
    later = GOOD.replace("2014-01-01", "2014-04-01", 1).replace("2014-04-01,19", "2014-07-01,19")
    assert [row.line for row in read(later, GOOD).series["net_sales"].rows] == [3, 2]


def test_byte_order_mark_windows_line_ends_column_order_and_empty_rows(tmp_path):
    path = tmp_path / "excel.csv"
    columns = HEADER.split(",")[::-1]
    path.write_bytes(
        ("\ufeff" + "\r\n".join([",".join(columns), ",".join(GOOD.split(",")[::-1]), ",,,,,,,,", ""])).encode()
    )
    assert read_gauges(path, WHEEL).series["net_sales"].rows[0].value == 19741


def test_the_hash_is_of_the_content(read):
    one, again, other = read(GOOD), read(GOOD), read(GOOD.replace("19741", "19742"))
    assert one.hash == again.hash != other.hash


LINES = {
    "GW403 short": ("net_sales,2014-01-01,2014-04-01,197", "GW403"),
    "GW403 comma": (GOOD.replace("release", "release, letter"), "GW403"),
    "GW404": (GOOD.replace("net_sales", "net_sale"), "GW404"),
    "GW405": (GOOD.replace("USD_million", "USD"), "GW405"),
    "GW405 no unit": (GOOD.replace("USD_million", ""), "GW405"),
    "GW405 no such unit": (GOOD.replace("USD_million", "USD million"), "GW405"),
    "GW406 words": (GOOD.replace("19741", "many"), "GW406"),
    "GW406 empty": (GOOD.replace("19741", ""), "GW406"),
    "GW406 thousands": (GOOD.replace("19741", '"19,741"'), "GW406"),
    "GW406 underscore": (GOOD.replace("19741", "19_741"), "GW406"),
    "GW406 percent": (GOOD.replace("19741", "58%"), "GW406"),
    "GW406 error": (GOOD.replace("USD_million,", "USD_million,small"), "GW406"),
    "GW407 nan": (GOOD.replace("19741", "nan"), "GW407"),
    "GW407 inf": (GOOD.replace("19741", "-Infinity"), "GW407"),
    "GW407 too large": (GOOD.replace("19741", "1e999"), "GW407"),
    "GW408 zero": (GOOD.replace("19741", "0"), "GW408"),
    "GW408 negative": (GOOD.replace("19741", "-3"), "GW408"),
    "GW408 percent": ("share,2013-01-01,2014-01-01,46,1,,,letter,verified", "GW408"),
    "GW408 one": ("share,2013-01-01,2014-01-01,1,1,,,letter,verified", "GW408"),
    "GW409 style": (GOOD.replace("2014-04-01", "1/4/2014"), "GW409"),
    "GW409 compact": (GOOD.replace("2014-04-01", "20140401"), "GW409"),
    "GW409 30 February": (GOOD.replace("2014-04-01", "2014-02-30"), "GW409"),
    "GW409 no end": (GOOD.replace("2014-04-01", ""), "GW409"),
    "GW410 backwards": (GOOD.replace("2014-04-01", "2013-10-01"), "GW410"),
    "GW410 empty period": (GOOD.replace("2014-04-01", "2014-01-01"), "GW410"),
    "GW410 sum at a date": (GOOD.replace("2014-01-01", "", 1), "GW410"),
    "GW411 before": ("net_sales,2009-01-01,2010-01-01,5,USD_million,,,filing,verified", "GW411"),
    "GW411 across": ("net_sales,2009-10-01,2010-04-01,5,USD_million,,,filing,verified", "GW411"),
    "GW411 level": ("members,,2010-01-01,5,million,,,filing,verified", "GW411"),
    "GW412 end": (GOOD.replace("2014-04-01", "2014-05-01"), "GW412"),
    "GW412 start": (GOOD.replace("2014-01-01", "2013-12-01"), "GW412"),
    "GW412 level": ("members,,2018-05-15,100,million,,,letter,verified", "GW412"),
    "GW412 short": (GOOD.replace("2014-04-01", "2014-01-10"), "GW412"),
    "GW415": (GOOD.replace("million,,,", "million,,more,"), "GW415"),
    "GW416": (GOOD.replace("million,,,", "million,0,,"), "GW416"),
}


@pytest.mark.parametrize(("line", "code"), LINES.values(), ids=LINES.keys())
def test_each_error_is_told_with_its_line(problems, line, code):
    assert problems("", line) == [(code, 3)]


@given(order=st.permutations(sorted(LINES)), good=st.integers(0, 3))
def test_no_problem_hides_another(tmp_path_factory, order, good):
    path = tmp_path_factory.mktemp("many") / "measured.csv"
    body = [GOOD.replace("2014", str(2015 + k)) for k in range(good)] + [LINES[name][0] for name in order]
    path.write_text("\n".join([HEADER, *body]), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_gauges(path, WHEEL)
    assert [(p.code, p.line) for p in caught.value.problems] == [
        (LINES[name][1], 2 + good + at) for at, name in enumerate(order)
    ]
    assert all(f":{p.line}: error {p.code}" in str(caught.value) for p in caught.value.problems)


def test_one_line_can_have_many_problems(problems):
    line = "net_sale,2014-02-30,2014-04-01,x,USD,-1,more,a,b"
    assert {code for code, _ in problems(line)} == {"GW404", "GW406", "GW409", "GW415", "GW416"}


def test_hints_name_what_was_meant(read):
    with pytest.raises(DataError, match="Did you mean 'net_sales'"):
        read(GOOD.replace("net_sales", "netsales"))
    with pytest.raises(DataError, match="0.58 for 58"):
        read(GOOD.replace("19741", "58%"))
    with pytest.raises(DataError, match="set start = 2009-10-01"):
        read("net_sales,2009-10-01,2010-04-01,5,USD_million,,,filing,verified")
    with pytest.raises(DataError, match="a month is 0.0833"):
        read(GOOD.replace("2014-04-01", "2014-05-01"))


def test_the_dt_that_the_hint_names_puts_the_dates_on_the_grid(read):
    monthly = GOOD.replace("2014-04-01", "2014-05-01")
    assert read(monthly, wheel=WHEEL.changed(dt=0.08333333333333333)).series["net_sales"].rows[0].end == pytest.approx(
        4 + 4 / 12
    )
    weekly = WHEEL.changed(unit="week", dt=0.14285714285714285)
    assert read(monthly, wheel=weekly).series["net_sales"].rows[0].end == pytest.approx(1581 / 7)


def test_a_day_near_the_grid_moves_onto_it(read):
    level = "members,,2013-12-31,5,million,,,filing,verified"
    wheel = WHEEL.changed(dt=1.0)
    assert read(level, wheel=wheel).series["members"].rows[0].end == 4.0


def test_the_same_period_twice(problems):
    assert problems(GOOD, GOOD.replace("19741", "1"), GOOD) == [("GW413", 3), ("GW413", 4)]


def test_a_level_twice_at_one_date_whatever_its_start(problems):
    assert problems("members,,2014-01-01,5,million,,,a,b", "members,2013-01-01,2014-01-01,5,million,,,a,b") == [
        ("GW413", 3)
    ]


def test_a_year_beside_its_quarters_counts_dollars_twice(problems):
    quarters = [
        f"net_sales,2014-{a},{b},5,USD_million,,,a,b"
        for a, b in [("01-01", "2014-04-01"), ("04-01", "2014-07-01"), ("07-01", "2014-10-01"), ("10-01", "2015-01-01")]
    ]
    year = "net_sales,2014-01-01,2015-01-01,20,USD_million,,,a,b"
    assert problems(*quarters, year)[-1] == ("GW414", 6)
    assert problems(year, *quarters) == [("GW414", line) for line in (3, 4, 5, 6)]


def test_means_may_overlap(read):
    year, quarter = "share,2014-01-01,2015-01-01,0.2,1,,,a,b", "share,2014-01-01,2014-04-01,0.2,1,,,a,b"
    assert len(read(year, quarter).series["share"].rows) == 2


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        (HEADER.replace("error,", ""), ["GW402"]),
        (HEADER.replace("value,unit", "amount,units"), ["GW402"] * 4),
        (HEADER + ",value", ["GW402"]),
        (HEADER.replace(",", ";"), ["GW402"]),
        (GOOD, ["GW402"]),
    ],
)
def test_a_wrong_header_stops_the_reading(problems, header, codes):
    assert problems(GOOD, header=header) == [(code, 1) for code in codes]


def only_problem(path):
    with pytest.raises(DataError) as caught:
        read_gauges(path, WHEEL)
    (problem,) = caught.value.problems
    assert problem.hint
    return problem


def test_files_that_cannot_be_read(tmp_path):
    assert only_problem(tmp_path / "none.csv").code == "GW401"
    assert only_problem(tmp_path).code == "GW401"
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert (only_problem(empty).code, only_problem(empty).line) == ("GW402", 1)


def test_text_that_is_not_utf8_and_quotes_left_open(tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes(f"{HEADER}\n{GOOD}\n".encode() + GOOD.replace("release", "café").encode("latin-1"))
    assert (only_problem(path).code, only_problem(path).line) == ("GW401", 3)
    path.write_text(f"{HEADER}\n{GOOD}\n{GOOD.replace('release', chr(34) + 'release')}\n")
    assert (only_problem(path).code, only_problem(path).line) == ("GW401", 3)
    path.write_text(f"{HEADER}\n{GOOD}\n", encoding="utf-16")
    assert only_problem(path).code == "GW401"


def test_a_problem_before_an_unreadable_line_is_not_lost(problems):
    assert problems(GOOD.replace("19741", "x"), GOOD.replace("release", '"release')) == [("GW406", 2), ("GW401", 3)]


def test_a_line_number_counts_line_ends_inside_quotes(problems):
    assert problems(GOOD.replace("release", '"two\nlines"'), GOOD.replace("19741", "x")) == [("GW406", 4)]


def test_large_files_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tidy, "MAX_BYTES", 1000)
    path = tmp_path / "large.csv"
    path.write_text(HEADER + "\n" * 2000)
    assert "larger than" in only_problem(path).message


def test_a_hopeless_file_ends_after_a_thousand_problems(problems):
    found = problems(*["x,y"] * 5000)
    assert found == [("GW403", line) for line in range(2, 1002)] + [("GW417", 1001)]


def test_hostile_cells_are_answered_quickly_and_shown_harmlessly(read):
    begin = time.perf_counter()
    with pytest.raises(DataError) as caught:
        read(GOOD.replace("19741", "9" * 100_000 + "x"), GOOD.replace("net_sales", "\x1b[31m" + "n" * 100_000))
    assert time.perf_counter() - begin < 2
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 1000
