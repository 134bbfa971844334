"""How fast a file of requests is decided with the log written: the starter policy, 400 draws, SQLite, beside its limit.

`python benchmarks/desk_batch.py [ROWS]`. The caps of the starter policy are lifted, then kept, since a cap that binds
costs more; and once the customers are known, since customers who differ are weighed each for themselves. Prints the load of the machine before and after: what others do counts too.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gearwheel.desk.batch_run import decide_file, try_out
from gearwheel.desk.opened import read_papers
from gearwheel.desk.starter import starter_policy
from gearwheel.desk.store import open_store

LIMIT = 30_000  # decisions a second


def requests(rows: int) -> pa.Table:
    """Requests of a month, in order, of half a million customers."""
    rng = np.random.default_rng(3)
    seconds = np.sort(rng.integers(0, 30 * 86_400, rows)).astype("timedelta64[s]")
    asked = np.datetime64("2026-10-01T00:00:00", "us") + seconds
    return pa.table({
        "order_id": [f"o{i}" for i in range(rows)],
        "product_id": [f"p{i}" for i in rng.integers(0, 5_000, rows)],
        "customer_id": [f"c{i}" for i in rng.integers(0, 500_000, rows)],
        "quantity": np.ones(rows),
        "price": np.round(rng.lognormal(3.2, 0.8, rows), 2),
        "currency": ["EUR"] * rows,
        "reason": rng.choice(["damaged", "wrong size", "changed mind"], rows),
        "requested_at": asked,
        "delivered_at": asked - rng.integers(1, 40, rows).astype("timedelta64[D]"),
        "jurisdiction": rng.choice(["DE", "US"], rows),
    })  # fmt: skip


def customers(count: int = 500_000) -> pa.Table:
    """What is known of them: records of claims and what they will yet spend, as `gearwheel desk prepare` writes it."""
    rng = np.random.default_rng(4)
    orders = 1 + rng.geometric(0.3, count)
    claims = rng.binomial(orders, 0.06)
    back = rng.binomial(claims, 0.9)
    return pa.table({
        "customer_id": [f"c{i}" for i in range(count)],
        **{n: v.astype(float) for n, v in (("orders", orders), ("claims", claims), ("came_back", back))},
        "kept": rng.binomial(claims - back, 0.5).astype(float),
        "value": rng.lognormal(4.0, 0.8, count),
        "value_spread": rng.gamma(9.0, 0.08, count),
        "orders_ahead": rng.gamma(2.0, 0.7, count),
    })  # fmt: skip


def main(rows: int) -> None:
    text = starter_policy("returns", "EUR")
    lifted = text.replace("money = 2000", "money = 1e9").replace("most = 20\n", "most = 1000000\n")
    print(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.2f} before")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pq.write_table(requests(rows), folder / "requests.parquet")
        pq.write_table(customers(), folder / "customers.parquet")
        for what, policy, known in (
            ("caps lifted", lifted, None), ("caps bind", text, None),
            ("customers known", lifted, folder / "customers.parquet"),
        ):  # fmt: skip
            (folder / "policy.toml").write_text(policy)
            papers, store = read_papers(folder / "policy.toml", known), open_store(str(folder / f"{what}.db"))
            for shown, work in (
                ("tried", lambda p=papers: try_out(p, folder / "requests.parquet")),
                ("logged", lambda p=papers, s=store: decide_file(
                    p, folder / "requests.parquet", folder / "out.parquet", s, clock="requested")),
            ):  # fmt: skip
                start, busy = time.perf_counter(), time.process_time()
                work()
                took, busy = time.perf_counter() - start, time.process_time() - busy
                print(f"{rows:,} {shown}, {what}: {rows / took:,.0f}/s, {1e6 * busy / rows:.0f} µs of processor each; "
                      f"limit {LIMIT:,}/s")  # fmt: skip
    print(f"load average {os.getloadavg()[0]:.2f} after")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 120_000)
