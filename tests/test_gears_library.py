"""The gear library: every gear reads, keeps the rules, stands alone, and has its page of words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gearwheel.fit.beliefs import beliefs_of
from gearwheel.run import LIBRARY
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.load import as_written, assemble_with
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.rules import check_wheel
from gearwheel.wheel.write import dump

GEARS = ("experience", "membership", "marketplace", "procurement", "fulfilment", "cloud", "costs")
HEADINGS = ("claims", "turns it", "it turns", "measures", "levers", "beliefs")


def alone(name: str) -> Wheel:
    """A wheel of this gear and nothing else: its in-ports stand at their defaults."""
    gear = as_written(name, LIBRARY)
    size = f"{name}.{next(iter(gear.stock))}"
    header = f'wheel = {{ name = "alone", unit = "year", dt = 0.25, start = 2005-01-01, size = "{size}" }}'
    return assemble_with(parse_wheel(f'{header}\n[gear.{name}]\nuse = "{name}"\n', ""), LIBRARY)


def test_the_library_is_the_seven_gears_of_the_design():
    assert sorted(p.stem for p in LIBRARY.glob("*.toml")) == sorted(GEARS)


@pytest.mark.parametrize("name", GEARS)
def test_a_gear_alone_keeps_every_rule(name):
    assert check_wheel(alone(name)) == []


@pytest.mark.parametrize("name", GEARS)
def test_a_gear_alone_runs_five_years_on_its_defaults(name):
    wheel = alone(name)
    run = spin(build(wheel), {}, round(5 / wheel.dt))
    assert not run.lost
    for variable, values in run.values.items():
        assert np.isfinite(values).all(), variable
    for stock, part in wheel.stock.items():
        if part.scale == "log":
            assert (run[stock] >= 0).all(), stock
            assert run[stock][0, -1] < 1e4 * max(run[stock][0, 0], 1.0), stock  # no explosion


@pytest.mark.parametrize("name", GEARS)
def test_a_gear_alone_survives_its_own_beliefs_and_noise(name):
    wheel = alone(name)
    beliefs, program = beliefs_of(wheel), build(wheel)
    shocks = np.random.default_rng(2).standard_normal((20, 200, len(wheel.stock)))
    run = spin(program, beliefs.named(beliefs.draw(200, 1)), 20, shocks=shocks)
    assert not run.lost


@pytest.mark.parametrize("name", GEARS)
def test_every_claim_of_a_gear_has_its_reason(name):
    gear = as_written(name, LIBRARY)
    assert [n for n, p in gear.parameter.items() if p.belief and not p.because] == []
    assert [n for n, link in gear.link.items() if not link.because] == []
    believed = {n for n, p in gear.parameter.items() if p.belief}
    assert {link.strength for link in gear.link.values() if link.strength} <= believed
    for link in gear.link.values():
        assert link.polarity in ("+", "-", "open") and (not link.strength or link.no_effect_band > 0)


@pytest.mark.parametrize("name", GEARS)
def test_a_gear_says_in_words_what_its_data_say(name):
    page, gear = (LIBRARY / f"{name}.md").read_text("utf-8"), as_written(name, LIBRARY)
    headings = " ".join(re.findall(r"^## (.+)$", page, re.MULTILINE)).lower()
    assert all(word in headings for word in HEADINGS)
    for port in (*gear.port, *gear.lever):
        assert f"`{port}`" in page, port
    for parameter, part in gear.parameter.items():
        if part.belief:
            assert f"`{parameter}`" in page, parameter


@pytest.mark.parametrize("name", GEARS)
def test_a_gear_loses_nothing_when_it_is_written_again(name):
    gear = as_written(name, LIBRARY)
    assert dump(gear) == gear.text
