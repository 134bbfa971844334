"""A planted market on disk: its events, how many rows they have, and the measured truth of its links."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from gearwheel.run.store import Progress, plain, save_atomically

TRUTH = "truth.json"


def plant_market(
    folder: Path, settings, levers: Mapping, *, days: int, seed: int, measure_truth: bool, progress: Progress
) -> dict:
    """Spin the market into `folder`; with `measure_truth` rerun its days with each cause shifted and keep the answer."""
    import pyarrow.parquet as pq

    from gearwheel.market.happenings import headlines
    from gearwheel.market.spin import spin

    folder.mkdir(parents=True, exist_ok=True)
    spun = spin(settings, days, seed, levers=levers, folder=folder, progress=progress)
    rows = {file.stem: pq.read_metadata(file).num_rows for file in sorted(folder.glob("*.parquet"))}
    found = {}
    if measure_truth:
        from gearwheel.market.truth import truth

        found = plain(truth(settings, days, seed, levers=levers, progress=progress))
        save_atomically(folder / TRUTH, json.dumps(found | {"headlines": headlines(spun)}, indent=1).encode())
    return {"folder": str(folder), "rows": rows, "truth": found, "headlines": headlines(spun)}
