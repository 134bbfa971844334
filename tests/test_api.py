"""The Python door: it reads as simply as the README says, and every answer is a frame and a picture too."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import gearwheel as gw

CORNER = Path(__file__).parent / "wheels" / "corner.toml"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def shop():
    return gw.open("shop")


@pytest.fixture(scope="module")
def fit(shop):
    return shop.fit(draws=200)


def still(svg: str) -> ElementTree.Element:
    """The picture, once it has been read as XML without a script or anything to fetch."""
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    for element in root.iter():
        assert not element.tag.endswith("script")
        assert not any("var(" in v for v in element.attrib.values())  # only our page defines these
        assert not any(k.lower().startswith("on") or "href" in k for k in element.attrib)
    return root


def test_all_names_are_sorted_and_there():
    assert list(gw.__all__) == sorted(gw.__all__)
    for name in gw.__all__:
        assert getattr(gw, name) is not None
        assert name in dir(gw)
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        gw.opne  # noqa: B018


def test_every_error_of_ours_can_be_caught_by_name():
    errors = import_module("gearwheel.wheel.errors")
    ours = {n for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, errors.GearwheelError)}
    assert ours - set(gw.__all__) <= {"ProblemsError"}


def test_importing_gearwheel_imports_nothing_else():
    code = "import sys; before = set(sys.modules); import gearwheel; print(*sorted(set(sys.modules) - before))"
    environment = {"PYTHONPATH": str(Path(gw.__file__).parents[1]), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert [m for m in done.stdout.split() if m.startswith("gearwheel")] == ["gearwheel"]
    assert "numpy" not in done.stdout.split()


def test_the_twin_made_in_python_is_the_file():
    written = gw.Wheel(
        "pond",
        unit="week",
        dt=0.5,
        size="lilies",
        stock={"lilies": gw.Stock("lily", "lilies_start", inflows=("spreading",))},
        flow={"spreading": gw.Flow("lily/week", "lilies * rate * (1 - lilies / room)")},
        parameter={
            "lilies_start": gw.Parameter("lily", 10.0),
            "rate": gw.Parameter("1/week", belief=gw.Belief(0.1, 0.2, 0.4, "lognormal"), because="a guess"),
            "room": gw.Parameter("lily", 1000.0),
        },
    )
    model = gw.build(written)
    assert model.check() == []
    runs = model.spin(years=1, noise=False)
    assert runs["lilies"].shape == (400, 105)
    assert np.all(np.diff(runs.quantiles("lilies", [0.5])[0]) > 0)


def test_save_and_open_give_the_same_wheel(tmp_path, shop):
    path = tmp_path / "mine.toml"
    saved = shop.save(path)
    assert gw.open(path).written == shop.written and path.read_text("utf-8") == shop.written.text
    path.write_text("# mine")
    with pytest.raises(gw.WheelError, match="exists"):
        saved.save(path)
    assert path.read_text() == "# mine"


def test_check_returns_what_opening_does_not_raise(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(CORNER.read_text("utf-8").replace('"market.selection"', '"market.selectoin"'))
    for file in ("visits.toml", "offers.toml"):
        (tmp_path / file).write_text((CORNER.parent / file).read_text("utf-8"))
    model = gw.open(path)
    (problem,) = model.check()
    assert problem.code == "GW123" and problem.hint == "Did you mean 'selection'?"
    with pytest.raises(gw.WheelError):
        model.spin()


def test_runs_answer_by_short_name_as_frame_and_as_picture(shop):
    runs = shop.spin(years=2, draws=50)
    assert runs["net_sales"] is runs["costs.net_sales"] and runs["net_sales"].shape == (50, 25)
    with pytest.raises(KeyError, match="Did you mean"):
        runs["net_salse"]
    long = runs.frame("net_sales", "customers")
    assert list(long.columns) == ["variable", "date", "time", "q05", "q25", "q50", "q75", "q95"]
    assert len(long) == 2 * 25 and long["time"].iloc[0] == 2025
    np.testing.assert_allclose(long["q50"][:25], np.median(runs["net_sales"], axis=0))
    wide = runs.frame("net_sales", "customers", wide=True)
    assert wide.shape == (25, 10)
    np.testing.assert_allclose(wide["experience.customers", "q95"], runs.quantiles("customers", [0.95])[0])
    assert len(runs.frame()) == 25 * len(runs.names)
    still(runs._repr_svg_())
    assert runs._repr_html_().count("<svg") == len(runs.headline()) == 5
    assert "<script" not in runs._repr_html_()
    assert "50 draws" in repr(runs)


def test_a_draw_that_fails_only_at_the_end_is_lost_too():
    wheel = gw.Wheel(
        "leak",
        unit="year",
        dt=1.0,
        size="water",
        stock={"water": gw.Stock("litre", "1", outflows=("leaking",), scale="abs")},
        flow={"leaking": gw.Flow("litre/year", "rate")},
        aux={"depth": gw.Aux("1", "ln(water / full)")},
        parameter={
            "rate": gw.Parameter("litre/year", belief=gw.Belief(0.5, 0.9, 1.3), because="a guess"),
            "full": gw.Parameter("litre", 1.0),
        },
    )
    runs = gw.build(wheel).spin(years=1, draws=200)
    assert runs.ensemble.lost == {} and set(runs.lost) == set(np.flatnonzero(runs["water"][:, -1] < 0))
    assert 0 < len(runs.lost) < 200 and "depth at time 1" in runs.lost.values()
    assert np.isfinite(runs.quantiles("depth")).all()


def test_paired_scenarios_share_their_draws_and_shocks(shop):
    base, more = shop.spin(years=2), shop.spin(years=2, set={"advertising": 0.06})
    assert np.array_equal(base["net_sales"][:, 0], more["net_sales"][:, 0])
    assert (more["customers"][:, -1] > base["customers"][:, -1]).all()  # which unpaired noise would hide
    assert np.array_equal(base["customers"], shop.spin(years=2)["customers"])


def test_a_scenario_may_change_over_time(shop):
    steps = shop.spin(years=2, set={"advertising": [(1.0, 0.2)]}, noise=False)
    flat = shop.spin(years=2, noise=False)
    assert np.array_equal(steps["customers"][:, :13], flat["customers"][:, :13])
    assert (steps["customers"][:, -1] > flat["customers"][:, -1]).all()


def test_units_carry_the_wheel_s_money(shop):
    assert gw.api.unit_text("money/year", shop.wheel) == "EUR/year"
    assert gw.api.unit_text("money/year", gw.open("amazon").written) == "USD/year million"
    assert gw.api.unit_text("customer", shop.wheel) == "customer"


def test_the_wheel_draws_itself(shop, tmp_path):
    root = still(shop._repr_svg_())
    assert "A small online shop" in "".join(root.itertext())
    shop.draw(tmp_path / "w.svg", dark=True)
    still((tmp_path / "w.svg").read_text("utf-8"))


def test_a_fit_without_a_record_is_the_belief(shop, fit):
    assert fit.posterior.draws == 200
    table = fit.parameters
    assert set(table.index) == {n for n, p in shop.wheel.parameter.items() if p.belief}
    assert not table["fitted"].any() and (table["contraction"] == 0).all()
    assert {"belief_low", "posterior_median", "posterior_q95"} <= set(table.columns)
    assert set(fit.links["verdict"]) == {"the data cannot tell"}


def test_a_fit_spins_on_with_levers_set(fit):
    runs = fit.spin(years=1, set={"advertising": 0.1}, draws=100)
    base = fit.spin(years=1, draws=100)
    assert runs.on == "fit" and runs["net_sales"].shape == (100, 13)
    assert (runs["customers"][:, -1] > base["customers"][:, -1]).all()
    with pytest.raises(gw.WheelError, match="no lever"):
        fit.spin(years=1, set={"advertisng": 0.1})
    with pytest.raises(gw.WheelError, match="cannot spin"):
        fit.spin(years=0)


@pytest.mark.slow
def test_loops_answer_by_name_as_frame_and_as_picture(fit):
    loops = fit.loops()
    assert loops["R9"]["title"] == "Word of mouth" and loops["R9"]["polarity"] == "R"
    table = loops.frame()
    assert len(table) == len(loops) == 8 and {"polarity", "gain_median", "share_low", "links"} <= set(table.columns)
    still(loops._repr_svg_())
    assert "<table" in loops._repr_html_()


@pytest.mark.slow
def test_levers_answer_by_name_as_frame_and_as_picture(fit):
    levers = fit.levers("net_sales", years=2)
    assert levers["advertising"]["effect"]["median"] > 0
    table = levers.frame()
    assert list(table["effect_median"].abs()) == sorted(table["effect_median"].abs(), reverse=True)
    assert {"effect_low", "from", "to", "direction", "probability_best"} <= set(table.columns)
    beats = levers.beats()
    assert list(beats.index) == list(beats.columns) == list(table.index)
    still(levers._repr_svg_())
    with pytest.raises(gw.WheelError, match="no variable is called 'net_salse'"):
        fit.levers("net_salse")


def test_the_posterior_goes_to_arviz(fit):
    pytest.importorskip("arviz")
    data = fit.to_arviz()
    assert data.posterior["experience.churn"].shape == (1, 200)
