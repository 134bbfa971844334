"""Sources as people have them: what is there, how odd files are read, and that nothing of the user's is touched."""

from __future__ import annotations

import gzip
import hashlib
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from gearwheel.gauges.checks import cancelled
from gearwheel.gauges.events import open_events
from gearwheel.gauges.mapping import Mapping, TableMap
from gearwheel.gauges.propose import propose
from gearwheel.gauges.sources import look
from gearwheel.wheel.errors import Cancelled, DataError

ORDERS = "id,who,at\n1,ada,2024-01-31\n2,bo,2024-02-01\n"
LINES = "order,pos,sku,price\n1,1,A,10\n2,1,B,2.5\n"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("GEARWHEEL_CACHE", str(folder))
    return folder


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "lines.csv").write_text(LINES)
    return folder


def mapping(source, **settings) -> Mapping:
    orders = TableMap("orders", {"order_id": "id", "customer_id": "who", "placed_at": "at"})
    lines = TableMap("lines", {"order_id": '"order"', "line": "pos", "product_id": "sku", "price": "price"})
    tables = {"orders": orders, "order_lines": lines} | settings.pop("tables", {})
    return Mapping(str(source), tables=tables, **settings)


def rows(events, sql: str) -> list[tuple]:
    return events.connection.execute(sql).fetchall()


def read(source, sql: str = "select order_id, customer_id, placed_at from events.orders order by 1", **settings):
    with open_events(mapping(source, **settings), ".") as events:
        return rows(events, sql)


def contents(folder: Path) -> dict[str, tuple]:
    return {
        str(p): (p.stat().st_mtime_ns, hashlib.sha256(p.read_bytes()).hexdigest())
        for p in sorted(folder.rglob("*")) if p.is_file()
    }  # fmt: skip


PLAIN = [("1", "ada", datetime(2024, 1, 31)), ("2", "bo", datetime(2024, 2, 1))]


@pytest.mark.parametrize(
    "raw",
    [
        ORDERS.encode(),
        b"\xef\xbb\xbf" + ORDERS.encode(),
        ORDERS.encode("utf-16"),
        ORDERS.replace(",", ";").encode(),
        ORDERS.replace(",", "\t").encode(),
        ORDERS.replace(",", "|").encode(),
        ORDERS.replace("\n", "\r\n").encode(),
        ORDERS.rstrip().encode(),
    ],
    ids=["utf-8", "bom", "utf-16", "semicolon", "tab", "bar", "crlf", "no last line end"],
)
def test_the_same_table_in_many_spellings(shop, raw):
    (shop / "orders.csv").write_bytes(raw)
    assert read(shop) == PLAIN


def test_encodings_that_change_within_a_file(shop):
    text = "id,who,at\n1,Zoë,2024-01-31\n".encode() + "2,Jürgen €,2024-02-01\n".encode("cp1252")
    (shop / "orders.csv").write_bytes(text)
    before = contents(shop)
    with open_events(mapping(shop), ".") as events:
        assert rows(events, "select customer_id from events.orders order by order_id") == [("Zoë",), ("Jürgen €",)]
        assert any("Windows-1252" in p.message for p in events.problems)
    assert contents(shop) == before


def test_a_packed_file_is_read(shop):
    (shop / "orders.csv").unlink()
    with gzip.open(shop / "orders.csv.gz", "wt") as out:
        out.write(ORDERS)
    assert read(shop) == PLAIN


def test_files_in_parts_and_one_folder_deeper(shop):
    (shop / "orders.csv").unlink()
    for part, text in enumerate(ORDERS.splitlines()[1:]):
        (shop / f"orders_{part}.csv").write_text(f"id,who,at\n{text}\n")
    assert read(shop) == PLAIN
    deeper = shop / "orders"
    deeper.mkdir()
    for part in range(2):
        os.rename(shop / f"orders_{part}.csv", deeper / f"part-0000{part}.csv")
    assert set(look(shop).tables) == {"lines", "orders"}
    assert read(shop) == PLAIN


def test_parquet_and_duckdb_are_read_where_they_lie(shop, tmp_path):
    with duckdb.connect(str(tmp_path / "shop.db")) as connection:
        for name in ("orders", "lines"):
            connection.execute(f"create table {name} as from read_csv('{shop}/{name}.csv')")
            connection.execute(f"copy {name} to '{shop}/{name}.parquet'")
            (shop / f"{name}.csv").unlink()
    before = contents(tmp_path)
    assert look(shop).tables["orders"].rows == 2
    assert read(shop) == PLAIN
    assert read(tmp_path / "shop.db") == PLAIN
    assert contents(tmp_path) == before


