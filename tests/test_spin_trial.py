"""What `check` says about values: numbers without a value, variables without one, log stocks below zero, empty files."""

from __future__ import annotations

import html
from datetime import date

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import gearwheel as gw
from gearwheel.cli import main
from gearwheel.run import run_wheel
from gearwheel.show.report import report_html
from gearwheel.show.summary import summary_text
from gearwheel.show.words_ceiling import below_zero
from gearwheel.spin.compiled import jax_ready
from gearwheel.wheel.compile import compile_tree
from gearwheel.wheel.parse import parse
from gearwheel.wheel.rules import check_wheel


def pool(start: str = "8", out: str = "rate", **more) -> gw.Wheel:
    """8 litres on a log scale that lose 3 a month."""
    wheel = gw.Wheel(
        "pool",
        unit="month",
        start=date(2025, 1, 1),
        horizon=1,
        stock={"water": gw.Stock("l", start, (), ("losing",))},
        flow={"losing": gw.Flow("l/month", out)},
        parameter={"rate": gw.Parameter("l/month", 3.0), "share": gw.Parameter("1/month", 0.5)},
    )
    return wheel.changed(**more)


def codes(wheel: gw.Wheel) -> list[str]:
    return [p.code for p in gw.build(wheel).check() if p.code != "GW302"]


@pytest.mark.parametrize(
    "numbers",
    ["6 / 0", "ln(0)", "ln(-1)", "sqrt(-2)", "9 ^ 9 ^ 9 ^ 9", "exp(800)", "0 ^ -1", "(-8) ^ 0.5", "1e308 * 99", "0 / 0",
     "if(water > 5, 1 / (3 - 3), 1)", "max(1, 2 / 0)", "5 + water / (1 - 1)"],
)  # fmt: skip
def test_numbers_without_a_value_are_an_error_of_check_with_the_line(tmp_path, numbers):
    file = tmp_path / "w.toml"
    text = f'wheel = {{ name = "w" }}\n[stock.water]\nunit = "1"\nstart = "8"\n\n[aux.level]\nunit = "1"\nequation = "{numbers}"\n'
    file.write_text(text)
    (problem,) = [p for p in gw.open(file).check() if p.severity == "error"] or [None]
    assert problem is not None and problem.code == "GW230" and problem.line == 6 and "'level'" in problem.message


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["ln({})", "sqrt({})", "1 / {}", "{} ^ -2", "exp({}) * 0 + 1"]),
    st.floats(-9, 9).map(lambda x: round(x, 1)),
)
def test_numbers_with_a_value_pass_and_both_engines_agree_on_it(shape, number):
    text = shape.format(f"({number})")
    wheel = gw.Wheel("w", stock={"water": gw.Stock("1", "8")}, aux={"a": gw.Aux("1", text)})
    by_hand = {"ln": number > 0, "sq": number >= 0, "1 ": number != 0, "{}": number != 0}.get(shape[:2], True)
    assert ("GW230" in [p.code for p in check_wheel(wheel)]) is not by_hand
    jax_ready()
    import jax.numpy as jnp

    with np.errstate(all="ignore"):
        one, other = (compile_tree(parse(text), xp, {})({}) for xp in (np, jnp))  # no traceback either way
    np.testing.assert_allclose(one, other)


def test_a_variable_without_a_value_is_a_warning_that_says_what_it_is_computed_from():
    wheel = pool(parameter={**pool().parameter, "none": gw.Parameter("1", 0.0)}, aux={"odd": gw.Aux("l", "water / none"), "more": gw.Aux("l", "odd + water")})  # fmt: skip
    found = [
        p
        for p in gw.build(wheel.changed(stock={"water": gw.Stock("l", "90", (), ("losing",))})).check()
        if p.code == "GW308"
    ]
    assert len(found) == 1 and "'odd'" in found[0].message, "what only follows from it is not named"
    assert "water = 90" in found[0].hint and "none = 0" in found[0].hint
    assert codes(
        pool(
            start="full / zero",
            parameter={**pool().parameter, "full": gw.Parameter("l", 90.0), "zero": gw.Parameter("1", 0.0)},
        )
    ) == ["GW308"]
    assert codes(pool(out="rate / time * dt")) == ["GW308"]


