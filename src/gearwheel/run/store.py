"""What is kept on disk: hashes of inputs, the cache of results, and the three files of a run."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from gearwheel.wheel.errors import GearwheelError
from gearwheel.wheel.parts import KINDS, Wheel

Progress = Callable[[str, int, int, str], None]
LIBRARY = Path(__file__).resolve().parent.parent / "gears"
OURS = "gearwheel"
SIGNATURE = re.compile(rb'made[ _-]by["=: ]+gearwheel', re.IGNORECASE)  # in all that we write; only that is replaced


def silent(*_) -> None:
    """The progress of those who do not ask."""


def release() -> str:
    """Our version."""
    try:
        number = version("gearwheel")
    except PackageNotFoundError:
        number = "0"
    return number


FIT_ROOMS = ("wheel", "spin", "gauges", "fit")
ALL_ROOMS = (*FIT_ROOMS, "loops", "levers", "run")


def code_hash(rooms: tuple[str, ...]) -> str:
    """Hash of the modules that a result depends on: a kept result never outlives the code that made it."""
    digest = hashlib.sha256()
    root = LIBRARY.parent
    for room in rooms:
        for file in sorted(f for ending in ("py", "toml", "sql") for f in (root / room).rglob(f"*.{ending}")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def input_hash(wheel: Wheel, gauges_hash: str, rooms: tuple[str, ...] = ALL_ROOMS, **settings) -> str:
    """Names everything that a result depends on: the assembled wheel, its record, our code and the settings."""
    parts = [(n, repr(p)) for kind in KINDS for n, p in getattr(wheel, kind).items()]  # draws come in this order
    header = [
        wheel.name,
        wheel.unit,
        wheel.dt,
        wheel.method,
        str(wheel.start),
        wheel.grid,
        wheel.size,
        wheel.horizon,
        wheel.outcomes,
    ]
    header += [str(wheel.split), wheel.hold_back, wheel.rival, wheel.habit, wheel.push]
    header += [wheel.title, wheel.currency, wheel.counts, list(wheel.opens.items()), list(wheel.sentences.items())]
    text = json.dumps([header, parts, gauges_hash, code_hash(rooms), settings], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def cached_file(kind: str, key: str, suffix: str) -> Path:
    from gearwheel.spin.compiled import cache_folder

    return cache_folder() / kind / f"{key}{suffix}"


def save_atomically(path: Path, content: bytes) -> None:
    """Write beside the target and rename, so that a reader sees the old file or the new one. Raises GearwheelError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise GearwheelError(f"cannot write {path}: {error.strerror or error}") from error


def plain(value):
    """Results as JSON can hold them: NumPy scalars and arrays as numbers and lists, what is not finite as null, dates
    as ISO texts, our plain values as tables."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain({f.name: getattr(value, f.name) for f in fields(value)})
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value


def write_run(results: dict, out: Path) -> list[Path]:
    """`report.html`, `wheel.svg` and `results.json` in `out`. Raises GearwheelError before anything is written when
    one of them exists and is not ours."""
    from gearwheel.show.report import report_html
    from gearwheel.show.wheel_picture import wheel_svg

    texts = {
        "report.html": report_html(results),
        "wheel.svg": signed_svg(wheel_svg(results)),
        "results.json": json.dumps(plain(results), indent=1, allow_nan=False) + "\n",
    }
    for name in texts:
        refuse_foreign(out / name)
    for name, text in texts.items():
        save_atomically(out / name, text.encode())
    return [out / name for name in texts]


def signed_svg(svg: str) -> str:
    """The picture with a word on who drew it, by which we know our own files again."""
    return svg.replace("<svg ", f'<svg data-made-by="{OURS}" ', 1)


def refuse_foreign(path: Path) -> None:
    """Raises GearwheelError when `path` exists and was not written by Gearwheel."""
    if not path.exists():
        return
    try:
        ours = path.is_file() and SIGNATURE.search(path.read_bytes()) is not None
    except OSError as error:
        raise GearwheelError(f"cannot read {path}: {error.strerror}") from error
    if not ours:
        raise GearwheelError(f"{path} exists and is not a file of ours; give another --out or move it away")
