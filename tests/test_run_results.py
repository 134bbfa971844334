"""results.json of a small measured wheel and of the bundled one that has no record: every documented key, no NaN."""

from __future__ import annotations

import html
import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from gearwheel.cli.loops import loop_table as cli_loop_table
from gearwheel.run import fit_wheel, open_wheel, run_wheel, spin_posterior
from gearwheel.run.fitting import known_of, make_engine
from gearwheel.run.pipeline import _forecast
from gearwheel.run.store import plain
from gearwheel.show import charts, figures, tables, words, words_verdicts
from gearwheel.show.link_standing import SHOWN
from gearwheel.show.palette import LIGHT
from gearwheel.show.report import report_html
from gearwheel.show.summary import summary_text
from gearwheel.show.wheel_choice import choose
from gearwheel.show.wheel_key import LOOKS, key_lines
from gearwheel.show.wheel_picture import wheel_svg
from gearwheel.show.words_ceiling import impossible
from planted import YEARS, cache, write_planted  # noqa: F401

QUIET = ("season = 4", "season = 0")  # no rolling origins: they cost ten seconds


TOWN = (
    'unit = "person"\nerror = 0.02',
    'unit = "person"\nerror = 0.02\nceiling = 19\nceiling_source = "the town register"',
)


@pytest.fixture(scope="module")
def wheel(cache, tmp_path_factory):  # noqa: F811
    return open_wheel(str(write_planted(tmp_path_factory.mktemp("planted"), 1, QUIET, TOWN)))


@pytest.fixture(scope="module")
def measured(wheel):
    return run_wheel(wheel)


@pytest.fixture(scope="module")
def believed(cache):  # noqa: F811
    return run_wheel(open_wheel("shop"))


def read_text(page: str) -> str:
    """The words of a table, without its marks."""
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())


BAND = {"median", "low", "high"}


def common(results: dict) -> None:
    """What every run must have, measured or not (issue, point 11)."""
    assert {"fit", "links", "backtest", "loops", "speed", "critical_mass", "levers", "stamp", "seconds"} <= set(results)
    assert {"method", "gate_passed", "ess_min", "k_hat", "r_hat_max"} <= set(results["fit"])
    for link in results["links"].values():
        assert {"belief", "posterior", "contraction", "verdict", "because"} <= set(link)
        assert {"low", "centre", "high"} <= set(link["belief"]) and {"q05", "median", "q95"} <= set(link["posterior"])
    for loop in results["loops"]:
        assert {"name", "title", "polarity", "links", "gain", "pace", "share"} <= set(loop)
        assert set(loop["share"]) == BAND and loop["polarity"] in ("R", "B", "changes")
    assert set(results["speed"]) >= BAND | {"unit", "at", "over_time", "sensitivity"}
    assert results["speed"]["low"] <= results["speed"]["median"] <= results["speed"]["high"]
    assert results["speed"]["unit"] == "per year"
    assert {"answer", "shares", "open_gears", "closed_gears", "belief_share"} <= set(results["critical_mass"])
    assert {"outcome", "horizon", "how", "unit", "effects"} <= set(results["levers"])
    assert set(results["stamp"]) == {"hash", "engine", "dtype", "seed", "version", "made_by"}
    assert results["stamp"]["dtype"] == "float64" and results["stamp"]["made_by"] == "gearwheel"
    assert results["seconds"] > 0


def numbers(value, at=()):
    if isinstance(value, dict):
        for k, v in value.items():
            yield from numbers(v, (*at, k))
    elif isinstance(value, list):
        for i, v in enumerate(value):
            yield from numbers(v, (*at, i))
    elif isinstance(value, float):
        yield at, value


def test_a_measured_run_has_every_documented_key(measured):
    common(measured)
    assert measured["fit"]["method"] == "laplace+psis" and measured["fit"]["gate_passed"]
    assert {"seconds", "checks", "on_belief", "free_parameters", "states", "rows"} <= set(measured["fit"])
    assert {n: v["verdict"] for n, v in measured["links"].items()} == {
        "range": "the data cannot tell",
        "pull": "turns",
        "comfort": "does not turn here",
        "reach": "turns",
        "unseen": "the data cannot tell",
    }
    assert measured["links"]["unseen"]["experiment"] == "ask people"
    backtest = measured["backtest"]
    assert backtest["split"] == "2015-01-01" and set(backtest["gauges"]) == {"customers", "sales", "sellers", "price"}
    for part in backtest["gauges"].values():
        for scores in part["methods"].values():
            assert {"mase", "crps", "coverage80"} <= set(scores)
    assert [loop["name"] for loop in measured["loops"]] == ["R1"]
    assert set(measured["loops"][0]["links"]) >= {"customers", "opening", "sellers", "joining"}
    assert 0 <= measured["critical_mass"]["belief_share"] <= 1
    assert set(measured["barrier"]) == {"with_habit", "without_habit", "unit"}


