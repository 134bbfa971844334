"""`gearwheel plan`: what it prints, keeps and writes, and how it refuses."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gearwheel.cli import main

WHEEL = """
wheel = { name = "kiosk", unit = "year", dt = 0.25, size = "regulars", horizon = 1, currency = "EUR" }
[stock.regulars]
unit = "customer"
start = "200"
inflows = ["joining"]
noise = "0.1"
[flow.joining]
unit = "customer/year"
equation = "gain * (read / usual) ^ reach"
[aux.profit]
unit = "money/year"
equation = "worth * regulars - leaflets"
[aux.read]
unit = "money/year"
equation = "leaflets"
[parameter.gain]
unit = "customer/year"
value = 40
[parameter.worth]
unit = "money/(customer*year)"
value = 60
[parameter.usual]
unit = "money/year"
value = 500
[parameter.leaflets]
unit = "money/year"
value = 500
[parameter.reach]
belief = { low = 0.2, centre = 0.5, high = 0.8 }
because = "planted"
[link.leaflets]
from = "read"
to = "joining"
polarity = "+"
strength = "reach"
because = "planted"
experiment = "leave every second street out"
[lever.leaflets]
of = "leaflets"
limits = [100, 5000]
spends = "leaflets"
"""


@pytest.fixture
def kiosk(tmp_path, monkeypatch) -> str:
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "wheel.toml").write_text(WHEEL)
    return str(tmp_path / "wheel.toml")


def asked(*arguments: str):
    return CliRunner().invoke(main, ["plan", *arguments])


def test_a_founder_gets_a_plan_with_its_risk(kiosk, tmp_path):
    told = asked(kiosk, "--outcome", "profit", "--budget", "800", "--risk", "cvar", "--out", str(tmp_path / "out"))
    assert told.exit_code == 0, told.output
    for part in ("leaflets", "nothing", "equal split", "worst mean", "Gain found by gradient", "every second street"):
        assert part in told.output
    page = (tmp_path / "out" / "plan.html").read_text()
    said = (told.output + page).replace("100 % of it rests on priors", "")  # nothing was fitted
    assert "100 %" not in said and "probability of over 99 %" in said  # no share of some hundred draws is certain
    assert "What would change it" in page and "<script" not in page
    again = asked(kiosk, "--outcome", "profit", "--budget", "800", "--risk", "cvar", "--json")
    found = json.loads(again.stdout)["plan"]
    assert "search" not in again.stderr  # out of the cache
    assert found["compared"][0]["mean_spent"] <= 801 and found["better"]
    assert found["next"][0]["experiment"] == "leave every second street out"


def test_what_cannot_be_planned_ends_with_1_and_words(kiosk):
    for arguments, said in (
        (("--budget", "-1"), "GW145"),
        (("--lever", "leaflet"), "Did you mean 'leaflets'"),
        (("--keep", "profit >= 1e9"), "holds in 0 % of the draws"),
        (("--outcome", "profits"), "Did you mean 'profit'"),
    ):
        refused = asked(kiosk, *arguments)
        assert refused.exit_code == 1 and said in refused.output and "Traceback" not in refused.output
    assert asked(kiosk, "--risk", "luck").exit_code == 2
