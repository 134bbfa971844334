"""Bad input: one clear message each, with code, file, line and hint; hostile input: refused quickly."""

from __future__ import annotations

import time
from datetime import date

import pytest

from gearwheel.wheel.errors import WheelError
from gearwheel.wheel.parts import Belief
from gearwheel.wheel.read import MAX_PROBLEMS, parse_wheel, read_text

GOOD = """wheel = { name = "w", unit = "week", start = 2024-01-01 }

[stock.customers]
unit = "customer"
start = 100
inflows = "joining"

[flow.joining]
unit = "customer/week"
equation = "customers * growth"

[parameter.growth]
unit = "1/week"
belief = { low = 0.0, centre = 0.01, high = 0.05 }

[lever.push]
of = "growth"
limits = [0, 1]
history = [[2024-01-01, 0.01], [2024-06-01, 0.02]]

[gauge.visits]
of = "customers"
as = "trailing(2 weeks)"

[gear.market]
use = "marketplace"
mesh = { traffic = "customers", price = ["a.price", "b.price"] }
"""


def problems(text: str):
    with pytest.raises(WheelError) as caught:
        parse_wheel(text, "shop.toml")
    return caught.value.problems


def test_a_good_file_is_read_whole():
    wheel = parse_wheel(GOOD, "shop.toml")
    assert wheel.start == date(2024, 1, 1)
    assert wheel.stock["customers"].start == "100" and wheel.stock["customers"].inflows == ("joining",)
    assert wheel.parameter["growth"].belief == Belief(0, 0.01, 0.05)
    assert wheel.lever["push"].history[1] == (date(2024, 6, 1), 0.02)
    assert (wheel.gauge["visits"].measure, wheel.gauge["visits"].window) == ("trailing", 2)
    assert wheel.gear["market"].mesh == {"traffic": ("customers",), "price": ("a.price", "b.price")}
    assert wheel.places["stock", "customers"].line == 3


@pytest.mark.parametrize(
    ("old", "new", "code", "said", "hint"),
    [
        ("inflows =", "inflow =", "GW105", "'inflow'", "Did you mean 'inflows'?"),
        ("limits = [0, 1]", 'limits = "wide"', "GW109", "'wide'", "It wants"),
        ("limits = [0, 1]", "limits = [0, 1, 2]", "GW109", "lever.push.limits", "It wants"),
        ('equation = "customers * growth"\n', "", "GW108", "lacks 'equation'", ""),
        ('of = "customers"\n', "", "GW108", "what it is a gauge of", "Add of"),
        ("[stock.customers]", "[stok.customers]", "GW103", "'stok'", "Did you mean 'stock'?"),
        ("high = 0.05", "hi = 0.05", "GW105", "'hi'", ""),
        ("high = 0.05", 'high = "much"', "GW109", "as numbers", ""),
        ("belief = {", "value = 1\nbelief = {", "GW108", "either a value or a belief", ""),
        ('"trailing(2 weeks)"', '"median"', "GW110", "'median'", "trailing(12 month)"),
        ('unit = "week"', 'unit = "fortnight"', "GW106", "'fortnight'", "One of year"),
        ('unit = "week"', 'unti = "week"', "GW105", "'unti'", "Did you mean 'unit'?"),
        ("start = 2024-01-01 }", 'start = "May" }', "GW109", "'May'", "date such as"),
        ("[flow.joining]", '[flow."join ing"]', "GW107", "'join ing'", ""),
        ("[[2024-01-01, 0.01]", '[["May", 0.01]', "GW109", "history", "pairs"),
        ('use = "marketplace"\n', "", "GW108", "lacks 'use'", ""),
        ("[flow.joining]", "[dimension]\nregion = [1]\n[flow.joining]", "GW109", "region", "letters"),
        ("[flow.joining]", "[dimension]\nregion = []\n[flow.joining]", "GW109", "region", "letters"),
        ("start = 100", f"start = 1{'0' * 400}", "", "", ""),
        ("limits = [0, 1]", f"limits = [0, 1{'0' * 400}]", "GW109", "limits", ""),
    ],
)
def test_each_slip_gets_one_message_with_its_line(old, new, code, said, hint):
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    if not code:
        assert parse_wheel(text)
        return
    found = problems(text)
    problem = found[0]
    assert len(found) == 1
    assert (problem.code, problem.file, problem.severity) == (code, "shop.toml", "error")
    assert said in problem.message and hint in problem.hint
    slip = GOOD[: GOOD.index(old)].count("\n") + 1
    assert abs(problem.line - slip) <= 4, "the line is that of the key or of its table"
    assert str(problem).startswith(f"shop.toml:{problem.line}: error {code}: ")