def test_a_run_on_beliefs_has_every_documented_key_and_says_what_it_rests_on(believed):
    common(believed)
    assert believed["fit"]["method"] == "beliefs" and believed["backtest"] is None and believed["series"] == {}
    assert {v["verdict"] for v in believed["links"].values()} == {"the data cannot tell"}
    assert {v["contraction"] for v in believed["links"].values()} == {0.0}
    assert believed["critical_mass"]["belief_share"] == 1.0
    assert believed["loops"] and believed["levers"]["effects"] and believed["outcomes"]
    for part in believed["parameters"].values():
        assert part["posterior"]["sd"] == pytest.approx(part["belief"]["sd"], rel=0.3)


@pytest.mark.parametrize("which", ["measured", "believed"])
def test_a_share_now_is_the_last_one_of_its_chart_and_a_mean_is_called_a_mean(which, request):
    results = request.getfixturevalue(which)
    table = read_text(tables.loop_table(results))
    listed = read_text(cli_loop_table(results["loops"], results["wheel"]["unit"]))
    chart = " ".join(charts.shares(results["loops"]).split())
    for loop in results["loops"]:
        over = loop["share_over_time"]
        assert loop["share_now"] == {k: pytest.approx(over[k][-1]) for k in BAND}
        now, mean = (figures.percent(loop[k]["median"], signed=True) for k in ("share_now", "share"))
        said = words.loop(results, loop)
        assert f"{mean} of the change (mean over " in said and f"; now {now})" in said
        assert f"{words.loop_name(loop)} {now}" in chart and now in table and mean in table
        assert figures.number(loop["share_now"]["median"]) in listed
    lead = words.loops(results)
    assert "the change now" not in lead and "mean over" in lead
    assert words.share_mean(results) in table and "share, mean" in listed


@pytest.mark.parametrize("which", ["measured", "believed"])
def test_as_many_arrows_are_heavy_as_links_turn_and_open_signs_are_the_claims(which, request):
    results = request.getfixturevalue(which)
    counts, chosen = words.verdict_counts(results), choose(results)
    heavy = [link for link in chosen.links if link.standing == SHOWN]
    assert len(heavy) == counts[words.TURNS] + counts[words.OTHER_WAY] == (2 if which == "measured" else 0)
    assert wheel_svg(results).count(f'stroke-width="{LOOKS[SHOWN].width:g}"') == len(heavy) + bool(heavy)  # and the key
    assert {link.standing for link in chosen.links} <= dict(key_lines(chosen)).keys()
    single = [link for link in chosen.links if len(link.stands_for) == 1]
    graph = {(e["from"], e["to"]): e["link"] for e in results["graph"]["edges"]}
    for link in single:
        about = results["links"][link.stands_for[0]]
        if about["verdict"] == words.UNSURE and (link.cause, link.effect) in graph:
            assert link.sign == {"open": "?"}.get(about["polarity"], about["polarity"])


def test_the_verdict_card_says_its_rule_and_what_the_data_added(measured, believed):
    card = read_text(re.search(r'<section id="links".*?</section>', report_html(measured), re.S)[0]).replace(
        "\xa0", " "
    )
    assert words_verdicts.rule(measured) in card and "16.3 % of the width" in card and "3.9 times as likely" in card
    assert words_verdicts.rule(believed) == ""
    for link in measured["links"].values():
        assert words_verdicts.added(link) in card
        assert link["narrowed"] == pytest.approx(1 - math.sqrt(max(0, 1 - link["contraction"])))
        assert bool(link["detail"]) == (link["verdict"] == words.UNSURE)
        drawn = charts.belief_strip(link)
        assert drawn.count("stroke-dasharray") == 1  # no effect, and its band where there is one
        assert ("<rect" in drawn) == bool(link["no_effect_band"])
    weak = {**measured["links"]["range"], "correlated_with": {"parameter": "pull", "r": -0.49}}
    tied = {**weak, "correlated_with": {"parameter": "pull", "r": -0.51}}
    for link, told in ((weak, False), (tied, True)):
        assert ("Moves with" in tables.verdict_table(measured | {"links": {"range": link}}, LIGHT)) == told


def test_only_a_reinforcing_loop_is_said_to_sustain_itself(believed):
    brakes = [loop for loop in believed["loops"] if loop["polarity"] == "B"]
    assert brakes and not any("sustain" in words.loop(believed, loop) for loop in brakes)


@pytest.mark.parametrize("which", ["measured", "believed"])
def test_json_holds_no_nan_and_gives_back_what_went_in(which, request):
    results = request.getfixturevalue(which)
    assert json.loads(json.dumps(results, allow_nan=False)) == results
    assert all(math.isfinite(v) for _, v in numbers(results))


def test_what_is_not_finite_becomes_null():
    odd = {"a": np.array([1.0, np.nan]), 2: (np.float32(1.5), np.inf), "b": np.bool_(True), "c": np.int64(3), "d": None}
    assert plain(odd) == {"a": [1.0, None], "2": [1.5, None], "b": True, "c": 3, "d": None}


