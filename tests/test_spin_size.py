"""Small files with large work are refused before the work begins, with what to change."""

from __future__ import annotations

import pytest

import gearwheel as gw
from gearwheel.spin.size import MOST_KEPT, refuse_large, refuse_loops, steps_of


def jar(dt: float = 1.0, horizon: float = 5.0) -> gw.Wheel:
    return gw.Wheel(
        "jar",
        unit="month",
        dt=dt,
        horizon=horizon,
        size="jam",
        stock={"jam": gw.Stock("1", "1", ("f",))},
        flow={"f": gw.Flow("1/month", "p")},
        parameter={"p": gw.Parameter("1/month", 1.0)},
    )


def test_a_tiny_time_step_is_an_error_of_check():
    assert "GW208" in [p.code for p in gw.build(jar(dt=0.0001)).check()]


def test_a_run_that_would_fill_the_memory_is_refused_and_says_how_many_draws_it_bears():
    model = gw.build(jar(dt=0.001))
    with pytest.raises(gw.WheelError, match="GW149") as told:
        model.spin(draws=100_000)
    bearable = int(told.value.problems[0].hint.split()[1].replace(",", ""))
    refuse_large(model.wheel, 60_000, bearable)
    with pytest.raises(gw.WheelError, match="GW149"):
        refuse_large(model.wheel, 60_000, bearable + 1)
    assert bearable * 60_001 * 2 <= MOST_KEPT


@pytest.mark.parametrize("years", [[1], 0, -1, float("nan"), float("inf"), 9000])
def test_years_that_cannot_be_spun_are_refused(years):
    with pytest.raises(gw.WheelError, match="GW143"):
        gw.build(jar()).spin(years=years)


def test_a_run_of_too_many_steps_is_refused_and_the_most_is_taken():
    with pytest.raises(gw.WheelError, match="GW149"):
        steps_of(jar(dt=0.01), 200)
    assert steps_of(jar(dt=0.01), 100) == 120_000


def test_loops_of_very_many_parts_are_refused_before_a_fit():
    parts = 1500
    ring = {f"s{i}": gw.Stock("1", "1", (f"f{i}",)) for i in range(parts)}
    flows = {f"f{i}": gw.Flow("1/month", f"s{(i + 1) % parts} * p") for i in range(parts)}
    with pytest.raises(gw.WheelError, match="GW151"):
        refuse_loops(jar().changed(stock=ring, flow=flows))
    aux = {f"a{i}": gw.Aux("1", f"a{i - 1}" if i else "jam") for i in range(3000)}
    with pytest.raises(gw.WheelError, match="GW151"):
        gw.build(jar().changed(aux=aux)).fit().loops()
    with pytest.raises(gw.WheelError, match="dt = "):
        refuse_loops(jar(dt=0.002).changed(aux=dict(list(aux.items())[:50])))
    refuse_loops(jar())
