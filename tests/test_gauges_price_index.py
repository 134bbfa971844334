"""The price index says what like goods cost: exact where all prices move alike, without drift, past gaps and mistakes."""

from __future__ import annotations

import math
import random
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.gauges.measure import measure
from measuring import made

MONDAY = date(2023, 1, 2)


def sales(lines: list[tuple[int, str, float, float]], days: int = 7) -> dict[str, list[dict]]:
    """One order on the first and the last day of each period for its (period, product, price, pieces)."""
    orders, rows = {}, []
    for number, (period, product, price, pieces) in enumerate(lines):
        for part in (0, 1):
            day = MONDAY + timedelta(days * period + part * (days - 1))
            order = f"{period}-{part}"
            at = datetime(day.year, day.month, day.day, 12)
            orders[order] = {"order_id": order, "customer_id": "c", "placed_at": at}
            row = {"product_id": product, "price": price, "quantity": pieces / 2}
            rows.append({"order_id": order, "line": f"{number}-{part}", **row})
    return {"orders": list(orders.values()), "order_lines": rows}


def index(lines: list[tuple[int, str, float, float]], grain: str = "week") -> dict[int, float]:
    """Price index by number of the week."""
    found = measure(made(grain, 30, **sales(lines)), ["price_index"]).rows
    return {(row.start - MONDAY).days // 7: row.value for row in found}


def shop(weeks: int, path, products: int = 20, seed: int = 1, sold: float = 1.0) -> list[tuple[int, str, float, float]]:
    """A shop whose prices all follow `path` (by week), with quantities that jump, each product sold in a part of weeks."""
    rng = random.Random(seed)
    usual = [math.exp(rng.gauss(3, 0.7)) for _ in range(products)]
    return [
        (week, f"p{i}", usual[i] * path(week), rng.choice([1, 2, 3, 20]))
        for week in range(weeks)
        for i in range(products)
        if rng.random() < sold
    ]


@given(st.lists(st.floats(0.6, 1.6), min_size=14, max_size=20), st.integers(0, 99))
@settings(max_examples=8, deadline=None)
def test_where_all_prices_move_alike_the_index_is_that_move(path, seed):
    found = index(shop(len(path), lambda week: path[week], seed=seed))
    assert found == pytest.approx({k: p / path[0] for k, p in enumerate(path)}, rel=1e-9)


def promoted(weeks: int, yearly: float, seed: int = 3) -> list[tuple[int, str, float, float]]:
    """Each week three of thirty products are a third off: people stock up then, and buy little in the two weeks after."""
    rng = random.Random(seed)
    usual = [math.exp(rng.gauss(2, 0.5)) for _ in range(30)]
    offered = [set(rng.sample(range(30), 3)) if 0 < week < weeks - 1 else set() for week in range(weeks)]
    lines = []
    for week in range(weeks):
        for i in range(30):
            after = any(i in offered[w] for w in range(max(0, week - 2), week))
            pieces = 80 if i in offered[week] else 2 if after else 10
            price = usual[i] * (1 + yearly) ** (week / 52) * (0.67 if i in offered[week] else 1)
            lines.append((week, f"p{i}", price, pieces))
    return lines


def test_promotions_and_stocking_up_do_not_make_it_drift():
    """The chained weekly index of the same sales ends far away: each promotion left it somewhat off its level."""
    found = index(promoted(104, 0.027))
    assert found[103] == pytest.approx(1.027 ** (103 / 52), rel=0.004)


def test_a_mistyped_price_moves_nothing():
    lines = shop(40, lambda week: 1 + 0.001 * week)
    wrong = [(w, p, 100 * price if (w, p) == (20, "p3") else price, n) for w, p, price, n in lines]
    low = [(w, p, price / 100 if (w, p) == (20, "p3") else price, n) for w, p, price, n in lines]
    right = index(lines)
    for bad in (wrong, low):
        assert index(bad) == pytest.approx(right, rel=1e-3)


def test_a_mistyped_line_among_right_ones_of_the_same_week_moves_nothing_either():
    lines = shop(40, lambda week: 1.0)
    price = next(price for week, product, price, _ in lines if (week, product) == (20, "p3"))
    assert index([*lines, (20, "p3", 100 * price, 1)])[20] == pytest.approx(1, rel=1e-9)


def test_an_empty_week_does_not_swallow_what_prices_did_meanwhile():
    lines = [line for line in shop(40, lambda week: 1.0 if week < 20 else 1.1) if line[0] not in (19, 20, 21)]
    found = index(lines)
    assert set(found) == set(range(40)) - {19, 20, 21}
    assert [found[w] for w in (18, 22, 39)] == pytest.approx([1, 1.1, 1.1])


def test_a_step_shows_at_once_in_a_range_of_which_each_week_sells_a_little():
    found = index(shop(60, lambda week: 1.0 if week < 30 else 1.1, products=400, sold=0.08))
    assert max(found[w] for w in range(30)) < 1.02 and min(found[w] for w in range(30, 60)) > 1.08


def test_a_new_dearer_range_does_not_raise_it():
    lines = shop(60, lambda week: 1.0)
    moved = [
        (w, p if w < 30 or int(p[1:]) % 2 else f"new{p}", pr if w < 30 or int(p[1:]) % 2 else 3 * pr, n)
        for w, p, pr, n in lines
    ]
    assert list(index(moved).values()) == pytest.approx([1] * 60, rel=1e-9)


def test_where_nothing_is_sold_twice_across_a_break_only_the_greater_part_is_an_index():
    sold = shop(60, lambda week: 1 + week / 100)
    lines = [(w, p if w < 16 else f"other{p}", price, n) for w, p, price, n in sold if not 14 <= w < 18]
    measured = measure(made("week", 30, **sales(lines)), ["price_index"])
    assert measured.rows[0].start == MONDAY + timedelta(7 * 18) and measured.rows[0].value == 1
    assert measured.rows[-1].value == pytest.approx(1.59 / 1.18)
    assert any(note == "Price index: left out 18 periods without a value on its scale" for note in measured.notes)


@pytest.mark.parametrize(("grain", "days"), [("day", 1), ("month", 30)])
def test_days_and_months_are_compared_alike(grain, days):
    lines = shop(40, lambda week: 1 + week / 100)
    found = measure(made(grain, 30, **sales(lines, days)), ["price_index"]).rows
    steps = [row.value for row in found]
    assert len(found) > 30 and steps == pytest.approx(sorted(steps)) and steps[-1] > 1.3