def test_the_forecast_of_a_gauge_follows_its_record(measured):
    for name, series in measured["series"].items():
        history, ahead = series["history"], series["forecast"]
        assert len(history) == 4 * YEARS and history[-1][0] < ahead["time"][0] <= 2022
        bands = np.array([ahead[q] for q in ("q05", "q10", "q25", "q50", "q75", "q90", "q95")])
        assert (np.diff(bands, axis=0) > 0).all(), name
        assert len(ahead["time"]) == 8  # sums and levels are measured by quarter, and the horizon is two years
        last = history[-1][1]
        assert 0.4 * last < ahead["q50"][0] < 2.5 * last


def test_a_forecast_above_its_ceiling_is_said_to_be_impossible_wherever_it_is_shown(measured):
    customers, sales = measured["series"]["customers"], measured["series"]["sales"]
    assert (customers["ceiling"], customers["ceiling_source"]) == (19.0, "the town register")
    assert (sales["ceiling"], sales["ceiling_source"], sales["forecast"]["above_ceiling"]) == (None, "", None)
    ahead = customers["forecast"]
    for i, share in enumerate(ahead["above_ceiling"]):  # a share of draws and a quantile say the same
        levels = [q for q in (5, 10, 25, 50, 75, 90, 95) if ahead[f"q{q:02d}"][i] <= 19]
        upper = [q for q in (5, 10, 25, 50, 75, 90, 95) if ahead[f"q{q:02d}"][i] > 19]
        assert 1 - min([100, *upper]) / 100 - 1e-9 <= share <= 1 - max([0, *levels]) / 100 + 1e-9
    assert max(ahead["above_ceiling"]) > 0.3
    (said,) = impossible(measured)
    assert "customers cannot exceed 19 persons (the town register)" in said and "do not rely" in said
    assert said in " ".join(summary_text(measured).split())
    page = report_html(measured).replace("\xa0", " ")
    assert said in page and "cannot exceed 19 persons" in charts.fan(customers)
    tame = measured | {"series": {"customers": customers | {"forecast": ahead | {"above_ceiling": [0.01, 0.02]}}}}
    assert impossible(tame) == []


def test_a_forecast_is_as_uncertain_as_the_latest_rows(wheel, measured):
    """Each row of an own record has its own error, which is wider than the gauge's."""
    known = known_of(wheel)
    engine = make_engine(known.wheel, known.gauges)
    posterior = fit_wheel(known.wheel, known=known, engine=engine)
    sales = known.gauges.series["sales"]
    rows = tuple(replace(r, error=0.5 if i < 30 else 0.3) for i, r in enumerate(sales.rows))
    wide = replace(known.gauges, series={**known.gauges.series, "sales": replace(sales, rows=rows)})
    narrow, wider = (_forecast(posterior, engine, g, 1)["series"]["sales"]["forecast"] for g in (known.gauges, wide))
    sd = [np.log(np.array(f["q90"]) / np.array(f["q10"])) / (2 * 1.2816) for f in (narrow, wider)]
    assert sd[1] ** 2 - sd[0] ** 2 == pytest.approx(np.full(8, 0.3**2 - 0.02**2), rel=0.2)
    assert narrow == measured["series"]["sales"]["forecast"]


def test_the_horizon_counts_years_whatever_the_unit_of_time(cache):  # noqa: F811
    from planted import planted_wheel

    wheel = planted_wheel().changed(measured="", unit="quarter", dt=1.0, horizon=3.0, rival="")
    results = run_wheel(wheel)
    assert len(results["outcomes"]["sales"]["time"]) == 3 * 4 + 1
    assert results["levers"]["horizon"] == 3 * 4  # in the wheel's unit
    posterior = fit_wheel(wheel, draws=10)
    assert spin_posterior(posterior, years=3, draws=10).times[-1] == 12.0


def test_outcomes_begin_now_and_open_up(measured):
    sales = measured["outcomes"]["sales"]
    assert sales["time"][0] == 2020.0 and sales["time"][-1] == 2022.0
    width = np.log(np.array(sales["high"]) / np.array(sales["low"]))
    assert width[-1] > 2 * width[0] > 0  # process noise is in it


def test_a_lever_that_raises_the_price_lowers_sales_in_nearly_every_draw(measured):
    (effect,) = measured["levers"]["effects"]
    assert effect["lever"] == "markup" and effect["direction"] == "down" and effect["from"] > effect["to"]
    assert effect["effect"]["low"] > 0 and effect["probability_better"] > 0.95
    assert effect["other"]["effect"]["high"] < 0 and effect["elasticity"]["high"] < 0


def test_paired_scenarios_differ_by_nothing_where_nothing_is_set(wheel, measured):
    posterior = fit_wheel(wheel)  # from the cache of the run
    plain_run, again = (spin_posterior(posterior, years=1, draws=40, settings=s) for s in (None, {"markup": 1.0}))
    np.testing.assert_array_equal(plain_run["sales"], again["sales"])
    moved = spin_posterior(posterior, years=1, draws=40, settings={"markup": 1.2})
    assert (moved["price"][:, -1] > plain_run["price"][:, -1]).all()
