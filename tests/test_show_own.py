"""The report of a business measured from its own events: what the numbers are and what the sentences make of them."""

from __future__ import annotations

import copy
import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.show import words_verdicts
from gearwheel.show.own_claims import claim_words, is_seen
from gearwheel.show.own_facts import facts
from gearwheel.show.own_feedback import feedback
from gearwheel.show.own_plan import PLAN, gauges_of, links_of, loops_of
from gearwheel.show.own_says import comes_next, says
from gearwheel.show.own_source import data
from gearwheel.show.own_verdict import loop_state, loop_verdict, turning, wheel_verdict
from gearwheel.show.own_worth import worth
from gearwheel.show.report import report_html
from gearwheel.show.summary import summary_text
from gearwheel.show.words import critical_mass, headline, speed
from show_example import example
from show_own_example import own_example
from test_show_report import parsed

OWN_CARDS = ["headline", "data", "facts", "feedback", "worth", "wheel", "speed", "shares", "links", "forecast"]
OWN_CARDS += ["backtest", "levers", "critical", "outcomes", "steps", "print"]


@pytest.fixture(scope="module")
def whole() -> dict:
    return own_example()


@pytest.fixture(scope="module")
def page(whole) -> str:
    return report_html(whole)


def text(html: str) -> str:
    return " ".join(" ".join(parsed(html).said).replace("\u00a0", " ").split())


# ---- the page


def test_one_renewal_of_one_is_told_with_its_range_and_in_the_singular(whole):
    one = {"number": 1, "due": 1, "share": 1.0, "low": 0.23, "median": 0.84, "high": 0.998}
    customers = {**whole["events"]["customers"], "renewals": [one]}
    said = text(report_html({**whole, "events": {**whole["events"], "customers": customers}}))
    assert "1 of 1 period that ended 84 % 23 % to 99.8 %" in said


def test_no_gauge_stands_twice_under_a_step():
    readings = dict.fromkeys(("contacts_per_order", "contacts_delivery", "review_score"), [])
    found = gauges_of(PLAN[0], readings)
    assert sorted(found) == sorted(set(found)) and "contacts_per_order" in found


def test_one_event_behind_a_number_is_one(whole):
    events = whole["events"]
    rows = [{**row, "n": 1} for row in events["rows"]]
    said = text(report_html({**whole, "events": {**events, "rows": rows}}))
    assert "of 1 event" in said and "of 1 events" not in said


def test_cards_come_in_order_and_each_says_what_it_does_not_establish(page):
    found = [a or b for a, b in re.findall(r'<section class="lead" id="(\w+)"|<section id="(\w+)"', page)]
    assert found == OWN_CARDS
    assert page.count("What this does not establish.") == len(OWN_CARDS) - 1


def test_the_page_is_self_contained_and_its_links_lead_somewhere(page):
    read = parsed(page)
    assert not set(read.tags) & {"script", "link", "img", "iframe", "object", "embed", "form", "image", "use"}
    ids = {value for _, name, value in read.attributes if name == "id"}
    assert {v[1:] for _, name, v in read.attributes if name == "href"} <= ids
    assert "//" not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    used = set(re.findall(r"var\((--gw-[a-z0-9-]+)\)", page))
    assert used <= set(re.findall(r"(--gw-[a-z0-9-]+):", page))


@pytest.mark.parametrize("events", [None, {}, [], "words"])
def test_results_without_events_are_reported_as_before(events):
    plain_results = example() | {"graph": None}  # the picture takes most of the time and reads no events
    assert report_html({**plain_results, "events": events}) == report_html(plain_results)
    assert summary_text({**plain_results, "events": events}) == summary_text(plain_results)


