"""What a decision has to keep to, whatever is asked: probabilities, lots, caps, rights, costs that add up."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk_requests import NOW, POLICY, desk, request
from gearwheel.desk.answer import answer, waves
from gearwheel.desk.consider import digests_of, drawn, lots_of, propensities
from gearwheel.desk.customers import NOBODY, Customers, facts_of, read_customers
from gearwheel.desk.decide import decide
from gearwheel.desk.explain import options, reasons
from gearwheel.desk.learned import knowledge_text, parse_knowledge, read_knowledge
from gearwheel.desk.ledger import DAY, Ledger
from gearwheel.desk.record import ENCODE, Entry, name_of
from gearwheel.desk.requests import check_rows, check_table
from gearwheel.desk.returns import RETURNS
from gearwheel.desk.weigh import BLOCK, layout, weigh
from gearwheel.wheel.errors import DeskError, Problem

DESK = desk()
ACTIONS = DESK.policy.actions


def columns(rows: list[dict]) -> dict[str, np.ndarray]:
    checked = check_rows(RETURNS, DESK.policy, rows, NOW)
    assert not checked.faults
    facts, _ = facts_of(RETURNS, DESK.policy, NOBODY, checked.columns["customer_id"].tolist(), {})
    return checked.columns | facts


@given(
    cost=st.lists(st.floats(-1e6, 1e6), min_size=len(ACTIONS), max_size=len(ACTIONS)),
    surely=st.lists(st.floats(0, 1), min_size=len(ACTIONS), max_size=len(ACTIONS)),
    open_=st.lists(st.booleans(), min_size=len(ACTIONS), max_size=len(ACTIONS)).filter(any),
    lots=st.floats(0, 1, exclude_max=True),
)
def test_propensities_sum_to_one_and_leave_every_open_action_its_share(cost, surely, open_, lots):
    may = np.array([open_])
    best, chance = propensities(DESK.policy, np.array([cost]), np.array([surely]), may)
    assert chance.sum() == pytest.approx(1, abs=1e-12)
    assert (chance[may] >= DESK.policy.explore / may.sum() - 1e-15).all() and (chance[~may] == 0).all()
    picked = drawn(chance, np.array([lots]))[0]
    assert may[0, best[0]] and chance[0, picked] > 0


def test_lots_are_uniform_and_fall_as_often_as_the_propensity_says():
    lots = lots_of(digests_of(b"fixed", [f"key {i}" for i in range(20_000)]))
    counts = np.histogram(lots, 50, (0, 1))[0]
    assert ((counts - 400) ** 2 / 400).sum() < 85.4  # chi-square, 49 degrees of freedom, 0.999
    chance = np.array([0.7, 0.0, 0.25, 0.05])
    picked = np.bincount(drawn(np.tile(chance, (len(lots), 1)), lots), minlength=4) / len(lots)
    assert picked[1] == 0 and np.abs(picked - chance).max() < 4 * 0.5 / np.sqrt(len(lots))
    assert lots_of(digests_of(b"other", ["key 1"]))[0] != lots[1] == lots_of(digests_of(b"fixed", ["key 1"]))[0]


@given(
    asked=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.floats(1, 250), st.floats(0, 2 * DAY)),
        min_size=1,
        max_size=25,
    )
)
@settings(max_examples=25, deadline=None)
def test_caps_are_never_exceeded_whatever_the_order(asked):
    ledger, time, made = Ledger(DESK.policy.caps), NOW, []
    for number, (customer, product, price, wait) in enumerate(asked):
        time += wait
        row = request(number, customer_id=f"c{customer}", product_id=f"p{product}", price=price, jurisdiction="US")
        made += [e.record for e in answer(DESK, NOBODY, ledger, [row], [f"{number} {price}"], time)]
    for cap in DESK.policy.caps:
        for last in made:
            within = [
                r
                for r in made
                if r.action in cap.actions
                and last.decided_at - cap.days * DAY < r.decided_at <= last.decided_at
                and (cap.per == "all" or getattr(r, cap.per) == getattr(last, cap.per))
            ]
            assert len(within) <= cap.most and sum(r.spent for r in within) <= cap.money + 1e-6


@given(
    asked=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.floats(1, 20), st.floats(0, DAY)), min_size=2, max_size=30
    ),
    cuts=st.lists(st.integers(1, 29), max_size=3),
)
@settings(max_examples=150, deadline=None)
def test_requests_are_settled_together_as_one_by_one(asked, cuts):
    """Caps that cannot bind are left out, and those that do are answered for many at once: nobody may see it."""
    tight = desk(POLICY.replace("money = 300", "money = 25"))
    rows = [
        request(n, customer_id=f"c{customer}", product_id=f"p{product}", price=round(price, 2), jurisdiction="US")
        for n, (customer, product, price, _) in enumerate(asked)
    ]
    many, keys = columns(rows), [f"k{n}" for n in range(len(rows))]
    times = NOW + np.cumsum([wait for *_, wait in asked])
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})

    def settled(edges):
        ledger, found = Ledger(tight.policy.caps), []
        for k, end in zip(edges, edges[1:]):
            part = {n: c[k:end] for n, c in many.items()}
            one = decide(tight, part, keys[k:end], times[k:end], ledger)
            found += zip(one.actions, one.best.tolist(), one.propensity.tolist(), one.open.tolist(), one.capped)
        return found

    assert settled(edges) == settled(range(len(rows) + 1))


@pytest.mark.parametrize("price", [24.95, 19.99, 0.1, 33.33])
@pytest.mark.parametrize("together", [1, 7, 900])
def test_money_is_spent_to_the_last_cent_however_many_are_settled_at_once(price, together):
    """Sums of decimal fractions hang on their order; a replay settles other numbers at once than a batch does."""
    money = round(600 * price, 2)
    text = 'operation = "returns"\ncurrency = "EUR"\nactions = ["keep", "review"]\nfallback = "review"\ndraws = 60\n'
    text += f'surely = 0.0\n[cap.money]\nactions = ["keep"]\nper = "all"\ndays = 1\nmoney = {money}\n'
    own, rows = desk(text), [request(n, price=price) for n in range(900)]
    many, ledger, kept = columns(rows), Ledger(desk(text).policy.caps), 0
    for k in range(0, len(rows), together):
        part = {n: c[k : k + together] for n, c in many.items()}
        keys = [str(n) for n in range(k, min(k + together, len(rows)))]
        kept += decide(own, part, keys, np.full(len(keys), NOW), ledger).actions.count("keep")
    assert kept == 600


@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=3, max_size=3
    ),
    price=st.floats(0, 1e6),
)
@settings(max_examples=40, deadline=None)
def test_a_record_is_written_as_it_would_be_by_itself(texts, price):
    """Although columns are written, and not records."""
    customer, product, said = texts
    rows = [request(1), request(2, customer_id=customer, product_id=product, price=price, note=said), request(3)]
    for entry in answer(DESK, NOBODY, Ledger(DESK.policy.caps), rows, ["1", said, "3"], NOW):
        record = entry.record
        assert entry.body == ENCODE.encode(record)
        assert (name_of(entry.id), *entry[1:6]) == (
            record.id, record.decided_at, record.customer, record.product, record.action, record.spent
        )  # fmt: skip
    assert json.loads(ENCODE.encode(record.request))["customer_id"] == "c3"


@given(price=st.floats(0, 1e5), waited=st.integers(0, 14), claims=st.integers(0, 40), used=st.integers(0, 4))
@settings(max_examples=40, deadline=None)
def test_what_the_law_owes_is_granted_whatever_rules_caps_and_lots_say(price, waited, claims, used):
    ledger = Ledger(DESK.policy.caps)
    for _ in range(used):
        ledger.note("keep", "c1", "p1", NOW - 10, 400.0)
    customers = Customers({"c1": 0}, {"claims": np.array([float(claims)]), "orders": np.array([claims + 1.0])})
    row = request(1, price=price, jurisdiction="DE", delivered_at=f"2026-11-{17 - waited:02d}T10:00:00Z")
    (entry,) = answer(DESK, customers, ledger, [row], ["k"], NOW)
    assert entry.action in ("return", "keep")


def test_parts_add_up_to_the_expected_cost_in_blocks_of_any_size():
    many = columns([request(i, unit_cost=4.0 if i % 3 else None) for i in range(BLOCK + 9)])
    weighed = weigh(RETURNS, ACTIONS, many, DESK.draws)
    for a, action in enumerate(ACTIONS):
        assert sum(weighed.parts[action].values()) == pytest.approx(weighed.expected[:, a], abs=2e-6)
    for one in (0, 7, BLOCK + 3):
        alone = weigh(RETURNS, ACTIONS, {n: c[one : one + 1] for n, c in many.items()}, DESK.draws)
        assert (alone.expected[0] == weighed.expected[one]).all() and (alone.surely[0] == weighed.surely[one]).all()


def test_kinds_of_requests_are_weighed_as_each_alone(monkeypatch):
    many = columns([request(i, unit_cost=4.0 if i % 3 else None) for i in range(60)])
    many["kept"], many["value"] = np.arange(60) % 5.0, np.where(np.arange(60) % 2, np.nan, 90.0)
    laid = layout(RETURNS, ACTIONS, DESK.draws)
    whole = weigh(RETURNS, ACTIONS, many, DESK.draws, laid)
    assert len(laid.known) == 10
    monkeypatch.setattr("gearwheel.desk.weigh.REMEMBERED", 3)  # fewer than there are
    laid = layout(RETURNS, ACTIONS, DESK.draws)
    few = weigh(RETURNS, ACTIONS, many, DESK.draws, laid)
    assert len(laid.known) <= 3
    for row in range(60):
        alone = weigh(RETURNS, ACTIONS, {n: c[row : row + 1] for n, c in many.items()}, DESK.draws, laid)
        for found in (whole, few):
            assert (alone.expected[0] == found.expected[row]).all() and (alone.surely[0] == found.surely[row]).all()
            assert alone.costs[0] == pytest.approx(found.costs[row], abs=1e-9)


def test_expected_costs_are_those_of_the_sum_over_all_draws():
    some = columns([request(i) for i in range(5)])
    weighed, weights = weigh(RETURNS, ACTIONS, some, DESK.draws), RETURNS.weights(RETURNS.kinds(some), DESK.draws)
    amounts = RETURNS.amounts(some)
    for a, action in enumerate(ACTIONS):
        total = sum(
            amounts[p.amount][:, None] * np.broadcast_to(p.rate, (60,)) * weights.get(p.when, 1.0)
            for p in RETURNS.costs(DESK.draws)[action]
        )
        usual = total if action == "return" else usual  # noqa: F821 - the fallback comes first
        assert weighed.expected[:, a] == pytest.approx(total.mean(axis=1), abs=1e-6)
        assert weighed.surely[:, a] == pytest.approx((total < usual - 1e-9).mean(axis=1), abs=1e-12)


FAULTS = {
    "GW510": [{"order_id": ...}, {"customer_id": ""}, {"price": None}, {"requested_at": ...}],
    "GW511": [{"price": "19"}, {"quantity": True}, {"reason": 7}, {"requested_at": "yesterday"}, {"reason": "x" * 501},
              {"customer_id": "\ud800"}, {"customer_id": "a\0b"}, {"price": float("inf")}, {"requested_at": 1e9}],
    "GW512": [{"price": -1}, {"quantity": 0}, {"quantity": -2}, {"price": 1e300}, {"quantity": 10**400},
              {"price": 1e8, "quantity": 100.0}],
    "GW514": [{"currency": "USD"}],
    "GW515": [{"requested_at": "2026-11-19T10:00:00Z"}, {"delivered_at": "2027-01-01"}],
}  # fmt: skip


@pytest.mark.parametrize(("code", "changed"), [(c, x) for c, several in FAULTS.items() for x in several])
def test_faults_are_typed_and_leave_the_others_alone(code, changed):
    ledger = Ledger(DESK.policy.caps)
    first, wrong, last = answer(
        DESK, NOBODY, ledger, [request(1), request(2, **changed), request(3)], ["a", "b", "c"], NOW
    )
    assert isinstance(wrong, Problem) and wrong.code == code and wrong.message
    assert isinstance(first, Entry) and isinstance(last, Entry)
    assert sum(sum(r.values()) for r in ledger.answered.values()) == 2


def test_a_date_that_has_begun_somewhere_is_not_still_to_come():
    evening = 1_795_000_000.0 // 86_400 * 86_400 + 20 * 3600  # 20:00 UTC: tomorrow in Sydney
    tomorrow = datetime.fromtimestamp(evening + 86_400, UTC).date().isoformat()
    for requested, fine in ((tomorrow, True), (f"{tomorrow}T01:00:00Z", False), (tomorrow[:4] + "-12-31", False)):
        (found,) = answer(DESK, NOBODY, Ledger(()), [request(1, requested_at=requested)], ["k"], evening)
        assert isinstance(found, Entry) == fine, requested


def test_unknown_customers_are_newcomers_or_refused_as_the_policy_says():
    strict = desk(POLICY.replace('currency = "EUR"', 'currency = "EUR"\nunknown_customers = "refuse"'))
    ledger, rows = Ledger(DESK.policy.caps), [request(1), request(2)]
    found = answer(strict, Customers({"c2": 0}, {"orders": np.array([5.0])}), ledger, rows, ["a", "b"], NOW)
    assert found[0].code == "GW513" and found[1].customer == "c2"
    assert all(isinstance(r, Entry) for r in answer(DESK, NOBODY, ledger, rows, ["a", "b"], NOW))


def test_a_table_is_checked_like_rows(tmp_path):
    rows = [request(i) for i in range(4)] + [request(5, price=-1.0), request(6, currency="USD")]
    table = pa.Table.from_pylist(rows)
    by_table, by_rows = (
        check(RETURNS, DESK.policy, what, NOW) for check, what in ((check_table, table), (check_rows, rows))
    )
    assert by_table.faults == by_rows.faults and sorted(by_rows.faults) == [4, 5]
    for name, column in by_rows.columns.items():
        assert np.array_equal(by_table.columns[name], column, equal_nan=column.dtype.kind in "fM"), name
    with pytest.raises(DeskError, match="GW510.*order_id"):
        check_table(RETURNS, DESK.policy, table.drop_columns("order_id"), NOW)
    with pytest.raises(DeskError, match="GW511.*price"):
        check_table(RETURNS, DESK.policy, table.set_column(4, "price", [["dear"] * 6]), NOW)


def test_facts_are_the_record_and_what_the_desk_answered_since(tmp_path):
    table = pa.table({"customer_id": ["a", "b"], "claims": [2.0, None], "kept": [1.0, 0.0]})
    pq.write_table(table.replace_schema_metadata({"as_of": "1000"}), tmp_path / "customers.parquet")
    customers = read_customers(tmp_path / "customers.parquet", RETURNS)
    ledger = Ledger((), customers.as_of)
    for action, time in (("keep", 900.0), ("keep", 1100.0), ("return", 1200.0)):
        ledger.note(action, "a", "p", time, 0.0)
    facts, faults = facts_of(RETURNS, DESK.policy, customers, ["a", "b", "c"], ledger.answered)
    assert facts["claims"].tolist() == [4, 0, 0] and facts["kept"].tolist() == [2, 0, 0] and not faults
    assert np.isnan(facts["value"]).all()


def noted(ledger: Ledger) -> tuple:
    """All that the ledger holds."""
    answered = {c: {a: n for a, n in r.items() if n} for c, r in ledger.answered.items()}
    queues = [{k: list(q.made) for k, q in noted.items() if q.made} for _, noted, *_ in ledger._kept]
    return {c: r for c, r in answered.items() if r}, queues, ledger.last


def test_what_was_not_committed_never_happened():
    ledger = Ledger(DESK.policy.caps)
    answer(DESK, NOBODY, ledger, [request(1)], ["a"], NOW)
    before = noted(ledger)
    ledger.begin()
    answer(DESK, NOBODY, ledger, [request(i, price=5) for i in range(1, 30)], [str(i) for i in range(1, 30)], NOW + 9)
    assert noted(ledger) != before
    ledger.take_back()
    assert noted(ledger) == before


def test_a_customer_who_asks_twice_at_once_is_answered_one_after_the_other():
    assert waves("abacba") == [[0, 1, 3], [2, 4], [5]]


def test_what_is_cheaper_is_told_beside_the_policy_s_own_fallback():
    text = 'operation = "returns"\ncurrency = "EUR"\nactions = ["keep", "review"]\nfallback = "review"\ndraws = 60\n'
    other, some = desk(text), columns([request(i) for i in range(3)])
    own = weigh(RETURNS, other.policy.actions, some, other.draws, other.layout)
    assert (own.surely[:, 1] == 0).all() and (own.surely[:, 0] > 0).all()
    both = [ACTIONS.index("keep"), ACTIONS.index("review")]
    assert own.expected == pytest.approx(weigh(RETURNS, ACTIONS, some, other.draws).expected[:, both])


@pytest.mark.parametrize(
    ("columns", "as_of"),
    [
        ({"customer_id": ["a"], "orders": [np.inf]}, b"0"),
        ({"customer_id": ["a"], "value": [1e300]}, b"0"),
        ({"customer_id": ["a", "b"], "claims": [1.0, -1.0]}, b"0"),
        ({"customer_id": [["a"]], "orders": [1.0]}, b"0"),
        ({"customer_id": ["a"], "orders": [1.0]}, b"soon"),
    ],
)
def test_what_no_customer_can_be_is_refused_in_words(tmp_path, columns, as_of):
    file = tmp_path / "customers.parquet"
    pq.write_table(pa.table(columns).replace_schema_metadata({b"as_of": as_of}), file)
    with pytest.raises(DeskError, match="GW511"):
        read_customers(file, RETURNS)


def test_a_column_twice_and_a_draw_beyond_all_numbers_are_refused_in_words(tmp_path):
    file = tmp_path / "customers.parquet"
    columns = [pa.array(["a"]), pa.array(["b"]), pa.array([1.0])]
    pq.write_table(pa.table(columns, names=["customer_id", "customer_id", "orders"]), file)
    with pytest.raises(DeskError, match=r"GW511.*more than once"):
        read_customers(file, RETURNS)
    with pytest.raises(DeskError, match="GW511"):
        parse_knowledge(f'{{"quantities": {{"goodwill": {{"draws": [{10**400}]}}}}}}', RETURNS)


@pytest.mark.parametrize(
    ("name", "draws"),
    [("goodwill", [0.0, 1e300]), ("handling", [-5.0, -6.0]), ("salvage", [30.0, 40.0]), ("margin", [0.3, 0.4, -9.0])],
)
def test_what_cannot_have_been_learned_is_refused(tmp_path, name, draws):
    file = tmp_path / "knowledge.json"
    file.write_text(knowledge_text("returns", {name: np.array(draws)}, {}))
    with pytest.raises(DeskError, match=f"GW503.*'{name}' reach"):
        read_knowledge(file, RETURNS)


def test_the_auditor_reads_why_what_seems_cheaper_was_not_done():
    text = POLICY.replace("explore = 0.2", "explore = 0.0\nsurely = 0.999")
    careful = desk(text)
    (entry,) = answer(
        careful, NOBODY, Ledger(careful.policy.caps), [request(1, jurisdiction="US", price=9.0)], ["k"], NOW
    )
    record = entry.record
    cost = {o["action"]: o["expected_cost"] for o in options(careful.form, record) if o["open"]}
    cheaper = [a for a in cost if cost[a] < cost[record.best]]
    said = reasons(careful.policy, careful.form, record)
    assert cheaper and all(f"{a.capitalize()} may be" in said for a in cheaper)
    assert said.count("cheaper still") == len(cheaper)
