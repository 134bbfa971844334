"""TOML text → Wheel: every key known, every value of the right kind, every message with its line."""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
from datetime import date, datetime
from pathlib import Path

from gearwheel.wheel.errors import Problem, WheelError, did_you_mean
from gearwheel.wheel.lines import Lines
from gearwheel.wheel.parts import KINDS, Belief, Place, Wheel
from gearwheel.wheel.times import GRIDS, step_length

MAX_BYTES = 1_000_000
TOO_LARGE = "A wheel file holds equations; measured series stand in a CSV beside it. Is this the right file?"
MAX_NESTING = 12
MAX_PARTS = 5_000
MAX_GEARS = 100
MAX_PROBLEMS = 100

# words of the file that are reserved or ambiguous as Python names
_FILE_TO_FIELD = {"from": "cause", "to": "effect", "as": "measure", "use": "gear"}
FIELD_TO_FILE = {v: k for k, v in _FILE_TO_FIELD.items()}
_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_ELEMENT = rf"({_NAME}(?:\.{_NAME})?)\[\s*({_NAME}(?:\s*,\s*{_NAME})*)\s*\]"  # of an array, such as growth[south]
ARRAYED = ("stock", "flow", "aux", "parameter")  # kinds of which one part may stand for many
HEADER = (
    "name",
    "unit",
    "dt",
    "method",
    "start",
    "size",
    "title",
    "currency",
    "counts",
    "horizon",
    "outcomes",
    "measured",
    "split",
    "hold_back",
    "rival",
    "habit",
    "push",
)
TIME_UNITS = {
    "year": 365.2425,
    "quarter": 365.2425 / 4,
    "month": 365.2425 / 12,
    "week": 7.0,
    "day": 1.0,
    "hour": 1 / 24,
}


def read_text(path: Path) -> str:
    """The text of a file from a stranger. Raises WheelError when it is missing, too large, or not text."""
    try:
        if path.exists() and not path.is_file():
            raise WheelError(Problem("GW101", "this is not a file", str(path)))
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise WheelError(
                Problem(
                    "GW101",
                    f"the file has {size:,} bytes; a wheel has at most {MAX_BYTES:,}",
                    str(path),
                    hint=TOO_LARGE,
                )
            )
        return path.read_bytes().decode("utf-8")  # line ends stay as they are, for an edit that changes nothing else
    except UnicodeDecodeError as error:
        raise WheelError(Problem("GW101", "the file is not UTF-8 text", str(path))) from error
    except OSError as error:
        raise WheelError(Problem("GW101", f"cannot read the file: {error.strerror}", str(path))) from error


def parse_wheel(text: str, file: str = "") -> Wheel:
    """Read one document. Raises WheelError with all problems found, each with its line."""
    table = _toml(text, file)
    return Reader(table, text, file).wheel()


def _toml(text: str, file: str) -> dict:
    if len(text) > MAX_BYTES:
        raise WheelError(
            Problem("GW101", f"the text has {len(text):,} characters; at most {MAX_BYTES:,}", file, hint=TOO_LARGE)
        )
    deepest = _nesting(text)
    if deepest > MAX_NESTING:
        raise WheelError(Problem("GW101", f"the file is nested {deepest} deep; {MAX_NESTING} is the most", file))
    try:
        table = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or a number with thousands of digits
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        hint = "The file may be cut off." if "end of document" in str(error).lower() else ""
        raise WheelError(Problem("GW102", f"not TOML: {error}", file, line, hint)) from error
    return table


