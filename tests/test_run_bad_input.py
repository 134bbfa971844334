"""Bad input from end to end: one clear message with file, line and hint, and nothing is written."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from gearwheel.run import open_wheel, run_wheel, write_run
from gearwheel.wheel.errors import DataError, GearwheelError, WheelError
from planted import cache, write_planted  # noqa: F401


@pytest.fixture(scope="module")
def good(cache, tmp_path_factory) -> Path:  # noqa: F811
    return write_planted(tmp_path_factory.mktemp("good"), 1).parent


@pytest.fixture
def folder(good, tmp_path, monkeypatch) -> Path:
    """A copy to spoil, with a cache of its own that must stay empty."""
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))
    return Path(shutil.copytree(good, tmp_path / "wheel"))


def whole_way(folder: Path) -> None:
    write_run(run_wheel(open_wheel(str(folder / "wheel.toml"))), folder / "out")


def refused(folder: Path, kind: type[GearwheelError]):
    """The one problem that the whole way ends with."""
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    with pytest.raises(kind) as told:
        whole_way(folder)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert not (folder.parent / "cache").exists()
    assert len(told.value.problems) == 1, str(told.value)
    (problem,) = told.value.problems
    assert problem.hint and problem.code.startswith("GW") and problem.severity == "error"
    return problem


def line_of(path: Path, text: str) -> int:
    return next(i for i, line in enumerate(path.read_text().splitlines(), 1) if text in line)


# ---- the record

ROW = "customers,,2008-04-01,"


def spoil(folder: Path, new: str) -> int:
    """Put `new` in the place of the row of the second quarter of 2008; its line."""
    record = folder / "record.csv"
    line = line_of(record, ROW)
    lines = record.read_text().splitlines()
    lines[line - 1] = new
    record.write_text("\n".join(lines) + "\n")
    return line


@pytest.mark.parametrize(
    ("row", "said", "hint"),
    [
        ("customers,,2008-04-01,many,person,,,,", "value 'many' is not a number", "plain number"),
        ("customers,,2008-04-01,\"1,200\",person,,,,", "is not a number", "no thousands separator"),
        ("customers,,1995-04-01,20,person,,,,", "is not after the wheel's start on 2005-01-01", "start = 1995-04-01"),
        ("customers,,2008-07-01,20,person,,,,", "was measured for this period", "keep one"),
        ("customer,,2008-04-01,20,person,,,,", "no gauge 'customer'", "Did you mean 'customers'?"),
        ("customers,,2008-04-01,20,euro,,,,", "unit 'euro'", "person"),
        ("customers,,2008-04-31,20,person,,,,", "'2008-04-31' is not a date", "year-month-day"),
        ("customers,,2008-04-01,-3,person,,,,", "not positive", "leave the row out"),
        ("customers,,2008-04-01,nan,person,,,,", "not a finite number", "leave the row out"),
    ],
)  # fmt: skip
def test_a_bad_row(folder, row, said, hint):
    line = spoil(folder, row)
    problem = refused(folder, DataError)
    assert said in problem.message and hint in problem.hint
    assert Path(problem.file).name == "record.csv"
    # of two rows for one period the later one is named, and the message names the other
    assert problem.line in (line, line + 1)


def test_two_rows_for_one_year(folder):
    record = folder / "record.csv"
    line = line_of(record, ROW)
    lines = record.read_text().splitlines()
    record.write_text("\n".join([*lines[:line], lines[line - 1], *lines[line:]]) + "\n")
    problem = refused(folder, DataError)
    assert problem.line == line + 1 and f"in line {line} already" in problem.message


def test_a_record_cut_off_in_the_middle_of_a_row(folder):
    record = folder / "record.csv"
    text = record.read_text()
    cut = text.index(ROW) + len(ROW) + 3
    record.write_text(text[:cut])
    problem = refused(folder, DataError)
    assert "cells instead of 9" in problem.message and "cut off" in problem.hint
    assert problem.line == line_of(record, ROW)


def test_a_record_that_is_not_there(folder):
    (folder / "record.csv").unlink()
    assert "no such file" in refused(folder, DataError).message


# ---- the wheel


def change(folder: Path, old: str, new: str) -> int:
    path = folder / "wheel.toml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "said", "hint"),
    [
        ("dt = 0.25", "dt = -0.25", "a negative step", "0.25"),
        ('"customers * frequency"', '"custmers * frequency"', "custmers", "customers"),
        ('"customers / stay"', '"customers + stay"', "person", "unit"),
        ('"price / habit_time"', '"price / habit_time + dearer * 0 + cheaper * 0"', "cheaper", "stock"),
        ('to = "gaining"', 'to = "gain"', "gain", "gaining"),
        ('of = "markup"', 'of = "makeup"', "makeup", "markup"),
        ('size = "customers"', 'size = "customer"', "customer", "customers"),
        ("low = -1.4", "low = 1.4", "pull", ""),
    ],
)
def test_a_bad_wheel(folder, old, new, said, hint):
    line = change(folder, old, new)
    problem = refused(folder, WheelError)
    assert said in problem.message and hint in problem.hint
    assert Path(problem.file).name == "wheel.toml"
    assert abs(problem.line - line) <= 2  # the part or the line inside it


def test_a_wheel_cut_off_in_the_middle(folder):
    path = folder / "wheel.toml"
    text = path.read_text()
    path.write_text(text[: text.index('equation = "customers / stay"') + 15])
    problem = refused(folder, WheelError)
    assert problem.line and Path(problem.file).name == "wheel.toml"


def test_a_missing_gear_port(folder):
    (folder / "wheel.toml").write_text(
        'wheel = { name = "odd", unit = "year", dt = 0.25, start = 2005-01-01, size = "membership.members" }\n'
        '[gear.membership]\nuse = "membership"\n[gear.membership.mesh]\ncustomer = "x"\n'
    )
    with pytest.raises(WheelError) as told:
        whole_way(folder)
    assert "customer" in str(told.value) and "wheel.toml:" in str(told.value)


def test_a_wheel_that_nobody_knows():
    with pytest.raises(WheelError, match="no wheel or gear is called 'amazom'") as told:
        open_wheel("amazom")
    assert told.value.problems[0].hint == "Did you mean 'amazon'?"


@pytest.mark.parametrize(
    "equation",
    [
        "(" * 10_000 + "1" + ")" * 10_000,
        "__import__('os').system('touch hacked')",
        "-" * 10_000 + "1",
        "1 + " * 500_000 + "1",
    ],
    ids=["nested", "import", "minus", "long"],
)
def test_a_hostile_equation_is_refused_quickly(folder, equation):
    change(folder, '"customers / stay"', f'"{equation}"')
    began = time.perf_counter()
    with pytest.raises(WheelError) as told:
        whole_way(folder)
    assert time.perf_counter() - began < 5
    assert "wheel.toml" in str(told.value) and len(str(told.value)) < 5000
    assert not (folder / "hacked").exists() and not Path("hacked").exists()


def test_ten_megabytes_are_refused_quickly(folder):
    (folder / "wheel.toml").write_text("# " + "x" * 10_000_000)
    began = time.perf_counter()
    assert refused(folder, WheelError).hint
    assert time.perf_counter() - began < 5
