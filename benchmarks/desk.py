"""How fast the desk is: one decision, a batch, and the service with every decision on the disk, each beside its limit.

    python benchmarks/desk.py [--seconds 5] [--rows 120000]

Run it on a machine that does nothing else: the load average is printed with the numbers. The service is driven by wrk
(github.com/wg/wrk), on the same processor; without wrk that part is left out, and said so.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from desk_batch import requests

from gearwheel.desk.answer import answer
from gearwheel.desk.batch_run import decide_file
from gearwheel.desk.consider import Desk
from gearwheel.desk.customers import NOBODY
from gearwheel.desk.explain import answer_of
from gearwheel.desk.ledger import Ledger
from gearwheel.desk.opened import read_papers
from gearwheel.desk.policy import Policy, believed
from gearwheel.desk.policy_file import parse_policy
from gearwheel.desk.returns import RETURNS
from gearwheel.desk.starter import starter_policy
from gearwheel.desk.store import open_store

SINGLE, BATCH, SERVED, SLOW = 1.0, 30_000, 2_000, 20.0  # ms, decisions/s, decisions/s, ms at the 99th percentile
CONNECTIONS, DRAWS = 16, 400
ASKED_AT = "2026-11-01T10:00:00Z"
LUA = """
local n = 0
function init(args) salt = args[1]; math.randomseed(tonumber(args[1])) end
function request()
  n = n + 1
  local body = string.format('{"order_id":"o%d","product_id":"p%d","customer_id":"c%d","quantity":1,"price":%.2f,' ..
    '"currency":"EUR","reason":"too small","requested_at":"2026-11-01T10:00:00Z","jurisdiction":"%s",' ..
    '"delivered_at":"2026-10-2%dT10:00:00Z"}', n, math.random(500), math.random(20000), 5 + 120 * math.random(),
    n % 2 == 0 and "DE" or "US", math.random(9))
  local headers = { ["Idempotency-Key"] = salt .. "-" .. n, ["Content-Type"] = "application/json" }
  return wrk.format("POST", "/v1/returns", headers, body)
end
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=5.0, help="of load on the service")
    options.add_argument("--rows", type=int, default=120_000, help="of the batch")
    chosen = options.parse_args()
    policy, _ = parse_policy(starter_policy("returns", "EUR"), [RETURNS])
    assert policy.draws == DRAWS
    print(
        f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.2f} before; an addition takes {_pace():.0f} ns"
    )
    desk = Desk(RETURNS, policy, believed(policy, RETURNS), b"benchmark")
    _line("one decision with its record, median", f"{1e3 * single(desk):.2f} ms", f"{SINGLE:g} ms")
    _line(f"a batch of {chosen.rows:,}, logged", f"{chosen.rows / batch(policy, chosen.rows):,.0f}/s", f"{BATCH:,}/s")
    service(policy, chosen.seconds)
    print(f"load average {os.getloadavg()[0]:.2f} after")


def single(desk: Desk) -> float:
    """Seconds of one library call, checked, decided, explained and recorded, the median of many."""
    ledger, took = Ledger(desk.policy.caps), []
    for number in range(300):
        row = _request(number)
        start = time.perf_counter()
        (entry,) = answer(desk, NOBODY, ledger, [row], [f"k{number}"], 1_795_000_000.0)
        answer_of(desk.policy, desk.form, entry.record)
        took.append(time.perf_counter() - start)
    return float(np.median(took))


def batch(policy: Policy, rows: int) -> float:
    """Seconds from a file of requests to one of decisions with the log written, under the starter policy as it stands;
    `benchmarks/desk_batch.py` looks closer."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("GEARWHEEL_BENCH", ".")) as name:
        folder = Path(name)
        (folder / "policy.toml").write_text(policy.text)
        pq.write_table(requests(rows), folder / "requests.parquet")
        papers, store = read_papers(folder / "policy.toml"), open_store(str(folder / "desk.db"))
        start = time.perf_counter()
        found = decide_file(papers, folder / "requests.parquet", folder / "out.parquet", store, clock="requested")
        assert found.decided == rows
        return time.perf_counter() - start


def service(policy: Policy, seconds: float) -> None:
    """Decisions a second and their slowest hundredth over HTTP, SQLite, every one flushed to the disk."""
    wrk = shutil.which("wrk")
    if not wrk:
        print("over HTTP: not measured, wrk is not installed (apt install wrk)")
        return
    with tempfile.TemporaryDirectory(dir=os.environ.get("GEARWHEEL_BENCH", ".")) as name:
        folder = Path(name)
        (folder / "policy.toml").write_text(policy.text)
        (folder / "load.lua").write_text(LUA)
        print(f"a flush of the disk takes {1e3 * _flush(folder / 'flush'):.2f} ms, median")
        command = [sys.executable, "-m", "gearwheel", "desk", "serve", "--policy", str(folder / "policy.toml")]
        desk = subprocess.Popen(
            [*command, "--store", str(folder / "desk.db"), "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        try:
            address = re.search(r"http://[^/]+", desk.stdout.readline())[0]
            for length in (1.0, seconds):  # the first warms up
                load = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{length:g}s", "--latency", "-s", str(folder / "load.lua")]
                said = subprocess.run(
                    [*load, address, "--", str(time.time_ns() % 10**9)], capture_output=True, text=True, check=True
                ).stdout
        finally:
            desk.terminate()
            desk.wait(20)
        assert "Non-2xx" not in said, said
        replayed = subprocess.run([*command[:4], "replay", str(folder / "desk.db")], capture_output=True, text=True)
        rate, slow = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]), _milliseconds(said, "99%")
        _line(f"over HTTP, {CONNECTIONS} connections, SQLite", f"{rate:,.0f}/s", f"{SERVED:,}/s")
        _line("  slowest hundredth", f"{slow:.1f} ms", f"{SLOW:g} ms")
        _line("  median", f"{_milliseconds(said, '50%'):.1f} ms", "")
        print(f"  decided again: {replayed.stdout.splitlines()[0] if replayed.stdout else replayed.stderr}")


def _milliseconds(said: str, percentile: str) -> float:
    value, unit = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)", said).groups()
    return float(value) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


def _flush(path: Path) -> float:
    took = []
    with path.open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(bytes(65_536))
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - start)
    return float(np.median(took))


def _request(number: int) -> dict:
    lots = np.random.default_rng(number)
    return {
        "order_id": f"o{number}",
        "product_id": f"p{lots.integers(500)}",
        "customer_id": f"c{lots.integers(20_000)}",
        "quantity": 1,
        "price": round(float(lots.lognormal(3.2, 0.8)), 2),
        "currency": "EUR",
        "reason": "too small",
        "requested_at": ASKED_AT,
        "jurisdiction": ("DE", "US")[number % 2],
        "delivered_at": f"2026-10-{10 + number % 20}T10:00:00Z",
    }


def _pace() -> float:
    """Nanoseconds of one turn of a plain loop, to see how fast the machine is just now: about 40 on one left alone."""
    start, total = time.perf_counter(), 0
    for number in range(2_000_000):
        total += number
    return (time.perf_counter() - start) / 2e6 * 1e9


def _line(what: str, measured: str, limit: str) -> None:
    print(f"{what:<48} {measured:>12}    {'wanted ' + limit if limit else ''}")


if __name__ == "__main__":
    main()
