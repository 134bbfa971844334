"""A wheel starts where its record does: company figures set the numbers, and `check` refuses a start that they contradict."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import gearwheel as gw
from gearwheel.cli import main
from gearwheel.cli.starter import gear_names, starter_text
from gearwheel.fit.beliefs import beliefs_of
from gearwheel.fit.observations import from_scale, to_scale
from gearwheel.gauges.series import Gauges, Row, Series
from gearwheel.gauges.tidy import COLUMNS
from gearwheel.run.first_rows import contradictions, first_year, readings, spun
from gearwheel.run.start_tidy import _gauge, _measures
from gearwheel.run.store import LIBRARY
from gearwheel.wheel.load import assemble_with
from gearwheel.wheel.parts import Gauge, Parameter, Stock, Wheel
from gearwheel.wheel.read import parse_wheel
from wheels_small import flywheel, simulate

QUARTERS = [date(2019 + k // 4, 1 + 3 * (k % 4), 1) for k in range(13)]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))
    return tmp_path


def write(rows: list[tuple], file: str = "figures.csv") -> None:
    """rows of (gauge, start or None, end, value, unit)."""
    with open(file, "w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(COLUMNS)
        out.writerows((name, start or "", end, value, unit, "", "", "", "") for name, start, end, value, unit in rows)


def figures(customers: float, sales: float, grows: float = 0.02) -> list[tuple]:
    """Three years of quarters from so many customers and sales of a quarter on."""
    rows = []
    for k, (begin, end) in enumerate(pairwise(QUARTERS)):
        rows.append(("customers_active", None, end, round(customers * (1 + grows) ** k), "customer"))
        rows.append(("sales_value", begin, end, round(sales * (1 + grows) ** k), "money"))
    return rows


def new(*options: str) -> str:
    done = CliRunner().invoke(main, ["new", "firm", "--data", "figures.csv", *options])
    assert done.exit_code == 0, done.output
    return done.output


def read_at_first(model: gw.Model, file: str = "firm/record.csv") -> dict[str, tuple[float, float]]:
    """Gauge → (what the wheel reads over its first year at the centre of its beliefs, what the record says), means."""
    from gearwheel.gauges.tidy import read_gauges

    wheel = model.assembled
    rows = first_year(wheel, read_gauges(file, wheel))
    rows = {n: part[:1] if wheel.gauge[n].measure == "end" else part for n, part in rows.items()}
    read = readings(spun(wheel, rows, {}, None), rows)
    said = {n: to_scale(np.array([r.value for r in part]), wheel.gauge[n].scale).mean() for n, part in rows.items()}
    back = {n: wheel.gauge[n].scale for n in rows}
    return {n: (from_scale(read[n].mean(), back[n]), from_scale(said[n], back[n])) for n in rows}


# ---- figures of a company


def test_company_figures_start_where_their_first_rows_say_and_not_at_the_sample_shop():
    write(figures(customers=51_665, sales=4_766_834))
    said = new("--currency", "USD")
    model = gw.open("firm/wheel.toml")
    assert model.check() == []
    start = model.assembled.parameter["experience.customers_start"]
    assert start.belief.low < 51_665 < start.belief.high and start.centre == pytest.approx(51_665, rel=0.05)
    assert model.assembled.currency == "USD" and "first rows" in said
    for name, (wheel, record) in read_at_first(model).items():
        assert wheel == pytest.approx(record, rel=0.01), name
    # people order about as often as in the sample; money is counted in whatever unit the file has
    assert model.assembled.parameter["experience.frequency_reference"].centre == pytest.approx(3, rel=0.1)
    assert "10,000 customers" not in Path("firm/wheel.toml").read_text()


@pytest.mark.parametrize(("kept", "value"), [("customers_active", 240.0), ("sales_value", 3.1e9)])
def test_one_series_alone_sets_the_size_in_the_sample_s_proportions(kept, value):
    write([row for row in figures(value, value) if row[0] == kept])
    new()
    model = gw.open("firm/wheel.toml")
    assert model.check() == []
    wheel, record = read_at_first(model)[kept]
    assert wheel == pytest.approx(record, rel=0.01)
    market = model.assembled.parameter["experience.market_size"].centre
    assert market == pytest.approx(20 * model.assembled.parameter["experience.customers_start"].centre, rel=0.1)


def test_a_currency_in_the_unit_becomes_the_wheel_s():
    write([(*row[:4], row[4].replace("money", "CHF")) for row in figures(51_665, 4_766_834)])
    new()
    model = gw.open("firm/wheel.toml")
    assert model.check() == [] and model.assembled.currency == "CHF"
    mixed = [
        (*row[:4], "USD" if k % 4 == 1 else row[4].replace("money", "CHF")) for k, row in enumerate(figures(9e3, 1e6))
    ]
    write(mixed)
    done = CliRunner().invoke(main, ["new", "odd", "--data", "figures.csv"])
    assert done.exit_code == 1 or any(p.severity == "error" for p in gw.open("odd/wheel.toml").check())


def test_a_series_that_is_not_bound_does_not_set_the_start():
    old = [("brand_index", date(1999, 1, 1), date(2000, 1, 1), 3, "1")]
    write(old + figures(51_665, 4_766_834))
    new()
    model = gw.open("firm/wheel.toml")
    assert model.assembled.start == date(2019, 1, 1) and model.check() == []


def test_every_gear_starts_where_its_figures_do():
    """Figures of every gauge, made by another shop of all gears: the new wheel reads them in its first year."""
    text = starter_text("truth", gear_names())
    whole = assemble_with(parse_wheel(text), LIBRARY)
    moved = {
        "experience.customers_start": 0.31, "experience.frequency_reference": 1.7, "experience.churn": 0.8,
        "marketplace.sellers_start": 6.0, "marketplace.sellers_reference": 6.0, "marketplace.entry": 9.0,
        "costs.advertising_share": 1.3, "fulfilment.days_reference": 0.7, "experience.days_reference": 0.7,
        "marketplace.take_rate": 0.8, "marketplace.take_reference": 0.8, "cloud.tenants_start": 3.0,
        "membership.members_start": 0.5, "membership.fee": 1.4,
    }  # fmt: skip
    parameter = {n: _times(p, moved.get(n, 1.0)) for n, p in whole.parameter.items()}
    gauges = {n: g for n, m in _measures().items() if (g := _gauge(m, "", whole))}
    truth = whole.changed(parameter=parameter, gauge=gauges, start=date(2019, 1, 1))
    ends = {
        n: [Row(None if g.measure == "end" else k / 4, (k + 1) / 4, 1.0) for k in range(4)] for n, g in gauges.items()
    }
    read = readings(spun(truth, ends, {}, None), ends)
    rows = []
    for name, gauge in gauges.items():
        values = from_scale(read[name][0], gauge.scale)
        for begin, end, value in zip(QUARTERS, QUARTERS[1:], values):
            if np.isfinite(value) and value > 0:
                rows.append((name, None if gauge.measure == "end" else begin, end, f"{value:.6g}", gauge.unit))
    write(rows)
    new()
    model = gw.open("firm/wheel.toml")
    assert [p for p in model.check() if p.severity == "error"] == []
    told = read_at_first(model)
    assert len(told) > 25
    apart = {n: round(wheel / record, 3) for n, (wheel, record) in told.items() if abs(np.log(wheel / record)) > 0.05}
    assert not apart


def _times(parameter: Parameter, factor: float) -> Parameter:
    if parameter.belief:
        low, centre, high = (v * factor for v in (parameter.belief.low, parameter.belief.centre, parameter.belief.high))
        return replace(parameter, belief=replace(parameter.belief, low=low, centre=centre, high=high))
    return replace(parameter, value=parameter.value * factor)


def test_series_that_are_left_out_are_told_with_the_reason():
    rate = [("take_rate", b, e, 0.12, "1") for b, e in pairwise(QUARTERS)]
    money = [("revenue", b, e, 4e6, "money") for b, e in pairwise(QUARTERS)]
    write(figures(51_665, 4_766_834) + rate + money)
    said = new()
    assert "Not bound: take_rate. It reads the gear marketplace" in said and "sellers_active" in said
    assert "Not bound: revenue. Perhaps sales_value" in said and said.count("Its rows are left out") == 2
    told = json.loads(CliRunner().invoke(main, ["new", "again", "--data", "figures.csv", "--json"]).stdout)
    assert told["unbound"] == ["revenue", "take_rate"] == list(told["reasons"]) and told["doubts"] == []


# ---- a start that the record contradicts


def wheel_at(start: float, scale: str = "log", measure: str = "end", **about) -> Wheel:
    value = about.pop("parameter", Parameter("1", value=start))
    stocks = {"level": Stock("1", "level_start", scale="abs" if scale == "abs" else "log", noise="0.02")}
    gauge = {"level": Gauge("level", measure, scale, **about)}
    return Wheel("w", unit="year", dt=0.25, size="level", stock=stocks, parameter={"level_start": value}, gauge=gauge)


def said(wheel: Wheel, *values: float, bound: str = "", step: float = 0.25, begins: float = 0.0) -> list:
    flows = wheel.gauge["level"].measure != "end"
    times = begins + step * np.arange(1, len(values) + 1)
    rows = tuple(
        Row(t - step if flows else None, t, v, bound=bound, line=2 + i) for i, (t, v) in enumerate(zip(times, values))
    )
    return contradictions(wheel, Gauges({"level": Series("level", "1", rows)}))


@pytest.mark.parametrize(
    ("scale", "start", "near", "far"),
    [("log", 10_000, 10_400, 51_665), ("log", 10_000, 9_000, 1_200), ("logit", 0.2, 0.21, 0.7), ("abs", -40, -42, -90)],
)
@pytest.mark.parametrize("measure", ["end", "mean"])
def test_a_start_far_from_the_first_row_is_an_error_that_names_both(scale, start, near, far, measure):
    assert said(wheel_at(start, scale, measure), near, near) == []
    (problem,) = said(wheel_at(start, scale, measure), far, far)
    assert problem.code == "GW159" and problem.severity == "error" and "line 2" in problem.message
    if measure == "end":
        assert "level_start" in problem.hint


def test_a_belief_or_a_gauge_wide_enough_holds_the_first_row():
    from gearwheel.wheel.parts import Belief

    wide = Parameter("1", belief=Belief(5_000, 10_000, 20_000, "lognormal"))
    assert said(wheel_at(0, parameter=wide), 16_000) == []
    assert said(wheel_at(10_000, error=0.3), 16_000) == []
    assert said(wheel_at(10_000), 16_000) != []


def test_bounds_contradict_on_their_closed_side_only():
    assert said(wheel_at(10_000), 2_000, bound="above") == [] and said(wheel_at(10_000), 60_000, bound="above") != []
    assert said(wheel_at(10_000), 60_000, bound="below") == [] and said(wheel_at(10_000), 2_000, bound="below") != []


def test_a_season_or_growth_is_no_contradiction():
    low_season = [10_000 * s for s in (0.5, 0.8, 0.9, 1.8)]
    assert said(wheel_at(10_000, measure="mean"), *low_season) == []
    assert said(wheel_at(10_000, measure="mean"), 10_200, 16_000, 25_000, 40_000) == []


def test_what_is_measured_years_later_says_nothing_about_the_start():
    assert said(wheel_at(10_000), 80_000, 90_000, begins=4.0) == []


def test_a_record_from_the_wheel_itself_does_not_contradict_it():
    wheel = flywheel()
    beliefs = beliefs_of(wheel)
    for record in simulate(wheel, beliefs.named(beliefs.draw(20, 3)), 20, seed=4):
        assert contradictions(wheel, record) == []


def test_an_index_of_100_is_told_at_once_and_how_to_count_it_from_1():
    index = [("price_index", b, e, 100 + k, "1") for k, (b, e) in enumerate(pairwise(QUARTERS))]
    write(figures(51_665, 4_766_834) + index)
    said = new()
    assert "firm/wheel.toml:" in said and "GW159" in said and "divide the series by its first value" in said
    write(figures(51_665, 4_766_834) + [(*row[:3], row[3] / 100, row[4]) for row in index])
    new("--force")
    assert gw.open("firm/wheel.toml").check() == []


def test_check_refuses_a_start_that_the_record_contradicts():
    write(figures(51_665, 4_766_834))
    new()
    file = "firm/wheel.toml"
    text = Path(file).read_text()
    begin = text.index('[parameter."experience.customers_start"]')
    end = text.index("[parameter", begin + 5)
    Path(file).write_text(f'{text[:begin]}[parameter."experience.customers_start"]\nvalue = 10000\n{text[end:]}')
    done = CliRunner().invoke(main, ["check", file])
    assert done.exit_code == 1 and "GW159" in done.output and "customers_start" in done.output
    assert "10,100" in done.output and "51,700" in done.output  # after a quarter of the wheel, and in the first row


# ---- a fit that leaves its beliefs


STUBBORN = """wheel = { name = "w", unit = "year", dt = 0.25, start = 2019-01-01, size = "level", measured = "record.csv", horizon = 1 }
[stock.level]
unit = "1"
start = "100"
noise = "wander"
[parameter.wander]
belief = { low = 0.02, centre = 0.04, high = 0.08, shape = "lognormal" }
because = "made up"
[gauge.level]
of = "level"
as = "end"
error = 0.02
"""


@pytest.mark.parametrize("factor", [1.0, 5.0])
def test_a_fit_warns_of_a_number_that_the_data_took_out_of_its_belief(factor):
    """The start of 100 is a fifth of the truth: only a noise far beyond its belief can bridge that."""
    steps = 0.02 * np.random.default_rng(5).standard_normal(len(QUARTERS) - 1)
    levels = factor * 100 * np.exp(np.cumsum(steps))
    write([("level", None, end, f"{v:.5g}", "1") for end, v in zip(QUARTERS[1:], levels)], "record.csv")
    Path("w.toml").write_text(STUBBORN)
    done = CliRunner().invoke(main, ["fit", "w.toml"])
    assert done.exit_code == 0, done.output
    assert ("Warning: the data moved one number out of the stated belief: wander" in done.output) == (factor > 1)
    told = json.loads(CliRunner().invoke(main, ["fit", "w.toml", "--json"]).stdout)
    assert told["fit"]["beyond_belief"] == (["wander"] if factor > 1 else [])


# ---- metrics in another form


WIDE = {
    "columns": "quarter_end,customers,revenue,take_rate\n2023-03-31,51665,4766834,0.1194\n2023-06-30,54706,5975428,0.1203\n",
    "German": "Quartal;Kunden;Umsatz\n2023-Q1;51.665;4.766.834\n2023-Q2;54.706;5.975.428\n",
    "months": "Month\tActive customers\tGMV ($)\nJan 2023\t51,665\t$4.7M\nFeb 2023\t54,706\t$5.9M\n",
    "dated": "date,sales_value,orders\n01/31/2023,4766834,9000\n02/28/2023,5975428,9100\n",
    "rows": "metric,2021,2022,2023\nRevenue,4766834,5975428,6001000\nCustomers,51665,54706,60000\nNPS,31,33,35\n",
    "years": "fiscal_year,net_sales\nFY2021,4766834\nFY2022,5975428\n",
}  # fmt: skip


@pytest.mark.parametrize("form", WIDE)
def test_metrics_by_column_are_refused_with_the_form_that_is_read(form):
    Path("figures.csv").write_text(WIDE[form])
    done = CliRunner().invoke(main, ["new", "firm", "--data", "figures.csv", "--yes"])
    assert done.exit_code == 1 and "GW160" in done.output and ",".join(COLUMNS) in done.output
    known = "customers_active" if "ustomers" in WIDE[form] or "Kunden" in WIDE[form] else "sales_value"
    assert known in done.output
    assert ("take_rate is take_rate" in done.output) == (form == "columns")


@pytest.mark.parametrize(
    "text",
    [
        "date,customer,sales\n2023-03-31,17,20.5\n2023-04-01,18,30\n",
        "order_id,created_at,email,total\n1,2023-03-31,a@b.c,20\n2,2023-04-01,d@e.f,30\n",
        "day,temperature\n2023-03-31,17\n2023-04-01,18\n",
        "who,what\na,b\n",
        "",
    ],
)
def test_orders_and_other_tables_are_not_taken_for_metrics(text, folder):
    from gearwheel.gauges.wide import wide_table

    (folder / "x.csv").write_text(text)
    assert wide_table(folder / "x.csv") is None