def test_planted_numbers_become_sentences(page):
    said = text(page)
    assert "Four tables with 79,000 rows, 2 January 2023 to 31 December 2023, in EUR: six gauges" in said
    assert "goes with a review score 1.3 % lower (1.1 to 1.5 %)" in said
    assert "240 complaints were read: 55 % are about delivery, 25 % about quality" in said
    assert "Of 8,000 customers, of whom 90 % bought once, 25 % are still customers" in said
    assert "EUR 7.5 for each person ever won" in said  # 60,000 over 8,000
    assert "review score fell by 10 %" in said
    assert "call [telephone]" in said
    assert "7 rows of 700" in said and "GW457" in said
    assert "it stays on beliefs, for the source lacks memberships" in said


def test_series_with_a_forecast_are_not_drawn_twice(whole):
    small = re.search(r'<div class="sparks">(.*?)</div>', report_html(whole), re.S)[1]
    assert small.count("<svg") == 5  # six gauges, of which what customers write has a card of its own
    fitted = {**whole, "series": {**whole["series"], "orders": whole["series"]["members"]}}
    assert re.search(r'<div class="sparks">(.*?)</div>', report_html(fitted), re.S)[1].count("<svg") == 4


def test_hostile_strings_stay_words():
    bad = "</title></style><script>alert('x')</script>&\x00"
    results = own_example()
    events = results["events"]
    events["source"] = dict.fromkeys(events["source"], bad)
    events["grain"] = bad
    events["notes"].append(bad)
    events["left_out"][bad] = bad
    events["gauges"][bad] = dict.fromkeys(("title", "unit", "scale", "definition", "error", "as"), bad)
    events["rows"] += [{**row, "gauge": bad} for row in events["rows"][:60]]
    events["page"]["findings"].append(dict.fromkeys(events["page"]["findings"][0], bad))
    events["page"]["page"]["tables"].append(
        {**dict.fromkeys(events["page"]["page"]["tables"][0], bad), "missing": [bad]}
    )
    events["page"]["page"]["gears"].append({"name": bad, "possible": [bad], "wanted": [bad], "measured": []})
    events["facts"][bad] = {**dict.fromkeys(events["facts"]["repeat_share"], bad), "estimate": 1.0, "error": 0.1}
    events["themes"][bad] = {**events["themes"]["reviews"], "families": {bad: 0.5}, "note": bad}
    events["themes"]["reviews"]["themes"][0].update(words=[bad], family=bad, examples=[bad])
    events["customers"].update(model=bad, until=bad, parameters={bad: {"median": 1.0}})
    for link in results["links"].values():
        link["delay"] = {"median": 0.1, "unit": bad}
        link["evidence"] = [{"name": bad, "design": bad, "estimate": 1.0, "error": 0.1, "because": bad}]
    assert "script" not in parsed(report_html(results)).tags
    assert "\x00" not in summary_text(results)


def _places(value, path=()):
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from _places(value[key], (*path, key))
    elif isinstance(value, list):
        for i in range(min(len(value), 2)):
            yield from _places(value[i], (*path, i))


_EVENTS = own_example()["events"]
_PLACES = sorted(_places(_EVENTS), key=str)
_ODD = [KeyError, None, "words", [], {}, 7, float("nan"), -1.0, [[]], {"a": None}]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(_PLACES), st.sampled_from(_ODD))
def test_anything_in_the_events_may_be_missing_or_odd(path, instead):
    events = copy.deepcopy(_EVENTS)
    inner = events
    for key in path[:-1]:
        inner = inner[key]
    if instead is KeyError and isinstance(inner, dict):
        del inner[path[-1]]
    else:
        inner[path[-1]] = None if instead is KeyError else instead
    results = {"events": events, "links": {"a": {"cause": "x", "effect": "y", "verdict": "turns", "strength": "s"}}}
    html = report_html(results)
    assert ">nan<" not in html and "None" not in "".join(parsed(html).said)
    assert len(summary_text(results).splitlines()) <= 25