def test_times_become_utc(shop):
    (shop / "orders.csv").write_text(
        "id,who,at\n1,a,2024-07-01 00:30:00\n2,a,2024-07-01T00:30:00Z\n3,a,2024-07-01 00:30:00 -0500\n4,a,1719793800\n"
        "5,a,2024-07-01 00:30:00.250+02:00\n6,a,\n"
    )
    with open_events(mapping(shop, time_zone="Europe/Berlin"), ".") as events:
        assert [at for _, at in rows(events, "select order_id, placed_at from events.orders order by 1")] == [
            datetime(2024, 6, 30, 22, 30), datetime(2024, 7, 1, 0, 30), datetime(2024, 7, 1, 5, 30),
            datetime(2024, 7, 1, 0, 30), datetime(2024, 6, 30, 22, 30, 0, 250_000),
        ]  # fmt: skip
        assert any("1 of 6 rows lack" in p.message for p in events.problems)


def dated(shop, *dates: str, **settings):
    (shop / "orders.csv").write_text("id,who,at\n" + "".join(f"{n},a,{d}\n" for n, d in enumerate(dates)))
    return [at for _, _, at in read(shop, **settings)]


def test_dates_in_three_formats(shop):
    day = datetime(2024, 1, 31)
    assert dated(shop, "31/01/2024", "2024-01-31", "31.01.2024", "20240131", "31/1/24") == [day] * 5
    assert dated(shop, "01/31/2024", "2024-01-31", "31.01.2024") == [day] * 3
    assert dated(shop, "1/31/2024 3:45 PM") == [datetime(2024, 1, 31, 15, 45)]
    with pytest.raises(
        DataError, match="2 dates such as '03/04/2024' may have the day or the month first\n.*date_order"
    ):
        dated(shop, "03/04/2024", "05/06/2024")
    with pytest.raises(DataError, match="'31/01/2024' has the day first, '01/31/2024' the month first"):
        dated(shop, "31/01/2024", "01/31/2024")
    assert dated(shop, "03/04/2024", "05/06/2024", date_order="DMY") == [datetime(2024, 4, 3), datetime(2024, 6, 5)]
    assert dated(shop, "03/04/2024", "05/06/2024", date_order="MDY") == [datetime(2024, 3, 4), datetime(2024, 5, 6)]


def priced(shop, *prices: str, **settings):
    (shop / "lines.csv").write_text("order;pos;sku;price\n" + "".join(f"1;{n};A;{p}\n" for n, p in enumerate(prices)))
    return [p for (p,) in read(shop, "select price from events.order_lines order by line::int", **settings)]


def test_numbers_in_many_spellings(shop):
    assert priced(shop, "1.299,50", "3,00", "€ 1 000,5", "7") == [1299.5, 3.0, 1000.5, 7.0]
    assert priced(shop, "1,299.50", "3.00", "$12", "1'000.5", "9.5 EUR") == [1299.5, 3.0, 12.0, 1000.5, 9.5]
    with pytest.raises(DataError, match="the comma in numbers such as '1,299' may separate thousands or decimals"):
        priced(shop, "1,299", "7")
    assert priced(shop, "1,299", "7", decimal=",") == [1.299, 7.0]
    assert priced(shop, "1,299", "7", decimal=".") == [1299.0, 7.0]


def test_what_cannot_be_read_is_counted_and_told(shop):
    (shop / "lines.csv").write_text(
        "order,pos,sku,price,pieces\n1,1,A,10,2\n1,2,A,nan,3\n2,1,B,free,4\n2,2,B,1.5,many\n"
    )
    given = {"order_id": '"order"', "line": "pos", "product_id": "sku", "price": "price", "quantity": "pieces"}
    with open_events(mapping(shop, tables={"order_lines": TableMap("lines", given)}), ".") as events:
        assert rows(events, "select price, quantity from events.order_lines order by 1") == [(1.5, None), (10.0, 2.0)]
        told = "\n".join(p.message for p in events.problems)
    assert "order_lines.price: 2 of 4 values are no number, such as 'free'" in told
    assert "order_lines.quantity: 1 of 4 values are no number, such as 'many'" in told
    assert "2 of 4 rows lack" in told


