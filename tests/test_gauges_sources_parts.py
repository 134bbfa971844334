"""Files of one table: what belongs together is read together, and what is not read is said."""

from __future__ import annotations

import gzip
import random
from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.gauges.events import open_events
from gearwheel.gauges.propose import propose
from gearwheel.gauges.sources import look
from gearwheel.gauges.sources.families import family, in_order
from gearwheel.wheel.errors import DataError

HEAD = ["order_id", "customer_id", "created_at", "product", "quantity", "price"]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path_factory.mktemp("cache")))


def orders(count: int, first: int = 1) -> list[list[str]]:
    """Rows as HEAD, one a day, of 7 customers, all of them different."""
    start = datetime(2023, 8, 1, 9)
    return [
        [f"B{n:05}", f"k{n % 7}", f"{start + timedelta(n):%Y-%m-%d %H:%M:%S}", f"cup {n % 3}", str(1 + n % 2), f"{5 + n % 4}.50"]
        for n in range(first, first + count)
    ]  # fmt: skip


def text_of(rows: list[list[str]], head: list[str] = HEAD, sign: str = ",") -> str:
    return "".join(sign.join(row) + "\n" for row in [head, *rows])


def write(folder, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def value(rows: list[list[str]]) -> float:
    return sum(float(row[4]) * float(row[5]) for row in rows)


def measured(folder, **settings) -> tuple[int, float, str]:
    """Orders, money, and what was said."""
    from dataclasses import replace

    with open_events(replace(propose(look(folder)).mapping, **settings), ".") as events:
        said = "\n".join(str(problem) for problem in events.problems)
        count = events.connection.execute("select count(*) from events.orders").fetchone()[0]
        money = events.connection.execute(
            "select sum(price * coalesce(quantity, 1)) from events.order_lines"
        ).fetchone()
        return count, money[0], said


NAMES = [
    ["orders-2023-08", "orders-2023-09", "orders-2024-01"],
    ["orders_202312", "orders_202401", "orders_202402"],
    ["orders Dec-2023", "orders Jan-2024", "orders Feb-2024"],
    ["orders_2023_W51", "orders_2023_W52", "orders_2024_W01"],
    ["orders-2023-12-31", "orders-2024-01-01", "orders-2024-01-02"],
    ["Q3 2023", "Q4 2023", "Q1 2024"],
    ["orders JAN FY24", "orders MAR FY24", "orders APR FY24"],
    ["orders", "orders (1)", "orders (2)"],
    ["orders part1", "orders part2", "orders part3"],
    ["2023-12 orders", "2024-01 orders", "2024-02 orders"],
    ["orders_dezember_2023", "orders_januar_2024", "orders_märz_2024"],
    ["orders_2023-12-01_to_2023-12-31", "orders_2024-01-01_to_2024-01-31", "orders_2024-02-01_to_2024-02-29"],
    ["2023/12", "2024/01", "2024/02"],
    ["2023-12/orders", "2024-01/orders", "2024-02/orders"],
    ["2023/12/orders", "2024/01/orders", "2024/02/orders"],
    ["Orders_1", "orders_2", "ORDERS_3"],
]


@pytest.mark.parametrize("names", NAMES, ids=lambda names: names[0])
def test_files_of_any_period_are_one_table(tmp_path, names):
    rows = orders(30)
    write(tmp_path, {f"{name}.csv": text_of(rows[10 * n : 10 * n + 10]) for n, name in enumerate(names)})
    assert measured(tmp_path)[:2] == (30, value(rows))
    assert len(look(tmp_path).tables) == 1


def test_names_that_only_look_alike_are_no_parts(tmp_path):
    assert (
        family("set_items") == "set_items"
        and family("out_orders") == "out_orders"
        and family("marketing") == "marketing"
    )
    assert sorted(["o (1)", "o_10", "o", "o_2"], key=in_order) == ["o", "o (1)", "o_2", "o_10"]


def test_columns_that_came_or_went_are_joined_by_name_and_named(tmp_path):
    rows = orders(20)
    later = [[*row[:3], "x", *row[3:]] for row in rows[10:]]
    head = [*HEAD[:3], "note", *HEAD[3:]]
    write(tmp_path, {"orders_1.csv": text_of(rows[:10]), "orders_2.csv": text_of(later, head)})
    count, money, said = measured(tmp_path)
    assert (count, money) == (20, value(rows))
    assert "GW418: orders_1.csv has no column 'note'" in said


def test_headers_differ_in_case_blanks_order_and_empty_columns(tmp_path):
    rows = orders(30)
    turned = [row[::-1] for row in rows[10:20]]
    write(
        tmp_path,
        {
            "orders_1.csv": text_of(rows[:10]),
            "orders_2.csv": text_of(turned, [f" {name.upper()} " for name in HEAD[::-1]]),
            "orders_3.csv": text_of([[*row, "", ""] for row in rows[20:]], [*HEAD, "", ""]),
        },
    )
    assert measured(tmp_path)[:2] == (30, value(rows))


def test_parts_in_other_encodings_and_delimiters_empty_ones_and_packed_ones(tmp_path):
    rows = orders(50)
    write(tmp_path, {"orders_1.csv": text_of(rows[:10]), "orders_2.csv": text_of([]), "orders_3.csv": ""})
    write(tmp_path, {"orders_4.csv": "sep=;\n" + text_of(rows[10:20], sign=";")})
    (tmp_path / "orders_5.csv").write_bytes(text_of(rows[20:30], sign="\t").encode("utf-16"))
    (tmp_path / "orders_6.csv").write_bytes(text_of(rows[30:40]).encode("utf-8-sig"))
    with gzip.open(tmp_path / "orders_7.csv.gz", "wt") as out:
        out.write(text_of(rows[40:]))
    count, money, said = measured(tmp_path)
    assert (count, money) == (50, value(rows))
    assert "orders_3.csv: warning GW430: the file is empty" in said


@pytest.mark.parametrize("other", ["varchar", "bigint", "double"])
def test_parquet_parts_whose_types_differ_are_one_table(tmp_path, other):
    with duckdb.connect() as connection:
        sql = "select {} as order_id, 'k' || i % 5 as customer_id, {} as created_at, 'cup' as product, i::{} as price"
        forms = [
            ("i", "timestamp '2024-01-01' + to_days(i::integer)", "integer"),
            (f"i::{other}", "timestamptz '2024-01-01 00:00:00+01' + to_days(i::integer)", "double"),
        ]
        for part, (order, at, price) in enumerate(forms):
            made = sql.format(order, at, price)
            connection.execute(
                f"copy ({made} from range({10 * part}, {10 * part + 10}) r(i)) to '{tmp_path}/orders_{part}.parquet'"
            )
    assert measured(tmp_path, time_zone="America/New_York")[:2] == (20, sum(range(20)))
    with open_events(propose(look(tmp_path)).mapping, ".") as events:
        found = events.connection.execute(
            "select order_id, placed_at from events.orders order by order_id::integer"
        ).fetchall()
    assert [order for order, _ in found] == [str(n) for n in range(20)]
    assert found[3][1] == datetime(2024, 1, 4) and found[13][1] == datetime(2024, 1, 13, 23)


def test_a_file_that_looks_like_a_part_and_is_not_read_is_named(tmp_path):
    rows = orders(20)
    german = ["Bestellnummer", "Kundennummer", "Bestelldatum", "Artikel", "Menge", "Preis"]
    write(tmp_path, {"orders_2023.csv": text_of(rows[:10]), "orders_2024.csv": text_of(rows[10:], german)})
    write(tmp_path, {"basel.csv": text_of(orders(9, 90)), "notes.txt": "x", "old.zip": "x"})
    _, _, said = measured(tmp_path)
    assert "GW419" in said and "orders_2024.csv" in said and "basel.csv" in said
    assert "notes.txt" in said and "old.zip" in said


def test_a_part_without_a_needed_column_is_refused_by_name(tmp_path):
    rows = orders(20)
    head = [*HEAD[:5], "amount_paid_net"]
    write(tmp_path, {"orders_1.csv": text_of(rows[:10]), "orders_2.csv": text_of(rows[10:], head)})
    with pytest.raises(DataError, match="GW421.*orders_2.csv has no column 'price'"):
        measured(tmp_path)


def test_tables_of_a_database_named_by_month_are_named_where_they_are_not_read(tmp_path):
    with duckdb.connect(str(tmp_path / "shop.db")) as connection:
        for month, rows in (("2023_12", orders(10)), ("2024_01", orders(10, 11))):
            connection.execute(f"create table orders_{month} ({', '.join(f'{name} varchar' for name in HEAD)})")
            connection.executemany(f"insert into orders_{month} values (?, ?, ?, ?, ?, ?)", rows)
    _, _, said = measured(tmp_path / "shop.db")
    assert "GW419" in said and "orders_2023_12" in said and "orders_2024_01" in said


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_every_row_of_a_folder_is_used_or_listed(tmp_path_factory, data):
    """Rows in = orders + rows that a note counts, whatever the parts are called and however they are written."""
    folder = tmp_path_factory.mktemp("shop")
    seed = data.draw(st.integers(0, 2**16))
    chance = random.Random(seed)
    names = data.draw(st.sampled_from(NAMES))
    guests = ["", "NULL", "N/A", "-"]
    used, lost = [], 0
    for part, name in enumerate(names):
        rows = orders(data.draw(st.integers(1, 12)), 1 + 20 * part)
        for row in rows:
            if chance.random() < 0.2:
                row[1], lost = chance.choice(guests), lost + 1
            else:
                used.append(row)
        sign = data.draw(st.sampled_from(",;\t"))
        head = [n.upper() if data.draw(st.booleans()) else n for n in HEAD]
        raw = text_of(rows, head, sign).encode(data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])))
        (folder / f"{name}.csv").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.csv").write_bytes(raw)
    if not used:
        return
    count, _, said = measured(folder)
    assert count == len(used)
    assert not lost or f"orders: {lost:,} of {lost + len(used):,} rows lack customer_id and are left out" in said


def test_a_file_that_came_later_and_is_not_read_is_told_though_nothing_is_measured_anew(tmp_path):
    from gearwheel.gauges.mapping import write_mapping
    from gearwheel.run.measuring import measure_source

    write(tmp_path / "data", {"orders_1.csv": text_of(orders(60))})
    write_mapping(propose(look(tmp_path / "data")).mapping, tmp_path / "mapping.toml")
    before = measure_source(tmp_path / "mapping.toml")
    write(tmp_path / "data", {"orders_2.csv": "till,sum\nA,3\n"})
    after = measure_source(tmp_path / "mapping.toml")
    assert after["hash"] == before["hash"] and after["rows"] == before["rows"]
    assert [n for n in after["notes"] if "GW419" in n] and not [n for n in before["notes"] if "GW419" in n]