def test_a_source_that_measured_nothing_says_so():
    said = text(report_html({"events": {"source": {"adapter": "x"}}}))
    assert "What the data hold is not known" in said
    assert "What single orders say is not known" in said
    assert "What a customer is worth is not known" in said
    assert said.count("Nothing measures this yet.") == 4


# ---- facts


def fact(name: str, estimate, error, scale: str, **more) -> dict:
    return {"name": name, "title": "A title", "estimate": estimate, "error": error, "scale": scale, "n": 10, **more}


def test_a_claim_reads_its_own_scale():
    # exp(0.012) - 1 = 1.2 %; ends at 0.012 ± 1.6449 × 0.001
    assert claim_words(fact("late_delivery_review", 0.012, 0.001, "log per day")) == (
        "Each day longer from order to door goes with a review score 1.2 % lower (1 to 1.4 %)"
    )
    # an elasticity of 0.5: 10 % more of the cause, 1.1 ** 0.5 - 1 = 4.9 % more of the effect
    assert "a number of new sellers 4.9 % higher (" in claim_words(fact("demand_sellers", 0.5, 0.05, "elasticity"))
    assert claim_words(fact("repeat_share", 0.04, 0.002, "share")).startswith(
        "4 % (3.7 to 4.3 %) of customers buy again"
    )
    # ln 2 is twice as much
    assert claim_words(fact("x", math.log(2), 0.01, "log")) == "A title: +100 % (+97 to +103 %)"
    assert claim_words(fact("x", 2.0, None, "points")) == "A title: 2"


def test_what_is_not_seen_is_not_told_as_a_difference():
    unsure = fact("late_delivery_review", 0.001, 0.001, "log per day")
    assert not is_seen(unsure)
    assert "a review score not visibly different (−0.26 to +0.06 %)" in claim_words(unsure)
    results = {"events": {"facts": {"a": unsure}}}
    assert facts(results) == "Of one comparison that single orders allow, none shows a difference."
    none = fact("habit", None, None, "log", caveat="an experiment would tell")
    assert facts({"events": {"facts": {"a": none}}}) == "What single orders say is not known: an experiment would tell."


def test_a_bound_and_a_level_inform_no_link(page):
    said = text(page)
    assert "none: a bound is no evidence" in said
    assert "none: there is no estimate" in said
    assert not is_seen(fact("repeat_share", 0.04, 0.002, "share"))


# ---- what customers write, and are worth


def test_the_trend_of_what_is_complained_about_is_told(whole):
    assert "The share about delivery rose by 10 points" in feedback(whole)
    deaf = copy.deepcopy(whole)
    deaf["events"]["themes"]["contacts"] = {"note": "too few texts", "families": {"delivery": 0.0}}
    assert feedback(deaf) == feedback(whole)
    silent = {"events": {"themes": {"reviews": {"note": "too few texts: 12, themes need 200", "families": {}}}}}
    assert feedback(silent) == "What reviews are about is not known: too few texts: 12, themes need 200."


def test_a_customer_model_that_fails_its_test_says_so_first():
    results = own_example()
    assert "foretells" not in worth(results)
    results["events"]["customers"]["tested"]["came"] = 900
    assert worth(results).endswith("the model foretells too few orders: 300 where 900 came.")
    assert "by a model that missed its test by 67 %" in says(_with_loyalty(results), PLAN[2])
    results["events"]["customers"] = {"reason": "the record is 30 days long"}
    assert worth(results) == "What a customer is worth is not known: the record is 30 days long."


def _with_loyalty(results: dict) -> dict:
    events = results["events"]
    events["gauges"]["repeat_rate"] = events["gauges"]["on_time_share"]
    events["rows"] = events["rows"] + [
        {**r, "gauge": "repeat_rate"} for r in events["rows"] if r["gauge"] == "on_time_share"
    ]
    return results


# ---- does it turn


