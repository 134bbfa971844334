"""`gearwheel terms` and the report's card on terms: words, JSON, files, and what is wrong in words."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gearwheel.cli import main
from gearwheel.show import words_terms
from gearwheel.show.terms_card import terms_card

SPAN = {"low": -1.0, "median": 2.0, "high": 5.0}


def gearwheel(*arguments: str):
    return CliRunner().invoke(main, ["terms", *arguments])


def test_a_saving_is_told_in_words_and_as_json(tmp_path):
    out = tmp_path / "saving.json"
    done = gearwheel("shop", "pass-through", "--years", "2", "--saving", "0.1", "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "passed on gradually" in done.output and "Of a saving of 10 % on goods_bought" in done.output
    assert "over 2 years and is better" in " ".join(done.output.split())
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


def test_the_card_gives_no_advice_at_the_end_of_what_was_tried():
    best = {
        "setting": 300.0,
        "gain": SPAN,
        "probability_better": 1.0,
        "within_1_percent": [290.0, 300.0],
        "at_end": None,
    }
    fee = {"term": "fee", "title": "Membership fee", "unit": "EUR/customer", "present": 100.0, "settings": [
        {"value": v, "effect": SPAN, "probability_better": 1.0, "shown": {"club.members": SPAN}} for v in (50.0, 100.0, 300.0)
    ], "tried_before": [80.0, 120.0]}  # fmt: skip
    about = {"outcome": "costs.cash", "unit": "EUR million", "years": 5.0, "kind": "membership"}
    about["shown"] = {"club.members": {"unit": "customer million", "how": "level"}}
    inside = terms_card({"terms": {**about, "terms": [{**fee, "best": best}]}})
    limit = terms_card({"terms": {**about, "terms": [{**fee, "best": {**best, "at_end": "high"}}]}})
    inside, limit = inside.replace("\xa0", " "), limit.replace("\xa0", " ")
    lead = inside.split("<table")[0]
    assert "best at EUR 300, which this business has not tried yet, now EUR 100" in lead and "over 99 %" in lead
    lead = limit.split("<table")[0]
    assert "no advice here: the best lies at the end of what was tried, EUR 300" in lead
    assert "in the past EUR 80 to EUR 120" in lead and "gains" not in lead and "probability" not in lead
    assert limit.count("never tried") == 2 and "EUR 2 m" in limit  # at 50 and at 300
    assert "+2 m customers" in limit and "\u22121 m customers to +5 m customers" in limit
    assert "100 %" not in limit
    assert terms_card({}) == "" and terms_card({"terms": None}) == ""


def test_the_terminal_gives_units_intervals_and_what_was_never_tried():
    done = gearwheel("shop", "fulfilment", "--years", "1", "--try", "promised_days=0.8,1.2")
    assert done.exit_code == 0 and "over 1 years" not in " ".join(done.output.split())
    line = next(row for row in done.output.splitlines() if row.startswith("0.8 "))
    assert "(never tried)" in line and " to " in line
    found = json.loads(gearwheel("shop", "fulfilment", "--years", "1", "--json").stdout)["terms"]
    for term in found["terms"]:
        assert term["tried_before"] == [term["present"]] * 2  # the shop has no record of other settings
        if best := term.get("best"):
            grid = [s["value"] for s in term["settings"]]
            ended = best["setting"] in (grid[0], grid[-1])
            assert (best["at_end"] is not None) >= ended
            assert ("no advice here" in words_terms.term(found, term)) == (best["at_end"] is not None)
