"""The measure SQL for PostgreSQL, run on a real server whose language sorts text otherwise: equal to DuckDB's numbers."""

from __future__ import annotations

import pytest

from edge_events import assert_same, edge_events
from gearwheel.gauges.canonical import tables
from gearwheel.gauges.catalogue import catalogue
from gearwheel.gauges.dialects.warehouse import measure_sql, placed, warehouse_sql
from gearwheel.gauges.measure import gathered, measure

pytestmark = pytest.mark.server
IN_ORDER_OF_LANGUAGE = """create database {name} template template0 encoding 'UTF8'
    locale_provider icu icu_locale 'de' lc_collate 'C' lc_ctype 'C'"""


class Server:
    """Measures on a PostgreSQL connection, as DuckDB and Spark do on theirs."""

    def __init__(self, connection):
        self.connection = connection

    def prepare(self, steps, uses, tell):
        self.run("drop schema if exists gearwheel cascade")
        self.run("create schema gearwheel")
        for step in steps:
            self.run(f"create table gearwheel.base_{step.name} as {self.sql(step.sql, step.name)}")
            self.run(f"analyze gearwheel.base_{step.name}")

    def rows(self, sql, what):
        with self.connection.cursor() as cursor:
            cursor.execute(self.sql(sql, what))
            return cursor.fetchall()

    def sql(self, sql, what):
        return measure_sql(sql, "postgres", placed("events", "gearwheel"), what)

    def run(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.fixture(scope="module")
def planted():
    return edge_events()


@pytest.fixture(scope="module")
def connection(postgres, planted):
    """The planted shop in a database of its own, sorted as German is."""
    from adbc_driver_postgresql import dbapi

    postgres.load("drop database if exists edges with (force)")
    postgres.load(IN_ORDER_OF_LANGUAGE.format(name="edges"))
    postgres.load("create schema events", "edges")
    with dbapi.connect(postgres.url.removesuffix("shop") + "edges", autocommit=True) as made:
        with made.cursor() as cursor:
            for name in tables():
                rows = planted.connection.sql(f"from events.{name}").to_arrow_table()
                cursor.adbc_ingest(name, rows, mode="create", db_schema_name="events")
        yield made


def test_the_server_sorts_otherwise_than_duckdb(connection, planted):
    ask = "select customer_id from events.customers order by customer_id"
    with connection.cursor() as cursor:
        cursor.execute(ask)
        assert cursor.fetchall() != planted.connection.execute(ask).fetchall()


@pytest.mark.parametrize("grain", ["week", "month", "day"])
def test_every_gauge_equals_duckdbs(connection, planted, grain):
    planted.mapping.grain = grain
    here = measure(planted)
    there = gathered(Server(connection), planted.mapping, here.measures | left(here), {})
    assert len(here.rows) > 400
    assert_same(here, there)


def left(measured):
    """The measures that gave no row: both engines must find none."""
    every = {m.gauge: m for m in catalogue().values() if not m.instead_of}
    return {g: every[g] for g in measured.left_out}


def test_the_statements_for_a_warehouse_are_valid_and_in_order(connection):
    with connection.cursor() as cursor:
        cursor.execute("drop schema if exists shop_measures cascade")
        cursor.execute("create schema shop_measures")
        for sql in warehouse_sql("postgres", views="shop_measures").values():
            cursor.execute(sql)
        cursor.execute("select count(*), count(value) from shop_measures.orders")
        periods, values = cursor.fetchone()
    assert periods == values > 40
