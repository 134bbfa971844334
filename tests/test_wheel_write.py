"""TOML → Wheel → TOML loses nothing, and an edit touches only what it changes."""

from __future__ import annotations

import difflib
import string
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gearwheel.wheel.errors import WheelError
from gearwheel.wheel.parts import (
    Aux,
    Belief,
    Evidence,
    Flow,
    Gauge,
    Lever,
    Link,
    Lookup,
    Loop,
    Parameter,
    Port,
    Shock,
    Stock,
    Use,
    Wheel,
)  # fmt: skip
from gearwheel.wheel.read import parse_wheel, read_text
from gearwheel.wheel.write import dump, save

WHEELS = Path(__file__).parent / "wheels"

words = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12)
plain = st.text(string.ascii_lowercase + "_", min_size=1, max_size=6)
floats = st.floats(allow_nan=False, allow_infinity=False)
dates = st.dates(date(1900, 1, 1), date(2100, 1, 1))
beliefs = st.builds(Belief, floats, floats, floats, st.sampled_from(["normal", "lognormal"]))
some = st.lists(plain, max_size=3).map(tuple)
dimensions = st.lists(plain, max_size=2, unique=True).map(tuple)
windows = st.integers(1, 10**9).map(lambda n: n / 10**6)
gauges = (
    st.builds(
        Gauge,
        plain,
        st.sampled_from(["end", "mean", "sum"]),
        words,
        floats,
        words,
        season=st.integers(0, 12),
        harmonics=st.integers(0, 6),
        season_sd=st.none() | floats,
        title=words,
        ceiling=st.none() | floats,
        ceiling_source=words,
    )
    | st.builds(Gauge, plain, st.just("trailing"), window=windows)
    | st.builds(Gauge, plain, st.just("ratio"), over=plain)
)
parameters = st.builds(Parameter, words, value=floats, because=words, by=dimensions) | st.builds(
    Parameter, words, belief=beliefs, because=words
)


def table(parts, names=plain):
    return st.dictionaries(names, parts, max_size=3)


wheels = st.builds(
    Wheel,
    name=words,
    unit=st.sampled_from(["year", "week", "day"]),
    dt=floats | st.sampled_from(["day", "week"]),
    start=dates,
    title=words,
    horizon=floats,
    hold_back=st.integers(-1, 60),
    outcomes=some,
    stock=table(st.builds(Stock, words, words, some, some, words, words, st.booleans(), dimensions, words)),
    flow=table(st.builds(Flow, words, words, dimensions, words)),
    aux=table(st.builds(Aux, words, words, dimensions, words)),
    parameter=table(parameters),
    lookup=table(st.builds(Lookup, *[st.lists(floats, max_size=3).map(tuple)] * 2)),
    port=table(st.builds(Port, words, words, words, words, words, words)),
    link=table(st.builds(Link, plain, plain, words, words, floats, floats, words), words),
    loop=table(st.builds(Loop, words, some)),
    lever=table(st.builds(Lever, plain, st.tuples(floats, floats), st.none() | floats, words, st.lists(st.tuples(dates, floats), max_size=2).map(tuple), outside=st.booleans())),
    shock=table(st.builds(Shock, plain, st.lists(dates, max_size=2).map(tuple), beliefs, st.integers(0, 400), words)),
    gauge=table(gauges),
    evidence=table(
        st.builds(Evidence, plain, words, st.none() | floats, st.none() | floats, st.none() | dates, st.none() | dates,
                  words, words, st.none() | floats, st.none() | floats, words, words, floats, words)
    ),
    gear=table(st.builds(Use, words, table(st.lists(plain, min_size=1, max_size=2).map(tuple)), st.none() | dates), plain.map("g_{}".format)),
    dimension=table(st.lists(plain, min_size=1, max_size=3, unique=True).map(tuple)),
)  # fmt: skip
loosely = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)


@loosely
@given(wheels)
def test_a_wheel_made_in_python_survives_its_file(wheel):
    assert parse_wheel(dump(wheel)) == wheel


@settings(parent=loosely, max_examples=50)
@given(wheels, wheels)
def test_any_wheel_can_be_edited_into_any_other(before, after):
    read = parse_wheel(dump(before))
    edited = after.changed(text=read.text)
    assert parse_wheel(dump(edited)) == after
    assert dump(read) == read.text


SHOP = """# our shop
wheel = { name = "shop", unit = "week", dt = 0.25 }   # a quarter of a week

# people
[stock.customers]   # everybody who came in a year
unit = "customer"
start = 100         # counted by hand
inflows = ["joining"]

[flow.joining]
unit = "customer/week"
equation = "customers * growth"   # word of mouth

[stock.cash]
unit = "USD"
start = 0
scale = "abs"       # may be negative

[parameter.growth]
belief = { low = 0.0, centre = 0.01, high = 0.05 }   # guess
unit = "1/week"

[gauge.ratio]
as = "ratio(customers, cash)"   # per dollar

[parameter."market.reach"]
value = 3   # ours

[gear.market]
use = "marketplace"
mesh = { traffic = "customers" }   # one source
"""