def test_a_log_stock_that_falls_below_zero_is_told_by_check_and_by_the_run():
    """8 - 3 · 3 < 0 on the first of April."""
    (problem,) = [p for p in gw.build(pool()).check() if p.code == "GW309"]
    assert "2025-04-01" in problem.message and "nonnegative" in problem.hint and "losing took 3" in problem.hint
    runs = gw.build(pool()).spin(years=1, draws=4, noise=False)
    assert runs.below_zero == {"water": 1.0}
    assert "water below zero" in repr(runs)
    assert codes(pool(stock={"water": gw.Stock("l", "8", (), ("losing",), scale="abs")})) == []
    assert codes(pool(stock={"water": gw.Stock("l", "8", (), ("losing",), nonnegative=True)})) == []


def test_it_is_told_by_a_whole_run_and_at_the_terminal_in_the_same_words(tmp_path):
    model = gw.build(pool())
    model.save(tmp_path / "pool.toml")
    found = run_wheel(gw.open(tmp_path / "pool.toml").wheel, cache=False)
    assert found["below_zero"] == {"water": 1.0}
    said = below_zero("water", 1.0)
    assert "over 99 % of the draws" in said and "100 %" not in said
    printed = CliRunner().invoke(main, ["spin", str(tmp_path / "pool.toml")]).output
    for text in (summary_text(found), html.unescape(report_html(found)).replace("\xa0", " "), printed):
        assert said in " ".join(text.split())
    dry = pool(stock={"water": gw.Stock("l", "8", (), ("losing",), nonnegative=True)})
    assert run_wheel(gw.build(dry).wheel, cache=False)["below_zero"] == {}


def test_a_time_step_too_long_for_an_outflow_is_told():
    assert codes(pool(out="share * water", dt=1.0)) == []
    (problem,) = [p for p in gw.build(pool(out="share * water", dt=3.0)).check() if p.code == "GW309"]
    assert "shorter dt" in problem.hint


@pytest.mark.parametrize("text", ["", "# nothing\n", 'wheel = { name = "w" }\n', "[parameter.p]\nvalue = 1\n"])
def test_a_file_without_anything_to_compute_is_refused(tmp_path, text):
    file = tmp_path / "w.toml"
    file.write_text(text)
    assert "GW231" in [p.code for p in gw.open(file).check()]
    with pytest.raises(gw.WheelError, match="GW231"):
        gw.open(file).spin()


def test_a_wheel_of_auxiliaries_alone_runs_and_draws():
    model = gw.build(gw.Wheel("clock", unit="month", aux={"seen": gw.Aux("month", "time")}))
    assert model.spin(years=1, draws=2)["seen"][0].tolist() == list(range(13))
    assert "<svg" in model.draw() and "<svg" in model.spin(years=1, draws=2)._repr_svg_()


@pytest.mark.parametrize(("start", "horizon"), [(date(9999, 12, 31), 1), (date(2024, 1, 1), 9000)])
def test_a_run_past_the_end_of_the_calendar_is_refused(start, horizon):
    assert "GW208" in codes(pool().changed(start=start, horizon=float(horizon)))


def test_the_first_year_of_the_calendar_runs():
    wheel = pool().changed(start=date(1, 1, 1), stock={"water": gw.Stock("l", "99", (), ("losing",))})
    assert codes(wheel) == [] and gw.build(wheel).spin(draws=2).dates[0] == date(1, 1, 1)


def test_a_nonnegative_stock_that_starts_below_zero_is_told():
    assert codes(pool(stock={"water": gw.Stock("l", "-2", (), ("losing",), scale="abs", nonnegative=True)})) == [
        "GW309"
    ]
