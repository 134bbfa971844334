"""Sources from a stranger: they reach no server, no file beside themselves, and no more work than they are worth."""

from __future__ import annotations

import gzip
import socket
import sqlite3
import threading

import duckdb
import pytest
from click.testing import CliRunner

from gearwheel.cli import main
from gearwheel.gauges.events import open_events
from gearwheel.gauges.mapping import Mapping, TableMap, read_mapping
from gearwheel.gauges.sources import delimited, look, parts
from gearwheel.gauges.sources.known import remember, require_known
from gearwheel.wheel.errors import DataError

WHEEL = """\
wheel = {{ name = "w", title = "t", unit = "month", dt = 1, start = 2024-01-01, size = "s", measured = "{mapping}" }}
[stock.s]
unit = "1"
start = "1"
inflows = ["f"]
[flow.f]
unit = "1/month"
equation = "s * p"
[parameter.p]
value = 0.1
unit = "1/month"
because = "x"
"""
MAPPING = """\
source = "{source}"
[table.orders]
from = "o"
[table.orders.columns]
order_id = "a"
customer_id = "b"
placed_at = "c"
[table.order_lines]
from = "o"
[table.order_lines.columns]
order_id = "a"
line = "b"
product_id = "c"
price = "d"
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def listener():
    """A server that takes every connection and keeps what it is sent."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    peer, _ = server.accept()
                except TimeoutError:
                    continue
                with peer:
                    peer.settimeout(1)
                    heard.append(peer.recv(1000))

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], heard
        over.set()
        thread.join()


@pytest.mark.parametrize("verb", ["check", "draw", "spin", "fit", "run", "loops", "levers", "measure", "desk prepare"])
def test_a_wheel_from_a_stranger_connects_to_no_database(tmp_path, monkeypatch, listener, verb):
    port, heard = listener
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGPASSWORD", "secret-of-the-user")
    (tmp_path / "mapping.toml").write_text(MAPPING.format(source=f"postgresql://reader@127.0.0.1:{port}/shop"))
    (tmp_path / "wheel.toml").write_text(WHEEL.format(mapping="mapping.toml"))
    done = CliRunner().invoke(main, [*verb.split(), "wheel.toml"])
    assert heard == []
    assert "GW476" in done.output or verb in (
        "draw",
        "levers",
    )  # a drawing needs no series, and this wheel has no lever
    assert isinstance(done.exception, SystemExit | None)


def test_a_database_that_the_user_named_is_connected_to(tmp_path, monkeypatch, listener):
    port, heard = listener
    monkeypatch.chdir(tmp_path)
    address = f"postgresql://reader@127.0.0.1:{port}/shop"
    (tmp_path / "mapping.toml").write_text(MAPPING.format(source=address))
    done = CliRunner().invoke(main, ["measure", "mapping.toml", "--connect"])
    assert "GW434" in done.output and len(heard) >= 1  # no PostgreSQL answers there
    require_known(read_mapping("mapping.toml"))
    (tmp_path / "other.toml").write_text(MAPPING.format(source=address.replace("/shop", "/other")))
    with pytest.raises(DataError, match=r"other.toml:1: error GW476.*/other"):
        require_known(read_mapping("other.toml"))


@pytest.mark.parametrize("tail", ["?host=evil.example", "?hostaddr=10.0.0.9&user=x", "?service=theirs", "#x"])
def test_an_address_that_leads_elsewhere_is_another_address(tmp_path, tail):
    remember("postgresql://reader:hush@db.example/shop")
    (tmp_path / "m.toml").write_text(MAPPING.format(source="postgresql://reader@db.example/shop"))
    require_known(read_mapping(tmp_path / "m.toml"))
    (tmp_path / "m.toml").write_text(MAPPING.format(source=f"postgresql://reader@db.example/shop{tail}"))
    if tail == "#x":  # no part of what is connected to
        require_known(read_mapping(tmp_path / "m.toml"))
    else:
        with pytest.raises(DataError, match="GW476"):
            require_known(read_mapping(tmp_path / "m.toml"))


