"""The portable subset: every view is inside it, what means something else elsewhere is kept out or written otherwise."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import sqlglot
from sqlglot import exp

from gearwheel.gauges.catalogue import catalogue, intermediates
from gearwheel.gauges.dialects import DIALECTS, canonical_schema, translated, typed_tree
from gearwheel.gauges.dialects.subset import outside
from gearwheel.gauges.dialects.warehouse import RESULT, measure_schema, warehouse_sql, warehouse_views
from gearwheel.wheel.errors import DataError

EVENTS = canonical_schema()


@pytest.fixture(scope="module", params=DIALECTS)
def written(request):
    return request.param, warehouse_views(request.param)


def test_every_view_is_inside_the_subset_and_is_read_back_in_every_dialect(written):
    dialect, views = written
    assert {v.name for v in views} == {*catalogue(), *(f"base_{name}" for name in intermediates())}
    for view in views:
        tree = sqlglot.parse_one(view.select, read=dialect)
        assert not list(tree.find_all(exp.Command)), view.name
        assert not re.search(r"\b(events|base)\.\w+\.", view.select), "schemas are put in place"


def test_a_gauge_yields_its_five_columns_in_their_types(written):
    dialect, views = written
    for view in views[-len(catalogue()) :]:
        tree = sqlglot.parse_one(view.select, read=dialect)
        while isinstance(tree, exp.SetOperation):
            tree = tree.left
        assert [s.alias_or_name.lower() for s in tree.selects] == list(RESULT), view.name


def test_statements_come_after_those_that_they_read():
    made = set()
    for name, sql in warehouse_sql("snowflake", events="raw.shop", views="measures").items():
        assert sql.startswith(f"CREATE OR REPLACE VIEW measures.{name} AS\n")
        assert set(re.findall(r"measures\.(base_\w+)", sql)) - {name} <= made
        made.add(name)


def test_the_schema_knows_every_intermediate_and_every_type():
    schema = measure_schema()
    assert {t for t in schema if t.startswith("base.")} == {f"base.{name}" for name in intermediates()}
    assert not [(t, c) for t, columns in schema.items() for c, kind in columns.items() if kind in ("UNKNOWN", "NULL")]


OUTSIDE = [
    ("select any_value(status) as x from events.orders", "min or max"),
    ("select median(price) as x from events.order_lines", "row_number"),
    ("select quantile_cont(price, 0.9) as x from events.order_lines", "row_number"),
    ("select price / quantity as x from events.order_lines", "nullif"),
    ("select price / count(*) as x from events.order_lines", "nullif"),
    ("select 1 // 2 as x from events.orders", "floor"),
    ("select max(placed_at) - min(placed_at) as x from events.orders", "date_diff"),
    ("select placed_at + 7 as x from events.orders", "interval"),
    ("select date_diff('hour', placed_at, placed_at) as x from events.orders", "whole days"),
    ("select date_diff('week', placed_at, placed_at) as x from events.orders", "whole days"),
    ("select extract(dow from placed_at) as x from events.orders", "counted from elsewhere"),
    ("select date_trunc('hour', placed_at) as x from events.orders", "cut alike"),
    ("select sum(is_test) as x from events.orders", "no number"),
    ("select cast(price as integer) as x from events.order_lines", "some cut"),
    ("select cast(price as varchar) as x from events.order_lines", "printed differently"),
    ("select cast(price as decimal(9, 2)) as x from events.order_lines", "not the same everywhere"),
    ("select try_cast(line as double) as x from events.order_lines", "PostgreSQL has none"),
    ("select round(price, 2) as x from events.order_lines", "to even"),
    ("select order_id from events.orders limit 3", "which rows remain"),
    ("select order_id from events.orders qualify row_number() over (order by order_id) = 1", "outer SELECT"),
    ("select customer_id, count(*) as n from events.orders group by all", "name the columns"),
    ("select count(distinct (customer_id, status)) as n from events.orders", "group first"),
    ("select row_number() over () as n from events.orders", "without an order"),
    ("select count(distinct status) over (order by order_id) as n from events.orders", "DISTINCT in a window"),
    (
        "select sum(price) over (order by line range between 3 preceding and current row) as n from events.order_lines",
        "ROWS",
    ),
    ("select o.order_id from events.orders o left join events.deliveries d on o.placed_at < d.promised_at", "equality"),
    (
        "select o.order_id from events.orders o full join events.deliveries d"
        " on o.order_id = d.order_id and o.placed_at < d.promised_at",
        "equalities only",
    ),
    ("select o.order_id from events.orders o semi join events.returns r on o.order_id = r.order_id", "no SEMI join"),
    (
        "select o.order_id from events.orders o where exists"
        " (select r.line from events.returns r where r.order_id = o.order_id)",
        "outer row",
    ),
    ("select greatest(1, 2, 3) as x from events.orders", "two values"),
    ("select order_id as rows from events.orders", "reserved"),
    ("with analyse as (select 1 as x) select x from analyse", "reserved"),
    ('select order_id as "order id" from events.orders', "quoted"),
    ("select arg_max(status, placed_at) as x from events.orders", "row_number"),
    ("select current_date as x from events.orders", "the day on which it is run"),
    ("select list(order_id) as x from events.orders", "not in the portable subset"),
    ("select order_id || 'x' as x from events.orders", "joined to text"),
    ("select x from range(1, 3) r(x)", "calendar"),
    ("with recursive t as (select 1 as a union all select a + 1 from t where a < 9) select a from t", "recurses"),
    ("select content from read_text('/etc/passwd')", "not in the portable subset"),
]


@pytest.mark.parametrize(("sql", "reason"), OUTSIDE)
def test_what_differs_is_kept_out_with_a_reason(sql, reason):
    with pytest.raises(DataError, match="GW467") as caught:
        translated(sql, "spark", name="my view")
    assert reason in str(caught.value)
    assert "my view" in str(caught.value)


INSIDE = [
    "select price / nullif(quantity, 0) as x from events.order_lines",
    "select case when quantity > 0 then price / quantity end as x from events.order_lines",
    "select price / quantity as x from events.order_lines where quantity > 0 and price > 1",
    "select order_id, 1 / sqrt(count(*)) as x from events.order_lines group by order_id",
    "select cast(placed_at as date) + 7 as x from events.orders",
    "select count(*) filter (where is_test) as x from events.orders",
    "select order_id from events.orders where order_id in (select order_id from events.returns)",
    "select customer_id, count(*) as n from events.orders group by 1 order by n desc",
]


@pytest.mark.parametrize("sql", INSIDE)
def test_what_means_the_same_is_let_in(sql):
    assert outside(typed_tree(sql, EVENTS)) == []
    for dialect in DIALECTS:
        sqlglot.parse_one(translated(sql, dialect), read=dialect)


@pytest.mark.parametrize(
    "condition", ["quantity > 0 or price > 0", "quantity > -1", "quantity <> 1", "price > 0", "not quantity > 0"]
)
def test_a_question_that_does_not_keep_zero_out_is_no_guard(condition):
    sql = f"select price / quantity as x from events.order_lines where {condition}"
    assert outside(typed_tree(sql, EVENTS))


@pytest.mark.parametrize(
    ("expression", "dialect", "expected"),
    [
        ("date_trunc('week', placed_at)", "bigquery", "DATE_TRUNC(CAST(orders.placed_at AS DATE), ISOWEEK)"),
        ("date_trunc('week', placed_at)", "snowflake", "1 - DAYOFWEEKISO(orders.placed_at)"),
        ("date_trunc('month', placed_at)", "bigquery", "DATE_TRUNC(CAST(orders.placed_at AS DATE), MONTH)"),
        ("date_diff('day', placed_at, placed_at)", "spark", "DATEDIFF(CAST(orders.placed_at AS DATE)"),
        ("date_diff('day', placed_at, placed_at)", "snowflake", "DATEDIFF(DAY, CAST(orders.placed_at AS DATE)"),
        ("1 / 3", "snowflake", "CAST(1 AS DOUBLE) / 3"),
        ("1 / 3", "postgres", "CAST(1 AS DOUBLE PRECISION) / 3"),
        ("avg(length(status))", "snowflake", "AVG(CAST(LENGTH(orders.status) AS DOUBLE))"),
        (
            "least(placed_at, null)",
            "bigquery",
            "LEAST(COALESCE(orders.placed_at, NULL), COALESCE(NULL, orders.placed_at))",
        ),
        ("min(status)", "postgres", 'MIN(orders.status COLLATE "C")'),
        ("placed_at + interval 7 day", "bigquery", "INTERVAL 7 DAY"),
        ("cast(placed_at as timestamp)", "spark", "TIMESTAMP_NTZ"),
        ("cast(placed_at as timestamp)", "bigquery", "DATETIME"),
        ("cast(placed_at as date) - 7", "databricks", "DATE_ADD(CAST(orders.placed_at AS DATE), -CAST(7 AS INT))"),
        ("row_number() over (order by status)", "spark", "ORDER BY orders.status NULLS LAST"),
        ("count(*) filter (where is_test)", "bigquery", "COUNTIF(orders.is_test)"),
        ("epoch(placed_at)", "postgres", "CAST(EXTRACT(EPOCH FROM orders.placed_at) AS DOUBLE PRECISION)"),
    ],
)
def test_what_sqlglot_leaves_is_written_otherwise(expression, dialect, expected):
    sql = " ".join(translated(f"select {expression} as x from events.orders", dialect).split())
    assert expected in sql.replace("( ", "(").replace(" )", ")")


def test_windows_with_frames_put_nulls_last_in_bigquery_too():
    sql = "select sum(price) over (order by line rows between 3 preceding and current row) as x from events.order_lines"
    assert "order_lines.line IS NULL, order_lines.line" in " ".join(translated(sql, "bigquery").split())


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("drop table events.orders", "GW465"),
        ("select 1 as a; select 2 as a", "GW465"),
        ("select (", "GW465"),
        ("select a from nowhere", "no table 'nowhere'"),
        ("select a from events.order", "Did you mean 'events.orders'"),
        ("select nothing from events.orders", "nothing"),
    ],
)
def test_what_cannot_be_read_is_said(sql, says):
    with pytest.raises(DataError, match=re.escape(says)) as caught:
        translated(sql, "postgres")
    assert "\x1b" not in str(caught.value)


def test_an_unknown_dialect_is_refused_with_the_near_one():
    with pytest.raises(DataError, match="Did you mean 'snowflake'"):
        translated("select order_id from events.orders", "snowflak")


def test_nothing_heavy_is_imported_with_the_names():
    code = (
        "import sys, gearwheel.gauges.dialects, gearwheel.gauges.dialects.warehouse, gearwheel.gauges.spark,"
        " gearwheel.gauges.dbt; print(*[m for m in ('sqlglot', 'pyspark', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