def ring(*verdicts: str, polarity: str = "R", gain=None) -> dict:
    """A loop of as many links as verdicts."""
    stops = [f"v{i}" for i in range(len(verdicts))]
    links = {
        f"l{i}": {"cause": stops[i], "effect": stops[(i + 1) % len(stops)], "verdict": v, "strength": f"s{i}"}
        for i, v in enumerate(verdicts)
    }
    return {
        "loops": [{"name": "R1", "title": "Ring", "polarity": polarity, "links": stops, "gain": gain}],
        "links": links,
    }


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        (("turns", "turns"), "turns"),
        (("turns", "does not turn here"), "broken"),
        (("turns", "turns the other way"), "broken"),
        (("the data cannot tell", "does not turn here"), "broken"),
        (("turns", "the data cannot tell"), "open"),
        (("no verdict",), "untested"),
    ],
)
def test_a_loop_is_as_strong_as_its_weakest_link(verdicts, state):
    results = ring(*verdicts)
    assert loop_verdict(results, results["loops"][0]).state == state


def test_links_off_the_loop_do_not_count():
    results = ring("turns", "turns")
    results["links"]["chord"] = {"cause": "v1", "effect": "elsewhere", "verdict": "does not turn here"}
    assert loop_verdict(results, results["loops"][0]).state == "turns"


def test_the_wheel_is_said_to_turn_only_where_a_whole_loop_is_supported():
    assert wheel_verdict(ring("turns", "turns")) == "It turns: the data support every tested link of R1 Ring."
    assert wheel_verdict(ring("turns", "does not turn here")) == (
        "It does not turn as a flywheel here: the only loop that could drive it is broken at a link that does not turn "
        "as claimed (v1 → v0)."
    )
    assert wheel_verdict(ring("turns", "the data cannot tell")) == (
        "The data cannot tell whether it turns: of one loop that could drive it, none has all its links supported, one open."
    )
    assert "is not known" in wheel_verdict(ring("turns", polarity="B"))
    assert "stands on belief" in wheel_verdict({**ring("turns"), "fit": {"method": "beliefs"}})
    assert "is not known" in wheel_verdict({})


def test_a_loop_that_turns_need_not_sustain_itself():
    weak = wheel_verdict(ring("turns", gain={"median": 0.2, "low": 0.1, "high": 0.4}))
    assert weak.endswith("It is not strong enough to keep itself going (largest gain 0.2, where 1 is needed).")
    assert "Strong enough to keep itself going: R1 Ring." in wheel_verdict(
        ring("turns", gain={"median": 2, "low": 1.5, "high": 3})
    )
    assert "is open" in wheel_verdict(ring("turns", gain={"median": 1, "low": 0.5, "high": 3}))


def test_the_headline_is_honest_about_a_wheel_that_does_not_turn():
    results = own_example() | ring("turns", "does not turn here")
    (first, turns), (_, trust), (_, to_try) = headline(results)
    assert first == "Does it turn, and how fast"
    assert turns.startswith("It does not turn as a flywheel here")
    assert trust.startswith("Six gauges were measured over up to 52 weeks, the last nine of them held back as a test.")
    assert to_try
    results["backtest"] = None
    assert "none of them held back as a test" in dict(headline(results))["How far to trust it"]


# ---- verdicts in plain words


def link(verdict: str, low: float, high: float, narrowed: float, detail: str = "", gain: float | None = None) -> dict:
    return {
        "verdict": verdict, "neutral": 0.0, "no_effect_band": 0.05, "narrowed": narrowed, "detail": detail,
        "belief": {"low": 0.0, "centre": 0.5, "high": 1.0}, "profile_gain": gain,
        "posterior": {"q05": low, "median": (low + high) / 2, "q95": high},
    }  # fmt: skip