def changed_lines(old: str, new: str) -> list[str]:
    return [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[0] in "+-"]


def edited(**parts) -> tuple[Wheel, str]:
    wheel = parse_wheel(SHOP).changed(**parts)
    text = dump(wheel)
    assert parse_wheel(text) == wheel
    return wheel, text


def test_an_unchanged_wheel_keeps_every_byte():
    assert dump(parse_wheel(SHOP)) == SHOP
    for path in sorted(WHEELS.glob("*.toml")):
        text = read_text(path)
        assert dump(parse_wheel(text)) == text
    assert dump(parse_wheel(SHOP.replace("\n", "\r\n"))) == SHOP.replace("\n", "\r\n")


def test_a_changed_number_changes_its_line_and_keeps_its_comment():
    shop = parse_wheel(SHOP)
    _, text = edited(stock={**shop.stock, "customers": replace(shop.stock["customers"], start="120")})
    assert changed_lines(SHOP, text) == [
        "- start = 100         # counted by hand",
        '+ start = "120"         # counted by hand',
    ]


def test_header_belief_mesh_ratio_and_adjustment_are_patched_in_place():
    shop = parse_wheel(SHOP)
    belief = replace(shop.parameter["growth"].belief, high=0.07)
    _, text = edited(
        dt=0.5,
        parameter={"growth": replace(shop.parameter["growth"], belief=belief)},
        gear={"market": Use("marketplace", {"traffic": ("customers", "cash")})},
        gauge={"ratio": replace(shop.gauge["ratio"], of="cash", over="customers")},
        adjust={("parameter", "market.reach"): {"value": 4.0}},
    )
    assert [line[2:] for line in changed_lines(SHOP, text) if line[0] == "+"] == [
        'wheel = { name = "shop", unit = "week", dt = 0.5 }   # a quarter of a week',
        "belief = { low = 0.0, centre = 0.01, high = 0.07 }   # guess",
        'as = "ratio(cash, customers)"   # per dollar',
        "value = 4   # ours",
        'mesh = { traffic = ["customers", "cash"] }   # one source',
    ]


def test_parts_come_and_go_without_touching_the_others():
    shop = parse_wheel(SHOP)
    _, text = edited(
        stock={"customers": shop.stock["customers"]},
        aux={"twice": Aux("customer", "2 * customers")},
        gauge={},
    )
    removed = [line[2:] for line in changed_lines(SHOP, text) if line[0] == "-" and line[2:].strip()]
    added = [line[2:] for line in changed_lines(SHOP, text) if line[0] == "+" and line[2:].strip()]
    assert set(removed) == set(
        SHOP[SHOP.index("[stock.cash]") : SHOP.index("[parameter.growth]")].split("\n")[:-2]
    ) | set(SHOP[SHOP.index("[gauge.ratio]") : SHOP.index('[parameter."market')].split("\n")[:-2])
    assert added == ["[aux.twice]", 'unit = "customer"', 'equation = "2 * customers"']


def test_a_field_set_back_to_its_default_leaves_the_file():
    shop = parse_wheel(SHOP)
    _, text = edited(stock={**shop.stock, "cash": replace(shop.stock["cash"], scale="log")})
    assert changed_lines(SHOP, text) == ['- scale = "abs"       # may be negative']


def test_an_assembled_wheel_is_not_a_file():
    with pytest.raises(WheelError, match="GW131"):
        dump(Wheel("w", sentences={"market": "…"}))


def test_save_writes_whole_and_only_over_its_own(tmp_path):
    path = tmp_path / "shop.toml"
    path.write_text(SHOP)
    shop = parse_wheel(read_text(path), str(path))
    saved = save(shop.changed(dt=0.5), path)
    assert parse_wheel(path.read_text()) == saved == shop.changed(dt=0.5)
    assert save(saved.changed(dt=1.0), path).dt == 1.0, "what save returns may be saved again"
    with pytest.raises(WheelError, match="GW130"):
        save(shop, path)
    assert parse_wheel(path.read_text()).dt == 1.0
    save(shop, path, overwrite=True)
    assert path.read_text() == SHOP
    with pytest.raises(WheelError, match="GW130"):
        save(Wheel("other"), path)
    with pytest.raises(WheelError, match="GW130"):
        save(shop, tmp_path / "missing" / "shop.toml")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["shop.toml"], "no temporary file stays behind"


def test_a_failing_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "shop.toml"
    path.write_text(SHOP)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gearwheel.wheel.write.os.replace", fail)
    with pytest.raises(WheelError, match="No space left"):
        save(parse_wheel(SHOP).changed(dt=0.5), path)
    assert path.read_text() == SHOP
    assert sorted(p.name for p in tmp_path.iterdir()) == ["shop.toml"]
