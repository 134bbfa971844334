"""A planted wheel: five links of known strength, a record simulated through the wheel's own process noise, and a
fit of it in one call. For tests of verdicts, forecasts, backtests and runs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from gearwheel.fit.observations import from_scale, lay_out, to_scale
from gearwheel.fit.posterior import Engine, Posterior, fit
from gearwheel.gauges.series import Gauges, Row, Series
from gearwheel.gauges.tidy import COLUMNS
from gearwheel.spin.compiled import jax_program
from gearwheel.spin.levers import history
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.times import calendar_day, elapsed

YEARS = 15
TRUTH = {"level": 10.0, "range": 0.6, "pull": -1.2, "comfort": 0.0, "reach": 0.8, "unseen": 0.5, "unrest": 0.03}
SEASON = np.array([-0.10, -0.03, 0.00, 0.13])  # of the sales, in logs, first quarter first

TEXT = """\
# Customers and sellers draw each other; cost and weather come from outside.
wheel = { name = "planted", unit = "year", dt = 0.25, start = 2005-01-01, size = "customers", horizon = 2, \
outcomes = ["sales"], measured = "record.csv", rival = "rival_price", currency = "EUR" }

[stock.customers]
unit = "person"
start = "customers_usual"
inflows = ["joining"]
outflows = ["leaving"]
noise = "unrest"
[stock.sellers]
unit = "seller"
start = "sellers_usual"
inflows = ["opening"]
outflows = ["closing"]
noise = "0.04"
[stock.price]
unit = "1"
start = "1"
inflows = ["dearer"]
outflows = ["cheaper"]
noise = "0.02"
[stock.goodwill]               # nobody measures it, and it acts on nothing
unit = "1"
start = "1"
inflows = ["gaining"]
outflows = ["fading"]
noise = "0.05"

[flow.joining]
unit = "person/year"
equation = "level * elastic(sellers, sellers_usual, range) * elastic(price, rival_price, pull) * elastic(weather, 1, comfort)"
[flow.leaving]
unit = "person/year"
equation = "customers / stay"
[flow.opening]
unit = "seller/year"
equation = "sellers_usual * elastic(customers, customers_usual, reach) / trial"
[flow.closing]
unit = "seller/year"
equation = "sellers / trial"
[flow.dearer]
unit = "1/year"
equation = "markup * lookup(cost, time) / habit_time"
[flow.cheaper]
unit = "1/year"
equation = "price / habit_time"
[flow.gaining]
unit = "1/year"
equation = "elastic(customers, customers_usual, unseen) / stay"
[flow.fading]
unit = "1/year"
equation = "goodwill / stay"
[aux.weather]
unit = "1"
equation = "lookup(sky, time)"
[aux.sales]
unit = "order/year"
equation = "customers * frequency"

[lookup.cost]
x = [0, 1.5, 3, 5, 6.5, 8, 10, 11.5, 13, 15]
y = [1, 1.35, 0.75, 1.3, 0.8, 1.25, 0.7, 1.2, 0.85, 1.1]
[lookup.sky]
x = [0, 1, 2, 3.5, 4.5, 5.5, 7, 8, 9, 10.5, 12, 13, 14, 15]
y = [1, 0.4, 2, 0.5, 1.9, 0.4, 2.2, 0.5, 1.9, 0.4, 2.1, 0.5, 1.8, 1]

[parameter.level]
unit = "person/year"
belief = { low = 7, centre = 10, high = 14, shape = "lognormal" }
because = "a guess"
[parameter.range]
belief = { low = -0.1, centre = 0.3, high = 0.7 }
because = "a guess"
[parameter.pull]
belief = { low = -1.4, centre = -0.7, high = 0.0 }
because = "a guess"
[parameter.comfort]
belief = { low = -0.3, centre = 0.2, high = 0.7 }
because = "a guess"
[parameter.reach]
belief = { low = -0.2, centre = 0.4, high = 1.0 }
because = "a guess"
[parameter.unseen]
belief = { low = 0.0, centre = 0.4, high = 0.8 }
because = "a guess"
[parameter.unrest]
belief = { low = 0.02, centre = 0.04, high = 0.08, shape = "lognormal" }
because = "a guess"
[parameter.markup]
value = 1
[parameter.customers_usual]
unit = "person"
value = 20
[parameter.sellers_usual]
unit = "seller"
value = 5
[parameter.stay]
unit = "year"
value = 2
[parameter.trial]
unit = "year"
value = 1.5
[parameter.habit_time]
unit = "year"
value = 0.5
[parameter.frequency]
unit = "order/person/year"
value = 3
[parameter.rival_price]
value = 1

[link.range]
from = "sellers"
to = "joining"
polarity = "+"
strength = "range"
no_effect_band = 0.05
because = "more to choose from"
[link.pull]
from = "price"
to = "joining"
polarity = "-"
strength = "pull"
no_effect_band = 0.05
because = "price brings people"
[link.comfort]
from = "weather"
to = "joining"
polarity = "+"
strength = "comfort"
no_effect_band = 0.15
because = "sun brings people"
[link.reach]
from = "customers"
to = "opening"
polarity = "+"
strength = "reach"
no_effect_band = 0.05
because = "customers draw sellers"
[link.unseen]
from = "customers"
to = "gaining"
polarity = "+"
strength = "unseen"
no_effect_band = 0.05
because = "customers speak well of us"
experiment = "ask people"

