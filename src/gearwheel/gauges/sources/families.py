"""Which names are names of parts of one table: they differ only in a date, a number or a word such as part."""

from __future__ import annotations

import re

_WORD = r"[^\W\d_]+|\d+"
_MONTH = (
    "january|february|march|april|june|july|august|september|october|november|december|"
    "januar|februar|märz|maerz|mai|juni|juli|oktober|dezember|"
    "janvier|février|fevrier|mars|avril|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre|"
    "enero|febrero|marzo|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|"
    "janeiro|fevereiro|março|marco|abril|maio|junho|julho|setembro|outubro|novembro|dezembro|"
    "gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|"
    "januari|februari|maart|mei|augustus|"
    "jan|feb|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|okt|dez|janv|févr|fevr|avr|juil|déc"
)
_SHORT_MONTH = "mar|mär|mrz|ene|abr|ago|dic|fev|set|out|gen|mag|giu|lug|ott|mrt"  # words of other meanings, too
_DROPPED = re.compile(rf"\d+|{_MONTH}|copy|kopie|copie|copia")
_BESIDE_A_NUMBER = re.compile(
    rf"part|teil|chunk|page|seite|batch|file|split|v|ver|version|q|h|w|wk|week|kw|cw|fy|m|d|t|z|no|nr|{_SHORT_MONTH}|"
    "to|bis|until|till|thru|through|from|von|of|st|nd|rd|th"
)


def family(name: str) -> str:
    """The name without what numbers or dates a part, in lower case: orders for Orders-2023-08, orders (1), Q1 2024 orders.

    "" where nothing else is left.
    """
    return "_".join(word[0].casefold() for word in _kept(name))


def shared_name(name: str) -> str:
    """The same as it is spelt, where it stands in one piece: Order-Items for Order-Items_2."""
    words = _kept(name)
    piece = name[words[0].start() : words[-1].end()] if words else ""
    return piece if len(re.findall(_WORD, piece)) == len(words) else family(name)


def _kept(name: str) -> list[re.Match]:
    words = list(re.finditer(_WORD, name))
    dated = [bool(_DROPPED.fullmatch(word[0].casefold())) for word in words]
    for place in (
        *range(len(words)),
        *reversed(range(len(words))),
    ):  # MAR FY24: MAR stands beside a word that stands beside a number
        if any(dated[max(place - 1, 0) : place + 2]) and _BESIDE_A_NUMBER.fullmatch(words[place][0].casefold()):
            dated[place] = True
    return [word for word, drop in zip(words, dated) if not drop]


def in_order(name: str) -> tuple:
    """Sorts names as people count: orders, orders (1), orders_2, orders_10; months by their number are not known here."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part.casefold()) for part in re.findall(r"\d+|\D+", name)
    )