def test_the_last_of_repeated_rows_counts_and_amounts_add_up(shop):
    (shop / "orders.csv").write_text(ORDERS + "1,eve,2024-03-01\n")
    (shop / "costs.csv").write_text("day,kind,amount\n2024-01-01,ads,10\n2024-01-01,ads,5\n2024-01-02,ads,1\n")
    (shop / "reviews.csv").write_text("o,stars,words,at\n1,5,good,2024-02-03\n1,2,broke,2024-02-09\n")
    (shop / "back.csv").write_text("o,l,at,money,why\n1,1,2024-02-02,2,bad\n1,1,2024-02-05,3,\n")
    (shop / "asks.csv").write_text(
        "who,at,why\nada,2024-01-01,x\nada,2024-01-01,x\nada,2024-01-01,y\n,2024-01-01,x\n,2024-01-01,x\n"
    )
    back = {"order_id": "o", "line": "l", "requested_at": "at", "refund": "money", "reason": "why"}
    more = {
        "returns": TableMap("back", back),
        "contacts": TableMap("asks", {"customer_id": "who", "asked_at": "at", "reason": "why"}),
        "costs": TableMap("costs", {"day": "day", "kind": "kind", "amount": "amount"}),
        "reviews": TableMap("reviews", {"order_id": "o", "score": "stars", "text": "words", "created_at": "at"}),
    }
    with open_events(mapping(shop, tables=more), ".") as events:
        assert rows(events, "select order_id, customer_id from events.orders order by 1") == [("1", "eve"), ("2", "bo")]
        assert rows(events, "select amount from events.costs order by day") == [(15.0,), (1.0,)]
        assert rows(events, "select requested_at, refund, reason from events.returns") == [
            (datetime(2024, 2, 5), 5.0, None)
        ]
        # the same words twice are one contact, other words another; who asks without a name may be two
        asked = rows(events, "select customer_id, reason from events.contacts order by all")
        assert asked == [("ada", "x"), ("ada", "y"), (None, "x"), (None, "x")]
        assert rows(events, "from events.reviews") == [("1", 3.5, "good\nbroke", datetime(2024, 2, 3))]
        told = "\n".join(p.message for p in events.problems)
    assert "orders: 1 of 3 rows repeat the order_id of another; the last one counts" in told
    assert "costs: 1 of 3 rows repeat the day, kind of another; added up" in told


def test_a_million_repeated_ids(shop):
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select i % 10 as id, 'c' || i as who, timestamp '2024-01-01' + interval (i) second as at "
            f"from range(1000010) r(i)) to '{shop}/orders.parquet'"
        )
    (shop / "orders.csv").unlink()
    with open_events(mapping(shop), ".") as events:
        found = rows(events, "select order_id, customer_id from events.orders order by 1")
        assert found == [(str(i), f"c{1000000 + i}") for i in range(10)]
        assert any("1,000,000 of 1,000,010 rows repeat the order_id" in p.message for p in events.problems)


def test_a_large_canonical_parquet_table_is_read_where_it_lies(shop, cache, monkeypatch):
    monkeypatch.setattr("gearwheel.gauges.events.IN_PLACE", 2)
    identity = {c: c for c in ("order_id", "line", "product_id", "price")}
    tables = {
        "orders": TableMap("o", {c: c for c in ("order_id", "customer_id", "placed_at")}),
        "order_lines": TableMap("l", identity),
    }
    for file in shop.iterdir():
        file.unlink()

    def write(lines: str) -> None:
        with duckdb.connect() as connection:
            connection.execute(
                "copy (select i::varchar as order_id, 'c' as customer_id, timestamp '2024-01-01' as placed_at "
                f"from range(3) r(i)) to '{shop}/o.parquet'"
            )
            connection.execute(f"copy ({lines}) to '{shop}/l.parquet'")

    def told() -> tuple[list, set[str]]:
        with open_events(mapping(shop, tables=tables), ".") as events:
            found = rows(
                events, "select order_id, line, product_id, price, quantity from events.order_lines order by all"
            )
            return found, {p.stem for p in cache.rglob("*.parquet")}

    line = "select i::varchar as order_id, '1' as line, 'p' as product_id, i::double as price from range(3) r(i)"
    expected = [(str(i), "1", "p", float(i), None) for i in range(3)]
    write(line)
    assert told() == (expected, set())
    assert told() == (expected, set())  # what was found out is remembered
    write(f"{line} union all by name select '0' as order_id, '1' as line, 'q' as product_id, 9.0::double as price")
    found, copied = told()
    assert found == [("0", "1", "q", 9.0, None), *expected[1:]] and copied == {"order_lines"}


