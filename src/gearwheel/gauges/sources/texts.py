"""The value of a cell as text, and which texts say that there is no value."""

from __future__ import annotations

from collections.abc import Iterable

from gearwheel.gauges.sources.expression import literal

# how programs write "no value" into a text file; compared in lower case
NOTHING = (
    "null", "(null)", "<null>", "none", "nil", "na", "n/a", "n.a.", "<na>", "nan", "-nan", "nat", "\\n", "undefined",
    "#n/a", "#na", "#null!", "#value!", "#ref!", "#name?", "#num!", "#div/0!", "-", "--", "–", "—",
    "(none)", "<none>", "(blank)", "(empty)", "(leer)", "[null]", ".", "?",
)  # fmt: skip
# what separates words or thousands: among them no-break, thin and figure spaces, and some that are not seen at all
BLANKS = " \t\n\r\v\f\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u205f\u2060\u3000\ufeff"
_NUMERIC = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "REAL", "NUMERIC")


def is_text(kind: str) -> bool:
    """Must values of this DuckDB type be read as text?"""
    return not (kind.startswith(_NUMERIC) or kind.endswith("INT") or kind in ("INTEGER", "BOOLEAN", "DATE")) and (
        not kind.startswith("TIMESTAMP")
    )


def written(raw: str, kind: str) -> str:
    """SQL: the value as trimmed text, NULL where nothing is written."""
    if kind in ("DOUBLE", "FLOAT"):  # an id that once was a whole number: 17, not 17.0
        whole = f"cast(try_cast({raw} as bigint) as varchar)"
        return f"case when {raw} = floor({raw}) and abs({raw}) < 1e15 then {whole} else cast({raw} as varchar) end"
    return f"nullif(trim(cast({raw} as varchar)), '')"


def words(raw: str, kind: str) -> str:
    """SQL: the value as trimmed text, NULL where there is none or where the text only says so (NULL, N/A, - …)."""
    text = written(raw, kind)
    if not is_text(kind):
        return text
    return f"case when lower({text}) not in ({', '.join(map(literal, NOTHING))}) then {text} end"


def replaced(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    """SQL: the text after every (pattern, replacement), in turn."""
    for pattern, replacement in pairs:
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(replacement)})"
    return text


def let(name: str, value: str, body: str) -> str:
    """SQL for `body` in which `name` stands for `value`: written once, computed once."""
    return f"list_transform([{value}], lambda {name}: {body})[1]"
