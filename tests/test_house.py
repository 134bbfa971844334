"""The house rules: imports point downwards, modules stay small, nothing is evaluated, nothing heavy starts early."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "gearwheel"
MODULES = sorted(SOURCE.rglob("*.py"))
DIRECT = {  # room -> rooms that it may import; what these import it may import too
    "wheel": (),
    "gears": (),
    "exchange": ("wheel",),
    "spin": ("wheel",),
    "loops": ("spin",),
    "gauges": ("wheel",),
    "fit": ("spin", "gauges"),
    "levers": ("loops", "fit"),
    "desk": ("fit",),
    "market": (),
    "show": ("wheel",),
}
DOORS = ("run", "api", "cli", "studio")  # above all rooms; run below api, api below cli and studio
HEAVY = (
    "jax", "numpyro", "pandas", "statsforecast", "scipy", "arviz", "matplotlib", "duckdb", "sqlglot", "sklearn", "pyarrow",
)  # fmt: skip


def allowed(room: str) -> set[str]:
    found = {room, *DIRECT.get(room, ())}
    for below in DIRECT.get(room, ()):
        found |= allowed(below)
    if room in DOORS:
        found |= {*DIRECT, *DOORS[: DOORS.index(room)]}
    return found


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def rooms_imported(path: Path) -> set[str]:
    found = set()
    package = ["gearwheel", *path.relative_to(SOURCE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{a.name}" for a in node.names}
    return {m.split(".")[1] for m in found if m.startswith("gearwheel.")}


def test_the_walk_finds_the_house():
    assert {"wheel", "spin"} <= {room_of(p) for p in MODULES}


def test_what_one_module_takes_from_another_is_there():
    """Two changes that each pass may not fit together: one renames what the other begins to use."""
    here = {
        ".".join(["gearwheel", *p.relative_to(SOURCE).with_suffix("").parts]).removesuffix(".__init__") for p in MODULES
    }
    missing = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("gearwheel"):
                module, wanted = importlib.import_module(node.module), [a.name for a in node.names]
                absent = [n for n in wanted if not hasattr(module, n) and f"{node.module}.{n}" not in here]
                missing += [f"{path.relative_to(SOURCE)}:{node.lineno} {node.module}.{n}" for n in absent]
    assert not missing


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_downwards(path):
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    assert room in DIRECT or room in DOORS, f"{room} is no room of the house"
    assert rooms_imported(path) - allowed(room) == set()


def test_relative_and_nested_imports_are_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path)
    (tmp_path / "wheel").mkdir()
    sly = tmp_path / "wheel" / "sly.py"
    sly.write_text(
        "def f():\n    from ..fit import filter\n    from gearwheel import show\n    import gearwheel.spin.run\n"
    )
    assert rooms_imported(sly) == {"fit", "show", "spin"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_modules_are_small_and_evaluate_nothing(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 500
    calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    assert [c.func.id for c in calls if c.func.id in ("eval", "exec", "__import__")] == []


def test_what_is_shown_loads_nothing_from_elsewhere():
    """Sources may be cited as links to follow; nothing may be fetched to show a picture."""
    shown = [
        p
        for room in ("show", "studio")
        for p in (SOURCE / room).rglob("*")
        if p.suffix in (".py", ".html", ".css", ".js", ".svg")
    ]
    fetched = re.compile(
        r"(?:src\s*=\s*\\?[\"']?|url\(\s*[\"']?|@import\s+[\"']|import\(\s*[\"']|fetch\(\s*[\"'])(?:https?:)?//", re.I
    )
    linked = re.compile(r"<link[^>]+href\s*=\s*\\?[\"'](?:https?:)?//", re.I)
    for path in shown:
        text = path.read_text("utf-8")
        assert not fetched.search(text) and not linked.search(text), path


@pytest.mark.parametrize("module", ["gearwheel.cli", "gearwheel.wheel.rules", "gearwheel.wheel.load"])
def test_nothing_heavy_is_imported_at_the_door(module):
    room = SOURCE / (module.split(".")[1] + ".py")
    if importlib.util.find_spec("gearwheel") is None or (
        module == "gearwheel.cli" and not room.exists() and not room.with_suffix("").is_dir()
    ):
        pytest.skip(f"{module} does not exist yet")
    code = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
