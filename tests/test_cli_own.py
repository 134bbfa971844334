"""From a folder of events to a measured wheel by the command line; nothing of the user's is changed on the way."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gearwheel.cli import main
from gearwheel.gauges.mapping import read_mapping
from gearwheel.market.spin import spin
from gearwheel.market.story import story
from gearwheel.wheel.read import parse_wheel


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Path:
    """A small market of ten months, as Parquet."""
    folder = tmp_path_factory.mktemp("market")
    settings, levers = story(600)
    spin(settings, 300, 3, levers=levers, folder=folder)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def desk(tmp_path, monkeypatch, cache):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEARWHEEL_CACHE", str(cache))
    return tmp_path


def told(*words: object, stdin: str | None = None, code: int = 0):
    done = CliRunner().invoke(main, [str(w) for w in words], input=stdin)
    assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
    return done


def fingerprint(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_new_measures_chooses_gears_and_leaves_the_source_alone(desk, planted):
    before = fingerprint(planted)
    done = told("new", "mine", "--data", planted, "--yes")
    assert fingerprint(planted) == before
    assert sorted(p.name for p in (desk / "mine").iterdir()) == ["mapping.toml", "wheel.toml"]
    wheel = parse_wheel((desk / "mine" / "wheel.toml").read_text("utf-8"))
    assert {"experience", "fulfilment", "marketplace", "membership", "costs"} <= set(wheel.gear)
    assert wheel.measured == "mapping.toml" and wheel.currency == "EUR"
    assert "Active customers" in done.output and "next: gearwheel run mine" in done.output
    assert told("check", "mine").output.count("error") == 1  # "0 errors"


def test_what_is_there_is_not_replaced_unless_asked(desk, planted):
    told("new", "mine", "--data", planted, "--yes")
    mine = desk / "mine" / "wheel.toml"
    mine.write_text(mine.read_text("utf-8") + "# my own words\n", "utf-8")
    assert "--force" in told("new", "mine", "--data", planted, "--yes", code=1).output
    assert "# my own words" in mine.read_text("utf-8")
    told("new", "mine", "--data", planted, "--yes", "--force")
    assert "# my own words" not in mine.read_text("utf-8")


def test_a_proposal_can_be_refused_edited_and_taken_up_again(desk, planted):
    done = told("new", "mine", "--data", planted, stdin="n\n")
    assert "Proposed" in done.output and "Use this mapping?" in done.output
    assert not (desk / "mine" / "wheel.toml").exists()
    file = desk / "mine" / "mapping.toml"
    file.write_text(file.read_text("utf-8").replace("active_days = 90", "active_days = 60"), "utf-8")
    told("new", "mine", "--data", file)
    assert read_mapping(file).active_days == 60
    assert "60 days" in told("measure", "mine", "--define", "--gauge", "customers_active").output


def test_settings_on_the_command_line_win(desk, planted):
    told(
        "new",
        "mine",
        "--data",
        planted,
        "--yes",
        "--grain",
        "day",
        "--active-days",
        60,
        "--time-zone",
        "Europe/Berlin",
    )
    mapping = read_mapping(desk / "mine" / "mapping.toml")
    assert (mapping.grain, mapping.active_days, mapping.time_zone) == ("day", 60, "Europe/Berlin")


def test_measure_writes_the_rows_that_it_measured_and_no_others(desk, planted):
    told("new", "mine", "--data", planted, "--yes")
    found = json.loads(told("measure", "mine", "--json", "--gauge", "orders").stdout)
    assert set(found["gauges"]) == {"orders"} and {r["gauge"] for r in found["rows"]} == {"orders"}
    text = told("measure", "mine", "--csv", "-", "--gauge", "orders").stdout
    assert text.count("\n") == len(found["rows"]) + 1 and text.startswith("gauge,start,end,value")
    told("measure", "mine", "--csv", "rows.csv")
    assert "rows.csv exists" in told("measure", "mine", "--csv", "rows.csv", code=1).output


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "empty|no rows|nothing"),
        ("orders.parquet", b"", "Parquet"),
        ("notes.csv", b"a;b\n1;2\n", "order"),
        ("orders.csv", b"\xff\xfe\x00\x01\x02broken", "GW43"),
    ],
)
def test_a_source_that_will_not_do_is_told_in_words(desk, name, content, words):
    import re

    source = desk / "export"
    source.mkdir()
    (source / name).write_bytes(content)
    done = told("new", "mine", "--data", source, "--yes", code=1)
    assert re.search(words, done.output) and "Traceback" not in done.output
    assert (source / name).read_bytes() == content


def test_wrong_words_are_misuse_and_wrong_places_are_problems(desk):
    told("new", "mine", "--data", "x", "--from", "costs", code=2)
    told("new", "mine", "--yes", code=2)
    assert "no such file" in told("new", "mine", "--data", "nowhere", code=1).output
    assert "GW440" in told("measure", "nowhere", code=1).output
    told("measure", "x", "--events", "y", code=2)


def test_the_measure_sql_is_exported_and_foreign_files_stay(desk):
    files = told("export", "sql", "--dialect", "bigquery").output.split()
    assert len(files) > 50 and all(Path(f).read_text("utf-8").startswith("-- made by gearwheel") for f in files)
    told("export", "sql", "--dialect", "postgres")  # ours are replaced
    Path(files[0]).write_text("mine", "utf-8")
    assert "not a file of ours" in told("export", "sql", code=1).output
    assert Path(files[0]).read_text("utf-8") == "mine"


def test_a_record_that_is_too_short_because_files_were_not_read_says_so(desk):
    source = desk / "sales"
    source.mkdir()
    head = "order_id,customer_id,created_at,sku,quantity,price\n"
    for month, name in enumerate("abcd", 1):
        days = (f"{name}{day},c{day},2024-0{month}-{day:02d} 10:00:00,tea,1,3.50\n" for day in range(1, 29))
        (source / f"sales_{name}.csv").write_text(head + "".join(days))
    done = told("new", "mine", "--data", source, "--currency", "EUR", "--yes", code=1)
    assert "GW490" in done.output
    assert all(f"sales_{name}" in done.output for name in "bcd")  # "a" is read: what is not is named


def test_only_the_gauges_that_a_mapping_feeds_are_exported(desk):
    source = desk / "export"
    source.mkdir()
    (source / "orders.csv").write_text("order_id,customer_id,created_at\n1,a,2024-01-01 10:00:00\n")
    (source / "order_items.csv").write_text("order_id,line,sku,quantity,price\n1,1,tea,2,3.50\n")
    (desk / "mine").mkdir()
    (desk / "mine" / "mapping.toml").write_text(
        """source = "../export"
