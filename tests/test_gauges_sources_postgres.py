"""A real PostgreSQL server as a source: read-only, copied table by table, continued after it went away."""

from __future__ import annotations

from datetime import datetime

import pytest

from gearwheel.gauges.events import open_events
from gearwheel.gauges.mapping import Mapping, TableMap
from gearwheel.gauges.sources import look
from gearwheel.wheel.errors import DataError

pytestmark = pytest.mark.server

SHOP = """
create table orders (id bigint primary key, who text, at timestamptz, updated_at timestamptz default '2024-01-01');
insert into orders values (1, 'ada', '2024-01-31 12:00:00+01'), (2, 'bo', '2024-02-01 00:00:00+00');
create schema sales;
create type sales.kind as enum ('sold', 'lent');
create table sales."; drop table lines" (
    "order" bigint, pos smallint, sku uuid, price numeric(12, 2), kind sales.kind, tags text[], note jsonb
);
insert into sales."; drop table lines" values
    (1, 1, '00000000-0000-0000-0000-00000000000a', 19.99, 'sold', '{a,b}', '{"x": 1}'),
    (2, 1, '00000000-0000-0000-0000-00000000000b', 2.50, 'lent', null, null);
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def shop(postgres):
    address = postgres.fresh("odd_shop")
    postgres.load(SHOP, "odd_shop")
    return address


def mapping(address: str) -> Mapping:
    orders = TableMap("orders", {"order_id": "id", "customer_id": "who", "placed_at": "at"})
    cells = {"order_id": '"order"', "line": "pos", "product_id": "sku", "price": "price"}
    return Mapping(
        address, tables={"orders": orders, "order_lines": TableMap("sales.; drop table lines", cells, "kind = 'sold'")}
    )


def read(address: str, **how) -> list[tuple]:
    with open_events(mapping(address), ".", **how) as events:
        return events.connection.execute("select customer_id, placed_at from events.orders order by 1").fetchall()


PLAIN = [("ada", datetime(2024, 1, 31, 11)), ("bo", datetime(2024, 2, 1))]


def test_types_that_only_postgres_has(shop):
    assert set(look(shop).tables) == {"orders", "sales.; drop table lines"}
    with open_events(mapping(shop), ".") as events:
        assert events.connection.execute(
            "select order_id, line, product_id, price from events.order_lines"
        ).fetchall() == [("1", "1", "00000000-0000-0000-0000-00000000000a", 19.99)]


def test_a_copy_is_used_until_the_table_has_changed(shop, postgres, cache):
    assert read(shop) == PLAIN
    copies = {p: p.stat().st_mtime_ns for p in cache.joinpath("snapshots").rglob("*.parquet")}
    assert read(shop) == PLAIN
    assert {p: p.stat().st_mtime_ns for p in copies} == copies
    postgres.load("insert into orders values (3, 'eve', '2024-03-01')", "odd_shop")
    assert len(read(shop)) == 3
    postgres.load("update orders set who = 'zoe', updated_at = '2024-02-02' where id = 3", "odd_shop")
    assert read(shop)[-1][0] == "zoe"
    postgres.load("update orders set who = 'yan' where id = 3", "odd_shop")  # marked nowhere
    assert read(shop)[-1][0] == "zoe"
    assert read(shop, refresh=True)[-1][0] == "yan"


def test_one_row_deleted_and_a_later_one_added_is_a_change(shop, postgres):
    postgres.load("insert into orders values (9, 'eve', '2024-03-01'), (10, 'fay', '2024-03-02')", "odd_shop")
    assert [who for who, _ in read(shop)] == ["ada", "bo", "eve", "fay"]
    postgres.load("delete from orders where id = 10; insert into orders values (12, 'gus', '2024-03-02')", "odd_shop")
    assert [who for who, _ in read(shop)] == ["ada", "bo", "eve", "gus"]


KEYS = ["smallint", "integer", "bigint", "numeric(9, 2)", "real", "double precision", "text", "varchar(9)", "char(9)"]
DATES = ["date", "timestamp", "timestamptz", "timestamptz(0)"]


def test_every_type_of_mark_can_be_asked_for(postgres):
    from gearwheel.gauges.sources.postgres import connected, stamp_of_table

    cases = [*((kind, "9", "12") for kind in KEYS[:6]), *((kind, "a", "b") for kind in KEYS[6:])]
    cases += [(kind, "2024-01-09", "12024-01-12") for kind in DATES]
    cases += [
        ("boolean", "false", "true"),
        ("uuid", f"{'0' * 31}9", f"{'0' * 31}a"),
        ("jsonb", "7", "8"),
        ("bit(2)", "01", "10"),
    ]
    address = postgres.fresh("marks")
    for place, (kind, one, _) in enumerate(cases):
        postgres.load(f"create table t{place} (id {kind}); insert into t{place} values ('{one}')", "marks")
    tables = look(address).tables
    with connected(address) as connection:
        for place, (kind, _, other) in enumerate(cases):
            before = stamp_of_table(connection, tables[f"t{place}"])
            postgres.load(f"delete from t{place}; insert into t{place} values ('{other}')", "marks")
            after = stamp_of_table(connection, tables[f"t{place}"])
            assert before[0] == after[0] == 1 and before != after, kind


def test_nothing_can_be_written(shop):
    from gearwheel.gauges.sources.postgres import connected, fetched

    with pytest.raises(DataError, match="GW434.*read-only transaction"), connected(shop) as connection:
        fetched(connection, "insert into orders values (9, 'x', now())")


def test_a_server_that_goes_away_half_way_gives_one_message_and_a_rerun_continues(shop, postgres, cache):
    gone = []

    def progress(stage, done, total, note):
        if stage == "copying" and done == 1 and not gone:
            postgres.stop()
            gone.append(note)

    try:
        with pytest.raises(DataError) as caught:
            open_events(mapping(shop), ".", progress)
    finally:
        if gone:
            postgres.start()
    assert gone == ["sales.; drop table lines"]
    assert len(caught.value.problems) == 1 and "GW434: the database cannot be read" in str(caught.value)
    (copy,) = cache.joinpath("snapshots").rglob("*.parquet")
    first = copy.stat().st_mtime_ns
    assert not list(cache.rglob("*.tmp"))
    assert read(shop) == PLAIN
    assert copy.stat().st_mtime_ns == first


def test_a_wrong_address_never_shows_the_password(postgres):
    address = f"postgresql://shop:hunter2@127.0.0.1:{postgres.port}/nowhere"
    with pytest.raises(DataError) as caught:
        look(address)
    assert "GW434" in str(caught.value) and "nowhere" in str(caught.value)
    assert "hunter2" not in str(caught.value)
