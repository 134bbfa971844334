"""Gearwheel: a business flywheel as a working system, described, measured, fitted, spun and drawn.

    import gearwheel as gw
    wheel = gw.open("amazon")
    fit = wheel.fit()
    runs = fit.spin(years=5, set={"advertising": 0.08})
    runs["net_sales"]

Names are imported when they are first used, so that the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    **dict.fromkeys(("Decision", "Desk", "open_desk"), "gearwheel.api.desk"),
    **dict.fromkeys(
        ("Fit", "Levers", "Loops", "Measures", "Model", "Plan", "Push", "Runs", "Terms", "build", "measure", "open"),
        "gearwheel.api",
    ),
    **dict.fromkeys(
        (
            "Aux",
            "Belief",
            "Evidence",
            "Flow",
            "Gauge",
            "Lever",
            "Link",
            "Lookup",
            "Loop",
            "Parameter",
            "Port",
            "Shock",
            "Stock",
            "Use",
            "Wheel",
        ),
        "gearwheel.wheel.parts",
    ),
    **dict.fromkeys(
        ("Cancelled", "DataError", "DeskError", "FitError", "GearwheelError", "Problem", "SpinError", "WheelError"),
        "gearwheel.wheel.errors",
    ),
}

__all__ = [
    "Aux",
    "Belief",
    "Cancelled",
    "DataError",
    "Decision",
    "Desk",
    "DeskError",
    "Evidence",
    "Fit",
    "FitError",
    "Flow",
    "Gauge",
    "GearwheelError",
    "Lever",
    "Levers",
    "Link",
    "Lookup",
    "Loop",
    "Loops",
    "Measures",
    "Model",
    "Parameter",
    "Plan",
    "Port",
    "Problem",
    "Push",
    "Runs",
    "Shock",
    "SpinError",
    "Stock",
    "Terms",
    "Use",
    "Wheel",
    "WheelError",
    "__version__",
    "build",
    "measure",
    "open",
    "open_desk",
]


def __getattr__(name: str):
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("gearwheel")
        except PackageNotFoundError:  # run from its source folder
            return "0+source"
    if name not in _HOME:
        raise AttributeError(f"module 'gearwheel' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
