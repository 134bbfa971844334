"""Wheels that lack levers, outcomes, a size, gauges, stocks: each verb ends with a report or a message."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import gearwheel as gw
from gearwheel.cli import main

POND = """wheel = {{ name = "pond", unit = "week", dt = 1, horizon = 1{header} }}
[stock.ducks]
unit = "duck"
start = "40"
inflows = ["hatching"]
[flow.hatching]
unit = "duck/week"
equation = "rate * ducks"
[aux.bread]
unit = "money/week"
equation = "ducks * eaten"
[parameter.rate]
unit = "1/week"
belief = {{ low = 0.01, centre = 0.02, high = 0.04, shape = "lognormal" }}
because = "judgement"
[parameter.eaten]
unit = "money/(duck*week)"
value = 2
"""
LEVER = '[lever.eaten]\nof = "eaten"\nlimits = [1, 4]\n'
WEATHER = '[lever.eaten]\nof = "eaten"\nlimits = [1, 4]\noutside = true\n'
SIZE, OUTCOME = ', size = "ducks"', ', outcomes = ["bread"]'
SPARSE = {
    "no levers": (SIZE + OUTCOME, ""),
    "nothing declared": ("", ""),
    "no size": (OUTCOME, LEVER),
    "no outcome": ("", LEVER),
    "the world's lever only": (SIZE + OUTCOME, WEATHER),
}


def pond(tmp_path, header: str, more: str):
    file = tmp_path / "pond.toml"
    file.write_text(POND.format(header=header) + more)
    return str(file)


def called(*words: str):
    result = CliRunner().invoke(main, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize("name", SPARSE)
def test_every_verb_answers_on_a_sparse_wheel(tmp_path, monkeypatch, name):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))
    header, more = SPARSE[name]
    file = pond(tmp_path, header, more)
    judged = more == LEVER and header
    for verb in (
        ("check",),
        ("loops",),
        ("levers",),
        ("plan", "--outcome", "bread"),
        ("push",),
        ("terms", "membership"),
    ):
        result = called(verb[0], file, *verb[1:])
        assert result.exit_code == 0 or "error GW" in result.output, (verb, result.output)
    assert (called("levers", file).exit_code == 0) is bool(judged)
    if more != LEVER:
        assert "GW146" in called("levers", file).output
        assert "GW146" in called("plan", file, "--outcome", "bread").output
    result = called("run", file, "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    report = (tmp_path / "out" / "report.html").read_text()
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert ('id="levers"' in report) is bool(judged) and (found["levers"] is not None) is bool(judged)
    assert ('href="#levers"' in report) <= bool(judged)
    assert (found["speed"] is not None) is ("size" in header)


def test_levers_in_python_say_that_there_are_none(tmp_path):
    fit = gw.open(pond(tmp_path, SIZE + OUTCOME, "")).fit(draws=20)
    with pytest.raises(gw.WheelError, match="GW146"):
        fit.levers("bread")