def test_an_undecided_link_says_why():
    unsure = "the data cannot tell"
    for narrowed, said in ((0.0, "removed nothing"), (0.06, "removed 6 % of the belief's width")):
        one = link(unsure, -1, 1, narrowed, "hardly narrowed")
        assert said in words_verdicts.added(one) and "what was believed" in words_verdicts.plainly(one)
    assert words_verdicts.plainly(link(unsure, -1, 1, 0.4, "effect or none")).startswith("Both no effect and an effect")
    leaning = words_verdicts.plainly(link(unsure, 0.1, 1, 0.4, "leans", 0.7))
    assert "only 2 times as likely" in leaning and "3.9 times are needed" in leaning
    assert "the record is as likely without it" in words_verdicts.plainly(link(unsure, 0.1, 1, 0.4, "leans", -0.02))
    tiny = words_verdicts.plainly(link(unsure, -0.2, 0.01, 0.8, "at most tiny"))
    assert tiny.startswith("At most tiny") and "ends 0.01 from no effect, and up to 0.05 counts as none" in tiny
    assert "within 0.05 of no effect" in words_verdicts.plainly(link("does not turn here", -0.01, 0.02, 0.9))


@pytest.mark.parametrize(
    ("median", "unit", "says_so"),
    [
        (0.0767, "year", "felt after about 4 weeks"),
        (2.0, "year", "felt after about 2 years"),
        (0.5, "year", "felt after about 6 months"),
        (1.0, "week", "felt after about 1 week"),
        (3.0, "day", "felt after about 3 days"),
        (2.0, "moon", "felt after about 2 moons"),
        (None, "year", ""),
    ],
)
def test_delays_are_told_in_a_unit_that_people_use(median, unit, says_so):
    assert words_verdicts.delay({"delay": {"median": median, "unit": unit}}) == says_so
    assert words_verdicts.delay({"delay": None}) == ""


def test_evidence_that_entered_is_shown_with_its_design():
    one = {
        "name": "late_delivery",
        "design": "observational",
        "estimate": 0.013,
        "error": 0.002,
        "because": "order by order.",
    }
    assert words_verdicts.evidence({"evidence": [one]}) == ["Observed (late delivery): 0.013 ± 0.002, order by order."]
    assert words_verdicts.evidence({}) == []


# ---- the six steps


def test_every_link_and_loop_belongs_to_exactly_one_step(whole):
    links = [id(v) for step in PLAN for v in links_of(step, whole)]
    assert sorted(links) == sorted(id(v) for v in whole["links"].values())
    loops = [loop["name"] for step in PLAN for loop in loops_of(step, whole)]
    assert sorted(loops) == sorted(loop["name"] for loop in whole["loops"])


def test_the_steps_are_walked_by_name_with_advice(page):
    steps = text(re.search(r'<section id="steps">.*?</section>', page, re.S)[0])
    names = [f"{i + 1}. {step.name}" for i, step in enumerate(PLAN)]
    assert [steps.index(name) for name in names] == sorted(steps.index(name) for name in names)
    assert steps.count("Next.") == 6
    assert "add the table memberships" in steps
    assert "the columns order_lines.unit_cost and order_lines.shipping_cost" in steps
    assert "No experiment is in the data." in steps


def test_a_step_without_a_gauge_says_what_to_add(whole):
    assert says(whole, PLAN[2]).startswith("Nothing measures this yet.")
    assert comes_next(whole, PLAN[2]) == "To measure more of this, add the table memberships."


def test_a_step_whose_links_do_not_turn_is_left_alone():
    results = own_example()
    for one in results["links"].values():
        one["verdict"] = "does not turn here"
    results["levers"] = None
    assert "no link of this step turns here" in comes_next(results, PLAN[0])
    assert "none turns" in says(results, PLAN[0])


def test_the_best_lever_of_a_step_must_be_likely_to_help():
    results = own_example()
    effects = results["levers"]["effects"]
    assert "Delivery promise" in comes_next(results, PLAN[0])
    effects[2]["probability_better"] = 0.6
    assert "Delivery promise" not in comes_next(results, PLAN[0])


# ---- the terminal