CANCELLED = ["cancelled", " Cancelled ", "CANCELED", "canceled", "voided", "Void", "Storniert", "cancelado", "Annulé"]
SOLD = {"Delivered": "delivered", "avoided": "avoided", "cancellation refused": "cancellation refused", "": None}


@pytest.mark.parametrize("kind", ["csv", "parquet", "in place"])
def test_a_cancelled_order_has_one_spelling_however_it_is_read(shop, cache, monkeypatch, kind):
    monkeypatch.setattr("gearwheel.gauges.events.IN_PLACE", 2 if kind == "in place" else 10**9)
    (shop / "orders.csv").unlink()
    statuses = [*CANCELLED, *SOLD, None]
    with duckdb.connect() as connection:
        connection.execute(
            "create table o (order_id varchar, customer_id varchar, placed_at timestamp, status varchar)"
        )
        connection.executemany(
            "insert into o values (?, 'c', '2024-01-01', ?)", [(f"{i:02}", s) for i, s in enumerate(statuses)]
        )
        connection.execute(f"copy o to '{shop}/orders.{'csv' if kind == 'csv' else 'parquet'}'")
    orders = TableMap("orders", {c: c for c in ("order_id", "customer_id", "placed_at", "status")})
    with open_events(mapping(shop, tables={"orders": orders}), ".") as events:
        found = [status for (status,) in rows(events, "select status from events.orders order by order_id")]
        assert found == ["cancelled"] * len(CANCELLED) + [*SOLD.values(), None]
        assert ("orders" in {p.stem for p in cache.rglob("*.parquet")}) == (kind != "in place")
        noted = [finding for finding in cancelled.check(events)]
    assert [(f.count, f.example) for f in noted] == [(1, "cancellation refused")]


def test_measures_count_no_cancelled_order_in_any_spelling(shop):
    from gearwheel.gauges.checks.days import orders_by_day
    from gearwheel.gauges.measure import measure

    days = [f"2024-0{1 + i // 28}-{1 + i % 28:02}" for i in range(56)]
    told = [f"{i},c{i % 5},{day},{CANCELLED[i % 9] if i % 2 else 'paid'}" for i, day in enumerate(days)]
    (shop / "orders.csv").write_text("id,who,at,state\n" + "\n".join(told) + "\n")
    orders = TableMap("orders", {"order_id": "id", "customer_id": "who", "placed_at": "at", "status": "state"})
    with open_events(mapping(shop, tables={"orders": orders}, currency="EUR"), ".") as events:
        counted = orders_by_day(events)
        measured = measure(events, ["orders"])
    assert counted and sum(counted.values()) == 28
    weeks = {str(row.start): row.value for row in measured.rows}
    mondays = {}
    for day in days[::2]:
        at = datetime.fromisoformat(day)
        monday = str((at - timedelta(days=at.weekday())).date())
        mondays[monday] = mondays.get(monday, 0) + 1
    assert weeks and weeks == {monday: mondays[monday] for monday in weeks}


def test_a_hostile_column_name_is_only_a_name(shop):
    (shop / "orders.csv").write_text(ORDERS.replace("who", '"""; drop table"'))
    hostile = {"order_id": "id", "customer_id": '"; drop table', "placed_at": "at"}
    assert read(shop, tables={"orders": TableMap("orders", hostile)}) == PLAIN
    assert '"; drop table' in look(shop).tables["orders"].columns


def test_the_connection_reads_nothing_but_the_source_and_the_cache(shop, tmp_path):
    (tmp_path / "secret.txt").write_text("x")
    with open_events(mapping(shop), ".") as events, pytest.raises(duckdb.PermissionException):
        events.connection.execute(f"from read_text('{tmp_path}/secret.txt')")


def test_empty_files_are_left_out_with_a_note(shop):
    (shop / "old.parquet").write_bytes(b"")
    (shop / "new.csv").write_bytes(b"")
    (shop / "broken.parquet").write_bytes(b"PAR1 and no more")
    (shop / "plan.xlsx").write_bytes(b"PK")
    told = "\n".join(str(p) for p in look(shop).notes)
    assert "old.parquet: warning GW430: the file has 0 bytes" in told
    assert "new.csv: warning GW430: the file is empty" in told
    assert "broken.parquet: warning GW430: not a Parquet file" in told
    assert "plan.xlsx: warning GW430: spreadsheets are not read" in told
    assert read(shop) == PLAIN


