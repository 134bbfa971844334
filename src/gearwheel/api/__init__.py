"""The Python door: a wheel with its few methods, a fit, runs; each a thin cover of a plain value.

wheel = gw.open("amazon")
fit = wheel.fit()
runs = fit.spin(years=5, set={"advertising": 0.08})
runs["net_sales"]
"""

from __future__ import annotations

from gearwheel.api.desk import Decision, Desk, open_desk
from gearwheel.api.files import write_ours, write_picture
from gearwheel.api.measures import Measures, measure
from gearwheel.api.model import Fit, Model, build, open, stored_fit
from gearwheel.api.plans import Plan
from gearwheel.api.pushes import Push
from gearwheel.api.runs import Runs, unit_text
from gearwheel.api.tables import Levers, Loops
from gearwheel.api.terms import Terms

__all__ = [
    "Decision",
    "Desk",
    "Fit",
    "Levers",
    "Loops",
    "Measures",
    "Model",
    "Plan",
    "Push",
    "Runs",
    "Terms",
    "build",
    "measure",
    "open",
    "open_desk",
    "stored_fit",
    "unit_text",
    "write_ours",
    "write_picture",
]
