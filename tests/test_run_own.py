"""A wheel of one's own from what its events measure: picked, numbered, sound whatever is missing."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from gearwheel.gauges.catalogue import catalogue
from gearwheel.gauges.mapping import Mapping
from gearwheel.gauges.measure import Measurement
from gearwheel.run import LIBRARY
from gearwheel.run.own import LEAST_ERROR, TEMPLATE, chosen_gears, own_wheel, span, wandering
from gearwheel.run.record import picked, record_csv, tidy_text
from gearwheel.run.template import filled, pick
from gearwheel.spin.program import build, initial, values_at
from gearwheel.wheel.errors import DataError
from gearwheel.wheel.load import assemble_with
from gearwheel.wheel.read import parse_wheel
from gearwheel.wheel.rules import check_wheel

MONDAY = date(2023, 1, 2)
LEVELS = {  # what a shop with everything would measure, by gauge
    "customers_active": 5000, "customers_joined": 90, "customers_lost": 60, "orders": 800, "orders_repeat": 700,
    "basket": 40, "sales_value": 32_000, "price_index": 1.0, "order_score": 4.2, "satisfaction": 1.0, "visits": 9000,
    "days_delivered": 4.0, "freight_per_order": 3.0, "shipping_per_order": 4.0, "cost_fulfilment": 2500,
    "sellers_active": 60, "sellers_joined": 2, "sellers_lost": 1, "selection": 900, "third_party_share": 0.4,
    "take_rate": 0.12, "sellers_enrolled": 20, "members": 300, "fee_income": 400, "cost_overhead": 3000,
    "cost_advertising": 700, "goods_cost_share": 0.65, "tenants": 8, "hosting_revenue": 120,
}  # fmt: skip
ALWAYS = {"customers_active", "customers_joined", "customers_lost", "orders", "orders_repeat", "basket", "sales_value"}
GROUPS = (
    {"price_index"},
    {"order_score", "satisfaction"},
    {"days_delivered", "freight_per_order"},
    {"shipping_per_order", "cost_fulfilment"},
    {"sellers_active", "sellers_joined", "sellers_lost", "selection", "take_rate"},
    {"third_party_share"},
    {"sellers_enrolled"},
    {"members", "fee_income"},
    {"cost_overhead", "goods_cost_share"},
    {"cost_advertising"},
    {"tenants", "hosting_revenue"},
    {"visits"},
)


def measured(gauges, weeks: int = 70, begin: date = MONDAY) -> list[Measurement]:
    rng = np.random.default_rng(1)
    return [
        Measurement(
            gauge,
            begin + timedelta(7 * week),
            begin + timedelta(7 * week + 7),
            LEVELS[gauge] * math.exp(0.002 * week + 0.03 * rng.standard_normal()),
            0.02,
            100,
        )
        for gauge in gauges
        for week in range(weeks)
    ]


def mapping(**settings) -> Mapping:
    return Mapping("../events", **{"currency": "EUR", **settings})


def problems(text: str) -> list[str]:
    return [str(p) for p in check_wheel(assemble_with(parse_wheel(text, "own/wheel.toml"), LIBRARY))]


# ---- the template


def test_blocks_go_in_by_what_is_chosen_and_meshes_keep_what_is_there():
    template = (
        'wheel = { name = "x" }\n#: needs a\n[gear.a]\n[gear.a.mesh]\nprice = "b.price" # else own\n'
        'load = ["c.load", "b.load"]\nidle = "c.idle"\n#: needs a without b\n[aux.own]\n#~ kept = 1\n#: needs c\n[gear.c]\n'
    )
    alone = pick(template, {"a"})
    assert 'price = "own"' in alone and "load" not in alone and "idle" not in alone and "kept = 1" in alone
    both = pick(template, {"a", "b"})
    assert 'price = "b.price"' in both and 'load = "b.load"' in both and "own" not in both and "gear.c" not in both


def test_placeholders_become_numbers_beliefs_and_words():
    text = filled(
        'value = "<n>"\nbelief = "<n|near>"\nday = "<d>"\n# over <n> days\n', {"n": 1234.5, "d": "2024-01-01"}
    )
    assert "value = 1230.0" in text or "value = 1234.0" in text
    assert "low = 1030.0" in text and 'shape = "lognormal"' in text and "day = 2024-01-01" in text
    assert "over 1,230 days" in text or "over 1,234 days" in text
    with pytest.raises(KeyError):
        filled('"<unknown>"', {})


# ---- where a record begins, what it may carry


def test_a_wheel_begins_after_the_last_gap_and_once_active_has_a_past():
    rows = measured(["orders"], 60)
    assert span(rows, 90)[0] == MONDAY + timedelta(91)  # the first Monday at least 90 days on
    assert span(rows, 300)[0] == MONDAY  # too short a record to give so much away
    gap = [r for i, r in enumerate(rows) if i != 20]
    assert span(gap, 300)[:2] == (MONDAY, rows[-1].end)  # a closed week
    gap = [r for i, r in enumerate(rows) if not 15 <= i < 25]
    assert span(gap, 70)[:2] == (rows[25].start + timedelta(70), rows[-1].end)


@pytest.mark.parametrize(("weeks", "back"), [(16, 0), (30, 8), (60, 12), (400, 52)])
def test_a_fifth_is_held_back_where_enough_is_left(weeks, back):
    begin, end, kept = span(measured(["orders"], weeks), 3000)
    assert kept == timedelta(7 * back) and end - begin == timedelta(7 * weeks)


def test_nothing_of_a_wheel_comes_from_what_is_held_back():
    rows = measured(LEVELS)
    back = parse_wheel(own_wheel("a", rows, mapping())).hold_back
    last = sorted({r.end for r in rows})[-back - 1]
    changed = [r if r.end <= last else replace(r, value=7 * r.value if r.start.month % 2 else r.value) for r in rows]
    assert back == 11 and own_wheel("a", changed, mapping()) == own_wheel("a", rows, mapping())


def test_a_series_before_a_long_gap_does_not_count_against_what_came_after():
    old, new = measured(LEVELS, 12), measured(LEVELS, 60, MONDAY + timedelta(7 * 80))
    assert "fulfilment" in parse_wheel(own_wheel("gap", old + new, mapping())).gear
    with pytest.raises(DataError, match="GW490.*no customers_active"):
        own_wheel("gap", old + [r for r in new if r.gauge != "customers_active"], mapping())


def test_a_record_that_is_too_short_says_so_and_what_to_try():
    with pytest.raises(DataError, match="GW490.*11 periods(.|\n)*finer grain"):
        span(measured(["orders"], 11), 90)


def test_wandering_finds_the_noise_and_is_blind_to_trend_and_single_weeks():
    rng = np.random.default_rng(4)
    steps = 0.05 * np.arange(400) + 0.1 * rng.standard_normal(400)
    steps[100] += 3
    rows = [Measurement("g", None, MONDAY + timedelta(i), float(math.exp(v)), 0.06, 1) for i, v in enumerate(steps)]
    assert wandering("log", rows) == pytest.approx(math.sqrt(0.1**2 - 0.06**2), rel=0.15)
    still = [Measurement("g", None, r.end, math.exp(0.05 * i), None, 1) for i, r in enumerate(rows)]
    assert wandering("log", still) == LEAST_ERROR


# ---- the wheel


def test_a_wheel_of_everything_has_every_gear_and_nothing_to_complain_about():
    text = own_wheel("all", measured(LEVELS), mapping())
    wheel = parse_wheel(text)
    assert set(wheel.gear) == {
        "experience", "marketplace", "fulfilment", "membership", "costs", "procurement", "cloud",
    }  # fmt: skip
    assert problems(text) == []
    assert set(wheel.gauge) <= set(LEVELS) and {"tenants", "cost_overhead", "visits"} <= set(wheel.gauge)


@pytest.mark.parametrize(
    "left_out", [*itertools.combinations(range(len(GROUPS)), 1), (0, 1, 2, 3), (4, 5, 6), (7, 8, 9)]
)
def test_whatever_is_not_measured_the_wheel_is_sound(left_out):
    gauges = set(LEVELS) - set().union(*(GROUPS[i] for i in left_out))
    assert problems(own_wheel("some", measured(sorted(gauges)), mapping())) == []


@pytest.mark.parametrize("kept", range(len(GROUPS)))
def test_whatever_alone_is_measured_the_wheel_is_sound(kept):
    text = own_wheel("few", measured(sorted(ALWAYS | GROUPS[kept])), mapping(grain="week"))
    assert problems(text) == []
    assert set(parse_wheel(text).gauge) <= ALWAYS | GROUPS[kept]


def test_a_shop_with_two_sellers_is_no_marketplace():
    rows = [r for r in measured(LEVELS) if r.gauge != "sellers_active"]
    few = [Measurement("sellers_active", r.start, r.end, 2.0, None, 2) for r in rows if r.gauge == "orders"]
    assert "marketplace" not in parse_wheel(own_wheel("small", rows + few, mapping())).gear


def test_what_is_booked_once_a_month_is_no_weekly_sum():
    rows = measured(LEVELS)
    monthly = [r for r in rows if r.gauge != "hosting_revenue" or r.start.day <= 7]
    wheel = parse_wheel(own_wheel("monthly", monthly, mapping()))
    assert "cloud" not in wheel.gear and "hosting_revenue" not in wheel.gauge and "costs" in wheel.gear


def test_gears_are_chosen_by_their_gauges_alone():
    assert chosen_gears({}) == ("experience",)


def test_numbers_come_from_the_first_weeks():
    wheel = parse_wheel(own_wheel("all", measured(LEVELS), mapping()))
    settings = wheel.adjust
    assert settings["parameter", "experience.customers_start"]["belief"].centre == pytest.approx(5000 * 1.02, rel=0.05)
    churn = settings["parameter", "experience.churn"]["belief"]
    assert churn.centre == pytest.approx(60 / 5000 * 365.2425 / 7, rel=0.05)
    assert churn.high / churn.centre == pytest.approx(1.6, rel=0.01)
    assert settings["parameter", "membership.fee"]["value"] == pytest.approx(400 / 300 * 365.2425 / 7, rel=0.05)
    assert wheel.currency == "EUR" and wheel.grid == "week" and wheel.measured == "mapping.toml"


def test_facts_become_observational_evidence_where_their_gear_is_there():
    fact = {"of": "experience.loyalty", "estimate": 0.1, "error": 0.05, "bound": "", "title": "Reviews", "how": "x"}
    facts = {
        "review_repeat": fact,
        "no_number": {**fact, "estimate": None},
        "a_bound": {**fact, "bound": "upper"},
        "elsewhere": {**fact, "of": "cloud.lock_in"},
        "demand_sellers": {**fact, "of": "experience.choice"},
    }
    rows = measured(sorted(ALWAYS | {"price_index", "sellers_joined"}))
    wheel = parse_wheel(own_wheel("facts", rows, mapping(), facts))
    assert list(wheel.evidence) == ["review_repeat"]
    assert (
        wheel.evidence["review_repeat"].design == "observational" and wheel.evidence["review_repeat"].estimate is None
    )


def test_prices_are_one_where_the_wheel_begins_whatever_the_index_has_reached():
    """An index of 1.4 at the wheel's start is no price rise of 40 % on its first day: the margin stays that of the file."""
    for names in (LEVELS, LEVELS.keys() - {"cost_overhead", "goods_cost_share"}):
        rows = [replace(r, value=1.4 * r.value) if r.gauge == "price_index" else r for r in measured(names)]
        wheel = assemble_with(parse_wheel(own_wheel("own", rows, mapping())), LIBRARY)
        program = build(wheel)
        values = values_at(program, initial(program, program.centre()), program.centre(), 0.0)
        assert values[wheel.gauge["price_index"].of] == pytest.approx(1.4 * 1.02, rel=0.05)
        assert values["price" if "price" in values else "costs.posted_price"] == pytest.approx(1)