def test_the_summary_has_the_data_and_the_verdict(whole):
    lines = summary_text(whole).splitlines()
    assert len(lines) <= 25 and max(map(len, lines)) <= 100
    labels = [line.split("  ")[0] for line in lines if line[:1].strip()]
    assert labels[2:5] == ["Data", "Facts", "Verdict"]


def test_doubts_about_the_data_are_counted_by_how_bad_they_are():
    results = own_example()
    assert "no fault that makes a gauge wrong, and one that may" in data(results)
    results["events"]["page"]["findings"][0]["severity"] = "error"
    assert "found one fault that makes a gauge wrong: see below" in data(results)
    results["events"]["page"]["findings"] = []
    assert "nothing that makes a gauge doubtful" in data(results)


def test_the_state_of_a_loop_is_told_in_a_few_words():
    results = ring("turns", "the data cannot tell")
    assert loop_state(results, results["loops"][0]) == "open on one of its two tested links"
    results = ring("turns", "does not turn here")
    assert loop_state(results, results["loops"][0]) == "broken at v1 → v0"


# ---- docs


def _keys(value, at: str = ""):
    """Paths of all leaves, names of gauges, facts and so on as `*`; an empty or unknown part is a leaf."""
    named = ("gauges", "left_out", "nulls", "currencies", "facts", "themes", "families", "coherence", "parameters")
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _keys(inner, f"{at}.{'*' if at.rpartition('.')[2] in named else key}")
    elif isinstance(value, list) and any(isinstance(v, dict) for v in value):
        for inner in value:
            yield from _keys(inner, f"{at}[]")
    else:
        yield at


def test_the_keys_of_the_events_are_the_documented_ones():
    page = (Path(__file__).parents[1] / "docs" / "results.md").read_text("utf-8")
    first_cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `events.")]
    documented = {key for cell in first_cells for key in re.findall(r"`([^`]+)`", cell)}
    real = set(_keys(_EVENTS, "events"))
    assert {k for k in real - documented if not any(d.startswith(f"{k}.") for d in documented)} == set()
    empty = {"events.themes.*.coherence.*"}  # nothing was learned in the example
    assert documented - real - empty == set()


# ---- one value, one sentence


SPEEDS = {
    "grows": {"median": 0.2, "low": 0.05, "high": 0.4},
    "shrinks": {"median": -0.31, "low": -0.5, "high": -0.1},
    "open": {"median": -0.31, "low": -0.6, "high": 0.2},
    "not known": None,
}


@pytest.mark.parametrize("growth", SPEEDS)
@pytest.mark.parametrize("answer", ["none needed", "a push", "no push suffices", "mixed"])
@pytest.mark.parametrize(
    "verdicts", [("turns", "turns"), ("turns", "the data cannot tell"), ("turns", "does not turn here")]
)
def test_headline_push_and_speed_say_the_same_about_whether_it_turns(verdicts, answer, growth):
    results = own_example() | ring(*verdicts) | {"speed": SPEEDS[growth]}
    results["critical_mass"] = {"answer": answer, "shares": {answer: 1.0}, "at": "2023-01-02"}
    value = turning(results)
    turns, push, pace = wheel_verdict(results), critical_mass(results), speed(results)
    said = {
        "turns": (turns.startswith("It turns:"), push.startswith("By its fit, ")),
        "does not turn": (turns.startswith("It does not turn"), push.startswith("The wheel does not turn now")),
        "open": (
            turns.startswith("The data cannot tell whether it turns"),
            push.startswith("The data cannot tell whether"),
        ),
    }
    assert value.growth == growth and all(said[value.answer])
    assert "turn" not in pace  # whether it grows is another question
    assert value.answer == (
        "does not turn" if growth == "shrinks" or "does not turn here" in verdicts
        else "turns" if verdicts == ("turns", "turns") and growth != "open" else "open"
    )  # fmt: skip
    assert dict(headline(results))["Does it turn, and how fast"].startswith(turns)