def _nesting(text: str) -> int:
    """How deep brackets and dotted keys nest, before any parser gets lost in them."""
    bare = re.sub(r'"(?:[^"\\\n]|\\.)*"?|\'[^\'\n]*\'?|#[^\n]*', "", text)
    depth = deepest = 0
    for character in bare:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    dots = max(chunk.count(".") for chunk in re.split(r"[^\w\-. \t]+", bare))
    return max(deepest, dots // 4)  # a line of prose in a long note may have some dots


class Reader:
    """Collects all problems of one document before it gives up."""

    def __init__(self, table: dict, text: str, file: str):
        self.table, self.text, self.file = table, text, file
        self.lines = Lines(text)
        self.problems: list[Problem] = []
        self.places: dict[tuple[str, str], Place] = {}
        self.unit = "week"

    def problem(self, code: str, message: str, at: tuple[str, ...], hint: str = "") -> None:
        line = self.lines.of(*at) if self.text else 0
        self.problems.append(Problem(code, message, self.file, line, hint))
        if len(self.problems) >= MAX_PROBLEMS:
            raise WheelError(self.problems)

    def wheel(self) -> Wheel:
        if sum(len(entries) for entries in self.table.values() if isinstance(entries, dict)) > MAX_PARTS:
            self.problem("GW101", f"more than {MAX_PARTS:,} parts", ())
            raise WheelError(self.problems)
        header = self.header()
        adjust: dict[tuple[str, str], dict] = {}
        found: dict[str, dict] = {kind: {} for kind in KINDS}
        gears = self.table.get("gear", {})
        for kind, entries in self.table.items():
            if kind in ("wheel", "dimension"):
                continue
            if kind not in KINDS:
                self.problem("GW103", f"'{kind}' is not a kind of part", (kind,), did_you_mean(kind, KINDS))
                continue
            if not isinstance(entries, dict):
                self.problem("GW104", f"'{kind}' needs a name: [{kind}.some_name]", (kind,))
                continue
            for name, entry in entries.items():
                self.places[kind, name] = Place(self.file, self.lines.of(kind, name))
                element = re.fullmatch(_ELEMENT, name) if kind in ARRAYED else None
                if element and self.is_table(kind, name, entry):
                    label = f"{element[1]}[{', '.join(re.findall(_NAME, element[2]))}]"
                    self.places[kind, label] = self.places[kind, name]
                    adjust[kind, label] = self.fields(kind, name, entry)
                    continue
                if not self.name_is_good(kind, name) or not self.is_table(kind, name, entry):
                    continue
                if isinstance(gears, dict) and "." in name and name.split(".")[0] in gears and kind != "gear":
                    adjust[kind, name] = self.fields(kind, name, entry)
                    continue
                part = self.part(kind, name, entry)
                if part is not None:
                    found[kind][name] = part
        if len(found["gear"]) > MAX_GEARS:
            self.problem("GW101", f"more than {MAX_GEARS} gears", ("gear",))
        dimensions = self.dimensions()
        if self.problems:
            raise WheelError(self.problems)
        return Wheel(
            **header, **found, dimension=dimensions, adjust=adjust, text=self.text, file=self.file, places=self.places
        )

    def dimensions(self) -> dict[str, tuple[str, ...]]:
        table = self.table.get("dimension", {})
        if not isinstance(table, dict):
            self.problem("GW104", "'dimension' must be a table of lists of names", ("dimension",))
            return {}
        for name, elements in table.items():
            good = _all(elements, str) and all(re.fullmatch(_NAME, e) for e in (name, *elements))
            if not good or not elements or len(set(elements)) < len(elements):
                hint = f'{name} = ["north", "south"]: letters, digits and _, each once.'
                self.problem("GW109", f"the dimension '{name[:60]}' is no list of names", ("dimension", name), hint)
        return {name: tuple(elements) for name, elements in table.items() if isinstance(elements, list)}

    def header(self) -> dict:
        header = self.table.get("wheel", {})
        if not isinstance(header, dict):
            self.problem("GW104", "'wheel' must be a table: wheel = { name = … }", ("wheel",))
            return {"name": ""}
        for key in header:
            if key not in HEADER:
                self.problem("GW105", f"wheel has no '{key}'", ("wheel", key), did_you_mean(key, HEADER))
        known = {k: v for k, v in header.items() if k in HEADER}
        types = {f.name: f.type for f in dataclasses.fields(Wheel)}
        named = known.pop("dt") if isinstance(known.get("dt"), str) else ""
        known = {k: self.value(("wheel", k), types[k], v) for k, v in known.items()}
        unit = known.get("unit") or "week"
        if unit in TIME_UNITS:
            self.unit = unit
        else:
            hint = f"One of {', '.join(TIME_UNITS)}."
            self.problem("GW106", f"'{unit[:60]}' is not a time unit", ("wheel", "unit"), hint)
        if named and math.isfinite(step_length(named, self.unit)):
            known["dt"] = named
        elif named:
            hint = did_you_mean(named, GRIDS) or f"A number of {self.unit}s, or one of {', '.join(GRIDS)}."
            self.problem("GW109", f"a wheel in {self.unit}s has no time step '{named[:60]}'", ("wheel", "dt"), hint)
        return {"name": "", **{k: v for k, v in known.items() if v is not None}}

    def name_is_good(self, kind: str, name: str) -> bool:
        good = re.fullmatch(rf"{_NAME}(\.{_NAME})?", name) is not None
        if not good and kind != "link":
            self.problem("GW107", f"'{name[:60]}' cannot be a name: letters, digits and _ only", (kind, name))
        return good or kind == "link"

    def is_table(self, kind: str, name: str, entry: object) -> bool:
        if not isinstance(entry, dict):
            self.problem("GW104", f"[{kind}.{name}] must be a table of keys", (kind, name))
        return isinstance(entry, dict)

    def fields(self, kind: str, name: str, entry: dict) -> dict:
        """The known fields of one part, converted; unknown keys become problems."""
        types = {f.name: f.type for f in dataclasses.fields(KINDS[kind])}
        converted = {}
        for key, raw in entry.items():
            target = _FILE_TO_FIELD.get(key, key)
            if target not in types or (key in FIELD_TO_FILE and key != target):
                known = [FIELD_TO_FILE.get(t, t) for t in types]
                self.problem("GW105", f"{kind} '{name}' has no '{key}'", (kind, name, key), did_you_mean(key, known))
                continue
            if kind == "gauge" and target == "measure":
                converted.update(self.measure(name, raw))
                continue
            converted[target] = self.value((kind, name, key), types[target], raw)
        return converted

    def part(self, kind: str, name: str, entry: dict):
        before = len(self.problems)
        given = self.fields(kind, name, entry)
        if kind == "gauge" and "of" not in given and given.get("measure") != "ratio":
            self.problem("GW108", f"gauge '{name}' does not say what it is a gauge of", (kind, name), 'Add of = "…".')
        elif kind == "parameter" and ("value" in given) == ("belief" in given):
            self.problem("GW108", f"parameter '{name}' needs either a value or a belief", (kind, name))
        else:
            for spec in dataclasses.fields(KINDS[kind]):
                required = spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING
                if required and spec.name not in given:
                    shown = FIELD_TO_FILE.get(spec.name, spec.name)
                    self.problem("GW108", f"{kind} '{name}' lacks '{shown}'", (kind, name))
        if len(self.problems) > before:
            return None
        return KINDS[kind](**given)

    def value(self, at: tuple[str, ...], kind: str, raw: object):
        """Convert one TOML value to the type that the dataclass names, or note the problem and return None."""
        if kind == "str" and isinstance(raw, str | int | float) and not isinstance(raw, bool):
            return raw if isinstance(raw, str) else repr(raw)
        if kind in ("float", "float | None") and _number(raw):
            return float(raw)
        if kind == "int" and isinstance(raw, int) and _number(raw):
            return raw
        if kind == "bool" and isinstance(raw, bool):
            return raw
        if kind.startswith("date") and isinstance(raw, date | datetime):
            return raw.date() if isinstance(raw, datetime) else raw
        if kind == "tuple[str, ...]" and (isinstance(raw, str) or _all(raw, str)):
            return (raw,) if isinstance(raw, str) else tuple(raw)
        if kind.startswith("tuple[float") and _all_numbers(raw) and (kind.endswith("...]") or len(raw) == 2):
            return tuple(float(v) for v in raw)
        if kind == "tuple[date, ...]" and _all(raw, date):
            return tuple(d.date() if isinstance(d, datetime) else d for d in raw)
        if kind.startswith("Belief") and isinstance(raw, dict):
            return self.belief(at, raw)
        if kind.startswith("Mapping") and isinstance(raw, dict) and all(_strings(v) for v in raw.values()):
            return {k: (v,) if isinstance(v, str) else tuple(v) for k, v in raw.items()}
        if kind.startswith("tuple[tuple[date") and isinstance(raw, list):
            steps = [r for r in raw if isinstance(r, list) and len(r) == 2 and isinstance(r[0], date)]
            if len(steps) == len(raw) and all(_number(v) for _, v in steps):
                return tuple((d.date() if isinstance(d, datetime) else d, float(v)) for d, v in steps)
        hint = f"It wants {_wanted(kind)}."
        if at[0] in ARRAYED and len(at) == 3 and isinstance(raw, list | dict):
            hint += f' An element of an array has its own in [{at[0]}."{at[1]}[element]"].'
        self.problem("GW109", f"{'.'.join(at)} cannot be {_short(raw)}", at, hint)
        return None

    def belief(self, at: tuple[str, ...], raw: dict) -> Belief | None:
        known = [f.name for f in dataclasses.fields(Belief)]
        for key in raw:
            if key not in known:
                self.problem("GW105", f"a belief has no '{key}'", at, did_you_mean(key, known))
                return None
        numbers = [raw.get(k) for k in ("low", "centre", "high")]
        if not all(_number(n) for n in numbers):
            self.problem("GW109", "a belief states low, centre and high as numbers", at)
            return None
        return Belief(*(float(n) for n in numbers), shape=str(raw.get("shape", "normal")))

    def measure(self, name: str, raw: object) -> dict:
        at = ("gauge", name, "as")
        text = str(raw).strip()
        ratio = re.fullmatch(r"ratio\(\s*([\w.\[\]]+)\s*,\s*([\w.\[\]]+)\s*\)", text)
        trailing = re.fullmatch(r"trailing\(\s*([\d.]+)\s*(\w+?)s?\s*\)", text)
        if ratio:
            return {"measure": "ratio", "of": ratio[1], "over": ratio[2]}
        if trailing and trailing[2] in TIME_UNITS:
            days = float(trailing[1]) * TIME_UNITS[trailing[2]]
            return {"measure": "trailing", "window": round(days / TIME_UNITS[self.unit], 6)}
        if text in ("end", "mean", "sum"):
            return {"measure": text}
        self.problem(
            "GW110",
            f"gauge '{name}' cannot be read as '{text[:60]}'",
            at,
            "One of end, mean, sum, trailing(12 month), ratio(a, b).",
        )
        return {}


def _strings(value: object) -> bool:
    return isinstance(value, str) or _all(value, str)


def _all(raw: object, kind) -> bool:
    return isinstance(raw, list) and all(isinstance(v, kind) and not isinstance(v, bool) for v in raw)


def _number(raw: object) -> bool:
    """Is it a number that a float can hold?"""
    return isinstance(raw, float) or (isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 2**1000)


def _all_numbers(raw: object) -> bool:
    return isinstance(raw, list) and all(_number(v) for v in raw)


def _short(raw: object) -> str:
    shown = repr(raw)
    return shown if len(shown) <= 60 else shown[:57] + "…"


def _wanted(kind: str) -> str:
    words = {
        "str": "text",
        "float": "a number",
        "int": "a whole number",
        "bool": "true or false",
        "date": "a date such as 2024-01-31",
    }
    for start, word in words.items():
        if kind.startswith(start):
            return word
    if kind == "tuple[date, ...]":
        return "a list of dates"
    if kind.startswith("tuple[tuple"):
        return "a list of [date, number] pairs"
    return {"tuple[str, ...]": "a list of names", "Mapping": "a table"}.get(kind.split("[")[0], f"{kind}")