def test_no_password_is_kept_among_the_known_databases(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CONFIG", str(tmp_path / "config"))
    remember("postgresql://reader:hush@db.example/shop?password=hush")
    kept = tmp_path / "config" / "databases"
    assert kept.read_text() == "postgresql://reader@db.example/shop\n"
    assert kept.stat().st_mode & 0o077 == 0


ORDERS = "create table o (a text, b text, c timestamp, d double); insert into o values ('1', 'x', '2024-01-01', 5);"
MAPPED = {
    "orders": TableMap("o", {"order_id": "a", "customer_id": "b", "placed_at": "c"}),
    "order_lines": TableMap("o", {"order_id": "a", "line": "b", "product_id": "b", "price": "d"}),
}


@pytest.mark.parametrize(
    "reading",
    [
        "(select content from read_text('{file}'))",
        "(select content from read_text('{folder}/*.txt') limit 1)",
        "(select any_value(column0) from read_csv('{file}', header = false))",
        "(select cast(any_value(content) as text) from read_blob('{file}'))",
        "(select any_value(file) from glob('{folder}/*'))",
    ],
)
def test_a_view_of_a_duckdb_file_reads_nothing_beside_the_file(tmp_path, reading):
    (tmp_path / "private.txt").write_text("the user's own words")
    view = reading.format(file=tmp_path / "private.txt", folder=tmp_path)
    base = tmp_path / "theirs.db"
    with duckdb.connect(str(base)) as connection:
        connection.execute(ORDERS)
        connection.execute(f"create view reviews as select a, {view} as text, c from o")
    assert "o" in look(base).tables
    mapped = MAPPED | {"reviews": TableMap("reviews", {"order_id": "a", "text": "text", "created_at": "c"})}
    with pytest.raises(DataError, match="GW434: reviews cannot be read.*\n.*outside of it"):
        open_events(Mapping(str(base), tables=mapped), ".")
    assert not any(b"own words" in file.read_bytes() for file in (tmp_path / "cache").rglob("*") if file.is_file())


def test_a_view_over_the_files_own_tables_is_read(tmp_path):
    base = tmp_path / "shop.db"
    with duckdb.connect(str(base)) as connection:
        connection.execute(ORDERS)
        connection.execute("create view paid as select * from o where d > 0")
    mapped = {name: TableMap("paid", table.columns) for name, table in MAPPED.items()}
    with open_events(Mapping(str(base), tables=mapped), ".") as events:
        assert events.connection.execute("select customer_id from events.orders").fetchall() == [("x",)]


HEAD = b"order_id,customer_id,created_at,price\n"
ROW = b"1,2,2024-01-01,5\n"


@pytest.mark.parametrize(
    ("before", "row", "after", "refused"),
    [
        (0, 0, 10, False),
        (3, -1, 5, False),
        (3, 1, 5, True),
        (0, 1, 0, True),
        (70_000, 1, 0, True),
        (70_000, -1, 9, False),
    ],
)
def test_one_line_may_be_so_long_and_no_longer_wherever_it_stands(tmp_path, before, row, after, refused):
    line = b"9," * 2 + b"2024-01-01," + b"7" * (delimited.MAX_LINE + row - 15)
    (tmp_path / "orders.csv").write_bytes(HEAD + ROW * before + line + b"\n" + ROW * after)
    if refused:
        with pytest.raises(DataError, match="GW477: one line is longer than 16 MiB"):
            look(tmp_path)
    else:
        assert "orders" in look(tmp_path).tables


def test_small_files_that_unpack_to_very_much_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "RATIO_FROM", 1 << 22)
    with gzip.open(tmp_path / "orders.csv.gz", "wb") as out:
        out.write(HEAD + ROW * 1_000_000)
    with pytest.raises(DataError, match="GW477: .* bytes unpack to more than"):
        look(tmp_path)
    monkeypatch.setattr(delimited, "RATIO_FROM", 1 << 30)
    assert "orders" in look(tmp_path).tables


def test_very_wide_tables_are_refused(tmp_path):
    wide = b",".join([HEAD.strip(), *(b"c%d" % n for n in range(delimited.MAX_COLUMNS))])
    (tmp_path / "orders.csv").write_bytes(wide + b"\n")
    with pytest.raises(DataError, match="orders.csv:1: error GW477: the table has 504 columns; at most 500 are read"):
        look(tmp_path)


ENDLESS = {
    "duckdb": "create view o2 as select o.* from o, range(100000000000)",
    "sqlite": "create view o2 as with recursive n(i) as (select 1 union all select i + 1 from n) select o.* from o, n",
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_view_that_does_not_end_is_stopped(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(parts, "PATIENCE", 0.5)
    base = str(tmp_path / "shop.db")
    if kind == "duckdb":
        with duckdb.connect(base) as connection:
            connection.execute(ORDERS)
            connection.execute(ENDLESS[kind])
    else:
        with sqlite3.connect(base) as connection:
            connection.executescript(ORDERS + ENDLESS[kind])
        connection.close()
    mapped = {name: TableMap("o2", table.columns) for name, table in MAPPED.items()}
    with pytest.raises(DataError, match="GW477: the view 'o2' had not answered"):
        open_events(Mapping(base, tables=mapped), ".")
