"""Whatever a source holds, as the canonical types: SQL that turns text, epochs and local times into them."""

from __future__ import annotations

from dataclasses import dataclass

from gearwheel.gauges.sources.expression import literal
from gearwheel.gauges.sources.numbers import number, plain_number
from gearwheel.gauges.sources.texts import is_text, words
from gearwheel.gauges.sources.times import plain_time, utc

__all__ = ["Reading", "is_text", "plain", "typed", "words"]
_YES = "'true', 't', 'yes', 'y', '1', 'ja', 'oui', 'sim', 'si', 'sí', 'on'"
_NO = "'false', 'f', 'no', 'n', '0', 'nein', 'non', 'não', 'nao', 'off'"


@dataclass(frozen=True)
class Reading:
    """How the texts of one column are read: `order` DMY, MDY or YMD for short dates, `decimal` "." or ","."""

    order: str = ""
    decimal: str = "."


def plain(target: str, raw: str) -> str:
    """SQL: is the text written so that a cast alone reads it, in only one way?"""
    return plain_time(raw) if target in ("time", "date") else plain_number(raw)


def typed(target: str, raw: str, kind: str, zone: str, reading: Reading) -> str:
    """SQL for the value of `raw` (a column of DuckDB type `kind`) as the canonical type; NULL where it cannot be.

    Times without a zone are read in `zone`; the result is UTC. A date is the day in `zone`.
    """
    if target == "text":
        return words(raw, kind)
    if target == "flag":
        return _flag(raw, kind)
    if target in ("number", "whole"):
        value = number(raw, kind, reading.decimal)
        return value if target == "number" else f"try_cast(round({value}) as bigint)"
    if target == "date" and kind == "DATE":
        return raw
    at = utc(raw, kind, zone, reading.order)
    return at if target == "time" else f"cast(timezone({literal(zone)}, timezone('UTC', {at})) as date)"


def _flag(raw: str, kind: str) -> str:
    if kind == "BOOLEAN":
        return raw
    if not is_text(kind) and not kind.startswith(("DATE", "TIMESTAMP")):
        return f"({raw} <> 0)"
    lowered = f"lower({words(raw, kind)})"
    return f"case when {lowered} in ({_YES}) then true when {lowered} in ({_NO}) then false end"