# ---- the record


def plain_measures(gauges) -> dict:
    rows = [{**vars(r), "start": r.start.isoformat(), "end": r.end.isoformat()} for r in measured(gauges)]
    kinds = {name: m for name, m in catalogue().items() if name in gauges}
    keys = ("unit", "title", "scale", "error")
    about = {n: {"as": m.measure} | {k: getattr(m, k) for k in keys} for n, m in kinds.items()}
    return {"gauges": about, "rows": rows, "left_out": {"visits": "the source has no visits"}, "hash": "x"}


def test_the_record_joins_sampling_error_and_what_rows_stray_beyond_it():
    gauges = sorted(ALWAYS | {"price_index"})
    wheel = parse_wheel(own_wheel("r", measured(gauges), mapping()))
    lines = [line.split(",") for line in record_csv(wheel, plain_measures(gauges)).splitlines()[1:]]
    assert min(line[2] for line in lines) > wheel.start.isoformat() > MONDAY.isoformat()
    joined = next(line for line in lines if line[0] == "orders")
    assert float(joined[5]) == pytest.approx(math.hypot(0.02, wheel.gauge["orders"].error), rel=1e-4)
    level = next(line for line in lines if line[0] == "customers_active")
    assert level[1] == "" and joined[1] < joined[2]


