"""The equation parser: exact, bounded, and never an interpreter."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearwheel.wheel.parse import MAX_DEPTH, MAX_HEIGHT, MAX_LENGTH, ParseError, parse
from gearwheel.wheel.tree import Call, Name, Number, Tree, names, rename, substitute, text

identifiers = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True).filter(lambda s: s not in {"and", "or", "not"})
numbers = st.floats(min_value=0, max_value=1e12, allow_nan=False).map(abs).map(Number)
name_trees = st.builds(Name, identifiers, st.lists(identifiers, max_size=2).map(tuple))
BINARY = ["+", "-", "*", "/", "^", "<", "<=", ">", ">=", "=", "!=", "and", "or"]


def grown(inner):
    two = st.builds(lambda fn, a, b: Call(fn, (a, b)), st.sampled_from(BINARY), inner, inner)
    one = st.builds(lambda fn, a: Call(fn, (a,)), st.sampled_from(["neg", "not", "abs", "ln"]), inner)
    return two | one | st.builds(lambda a, b, c: Call("if", (a, b, c)), inner, inner, inner)


trees = st.recursive(numbers | name_trees, grown, max_leaves=25)


@given(trees)
def test_text_and_parse_are_inverse(tree: Tree):
    assert parse(text(tree)) == tree


@pytest.mark.parametrize(
    ("equation", "same"),
    [
        ("a - b - c", "(a - b) - c"),
        ("a ^ b ^ c", "a ^ (b ^ c)"),
        ("-a ^ 2", "-(a ^ 2)"),
        ("2 ^ -a * b", "(2 ^ (-a)) * b"),
        ("a + b * c", "a + (b * c)"),
        ("a / b * c", "(a / b) * c"),
        ("not a < b and c", "(not (a < b)) and c"),
        ("a or b and c", "a or (b and c)"),
        ("a ** 2", "a ^ 2"),
        ("a == b", "a = b"),
        ("a <> b", "a != b"),
        ("MAX(a, b)", "max(a, b)"),
        ("1.5e3", "1500"),
    ],
)
def test_precedence_is_that_of_mathematics(equation, same):
    assert parse(equation) == parse(same)
    assert parse(text(parse(equation))) == parse(equation)


@pytest.mark.parametrize(
    "equation",
    [
        "",
        "  ",
        "a +",
        "a b",
        "(a",
        "a)",
        "f(a",
        "f(a,)",
        "a < b < c",
        "a[1]",
        "a[]",
        "1..2",
        "a;b",
        "a.b.",
        "'x'",
        "1e999",
    ],
)
def test_what_is_no_equation_is_refused(equation):
    with pytest.raises(ParseError):
        parse(equation)


def test_the_position_points_at_the_fault():
    with pytest.raises(ParseError) as caught:
        parse("price * $cost")
    assert caught.value.position == len("price * ")


def test_bracketed_comparisons_may_be_compared():
    assert parse("(a < b) = c") == Call("=", (Call("<", (Name("a"), Name("b"))), Name("c")))


@pytest.mark.parametrize(
    "equation",
    [
        "(" * 10_000 + "1" + ")" * 10_000,
        "(" * 1_500 + "1" + ")" * 1_500,
        "-" * 3_000 + "a",
        "2^" * 1_900 + "2",
        "f(" * 1_000 + "1" + ")" * 1_000,
        "+".join("a" * 2_000),
        "a" * 10_000_000,
        "__import__('os').system('true')",
        "().__class__.__bases__[0]",
        "lambda: 0",
    ],
)
def test_hostile_equations_are_refused_quickly(equation):
    begun = time.process_time()
    with pytest.raises(ParseError):
        parse(equation)
    assert time.process_time() - begun < 1


def test_import_without_quotes_is_only_an_unknown_function():
    assert parse("__import__(os)") == Call("__import__", (Name("os"),))


def test_the_limits_are_those_of_real_equations():
    assert parse("(" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1)) == Name("a")
    assert len(names(parse(" + ".join(f"x{i}" for i in range(MAX_HEIGHT))))) == MAX_HEIGHT
    with pytest.raises(ParseError, match=str(MAX_LENGTH)):
        parse("a" * (MAX_LENGTH + 1))


def test_names_leaves_out_what_is_built_in():
    assert names(parse("a * time + dt * b.c - a")) == ("a", "b.c")


def test_rename_and_substitute_reach_every_name_once():
    tree = parse("a + b * a")
    assert rename(tree, {"a": "b", "b": "a"}) == parse("b + a * b")
    assert substitute(tree, {"a": parse("b + 1")}) == parse("b + 1 + b * (b + 1)")
