"""policy.toml → Policy: every mistake and every contradiction with its line, before anybody's request is touched."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from os import PathLike
from pathlib import Path

from gearwheel.desk.conditions import COMPARISONS, CONTEXT, SEMANTICS, Condition, can_hold
from gearwheel.desk.operation import Operation, Quantity
from gearwheel.desk.places import folded
from gearwheel.desk.policy import UNKNOWN, Cap, Policy, Right, Rule
from gearwheel.wheel.errors import DeskError, Problem, did_you_mean
from gearwheel.wheel.lines import Lines
from gearwheel.wheel.parts import Belief

MAX_BYTES = 200_000
MOST_DRAWS = 4_000
MOST_PARTS = 200  # rules, rights or caps: each is looked at for every request
MOST_PROBLEMS = 50  # of a file: more help nobody
MOST_DOTS = 60
MOST_WORDS = 5_000
WIDEST = 1_000  # high over low of what is believed
LARGEST = 1e12  # of a number in a condition or a cap
QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|#.*")
SHOWN, MOST_MESSAGE = 60, 400  # characters of a value that a message repeats, and of a message
SETTINGS = (
    "operation", "name", "currency", "actions", "fallback", "explore", "surely", "unknown_customers", "draws",
    "holidays",
)  # fmt: skip
TABLES = ("quantity", "words", "rule", "right", "cap")
PER = ("customer", "product", "all")
UNLESS = 'unless = [{ context.category = ["perishable"] }]'
TEXTS = '"text", a list of texts, or { not = [texts] }'


def read_policy(path: str | PathLike[str], operations: Iterable[Operation]) -> tuple[Policy, Operation]:
    """The policy in the file and the operation that it is about. Raises DeskError (GW500 to GW503)."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DeskError(Problem("GW500", f"the file is larger than {MAX_BYTES:,} bytes", str(path)))
        return parse_policy(path.read_text("utf-8-sig"), operations, str(path))
    except UnicodeDecodeError as error:
        raise DeskError(Problem("GW500", "the file is not UTF-8 text", str(path), hint="save it as UTF-8")) from error
    except OSError as error:
        hint = "`gearwheel desk new policy.toml` writes one"
        raise DeskError(Problem("GW500", f"cannot read the policy: {error.strerror}", str(path), hint=hint)) from error


def parse_policy(
    text: str, operations: Iterable[Operation], file: str = "", semantics: int = SEMANTICS
) -> tuple[Policy, Operation]:
    """The policy that the text states. Raises as read_policy. `semantics`: what it meant when it decided, for a policy of
    a log; an earlier one is not held against limits that came later."""
    for number, line in enumerate(text.splitlines(), 1):
        if QUOTED.sub("", line).count(".") > MOST_DOTS:  # reading a key takes the square of its length
            raise DeskError(Problem("GW501", f"more than {MOST_DOTS} dots outside quotes in one line", file, number))
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        at = re.search(r"line (\d+)", str(error))
        raise DeskError(Problem("GW501", f"not TOML: {error}", file, int(at[1]) if at else 0)) from error
    known = {o.name: o for o in operations}
    wanted = raw.get("operation", "")
    operation = known.get(wanted) if isinstance(wanted, str) else None
    if operation is None:
        hint = f"The operations are: {', '.join(known)}."
        raise DeskError(Problem("GW502", f"no operation {_shown(wanted)}", file, Lines(text).of("operation"), hint))
    reader = _Reader(text, file, operation, semantics)
    policy = reader.policy(raw)
    if reader.problems:
        raise DeskError(sorted(reader.problems, key=lambda p: p.line))
    return policy, operation


