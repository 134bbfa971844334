"""`gearwheel terms` and the report's card on terms: words, JSON, files, and what is wrong in words."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gearwheel.cli import main
from gearwheel.show.terms_card import terms_card

SPAN = {"low": -1.0, "median": 2.0, "high": 5.0}


def gearwheel(*arguments: str):
    return CliRunner().invoke(main, ["terms", *arguments])


def test_a_saving_is_told_in_words_and_as_json(tmp_path):
    out = tmp_path / "saving.json"
    done = gearwheel("shop", "pass-through", "--years", "2", "--saving", "0.1", "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "passed on gradually" in done.output and "Of a saving of 10 % on goods_bought" in done.output
    found = json.loads(out.read_text())
    assert [t["when"] for t in found["timings"]] == ["now", "delayed", "gradually"]
    told = json.loads(gearwheel("shop", "pass-through", "--years", "2", "--saving", "0.1", "--json").stdout)["terms"]
    assert told["timings"] == found["timings"] and "next: gearwheel levers shop" in done.stderr
    again = gearwheel("shop", "pass-through", "--years", "2", "--out", str(out))
    assert again.exit_code == 1 and "exists" in again.output  # nothing is replaced unasked


def test_settings_of_one_s_own_are_tried():
    done = gearwheel("shop", "fulfilment", "--years", "1", "--try", "promised_days=0.8,1.2", "--json")
    terms = {t["term"]: t for t in json.loads(done.stdout)["terms"]["terms"]}
    assert [s["value"] for s in terms["promised_days"]["settings"]] == [0.8, 1.0, 1.2]
    assert terms["promised_days"]["settings"][1]["effect"] == {"low": 0, "median": 0, "high": 0}
    # nobody else sells in the shop, so what sellers pay changes nothing, and no setting is called the best
    assert "best" not in terms["enrolment_price"]
    assert "no setting changes" in gearwheel("shop", "fulfilment", "--years", "1").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shop", "membership"), "GW155"),
        (("shop", "fulfilment", "--try", "promised_days=9"), "GW156"),
        (("shop", "fulfilment", "--try", "promised_days=soon"), "give numbers"),
        (("shop", "fulfilment", "--data", "nowhere"), "GW156"),
        (("shop", "pass-through", "--on", "goods_bougth"), "Did you mean 'goods_bought'"),
        (("shop", "pass-through", "--on", "posted_price"), "GW157"),
        (("shop", "pass-through", "--try", "fee=1"), "GW156"),
        (("shop", "pass-through", "--years", "-1"), "GW143"),
        (("shop", "pass-through", "--wait", "0"), "GW157"),
    ],
)
def test_what_is_wrong_is_said_in_words(arguments, said):
    done = gearwheel(*arguments)
    assert done.exit_code == 1 and said in done.output and "Traceback" not in done.output


def test_the_card_says_when_the_best_is_only_an_end_of_what_was_tried():
    best = {"setting": 300.0, "gain": SPAN, "probability_better": 1.0, "within_1_percent": [290.0, 300.0]}
    fee = {"term": "fee", "title": "Membership fee", "unit": "EUR/customer", "present": 100.0, "settings": [
        {"value": v, "effect": SPAN, "probability_better": 0.5, "shown": {"club.members": SPAN}} for v in (50.0, 100.0, 300.0)
    ]}  # fmt: skip
    about = {"outcome": "cash", "unit": "EUR", "years": 5.0, "kind": "membership"}
    inside = terms_card({"terms": {**about, "terms": [{**fee, "best": {**best, "share_at_high_limit": 0.1}}]}})
    limit = terms_card({"terms": {**about, "terms": [{**fee, "best": {**best, "share_at_high_limit": 1.0}}]}})
    assert "best at" in inside and "no brake there" not in inside.split("What this does not")[0]
    assert "no best within what was tried" in limit and "no brake there" in limit.split("What this does not")[0]
    assert terms_card({}) == "" and terms_card({"terms": None}) == ""