[loop.R1]
title = "Selection"
through = ["customers", "opening", "sellers", "joining"]

[lever.markup]
of = "markup"
limits = [0.8, 1.3]
title = "Markup"

[gauge.customers]
of = "customers"
as = "end"
unit = "person"
error = 0.02
[gauge.sales]
of = "sales"
as = "sum"
unit = "order"
error = 0.02
season = 4
[gauge.sellers]
of = "sellers"
as = "end"
unit = "seller"
error = 0.03
[gauge.price]
of = "price"
as = "end"
error = 0.02
"""


def planted_wheel(*changes: tuple[str, str], file: str = "") -> Wheel:
    """The planted wheel, assembled; each change replaces one passage of its text, which must stand there."""
    return assemble(parse_wheel(planted_text(*changes), file), lambda *_: None)


def planted_text(*changes: tuple[str, str]) -> str:
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def believing(name: str, **belief: float) -> tuple[str, str]:
    """The change of text that gives a parameter the belief low, centre, high."""
    start = TEXT.index(f"[parameter.{name}]")
    old = TEXT[start : TEXT.index("because", start)]
    line = next(line for line in old.splitlines() if line.startswith("belief"))
    shape = ', shape = "lognormal"' if "lognormal" in line else ""
    told = ", ".join(f"{k} = {v}" for k, v in belief.items())
    return old, old.replace(line, f"belief = {{ {told}{shape} }}")


def simulate(wheel: Wheel, seed: int, truth: Mapping[str, float] = TRUTH, years: float = YEARS) -> Gauges:
    """A record of every quarter from one noisy run under `truth`, read with each gauge's error."""
    rng = np.random.default_rng(seed)
    steps = round(years / wheel.dt)
    shocks = rng.standard_normal((steps, 1, len(wheel.stock)))
    run = spin(build(wheel), dict(truth), steps, shocks=shocks, paths=history(wheel))
    series = {}
    for name, gauge in wheel.gauge.items():
        path, rows = run[gauge.of][0], []
        for k in range(1, steps + 1):
            exact = path[k] if gauge.measure == "end" else path[k - 1] * wheel.dt
            season = SEASON[(k - 1) % 4] if gauge.season else 0.0
            shown = to_scale(exact, gauge.scale) + season + gauge.error * rng.standard_normal()
            start = None if gauge.measure == "end" else (k - 1) * wheel.dt
            rows.append(Row(start, k * wheel.dt, float(from_scale(shown, gauge.scale))))
        series[name] = Series(name, gauge.unit, tuple(rows))
    return Gauges(series)


def changed(gauges: Gauges, name: str, change: Callable[[np.ndarray], np.ndarray]) -> Gauges:
    """The record with the values of one gauge put through `change`."""
    rows = gauges.series[name].rows
    values = change(np.array([r.value for r in rows]))
    moved = tuple(Row(r.start, r.end, float(v), r.error, r.bound) for r, v in zip(rows, values))
    return Gauges({**gauges.series, name: Series(name, gauges.series[name].unit, moved)})


def write_record(gauges: Gauges, wheel: Wheel, file: Path) -> Path:
    """The record as a tidy CSV."""

    def day(time: float | None) -> date | str:
        return "" if time is None else calendar_day(time, wheel)

    with file.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for name, series in gauges.series.items():
            for r in series.rows:
                table.writerow(
                    [name, day(r.start), day(r.end), r.value, series.unit, r.error or "", r.bound, "made up", ""]
                )
    return file


def write_planted(folder: Path, seed: int = 1, *changes: tuple[str, str]) -> Path:
    """The planted wheel and its record as files in `folder`; the path of the wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "wheel.toml"
    file.write_text(planted_text(*changes))
    wheel = planted_wheel(*changes)
    write_record(simulate(wheel, seed), wheel, folder / "record.csv")
    return file


@lru_cache(maxsize=4)
def engine_of(*changes: tuple[str, str]) -> Engine:
    """The filter of the planted wheel over all its years, compiled once for all records of the same shape."""
    wheel = planted_wheel(*changes)
    return Engine(jax_program(wheel), lay_out(wheel, simulate(wheel, 0), YEARS))


def fit_record(engine: Engine, gauges: Gauges, draws: int = 2000, seed: int = 1) -> Posterior:
    """The posterior of one record on a compiled engine."""
    return fit(engine, lay_out(engine.wheel, gauges, YEARS), draws=draws, seed=seed)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """One GEARWHEEL_CACHE for the whole session, and nobody's own is touched."""
    folder = tmp_path_factory.getbasetemp() / "gearwheel-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEARWHEEL_CACHE", str(folder))
        yield folder


__all__ = [
    "SEASON",
    "TRUTH",
    "YEARS",
    "believing",
    "cache",
    "changed",
    "elapsed",
    "engine_of",
    "fit_record",
    "planted_text",
    "planted_wheel",
    "simulate",
    "write_planted",
    "write_record",
]
