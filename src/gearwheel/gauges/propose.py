"""Where no adapter fits: a mapping guessed from names and types, with the reason and the confidence of each guess."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from gearwheel.gauges.canonical import Column, Table
from gearwheel.gauges.canonical import tables as canonical_tables
from gearwheel.gauges.mapping import Mapping, TableMap
from gearwheel.gauges.sources.expression import quoted
from gearwheel.gauges.sources.parts import Source, SourceTable
from gearwheel.gauges.sources.samples import Shares, shares, unreadable
from gearwheel.gauges.sources.times import FORMS
from gearwheel.gauges.tidy import COLUMNS as RECORD
from gearwheel.wheel.errors import DataError, Problem

CLOSE = 0.86  # likeness of two names from which one may stand for the other
ENOUGH = 0.8  # share of sampled values that must fit the type
MEND = "Export it in such a form, or map the column to an expression in mapping.toml"
READ_TIMES = f"read are forms such as {FORMS}"
READ_NUMBERS = "read are numbers such as 1250, 1,250.50, 1.250,50, 1 250,50, € 12.50, 12,50 zł, (12.50)"
BARE = ("orders", "order_lines")  # tables that may be made of less than their needed columns


@dataclass(frozen=True)
class Guess:
    """One column of a proposal: the expression, how sure (0 to 1), and why in words."""

    expression: str
    confidence: float
    reason: str


@dataclass(frozen=True)
class Proposal:
    """A mapping to confirm or edit. `guesses`: (canonical table, column) → Guess."""

    mapping: Mapping
    guesses: dict[tuple[str, str], Guess] = field(default_factory=dict)

    @property
    def reasons(self) -> dict[tuple[str, str], str]:
        """Words for the comment beside each column, as `write_mapping` takes them."""
        return {at: f"{guess.reason} ({guess.confidence:.0%} sure)" for at, guess in self.guesses.items()}


def propose(source: Source) -> Proposal:
    """The likeliest mapping. Raises DataError (GW439) where nothing looks like orders, saying what was looked for."""
    sampled = {name: shares(source, table) for name, table in source.tables.items()}
    found: dict[str, tuple[SourceTable, dict[str, Guess]]] = {}
    for table in canonical_tables().values():
        if table.name in _synonyms()["tables"]:
            best = _best(table, source, sampled)
            if best:
                found[table.name] = best
    if "orders" not in found:
        raise DataError(_no_orders(source, sampled))
    if "order_lines" not in found:
        lines = _lines_from(found["orders"][0], sampled[found["orders"][0].name], found["orders"][1])
        if lines is None:
            raise DataError(_no_prices(source, found["orders"][0], sampled))
        found["order_lines"] = (found["orders"][0], lines)
    guesses = {(name, column): guess for name, (_, cells) in found.items() for column, guess in cells.items()}
    tables = {
        name: TableMap(table.name, {column: guess.expression for column, guess in cells.items()})
        for name, (table, cells) in found.items()
    }
    ordered = {name: tables[name] for name in canonical_tables() if name in tables}
    return Proposal(Mapping(source.shown, tables=ordered), guesses)


def _best(table: Table, source: Source, sampled: dict[str, Shares]) -> tuple[SourceTable, dict[str, Guess]] | None:
    """The source table that fits best, and its columns."""
    fitting = []
    for candidate in source.tables.values():
        named = _likeness(_plain(candidate.name), _synonyms()["tables"][table.name])
        cells = _columns(table, candidate, sampled[candidate.name])
        if table.name == "orders":
            _complete_orders(cells)
        if table.name == "order_lines":
            _complete_lines(candidate, sampled[candidate.name], cells)
        lacking = [c.name for c in table.columns.values() if c.needed and c.name not in cells]
        # besides orders and their lines a table must be called something like it: dates and ids are everywhere
        if (
            lacking
            or (table.name not in BARE and named < CLOSE)
            or (table.name == "order_lines" and named < CLOSE and len(source.tables) > 1)
        ):
            continue
        fitting.append(
            (named + sum(guess.confidence for guess in cells.values()) / len(table.columns), candidate, cells)
        )
    if not fitting:
        return None
    _, candidate, cells = max(fitting, key=lambda one: one[0])
    return candidate, {name: cells[name] for name in table.columns if name in cells}


def _columns(table: Table, candidate: SourceTable, sampled: Shares) -> dict[str, Guess]:
    """Canonical column → the source column that is called most like it and holds what it must; each used once."""
    scored = []
    for column in table.columns.values():
        names = _synonyms()["columns"][table.name].get(column.name, [])
        for name in candidate.columns:
            likeness = _likeness(_plain(name), names, _plain(candidate.name))
            fits = _fits(column, sampled.get(name))
            if likeness >= CLOSE and fits >= ENOUGH:
                scored.append((likeness * fits, column.name, name))
    found: dict[str, Guess] = {}
    used: set[str] = set()
    for score, column, name in sorted(scored, key=lambda one: (-one[0], one[1], one[2])):
        if column not in found and name not in used:
            used.add(name)
            reason = f"'{name}' means it" if score > 0.97 else f"'{name}' sounds like it"
            found[column] = Guess(name, round(min(score, 0.99), 2), reason)
    return found


def _fits(column: Column, sampled: dict[str, float] | None) -> float:
    """Share of the sampled values that the type takes; 1 where nothing was sampled or anything goes."""
    if not sampled or column.type in ("text", "flag"):
        return 1.0
    return sampled["time" if column.type in ("time", "date") else "number"]


def _complete_orders(cells: dict[str, Guess]) -> None:
    """A log of purchases without order numbers: one customer, one time, one order."""
    if "order_id" not in cells and {"customer_id", "placed_at"} <= set(cells):
        customer, at = quoted(cells["customer_id"].expression), quoted(cells["placed_at"].expression)
        text = f"concat(cast({customer} as text), ' ', cast({at} as text))"
        cells["order_id"] = Guess(text, 0.5, "no order number: one customer at one time is one order")


def _complete_lines(candidate: SourceTable, sampled: Shares, cells: dict[str, Guess]) -> None:
    if "line" not in cells and "product_id" in cells:
        counted = f"numbered({quoted(cells['product_id'].expression)})"
        cells["line"] = Guess(counted, 0.6, "no line number: the lines of a product in an order are counted")
    if "price" not in cells:
        total = _total("line", candidate, sampled, cells)
        if total and "quantity" in cells:
            text = f"number({quoted(total)}) / number({quoted(cells['quantity'].expression)})"
            cells["price"] = Guess(text, 0.6, f"'{total}' of the line by its quantity")
        elif total:
            cells["price"] = Guess(total, 0.6, f"'{total}' of the line")


def _lines_from(orders: SourceTable, sampled: Shares, known: dict[str, Guess]) -> dict[str, Guess] | None:
    """No lines: an order is one line of its total, or a table with one row a line holds both."""
    cells = _columns(canonical_tables()["order_lines"], orders, sampled)
    cells["order_id"] = known["order_id"]
    _complete_lines(orders, sampled, cells)
    if "price" not in cells:
        total = _total("order", orders, sampled, {})
        if total is None:
            return None
        cells["price"] = Guess(total, 0.5, f"'{total}' of the order")
    cells.setdefault("product_id", Guess("'order'", 0.4, "no product is named: the order counts as one"))
    cells.setdefault("line", Guess("'1'", 0.4, "no line is named: the order counts as one"))
    return cells


def _total(kind: str, table: SourceTable, sampled: Shares, cells: dict[str, Guess]) -> str | None:
    used = {guess.expression for guess in cells.values()}
    names = _synonyms()["totals"][kind]
    money = Column("total", "number")
    fitting = [
        (_likeness(_plain(name), names, _plain(table.name)), name)
        for name in table.columns
        if name not in used and _fits(money, sampled.get(name)) >= ENOUGH
    ]
    best = max(fitting, default=(0.0, ""))
    return best[1] if best[0] >= CLOSE else None


def _likeness(name: str, synonyms: list[str], table: str = "") -> float:
    """1 for a first synonym, a little less for later ones, less still for names that are only spelt alike."""
    singular = table.rstrip("s")
    bare = [name, *(name.removeprefix(f"{prefix}_") for prefix in (table, singular) if prefix)]
    best = 0.0
    for place, synonym in enumerate(synonyms):
        rank = 1 - 0.1 * place / max(len(synonyms), 1)
        for form, cost in zip(dict.fromkeys(bare), (0.0, 0.02, 0.02)):
            if form == synonym or form == synonym.replace("_", ""):
                best = max(best, rank - cost)
            elif len(form) > 4 and SequenceMatcher(None, form, synonym).ratio() > 0.9:
                best = max(best, 0.88 * rank - cost)
    return best


def _plain(name: str) -> str:
    """OrderDate, "Order date" and ORDER-DATE → order_date; accents go."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.rsplit(".", 1)[-1])
    ascii_only = unicodedata.normalize("NFKD", spaced.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", ascii_only.lower()).strip("_")


@cache
def _synonyms() -> dict:
    return tomllib.loads(Path(__file__).with_name("synonyms.toml").read_text("utf-8"))


def _no_orders(source: Source, sampled: dict[str, Shares]) -> Problem:
    names = _synonyms()["columns"]["orders"]
    for table in source.tables.values():
        has_customer = any(
            _likeness(_plain(c), names["customer_id"], _plain(table.name)) >= CLOSE for c in table.columns
        )
        odd = _unread(table, sampled[table.name], "time", names["placed_at"]) if has_customer else ""
        if odd:
            return Problem(
                "GW439", f"'{table.name}' looks like orders, but {odd}", source.shown, hint=f"{READ_TIMES}. {MEND}"
            )
    held = "; ".join(f"{t.name} ({', '.join(list(t.columns)[:8])})" for t in list(source.tables.values())[:6])
    looked = "a customer (customer_id, email …) and a time (order_date, created_at …) in one table"
    hint = f"looked for {looked}. It has {held[:600]}. Write [table.orders] in mapping.toml by hand where it is another name"
    hint += f". Figures that are measured already, such as customers by quarter, go into a CSV {','.join(RECORD)}"
    return Problem("GW439", "nothing there looks like orders", source.shown, hint=hint)


def _no_prices(source: Source, orders: SourceTable, sampled: dict[str, Shares]) -> Problem:
    known = _synonyms()
    names = [*known["columns"]["order_lines"]["price"], *known["totals"]["line"], *known["totals"]["order"]]
    for table in (orders, *source.tables.values()):
        odd = _unread(table, sampled[table.name], "number", names)
        if odd:
            message = f"'{table.name}' says what was paid, but {odd}"
            return Problem("GW439", message, source.shown, hint=f"{READ_NUMBERS}. {MEND}")
    hint = "looked for a price or a total (price, amount, total …); write [table.order_lines] in mapping.toml by hand"
    return Problem(
        "GW439", f"'{orders.name}' looks like orders, but nothing says what was paid", source.shown, hint=hint
    )


def _unread(table: SourceTable, sampled: Shares, target: str, names: list[str]) -> str:
    """In words, which column is called so and yet holds no time (or number) that can be read; "" where none is."""
    for column in table.columns:
        share = sampled.get(column, {}).get(target, 1.0)
        if _likeness(_plain(column), names, _plain(table.name)) >= CLOSE and share < ENOUGH:
            example = unreadable(table, column, target)
            such = f", such as {example[:60]!r}" if example else ""
            if share == 0:
                return f"'{column}' holds no {target} that can be read{such}"
            return f"only {share:.0%} of '{column}' can be read as a {target}; others cannot{such}"
    return ""
