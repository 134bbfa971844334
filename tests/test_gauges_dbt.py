"""The exported dbt project: complete, every reference resolves, YAML and SQL are read back, and the SQL runs in order."""

from __future__ import annotations

import re

import duckdb
import pytest
import sqlglot

from edge_events import edge_events
from gearwheel.gauges.canonical import tables
from gearwheel.gauges.catalogue import catalogue, choose, steps_for
from gearwheel.gauges.dbt import SIGNED, export_dbt
from gearwheel.gauges.dialects import DIALECTS
from gearwheel.gauges.measure import measure
from gearwheel.wheel.errors import DataError

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
REF = re.compile(r"\{\{ (ref|source)\(([^)]*)\) \}\}")


@pytest.fixture(scope="module")
def project():
    return export_dbt("duckdb", active_days=40)


def models(project):
    return {
        path.rsplit("/", 1)[1].removesuffix(".sql"): text for path, text in project.items() if path.endswith(".sql")
    }


def references(text):
    return [(kind, re.findall(r"'([^']*)'", names)) for kind, names in REF.findall(text)]


def test_every_file_says_whose_it_is(project):
    assert all(SIGNED in text.splitlines()[0] for text in project.values())


def test_every_reference_resolves(project):
    found, sources = models(project), yaml.safe_load(project["models/sources.yml"])["sources"]
    known = {(source["name"], table["name"]) for source in sources for table in source["tables"]}
    for text in found.values():
        assert "gearwheel_" not in text
        for kind, names in references(text):
            assert (names[0] in found) if kind == "ref" else (tuple(names) in known)
    assert all(name == "events" and table in tables() for name, table in known)


def test_every_model_is_described_and_its_columns_tested(project):
    described = {
        model["name"]: model
        for part in ("base", "gauges")
        for model in yaml.safe_load(project[f"models/{part}/schema.yml"])["models"]
    }
    assert set(described) == set(models(project))
    for name, how in catalogue().items():
        model = described[f"gauge_{name}"]
        assert how.title in model["description"]
        assert "{" not in model["description"], "placeholders are filled"
        columns = {c["name"]: c for c in model["columns"]}
        assert list(columns) == ["period_start", "period_end", "value", "error", "n"]
        assert columns["period_start"]["data_tests"] == ["not_null", "unique"]
        assert how.unit in columns["value"]["description"]


def test_keys_of_the_sources_are_tested(project):
    (events,) = yaml.safe_load(project["models/sources.yml"])["sources"]
    orders = next(t for t in events["tables"] if t["name"] == "orders")
    tests = {c["name"]: c.get("data_tests", []) for c in orders["columns"]}
    assert tests["order_id"] == ["not_null", "unique"]
    assert tests["placed_at"] == ["not_null"]
    assert tests["status"] == []


def test_the_models_run_in_the_order_of_their_references(project):
    """As dbt does it: whatever is referred to is built first. The numbers are those of `measure`."""
    planted, waiting, built = edge_events(), models(project), set()
    planted.connection.execute("create schema dbt")
    while waiting:
        ready = [n for n, t in waiting.items() if all(k == "source" or r[0] in built for k, r in references(t))]
        assert ready, f"a circle: {sorted(waiting)}"
        for name in ready:
            sql = REF.sub(plain_name, waiting.pop(name))
            planted.connection.execute(f"create table dbt.{name} as {sql}")
            built.add(name)
    measured = measure(planted)
    for row in measured.rows:
        found = planted.connection.execute(
            f"select period_end, value, n from dbt.gauge_{measured.measures[row.gauge].name} where period_start = ?",
            [row.start],
        ).fetchall()
        assert found == [(row.end, pytest.approx(row.value, rel=1e-12), row.n)]


def plain_name(found):
    kind, names = references(found.group())[0]
    return f"events.{names[1]}" if kind == "source" else f"dbt.{names[0]}"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_sql_of_every_dialect_is_read_back(dialect):
    for text in models(export_dbt(dialect, ["orders", "member_share", "price_index"])).values():
        sqlglot.parse_one(REF.sub("a.b", text), read=dialect)


def test_a_part_of_the_project_has_only_what_it_needs():
    part = export_dbt("postgres", ["orders"], grain="month", active_days=30, events="shop raw")
    assert set(models(part)) == {"gauge_orders", "base_calendar", "base_orders", "base_period_states", "base_periods"}
    (events,) = yaml.safe_load(part["models/sources.yml"])["sources"]
    assert (events["schema"], [t["name"] for t in events["tables"]]) == ("shop raw", ["orders"])


def test_wrong_names_and_dialects_are_refused():
    with pytest.raises(DataError, match="no measure view 'ordres'(?s:.*)orders"):
        export_dbt("postgres", ["ordres"])
    with pytest.raises(DataError, match="no dialect 'postgre'(?s:.*)postgres"):
        export_dbt("postgre")


ORDERS = {"order_id", "customer_id", "placed_at"}
LINES = {"order_id", "line", "product_id", "quantity", "price"}


@pytest.mark.parametrize(
    "fed",
    [
        {"orders": ORDERS, "order_lines": LINES},
        {
            "orders": {*ORDERS, "status"},
            "order_lines": {*LINES, "seller_id"},
            "memberships": {"customer_id", "started_at"},
        },
        {name: set(table.columns) for name, table in tables().items()},
    ],
    ids=["orders and lines", "sellers and members", "all"],
)
def test_a_project_for_a_mapping_builds_where_only_its_tables_exist(fed):
    """In a database that holds what is fed and nothing else, each model is built, and gives what `measure` gives."""
    planted = edge_events()
    database = duckdb.connect()
    database.execute("create schema events")
    database.execute("create schema dbt")
    for name in fed:
        database.register("rows", planted.connection.sql(f"select * from events.{name}").to_arrow_table())
        database.execute(f"create table events.{name} as select * from rows")
    project = export_dbt("duckdb", active_days=40, fed=fed)
    waiting, built = models(project), set()
    while waiting:
        ready = [n for n, t in waiting.items() if all(k == "source" or r[0] in built for k, r in references(t))]
        assert ready, f"a circle: {sorted(waiting)}"
        for name in ready:
            database.execute(f"create table dbt.{name} as {REF.sub(plain_name, waiting.pop(name))}")
            built.add(name)
    able, left_out = choose(fed.keys(), fed)
    assert {n for n in built if n.startswith("gauge_")} == {f"gauge_{how.name}" for how in able.values()}
    assert bool(left_out) == (len(fed) < len(tables()))
    for gauge in ("orders", "sales_value", "basket"):
        rows = database.execute(f"select value from dbt.gauge_{gauge} order by period_start").fetchall()
        assert [value for (value,) in rows] == [pytest.approx(row.value) for row in measure(planted, [gauge]).rows]


@pytest.mark.parametrize("how", catalogue().values(), ids=lambda how: how.name)
def test_a_gauge_needs_each_table_that_it_reads(how):
    """Otherwise it is exported, and measured, where one of its tables does not exist. Orders and lines always do."""
    texts = [how.sql, *(step.sql for step in steps_for([how]))]
    read = {table for text in texts for table in re.findall(r"events\.(\w+)", text)}
    assert read <= {need.partition(".")[0] for need in how.needs} | {"orders", "order_lines"}
