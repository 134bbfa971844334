"""`gearwheel new`: every wheel it writes passes its checks and spins; nothing is overwritten."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import gearwheel as gw
from gearwheel.cli import main
from gearwheel.cli.starter import TEMPLATE, gear_names, picked

GEARS = gear_names()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def new(*arguments: str):
    return CliRunner().invoke(main, ["new", *arguments])


def test_the_template_knows_the_whole_library():
    library = Path(gw.__file__).parent / "gears"
    assert set(GEARS) == {p.stem for p in library.glob("*.toml")}
    assert gw.open(TEMPLATE).check() == []


@pytest.mark.parametrize("gears", [c for n in (1, 2, 3) for c in combinations(GEARS, n)], ids="+".join)
def test_any_few_gears_mesh_without_a_word_of_complaint(gears, tmp_path):
    text = picked(gears)
    (tmp_path / "wheel.toml").write_text(text)
    model = gw.open(tmp_path / "wheel.toml")
    errors = [p for p in model.check() if p.code != "GW224"]  # outcomes of gears left out go when it is written
    assert errors == []
    assert set(model.written.gear) == {"experience", *gears}


@pytest.mark.parametrize("gears", [("experience",), ("costs",), ("fulfilment", "membership"), GEARS], ids="+".join)
def test_a_new_wheel_checks_and_spins(gears, tmp_path):
    assert new("bakery", "--from", ",".join(gears)).exit_code == 0
    model = gw.open(tmp_path / "bakery" / "wheel.toml")
    assert model.check() == [] and model.written.name == "bakery"
    runs = model.spin(years=5)
    assert len(runs.lost) <= 4
    customers = runs.quantiles("customers", [0.5])[0]
    assert 0.5 < customers[-1] / customers[0] < 4


def test_the_default_is_the_bundled_shop(tmp_path):
    done = new("bakery")
    assert done.exit_code == 0 and done.stdout.split() == ["bakery/wheel.toml"]
    assert done.stderr == "next: gearwheel check bakery/wheel.toml\n"
    made, shop = gw.open(tmp_path / "bakery"), gw.open("shop")
    assert made.written.changed(name="shop", title=shop.written.title) == shop.written
    assert "# ---- costs" in made.written.text and "gearwheel spin bakery/wheel.toml" in made.written.text


def test_the_bundled_shop_is_what_the_template_gives():
    shop = gw.open("shop").written
    assert shop.text.split("\n", 2)[2].replace('name = "shop"', 'name = "starter"') == picked(
        ("experience", "fulfilment", "costs")
    )


def test_a_copied_wheel_brings_its_record(tmp_path):
    assert new("rival", "--from", "amazon").exit_code == 0
    assert {p.name for p in (tmp_path / "rival").iterdir()} == {"wheel.toml", "record.csv"}
    copied, amazon = gw.open(tmp_path / "rival").written, gw.open("amazon").written
    assert copied.changed(name=amazon.name, title=amazon.title) == amazon
    assert "# ---- what only Amazon has" in copied.text


def test_nothing_is_overwritten_unless_asked(tmp_path):
    (tmp_path / "bakery").mkdir()
    (tmp_path / "bakery" / "wheel.toml").write_text("mine")
    done = new("bakery")
    assert done.exit_code == 1 and "--force" in done.output
    assert (tmp_path / "bakery" / "wheel.toml").read_text() == "mine"
    assert new("bakery", "--force").exit_code == 0
    assert gw.open(tmp_path / "bakery").check() == []


def test_another_folder_is_taken_with_dir(tmp_path):
    assert new("bakery", "--dir", "a/b").exit_code == 0
    assert (tmp_path / "a" / "b" / "wheel.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["bakery", "--from", "experince"], "Did you mean 'experience'?"),
        (["bakery", "--from", "shop,costs"], "copied alone"),
        (["../bakery"], "no name for a wheel"),
        (["a\nb"], "no name for a wheel"),
    ],
)
def test_what_cannot_be_begun_is_said_and_not_written(arguments, says, tmp_path):
    done = new(*arguments)
    assert done.exit_code == 1 and says in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_shop_spins_steadily_and_grows_plausibly(seed):
    runs = gw.open("shop").spin(years=5, seed=seed)
    assert runs.lost == {}
    assert all(np.isfinite(v).all() for v in runs.ensemble.values.values())
    low, median, high = runs.quantiles("customers", [0.05, 0.5, 0.95])
    assert 1.2 < median[-1] / median[0] < 2.5  # 4 to 20 % a year
    assert low[-1] > 2000 and high[-1] < 100_000  # a bad five years, and not the whole market
    sales = runs.quantiles("net_sales", [0.5])[0]
    assert 1.1e6 < sales[0] < 1.6e6 and abs(runs.quantiles("posted_price", [0.5])[0] - 1).max() < 0.15
