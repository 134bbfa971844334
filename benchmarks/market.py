"""How fast the planted market spins: a million customers over two years, streamed to Parquet.

    .venv/bin/python benchmarks/market.py [--customers 1000000] [--days 730] [--folder FOLDER]

Prints seconds, events a second, the size of the files and the peak of memory beside their limits, and exits with 1
when one is missed. The folder, when named, is kept: it is data for `gearwheel new`.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from gearwheel.market.settings import Market
from gearwheel.market.spin import spin

LIMIT_SECONDS, LIMIT_GB = 300.0, 6.0  # for a million customers over two years


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--folder", type=Path, help="keep the events there")
    asked = parser.parse_args()
    settings = market_of(asked.customers)
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        began = time.perf_counter()
        spun = spin(settings, asked.days, seed=1, folder=folder)
        seconds = time.perf_counter() - began
        size = sum(file.stat().st_size for file in folder.glob("*.parquet"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    counts = {name: int(spun.daily[name].sum()) for name in ("orders", "lines", "delivered", "reviews", "claims")}
    print(f"customers at the start {settings.customers:>13,}   at the end {int(spun.daily['customers'][-1]):,}")
    for name, count in counts.items():
        print(f"{name:22} {count:>13,}")
    share = asked.customers / 1_000_000 * asked.days / 730
    limit = LIMIT_SECONDS * max(share, 0.1)
    print(f"seconds                {seconds:>13.1f}   limit {limit:.0f}")
    print(f"order lines a second   {counts['lines'] / seconds:>13,.0f}")
    print(f"Parquet                {size / 1e9:>13.2f}   GB")
    print(f"peak memory            {peak:>13.2f}   GB, limit {LIMIT_GB:g}")
    return int(seconds > limit or peak > LIMIT_GB)


def market_of(customers: int) -> Market:
    """A market of this size in which people and sellers come in proportion to it."""
    return Market(
        customers=customers,
        population=10.0 * customers,
        joining=customers / 800,
        sellers=max(customers // 100, 10),
        entry=customers / 50_000,
        own_offers=max(customers // 50, 10),
        products=max(customers // 2, 100),
        frequency=0.01,
        advertising=customers / 40,
        overhead=customers / 10,
    )


if __name__ == "__main__":
    raise SystemExit(main())
