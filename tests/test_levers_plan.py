"""Plans against closed forms: optima, budgets, ramps, risk, chance constraints, gradients, what knowing is worth."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

import gearwheel as gw
from gearwheel.api import Plan
from gearwheel.levers.judging import usual
from gearwheel.levers.next_experiment import evppi, worth_knowing
from gearwheel.levers.paths import Track, lay_paths
from gearwheel.levers.plan import _chosen
from gearwheel.levers.plan_task import Inputs, Measured, Task, jax_objectives, objectives
from gearwheel.levers.risk import (
    cvar,
    ordered,
    parse_rules,
    quantile_weights,
    squashed,
    tail_weights,
    width,
)
from gearwheel.wheel.errors import Cancelled, WheelError
from gearwheel.wheel.read import parse_wheel

HEAD = 'wheel = { name = "w", unit = "year", dt = 0.25, size = "n", horizon = 1 }\n'
STOCK = '[stock.n]\nunit = "1"\nstart = "1"\n[parameter.period]\nunit = "year"\nvalue = 1\n'


def lever(name: str, limits="[0, 100]", value: float = 0.0, more: str = "") -> str:
    return f"[parameter.{name}]\nvalue = {value}\n[lever.{name}]\nof = '{name}'\nlimits = {limits}\n{more}\n"


def profit(equation: str) -> str:
    return f'[aux.profit]\nunit = "1/year"\nequation = "({equation}) / period"\n'


def model(*parts: str) -> gw.Model:
    return gw.build(parse_wheel(HEAD + STOCK + "".join(parts)))


def planned(*parts: str, **settings) -> dict:
    return model(*parts).fit().plan("profit", cache=False, **settings).found


def paths_of(found: dict) -> dict[str, np.ndarray]:
    return {row["lever"]: np.array(row["path"]) for row in found["levers"]}


def gain_of(found: dict, name: str = "plan") -> float:
    return next(row["mean_gain"] for row in found["compared"] if row["name"] == name)


# ---- optima in closed form


def test_a_quadratic_profit_is_planned_at_its_vertex_by_both_optimisers():
    found = planned(lever("u"), profit("6 * u - u ^ 2 / 2"))
    assert paths_of(found)["u"] == pytest.approx(6, rel=1e-3)
    assert gain_of(found) == pytest.approx(18, rel=1e-6)  # a² / 2b over one year
    assert found["better"] and found["search"]["agree"]
    assert found["search"]["without_gradient"] == pytest.approx(18, rel=1e-4)


MARGIN = """
[parameter.coin]
unit = "money"
value = 1
[aux.profit]
unit = "money/year"
equation = "coin * (6 * u - u ^ 2 / 2) / period"
[aux.margin]
unit = "money/year"
equation = "profit"
"""


def test_a_plan_takes_unbooked_cost_off_money_of_any_name_and_off_nothing_else():
    wheel = model(lever("u", more='cost = "2 * u"'), MARGIN).assembled
    paths = lay_paths([Track("u", "u", 0, 0, 100)], 0.25 * np.arange(5), 2)
    one = Inputs({"period": 1.0, "coin": 1.0, "u": 0.0}, np.ones((1, 1)))
    for outcome, how, net in (("margin", "cumulated", 8.0), ("profit", "cumulated", 8.0), ("n", "level", 1.0)):
        task = Task(wheel, outcome, how, paths)
        assert task.measure(one, paths.hold([4 / 100])).value == pytest.approx(net)


def test_a_cost_that_no_equation_books_is_taken_off_profit_and_counts_as_spent():
    found = planned(lever("u", more='cost = "2 * u"'), MARGIN)
    assert paths_of(found)["u"] == pytest.approx(4, rel=1e-3)  # (a - c) / b
    ours = found["compared"][0]
    assert ours["mean_gain"] == pytest.approx(8, rel=1e-6) and ours["mean_spent"] == pytest.approx(8, rel=1e-3)


@pytest.mark.parametrize("scale", [1e-3, 1e4])
def test_a_binding_budget_is_spent_to_the_last_cent_where_it_brings_most_in_any_unit(scale):
    parts = (
        lever("u", more=f'spends = "{scale} * u"'),
        lever("v", more=f'spends = "{scale} * v"'),
        profit(f"{scale} * (9 * u - u ^ 2 / 2 + 6 * v - v ^ 2)"),
    )
    found = planned(*parts, budget=6 * scale)
    # 9 - u = 6 - 2 v = λ and u + v = 6
    assert paths_of(found)["u"] == pytest.approx(5, rel=2e-3)
    assert paths_of(found)["v"] == pytest.approx(1, rel=2e-2)
    assert found["compared"][0]["mean_spent"] == pytest.approx(6 * scale, rel=1e-3)
    assert gain_of(found) == pytest.approx(37.5 * scale, rel=1e-4)
    assert gain_of(found, "equal split") == pytest.approx(31.5 * scale, rel=1e-3)  # u = v = 3
    assert gain_of(found) >= max(gain_of(found, "equal split"), gain_of(found, "greedy"))


def test_ramp_and_limits_are_respected_and_used():
    found = planned(
        lever("u", "[0, 3]", value=1, more="ramp = 4"), lever("v", "[-2, 2]", more="ramp = 1"), profit("u - v")
    )
    paths, time = paths_of(found), np.arange(5) / 4
    assert paths["u"] == pytest.approx(np.minimum(1 + 4 * time, 3), abs=1e-4)
    assert paths["v"] == pytest.approx(-time, abs=1e-4)


def test_where_nothing_helps_the_advice_is_to_change_nothing():
    answer = model(lever("u", "[-5, 5]"), profit("-(u ^ 2)")).fit().plan("profit", budget=10, cache=False)
    assert not answer.better and not any(row["moved"] for row in answer.found["levers"])
    assert "change nothing" in str(answer)


# ---- risk


RISKY = (
    "[parameter.yield_of_b]\nbelief = { low = 0.0, centre = 1.3, high = 2.6 }\nbecause = 'planted'\n",
    lever("a", "[0, 10]", more='spends = "a"'),
    lever("b", "[0, 10]", more='spends = "b"'),
    profit("1.0 * a + yield_of_b * b"),
)


def test_the_cvar_plan_takes_the_safe_lever_and_the_expected_plan_the_risky_one():
    bold, careful = planned(*RISKY, budget=10), planned(*RISKY, budget=10, risk="cvar", at_risk=0.1)
    assert paths_of(bold)["b"] == pytest.approx(10, rel=1e-2)
    assert paths_of(careful)["a"].mean() > 8
    assert bold["compared"][0]["mean"] > careful["compared"][0]["mean"]
    assert careful["compared"][0]["outcome"]["low"] > bold["compared"][0]["outcome"]["low"]
    # the one thing that is not known is the one worth knowing, by the closed form of two linear plans
    sd, ahead = 1.3 / 1.2815516 * 10, 3.0
    exact = ahead * norm.cdf(ahead / sd) + sd * norm.pdf(ahead / sd) - ahead
    assert bold["next"][0]["parameter"] == "yield_of_b"
    assert bold["next"][0]["worth"] == pytest.approx(exact, rel=0.15)


def test_a_fixed_number_that_no_record_informs_is_worth_knowing_as_well():
    range_of_a = "[parameter.yield_of_a]\nvalue = 1\nunsure = { low = -2, centre = 1, high = 4 }\nbecause = 'planted'\n"
    found = planned(RISKY[0], *RISKY[1:3], range_of_a, profit("yield_of_a * a + yield_of_b * b"), budget=10)
    told = {row["parameter"]: row["worth"] for row in found["next"]}
    assert told["yield_of_a"] > told["yield_of_b"] > 0  # its range is the wider one


CHANCY = (
    "[parameter.drain]\nbelief = { low = 0.7436897, centre = 1, high = 1.2563103 }\nbecause = 'planted'\n",  # sd 0.2
    lever("u", "[0, 20]"),
    profit("u"),
    '[aux.left]\nunit = "1"\nequation = "10 - drain * u"\n',
)


def test_a_chance_constraint_binds_at_its_quantile():
    found = planned(*CHANCY, keep=["left >= 0 with 0.95"])
    exact = 10 / (1 + norm.ppf(0.95) * 0.2)
    assert paths_of(found)["u"].max() == pytest.approx(exact, rel=0.05)
    assert found["rules"][0]["now"] == 1.0 and found["rules"][0]["plan"] >= 0.935


def test_conditions_that_cannot_be_kept_say_which_fails_already():
    with pytest.raises(WheelError, match="GW148.*left >= 11. holds in 0 % of the draws, and 90 % are asked for"):
        planned(*CHANCY, keep=["left >= 11 with 0.9", "profit >= -1 with 0.9"])


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40), st.floats(0.05, 0.95))
@settings(max_examples=60, deadline=None)
def test_cvar_is_the_maximum_of_rockafellar_and_uryasev(values, share):
    y = np.array(values)
    found = minimize_scalar(
        lambda t: -(t - np.mean(np.maximum(t - y, 0)) / share), bounds=(y.min() - 1, y.max() + 1), method="bounded"
    )
    best = max(-found.fun, *(t - np.mean(np.maximum(t - y, 0)) / share for t in y))
    assert cvar(y, share) == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert cvar(y, share) <= y.mean() + 1e-9
    assert cvar(y + 7, share) == pytest.approx(cvar(y, share) + 7, abs=1e-6)


def test_weights_sum_to_one_and_find_quantiles():
    draws = np.sort(np.random.default_rng(1).standard_normal(4000))
    assert tail_weights(4000, 0.013).sum() == pytest.approx(1) and quantile_weights(4000, 0.05).sum() == pytest.approx(
        1
    )
    assert quantile_weights(4000, 0.05) @ draws == pytest.approx(norm.ppf(0.05), abs=0.06)


# ---- the gradient


FEEDBACK = """
wheel = { name = "f", unit = "year", dt = 0.125, size = "customers" }
[stock.customers]
unit = "customer"
start = "100"
inflows = ["joining"]
outflows = ["leaving"]
noise = "0.1"
[stock.cash]
unit = "money"
start = "50"
inflows = ["profit"]
scale = "abs"
[flow.joining]
unit = "customer/year"
equation = "mouth * customers + 3 * advertising ^ strength"
[flow.leaving]
unit = "customer/year"
equation = "0.3 * customers * price ^ 0.8"
[flow.profit]
unit = "money/year"
equation = "customers * (price - 0.6) - advertising"
[parameter.mouth]
belief = { low = 0.1, centre = 0.2, high = 0.3 }
[parameter.strength]
belief = { low = 0.4, centre = 0.5, high = 0.6 }
[parameter.advertising]
value = 10
[parameter.price]
value = 1
[lever.advertising]
of = "advertising"
limits = [1, 60]
spends = "advertising"
[lever.price]
of = "price"
limits = [0.5, 2]
ramp = 0.5
cost = "2 * (price - 1) ^ 2"
"""


def feedback_task() -> tuple[Task, Inputs]:
    wheel = gw.build(parse_wheel(FEEDBACK)).assembled
    tracks = [Track("advertising", "advertising", 10, 1, 60), Track("price", "price", 1, 0.5, 2, 0.5)]
    paths = lay_paths(tracks, 0.125 * np.arange(17), 3)
    task = Task(wheel, "profit", "cumulated", paths, parse_rules(["cash >= 0 with 0.9"], wheel))
    rng, draws = np.random.default_rng(3), 24
    parameters = {
        "mouth": rng.normal(0.2, 0.08, draws),
        "strength": rng.normal(0.5, 0.08, draws),
        "advertising": 10.0,
        "price": 1.0,
    }
    return task, Inputs(parameters, np.tile([100.0, 50.0], (draws, 1)), rng.standard_normal((16, draws, 2)))


def test_the_gradient_through_the_simulator_equals_finite_differences_and_both_engines_agree():
    task, inputs = feedback_task()
    weights, rules = tail_weights(24, 0.3), quantile_weights(24, 0.1)[None]
    widths = np.array([7.0])
    x = np.array([0.1, 0.2, 0.05, 0.03, 0.06, -0.02])
    jacobian, values = jax_objectives(task)(
        x, (dict(inputs.parameters), inputs.state, inputs.shocks), weights, rules, widths
    )

    def at(z):
        return objectives(task, inputs, weights, rules, widths, z)

    assert np.asarray(values) == pytest.approx(at(x), rel=1e-10)
    by_hand = np.stack([(at(x + h) - at(x - h)) / 2e-5 for h in 1e-5 * np.eye(6)], axis=1)
    assert np.asarray(jacobian) == pytest.approx(by_hand, rel=1e-5, abs=1e-5)


def test_unbooked_cost_leaves_cash_too_and_booked_spending_does_not_count_twice():
    task, inputs = feedback_task()
    none = task.measure(inputs, np.zeros(6))
    dearer = task.measure(inputs, task.paths.hold([0.0, 0.2]))
    offsets = task.paths.offsets(task.paths.hold([0.0, 0.2]))
    assert dearer.spent - none.spent == pytest.approx((2 * offsets[1, :-1] ** 2).sum() * 0.125)
    cash = 50 + dearer.path[:-1].cumsum(axis=0) * 0.125  # profit net of the unbooked cost, without noise on cash
    quiet = Inputs(inputs.parameters, inputs.state)
    told = task.measure(quiet, task.paths.hold([0.0, 0.2]))
    walked = 50 + np.concatenate([np.zeros((1, 24)), told.path[:-1].cumsum(axis=0) * 0.125])
    assert told.margins[0] == pytest.approx(walked.min(axis=0)) and np.isfinite(cash).all()


# ---- what knowing is worth


def test_knowing_what_does_not_matter_is_worth_nothing():
    rng = np.random.default_rng(5)
    values = np.stack([np.zeros(2000), 0.1 + rng.standard_normal(2000)])
    idle = {f"p{i}": rng.standard_normal(2000) for i in range(20)}
    assert worth_knowing(values, idle) == {}
    assert evppi(np.stack([values[1], values[1]]), idle["p0"]) == 0.0


@pytest.mark.parametrize("ahead", [-1.0, 0.0, 0.7])
def test_knowing_is_worth_its_closed_form_between_two_linear_plans(ahead):
    rng = np.random.default_rng(6)
    z, draws = rng.standard_normal(6000), 6000
    z = (z - z.mean()) / z.std()
    luck = rng.standard_normal(draws)  # shared by both plans: it cancels
    values = np.stack([luck, luck + ahead + 1.5 * z + 0.5 * rng.standard_normal(draws)])
    exact = ahead * norm.cdf(ahead / 1.5) + 1.5 * norm.pdf(ahead / 1.5) - max(ahead, 0)
    assert evppi(values, np.exp(z) if ahead < 0 else z) == pytest.approx(exact, rel=0.1)
    assert evppi(1000 * values, z) == pytest.approx(1000 * evppi(values, z))
    assert evppi(values + 5 * z, z) == pytest.approx(evppi(values, z), rel=0.02)  # what all plans share


# ---- stopping, and bad input


@pytest.mark.parametrize("stage", ["search", "check"])
def test_a_plan_can_be_stopped_within_either_search(stage):
    def stop(at, *_):
        if at == stage:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        planned(lever("u"), profit("6 * u - u ^ 2 / 2"), progress=stop)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"outcome": "proft"}, "GW142.*proft.*(.|\n)*Did you mean 'profit'"),
        ({"levers": ["uu"]}, "GW146.*uu(.|\n)*Did you mean 'u'"),
        ({"budget": -1.0}, "GW145.*budget of -1"),
        ({"budget": math.nan}, "GW145"),
        ({"budget": "50000"}, "GW145.*budget of .50000.: give a number"),
        ({"years": 0.0}, "GW145.*0 years"),
        ({"risk": "hope"}, "GW145.*hope"),
        ({"at_risk": 1.5}, "GW145.*1.5"),
        ({"keep": ["profit > 3"]}, "GW147.*no condition(.|\n)*Write:"),
        ({"keep": ["profits >= 3"]}, "GW147.*no variable(.|\n)*Did you mean 'profit'"),
        ({"keep": ["profit >= 3 with 1.5"]}, "GW147"),
    ],
)
def test_what_cannot_be_asked_says_what_to_try(asked, said):
    fit = model(lever("u"), profit("u")).fit()
    with pytest.raises(WheelError, match=said):
        fit.plan(**{"outcome": "profit", **asked})


def test_a_wheel_without_levers_or_without_profit_says_so():
    with pytest.raises(WheelError, match="GW146.*no levers"):
        planned("[parameter.u]\nvalue = 1\n", profit("u"))
    with pytest.raises(WheelError, match="GW146.*set by the world"):
        planned(lever("u", more="outside = true"), lever("v"), profit("u + v"), levers=["u"])
    with pytest.raises(WheelError, match="GW144.*lacks sales(.|\n)*gear `costs`"):
        model(lever("u"), '[aux.sales]\nunit = "1/year"\nequation = "u / period"\n').fit().plan("profit")


def test_profit_is_operating_income_where_no_variable_has_the_name():
    from gearwheel.run.planning import outcome_of

    assert outcome_of("profit", gw.open("shop").wheel) == "costs.operating_income"


def test_a_plan_is_kept_makes_frames_settings_and_a_page(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))
    fit = model(lever("u"), profit("6 * u - u ^ 2 / 2")).fit()
    answer = fit.plan("profit", budget=5)
    again = fit.plan("profit", budget=5, progress=lambda *_: pytest.fail("computed twice"))
    assert again.found == answer.found
    assert list(answer.frame().columns) == ["u"] and answer.compared().index[0] == "plan"
    runs = fit.spin(1, set=answer.settings())
    assert runs["profit"][0, :-1].sum() * 0.25 == pytest.approx(18, rel=1e-4)
    page = answer.save(tmp_path / "plan.html").read_text()
    assert (
        "<script" not in page and "http" not in page.replace("http://www.w3.org", "") and "Beside other plans" in page
    )
    picture = answer._repr_svg_()
    assert picture.startswith("<svg") and "var(" not in picture and "#" in picture


@settings(max_examples=200, deadline=None)
@given(
    low=st.floats(-1e3, 1e3),
    width=st.floats(1e-3, 1e6),
    stands=st.floats(0, 1),
    shares=st.lists(st.floats(-1, 1), min_size=3, max_size=3),
    ramp=st.none() | st.floats(1e-3, 1e6),
)
def test_no_path_leaves_the_limits_by_a_rounding_error(low, width, stands, shares, ramp):
    high = low + width
    base = min(high, low + stands * width)
    paths = lay_paths([Track("u", "u", base, low, high, ramp)], 0.25 * np.arange(9), 3)
    lowest, highest = paths.bounds
    x = np.where(np.array(shares) < 0, -np.array(shares) * lowest, np.array(shares) * highest)
    for path in (x, lowest, highest, paths.hold([1.0]), paths.hold([-1.0])):
        values = paths.values(path)
        assert low <= values.min() and values.max() <= high
        np.testing.assert_allclose(values[0], base + paths.offsets(path)[0], atol=1e-9 * (abs(low) + width))


@pytest.mark.parametrize(("value", "limits"), [(9.3, "[0.1, 9.3]"), (0.7, "[0.1, 123.457]"), (7.9, "[0, 30]")])
def test_a_spin_takes_the_settings_of_a_plan_that_goes_to_a_limit(value, limits):
    for better in ("-u", "u"):
        fit = model(lever("u", limits, value), profit(better)).fit()
        answer = fit.plan("profit", cache=False)
        if answer.better:
            fit.spin(1, set=answer.settings())
        low, high = answer.found["levers"][0]["limits"]
        path = answer.found["levers"][0]["path"]
        assert low <= min(path) and max(path) <= high


def test_a_lever_that_the_data_put_outside_its_limits_is_set_to_the_nearer_one():
    row = {"lever": "u", "path": [-0.4, 0.0, 31.0], "limits": [0, 30], "moved": True}
    plan = Plan({"time": [2025.0, 2025.25, 2025.5], "levers": [row]}, parse_wheel(HEAD))
    assert [v for _, v in plan.settings()["u"]] == [0, 0.0, 30]


# ---- what is advised


class Known:
    """A task whose plans bring what is stated: (value, spent, margins) of each number of the first knot."""

    rules = ()

    def __init__(self, *known: tuple):
        self.known = known
        self.paths = SimpleNamespace(size=2, knots=1)

    def measure(self, inputs, x):
        value, spent, margin = self.known[int(x[0])]
        whole = np.ones(inputs.draws)
        return Measured(value * whole, spent * whole, np.atleast_2d(margin * whole), whole[None], whole)


def test_advised_is_the_best_of_what_keeps_everything_and_of_equals_the_simplest():
    task = Known((0.0, 0.0, 1.0), (5.0, 0.0, 1.0), (9.0, 200.0, 1.0), (8.0, 0.0, -1.0), (5.01, 0.0, 1.0))
    zero, one, dear, breaking = (np.array([float(k), 0.0]) for k in range(4))
    both = np.array([4.0, 1.0])
    draws = SimpleNamespace(draws=50)
    search = SimpleNamespace(risk="expected", at_risk=0.1)

    def advised(*tried):
        x, kept = _chosen(task, draws, [zero, *tried], np.array([0.9]), 100.0, search)
        return x.tolist(), kept

    assert advised(one, dear, breaking) == ([1.0, 0.0], True)
    assert advised(both, one) == ([1.0, 0.0], True)  # a lever more brings hardly more
    assert advised(dear, breaking) == ([0.0, 0.0], True)
    task.known = ((0.0, 0.0, -1.0), *task.known[1:3])
    assert advised(dear) == ([0.0, 0.0], False)


@given(seed=st.integers(0, 10_000), below=st.floats(1e3, 1e9))
@settings(max_examples=30, deadline=None)
def test_a_few_draws_far_below_do_not_decide_a_condition_that_holds(seed, below):
    rng = np.random.default_rng(seed)
    margins = np.sort(np.concatenate([-below * (1 + rng.random(4)), 1 + 50 * rng.random(156)]))[None]
    weights = quantile_weights(160, 0.05)[None]
    one = width(margins[0], 0.05)
    assert 0 < one < 100 and ordered(np, margins, weights)[0] < 0  # although 97.5 % hold, and 95 % are asked
    flat = squashed(np, margins, np.array([one]))
    assert (np.diff(flat) > 0).all() and (np.sign(flat) == np.sign(margins)).all()
    held = margins[:, 4:]
    assert ordered(np, squashed(np, held, np.array([one])), quantile_weights(156, 0.05)[None])[0] > 0


def test_what_flows_is_summed_and_what_stands_is_looked_at_in_the_end():
    shop = gw.open("shop").wheel
    assert usual(shop, "costs.free_cash") == "cumulated" and usual(shop, "costs.cash") == "level"
    assert usual(shop, "experience.customers") == "level"
