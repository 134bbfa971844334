"""knowledge.json: quantities as they were learned from data, as draws, with what they rest on."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np

from gearwheel.desk.operation import Operation
from gearwheel.desk.versions import version_of
from gearwheel.wheel.errors import DeskError, Problem, did_you_mean

BEYOND = 2  # times its limits, which single draws around a centre within them may reach


@dataclass(frozen=True)
class Known:
    """`draws`: quantity → (any number of draws,), as `policy.believed` takes it. `text` is the file."""

    draws: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)

    @property
    def version(self) -> str:
        """Names what is known: a hash of its text, "" where nothing is."""
        return version_of(self.text)


NOTHING = Known()


def read_knowledge(path: str | PathLike[str], operation: Operation) -> Known:
    """The knowledge in the file. Raises DeskError (GW502, GW503, GW511, GW518)."""
    try:
        known = parse_knowledge(Path(path).read_text("utf-8"), operation, str(path))
    except OSError as error:
        raise DeskError(Problem("GW518", f"cannot read the knowledge: {error.strerror}", str(path))) from error
    except UnicodeDecodeError as error:
        raise DeskError(Problem("GW511", "the file is not UTF-8 text", str(path))) from error
    for name, draws in known.draws.items():
        (low, high), centre = operation.quantities[name].limits, float(np.median(draws))
        if not (low <= centre <= high and (np.abs(draws) <= BEYOND * max(abs(low), high)).all()):
            said = f"the draws of '{name}' reach from {draws.min():g} to {draws.max():g}; it lies between {low:g} and {high:g}"
            raise DeskError(Problem("GW503", said, str(path)))
    return known


def parse_knowledge(text: str, operation: Operation, file: str = "") -> Known:
    """The knowledge that the text states: {"operation": …, "quantities": {name: {"draws": […], "because": …}}}."""
    if not text:
        return NOTHING
    try:
        raw = json.loads(text)
        stated = raw["quantities"]
        if raw.get("operation", operation.name) != operation.name:
            said = f"it is about {raw['operation']!r}, the policy about '{operation.name}'"
            raise DeskError(Problem("GW511", said, file))
        draws = {str(name): np.asarray(what["draws"], float) for name, what in stated.items()}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        hint = 'It looks like {"operation": …, "quantities": {"goodwill": {"draws": [0.01, …], "because": "…"}}}.'
        raise DeskError(Problem("GW511", f"not a knowledge file: {error}", file, hint=hint)) from error
    for name, values in draws.items():
        if name not in operation.quantities:
            raise DeskError(
                Problem("GW502", f"no quantity '{name}'", file, hint=did_you_mean(name, operation.quantities))
            )
        if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
            raise DeskError(Problem("GW511", f"the draws of '{name}' are not a list of numbers", file))
    return Known(draws, text)


def knowledge_text(operation: str, quantities: Mapping[str, np.ndarray], because: Mapping[str, str]) -> str:
    """The text of a knowledge.json: draws (draws,) by quantity, and what each rests on."""
    stated = {
        name: {"draws": [float(f"{v:.6g}") for v in values], "because": because.get(name, "")}
        for name, values in quantities.items()
    }
    return json.dumps({"operation": operation, "quantities": stated}, indent=1, ensure_ascii=False) + "\n"


def refuse_foreign_knowledge(path: Path) -> None:
    """Raises DeskError (GW518) when `path` exists and is not JSON that states quantities."""
    if not path.exists():
        return
    with contextlib.suppress(OSError, ValueError, RecursionError):
        found = json.loads(path.read_text("utf-8"))
        if isinstance(found, dict) and "quantities" in found:
            return
    said = "the file exists and is not one of knowledge"
    raise DeskError(Problem("GW518", said, str(path), hint="Give another --out, or move it away."))
