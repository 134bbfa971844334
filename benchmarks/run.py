"""How fast Gearwheel is, beside the limits it was given: `python benchmarks/run.py`, about five minutes on two cores.

Every run is a fresh process with a cache folder of its own, so nothing that lies about on this machine helps.
`--quick` leaves out the full runs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REPEATS = 5
DRAWS = 400
FIRST = """
from gearwheel.run import open_wheel
from gearwheel.spin.levers import history
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
wheel = open_wheel("amazon")
spin(build(wheel), {}, 122, paths=history(wheel))
"""


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, how much, the limit and on which side of it to be."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    more: bool = False

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        return "ok" if (self.value >= self.limit if self.more else self.value < self.limit) else "MISSED"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out the full runs")
    quick = parser.parse_args().quick
    rows = [help_time(), first_trajectory(), spin_ratio()]
    if not quick:
        rows += full_runs()
    show(rows)
    return any(row.verdict == "MISSED" for row in rows)


def timed(arguments: list[str], cache: Path | None = None) -> float:
    """Seconds of a fresh Python process. Raises CalledProcessError when it fails."""
    environment = {**os.environ, **({"GEARWHEEL_CACHE": str(cache)} if cache else {})}
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - began


def help_time() -> Row:
    seconds = min(timed(["-m", "gearwheel", "--help"]) for _ in range(REPEATS))
    return Row("gearwheel --help", seconds, "s", 0.3)


def first_trajectory() -> Row:
    seconds = min(timed(["-c", FIRST]) for _ in range(REPEATS))
    return Row("first trajectory of amazon, process and all", seconds, "s", 1.0)


def spin_ratio() -> Row:
    """Our vectorised spin of the amazon wheel against the same arithmetic for one draw after the other, both NumPy,
    both on this machine, in turns."""
    from gearwheel.fit.beliefs import beliefs_of
    from gearwheel.run import open_wheel
    from gearwheel.spin.levers import history
    from gearwheel.spin.program import build
    from gearwheel.spin.run import spin

    wheel = open_wheel("amazon")
    program, beliefs, paths = build(wheel), beliefs_of(wheel), history(wheel)
    u, steps = beliefs.draw(DRAWS, 1), 122
    ours, loop = [], []
    for _ in range(3):
        began = time.perf_counter()
        together = spin(program, beliefs.named(u), steps, paths=paths, keep=[wheel.size])
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        some = [spin(program, beliefs.named(one), steps, paths=paths, keep=[wheel.size]) for one in u[:20]]
        loop.append((time.perf_counter() - began) * DRAWS / len(some))
    apart = np.concatenate([run[wheel.size] for run in some])
    np.testing.assert_allclose(together[wheel.size][:20], apart, rtol=1e-9)
    return Row(f"{DRAWS} draws of amazon together: times faster than one by one", min(loop) / min(ours), "x")


def full_runs() -> list[Row]:
    """`gearwheel run amazon` with nothing kept, with only the compiled filter kept, and with nothing changed."""
    folder = Path(tempfile.mkdtemp(prefix="gearwheel-benchmark-"))
    try:
        cache, out = folder / "cache", folder / "out"
        run = ["-m", "gearwheel", "run", "amazon", "--out", str(out)]
        cold = timed(run, cache)
        results = json.loads((out / "results.json").read_text())
        for kind in ("fits", "runs"):
            shutil.rmtree(cache / kind)
        warm = timed(run, cache)
        warmed = json.loads((out / "results.json").read_text())["fit"]
        unchanged = timed(run, cache)
    finally:
        shutil.rmtree(folder)
    fit = results["fit"]
    rows = [
        Row("run amazon, nothing kept", cold, "s", 300),
        Row("  of which to the posterior", fit["seconds"], "s", 150),
        Row("run amazon, compiled filter kept", warm, "s", 120),
        Row("  of which to the posterior", warmed["seconds"], "s"),
        Row("run amazon, nothing changed", unchanged, "s", 10),
        Row("least effective draws", fit["ess_min"], "", 400, more=True),
        Row("states", fit["states"], "", 26),
        Row("free parameters", fit["free_parameters"], "", 31),
    ]
    gate = Row("k-hat", fit["k_hat"], "", 0.7) if fit["r_hat_max"] is None else Row("R-hat", fit["r_hat_max"], "", 1.01)
    return [*rows, gate]


def show(rows: list[Row]) -> None:
    width = max(len(row.what) for row in rows)
    print(f"{'':{width}}  {'measured':>12}  {'limit':>10}")
    for row in rows:
        limit = "" if row.limit is None else f"{'>=' if row.more else '<'} {row.limit:g} {row.unit}".strip()
        print(f"{row.what:{width}}  {row.value:>9.4g} {row.unit:2}  {limit:>10}  {row.verdict}")


if __name__ == "__main__":
    sys.exit(main())
