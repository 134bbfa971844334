"""`gearwheel new` from a tidy CSV of series: what cannot be read is told by file and line, and nothing is lost."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gearwheel.cli import main
from gearwheel.gauges.tidy import COLUMNS, read_entries
from gearwheel.wheel.errors import DataError

HEADER = ",".join(COLUMNS) + "\n"
ROWS = (
    "customers_active,,2023-01-01,12000,customer,,,report,\ncustomers_active,,2024-01-01,14000,customer,,,report,\n"
    "orders,2022-01-01,2023-01-01,36000,order,,,report,\nbrand_index,2022-01-01,2023-01-01,43,1,,,report,\n"
)


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))
    return tmp_path


def refused(*words: str) -> str:
    done = CliRunner().invoke(main, ["new", *words])
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit), repr(done.exception)
    return done.output


@pytest.mark.parametrize(
    ("raw", "line", "code"),
    [
        ((HEADER + ROWS + "orders,2023-01").encode(), 6, "GW403"),
        ((HEADER + ROWS.replace("report", "Jahrbericht Köln", 1)).encode("latin-1"), 2, "GW401"),
        ((HEADER + ROWS).replace(",", ";").encode(), 1, "GW402"),
        ((HEADER + ROWS.replace("2023-01-01", "31.12.2022", 1)).encode(), 2, "GW409"),
        ((HEADER + ROWS.replace(",2023-01-01", ",", 1)).encode(), 2, "GW409"),
        ((HEADER + ROWS + 'orders,2023-01-01,2024-01-01,1,order,,,"report').encode(), 6, "GW401"),
        (HEADER.encode(), 1, "GW402"),
    ],
    ids=["cut off", "latin-1", "semicolons", "day first", "no end", "open quote", "no rows"],
)
def test_a_file_that_cannot_be_read_is_told_by_line_with_a_hint(desk, raw, line, code):
    (desk / "figures.csv").write_bytes(raw)
    output = refused("firm", "--data", "figures.csv")
    assert f"figures.csv:{line}: error {code}: " in output and len(output.strip().splitlines()) >= 2
    assert not (desk / "firm").exists() and (desk / "figures.csv").read_bytes() == raw


def test_every_bad_line_is_told_at_once(desk):
    (desk / "figures.csv").write_text(HEADER + "orders,2022\n" + ROWS + "orders,2022-13-01,2023-01-01,1,order,,,,\n")
    with pytest.raises(DataError) as caught:
        read_entries(desk / "figures.csv")
    assert [(p.code, p.line) for p in caught.value.problems] == [("GW403", 2), ("GW409", 7)]


def test_of_several_files_one_must_be_named(desk):
    folder = desk / "years"
    folder.mkdir()
    lines = ROWS.splitlines(keepends=True)
    (folder / "old.csv").write_text(HEADER + lines[0] + lines[2])
    (folder / "new.csv").write_text(HEADER + lines[1])
    output = refused("firm", "--data", "years")
    assert "GW492" in output and "new.csv, old.csv" in output and "name one" in output
    (folder / "new.csv").unlink()
    (folder / "about.csv").write_text("who,what\na,b\n")  # sorts first and holds no series
    assert CliRunner().invoke(main, ["new", "firm", "--data", "years"]).exit_code == 0
    assert (desk / "firm" / "record.csv").read_text() == HEADER + lines[0] + lines[2]


@pytest.mark.parametrize("linked", [False, True])
def test_a_record_is_never_its_own_source(desk, linked):
    (desk / "firm").mkdir()
    source = desk / "firm" / "record.csv"
    source.write_text(HEADER + ROWS)
    named = source
    if linked:
        named = desk / "figures.csv"
        named.hardlink_to(source)
    assert "GW493" in refused("firm", "--data", str(named), "--force")
    assert source.read_text() == HEADER + ROWS and not (desk / "firm" / "wheel.toml").exists()
