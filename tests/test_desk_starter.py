"""The starter policy for returns as a support lead would try it: what the law and good sense ask for in each situation."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import gearwheel as gw
from gearwheel.cli import main
from gearwheel.desk.conditions import Requests
from gearwheel.desk.openapi import openapi
from gearwheel.desk.opened import read_papers
from gearwheel.desk.operations import OPERATIONS
from gearwheel.desk.outcomes import outcome_of
from gearwheel.desk.places import folded
from gearwheel.desk.policy_file import parse_policy
from gearwheel.desk.replay import replay
from gearwheel.desk.starter import starter_policy
from gearwheel.desk.store import open_store
from gearwheel.wheel.errors import DeskError

ASKED = "2026-11-18T12:00:00Z"  # a Wednesday
DELIVERED = {0: "2026-11-18T08:00:00Z", 3: "2026-11-15T08:00:00Z", 10: "2026-11-08T08:00:00Z", 20: "2026-10-29T08:00:00Z",
             45: "2026-10-04T08:00:00Z", 400: "2025-10-14T08:00:00Z", 700: "2024-12-18T08:00:00Z",
             900: "2024-06-01T08:00:00Z", 1095: "2023-11-19T08:00:00Z", 1200: "2023-08-06T08:00:00Z"}  # fmt: skip
REMEDIES = {"return", "keep", "replace", "exchange"}
MONEY = {"return", "keep"}
NO = {"refuse", "review"}


@pytest.fixture(scope="module")
def lead(tmp_path_factory):
    """A desk behind the starter policy, as a support lead tries it: no lots, no caps used up."""
    path = tmp_path_factory.mktemp("desk") / "policy.toml"
    path.write_text(starter_policy("returns", "EUR").replace("explore = 0.04", "explore = 0"))
    return path


def asks(lead, days=3, number=0, **changed):
    """(what is open, what is answered, what the customer and the auditor read)."""
    row = {"order_id": "o", "product_id": "p", "customer_id": "c", "quantity": 1, "price": 30.0, "currency": "EUR",
           "reason": "changed mind", "requested_at": ASKED, "jurisdiction": "DE"}  # fmt: skip
    row |= {"delivered_at": DELIVERED[days]} if days is not None else {}
    made = gw.open_desk(lead, secret=b"tried").decide(
        {n: v for n, v in (row | changed).items() if v is not ...}, key="k"
    )
    return {o["action"] for o in made.options if o["open"]}, made.action, made.explanation


OPEN = [  # days since delivery, what is said, what has to be open
    (3, {"reason": "damaged"}, REMEDIES),
    (3, {"reason": "damaged", "context": {"wants": "replacement"}}, {"replace", "exchange"}),
    (3, {"reason": "damaged", "context": {"wants": "refund"}}, MONEY),
    (20, {"reason": "damaged"}, REMEDIES),
    (20, {"reason": "damaged", "price": 1200.0}, {"return", "exchange"}),
    (3, {"quantity": 2, "price": 12.0, "reason": "damaged", "jurisdiction": "FR"}, REMEDIES),
    (3, {"reason": "damaged", "price": 0.0}, {"replace", "exchange"}),
    (700, {"reason": "defective"}, REMEDIES),
    (900, {"reason": "defective"}, NO),
    (900, {"reason": "damaged"}, NO),
    (900, {"reason": "damaged", "jurisdiction": "Sweden"}, REMEDIES),
    (1200, {"reason": "damaged", "jurisdiction": "SE"}, NO),
    (3, {}, MONEY),
    (None, {}, MONEY),
    (None, {"jurisdiction": ...}, MONEY),
    (400, {}, NO),
    (1095, {"price": 900.0}, NO),
    (45, {"jurisdiction": "US-CA"}, NO),
    (10, {"jurisdiction": "UK"}, MONEY),
    (10, {"jurisdiction": "GB"}, MONEY),
    (10, {"jurisdiction": "Iceland"}, MONEY),
    (3, {"reason": "wrong size"}, MONEY),
    (3, {"reason": "wrong item"}, REMEDIES),
    (20, {"reason": "Wrong_Item"}, REMEDIES),
    (3, {"price": 1e6}, {"review"}),
    (3, {"price": 10.0, "quantity": 100, "context": {"b2b": "yes"}}, {"review"}),
    (3, {"reason": "damaged", "context": {"seller": "third-party"}}, {"review"}),
    (3, {"context": {"category": "perishable"}, "price": 22.0}, NO),
    (3, {"context": {"category": "Hygiene", "sealed": "no"}}, NO),
    (3, {"context": {"category": "hygiene", "sealed": False}}, NO),
    (3, {"context": {"category": "hygiene", "opened": True}}, NO),
    (3, {"context": {"category": "hygiene"}}, MONEY),
    (3, {"context": {"category": "hygiene", "sealed": "yes"}}, MONEY),
    (3, {"context": {"category": "digital"}}, NO),
    (3, {"context": {"category": "made-to-order"}}, NO),
    (3, {"context": {"category": "perishable"}, "reason": "spoiled"}, {"keep", "replace"}),
    (3, {"context": {"category": "digital"}, "reason": "does not work"}, {"keep", "replace"}),
    (3, {"context": {"category": "books"}}, MONEY),
    (20, {"reason": "gift not wanted", "jurisdiction": "US"}, {"return", "keep", "partial", "review"}),
    (700, {"reason": "damaged", "jurisdiction": "AU", "price": 60.0}, REMEDIES | {"partial", "review"}),
    (45, {"reason": "zerkratzt"}, {"review"}),  # a word that nobody named may be a defect
    (1200, {"reason": "it smells"}, {"review"}),
]  # fmt: skip


@pytest.mark.parametrize(("days", "said", "wanted"), OPEN)
def test_what_the_starter_leaves_open_is_what_is_owed(lead, days, said, wanted):
    assert asks(lead, days, **said)[0] == wanted


@pytest.mark.parametrize(
    "land", ["Germany", "DE-BY", "EL", "DE ", "germany", "Deutschland", "DEU", "GR", "EU", "Freedonia", "", None]
)
def test_the_right_to_withdraw_does_not_hang_on_how_a_country_is_spelled(lead, land):
    assert asks(lead, 3, jurisdiction=land)[0] == MONEY
    assert asks(lead, 3, jurisdiction=land, reason="wrong size")[0] == MONEY


@pytest.mark.parametrize("land", ["US", "USA", "us-ca", "United States", "Japan", "CH", "AU"])
def test_a_country_without_the_right_is_known_as_such(lead, land):
    assert "partial" in asks(lead, 3, jurisdiction=land)[0]


LAST_DAY = [  # delivered, asked, whether it is within the period
    ("2026-11-01T09:00:00Z", "2026-11-15T20:00:00Z", True),
    ("2026-11-01T09:00:00Z", "2026-11-16T22:59:00Z", True),  # the 15th is a Sunday
    ("2026-11-01T09:00:00Z", "2026-11-16T23:01:00Z", False),  # the 17th in Berlin
    ("2026-11-01", "2026-11-15T00:01:00Z", True),
    ("2026-11-02T09:00:00Z", "2026-11-16T22:59:00Z", True),
    ("2026-11-02T09:00:00Z", "2026-11-16T23:01:00Z", False),
    ("2026-11-02T09:00:00+01:00", "2026-11-16T23:59:00+01:00", True),
]


@pytest.mark.parametrize(("delivered", "asked", "within"), LAST_DAY)
def test_the_right_to_withdraw_holds_to_the_last_hour_of_its_last_day(lead, delivered, asked, within):
    said = asks(lead, None, delivered_at=delivered, requested_at=asked, reason="wrong size", price=60.0)[0]
    assert said == MONEY if within else not said <= MONEY


def test_two_years_lose_no_day_to_a_leap_year(lead):
    times = {
        "delivered_at": "2023-11-20T09:00:00Z",
        "requested_at": "2025-11-20T20:00:00Z",
    }  # 731 days, with 29 February
    assert asks(lead, None, reason="damaged", **times)[0] == REMEDIES


HAZARDOUS = [
    "yes",
    "Yes",
    "true",
    True,
    1,
    "1",
    "y",
    "ja",
    "lithium",
    ["yes"],
    {"class": 9},
    "unknown",
    2.5,
    ["no"],
    "UN3480",
]


@pytest.mark.parametrize("said", HAZARDOUS)
@pytest.mark.parametrize("reason", ["damaged", "changed mind"])
def test_what_may_be_hazardous_in_any_words_goes_by_no_post(lead, said, reason):
    assert asks(lead, 3, reason=reason, context={"hazardous": said})[0] == {"review"}
    assert asks(lead, 3, reason=reason, hazardous=said)[0] == {"review"}


@pytest.mark.parametrize("said", ["no", "No ", "false", False, 0, 0.0, "0", "nein", "n", "", None, [], {}])
def test_what_is_said_to_be_harmless_is_no_hazard(lead, said):
    assert asks(lead, 3, context={"hazardous": said})[0] == MONEY


NEVER = [
    "never arrived",
    "Never Arrived",
    "not received",
    "lost in post",
    "not delivered",
    "NOT_RECEIVED",
    "never-arrived ",
    "undelivered",
]


@pytest.mark.parametrize("reason", NEVER)
@pytest.mark.parametrize("land", ["DE", "US"])
def test_what_never_arrived_is_not_asked_back_in_any_words(lead, reason, land):
    left, action, said = asks(lead, None, reason=reason, price=25.0, jurisdiction=land)
    assert left == {"keep", "replace", "review"}
    assert "back" not in said["customer"] and (action != "replace" or said["customer"] == "We send you another one.")
    assert asks(lead, None, reason=reason, price=250.0, jurisdiction=land)[0] == {"review"}


def test_a_refusal_says_why_to_the_customer_and_to_the_auditor(lead):
    _, action, said = asks(lead, 400)
    assert action == "refuse"
    assert said["customer"].startswith("We cannot accept this request: we take items back within 30 days of delivery.")
    assert "Rule late opened refuse" in said["auditor"]
    _, action, said = asks(lead, 900, reason="damaged")
    assert action == "refuse" and "two years" in said["customer"]


def test_the_auditor_reads_what_two_rights_leave_open(lead):
    said = asks(lead, 3, reason="damaged")[2]["auditor"]
    assert "Rights withdrawal and conformity apply together: what any of them grants may be answered" in said


def test_nothing_paid_is_not_refunded_in_words(lead):
    for reason in ("changed mind", "damaged"):
        for price in (0.0, -0.0, 0.004):
            said = asks(lead, 3, price=price, reason=reason)[2]["customer"]
            assert "0.00" not in said, said


def test_a_delivery_after_the_request_is_a_fault(lead):
    for delivered, asked in (("2026-11-18T12:00:00Z", "2026-11-13T12:00:00Z"), ("2026-11-18", "2026-11-15")):
        with pytest.raises(DeskError, match="GW526"):
            asks(lead, None, delivered_at=delivered, requested_at=asked)
    for delivered, asked in (
        ("2026-11-18T12:03:00Z", ASKED),
        ("2026-11-18", "2026-11-17T23:00:00Z"),
        ("2026-11-18T23:00:00Z", "2026-11-18"),
    ):
        asks(lead, None, delivered_at=delivered, requested_at=asked)


def test_capitals_and_spaces_of_a_currency_do_not_matter(lead):
    for currency in ("eur", " EUR", "Eur"):
        left, _, said = asks(lead, 3, currency=currency)
        assert left == MONEY and " EUR" in said["customer"]
    with pytest.raises(DeskError, match="GW514"):
        asks(lead, 3, currency="USD")


def test_who_sends_things_back_is_not_taken_for_who_does_not(lead):
    """25 claims on 60 orders, 23 of which came back, beside as many of which none did."""
    policy, _ = parse_policy(lead.read_text(), OPERATIONS.values())
    (rule,) = [r for r in policy.rules if r.name == "many_claims"]
    honest, other = ({"claims": 25.0, "came_back": back} for back in (23.0, 0.0))
    columns = {name: np.array([facts[name] for facts in (honest, other)]) for name in honest}
    assert Requests(columns).meet(rule.when, if_missing=False).tolist() == [False, True]


def test_unknown_words_are_listed_and_an_unknown_country_is_said_to_count_as_not_said(lead, tmp_path):
    rows = [
        "order_id,product_id,customer_id,quantity,price,currency,reason,requested_at,delivered_at,jurisdiction,hazardous"
    ]
    said = [
        ("damaged", "Germany", ""),
        ("zerkratzt", "Freedonia", "lithium"),
        ("NOT_RECEIVED", "US", ""),
        ("zerkratzt", "DE", "no"),
    ]
    rows += [f"o{k},p,c{k},1,20.00,eur,{why},2026-11-20,2026-11-18,{land},{h}" for k, (why, land, h) in enumerate(said)]
    (tmp_path / "requests.csv").write_text("\n".join(rows) + "\n")
    done = CliRunner().invoke(main, ["desk", "check", str(lead), "--requests", str(tmp_path / "requests.csv")])
    assert done.exit_code == 0 and "4 decided" in done.output
    assert "No rule or right names the reason 'zerkratzt' (2)." in done.output
    assert "'Freedonia': no country that the desk knows, so it counts as not said." in done.output
    assert "lithium" not in done.output and "NOT_RECEIVED" not in done.output and "Germany" not in done.output


def test_a_word_of_a_condition_that_is_no_country_is_told(tmp_path):
    text = 'operation = "returns"\ncurrency = "EUR"\n[right.a]\nwhen = { jurisdiction = ["Germny", "US-CA", "EU"] }\ngrants = ["return"]\n'
    (tmp_path / "policy.toml").write_text(text)
    done = CliRunner().invoke(main, ["desk", "check", str(tmp_path / "policy.toml")])
    assert done.exit_code == 0 and done.output.count("knows no country") == 1 and "'Germny'" in done.output


STARTER, _ = parse_policy(starter_policy("returns", "EUR"), OPERATIONS.values())
NO_HAZARD = {w for w, means in STARTER.words["context.hazardous"].items() if means == "no"}
json_values = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=4,
)


@given(value=json_values)
@settings(max_examples=300, deadline=None)
def test_whatever_is_said_of_hazards_is_one_unless_it_says_no(value):
    (rule,) = [r for r in STARTER.rules if r.name == "hazardous"]
    column = np.empty(1, object)
    column[0] = value
    met = Requests({"context.hazardous": column}, STARTER.reader).meet(rule.when, if_missing=False)
    assert bool(met[0]) == (folded(str(value)) not in NO_HAZARD | {""})


@given(
    word=st.sampled_from(sorted({*STARTER.words["reason"], *STARTER.words["reason"].values()})),
    part=st.sampled_from([" ", "  ", "-", "_", "\u00a0", " - "]),
    ends=st.tuples(st.sampled_from(["", " ", "\t"]), st.sampled_from(["", " ", ".", "!", "\n"])),
    shape=st.sampled_from([str.lower, str.upper, str.title]),
)
def test_a_word_means_the_same_however_it_is_written(word, part, ends, shape):
    written = ends[0] + shape(word).replace(" ", part) + ends[1]
    assert STARTER.reader.meanings("reason", written) == STARTER.reader.meanings("reason", word) != frozenset()


def test_no_word_of_the_starter_stands_for_two_and_each_is_named_by_a_condition():
    named = {}
    for condition in STARTER.conditions():
        named.setdefault(condition.field, set()).update(STARTER.reader.named(condition))
    for name, same in STARTER.words.items():
        assert set(same.values()) <= named[name], name


def test_a_refusal_goes_through_log_replay_description_and_evaluation(tmp_path):
    """Half of the requests come too late; outcomes are told of the others, and of a refusal there is nothing to tell."""
    run, policy = CliRunner().invoke, str(tmp_path / "policy.toml")
    assert run(main, ["desk", "new", policy]).exit_code == 0
    rows = ["order_id,product_id,customer_id,quantity,price,currency,reason,requested_at,delivered_at,jurisdiction"]
    rows += [
        f"o{k},p{k},c{k},1,{20 + k % 7}.00,EUR,changed mind,2026-03-20,2026-0{1 + k % 2 * 2}-02,US" for k in range(120)
    ]
    (tmp_path / "requests.csv").write_text("\n".join(rows) + "\n")
    out = str(tmp_path / "decisions.parquet")
    done = run(
        main,
        ["desk", "decide", str(tmp_path / "requests.csv"), "--policy", policy, "--out", out, "--clock", "requested"],
    )
    assert done.exit_code == 0, done.output
    made = pq.read_table(out).to_pylist()
    refused = [row for row in made if row["action"] == "refuse"]
    assert 50 <= len(refused) <= 60 and all("within 30 days" in row["says"] and row["row"] % 2 == 0 for row in refused)
    store, papers = open_store(str(tmp_path / "desk.db")), read_papers(policy)
    assert replay(papers.operation, store).decisions == 120
    actions = openapi(papers.operation, papers.policy)["components"]["schemas"]["Decision"]["properties"]["action"][
        "enum"
    ]
    assert "refuse" in actions
    desk, told = papers.desk(store.meta()["secret"]), []
    for k, row in enumerate(made):
        if row["action"] != "refuse":
            said = {"decision_id": row["decision_id"], "kind": "refunded", "amount": 20.0, "at": "2026-03-25T10:00:00Z"}
            told.append(outcome_of(desk, str(k), said, 1.9e9))
    with store.transaction():
        store.append_outcomes(told)
    found = json.loads(run(main, ["desk", "evaluate", str(tmp_path / "desk.db"), "--policy", policy, "--json"]).output)
    assert found["untold"] == {"refuse": len(refused)} and found["would"]["refuse"] == pytest.approx(60 * 0.98)
    assert (
        found["estimates"]["ips"]["value"]
        == pytest.approx(found["old"]["value"], abs=0.1)
        == 20 * (120 - len(refused)) / 120
    )


@pytest.mark.parametrize("key", ["Hazardous", "HAZARDOUS", "hazardous ", "hazardous\u200b"])
def test_a_key_of_the_context_is_read_however_it_is_written(lead, key):
    assert asks(lead, 20, reason="damaged", context={key: "yes"})[0] == {"review"}
    assert asks(lead, 20, reason="damaged", context={key: "no"})[0] == REMEDIES
    assert asks(lead, 20, reason="damaged", **{key: "yes"})[0] == {"review"}
    with pytest.raises(DeskError, match="GW511.*said twice"):
        asks(lead, 20, reason="damaged", context={"hazardous": "no", key: "yes"})


@pytest.mark.parametrize("said", ["?", "??", "!", "-", "...", "."])
def test_signs_alone_do_not_say_that_nothing_is_hazardous(lead, said):
    assert asks(lead, 20, reason="damaged", context={"hazardous": said})[0] == {"review"}


@pytest.mark.parametrize(
    ("reason", "wanted"),
    [
        ("Didn\u2019t arrive", {"keep", "replace", "review"}),
        ("hasnt arrived", {"keep", "replace", "review"}),
        ("Package never arrived.", {"keep", "replace", "review"}),
        ("doesn't work", REMEDIES),
        ("It is broken!", REMEDIES),
    ],
)
def test_short_forms_are_words_too(lead, reason, wanted):
    assert asks(lead, 20, reason=reason)[0] == wanted