def test_some_gauges_are_picked_and_a_wrong_name_says_why():
    measures = plain_measures(sorted(ALWAYS))
    assert set(picked(measures, ["orders"])["gauges"]) == {"orders"}
    assert tidy_text(picked(measures, ["orders"])).count("\n") == 71
    with pytest.raises(DataError, match="no visits"):
        picked(measures, ["visits"])
    with pytest.raises(DataError, match="Did you mean 'orders'"):
        picked(measures, ["order"])


# ---- profit, and what money can be spent on


def at_start(left_out=(), **changed):
    """(assembled wheel, every variable on its first day) of a shop that measures all but this."""
    wheel = assemble_with(parse_wheel(own_wheel("own", measured(LEVELS.keys() - set(left_out)), mapping())), LIBRARY)
    program = build(wheel)
    given = {**program.centre(), **changed}
    return wheel, values_at(program, initial(program, given), given, 0.0)


COSTS = ("cost_overhead", "goods_cost_share")
SELLERS = ("sellers_active", "sellers_joined", "selection")


@pytest.mark.parametrize("price", [0.8, 1.0, 1.25])
def test_profit_without_costs_is_price_over_the_believed_cost_of_an_order(price):
    wheel, values = at_start((*COSTS, *SELLERS), price_setting=price)
    goods = values["orders"] * values["experience.basket"] / values["price"]  # like for like
    assert values["price"] == pytest.approx(price)
    assert values["profit"] == pytest.approx(goods * (price - values["cost_share"]))
    assert wheel.parameter["cost_share"].belief and "yours to replace" in wheel.parameter["cost_share"].because


