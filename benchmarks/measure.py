"""How fast events are measured, beside fused SQL written by hand and pandas: `python benchmarks/measure.py`.

Made Parquet tables with so many order lines are measured by every weekly gauge of the catalogue, on two threads and
under 8 GB; then by one hand-written DuckDB script that gives the same numbers (`measure_fused.sql`), and the gauges of
`measure_pandas.py` by pandas as well. Each contestant is a fresh process; the numbers must agree. Exits with 1 when a
limit is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import duckdb

HERE = Path(__file__).parent
THREADS, ACTIVE_DAYS, WEEKS, PRODUCTS, SELLERS = 2, 90, 156, 200_000, 20_000
LIMIT_GB, DUCKDB_GB = (
    8,
    float(os.environ.get("DUCKDB_GB", 6)),
)  # of the whole process; what DuckDB counts itself stays below
LIMIT_RATIO, LIMIT_PANDAS = 1.3, 10
LATER = {"order_score", "price_index"}  # gauges that came after the fused script was fixed
MACROS = f"""
create macro u(x, salt) as (hash(x, salt) % 1000003) / 1000003.0;
create macro placed(x) as
    timestamp '2021-01-04' + to_seconds(cast(floor({WEEKS * 7 * 86400} * pow(u(x, 2), 0.8)) as bigint))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=float, default=1e8, help="order lines for the fused query (100 million)")
    parser.add_argument("--pandas-lines", type=float, default=1e7, help="order lines for pandas (10 million; 0: none)")
    parser.add_argument("--folder", help="where to make the tables (default: a temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave the tables there")
    parser.add_argument("--only", nargs=2, metavar=("WHO", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        return compete(args.only[0], Path(args.only[1]))
    folder = Path(args.folder or tempfile.mkdtemp(prefix="gearwheel-measure-"))
    try:
        fine = [against(["fused", "ours"], folder / "all", int(args.lines))]
        if args.pandas_lines:
            fine.append(against(["pandas", "ours-as-pandas"], folder / "pandas", int(args.pandas_lines)))
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return not all(fine)


def against(names: list[str], folder: Path, lines: int) -> bool:
    """Makes the tables, runs both contestants in turn, prints a line each; whether numbers and limits hold."""
    make(folder, lines)
    print(f"\n{lines:,} order lines, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    found = {name: run(name, folder) for name in names}
    other, ours = (found[name] for name in names)
    ratio = ours["cpu"] / other["cpu"], ours["seconds"] / other["seconds"]
    compared, worst = compare(other["rows"], ours["rows"])
    print(f"{compared:,} numbers agree to {worst:.1e}")
    if names[0] == "pandas":
        print(f"pandas takes {1 / ratio[1]:.1f} times as long, {1 / ratio[0]:.1f} times the CPU (limit {LIMIT_PANDAS})")
        return worst < 1e-6 and 1 / ratio[1] >= LIMIT_PANDAS
    print(f"ours takes {ratio[1]:.2f} times as long, {ratio[0]:.2f} times the CPU (limit {LIMIT_RATIO})")
    print(f"peak memory {ours['peak_gb']:.1f} GB (limit {LIMIT_GB})")
    return worst < 1e-6 and ratio[1] <= LIMIT_RATIO and ours["peak_gb"] < LIMIT_GB


def make(folder: Path, lines: int) -> None:
    """The canonical tables as Parquet, unless they lie there already."""
    folder.mkdir(parents=True, exist_ok=True)
    orders = lines * 2 // 5
    sizes = {"lines": lines, "orders": orders, "customers": max(orders // 8, 1), "days": WEEKS * 7}
    sizes |= {"products": PRODUCTS, "sellers": SELLERS}
    connection = connect(folder)
    connection.execute(MACROS)
    text = (HERE / "measure_tables.sql").read_text("utf-8")
    for statement in text.split("\n-- ")[1:]:
        name, sql = statement.split("\n", 1)
        file = folder / f"{name}.parquet"
        if not file.exists():
            for size, value in sizes.items():
                sql = sql.replace(f"{{{size}}}", str(value))
            part = file.with_suffix(".part")
            connection.execute(f"copy ({sql.strip().rstrip(';')}) to '{part}' (format parquet, compression zstd)")
            part.rename(file)
            print(f"made {name} ({file.stat().st_size / 1e6:.0f} MB)", flush=True)
    connection.close()


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    settings = {"threads": THREADS, "memory_limit": f"{DUCKDB_GB}GB", "temp_directory": str(folder / "spill")}
    connection = duckdb.connect(config=settings)
    connection.execute("set preserve_insertion_order = false; set enable_progress_bar = false")
    return connection


def run(name: str, folder: Path) -> dict:
    """The contestant in a process of its own: seconds, CPU seconds, peak memory and rows."""
    command = [sys.executable, __file__, "--only", name, str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout)
    print(f"{name:16}{found['seconds']:8.1f} s{found['cpu']:8.1f} CPU s{found['peak_gb']:6.1f} GB", flush=True)
    return found


def compete(name: str, folder: Path) -> int:
    start, cpu = time.perf_counter(), time.process_time()
    rows = CONTESTANTS[name](folder)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    rows = [[gauge, str(day), value, error, n] for gauge, day, value, error, n in rows]
    json.dump({"seconds": seconds, "cpu": cpu, "peak_gb": peak, "rows": rows}, sys.stdout)
    return 0


def canonical(folder: Path, schema: str) -> tuple[duckdb.DuckDBPyConnection, dict[str, set[str]]]:
    """A connection whose schema holds every canonical table over the files, and the columns that these have."""
    from gearwheel.gauges.canonical import empty_view_sql, tables

    connection, columns = connect(folder), {}
    connection.execute(f"create schema if not exists {schema}")
    for name, table in tables().items():
        sql, file = empty_view_sql(table), folder / f"{name}.parquet"
        if file.exists():
            columns[name] = set(connection.sql(f"from '{file}'").columns)
            given = {c: c if c in columns[name] else "null" for c in table.columns}
            casts = (f"cast({given[c.name]} as {c.sql_type}) as {c.name}" for c in table.columns.values())
            sql = f"select {', '.join(casts)} from '{file}'"
        connection.execute(f"create view {schema}.{name} as {sql}")
    return connection, columns


def ours(folder: Path, names: list[str] | None = None) -> list[tuple]:
    from gearwheel.gauges.catalogue import catalogue
    from gearwheel.gauges.measure import measure

    names = names or sorted({m.gauge for m in catalogue().values()} - LATER)
    connection, columns = canonical(folder, "events")
    mapping = SimpleNamespace(grain="week", active_days=ACTIVE_DAYS, adapter="")
    events = SimpleNamespace(connection=connection, present=set(columns), columns=columns, mapping=mapping)
    return [(r.gauge, r.start, r.value, r.error, r.n) for r in measure(events, names).rows]


def fused(folder: Path) -> list[tuple]:
    connection, _ = canonical(folder, "main")
    text = (HERE / "measure_fused.sql").read_text("utf-8")
    return connection.execute(text.replace("{window}", str(ACTIVE_DAYS))).fetchall()


def by_pandas(folder: Path) -> list[tuple]:
    from measure_pandas import measured

    return measured(folder, ACTIVE_DAYS)


def ours_as_pandas(folder: Path) -> list[tuple]:
    from measure_pandas import GAUGES

    return ours(folder, GAUGES)


CONTESTANTS = {"ours": ours, "fused": fused, "pandas": by_pandas, "ours-as-pandas": ours_as_pandas}


def compare(theirs: list[list], ours: list[list]) -> tuple[int, float]:
    """How many of our numbers were compared with theirs, and the largest relative difference."""
    known = {(gauge, day): numbers for gauge, day, *numbers in theirs}
    missing = {gauge for gauge, day, *_ in ours if (gauge, day) not in known}
    if missing or not ours:
        raise SystemExit(f"not measured on the other side: {sorted(missing)}")
    worst, where = 0.0, ""
    for gauge, day, *numbers in ours:
        for mine, other in zip(numbers, known[gauge, day]):
            if mine is None and (other is None or abs(other) < 1e-6):
                continue
            gap = abs(mine - other) / max(abs(other), 1e-12) if mine is not None and other is not None else 1.0
            if gap > worst:
                worst, where = gap, f"{gauge} {date.fromisoformat(day)}: {mine} and {other}"
    if worst > 1e-6:
        print(f"numbers differ: {where}")
    return 3 * len(ours), worst


if __name__ == "__main__":
    sys.exit(main())
