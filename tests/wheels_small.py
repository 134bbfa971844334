"""A small flywheel with known links, records simulated from it, and a fit of it in one call: for tests of fitting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from gearwheel.fit.observations import Observations, from_scale, lay_out, to_scale
from gearwheel.fit.posterior import Engine
from gearwheel.gauges.series import Gauges, Row, Series
from gearwheel.spin.compiled import jax_program
from gearwheel.spin.program import build
from gearwheel.spin.run import Ensemble, spin
from gearwheel.wheel.parts import Aux, Belief, Flow, Gauge, Link, Parameter, Stock, Wheel

LINKS = ("range", "pull", "draw", "scale")
YEARS = 12


def flywheel(dt: float = 0.25, noise: float = 1.0) -> Wheel:
    """Customers draw sellers, whose range brings customers; volume lowers the price, which brings customers too.

    `noise` multiplies all process noise: 0 is the bare trajectory.
    """

    def lognormal(low, centre, high):
        return Parameter("1", belief=Belief(low, centre, high, "lognormal"))

    def normal(low, centre, high):
        return Parameter("1", belief=Belief(low, centre, high))

    return Wheel(
        name="small",
        unit="year",
        dt=dt,
        size="customers",
        stock={
            "customers": Stock("x", "10", ("joining",), ("leaving",), noise=repr(0.10 * noise)),
            "sellers": Stock(
                "x", "sellers_level", ("opening",), ("closing",), noise="0" if not noise else "seller_noise"
            ),
            "price": Stock("1", "1", ("dearer",), ("cheaper",), noise=repr(0.03 * noise)),
        },
        flow={
            "joining": Flow("x/year", "growth * customers * (sellers / sellers_level) ^ range * price ^ (-pull)"),
            "leaving": Flow("x/year", "0.2 * customers * customers / 20"),
            "opening": Flow("x/year", "sellers_level * (customers / 10) ^ draw / 1.5"),
            "closing": Flow("x/year", "sellers / 1.5"),
            "dearer": Flow("1/year", "(sales / 10) ^ (-scale) / 2"),
            "cheaper": Flow("1/year", "price / 2"),
        },
        aux={"sales": Aux("x/year", "customers * price ^ (-0.5)")},
        parameter={
            "growth": lognormal(0.25, 0.35, 0.5),
            "range": normal(0.1, 0.3, 0.5),
            "pull": normal(0.2, 0.6, 1.0),
            "draw": normal(0.0, 0.5, 1.0),
            "scale": normal(0.0, 0.15, 0.3),
            "sellers_level": lognormal(3.0, 5.0, 8.0),
            "seller_noise": lognormal(0.05, 0.1, 0.2),
        },
        link={
            "range": Link("sellers", "joining", "+", "range", 0.0, 0.05),
            "pull": Link("price", "joining", "-", "pull", 0.0, 0.05),
            "draw": Link("customers", "opening", "+", "draw", 0.0, 0.05),
            "scale": Link("sales", "dearer", "-", "scale", 0.0, 0.02),
        },
        gauge={
            "customers": Gauge("customers", "end", "log", 0.03),
            "sales": Gauge("sales", "sum", "log", 0.03),
            "sellers": Gauge("sellers", "end", "log", 0.04),
            "price": Gauge("price", "end", "log", 0.02),
        },
    )


def empty_record(wheel: Wheel, period: float = 1.0, until: float = YEARS) -> Gauges:
    """Rows of every gauge over every period, their values still 1."""
    ends = period * np.arange(1, round(until / period) + 1)
    rows = tuple(Row(float(end - period), float(end), 1.0) for end in ends)
    return Gauges({name: Series(name, gauge.unit, rows) for name, gauge in wheel.gauge.items()})


def with_values(record: Gauges, values: Mapping[str, np.ndarray]) -> Gauges:
    """The same rows with these values."""
    return Gauges(
        {
            name: replace(series, rows=tuple(replace(r, value=float(v)) for r, v in zip(series.rows, values[name])))
            for name, series in record.series.items()
        }
    )


def read_exactly(wheel: Wheel, run: Ensemble, record: Gauges, draw: int) -> dict[str, np.ndarray]:
    """What every row would read on a run without measurement error, on its natural scale."""
    found = {}
    for name, series in record.series.items():
        gauge, path = wheel.gauge[name], run[wheel.gauge[name].of][draw]
        spans = [(round(r.start / wheel.dt), round(r.end / wheel.dt)) for r in series.rows]
        if gauge.measure == "end":
            found[name] = np.array([path[b] for _, b in spans])
        elif gauge.measure == "ratio":
            over = run[gauge.over][draw]
            found[name] = np.array([path[a:b].sum() / over[a:b].sum() for a, b in spans])
        else:
            per = wheel.dt if gauge.measure == "sum" else None
            found[name] = np.array([path[a:b].sum() * (per or 1 / (b - a)) for a, b in spans])
    return found


def simulate(
    wheel: Wheel, parameters: Mapping[str, np.ndarray], count: int, seed: int, until: float = YEARS
) -> list[Gauges]:
    """`count` records, each from one noisy run under its own parameters, with measurement error."""
    rng = np.random.default_rng(seed)
    record, steps = empty_record(wheel, until=until), round(until / wheel.dt)
    shocks = rng.standard_normal((steps, count, len(wheel.stock)))
    run = spin(build(wheel), parameters, steps, shocks=shocks)
    found = []
    for draw in range(count):
        values = {}
        for name, exact in read_exactly(wheel, run, record, draw).items():
            scale, error = wheel.gauge[name].scale, wheel.gauge[name].error
            values[name] = from_scale(to_scale(exact, scale) + error * rng.standard_normal(len(exact)), scale)
        found.append(with_values(record, values))
    return found


@lru_cache(maxsize=8)
def engine_of(dt: float = 0.25, noise: float = 1.0) -> Engine:
    """The compiled filter of the small flywheel; compiled once for all tests of a run."""
    wheel = flywheel(dt, noise)
    return Engine(jax_program(wheel), lay_out(wheel, empty_record(wheel), YEARS))


def observed(engine: Engine, record: Gauges) -> Observations:
    """A record on the engine's grid."""
    return lay_out(engine.wheel, record, YEARS)
