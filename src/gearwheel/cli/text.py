"""Plain tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gearwheel.cli.frame import plain


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Columns two spaces apart; the first `left` of them flush left, the others flush right."""
    cells = [[plain(str(c)).replace("\n", " ") for c in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = [
        "  ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))).rstrip()
        for row in cells
    ]
    return "\n".join(lines)


def spanned(found: dict | None) -> tuple[str, str]:
    """(median, 'low to high') of an interval from the results."""
    from gearwheel.show.figures import between, number
    from gearwheel.show.values import span

    found = span(found)
    return (number(found.median), between(found, number)) if found else ("–", "")


def measured(found: dict | None, unit: str) -> tuple[str, str]:
    """(change, 'low to high') of an interval with its unit and its signs."""
    from gearwheel.show.figures import amount, between
    from gearwheel.show.values import span

    found = span(found)
    if found is None:
        return "–", ""
    return amount(found.median, unit, signed=True), between(found, lambda v: amount(v, unit, signed=True))
