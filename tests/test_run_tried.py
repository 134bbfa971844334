"""Experiments that a shop has run enter its wheel where they speak about it, and are named where they do not."""

from __future__ import annotations

from datetime import date

import pytest

from gearwheel.run import LIBRARY
from gearwheel.run.own import own_wheel
from gearwheel.run.tried import tried
from gearwheel.wheel.load import assemble_with
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.rules import check_wheel
from test_run_own import ALWAYS, mapping, measured

END = date(2024, 5, 6)  # of the record that `measured` makes
ROW = {
    "name": "Cheaper in May", "lever": "price", "control_value": 1.0, "treated_value": 0.95, "unit": "customer",
    "share_exposed": 0.5, "metric": "orders per customer", "scale": "log", "effect": 0.08, "se": 0.02,
    "design": "experiment", "starts_at": "2023-07-03", "ends_at": "2023-08-28",
}  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    return measured(sorted(ALWAYS | {"price_index"}))


def whole(text: str):
    return assemble_with(parse_wheel(text, "own/wheel.toml"), LIBRARY)


def test_an_experiment_becomes_a_contrast_of_the_wheel(rows):
    text = own_wheel("mine", rows, mapping(), experiments=[ROW])
    evidence = parse_wheel(text).evidence["tried_cheaper_in_may"]
    assert (evidence.lever, evidence.metric) == ("price", "experience.frequency")
    assert (evidence.estimate, evidence.error, evidence.design) == (0.08, 0.02, "experiment")
    assert check_wheel(whole(text)) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"lever": "music in the shop"}, "no lever 'music in the shop'"),
        ({"metric": "smiles"}, "no variable 'smiles'"),
        ({"starts_at": "2020-01-01"}, "not wholly within"),
        ({"ends_at": None}, "first or last day"),
        ({"se": None}, "missing"),
        ({"se": 0.0}, "missing"),
        ({"effect": None}, "missing"),
        ({"treated_value": 1.0}, "same setting"),
        ({"treated_value": 5.0}, "limits, 0.7 to 1.3"),
        ({"scale": "logit"}, "not log or abs"),
        ({"ends_at": "2033-01-01"}, "not wholly within"),
        ({"ends_at": "2023-07-04"}, "shorter than one time step"),
    ],
)
def test_what_cannot_enter_says_why(rows, change, why):
    wheel = whole(own_wheel("mine", rows, mapping()))
    found, left = tried([{**ROW, **change}], wheel, END)
    assert found == {} and why in left["tried_cheaper_in_may"]


def test_every_row_is_accounted_for_under_a_name_that_a_file_may_have(rows):
    wheel = whole(own_wheel("mine", rows, mapping()))
    rows_ = [ROW, {**ROW, "metric": "new customers"}, {**ROW, "metric": "smiles"}, {**ROW, "name": "Größe 1"}, ROW]
    found, left = tried(rows_, wheel, END)
    assert len(found) + len(left) == 5
    assert {"tried_cheaper_in_may", "tried_cheaper_in_may_new_customers", "tried_groe_1"} <= {*found, *left}
    assert parse_wheel(own_wheel("mine", rows, mapping(), experiments=rows_)).evidence.keys() == found.keys()
