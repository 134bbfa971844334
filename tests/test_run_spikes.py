"""Weeks that stand out are found, usual ones are not, and what is held back stays unknown."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from gearwheel.gauges.measure import Measurement
from gearwheel.run.spikes import MOST, shocks, spikes

MONDAY = date(2023, 1, 2)


def rows(values, gauge: str = "customers_joined") -> list[Measurement]:
    weeks = [MONDAY + timedelta(7 * i) for i in range(len(values))]
    return [Measurement(gauge, w, w + timedelta(7), float(v), None, 1) for w, v in zip(weeks, values)]


def wandering(seed: int, noise: float, weeks: int = 104) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 500 * np.exp(np.cumsum(0.03 * rng.standard_normal(weeks)) + noise * rng.standard_normal(weeks))


@pytest.mark.parametrize("way", [0.9, -0.9])
def test_one_planted_week_is_found(way):
    values = wandering(1, 0.05)
    values[47] *= np.exp(way)
    assert [r.start for r in spikes(rows(values))] == [MONDAY + timedelta(7 * 47)]


def test_ordinary_weeks_do_not_stand_out():
    found = [len(spikes(rows(wandering(seed, noise)))) for seed in range(60) for noise in (0.02, 0.08)]
    assert sum(found) <= 2


def test_noisy_series_hide_a_small_spike_and_a_step_is_no_spike():
    values = wandering(2, 0.15)
    values[50] *= np.exp(0.4)
    assert spikes(rows(values)) == []
    step = np.where(np.arange(80) < 40, 100.0, 220.0)
    assert spikes(rows(step)) == []


def test_at_most_a_few_and_none_of_what_is_held_back():
    values = np.full(100, 300.0)
    values[10:90:10] *= 3
    assert len(spikes(rows(values))) == MOST
    until = MONDAY + timedelta(7 * 35)
    found = shocks({"customers_joined": rows(values), "orders": rows(values, "orders")}, MONDAY, until)
    assert all(s.dates[0] < until and s.on == "experience.joining" for s in found.values())
    assert set(found) == {"joining_2023_03_13", "joining_2023_05_22", "joining_2023_07_31"}


def test_nothing_measured_gives_nothing():
    assert spikes([]) == [] and shocks({}, MONDAY, MONDAY) == {}
