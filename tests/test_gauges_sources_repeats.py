"""Rows that stand twice: in two exports that overlap, on two lines of a receipt, in two shops that count alike."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.wheel.errors import DataError
from test_gauges_sources_parts import HEAD, cache, measured, orders, text_of, value, write  # noqa: F401


def test_a_product_on_two_lines_of_a_receipt_counts_twice(tmp_path):
    rows = orders(30)
    second = [[*row[:4], "3", row[5]] for row in rows[::3]] + [[*rows[1][:5], "1.25"], list(rows[2])]
    write(tmp_path, {"till.csv": text_of([*rows, *second])})
    count, money, said = measured(tmp_path)
    assert (count, money) == (30, value(rows) + value(second))
    assert "12 of 42 lines name a product that stands in their order already" in said and "(1 of them" in said


def test_rows_that_were_all_written_twice_are_asked_about(tmp_path):
    write(tmp_path, {"till.csv": text_of(orders(30) * 2)})
    with pytest.raises(DataError, match="GW423: order_lines.line: 30 of 60 lines are like another"):
        measured(tmp_path)


def test_whole_rows_of_overlapping_exports_count_once(tmp_path):
    rows = orders(40)
    twice = list(rows[15])  # a second line that is alike within one file remains
    write(tmp_path, {"orders_1.csv": text_of([*rows[:25], twice]), "orders_2.csv": text_of(rows[10:])})
    count, money, said = measured(tmp_path)
    assert (count, money) == (40, value([*rows, twice]))
    assert "15 rows stand as they are in an earlier file" in said
    assert measured(tmp_path)[1:] == (money, said)  # what was found is remembered


def test_a_later_file_changes_an_order(tmp_path):
    rows = orders(40)
    changed = [[*row[:5], "1.00"] for row in rows[10:20]]
    write(tmp_path, {"orders_2.csv": text_of(rows[:20]), "orders_10.csv": text_of([*changed, *rows[20:]])})
    count, money, said = measured(tmp_path)
    assert (count, money) == (40, value([*rows[:10], *changed, *rows[20:]]))
    assert "order_lines: 10 of 50 rows repeat the order_id, line of another; the last one counts" in said


def test_two_shops_that_count_alike_are_asked_about_and_told_apart(tmp_path):
    one, other = orders(30), [[row[0], f"x{n % 5}", *row[2:]] for n, row in enumerate(orders(30))]
    write(tmp_path, {"basel/till.csv": text_of(one), "hamburg/till.csv": text_of(other)})
    with pytest.raises(DataError, match=r"GW422: orders.order_id: 30 of 30 ids.*\n.*concat\(source_folder"):
        measured(tmp_path)
    from dataclasses import replace

    from gearwheel.gauges.events import open_events
    from gearwheel.gauges.propose import propose
    from gearwheel.gauges.sources import look

    mapping = propose(look(tmp_path)).mapping
    tables = {
        name: replace(table, columns=table.columns | {"order_id": "concat(source_folder, ' ', order_id)"})
        for name, table in mapping.tables.items()
    }
    with open_events(replace(mapping, tables=tables), ".") as events:
        found = events.connection.execute("select count(*), sum(price * quantity) from events.order_lines").fetchone()
    assert found == (60, value(one) + value(other))


def test_numbers_that_begin_anew_are_named(tmp_path):
    rows = [[str(n % 10), *row[1:]] for n, row in enumerate(orders(60))]
    write(tmp_path, {"till.csv": text_of(rows)})
    assert "orders.order_id: 10 of 10 ids, such as '0', stand for several customers" in measured(tmp_path)[2]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**16), st.integers(2, 4))
def test_however_exports_overlap_the_truth_comes_out(tmp_path_factory, seed, parts):
    """Each file is a run of the true lines; together they hold all of them, some in several files."""
    folder, chance = tmp_path_factory.mktemp("shop"), random.Random(seed)
    lines = [row for row in orders(40) for _ in range(1 + (chance.random() < 0.2))]
    starts = sorted({0, *(chance.randrange(5, 35) for _ in range(parts - 1))})
    ends = [min(40, stop + chance.randrange(0, 12)) for stop in [*starts[1:], 40]]
    for number, (start, end) in enumerate(zip(starts, ends)):
        inside = [row for row in lines if start < int(row[0][1:]) <= end]
        write(folder, {f"orders_{number}.csv": text_of(inside, HEAD)})
    assert measured(folder)[:2] == (40, value(lines))


def customers(folder) -> set[str]:
    from gearwheel.gauges.events import open_events
    from gearwheel.gauges.propose import propose
    from gearwheel.gauges.sources import look

    with open_events(propose(look(folder)).mapping, ".") as events:
        return {who for (who,) in events.connection.execute("select customer_id from events.orders").fetchall()}


def test_a_whole_number_is_one_id_however_it_is_written(tmp_path):
    rows = [[row[0], str(11 + n % 9), *row[2:]] for n, row in enumerate(orders(40))]
    forms = ["{}.0", "{}", "{}.00", "{},0"]
    for row, form in zip(rows, forms * 10):
        row[1] = form.format(row[1])
    rows[0][1], rows[1][1] = "1.2e1", "1.3E+01"
    write(tmp_path, {"orders_1.csv": text_of(rows[:20], sign=";"), "orders_2.csv": text_of(rows[20:], sign=";")})
    assert customers(tmp_path) == {str(n) for n in range(11, 20)}


def test_zeros_before_and_decimals_behind_are_part_of_an_id(tmp_path):
    ids = ["0017", "17", "17.5", "v1.0", "1.25E+12", "1.0.0", "0017.0", "1.7e2", "1.000"]
    rows = [[row[0], ids[n % 9], *row[2:]] for n, row in enumerate(orders(40))]
    write(tmp_path, {"orders.csv": text_of(rows)})
    assert customers(tmp_path) == {"0017", "17", "17.5", "v1.0", "1.25E+12", "1.0.0", "1.7e2", "1.000"}