def test_empty_tables(shop):
    (shop / "costs.csv").write_text("day,kind,amount\n")
    more = {"costs": TableMap("costs", {"day": "day", "kind": "kind", "amount": "amount"})}
    with open_events(mapping(shop, tables=more), ".") as events:
        assert "costs" not in events.present and rows(events, "from events.costs") == []
        assert any("costs has no rows" in p.message for p in events.problems)
    (shop / "orders.csv").write_text("id,who,at\n")
    with pytest.raises(DataError, match="GW438: orders has no row"):
        read(shop)


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"id,who,at\n1;ada;2024-01-31\n2;bo;2024-02-01\n3;bo;2024-02-01\n", "orders.csv:1: error GW432: the first line has 3 columns separated by commas, most other lines have 1"),
        (ORDERS.encode() * 1 + b"3,eve\n" + b"4,eve,2024-01-01\n" * 50, "orders.csv:4: error GW432: the line has 2 cells instead of 3"),
        (b"\x00\x01\x02binary", "GW431: the file is not text"),
    ],
    ids=["another delimiter", "a short line", "not text"],
)  # fmt: skip
def test_broken_csv_is_told_with_its_place(shop, raw, what):
    (shop / "orders.csv").write_bytes(raw)
    before = contents(shop)
    with pytest.raises(DataError) as caught:
        read(shop)
    assert what in str(caught.value)
    assert contents(shop) == before


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"orders": TableMap("ordrs", {})}, "GW446: the source has no table 'ordrs'\n    Did you mean 'orders'?"),
        ({"orders": TableMap("orders", {"order_id": "idd"})}, "GW446: orders.order_id: .*no column 'idd'\n    Did you mean 'id'?"),
        ({"orders": TableMap("orders", {"order_id": "read_text('/etc/passwd')"})}, "GW446: .*read_text is not allowed"),
        ({"orders": TableMap("orders", {"order_id": "id"}, "id in (select 1)")}, "GW446: .*not allowed"),
    ],
)  # fmt: skip
def test_mistakes_in_the_mapping_are_told(shop, change, what):
    with pytest.raises(DataError) as caught:
        read(shop, tables=change)
    import re

    assert re.search(what.replace("?", r"\?"), str(caught.value))


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match="GW431: there is no such file"):
        look(tmp_path / "none")
    with pytest.raises(DataError, match="GW431: no table can be read there"):
        look(tmp_path)
    with pytest.raises(DataError, match="is no source"):
        look("mysql://root:secret@host/db")
    with pytest.raises(DataError) as caught:
        look("postgresql://shop:hunter2@127.0.0.1:1/shop")
    assert "GW434" in str(caught.value) and "hunter2" not in str(caught.value)


def test_a_rerun_continues_and_a_changed_source_is_read_again(shop, cache):
    seen = []

    def stop(stage, done, total, note):
        seen.append(note)
        if note == "Order lines":
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        open_events(mapping(shop), ".", stop)
    (kept,) = cache.rglob("orders.parquet")
    first = kept.stat().st_mtime_ns
    assert not list(cache.rglob("*.tmp"))
    assert read(shop) == PLAIN
    assert kept.stat().st_mtime_ns == first
    (shop / "orders.csv").write_text(ORDERS + "3,eve,2024-02-02\n")
    assert len(read(shop)) == 3
    assert len(list(cache.rglob("orders.parquet"))) == 2


def test_hash_names_the_content(shop):
    def hash_of(**settings):
        with open_events(mapping(shop, **settings), ".") as events:
            return events.hash

    one = hash_of()
    assert hash_of() == one
    assert hash_of(time_zone="Europe/Berlin") != one
    (shop / "orders.csv").write_text(ORDERS + "3,eve,2024-02-02\n")
    assert hash_of() != one


def database(path: Path, rows_of: str = ORDERS) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table orders (id integer, who, at text)")
        connection.execute('create table lines ("order" integer, pos integer, sku text, price)')
        connection.executemany("insert into orders values (?, ?, ?)", [r.split(",") for r in rows_of.splitlines()[1:]])
        connection.executemany("insert into lines values (?, ?, ?, ?)", [(None, None, None, None)] * 3000)
        connection.executemany(
            "insert into lines values (?, ?, ?, ?)", [(1, 1, "A", 10), (2, 1, "B", 2.5), (2, 2, "C", "x")]
        )
        connection.commit()
    return path


