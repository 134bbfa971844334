"""A name or a path → a wheel, as written or assembled."""

from __future__ import annotations

from pathlib import Path

from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.errors import Problem, WheelError, did_you_mean
from gearwheel.wheel.parts import Wheel
from gearwheel.wheel.read import parse_wheel, read_text


def bundled(library: Path) -> dict[str, Path]:
    """Every wheel and gear of the library by name."""
    return {p.parent.name if p.stem == "wheel" else p.stem: p for p in sorted(library.rglob("*.toml"))}


def find(name: str, library: Path, beside: str = "") -> Path:
    """The file of a bundled wheel or gear, or of a path (relative to the file that names it). Raises WheelError."""
    known = bundled(library)
    if name in known:
        return known[name]
    base = Path(beside).parent if beside else Path()
    path = (base / name).expanduser()
    if path.is_dir():
        path = path / "wheel.toml"
    if path.suffix != ".toml" and not path.exists():
        hint = did_you_mean(name, known) or f"Bundled: {', '.join(known)}; or give the path of a .toml file."
        raise WheelError(Problem("GW100", f"no wheel or gear is called '{name}'", beside, hint=hint))
    return path


def as_written(name: str, library: Path, beside: str = "") -> Wheel:
    """The wheel or gear as its file says. Raises WheelError."""
    path = find(name, library, beside)
    return parse_wheel(read_text(path), str(path))


def load(name: str, library: Path) -> Wheel:
    """The wheel with all gears taken in. Raises WheelError."""
    return assemble_with(as_written(name, library), library)


def assemble_with(wheel: Wheel, library: Path) -> Wheel:
    return assemble(wheel, lambda gear, beside: as_written(gear, library, beside))
