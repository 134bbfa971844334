"""Every gauge on a real local Spark session: the same periods, values, errors and NULLs as on DuckDB."""

from __future__ import annotations

import builtins
import shutil
from datetime import date
from types import SimpleNamespace

import pytest

from edge_events import as_parquet, assert_same, edge_events
from gearwheel.gauges import spark
from gearwheel.gauges.catalogue import catalogue
from gearwheel.gauges.measure import measure
from gearwheel.gauges.spark import SETTINGS, measure_on_spark
from gearwheel.wheel.errors import Cancelled, DataError

ASKED = SimpleNamespace(grain="week", active_days=40)
SMALL = {  # a session for few rows: what helps with many only costs time here
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # half the start-up time
    "spark.sql.session.timeZone": "America/Sao_Paulo",  # nothing may depend on it
}


@pytest.fixture(scope="module")
def planted():
    return edge_events()


@pytest.fixture(scope="module")
def folder(planted, tmp_path_factory):
    return as_parquet(planted, tmp_path_factory.mktemp("events"))


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """One Spark session for the whole file, with two cores."""
    pyspark = pytest.importorskip("pyspark", reason="PySpark is not installed")
    if shutil.which("java") is None:
        pytest.skip("no Java is installed")
    from pyspark.sql import SparkSession

    assert pyspark.__version__ >= "3.5"
    builder = SparkSession.builder.master("local[2]").config(
        "spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse"))
    )
    for key, value in SMALL.items():
        builder = builder.config(key, value)
    made = builder.getOrCreate()
    yield made
    made.stop()


@pytest.mark.server
def test_every_gauge_equals_duckdbs(session, planted, folder):
    here, there = measure(planted), measure_on_spark("local[2]", str(folder), ASKED)
    assert {r.gauge for r in here.rows} == {m.gauge for m in catalogue().values()}, "the planted shop feeds every gauge"
    assert_same(here, there)
    assert session.conf.get("spark.sql.session.timeZone") == "America/Sao_Paulo"
    assert not [t for t in session.catalog.listTables() if t.name.startswith(spark.PREFIX)]


@pytest.mark.server
def test_months_stand_ins_and_tables_of_the_catalog(session, planted, tmp_path):
    """From a schema of the catalog that has no offers, so that another view stands in for the selection."""
    asked = ["selection", "orders", "customers_lost", "offers_per_product"]
    needed = {"orders", "order_lines"}
    session.sql("create database shop")
    for name in needed:
        session.read.parquet(str(as_parquet(planted, tmp_path, {name}) / f"{name}.parquet")).write.saveAsTable(
            f"shop.{name}"
        )
    poor = edge_events(grain="month")
    poor.present = needed
    poor.columns = {name: poor.columns[name] for name in needed}
    here, there = measure(poor, asked), measure_on_spark("local[2]", "shop", poor.mapping, asked)
    assert "offers_per_product" in there.left_out
    assert there.measures["selection"].name == "selection_sold"
    assert_same(here, there)


@pytest.mark.server
def test_progress_may_cancel_and_leaves_nothing_behind(session, folder):
    told = []

    def progress(*said):
        told.append(said)
        if said[0] == "measure":
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        measure_on_spark("local[2]", str(folder), ASKED, ["orders"], progress)
    assert [t[0] for t in told][-2:] == ["prepare", "measure"]
    assert not [t for t in session.catalog.listTables() if t.name.startswith(spark.PREFIX)]


@pytest.mark.server
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda f: (f / "orders.parquet").unlink(), "no table 'orders'"),
        (lambda f: (f / "orders.parquet").write_bytes(b""), "orders.parquet cannot be read"),
        (lambda f: shutil.copy(f / "visits.parquet", f / "order_lines.parquet"), "order_lines .* no column 'order_id'"),
    ],
)
def test_what_is_missing_or_broken_is_named(session, planted, tmp_path, spoil, says):
    as_parquet(planted, tmp_path, {"orders", "order_lines", "visits"})
    spoil(tmp_path)
    with pytest.raises(DataError, match=says) as caught:
        measure_on_spark("local[2]", str(tmp_path), ASKED, ["orders"])
    assert "\n\tat " not in str(caught.value)


@pytest.mark.server
def test_ansi_mode_tells_of_a_value_that_is_no_number(session, planted, tmp_path):
    as_parquet(planted, tmp_path, {"orders"})
    planted.connection.execute(
        f"copy (select * replace ('much' as price) from events.order_lines) to '{tmp_path}/order_lines.parquet'"
    )
    with pytest.raises(DataError, match="could not be (measured|prepared)"):
        measure_on_spark("local[2]", str(tmp_path), ASKED, ["sales_value"])


@pytest.mark.server
def test_an_unknown_gauge_is_refused_before_anything_is_read(session, folder):
    with pytest.raises(DataError, match="no gauge 'ordres'"):
        measure_on_spark("local[2]", str(folder), ASKED, ["ordres"])


def test_without_pyspark_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def blind(name, *rest, **more):
        if name.startswith("pyspark"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", blind)
    with pytest.raises(DataError, match=r"pip install 'gearwheel\[spark\]'"):
        measure_on_spark("local[*]", "nowhere", ASKED)


def test_without_java_it_says_so(monkeypatch, tmp_path):
    pytest.importorskip("pyspark", reason="PySpark is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(DataError, match="Spark needs Java"):
        measure_on_spark("local[*]", "nowhere", ASKED)


@pytest.mark.server
@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("date_diff('day', a, b)", 1),  # one midnight, two minutes: Spark counts full days between timestamps
        ("epoch(b) - epoch(a)", 120.5),  # UNIX_TIMESTAMP cuts the half second off
        ("cast(date_trunc('week', b) as date)", date(2023, 1, 30)),
        ("n / m", 3.5),
        ("avg(n) over ()", 7.0),
        (
            "cast(b as date) - cast(floor(big) as integer)",
            date(2023, 1, 31),
        ),  # floor gives 64 bits there, which no date takes
        ("cast(cast(b as date) + interval 1 month as date)", date(2023, 3, 4)),
        ("greatest(n, nothing)", 7),
        ("row_number() over (order by nothing, n)", 1),
        ("cast(floor(-n / m) as integer)", -4),
    ],
)
def test_what_engines_understand_differently_means_the_same(session, planted, sql, expected):
    from gearwheel.gauges.dialects import translated

    row = """with r as (
        select cast('2023-02-03 23:59:00' as timestamp) as a, cast('2023-02-04 00:01:00.5' as timestamp) as b, 7 as n,
            nullif(2, 0) as m, cast(4 as bigint) as big, cast(null as integer) as nothing)
    """
    asked = f"{row} select {sql} as x from r".replace("n / m", "n / nullif(m, 0)")
    here = planted.connection.execute(asked).fetchone()[0]
    before = {key: session.conf.get(key) for key in SETTINGS}
    for key, value in SETTINGS.items():
        session.conf.set(key, value)
    there = session.sql(translated(asked, "spark")).collect()[0][0]
    for key, value in before.items():
        session.conf.set(key, value)
    assert here == expected
    assert there == expected
