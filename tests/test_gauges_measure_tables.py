"""The canonical tables: complete, typed, and empty views that DuckDB takes as it stands."""

from __future__ import annotations

import duckdb
import pytest

from gearwheel.gauges.canonical import TYPES, Table, empty_view_sql, tables


def test_only_orders_and_lines_are_needed():
    assert {name for name, table in tables().items() if table.needed} == {"orders", "order_lines"}


@pytest.mark.parametrize("table", tables().values(), ids=lambda t: t.name)
def test_every_table_is_whole(table: Table):
    assert table.key and set(table.key) <= set(table.columns)
    assert {c.type for c in table.columns.values()} <= set(TYPES)
    assert all(c.says for c in table.columns.values())


@pytest.mark.parametrize("table", tables().values(), ids=lambda t: t.name)
def test_an_empty_view_has_every_column_in_its_type_and_no_row(table: Table):
    relation = duckdb.connect().sql(empty_view_sql(table))
    assert relation.columns == list(table.columns)
    assert [str(t) for t in relation.types] == [c.sql_type for c in table.columns.values()]
    assert relation.fetchall() == []