@pytest.mark.parametrize("price", [0.8, 1.0])
def test_a_platform_pays_for_a_lower_price_of_its_sellers(price):
    _, values = at_start(COSTS, price_setting=price)
    goods = values["sales"] / price
    theirs, take = values["marketplace.third_party_share"], values["marketplace.take_rate"]
    own = (1 - theirs) * (price - values["cost_share"] * price / values["price"])
    expected = goods * (theirs * (price - (1 - take)) + own - price * values["serving"])
    assert values["profit"] == pytest.approx(expected)


def test_profit_with_costs_keeps_the_goods_at_what_suppliers_charge():
    wheel, values = at_start(SELLERS)
    assert values["profit"] == pytest.approx(values["costs.operating_income"])  # at the first prices
    program = build(wheel)
    state = initial(program, program.centre())
    state[program.stocks.index("costs.posted_price")] = 0.9
    cheaper = values_at(program, state, program.centre(), 0.0)
    by_price = cheaper["procurement.purchase_spending"] * (1 - 1 / 0.9)
    assert cheaper["profit"] - cheaper["costs.operating_income"] == pytest.approx(by_price)


@pytest.mark.parametrize(
    "left_out",
    [(), COSTS, ("cost_advertising",), (*COSTS, *SELLERS, "days_delivered", "shipping_per_order", "freight_per_order")],
)
def test_money_can_be_spent_on_a_lever_whatever_is_measured_and_no_gauge_reads_what_is_believed_of_it(left_out):
    wheel, before = at_start(left_out)
    assert any(lever.spends != "0" for lever in wheel.lever.values()) and wheel.outcomes[0] == "profit"
    assert ("winning" in wheel.lever) != ("cost_advertising" in wheel.gauge)
    beliefs = {"cost_share", "serving", "faster", "winning_cost"} & wheel.parameter.keys()
    _, after = at_start(left_out, **{n: 1.3 * wheel.parameter[n].centre for n in beliefs})
    for gauge in wheel.gauge.values():
        assert after[gauge.of] == before[gauge.of], gauge.of
    if "winning" in wheel.lever:
        _, spent = at_start(left_out, winning=1000.0)
        assert spent["experience.joining"] > before["experience.joining"]
    if "faster" in wheel.parameter:
        _, hurried = at_start(left_out, **{"fulfilment.days_reference": 0.8 * before["days_today"]})
        rate = before["orders"] * before["carriage"] * (0.8 ** -before["faster"] - 1)
        assert hurried["faster_spending"] == pytest.approx(rate * hurried["orders"] / before["orders"])


def test_offers_carry_a_promise_of_delivery_only_where_sellers_are_packed_for():
    """Elsewhere the port is left alone: the gear's own reference makes its effect 1."""
    template = TEMPLATE.read_text("utf-8")
    gears = {"marketplace", "fulfilment", "orders"}
    without, with_ = (pick(template, {*gears, *more}, ["experience"]) for more in ((), ("sellers_enrolled",)))
    assert "eligible_share" not in without
    assert 'eligible_share = "packed_share"' in with_ and "eligible_share_reference" in with_
