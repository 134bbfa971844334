"""Policies: what conditions mean, that rights are always granted, contradictions by line, hostile files, words."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from desk_requests import desk
from gearwheel.cli import main
from gearwheel.desk.conditions import COMPARISONS, Condition, Requests, can_hold
from gearwheel.desk.operations import OPERATIONS
from gearwheel.desk.policy import Policy, Right, Rule, permitted
from gearwheel.desk.policy_file import MAX_BYTES, SETTINGS, TABLES, parse_policy, read_policy
from gearwheel.desk.policy_words import policy_words
from gearwheel.wheel.errors import DeskError

ALL = tuple(OPERATIONS.values())
HEAD = 'operation = "returns"\ncurrency = "EUR"\n'
GRID = np.arange(-3.0, 3.5, 0.5)
TEXTS = ("DE", "FR", "US")
HOW = {"above": lambda a, b: a > b, "below": lambda a, b: a < b, "at_least": lambda a, b: a >= b, "at_most": lambda a, b: a <= b}  # fmt: skip


def problems(text: str, file: str = "p.toml") -> list:
    with pytest.raises(DeskError) as caught:
        parse_policy(text, ALL, file)
    return list(caught.value.problems)


# ---- conditions

compared = st.builds(
    lambda pairs: Condition("price", compared=tuple(pairs)),
    st.lists(st.tuples(st.sampled_from(list(COMPARISONS)), st.sampled_from([-1.0, 0.0, 1.0])), min_size=1, max_size=3),
)
texts = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3, unique=True).map(tuple)
spoken = st.one_of(
    st.builds(lambda t: Condition("land", among=t), texts), st.builds(lambda t: Condition("land", none_of=t), texts)
)


@given(conditions=st.lists(st.one_of(compared, spoken), max_size=4), if_missing=st.booleans())
def test_conditions_hold_as_they_read_and_can_hold_exactly_when_something_meets_them(conditions, if_missing):
    """Against every combination of a grid of prices with the countries, and a missing one of each."""
    cells = list(itertools.product([*GRID, math.nan], [*TEXTS, "elsewhere", ""]))
    columns = {"price": np.array([p for p, _ in cells]), "land": np.array([t for _, t in cells], object)}

    def meets(price, land, c):
        if c.field == "land":
            return if_missing if land == "" else (land in c.among if c.among else land not in c.none_of)
        return if_missing if math.isnan(price) else all(HOW[how](price, number) for how, number in c.compared)

    wanted = [all(meets(p, t, c) for c in conditions) for p, t in cells]
    assert Requests(columns).meet(conditions, if_missing).tolist() == wanted
    said = [w for (p, t), w in zip(cells, wanted) if t and not math.isnan(p)]
    assert can_hold(conditions) == any(said)


# ---- rights over rules

ACTIONS = ("return", "keep", "replace", "exchange")
some = st.lists(st.sampled_from(ACTIONS), min_size=1, unique=True).map(tuple)
rules = st.lists(st.tuples(st.booleans(), some), max_size=3)
owed = st.lists(st.tuples(st.booleans(), some), max_size=3)


@given(rules=rules, owed=owed)
def test_a_right_is_always_granted_and_something_is_always_open(rules, owed):
    def when(on: bool) -> tuple[Condition, ...]:
        return (Condition("price", compared=(("above", 0.0 if on else 9.0),)),)

    policy = Policy(
        "returns", "", "EUR", ACTIONS, "return",
        rules=tuple(Rule(f"rule {k}", when(on), forbid, "") for k, (on, forbid) in enumerate(rules)),
        rights=tuple(Right(f"right {k}", when(on), grants, "") for k, (on, grants) in enumerate(owed)),
    )  # fmt: skip
    allowed, spoke = permitted(policy, {"price": np.array([1.0])})
    left = {a for a, may in zip(ACTIONS, allowed[0]) if may}
    speaking = [set(grants) for on, grants in owed if on]
    forbidden = {a for on, forbid in rules if on for a in forbid}
    assert left
    assert all(spoke[f"right {k}"][0] == on for k, (on, _) in enumerate(owed))
    if not speaking:
        assert left == (set(ACTIONS) - forbidden or {"return"})
    else:
        owed_ = set.union(*speaking)
        assert left == (owed_ - forbidden or owed_)


def test_rights_that_apply_together_leave_open_what_any_of_them_grants():
    text = HEAD + (
        '[rule.dear]\nwhen = { amount = { above = 500 } }\nforbid = ["replace"]\n'
        '[right.withdrawal]\nwhen = { days_since_delivery = { at_most = 14 } }\ngrants = ["return", "keep"]\n'
        '[right.conformity]\nwhen = { reason = ["damaged"] }\ngrants = ["replace", "exchange"]\n'
    )
    policy, _ = parse_policy(text, ALL)
    columns = {"days_since_delivery": np.array([3.0, 20, 3, 3]), "amount": np.array([9.0, 9, 9, 900])}
    columns["reason"] = np.array(["damaged", "damaged", "other", "damaged"], object)
    allowed, _ = permitted(policy, columns)
    left = [{a for a, may in zip(policy.actions, row) if may} for row in allowed]
    both = {"return", "keep", "replace", "exchange"}
    assert left == [both, {"replace", "exchange"}, {"return", "keep"}, both - {"replace"}]


def test_what_a_request_leaves_open_counts_for_the_right_and_not_for_the_rule():
    text = HEAD + (
        '[rule.land]\nwhen = { jurisdiction = ["DE"] }\nforbid = ["keep"]\n'
        '[right.early]\nwhen = { days_since_delivery = { at_most = 14 } }\ngrants = ["return"]\n'
    )
    policy, _ = parse_policy(text, ALL)
    columns = {"jurisdiction": np.array(["", "DE", "US"], object), "days_since_delivery": np.array([np.nan, 20, 14])}
    allowed, spoke = permitted(policy, columns)
    assert spoke["land"].tolist() == [False, True, False]
    assert spoke["early"].tolist() == [True, False, True]
    assert allowed[:, policy.actions.index("keep")].tolist() == [False, False, False]
    assert allowed[1].sum() == len(policy.actions) - 1


# ---- contradictions, each with its line

CONTRADICTIONS = {
    'fallback = "review"\nactions = ["return", "keep"]': (3, "not among the actions"),
    '[rule.a]\nforbid = ["return"]': (3, "forbids the fallback"),
    '[rule.a]\nforbid = ["return", "keep", "replace", "exchange", "credit", "partial", "review"]': (3, "every action"),
    '[rule.a]\nwhen = { price = { above = 9, below = 3 } }\nforbid = ["keep"]': (4, "nothing meets"),
    '[rule.a]\nwhen = { price = { above = 9 }, jurisdiction = { not = ["DE"] } }\nforbid = ["keep"]\n'
    '[right.a]\nwhen = { jurisdiction = ["DE"] }\ngrants = ["return"]': (6, "both called 'a'"),
    '[right.a]\ngrants = ["keep"]\n[rule.b]\nforbid = ["keep"]': (4, "rules forbid all that the right 'a'"),
    '[right.a]\ngrants = ["keep"]\n[cap.c]\nactions = ["keep"]\nper = "all"\nmost = 1': (6, "on all that the right"),
    '[cap.c]\nactions = ["return"]\nper = "all"\nmost = 1': (4, "on the fallback"),
    'actions = ["return", "refuse"]\nfallback = "refuse"': (4, "is a refusal"),
    'actions = ["return", "refuse"]\n[right.a]\ngrants = ["return", "refuse"]': (5, "grants a refusal"),
    '[right.a]\ngrants = ["return"]\nunless = [{ amount = { above = 9, below = 3 } }]': (5, "an exception from the right"),
    '[words.reason]\n"lost" = ["gone"]\n"damaged" = ["broken", "Gone "]': (5, "means both 'lost' and 'damaged'"),
    '[rule.a]\nwhen = { price = { below = 0 } }\nforbid = ["keep"]': (4, "nothing meets"),
    '[rule.a]\nwhen = { claims = { at_most = -1 } }\nforbid = ["keep"]': (4, "nothing meets"),
    '[quantity]\nmargin = { low = 0.4, centre = 0.3, high = 0.5 }': (4, "do not rise"),
    '[quantity]\nhandling = -1': (4, "cannot be negative"),
    'explore = 1.5': (3, "between 0 and 1"),
}  # fmt: skip


@pytest.mark.parametrize("text", CONTRADICTIONS)
def test_contradictions_are_told_with_their_line(text):
    line, said = CONTRADICTIONS[text]
    found, *_ = [p for p in problems(HEAD + text) if said in p.message]
    assert (found.code, found.file, found.line) == ("GW503", "p.toml", line)


def test_rights_that_never_meet_may_grant_unlike_things():
    text = HEAD + (
        '[right.a]\nwhen = { reason = ["damaged"] }\ngrants = ["replace"]\n'
        '[right.b]\nwhen = { reason = { not = ["damaged"] } }\ngrants = ["return"]\n'
        '[right.c]\nwhen = { amount = { above = 5 } }\ngrants = ["replace", "return"]\n'
    )
    assert len(parse_policy(text, ALL)[0].rights) == 3


def test_a_refusal_has_to_say_why():
    text = (
        HEAD
        + 'actions = ["return", "refuse"]\n[rule.late]\nwhen = { days_since_delivery = { above = 30 } }\nonly = ["refuse"]\n'
    )
    (found,) = problems(text)
    assert (found.code, found.line) == ("GW502", 4) and "says why" in found.message
    (policy, _) = parse_policy(text + 'because = "it is too late"\n', ALL)
    assert policy.rules[0].opens == ("refuse",) and policy.rules[0].forbid == ("return",)


def test_all_mistakes_are_told_at_once_with_a_hint():
    found = problems(HEAD + 'actionz = []\n[rule.a]\nwhen = { prise = { above = 1 } }\nforbid = ["keeep"]\n')
    assert [(p.line, p.hint) for p in found] == [
        (3, "Did you mean 'actions'?"), (5, "Did you mean 'price'? What a request adds by itself is called context.prise."), (6, "Did you mean 'keep'?")
    ]  # fmt: skip


# ---- hostile files

KEYS = ("operation", "currency", "actions", "fallback", "explore", "surely", "draws", "unknown_customers", "name",
        "quantity", "rule", "right", "cap", "words", "holidays")  # fmt: skip
scalars = (
    "1",
    "-1",
    "0x" + "f" * 400,
    "1e400",
    "nan",
    "-inf",
    "true",
    '"keep"',
    '""',
    '"\\u0000"',
    "1979-05-27",
    "07:32:00",
)
scalar = st.sampled_from(scalars)
value = st.recursive(
    scalar,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda v: "[" + ", ".join(v) + "]"),
        st.dictionaries(
            st.sampled_from(
                [
                    "when",
                    "unless",
                    "forbid",
                    "only",
                    "grants",
                    "actions",
                    "per",
                    "most",
                    "low",
                    "context",
                    "price",
                    "not",
                    "a",
                ]
            ),
            inner,
            max_size=3,
        ).map(lambda d: "{ " + ", ".join(f"{k} = {v}" for k, v in d.items()) + " }"),
    ),
    max_leaves=6,
)
files = st.dictionaries(st.sampled_from(KEYS), value).map(lambda d: "\n".join(f"{k} = {v}" for k, v in d.items()))


@given(text=st.one_of(st.text(max_size=80), files, files.map(lambda t: 'operation = "returns"\n' + t)))
@example(HEAD + "explore = " + "[" * 20_000)
@example(HEAD + "explore = " + "[" * 300 + "]" * 300)
@example(HEAD + "explore." + ".".join("a" * 40_000) + " = 1")
@example(HEAD + "fallback = { a = [1] }\n[rule.a]\nforbid = [{}]")
@example(HEAD + "[rule.a]\nwhen." + ".".join("a" * 40_000) + ' = 1\nforbid = ["keep"]')
@example(HEAD + "[quantity]\nmargin = 0x" + "f" * 4_000)
@example(HEAD + "actions = [" + '"x",' * 30_000 + "]")
@example(HEAD + "\n".join(f'[rule."{"x" * 90}{k}"]\nforbid = ["keep"]' for k in range(600)))
@settings(max_examples=150, deadline=None)
def test_no_file_whatever_brings_anything_but_a_policy_or_problems(text):
    read = found = None
    try:
        read = parse_policy(text, ALL, "p.toml")
    except DeskError as error:
        found = error.problems
    if read:
        assert read[0].fallback in read[0].actions and policy_words(*read)
    else:
        assert 1 <= len(found) <= 50
        assert all(p.code in ("GW501", "GW502", "GW503") and len(p.message) <= 500 for p in found)


def test_files_that_cannot_be_read_are_said(tmp_path):
    for content, said in ((b"\xff\xfe", "UTF-8"), (b"#" * (MAX_BYTES + 1), "larger than"), (None, "cannot read")):
        path = tmp_path / "policy.toml"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(DeskError, match=said):
            read_policy(path, ALL)


# ---- starters, words, the command


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_starter_checks_and_is_said_in_words(operation, tmp_path):
    path = str(tmp_path / "policy.toml")
    run = CliRunner().invoke
    assert run(main, ["desk", "new", path, "--operation", operation, "--currency", "SEK"]).exit_code == 0
    policy, about = read_policy(path, ALL)
    assert policy.currency == "SEK" and policy.operation == operation
    said = "\n".join(policy_words(policy, about))
    assert all(part.name in said for part in (*policy.rules, *policy.rights, *policy.caps))
    done = run(main, ["desk", "check", path])
    assert done.exit_code == 0 and said in done.stdout
    before = (tmp_path / "policy.toml").read_text()
    assert run(main, ["desk", "new", path, "--operation", operation], input="n\n").exit_code != 0
    assert (tmp_path / "policy.toml").read_text() == before
    assert run(main, ["desk", "new", path, "--operation", operation], input="y\n").exit_code == 0
    assert 'currency = "EUR"' in (tmp_path / "policy.toml").read_text()


@pytest.mark.parametrize("stated", ["30", "{ low = 20, centre = 50, high = 80 }"])
def test_a_share_of_more_than_all_is_refused(stated):
    text = f'operation = "returns"\ncurrency = "EUR"\n[quantity]\nsalvage = {stated}\n'
    with pytest.raises(DeskError, match="GW503.*is a share.*\n.*0.3 is 30 %"):
        parse_policy(text, ALL)


@pytest.mark.parametrize(
    "stated",
    [
        '[rule.a]\nwhen = { context = "yes" }\nforbid = ["keep"]',
        '[right.a]\nunless = [{ context = ["perishable"] }]\ngrants = ["return"]',
        '[right.a]\nunless = [{}]\ngrants = ["return"]',
        '[right.a]\nunless = "perishable"\ngrants = ["return"]',
        '[words]\ncontext = ["a"]',
        '[words.reason]\n"lost" = "gone"',
        '[words.reason]\n"lost" = [""]',
        '[words.price]\n"lost" = ["gone"]',
        '[words.reason]\n"lost" = [7]',
        "holidays = [2026-12-24T10:00:00]",
        'holidays = ["2026-12-24"]',
        "holidays = 2026-12-24",
    ],
)
def test_a_part_of_the_wrong_form_is_told_and_not_taken_for_nothing(stated):
    assert "GW502" in {p.code for p in problems(HEAD + stated)}


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("[quantity]\npartial_share = -0.5", "is a share, and -0.5 is less than nothing"),
        ("[quantity]\nsalvage = { low = -0.1, centre = 0.2, high = 0.5 }", "less than nothing"),
        ("[quantity]\naccepts = { low = 0.1, centre = 0.9, high = 1.4 }", "1.4 is more than all"),
        ("[quantity]\nlost = -0.01", "less than nothing"),
        ("[quantity]\nreturn_freight = { low = 1e-300, centre = 1, high = 1e300 }", "lies between|cannot be|factor of"),
        ("[quantity]\nreturn_freight = { low = 0.001, centre = 1, high = 1000 }", "more than a factor of 1,000"),
        ("[quantity]\nmargin = { low = -1e308, centre = 0, high = 1e308 }", "is a share"),
        ("[quantity]\ntrouble = -1e3", "lies between -5 and 5"),
        ("[quantity]\nhandling = 1e300", "lies between 0 and 1e\\+09"),
        ("[quantity]\nfalse_claims = 3.0", "is a share"),
        ("draws = 1.5", "not a whole number between 1 and 4000"),
        ("draws = 1e300", "between 1 and"),
        ('[cap.a]\nactions = ["keep"]\nper = "all"\nmost = 2.5', "not a whole number"),
        ('[cap.a]\nactions = ["keep"]\nper = "all"\nmoney = 1e300', "not a number between"),
        ('[rule.a]\nwhen = { amount = { above = 1e300 } }\nforbid = ["keep"]', "beyond 1e\\+12"),
        ("surely = -0.1", "between 0 and 1"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(stated, said):
    found = problems(HEAD + stated)
    assert [p.code for p in found] == ["GW503"] and re.search(said, found[0].message), found


def test_what_every_operation_believes_lies_within_its_own_limits():
    for operation in ALL:
        for name, quantity in operation.quantities.items():
            (low, high), belief = quantity.limits, quantity.belief
            assert low <= belief.low and belief.high <= high, (operation.name, name)
            stated = f"{name} = {{ low = {belief.low}, centre = {belief.centre}, high = {belief.high} }}"
            parse_policy(f'operation = "{operation.name}"\ncurrency = "EUR"\n[quantity]\n{stated}\n', ALL)


def test_check_tells_problems_by_file_and_line(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(HEAD + '[rule.a]\nforbid = ["return"]\n')
    done = CliRunner().invoke(main, ["desk", "check", str(path)])
    assert done.exit_code == 1 and f"{path}:3: error GW503" in done.stderr


def test_the_lines_of_a_policy_move_its_version_and_nothing_else_does():
    assert desk().policy.version == desk().policy.version != desk(HEAD).policy.version


def test_every_key_and_every_quantity_stands_on_the_page():
    page = (Path(__file__).parents[1] / "docs" / "desk.md").read_text("utf-8")
    named = set(re.findall(r"`\[?([a-z_]+)(?:\.NAME)?\]?`", page))
    wanted = {*SETTINGS, *TABLES, "when", "forbid", "only", "grants", "because", "most", "money", "per", "days"}
    for operation in ALL:
        wanted |= {*operation.quantities, *operation.fields, *operation.facts, *operation.actions} - {"days_saved"}
    assert wanted - named == set()