def test_sqlite_is_copied_once_and_again_when_it_has_changed(tmp_path, cache):
    file = database(tmp_path / "shop.sqlite")
    before = contents(tmp_path)
    assert read(file) == PLAIN
    assert read(file, "select order_id, price from events.order_lines order by 1") == [("1", 10.0), ("2", 2.5)]
    (copy, _) = sorted(cache.joinpath("snapshots").rglob("*.parquet"))
    first = copy.stat().st_mtime_ns
    assert read(file) == PLAIN
    assert copy.stat().st_mtime_ns == first and contents(tmp_path) == before
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("update orders set who = 'eve' where id = 1")
        connection.commit()
    assert read(file)[0][1] == "eve"


def test_a_sqlite_file_that_somebody_writes_to(tmp_path):
    file = database(tmp_path / "shop.sqlite")
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("update orders set who = 'eve' where id = 1")
        writer.commit()
        before = hashlib.sha256(file.read_bytes()).hexdigest()
        assert (tmp_path / "shop.sqlite-wal").stat().st_size > 0
        assert read(file)[0][1] == "eve"
        writer.execute("update orders set who = 'zoe' where id = 1")
        writer.commit()
        assert read(file)[0][1] == "zoe"
        assert hashlib.sha256(file.read_bytes()).hexdigest() == before


def test_a_broken_sqlite_file(tmp_path):
    file = database(tmp_path / "shop.sqlite")
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(DataError, match="GW434: the SQLite file cannot be read"):
        read(file)


def test_every_canonical_column_has_names_to_look_for():
    from gearwheel.gauges.canonical import tables
    from gearwheel.gauges.propose import _synonyms

    known = _synonyms()
    assert set(known["tables"]) == set(known["columns"]) == set(tables()) - {"decisions"}
    for name, columns in known["columns"].items():
        assert set(columns) == set(tables()[name].columns), name
        assert all(column in names for column, names in columns.items()), name


def test_proposals_are_usable_as_they_stand(tmp_path):
    (tmp_path / "bestellungen.csv").write_text(
        "Bestellnummer;Kundennummer;Bestelldatum\n1;k1;31.01.2024\n2;k2;1.2.2024\n"
    )
    (tmp_path / "positionen.csv").write_text(
        "Bestellnummer;Pos;Artikelnummer;Menge;Einzelpreis\n1;1;A;2;1.299,50\n2;1;B;1;3,00\n"
    )
    found = propose(look(tmp_path))
    assert found.mapping.tables["orders"].columns == {
        "order_id": "Bestellnummer", "customer_id": "Kundennummer", "placed_at": "Bestelldatum",
    }  # fmt: skip
    assert found.mapping.tables["order_lines"].columns["price"] == "Einzelpreis"
    assert all(0 < guess.confidence < 1 and guess.reason for guess in found.guesses.values())
    with open_events(found.mapping, ".") as events:
        assert rows(events, "select quantity * price from events.order_lines order by 1") == [(3.0,), (2599.0,)]


def test_a_bare_log_of_purchases_is_orders_of_one_line(tmp_path):
    (tmp_path / "log.csv").write_text("customer,date,amount\na,2024-01-01,10.5\nb,2024-01-02,3\n")
    with open_events(propose(look(tmp_path)).mapping, ".") as events:
        assert rows(events, "select customer_id, price from events.orders join events.order_lines using (order_id) order by 1") == [
            ("a", 10.5), ("b", 3.0),
        ]  # fmt: skip


def test_a_source_without_orders_says_what_was_looked_for(tmp_path):
    (tmp_path / "weather.csv").write_text("station,degrees\nx,3\n")
    with pytest.raises(
        DataError,
        match="GW439: nothing there looks like orders\n.*looked for a customer.*weather \\(station, degrees\\)",
    ):
        propose(look(tmp_path))


def test_a_skip_of_a_test_that_needs_a_server_fails_in_ci(tmp_path):
    (tmp_path / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text("utf-8"), "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = server\n")
    (tmp_path / "test_it.py").write_text(
        "import pytest\n@pytest.mark.server\ndef test_it():\n    pytest.skip('none here')\ndef test_other():\n    pytest.skip('no')\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    plain = {name: value for name, value in os.environ.items() if name not in ("CI", "GEARWHEEL_CI")}
    plain["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    here = subprocess.run(command, capture_output=True, text=True, check=False, env=plain)
    assert here.returncode == 0 and "2 skipped" in here.stdout
    ci = subprocess.run(command, capture_output=True, text=True, check=False, env={**plain, "CI": "true"})
    assert ci.returncode == 1 and "1 failed, 1 skipped" in ci.stdout and "none here" in ci.stdout