def test_all_slips_are_told_at_once():
    text = GOOD.replace("inflows =", "inflow =").replace("limits =", "limit =")
    assert {p.code for p in problems(text)} == {"GW105", "GW108"}


@pytest.mark.parametrize("cut", range(20, len(GOOD) - 2, 23))
def test_a_truncated_file_is_refused_or_whole(cut):
    """A cut may fall between two tables; what is then read must be a beginning of the file, never an invention."""
    whole = parse_wheel(GOOD)
    try:
        part, found = parse_wheel(GOOD[:cut], "cut.toml"), ()
    except WheelError as error:
        part, found = whole, error.problems
    assert part is whole or all(
        getattr(part, k).items() <= getattr(whole, k).items() for k in ("stock", "flow", "lever")
    )
    assert {p.code for p in found} <= {"GW102", "GW103", "GW104", "GW105", "GW106", "GW108", "GW109"}
    assert all(p.file == "cut.toml" and p.line > 0 for p in found)


def test_a_cut_in_a_table_names_its_line():
    (problem,) = problems(GOOD[: GOOD.index("a.price") + 3])
    assert problem.code == "GW102" and problem.line >= 27


HOSTILE = {
    "ten megabytes": "x = 1\n" * 1_700_000,
    "nested arrays": "x = " + "[" * 10_000 + "]" * 10_000,
    "nested tables": "x = " + "{a=" * 10_000 + "1" + "}" * 10_000,
    "dotted keys": "stock.x.unit" + ".a" * 10_000 + " = 1",
    "dotted header": "[" + "a." * 10_000 + "b]",
    "spaces in a header": "[" + " " * 900_000,
    "escaped quotes": 'x = "' + '\\"' * 400_000,
    "unknown keys": "[stock.a]\n" + "\n".join(f"zz{i} = 1" for i in range(60_000)),
    "many parts": "\n".join(f"[lookup.a{i}]\nx=[1]\ny=[1]" for i in range(20_000)),
    "thousands of digits": "wheel = { dt = " + "9" * 5_000 + " }",
    "not a table": "stock = 5\nwheel = 7\ndimension = 3\ngear = 1",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_refused_quickly(kind):
    begun = time.process_time()
    found = problems(HOSTILE[kind])
    assert time.process_time() - begun < 4
    assert len(found) <= MAX_PROBLEMS and all(len(str(p)) < 1_000 for p in found)


def test_an_import_in_an_equation_is_only_text_until_it_is_refused():
    from gearwheel.wheel.assemble import assemble

    wheel = parse_wheel(
        GOOD.split("[gear")[0].replace("customers * growth", "__import__('os').system('true')"), "shop.toml"
    )
    with pytest.raises(WheelError) as caught:
        assemble(wheel, None)
    (problem,) = caught.value.problems
    assert (problem.code, problem.file, problem.line) == ("GW124", "shop.toml", 8)


def test_files_that_are_no_files(tmp_path):
    for path in (tmp_path, tmp_path / "missing.toml"):
        with pytest.raises(WheelError, match="GW101"):
            read_text(path)
    (tmp_path / "latin.toml").write_bytes(b"title = 'caf\xe9'")
    (tmp_path / "big.toml").write_bytes(b"#" * 1_000_001)
    for name, said in (("latin.toml", "UTF-8"), ("big.toml", "bytes")):
        with pytest.raises(WheelError, match=said):
            read_text(tmp_path / name)
