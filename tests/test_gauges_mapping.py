"""mapping.toml: read, written, patched with its comments kept, and every mistake with its line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.gauges.mapping import Mapping, TableMap, mapping_text, parse_mapping, read_mapping, write_mapping
from gearwheel.gauges.sources.expression import ExpressionError, checked
from gearwheel.wheel.errors import DataError

GOOD = '''# our shop
source = "../exports"   # the nightly export
time_zone = "Europe/Berlin"
active_days = 60        # they buy every month

[table.orders]
from = "orders"         # not the archive
where = "kind = 'sale'"
[table.orders.columns]
order_id = "id"         # the number on the receipt
customer_id = "customer"
placed_at = "created at"
[table.order_lines]
from = "lines"
[table.order_lines.columns]
order_id = "order"
line = "pos"
product_id = "sku"
price = "net * 1.19"
'''  # fmt: skip


def test_reads_what_is_written():
    mapping = parse_mapping(GOOD)
    assert mapping.source == "../exports" and mapping.active_days == 60 and mapping.grain == "week"
    assert mapping.tables["orders"].where == "kind = 'sale'"
    assert mapping.tables["order_lines"].columns["price"] == "net * 1.19"


def test_a_change_keeps_every_comment():
    mapping = parse_mapping(GOOD)
    orders = replace(mapping.tables["orders"], columns={**mapping.tables["orders"].columns, "status": "state"})
    changed = replace(mapping, active_days=90, tables={**mapping.tables, "orders": orders})
    text = mapping_text(changed)
    assert parse_mapping(text) == changed
    for comment in (
        "# our shop",
        "# the nightly export",
        "# they buy every month",
        "# not the archive",
        "# the number",
    ):
        assert comment in text
    assert mapping_text(mapping) == GOOD


words = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\x7f", exclude_categories=("Cc", "Cs")),
    min_size=1,
    max_size=12,
)


@given(source=words.filter(str.strip), name=words, where=words, cell=words.filter(str.strip), days=st.integers(1, 3650))
def test_a_fresh_document_reads_back(source, name, where, cell, days):
    lines = TableMap(name, {"order_id": cell, "line": cell, "product_id": cell, "price": cell})
    orders = TableMap(name, {"order_id": cell, "customer_id": cell, "placed_at": cell}, where)
    mapping = Mapping(source, active_days=days, tables={"orders": orders, "order_lines": lines})
    assert parse_mapping(mapping_text(mapping, {("orders", "order_id"): "why\nso"})) == mapping


def test_never_overwrites_unless_asked(tmp_path):
    file = tmp_path / "mapping.toml"
    written = write_mapping(parse_mapping(GOOD), file)
    assert file.read_text() == GOOD and written.file == str(file)
    with pytest.raises(DataError, match="GW445.*this file exists"):
        write_mapping(Mapping("x", adapter="olist"), file)
    assert file.read_text() == GOOD
    write_mapping(Mapping("x", adapter="olist"), file, overwrite=True)
    assert read_mapping(file).adapter == "olist"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mapping.toml"]


def test_every_mistake_is_told_with_its_line():
    text = GOOD.replace("time_zone", "timezone").replace("active_days = 60", "active_days = 0")
    text = text.replace('line = "pos"\n', "").replace('order_id = "id"', 'oder_id = "id"')
    with pytest.raises(DataError) as caught:
        parse_mapping(text, "mapping.toml")
    told = str(caught.value)
    for line in (
        "mapping.toml:3: error GW442: a mapping has no 'timezone'\n    Did you mean 'time_zone'?",
        "mapping.toml:4: error GW444: active_days is a whole number",
        "mapping.toml:10: error GW442: orders has no column 'oder_id'\n    Did you mean 'order_id'?",
        "mapping.toml:9: error GW443: orders.order_id is not mapped",
        "mapping.toml:15: error GW443: order_lines.line is not mapped",
    ):
        assert line in told


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('source = "x', "GW441"),
        ("", "GW443.*names no source"),
        ('source = "x"', "GW443.*'orders' is not mapped"),
        ('source = "x"\nadapter = "olist"\ntime_zone = "Europe/Berlni"', "GW444.*Did you mean 'Europe/Berlin'"),
        ('source = "x"\nadapter = "olist"\ncurrency = "eur"', "GW444.*EUR"),
        ('source = "x"\nadapter = "olist"\ngrain = "wek"', "GW444.*Did you mean 'week'"),
        ('source = "x"\nadapter = 3', "GW444.*adapter must be a text"),
        ('source = "x"\nadapter = "olist"\ntable = 3', "GW444"),
        ('source = "x"\nadapter = "olist"\n[table.ordrs]', "GW442.*Did you mean 'orders'"),
        ('source = "x"\nadapter = "olist"\n[table.visits]\nday = "d"', "columns stand under"),
    ],
)
def test_a_mistake_is_told_in_words(text, what):
    with pytest.raises(DataError) as caught:
        parse_mapping(text)
    import re

    assert re.search(what, str(caught.value), re.DOTALL)


def test_files_that_are_no_mapping(tmp_path):
    with pytest.raises(DataError, match="GW440"):
        read_mapping(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("source = 'münchen'".encode("latin-1"))
    with pytest.raises(DataError, match="not UTF-8"):
        read_mapping(tmp_path / "latin.toml")


COLUMNS = ["id", "created at", "kind", '"; drop table', "a"]


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("created at", '"created at"'),
        ("ID", '"id"'),
        ('"; drop table', '"""; drop table"'),
        ("a * 2 + 1", '"a" * 2 + 1'),
        ("case when a > 1 then 'x' else kind end", 'CASE WHEN "a" > 1 THEN \'x\' ELSE "kind" END'),
        ("strptime(kind, '%d.%m.%Y')", "STRPTIME(\"kind\", '%d.%m.%Y')"),
        ("'online'", "'online'"),
        ("lpad(id, 8, '0')", "LPAD(\"id\", 8, '0')"),
        ("epoch(a)", 'EPOCH("a")'),
        ("rpad(kind, 3, ' ')", "RPAD(\"kind\", 3, ' ')"),
    ],
)
def test_expressions(text, sql):
    assert checked(text, COLUMNS) == sql


@pytest.mark.parametrize(
    "text",
    [
        "(select 1)", "read_text('/etc/passwd')", "a in (select 1)", "exists(select 1)", "getenv('HOME')", "sum(a)",
        "row_number() over ()", "a; drop table orders", "1 from orders", "glob('/*')", "query('select 1')", "a)--",
        "list_transform([1], x -> read_text(x))", "current_setting('threads')", "other.a", "*", "a -- x\n; select 1",
        "unnest([1, 2])", "$$x$$ || a", "?", "a = any(select 1)", "(" * 900, "",
    ],
)  # fmt: skip
def test_what_is_no_harmless_expression_is_refused(text):
    with pytest.raises(ExpressionError):
        checked(text, COLUMNS)
