"""What `new` says of columns that are there and cannot be read, and of dates that cannot be."""

from __future__ import annotations

import pytest

from gearwheel.gauges.propose import propose
from gearwheel.gauges.sources import look
from gearwheel.run.start_own import keep_mapping, propose_reading, write_wheel
from gearwheel.wheel.errors import DataError
from test_gauges_sources_parts import HEAD, cache, orders, text_of, write  # noqa: F401


def with_column(number: int, form: str) -> str:
    return text_of([[*row[:number], form.format(row[number]), *row[number + 1 :]] for row in orders(30)])


def test_a_date_in_an_unknown_form_is_not_called_missing(tmp_path):
    write(tmp_path, {"orders.csv": with_column(2, "{} CST")})
    with pytest.raises(DataError) as caught:
        propose(look(tmp_path))
    said = str(caught.value)
    assert (
        "GW439: 'orders' looks like orders, but 'created_at' holds no time that can be read, such as '2023-08-" in said
    )
    assert "CST" in said and "2024-01-31T09:00:00Z" in said


def test_a_price_in_an_unknown_form_is_not_called_missing(tmp_path):
    write(tmp_path, {"orders.csv": with_column(5, "{} per piece")})
    with pytest.raises(DataError, match="but 'price' holds no number that can be read, such as '[0-9.]+ per piece'"):
        propose(look(tmp_path))


@pytest.mark.parametrize("form", ["{:%Y%m%d}", "{:%Y%m%d%H%M%S}", "452{0:%d}.5"])
def test_packed_dates_are_found_by_their_column(tmp_path, form):
    from datetime import datetime

    rows = [[*row[:2], form.format(datetime.fromisoformat(row[2])), *row[3:]] for row in orders(20, 9)]
    write(tmp_path, {"orders.csv": text_of(rows)})
    assert propose(look(tmp_path)).mapping.tables["orders"].columns["placed_at"] == "created_at"


def test_new_says_what_is_wrong_with_the_dates_before_it_advises_to_wait(tmp_path):
    rows = [[*row[:2], row[2].replace("2023", "2123"), *row[3:]] for row in orders(40)]
    write(tmp_path / "data", {"orders.csv": text_of(rows)})
    folder = tmp_path / "w"
    keep_mapping(propose_reading(str(tmp_path / "data"), folder, currency="EUR"), folder, force=False)
    with pytest.raises(DataError) as caught:
        write_wheel("w", folder)
    codes = [problem.code for problem in caught.value.problems]
    assert codes.index("GW453") < codes.index("GW490")
    assert "in the future" in str(caught.value)


def test_a_quote_behind_a_backslash_is_named_with_its_line(tmp_path):
    text = with_column(3, '"a \\"blue\\", large {}"')
    write(tmp_path, {"orders.csv": text})
    with pytest.raises(DataError, match="orders.csv:2: error GW432: a quote stands behind a backslash: .*blue"):
        look(tmp_path)


@pytest.mark.parametrize(
    ("sign", "form", "asked"),
    [(",", "{:.2f}", False), (";", "{:.2f}", False), (";", "{:,.0f}", True), (";", "€ {:,.2f}", False)],
)
def test_a_total_of_a_line_is_read_as_any_number_is(tmp_path, sign, form, asked):
    from dataclasses import replace

    from gearwheel.gauges.events import open_events

    rows = [[*row[:5], float(row[4]) * (1000 + n)] for n, row in enumerate(orders(30))]
    texts = [[*row[:5], form.format(row[5])] for row in rows]
    if sign == ";":
        texts = [[*row[:5], row[5].translate(str.maketrans(",.", ".,"))] for row in texts]
    write(tmp_path, {"till.csv": text_of(texts, [*HEAD[:5], "total"], sign)})
    mapping = propose(look(tmp_path)).mapping
    assert mapping.tables["order_lines"].columns["price"] == 'number("total") / number("quantity")'
    if asked:
        with pytest.raises(DataError, match="GW436: order_lines.total: the point in numbers such as"):
            open_events(mapping, ".")
        mapping = replace(mapping, decimal=",")
    with open_events(mapping, ".") as events:
        money = events.connection.execute("select sum(price * quantity) from events.order_lines").fetchone()[0]
    assert money == pytest.approx(sum(row[5] for row in rows))


def test_number_in_an_expression_takes_a_column_and_nothing_else():
    from gearwheel.gauges.sources.expression import ExpressionError, checked

    numbers: set[str] = set()
    assert checked("number(A) * 2", ["a b", "A"], numbers) == '"number of A" * 2' and numbers == {"A"}
    for text in ("number(1)", "number(A, A)", "number(abs(A))", "number((select 1))", "number(none)", "number()"):
        with pytest.raises(ExpressionError):
            checked(text, ["A"], set())
