"""The pipeline: what the CLI, the Python door and the studio share."""

from gearwheel.run.fitting import fit_wheel, measured, open_wheel, stored_posterior
from gearwheel.run.pictures import graph_of, picture_results
from gearwheel.run.pipeline import run_wheel
from gearwheel.run.questions import anchors_of, levers_of, loops_of, spin_posterior
from gearwheel.run.store import LIBRARY, Progress, write_run

__all__ = [
    "LIBRARY",
    "Progress",
    "anchors_of",
    "fit_wheel",
    "stored_posterior",
    "graph_of",
    "levers_of",
    "loops_of",
    "measured",
    "open_wheel",
    "picture_results",
    "run_wheel",
    "spin_posterior",
    "write_run",
]
