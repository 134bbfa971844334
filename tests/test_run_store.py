"""What is kept on disk: nothing is computed twice, nothing stale or damaged is believed, nobody's file is replaced."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from gearwheel.run import fit_wheel, measured, open_wheel, run_wheel, stored_posterior, write_run
from gearwheel.run.store import FIT_ROOMS, cached_file, input_hash, refuse_foreign, save_atomically
from gearwheel.wheel.errors import Cancelled, GearwheelError
from planted import cache, changed, planted_wheel, simulate, write_planted, write_record  # noqa: F401

SHORT = ("season = 4", "season = 0")
NO_SPLIT = (  # ten rows of each gauge: nothing to backtest, so a run takes a second
    SHORT,
    ("start = 2005-01-01", "start = 2017-07-01"),
)


@pytest.fixture(scope="module")
def file(cache, tmp_path_factory) -> Path:  # noqa: F811
    """A planted wheel with two and a half years of record."""
    folder = tmp_path_factory.mktemp("short")
    path = write_planted(folder, 1, *NO_SPLIT)
    wheel = planted_wheel(*NO_SPLIT)
    write_record(simulate(wheel, 1, years=2.5), wheel, folder / "record.csv")
    return path


class Seen:
    """A progress that notes the stages it was told."""

    def __init__(self, stop_at: str = ""):
        self.stages, self.stop_at = [], stop_at

    def __call__(self, stage, done, total, note):
        self.stages.append(stage)
        if self.stop_at and stage.startswith(self.stop_at):
            raise Cancelled("stopped")


def key_of(wheel, seed: int = 1) -> str:
    return input_hash(wheel, measured(wheel).hash, seed=seed)


def fit_key_of(wheel, draws: int = 2000, seed: int = 1) -> str:
    return input_hash(wheel, measured(wheel).hash, FIT_ROOMS, seed=seed, draws=draws)


@pytest.fixture(scope="module")
def first(file):
    """The first run; everything is computed."""
    seen = Seen()
    return run_wheel(open_wheel(str(file)), progress=seen), seen


# ---- nothing twice


def test_the_second_run_is_the_first_and_computes_nothing(file, first):
    results, seen = first
    assert "optimise" in seen.stages and seen.stages[-1] == "done"
    again = Seen()
    assert run_wheel(open_wheel(str(file)), progress=again) == results
    assert not {"optimise", "sample", "loops", "levers"} & set(again.stages)


def test_a_kept_fit_serves_a_new_run(file, first):
    wheel = open_wheel(str(file))
    kept = cached_file("runs", key_of(wheel), ".json")
    kept.unlink()
    seen = Seen()
    results = run_wheel(wheel, progress=seen)
    assert "optimise" not in seen.stages and "loops" in seen.stages
    assert strip(results) == strip(first[0])


def strip(results: dict) -> dict:
    """Less what a clock decides."""
    fit = {k: v for k, v in results["fit"].items() if k != "seconds"}
    return {**results, "fit": fit, "seconds": None}


def test_no_cache_computes_again_and_the_same(file, first):
    seen = Seen()
    results = run_wheel(open_wheel(str(file)), progress=seen, cache=False)
    assert "optimise" in seen.stages
    assert strip(results) == strip(first[0])


def test_a_kept_posterior_is_the_one_that_was_kept(file, first):
    wheel = open_wheel(str(file))
    fresh = fit_wheel(wheel, cache=False)
    kept = stored_posterior(wheel)
    np.testing.assert_array_equal(kept.u, fresh.u)
    np.testing.assert_array_equal(kept.traced.stocks, fresh.traced.stocks)
    assert kept.verdicts == fresh.verdicts and kept.seed == fresh.seed


# ---- nothing stale


def test_every_input_is_in_the_hash(file):
    wheel = open_wheel(str(file))
    known = {key_of(wheel), key_of(wheel, seed=2)}
    for change in (
        {"title": "Another title"},
        {"currency": "USD"},
        {"horizon": 3.0},
        {"outcomes": ("customers",)},
        {"dt": 0.125},
        {"habit": ("reach",)},
        {"parameter": {**wheel.parameter, "level": wheel.parameter["pull"]}},
        {"link": {}},
        {"sentences": {"planted": "turns"}},
    ):
        key = input_hash(wheel.changed(**change), measured(wheel).hash, seed=1)
        assert key not in known, change
        known.add(key)
    assert key_of(open_wheel(str(file))) == key_of(wheel)


def test_draws_are_never_read_in_another_order(file):
    """The columns of kept draws follow the wheel; a wheel with its parameters moved about must not take them over."""
    wheel = open_wheel(str(file))
    turned = wheel.changed(parameter=dict(reversed(wheel.parameter.items())))
    assert input_hash(turned, "") != input_hash(wheel, "")


def test_one_digit_of_the_record_changes_the_hash(file, tmp_path):
    wheel = open_wheel(str(file))
    for name in ("wheel.toml", "record.csv"):
        shutil.copy(file.parent / name, tmp_path / name)
    record = (tmp_path / "record.csv").read_text()
    place = record.index("made up") - 20
    digit = next(i for i in range(place, len(record)) if record[i].isdigit() and record[i] != "9")
    (tmp_path / "record.csv").write_text(record[:digit] + "9" + record[digit + 1 :])
    assert key_of(open_wheel(str(tmp_path / "wheel.toml"))) != key_of(wheel)


def test_the_same_wheel_at_another_place_is_the_same(file, tmp_path):
    for name in ("wheel.toml", "record.csv"):
        shutil.copy(file.parent / name, tmp_path / name)
    assert key_of(open_wheel(str(tmp_path / "wheel.toml"))) == key_of(open_wheel(str(file)))


# ---- nothing damaged


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"null", b"[]", b"{}", b'{"stamp": {"hash": "another"}}', b"\xff\xfe\x00"]
)
def test_a_damaged_run_is_computed_again(file, first, damage):
    wheel = open_wheel(str(file))
    kept = cached_file("runs", key_of(wheel), ".json")
    kept.write_bytes(damage)
    seen = Seen()
    assert strip(run_wheel(wheel, progress=seen)) == strip(first[0])
    assert "loops" in seen.stages
    assert json.loads(kept.read_text())["stamp"]["hash"] == key_of(wheel)  # mended


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(b ^ 0xFF for b in content[middle : middle + 64]) + content[middle + 64 :]


@pytest.mark.parametrize("suffix", [".npz", ".json"])
@pytest.mark.parametrize("damage", [lambda b: b"", cut, flipped, lambda b: b"[1]", lambda b: b"PK\x03\x04"])
def test_a_damaged_fit_is_no_fit(file, first, suffix, damage):
    wheel = open_wheel(str(file))
    kept = cached_file("fits", fit_key_of(wheel), suffix)
    good = kept.read_bytes()
    try:
        kept.write_bytes(damage(good))
        assert stored_posterior(wheel) is None
    finally:
        kept.write_bytes(good)
    assert stored_posterior(wheel) is not None


def test_a_cache_that_cannot_be_written_costs_only_time(file, first, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "file"))
    assert strip(run_wheel(open_wheel(str(file)))) == strip(first[0])


# ---- stopping


@pytest.mark.parametrize(
    "stage", ["compile", "optimise", "sample", "verdicts", "states", "loops", "levers", "forecast"]
)
def test_stopping_leaves_nothing_half_done(file, first, stage, tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path))
    with pytest.raises(Cancelled):
        run_wheel(open_wheel(str(file)), progress=Seen(stop_at=stage))
    left = sorted(p.relative_to(tmp_path).parts[0] for p in tmp_path.rglob("*") if p.is_file())
    done = stage in ("loops", "levers", "forecast")  # the fit was finished by then, and is worth keeping
    assert left == (["fits", "fits"] if done else [])


# ---- other people's files


def test_a_run_writes_three_files_and_may_replace_its_own(first, tmp_path):
    out = tmp_path / "deep" / "out"
    files = write_run(first[0], out)
    assert [f.name for f in files] == ["report.html", "wheel.svg", "results.json"]
    before = {f.name: f.read_bytes() for f in files}
    write_run(first[0], out)
    assert {f.name: f.read_bytes() for f in out.iterdir()} == before  # no temporary file is left either
    assert json.loads(before["results.json"]) == first[0]


@pytest.mark.parametrize("name", ["report.html", "wheel.svg", "results.json"])
@pytest.mark.parametrize("content", [b"my own notes", b"", b"<h1>What I think of Gearwheel</h1>", b"\x00\xff"])
def test_a_file_of_somebody_else_stays_as_it_is(first, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GearwheelError, match=f"{name} exists and is not a file of ours"):
        write_run(first[0], tmp_path)
    assert (tmp_path / name).read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == [name]  # and nothing else was begun


def test_a_folder_in_the_way_is_said(first, tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(GearwheelError, match="report.html"):
        write_run(first[0], tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(GearwheelError, match="cannot write"):
        write_run(first[0], tmp_path / "file" / "out")


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "kept.txt"
    save_atomically(path, b"old")
    with pytest.raises(TypeError):
        save_atomically(path, "text, not bytes")
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["kept.txt"]
    refuse_foreign(tmp_path / "nothing here")  # no complaint


# ---- records that say little


def test_a_record_without_rows_is_no_record(file, tmp_path):
    shutil.copy(file, tmp_path / "wheel.toml")
    (tmp_path / "record.csv").write_text((file.parent / "record.csv").read_text().splitlines()[0] + "\n")
    results = run_wheel(open_wheel(str(tmp_path / "wheel.toml")))
    assert results["fit"]["method"] == "beliefs" and results["backtest"] is None


def test_a_record_of_one_row_is_fitted(file, tmp_path):
    shutil.copy(file, tmp_path / "wheel.toml")
    lines = (file.parent / "record.csv").read_text().splitlines()
    (tmp_path / "record.csv").write_text("\n".join(lines[:2]) + "\n")
    results = run_wheel(open_wheel(str(tmp_path / "wheel.toml")))
    assert results["fit"]["rows"] == 1 and results["fit"]["gate_passed"]
    assert {v["verdict"] for v in results["links"].values()} == {"the data cannot tell"}
    assert results["backtest"]["split"] is None
