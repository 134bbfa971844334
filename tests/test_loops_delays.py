"""Delays of links: the adjustment time of the first stock that the effect moves."""

from __future__ import annotations

import numpy as np
import pytest

from gearwheel.loops.anchors import Anchors
from gearwheel.loops.delays import first_stock, link_delays
from gearwheel.spin.program import build
from gearwheel.wheel.graph import graph
from gearwheel.wheel.parts import Aux, Flow, Link, Parameter, Stock, Wheel


def wheel(decay: float = 0.5) -> Wheel:
    return Wheel(
        "two",
        unit="week",
        size="level",
        stock={
            "level": Stock("thing", "10", ("filling",), ("draining",)),
            "memory": Stock("thing", "10", ("following",)),
            "total": Stock("thing", "1", ("adding",)),
        },
        flow={
            "filling": Flow("thing/week", "pull * 5 / 1"),
            "draining": Flow("thing/week", "level * decay"),
            "following": Flow("thing/week", "(level - memory) / slow"),
            "adding": Flow("thing/week", "level / 1"),
        },
        aux={"pull": Aux("1", "1 + strength * ln(memory / 10)"), "idle": Aux("1", "memory / 10")},
        parameter={
            "decay": Parameter("1/week", decay),
            "slow": Parameter("week", 8.0),
            "strength": Parameter("1", 0.2),
        },
        link={
            "memory": Link("memory", "pull", strength="strength"),
            "level": Link("level", "following"),
            "sum": Link("level", "adding"),
            "idle": Link("memory", "idle"),
        },
    )


def anchors(decay: float = 0.5) -> Anchors:
    return Anchors(build(wheel(decay)), np.full((3, 1, 3), 10.0), np.array([0.0]))


@pytest.mark.parametrize("decay", [0.1, 0.5, 2.0])
def test_the_delay_is_the_adjustment_time_of_the_first_stock(decay):
    found = link_delays(anchors(decay))
    assert found["memory"][0] == "level"
    np.testing.assert_allclose(found["memory"][1], 1 / decay, rtol=1e-6)
    assert found["level"][0] == "memory"
    np.testing.assert_allclose(found["level"][1], 8.0, rtol=1e-6)


def test_a_stock_that_only_accumulates_has_no_delay_and_a_dead_end_is_left_out():
    found = link_delays(anchors())
    assert found["sum"][0] == "total" and np.isnan(found["sum"][1]).all()
    assert "idle" not in found


def test_an_effect_that_is_a_stock_is_its_own_first():
    assert first_stock(graph(wheel()), "level", {"level", "memory"}) == "level"