[table.orders]
from = "orders"
columns = { order_id = "order_id", customer_id = "customer_id", placed_at = "created_at" }
[table.order_lines]
from = "order_items"
columns = { order_id = "order_id", line = "line", product_id = "sku", quantity = "quantity", price = "price" }
"""
    )
    for what in ("dbt", "sql"):
        files = told("export", what, "--dialect", "duckdb", "--mapping", "mine").output
        assert "sales_value" in files and "members" not in files and "sellers" not in files
        assert "sellers" in told("export", what, "--dialect", "duckdb", "--out", "all").output
    (desk / "mine" / "mapping.toml").write_text('source = "nowhere"\nadapter = "shopify"\n')
    assert "GW431" in told("export", "dbt", "--mapping", "mine", code=1).output


def test_planting_writes_the_canonical_tables_and_their_truth(desk):
    found = json.loads(told("plant", "market", "--customers", 200, "--days", 80, "--truth", "--json").stdout)
    assert found["rows"]["orders"] > 100 and (desk / "market" / "orders.parquet").exists()
    truth = json.loads((desk / "market" / "truth.json").read_text("utf-8"))
    assert truth.pop("headlines") == found["headlines"] and found["headlines"]["price"] == pytest.approx(0, abs=0.02)
    assert truth["price_on_orders"]["value"] < 0 and truth == found["truth"]
    assert "not empty" in told("plant", "market", code=1).output


def test_the_python_door_measures_the_same(desk, planted):
    import gearwheel as gw

    told("new", "mine", "--data", planted, "--yes")
    found = gw.measure("mine")
    assert "orders" in found and len(found.frame()) == len(found.found["rows"])
    orders = found["orders"]
    assert orders.index.is_monotonic_increasing and (orders["value"] > 0).all()
    assert {"title", "definition", "error"} <= set(found.definitions.columns)
    assert "late_delivery_review" in found.facts.index and "Active customers" in str(found)
    with pytest.raises(gw.DataError, match="Did you mean 'orders'"):
        found["order"]
    assert gw.open("mine").check() == []


def test_series_that_are_measured_already_are_bound_by_name(desk):
    text = (
        "gauge,start,end,value,unit,error,bound,source,confidence\n"
        "customers_active,,2023-01-01,12000,customer,,,report,\ncustomers_active,,2024-01-01,14000,customer,,,report,\n"
        "orders,2022-01-01,2023-01-01,36000,order,,,report,\nbrand_index,2022-01-01,2023-01-01,43,1,,,report,\n"
    )
    (desk / "annual.csv").write_text(text, "utf-8")
    done = told("new", "firm", "--data", "annual.csv")
    assert "bound: customers_active, orders" in done.output and "Not bound: brand_index" in done.output
    assert (desk / "annual.csv").read_text("utf-8") == text
    assert "0 errors" in told("check", "firm").output
    record = (desk / "firm" / "record.csv").read_text("utf-8")
    assert "brand_index" not in record and record.count("\n") == 4
    (desk / "other.csv").write_text(text.splitlines()[0] + "\nbrand_index,,2023-01-01,43,1,,,report,\n", "utf-8")
    assert "GW491" in told("new", "odd", "--data", "other.csv", code=1).output


def test_a_wheel_is_never_written_into_its_source(desk, planted):
    before = fingerprint(planted)
    done = told("new", "mine", "--data", planted, "--yes", "--dir", planted / "mine", code=1)
    assert "lies in the source" in done.output and fingerprint(planted) == before


def test_a_setting_that_cannot_be_leaves_nothing_behind(desk, planted):
    assert "GW444" in told("new", "mine", "--data", planted, "--yes", "--currency", "eur", code=1).output
    assert not (desk / "mine").exists()
    told("new", "mine", "--data", planted, "--yes", "--currency", "EUR")


def test_an_unedited_mapping_is_no_obstacle_and_an_edited_one_is(desk, planted):
    told("new", "mine", "--data", planted, stdin="n\n")
    told("new", "mine", "--data", planted, "--yes")  # says the same, so it may go on
    (desk / "mine" / "wheel.toml").unlink()
    file = desk / "mine" / "mapping.toml"
    file.write_text(file.read_text("utf-8").replace("active_days = 90", "active_days = 60"), "utf-8")
    assert "says something else" in told("new", "mine", "--data", planted, "--yes", code=1).output
    assert read_mapping(file).active_days == 60


@pytest.mark.parametrize(
    ("address", "shown", "password"),
    [
        ("postgresql://u:secret@h/db", "postgresql://u@h/db", "secret"),
        ("postgresql://u:p%40ss@h/db", "postgresql://u@h/db", "p@ss"),
        ("postgresql://u@h/db?password=hush&x=1", "postgresql://u@h/db?x=1", "hush"),
        ("postgresql://u@h/db", "postgresql://u@h/db", None),
    ],
)
def test_a_password_never_enters_the_mapping(desk, monkeypatch, address, shown, password):
    import os

    from gearwheel.run.start_own import _from_folder

    monkeypatch.delenv("PGPASSWORD", raising=False)
    assert _from_folder(address, desk) == shown
    assert os.environ.get("PGPASSWORD") == password
