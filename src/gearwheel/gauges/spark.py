"""The same measures on Apache Spark, for events that one machine cannot hold: only the small result is collected.

Session settings while measuring: time zone UTC (as the canonical tables are), ANSI mode on (a bad cast or an overflow is
an error, as in DuckDB, and not a NULL), names without case.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gearwheel.gauges.canonical import SCHEMA, Table, tables
from gearwheel.gauges.catalogue import Intermediate, choose
from gearwheel.gauges.measure import Measured, Progress, gathered, known_gauges
from gearwheel.wheel.errors import DataError, Problem

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
}
TYPES = {
    "text": "string",
    "time": "timestamp_ntz",
    "date": "date",
    "number": "double",
    "whole": "bigint",
    "flag": "boolean",
}
PREFIX = "gearwheel"  # of the temporary views, so that nobody else's are touched
_CATALOG = re.compile(r"\w[\w-]*(\.\w[\w-]*)?")


def measure_on_spark(
    url: str,
    events_location: str,
    mapping: Any,
    names: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> Measured:
    """Every gauge (or those of `names`) by the Spark master at `url` (`spark://…`, `local[*]`), as `measure` gives them.

    `events_location` holds the canonical tables: a folder or URL with `orders.parquet` or `orders/` and so on, or a
    schema of the catalog (`shop`, `main.shop`). Of `mapping`, `grain`, `active_days`, `since` and `until` count. A Spark session that is
    active already is used and left running. Raises DataError: GW469 where Spark, Java or a needed table is missing or
    Spark gives up; GW461 and GW462 as `measure` does.
    """
    wanted = known_gauges(names)
    with _session(url) as spark, _views(spark) as views:
        columns = {t.name: _register(spark, t, events_location, views) for t in tables().values()}
        columns = {name: found for name, found in columns.items() if found is not None}
        _refuse_lacking(columns, events_location)
        chosen, left_out = choose(set(columns), columns, wanted)
        return gathered(_Spark(spark, views), mapping, chosen, left_out, progress)


class _Spark:
    """Runs measure SQL on a session in which the canonical tables are temporary views."""

    def __init__(self, spark: Any, views: list[str]):
        self.spark, self.views = spark, views

    def prepare(self, steps: list[Intermediate], uses: Counter[str], tell: Progress) -> None:
        for done, step in enumerate(steps):
            tell("prepare", done, len(steps), step.name)
            frame = self.frame(step.sql, f"step {step.name}")
            if uses[step.name] > 1:
                frame = self.kept(frame, step.name)
            _as_view(frame, f"base.{step.name}", self.views)
        tell("prepare", len(steps), len(steps), "")

    def kept(self, frame: Any, name: str) -> Any:
        """Computed once and held by the executors. A mere cache would leave the plan of all steps below it to be
        looked at again by every query above, which takes longer than the query."""
        with _plain_errors(f"step {name} could not be measured"):
            return frame.localCheckpoint()

    def rows(self, sql: str, what: str) -> list[tuple]:
        frame = self.frame(sql, what)
        with _plain_errors(f"{what} could not be measured"):
            return [tuple(row) for row in frame.collect()]

    def frame(self, sql: str, what: str) -> Any:
        from gearwheel.gauges.dialects.warehouse import measure_sql

        text = measure_sql(sql, "spark", _view_name, what)
        with _plain_errors(f"{what} could not be prepared"):
            return self.spark.sql(text)


def _view_name(table: str) -> str:
    return f"{PREFIX}_{table.replace('.', '_')}"


def _as_view(frame: Any, table: str, views: list[str]) -> None:
    frame.createOrReplaceTempView(_view_name(table))
    views.append(_view_name(table))


def _register(spark: Any, table: Table, location: str, views: list[str]) -> set[str] | None:
    """Makes the table a view with all its columns in their types; returns the columns that the location has."""
    frame = _found(spark, table.name, location)
    if frame is None:
        empty = ", ".join(f"CAST(NULL AS {TYPES[c.type]}) AS `{c.name}`" for c in table.columns.values())
        _as_view(spark.sql(f"SELECT {empty} WHERE FALSE"), f"{SCHEMA}.{table.name}", views)
        return None
    there = {name.lower(): name for name in frame.columns}
    have = {name for name in table.columns if name in there}
    given = [
        f"CAST({f'`{there[c.name]}`' if c.name in have else 'NULL'} AS {TYPES[c.type]}) AS `{c.name}`"
        for c in table.columns.values()
    ]
    with _plain_errors(f"the table {table.name} of {location} cannot be used"):
        _as_view(frame.selectExpr(*given), f"{SCHEMA}.{table.name}", views)
    return have


def _found(spark: Any, name: str, location: str) -> Any | None:
    """The table as Spark reads it, or None where the location has none of this name."""
    if _CATALOG.fullmatch(location) and not Path(location).exists():
        quoted = ".".join(f"`{part}`" for part in (*location.split("."), name))
        with _plain_errors(f"the catalog schema {location} cannot be read"):
            return spark.table(quoted) if spark.catalog.tableExists(quoted) else None
    for path in (f"{location.rstrip('/')}/{name}.parquet", f"{location.rstrip('/')}/{name}"):
        with _plain_errors(f"{path} cannot be read as Parquet"):
            try:
                return spark.read.parquet(path)
            except Exception as error:
                if "PATH_NOT_FOUND" not in str(error):
                    raise
    return None


def _refuse_lacking(columns: dict[str, set[str]], location: str) -> None:
    problems = []
    for table in tables().values():
        if table.name not in columns:
            if table.needed:
                problems.append(Problem("GW469", f"no table '{table.name}' in {location}", hint=_WHERE))
            continue
        for column in table.columns.values():
            if column.needed and column.name not in columns[table.name]:
                problems.append(Problem("GW469", f"the table {table.name} in {location} has no column '{column.name}'"))
    if problems:
        raise DataError(problems)


_WHERE = "Give a folder with orders.parquet, order_lines.parquet and so on, or a schema of Spark's catalog."


@contextmanager
def _session(url: str):
    """A session at `url`, or the active one, with SETTINGS while it is in use; ours is stopped afterwards."""
    session = _spark_class()
    running = session.getActiveSession()
    with _plain_errors(f"no Spark session at {url}"):
        spark = running or _builder(session, url).getOrCreate()
    before = {key: spark.conf.get(key, None) for key in SETTINGS}
    try:
        for key, value in SETTINGS.items():
            spark.conf.set(key, value)
        yield spark
    finally:
        if running is None:
            spark.stop()
        else:
            for key, value in before.items():
                spark.conf.unset(key) if value is None else spark.conf.set(key, value)


def _builder(session: Any, url: str) -> Any:
    builder = session.builder.master(url).appName("gearwheel").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false").config("spark.log.level", "ERROR")
    if url.startswith("local"):  # nothing is listened to from outside, and no host name need resolve
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    return builder


def _spark_class() -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        hint = "Install it: pip install 'gearwheel[spark]'"
        raise DataError(
            Problem("GW469", "measuring on Spark needs PySpark, which is not installed", hint=hint)
        ) from None
    home = os.environ.get("JAVA_HOME")
    if not (home and (Path(home) / "bin" / "java").exists()) and shutil.which("java") is None:
        hint = "Install a Java runtime (17 or newer) and see that 'java' is on the path, or set JAVA_HOME."
        raise DataError(Problem("GW469", "Spark needs Java, and there is none", hint=hint))
    return SparkSession


@contextmanager
def _views(spark: Any):
    """Collects the names of temporary views and drops them at the end."""
    names: list[str] = []
    try:
        yield names
    finally:
        for name in names:
            with suppress(Exception):  # a session that broke down has no views any more
                spark.catalog.dropTempView(name)


@contextmanager
def _plain_errors(message: str):
    """Spark's errors as ours: the first line, not the trace of the machine behind it."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark", "py4j")):
            raise
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise DataError(Problem("GW469", f"{message}: {first[:300]}")) from None
