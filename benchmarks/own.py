"""From a folder of events to a report: `python benchmarks/own.py`, a few minutes on two cores.

Olist (in GEARWHEEL_SHARED, ../shared without it) with `new` and `run`, nothing kept, each a fresh process; then `run`
again with nothing changed. Exits with 1 when a limit is missed, and says so where the data are not there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT, AGAIN = 180.0, 15.0  # seconds: new and run; run when nothing has changed
OLIST = Path(os.environ.get("GEARWHEEL_SHARED", "../shared")) / "data" / "olist"


def main() -> int:
    if not OLIST.is_dir():
        print(f"{OLIST} is not there: nothing to time")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        new = timed(place, "new", "myshop", "--data", str(OLIST.resolve()))
        run = timed(place, "run", "myshop")
        again = timed(place, "run", "myshop")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"new {new:.1f} s, run {run:.1f} s, together {new + run:.1f} s (limit {LIMIT:.0f} s)")
    print(f"run again, nothing changed: {again:.1f} s (limit {AGAIN:.0f} s)")
    return not (new + run <= LIMIT and again <= AGAIN)


def timed(folder: Path, *words: str) -> float:
    began = time.perf_counter()
    settings = {**os.environ, "GEARWHEEL_CACHE": str(folder / "cache")}
    subprocess.run(
        [sys.executable, "-m", "gearwheel", *words], cwd=folder, env=settings, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