class _Reader:
    """Collects every mistake before it gives up."""

    def __init__(self, text: str, file: str, operation: Operation, semantics: int):
        self.text, self.file, self.operation, self.semantics = text, file, operation, semantics
        self.lines, self.problems = Lines(text), []

    def flaw(self, code: str, message: str, at: tuple[str, ...], hint: str = "") -> None:
        self.problems.append(Problem(code, message[:MOST_MESSAGE], self.file, self.lines.of(*at), hint[:MOST_MESSAGE]))
        if len(self.problems) >= MOST_PROBLEMS:
            raise DeskError(sorted(self.problems, key=lambda p: p.line))

    def policy(self, raw: dict) -> Policy:
        self.known(raw, (*SETTINGS, *TABLES), (), "a policy")
        usual = [a for a in self.operation.actions if a not in self.operation.refusals]
        actions = self.actions(raw.get("actions", usual), ("actions",), self.operation.actions)
        if not actions:
            self.flaw("GW503", "there are no actions to choose from", ("actions",))
        fallback = raw.get("fallback", self.operation.fallback)
        if not isinstance(fallback, str) or fallback not in actions:
            known = str(fallback) in self.operation.actions
            hint = "Name it among `actions` too." if known else did_you_mean(str(fallback), self.operation.actions)
            self.flaw("GW503", f"the fallback {_shown(fallback)} is not among the actions", ("fallback",), hint)
            fallback = ""
        elif fallback in self.operation.refusals:
            hint = "A refusal needs a rule that says why."
            self.flaw("GW503", f"the fallback '{fallback}' is a refusal", ("fallback",), hint)
        if not re.fullmatch(r"[A-Z]{3}", self.word(raw, "currency")):
            self.flaw("GW502", "a policy states the currency of its money", ("currency",), 'currency = "EUR"')
        unknown = raw.get("unknown_customers", "newcomer")
        if unknown not in UNKNOWN:
            self.flaw("GW502", f"unknown_customers is one of {', '.join(UNKNOWN)}", ("unknown_customers",))
        policy = Policy(
            operation=self.operation.name,
            name=self.word(raw, "name"),
            currency=self.word(raw, "currency"),
            actions=actions,
            fallback=fallback,
            explore=self.number(raw, "explore", (), 0.0, 0.0, 1.0),
            surely=self.number(raw, "surely", (), 0.5, 0.0, 1.0),
            unknown_customers=unknown,
            draws=int(self.number(raw, "draws", (), 400, 1, MOST_DRAWS, whole=True)),
            quantities=self.quantities(self.table(raw, "quantity")),
            rules=tuple(self.rule(n, r, actions) for n, r in self.tables(raw, "rule")),
            rights=tuple(self.right(n, r, actions) for n, r in self.tables(raw, "right")),
            caps=tuple(self.cap(n, r, actions) for n, r in self.tables(raw, "cap")),
            refusals=tuple(a for a in actions if a in self.operation.refusals),
            words=self.words(self.table(raw, "words")),
            holidays=self.holidays(raw.get("holidays", [])),
            semantics=self.semantics,
            text=self.text,
            file=self.file,
        )
        self.contradictions(policy)
        return policy

    def quantities(self, raw: dict) -> dict[str, float | Belief]:
        found = {}
        for name, value in raw.items():
            at = ("quantity", name)
            known = self.operation.quantities.get(name)
            if known is None:
                self.flaw("GW502", f"no quantity '{name}'", at, did_you_mean(name, self.operation.quantities))
            elif isinstance(value, dict):
                belief = self.belief(value, at, known.belief.shape)
                if belief and not self.beyond(belief.low, belief.high, at, known):
                    found[name] = belief
            elif not _is_number(value):
                self.flaw("GW502", "a quantity is a number or { low, centre, high }", at)
            elif not self.beyond(value, value, at, known):
                found[name] = float(value)
        return found

    def beyond(self, low: float, high: float, at: tuple[str, ...], known: Quantity) -> bool:
        """Whether it cannot be; that is a flaw."""
        (least, most), name = known.limits, at[-1]
        if self.semantics == 1 or least <= low and high <= most:
            return False
        if most == 1:
            wrong = f"{high:g} is more than all" if high > most else f"{low:g} is less than nothing"
            self.flaw("GW503", f"'{name}' is a share, and {wrong}", at, "0.3 is 30 %.")
        elif low < least == 0:
            self.flaw("GW503", f"'{name}' cannot be negative", at)
        else:
            self.flaw("GW503", f"'{name}' lies between {least:g} and {most:g} ({known.unit})", at)
        return True

    def belief(self, value: dict, at: tuple[str, ...], shape: str) -> Belief | None:
        if set(value) != {"low", "centre", "high"} or not all(_is_number(v) for v in value.values()):
            self.flaw("GW502", "a belief has the numbers low, centre and high", at)
        elif not value["low"] <= value["centre"] <= value["high"] or value["low"] == value["high"]:
            self.flaw("GW503", "low, centre and high do not rise", at)
        elif shape == "lognormal" and value["low"] <= 0:
            self.flaw("GW503", f"'{at[-1]}' cannot be negative or zero", at)
        elif shape == "lognormal" and value["high"] > WIDEST * value["low"] and self.semantics > 1:
            self.flaw("GW503", f"from low to high is more than a factor of {WIDEST:,}: nothing follows from it", at)
        else:
            return Belief(**{k: float(v) for k, v in value.items()}, shape=shape)
        return None

    def rule(self, name: str, raw: dict, actions: tuple[str, ...]) -> Rule:
        at = ("rule", name)
        self.known(raw, ("when", "forbid", "only", "because"), at, "a rule")
        if ("forbid" in raw) == ("only" in raw):
            self.flaw("GW502", "a rule says either what it forbids or what only is allowed", at)
        only = self.actions(raw.get("only", []), (*at, "only"), actions)
        forbid = self.actions(raw.get("forbid", []), (*at, "forbid"), actions)
        forbid = tuple(a for a in actions if a not in only) if only else forbid
        opens = tuple(a for a in only if a in self.operation.refusals)
        if forbid and not set(actions) - {*forbid} - ({*self.operation.refusals} - {*opens}):
            self.flaw("GW503", f"the rule '{name}' forbids every action", at)
        if opens and not self.word(raw, "because", at):
            hint = 'because = "we take items back within 30 days of delivery"'
            self.flaw(
                "GW502", f"the rule '{name}' opens a refusal: `because` says why, and the customer reads it", at, hint
            )
        return Rule(name, self.when(raw, at), forbid, self.word(raw, "because", at), opens)

    def right(self, name: str, raw: dict, actions: tuple[str, ...]) -> Right:
        at = ("right", name)
        self.known(raw, ("when", "unless", "grants", "because"), at, "a right")
        grants = self.actions(raw.get("grants", []), (*at, "grants"), actions)
        if not grants:
            self.flaw("GW502", "a right says what it grants", at, 'grants = ["return"]')
        for action in set(grants) & set(self.operation.refusals):
            self.flaw("GW503", f"the right '{name}' grants a refusal: '{action}'", (*at, "grants"))
        given = raw.get("unless", [])
        given = [given] if isinstance(given, dict) else given
        if not isinstance(given, list) or not all(isinstance(one, dict) and one for one in given):
            self.flaw("GW502", "`unless` is a list of tables of conditions", (*at, "unless"), UNLESS)
            given = []
        if len(given) > MOST_PARTS:
            self.flaw("GW502", f"{len(given)} exceptions; {MOST_PARTS} are the most", (*at, "unless"))
        unless = [self.conditions(one, (*at, "unless")) for one in given[:MOST_PARTS]]
        return Right(name, self.when(raw, at), grants, self.word(raw, "because", at), tuple(u for u in unless if u))

    def cap(self, name: str, raw: dict, actions: tuple[str, ...]) -> Cap:
        at = ("cap", name)
        self.known(raw, ("actions", "per", "days", "most", "money", "because"), at, "a cap")
        if self.word(raw, "per", at) not in PER:
            self.flaw("GW502", f"a cap counts per {', '.join(PER)}", (*at, "per"))
        if "most" not in raw and "money" not in raw:
            self.flaw("GW502", "a cap says how often at most, or how much money", at, "most = 2")
        return Cap(
            name,
            self.actions(raw.get("actions", []), (*at, "actions"), actions),
            self.word(raw, "per", at),
            self.number(raw, "days", at, 1.0, 1e-6, 36_600),
            self.number(raw, "most", at, math.inf, 0.0, LARGEST, whole=True),
            self.number(raw, "money", at, math.inf, 0.0, LARGEST),
            self.word(raw, "because", at),
        )

    def when(self, raw: dict, at: tuple[str, ...]) -> tuple[Condition, ...]:
        given = raw.get("when", {})
        if not isinstance(given, dict):
            self.flaw("GW502", "`when` is a table of conditions", (*at, "when"), "when = { price = { above = 200 } }")
            return ()
        return self.conditions(given, (*at, "when"))

    def conditions(self, given: dict, at: tuple[str, ...]) -> tuple[Condition, ...]:
        found = [self.condition(name, value, at) for name, value in _flat(given)]
        return tuple(c for c in found if c)

    def words(self, raw: dict) -> dict[str, dict[str, str]]:
        """Field → what is said → the word that it stands for, both folded."""
        found: dict[str, dict[str, str]] = {}
        fields = {n: f.type for n, f in (*self.operation.fields.items(), *self.operation.derived.items())}
        for name, stated in _flat(raw):
            at, same = ("words", *name.split(".", 1)), found.setdefault(name, {})
            if not name.startswith(CONTEXT) and fields.get(name) != "text":
                texts = [n for n, kind in fields.items() if kind == "text"]
                self.flaw("GW502", f"a request has no text '{name}'", at, did_you_mean(name, texts))
            elif not isinstance(stated, dict):
                self.flaw(
                    "GW502", f"the words of '{name}' are a table", at, '"never arrived" = ["lost", "not received"]'
                )
            else:
                for word, others in stated.items():
                    self.same(same, word, others, (*at, word))
        if sum(map(len, found.values())) > MOST_WORDS:
            self.flaw("GW502", f"more than {MOST_WORDS:,} words", ("words",))
        return found

    def same(self, found: dict[str, str], word: str, others: object, at: tuple[str, ...]) -> None:
        if not isinstance(others, list) or not all(isinstance(other, str) and folded(other) for other in others):
            self.flaw("GW502", f"what means {_shown(word)} is a list of texts", at, f'"{word[:20]}" = ["…", "…"]')
            return
        for other in map(folded, (word, *others)):
            if found.setdefault(other, folded(word)) != folded(word):
                self.flaw("GW503", f"'{other[:SHOWN]}' means both '{found[other][:SHOWN]}' and '{word[:SHOWN]}'", at)

    def holidays(self, given: object) -> frozenset[date]:
        listed = isinstance(given, list) and len(given) <= MOST_WORDS
        if listed and all(isinstance(day, date) and not isinstance(day, datetime) for day in given):
            return frozenset(given)
        self.flaw("GW502", "holidays are a list of dates", ("holidays",), "holidays = [2026-12-24, 2026-12-31]")
        return frozenset()

    def condition(self, name: str, value: object, at: tuple[str, ...]) -> Condition | None:
        operation = self.operation
        types = {n: f.type for n, f in (*operation.fields.items(), *operation.derived.items())}
        types |= dict.fromkeys(operation.facts, "number")
        if not name.startswith(CONTEXT) and name not in types:
            hint = f"{did_you_mean(name, types)} What a request adds by itself is called {CONTEXT}{name}.".strip()
            self.flaw("GW502", f"a request has no '{name}'", at, hint)
            return None
        kind = types.get(name, "number" if isinstance(value, dict) and "not" not in value else "text")
        if kind in ("number", "whole") and isinstance(value, dict) and value:
            wrong = [k for k, v in value.items() if k not in COMPARISONS or not _is_number(v)]
            if not wrong and self.semantics > 1 and max(map(abs, value.values())) > LARGEST:
                self.flaw("GW503", f"the condition on '{name}' is on a number beyond {LARGEST:g}", at)
                return None
            if not wrong:
                return Condition(name, compared=tuple((k, float(v)) for k, v in value.items()))
        elif kind == "text":
            negated = isinstance(value, dict) and set(value) == {"not"}
            texts = value["not"] if negated else value
            texts = [texts] if isinstance(texts, str) else texts
            if isinstance(texts, list) and texts and all(isinstance(v, str) and v for v in texts):
                return Condition(name, none_of=tuple(texts)) if negated else Condition(name, among=tuple(texts))
        wanted = TEXTS if kind == "text" else "{ above | below | at_least | at_most = number }"
        self.flaw("GW502", f"the condition on '{name}' is not {wanted}", at)
        return None

    def contradictions(self, policy: Policy) -> None:
        """What cannot hold together whatever is asked."""
        everywhere = {a for rule in policy.rules if not rule.when for a in rule.forbid}
        if policy.rules and everywhere >= set(policy.actions) - set(policy.refusals):
            self.flaw("GW503", "the rules without `when` together forbid every action", ("rule", policy.rules[0].name))
        elif policy.fallback in everywhere:
            name = next(r.name for r in policy.rules if not r.when and policy.fallback in r.forbid)
            self.flaw("GW503", f"the rule '{name}' forbids the fallback '{policy.fallback}' always", ("rule", name))
        for cap in policy.caps:
            if policy.fallback in cap.actions:
                hint = "Something has to be left to answer when a cap is reached."
                self.flaw("GW503", f"the cap '{cap.name}' is on the fallback", ("cap", cap.name, "actions"), hint)
            elif not cap.actions:
                self.flaw("GW502", f"the cap '{cap.name}' names no actions", ("cap", cap.name))
        self.never_holding(policy)
        self.rights_kept(policy, everywhere)

    def never_holding(self, policy: Policy) -> None:
        """Names given twice, and conditions that nothing meets."""
        parts = [("rule", r) for r in policy.rules] + [("right", r) for r in policy.rights]
        rules = {r.name for r in policy.rules}
        for kind, part in parts:
            if kind == "right" and part.name in rules:
                hint = "The log names what spoke: give one of them another name."
                self.flaw("GW503", f"a rule and a right are both called '{part.name}'", (kind, part.name), hint)
            if not self.can_be(part.when, policy):
                message = f"nothing meets all conditions of the {kind} '{part.name}'"
                self.flaw("GW503", message, (kind, part.name, "when"))
            for exception in part.unless if kind == "right" else ():
                if not self.can_be(exception, policy):
                    message = f"nothing meets all conditions of an exception from the right '{part.name}'"
                    self.flaw("GW503", message, (kind, part.name, "unless"))

    def can_be(self, conditions: tuple[Condition, ...], policy: Policy) -> bool:
        """Whether a request that is no fault can meet them all."""
        if self.semantics == 1:
            return True  # it was checked when it was written
        numbers = {c.field for c in conditions if c.compared}
        known = {n: f for n, f in (*self.operation.fields.items(), *self.operation.derived.items()) if n in numbers}
        possible = [
            Condition(n, compared=(("at_least", f.low), ("above", f.above), ("at_most", f.high)))
            for n, f in known.items()
        ]
        possible += [Condition(n, compared=(("at_least", 0.0),)) for n in numbers & {*self.operation.facts}]
        return can_hold([*conditions, *possible], policy.reader)

    def rights_kept(self, policy: Policy, everywhere: set[str]) -> None:
        """No rule without `when` and no cap may take all that a right grants."""
        for right in policy.rights:
            at, grants = ("right", right.name), set(right.grants)
            if grants and grants <= everywhere:
                self.flaw("GW503", f"rules forbid all that the right '{right.name}' grants", (*at, "grants"))
            for cap in policy.caps:
                if grants and grants <= set(cap.actions):
                    message = f"the cap '{cap.name}' is on all that the right '{right.name}' grants"
                    self.flaw("GW503", message, ("cap", cap.name, "actions"))

    # ---- small readers
    def known(self, raw: dict, names: tuple[str, ...], at: tuple[str, ...], what: str) -> None:
        for key in raw:
            if key not in names:
                self.flaw("GW502", f"{what} has no '{key}'", (*at, key), did_you_mean(key, names))

    def table(self, raw: dict, kind: str) -> dict:
        value = raw.get(kind, {})
        if isinstance(value, dict):
            return value
        self.flaw("GW502", f"'{kind}' is a table", (kind,), f"[{kind}]")
        return {}

    def tables(self, raw: dict, kind: str) -> list[tuple[str, dict]]:
        found = []
        for name, value in self.table(raw, kind).items():
            if isinstance(value, dict):
                found.append((name, value))
            else:
                self.flaw("GW502", f"'{name}' is a table", (kind, name), f"[{kind}.{name}]")
        if len(found) > MOST_PARTS:
            self.flaw("GW502", f"{len(found)} parts of the kind '{kind}'; {MOST_PARTS} are the most", (kind,))
        return found[:MOST_PARTS]

    def actions(self, given: object, at: tuple[str, ...], known: Iterable[str]) -> tuple[str, ...]:
        if not isinstance(given, list) or not all(isinstance(a, str) for a in given):
            self.flaw("GW502", "actions are a list of names", at)
            return ()
        for name in given:
            if name not in known:
                self.flaw("GW502", f"no action '{name}'", at, did_you_mean(name, known))
        return tuple(dict.fromkeys(a for a in given if a in known))

    def number(
        self, raw: dict, key: str, at: tuple[str, ...], default: float, low: float, high: float, whole: bool = False
    ) -> float:
        if key not in raw:
            return default
        value = raw[key]
        high = math.inf if self.semantics == 1 and high == LARGEST else high
        if _is_number(value) and low <= value <= high and not (whole and self.semantics > 1 and value != int(value)):
            return float(value)
        limits = f"between {low:g} and {high:g}" if math.isfinite(high) else f"of at least {low:g}"
        self.flaw("GW503", f"{key} = {_shown(value)} is not a {'whole ' if whole else ''}number {limits}", (*at, key))
        return default

    def word(self, raw: dict, key: str, at: tuple[str, ...] = ()) -> str:
        value = raw.get(key, "")
        if isinstance(value, str):
            return value
        self.flaw("GW502", f"`{key}` is a text, not {_shown(value)}", (*at, key))
        return ""


def _flat(given: dict) -> list[tuple[str, object]]:
    """context = { a = … } and "context.a" = … alike."""
    name = CONTEXT.rstrip(".")
    inner = given.get(name)
    if not isinstance(inner, dict):
        return list(given.items())
    return [*((n, v) for n, v in given.items() if n != name), *((CONTEXT + n, v) for n, v in inner.items())]


def _is_number(value: object) -> bool:
    """A whole number that a float can hold, or a finite float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 2**1000


def _shown(value: object) -> str:
    """A value of the file in a message: tables may nest so deeply that they cannot be written out."""
    if isinstance(value, str | float | bool):
        return repr(value)[:SHOWN]
    if isinstance(value, int):
        return str(value) if abs(value) < 10**SHOWN else "a huge number"
    return {dict: "a table", list: "a list"}.get(type(value), "a date or time")
