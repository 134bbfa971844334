"""Critical mass and barrier on wheels whose boundary is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from gearwheel.loops.barrier import barrier, barrier_summary
from gearwheel.loops.mass import HOPELESS, NONE_NEEDED, PUSH, critical_mass, masses, open_gears
from gearwheel.spin.program import build
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.read import parse_wheel


def one_stock(inflow: str, outflow: str, parameters: str = "", more: str = ""):
    return assemble(
        parse_wheel(f"""
wheel = {{ name = "one", unit = "year", dt = 0.0625, size = "n" }}
[stock.n]
unit = "customer"
start = "1"
inflows = ["joining"]
outflows = ["leaving"]
[flow.joining]
unit = "customer/year"
equation = "{inflow}"
[flow.leaving]
unit = "customer/year"
equation = "{outflow}"
{parameters}
{more}
"""),
        None,
    )


HILL = ("top * saturating(n, 100, 2)", "0.5 * n", "[parameter.top]\nvalue = 200\n")


def thresholds(top):
    """Unstable rest of dn/dt = top n²/(n² + 100²) - n/2: the smaller root of n² - 2 top n + 100² = 0."""
    return top - np.sqrt(top**2 - 1e4)


def test_a_push_is_needed_up_to_the_unstable_rest():
    program = build(one_stock(*HILL))
    top = np.array([150.0, 200.0, 400.0])
    start = np.array([[10.0], [10.0], [60.0]])
    found = critical_mass(program, start, {"top": top}, horizon=60)
    assert list(found.answers) == [PUSH] * 3
    assert found.scale == pytest.approx(thresholds(top) / start[:, 0], rel=2e-3)
    assert found.scale[2] < 1  # already past it
    said = found.summary()
    assert said["answer"] == PUSH and said["shares"][PUSH] == 1
    assert said["scale"]["low"] <= said["scale"]["median"] <= said["scale"]["high"]


def test_no_push_suffices_where_there_is_no_high_state():
    program = build(one_stock(*HILL))
    found = critical_mass(program, np.array([[10.0]]), {"top": np.array([90.0])}, horizon=60)
    assert list(found.answers) == [HOPELESS] and np.isnan(found.scale[0])
    assert found.summary()["scale"] is None


@pytest.mark.parametrize(
    ("inflow", "outflow", "answer"),
    [
        ("0.9 * n * (1 - n / 1000)", "0.1 * n", NONE_NEEDED),  # logistic
        ("50", "0.5 * n", NONE_NEEDED),  # fed from outside
        ("0.3 * n", "0.1 * n", NONE_NEEDED),  # grows without a ceiling
        ("0.1 * n", "0.3 * n", HOPELESS),  # dies from anywhere
    ],
)
def test_wheels_without_a_boundary(inflow, outflow, answer):
    found = critical_mass(build(one_stock(inflow, outflow)), np.array([[10.0]]), {}, horizon=40)
    assert list(found.answers) == [answer]


def test_different_draws_have_different_answers():
    program = build(one_stock(*HILL))
    found = critical_mass(program, np.array([[10.0]]), {"top": np.array([90.0, 200.0])}, horizon=60)
    assert list(found.answers) == [HOPELESS, PUSH]
    assert found.summary()["answer"] == "mixed"


def test_only_masses_are_scaled_by_default():
    index = '[stock.mood]\nunit = "1"\nstart = "1"\n[stock.cash]\nunit = "money"\nscale = "abs"\nstart = "1"\n'
    assert masses(one_stock(*HILL, more=index)) == ("n",)


def test_gears_that_open_later_are_closed_now():
    wheel = one_stock(*HILL).changed(
        sentences={"shop": "", "club": ""}, opens={"club": date(2026, 1, 1)}, start=date(2024, 1, 1)
    )
    assert open_gears(wheel, 0.0) == (["shop"], ["club"])
    assert open_gears(wheel, 2.0) == (["shop", "club"], [])


# churn rises with our price relative to the rival's; habit dampens it
LEAVING = "n * 0.3 * ((1 / rival) ^ 4) ^ (1 - habit)"
RIVAL = "[parameter.rival]\nvalue = 1\n[parameter.habit]\nvalue = 0.5\n"


def barrier_exact(habit: float, years: float = 2.0, dt: float = 0.0625) -> float:
    """Euler: (1 - dt c)^(years/dt) = 1/2 with c = 0.3 (1 - cut)^(-4 (1 - habit))."""
    rate = (1 - 0.5 ** (dt / years)) / dt
    return 1 - (0.3 / rate) ** (1 / (4 * (1 - habit)))


def test_the_barrier_against_its_closed_form_with_and_without_habit():
    program = build(one_stock("0", LEAVING, RIVAL))
    habit = np.array([0.2, 0.5, 0.8])
    state = np.full((3, 1), 40.0)
    with_habit = barrier(program, state, {"habit": habit}, "rival")
    assert with_habit == pytest.approx([barrier_exact(h) for h in habit], abs=1e-4)
    assert np.all(np.diff(with_habit) > 0)
    without = barrier(program, state, {"habit": habit}, "rival", without=["habit"])
    assert without == pytest.approx(barrier_exact(0.0), abs=1e-4)


def test_a_barrier_counts_from_the_price_of_the_anchor():
    program = build(one_stock("0", LEAVING, RIVAL))
    cut = barrier(program, np.full((1, 1), 40.0), {}, "rival", start=3.0, paths={"rival": [(0.0, 1.0), (2.0, 2.0)]})
    # from a price of 2 the rival must fall to where it would from 1
    assert 2 * (1 - cut[0]) == pytest.approx(1 - barrier_exact(0.5), abs=2e-4)


def test_sure_and_lost_cases_of_the_barrier():
    program = build(one_stock("0", LEAVING, RIVAL))
    state = np.full((2, 1), 40.0)
    cut = barrier(program, state, {"habit": np.array([1.0, 0.5]), "rival": np.array([1.0, 0.5])}, "rival")
    assert np.isnan(cut[0])  # habit absorbs everything
    assert cut[1] == 0  # halves without any further cut
    assert barrier_summary(cut)["no cut suffices"] == 0.5


def test_a_longer_horizon_never_raises_the_barrier():
    program = build(one_stock("0", LEAVING, RIVAL))
    cuts = [barrier(program, np.full((1, 1), 40.0), {}, "rival", years=y)[0] for y in (0.5, 1, 2, 4)]
    assert cuts == sorted(cuts, reverse=True)
