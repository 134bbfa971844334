"""The Python door: numbers where equations are wanted, misuse in words, quantiles, draws, arrays in runs."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

import gearwheel as gw


def cup(**changed) -> gw.Wheel:
    parts = {
        "unit": "month",
        "size": "tea",
        "stock": {"tea": gw.Stock("l", 9, outflows="sipping", noise=0.02)},
        "flow": {"sipping": gw.Flow("l/month", "rate * tea")},
        "parameter": {"rate": gw.Parameter("1/month", 0.1)},
    }
    return gw.Wheel("cup", **{**parts, **changed})


def test_numbers_are_taken_as_equations_and_one_name_as_a_list():
    model = gw.build(cup())
    assert model.check() == []
    stock = model.written.stock["tea"]
    assert (stock.start, stock.noise, stock.outflows) == ("9", "0.02", ("sipping",))
    assert (
        gw.build(cup(stock={"tea": gw.Stock("l", np.float64(9.5), outflows=["sipping"])})).spin(draws=2)["tea"][0, 0]
        == 9.5
    )


@pytest.mark.parametrize(
    ("wheel", "said"),
    [
        (cup(parameter={"rate": gw.Parameter("1/month", "0.5")}), "parameter.rate.value"),
        (cup(start="2024-01-01"), "wheel.start"),
        (cup(horizon="3"), "wheel.horizon"),
        (cup(stock={"tea": gw.Stock("l", None)}), "stock.tea.start"),
        (cup(stock={"my tea": gw.Stock("l", 1)}), "'my tea' cannot be a name"),
        (cup(stock={"tea": gw.Flow("l", 1)}), "gw.Stock"),
        (cup(stock=["tea"]), "gw.Stock"),
        (cup(flow={"sipping": gw.Flow("l/month", True)}), "flow.sipping.equation"),
        (cup(parameter={"rate": gw.Parameter("1/month", belief=gw.Belief("a", 1, 2))}), "belief"),
        ({}, "gw.Wheel"),
    ],
)
def test_values_of_another_kind_are_named_with_their_part(wheel, said):
    with pytest.raises(gw.WheelError) as told:
        gw.build(wheel)
    assert said in str(told.value)


def test_what_cannot_be_read_again_is_not_written(tmp_path):
    model = gw.build(cup())
    broken = gw.Model(model.written.changed(aux={"my var": gw.Aux("1", "2")}))
    with pytest.raises(gw.WheelError):
        broken.save(tmp_path / "cup.toml")
    assert not (tmp_path / "cup.toml").exists()


@pytest.mark.parametrize(
    "asked",
    [
        {"set": {"rate": "high"}}, {"set": {"rate": None}}, {"set": {"rate": []}}, {"set": {"rate": [("soon", 1)]}},
        {"set": {"rate": float("nan")}}, {"years": "3"}, {"years": float("nan")}, {"draws": 0}, {"draws": -5},
        {"draws": 2.5}, {"seed": None}, {"seed": -1},
    ],
)  # fmt: skip
def test_misuse_is_an_error_of_ours(asked):
    with pytest.raises(gw.GearwheelError):
        gw.build(cup()).spin(**{"years": 1, "draws": 2, **asked})


def test_steps_may_be_dated_by_text():
    model = gw.build(cup())
    one, other = (model.spin(years=1, draws=2, set={"rate": [(d, 0.5)]}) for d in ("2024-06-01", date(2024, 6, 1)))
    np.testing.assert_array_equal(one["tea"], other["tea"])


def test_each_quantile_has_a_column_of_its_own():
    runs = gw.build(cup()).spin(years=1, draws=50)
    levels = (0.02, 0.025, 0.5, 0.975, 0.995)
    frame = runs.frame("tea", levels=levels)
    assert list(frame.columns[3:]) == ["q02", "q2.5", "q50", "q97.5", "q99.5"]
    wide = runs.frame("tea", levels=(*levels, 0.5), wide=True)
    np.testing.assert_allclose(wide["tea", "q2.5"], np.quantile(runs["tea"], 0.025, axis=0))
    with pytest.raises(gw.GearwheelError, match="between 0 and 1"):
        runs.frame("tea", levels=(5, 50))


def test_a_fit_spins_as_many_draws_as_asked_for():
    fit = gw.build(cup(parameter={"rate": gw.Parameter("1/month", belief=gw.Belief(0.05, 0.1, 0.2), because="x")})).fit(
        draws=30
    )
    runs = fit.spin(years=1, draws=100)
    assert len(runs["tea"]) == 100 and fit.states == 30
    assert len(np.unique(runs["tea"][:, -1])) == 100, "each with noise of its own"
    assert len(np.unique(fit.spin(years=1, draws=100, noise=False)["tea"][:, -1].round(12))) == 30


def test_runs_answer_like_a_mapping_and_name_the_elements_of_an_array():
    wheel = cup(
        dimension={"side": ("left", "right")},
        stock={"tea": gw.Stock("l", 9, outflows="sipping", by=("side",))},
        flow={"sipping": gw.Flow("l/month", "rate * tea", by=("side",))},
        size="tea[left]",
    )
    runs = gw.build(wheel).spin(years=1, draws=3)
    assert "tea[left]" in runs and "tea" not in runs and "cake" not in runs and runs == runs
    assert "tea[left]" in list(runs) and "tea[right]" in runs._ipython_key_completions_()
    with pytest.raises(KeyError, match=r"tea\[left\].*tea\[right\]"):
        runs["tea"]
    assert set(runs.frame("tea")["variable"]) == {"tea[left]", "tea[right]"}


def test_a_horizon_that_is_no_whole_number_of_steps_is_told():
    (problem,) = [p for p in gw.build(cup(dt=7.0, horizon=1.0)).check() if p.code == "GW310"]
    assert "14 months" in problem.hint
    assert not [p for p in gw.build(cup(dt=0.7, horizon=1.0)).check() if p.code == "GW310"]
    assert not [p for p in gw.build(cup(dt=4.0, horizon=1.0)).check() if p.code == "GW310"]
