"""Company figures as spreadsheets hold them, a column for each metric or for each period: recognised, and refused with
the form that can be read. They are not read themselves: whether `2023-03-31` ends a period, begins one or is a level's
date, in which unit a number stands and what a company calls revenue, only its author knows."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from gearwheel.gauges.common_names import gauge_called, plain
from gearwheel.gauges.tidy import COLUMNS
from gearwheel.wheel.errors import Problem

CODE = "GW160"
ROWS, BYTES = 200, 200_000  # looked at
_PERIOD = re.compile(
    r"(fy|cy)?\s*\d{4}([-/. ]?(\d{1,2}|q[1-4]|h[12]|w\d{1,2}|[a-z]{3,9})([-/.]\d{1,2})?)?([ t][\d:.z+-]+)?"
    r"|(q[1-4]|h[12]|w\d{1,2}|[a-z]{3,9})[-/. ']*(\d{4}|\d{2})|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[-/.]\d{4}"
    r"|[a-z]{3,9} \d{1,2},? \d{4}|\d{1,2}[. ] ?[a-z]{3,9}\.? \d{4}"
)
_NUMBER = re.compile(r"[(+-]?\s*[^\d\s()+-]{0,4}\s*[+-]?(\d[\d.,'\s\u00a0\u202f]*|\.\d+)(e[+-]?\d+)?\s*[^\d\s]{0,3}\)?")
# words of single events: a table with one of them counts nothing
_EVENT = {"id", "ids", "email", "mail", "name", "customer", "client", "buyer", "user", "account", "member", "seller"}
_EVENT |= {"product", "sku", "item", "order", "invoice", "receipt", "number", "no", "nr", "uuid", "key", "status"}


def wide_table(file: Path) -> Problem | None:
    """The problem (GW160) of a CSV that holds metrics by period in a form that is not read; None for all others."""
    lines = _head(file)
    if len(lines) < 2 or len(lines[0]) < 2:
        return None
    head, rows = lines[0], lines[1:]
    period = next((i for i in range(len(head)) if _periods(_column(rows, i))), None)
    if period is not None:
        metrics = [(name, _column(rows, i)) for i, name in enumerate(head) if i != period]
        form = f"a row for each period ({_short(head[period])}) and a column for each metric"
        when = rows[0][period]
    elif _periods(head[1:]):
        metrics = [(row[0], row[1:]) for row in rows if any(row)]
        form, when = f"a column for each period ({_short(head[1])} …) and a row for each metric", head[1]
    else:
        return None
    metrics = [(name, cells) for name, cells in metrics if plain(name)]
    known = {name: gauge_called(name) for name, _ in metrics}
    counted = [name for name, cells in metrics if _numbers(cells)]
    events = any(set(plain(name).split("_")) & _EVENT for name in known if not known[name])
    if events or not any(known[name] for name in counted) or len(counted) < 0.5 * len(metrics):
        return None
    message = f"the file has {form}; measured series are read with one row for each measurement"
    return Problem(CODE, message, str(file), 1, _hint(metrics, known, when))


def _hint(metrics: Sequence[tuple[str, Sequence[str]]], known: dict[str, str], when: str) -> str:
    from gearwheel.gauges.catalogue import catalogue

    measures = {m.gauge: m for m in catalogue().values()}
    names = []
    for name, gauge in list(known.items())[:12]:
        same = plain(name) == gauge
        about = f" ({measures[gauge].title.lower()}) if that is what it is" if gauge and not same else ""
        names.append(f"{_short(name)} is {gauge}{about}" if gauge else f"no gauge is called {_short(name)}")
    first = next((known[n], cells) for n, cells in metrics if known[n])
    gauge, cells = first
    value = re.sub(r"[^\d.eE+-]", "", next((c for c in cells if c), "")) or "1"
    start = "" if measures[gauge].measure == "end" else "FIRST_DAY"
    row = f"{gauge},{start},DAY_AFTER_THE_LAST,{value},{measures[gauge].unit},,,,"
    return (
        f"make it {','.join(COLUMNS)}; its first value ({_short(when)}) then reads {row} with days such as 2024-04-01. "
        f"A level has no start, a share is a ratio such as 0.12, money has the unit money. Names: {'; '.join(names)}"
    )


def _short(text: str) -> str:
    return " ".join(text.split())[:40]


def _head(file: Path) -> list[list[str]]:
    """The first rows, stripped, all as long as the first; [] for what is no text."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(BYTES)
        text = raw.decode("utf-8-sig", errors="replace")
        text = text[: text.rfind("\n") + 1] if len(raw) == BYTES else text
        first = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(",;\t|", key=first.count)
        lines = []
        for cells in csv.reader(text.splitlines(), delimiter=delimiter):
            cells = [cell.strip() for cell in cells]
            if any(cells):
                lines.append(cells)
            if len(lines) > ROWS:
                break
    except (OSError, csv.Error):
        return []
    width = len(lines[0]) if lines else 0
    return [(line + [""] * width)[:width] for line in lines]


def _column(rows: Sequence[Sequence[str]], i: int) -> list[str]:
    return [row[i] for row in rows if row[i]]


def _periods(cells: Sequence[str]) -> bool:
    """Whether these are periods or dates, each once."""
    told = [cell.lower() for cell in cells if cell]
    return bool(told) and len(set(told)) == len(told) and all(map(_PERIOD.fullmatch, told))


def _numbers(cells: Sequence[str]) -> bool:
    told = [cell for cell in cells if cell]
    return bool(told) and sum(bool(_NUMBER.fullmatch(cell)) for cell in told) >= 0.8 * len(told)
