"""Changes of measured series against hand counts, and the small multiples that draw them."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest

from gearwheel.show.own_change import Change, change_words, first_to_last, quarter_on_quarter, ranged
from gearwheel.show.own_data import Prepared, readings_of, unit_of
from gearwheel.show.sparks import MOST_POINTS, spark, thinned
from gearwheel.show.values import Span
from test_show_report import parsed

Z = 1.6449


def events(values: list[float], *, error=None, scale="log", how="mean", grain="week", n=None) -> dict:
    """One gauge with these values in consecutive periods."""
    if grain == "month":
        edges = [date(2020 + i // 12, i % 12 + 1, 1) for i in range(len(values) + 1)]
    else:
        edges = [date(2023, 1, 2) + timedelta((7 if grain == "week" else 1) * i) for i in range(len(values) + 1)]
    counts = n or [10] * len(values)
    rows = [
        {"gauge": "g", "start": str(a), "end": str(b), "value": v, "error": error, "n": k}
        for a, b, v, k in zip(edges, edges[1:], values, counts)
    ]
    about = {"title": "G", "unit": "money/order", "scale": scale, "as": how}
    return {"grain": grain, "gauges": {"g": about}, "rows": rows, "source": {"currency": "EUR"}}


def quarter(found: dict) -> Change | None:
    return quarter_on_quarter(found, "g", readings_of(found)["g"])


@pytest.mark.parametrize(("grain", "size"), [("week", 13), ("day", 91), ("month", 3)])
def test_the_last_quarter_is_compared_with_the_one_before(grain, size):
    found = quarter(events([5.0] * size + [2.0] * size + [2.2] * size, grain=grain))
    assert found.kind == "relative"
    assert found.found.median == pytest.approx(0.1)
    whole = events([5.0] * size + [2.0] * size + [2.2] * size, grain=grain)
    assert first_to_last(whole, "g", readings_of(whole)["g"]).found.median == pytest.approx(2.2 / 5 - 1)


def test_sampling_errors_shrink_with_the_periods_and_join():
    # 13 values with a relative error of 0.1 each: their mean's is 0.1 / sqrt(13); the change joins two of them
    found = quarter(events([2.0] * 13 + [2.2] * 13, error=0.1))
    sd = math.hypot(0.1 / math.sqrt(13), 0.1 / math.sqrt(13))
    assert found.found.low == pytest.approx(math.expm1(math.log(1.1) - Z * sd))
    assert found.found.high == pytest.approx(math.expm1(math.log(1.1) + Z * sd))


def test_shares_change_in_points_and_their_errors_are_logits():
    found = quarter(events([0.5] * 13 + [0.6] * 13, error=0.2, scale="logit"))
    # d share = share (1 - share) d logit
    sd = math.hypot(0.25 * 0.2, 0.24 * 0.2) / math.sqrt(13)
    assert found.kind == "points"
    assert found.found == pytest.approx(Span(0.1, 0.1 - Z * sd, 0.1 + Z * sd))
    assert change_words(found) == "rose by 10 points (8.4 to 12 points)" or "points" in change_words(found)


def test_a_stock_is_read_at_the_end_and_a_mean_weighs_its_events():
    stock = quarter(events([*range(1, 27)], how="end"))
    assert stock.found.median == pytest.approx(26 / 13 - 1)
    weighed = quarter(events([1.0] * 13 + [1.0] * 12 + [3.0], n=[10] * 25 + [120]))
    assert weighed.found.median == pytest.approx(1.0)  # half of the events behind the last quarter read 3
    added = quarter(events([1.0] * 13 + [1.0] * 12 + [14.0], how="sum", n=[10] * 25 + [120]))
    assert added.found.median == pytest.approx(1.0)


def test_short_or_broken_series_have_no_change():
    assert quarter(events([1.0] * 24)) is None  # the quarter before is not whole
    assert quarter(events([1.0])) is None
    assert quarter_on_quarter({}, "g", []) is None
    assert quarter(events([1.0] * 13 + [0.0] * 13)) is None  # nothing has no logarithm
    short = events([1.0] * 27)
    assert first_to_last(short, "g", readings_of(short)["g"]) is None  # it would be the same as the last quarter


def test_words_for_a_change():
    relative = lambda m, a, b: Change("relative", Span(m, a, b), "")  # noqa: E731
    assert change_words(relative(0.031, 0.012, 0.05)) == "rose by 3.1 % (1.2 to 5 %)"
    assert change_words(relative(-0.04, -0.05, -0.03)) == "fell by 4 % (3 to 5 %)"
    assert change_words(relative(0.01, -0.01, 0.03)) == "did not move beyond its sampling error (−1 to +3 %)"
    assert change_words(relative(0.28, None, None)) == "rose by 28 %"
    assert change_words(relative(0.0, None, None)) == "stayed as it was"
    assert change_words(relative(0.01, -0.01, 0.03), shy=True) == "+1 % (−1 to +3 %)"
    assert change_words(Change("plain", Span(-2.0, None, None), "day")) == "fell by 2 days"
    assert change_words(None) == ""


def test_a_range_names_its_unit_once():
    assert ranged("1.1 %", "1.5 %") == "1.1 to 1.5 %"
    assert ranged("EUR 3", "EUR 4") == "EUR 3 to EUR 4"
    assert ranged("1", "2") == "1 to 2"
    assert ranged("900,000", "1.2 m") == "900,000 to 1.2 m"


def test_units_name_the_money_and_shares():
    assert unit_of(events([1.0]), "g") == "EUR/order"
    assert unit_of(events([0.5], scale="logit"), "g") == "share"
    found = events([1.0])
    found["gauges"]["g"]["unit"] = "order/(customer*year)"
    assert unit_of(found, "g") == "order/customer and year"
    found["source"] = {"currency": "<b>"}
    found["gauges"]["g"]["unit"] = "money"
    assert unit_of(found, "g") == "money"


def test_rows_are_read_once_for_a_report():
    whole = Prepared(events([1.0, 2.0]))
    assert readings_of(whole) is readings_of(whole)
    assert [r.value for r in readings_of(whole)["g"]] == [1.0, 2.0]


def test_small_multiples_keep_the_mean_and_stay_light():
    long = readings_of(events([float(i) for i in range(1000)], grain="day"))["g"]
    points = thinned(long)
    assert len(points) <= MOST_POINTS
    assert points[0][1] == pytest.approx(sum(range(10)) / 10)
    drawing = spark(long, "Long <i>title</i>", "day")
    assert len(drawing) < 6000
    assert "i" not in parsed(drawing).tags
    assert spark([], "Nothing", "") == ""
