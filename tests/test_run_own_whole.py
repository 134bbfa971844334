"""The whole way once, from two CSV exports to a report, and again after the shop has gone on."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gearwheel.cli import main
from gearwheel.market.spin import spin
from gearwheel.market.story import story
from gearwheel.show import figures, words
from gearwheel.show.gear_state import measured
from gearwheel.show.link_standing import SHOWN
from gearwheel.show.notes import STEPS
from gearwheel.show.report import report_html
from gearwheel.show.summary import summary_text
from gearwheel.show.wheel_choice import choose


def text_of(page: str) -> str:
    page = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ").split())


def card_of(page: str, name: str) -> str:
    return text_of(re.search(rf'<section id="{name}".*?</section>', page, re.S)[0])


def agrees(found: dict, page: str) -> None:
    """The state of a gear, a number that stands twice, a verdict and its picture come from one value."""
    data, wheel, fine = (card_of(page, name) for name in ("data", "wheel", "print"))
    chosen = choose(found)
    for gear in chosen.gears:
        state = measured(found, gear.name)
        assert ("No gauge measures" in wheel) == (state.stands == "on beliefs") == ("on beliefs" in gear.note)
        assert ("is not part of the fit" in wheel) == (state.stands == "beside") == ("not fitted" in gear.note)
        for gauge in state.fitted + state.beside:
            assert (
                found["events"]["gauges"][gauge]["title"] in data and found["events"]["gauges"][gauge]["title"] in fine
            )
    counts = words.verdict_counts(found)
    assert sum(link.standing == SHOWN for link in chosen.links) == counts[words.TURNS] + counts[words.OTHER_WAY]
    assert f"on {figures.in_words(counts[words.UNSURE])} the data cannot tell" in card_of(page, "links")
    for loop in found["loops"]:
        for key in ("share", "share_now"):
            assert figures.percent(loop[key]["median"], signed=True) in card_of(page, "shares")
    assert words.speed(found) in card_of(page, "speed") and words.speed(found) in " ".join(summary_text(found).split())


VERDICTS = {"turns", "turns the other way", "does not turn here", "the data cannot tell"}


def export(folder: Path, days: int) -> None:
    """Orders and their lines as a shop's own software might write them."""
    import duckdb

    settings, levers = story(500)
    canonical = folder.parent / f"canonical{days}"
    spin(settings, days, 5, levers=levers, folder=canonical)
    folder.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        for name, columns in (
            ("orders", 'order_id as "Order no", customer_id as "Customer", placed_at as "Created at"'),
            (
                "order_lines",
                'order_id as "Order no", line, product_id as "SKU", quantity as "Qty", price as "Unit price"',
            ),
        ):
            rows = f"select {columns} from '{canonical / name}.parquet'"
            connection.execute(f"copy ({rows}) to '{folder / name}.csv' (header, delimiter ';')")


def told(*words: object) -> str:
    done = CliRunner().invoke(main, [str(w) for w in words])
    assert done.exit_code == 0, f"{done.output}\n{done.exception!r}"
    return done.stdout


def results() -> dict:
    return json.loads(Path("out/results.json").read_text("utf-8"))


@pytest.mark.slow
def test_from_two_exports_to_a_report_that_knows_what_it_does_not_know(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))
    exports = tmp_path / "exports"
    export(exports, 420)
    assert "Active customers" in told("new", "mine", "--data", exports, "--yes", "--currency", "EUR")
    said = told("run", "mine", "--out", "out")
    found = results()
    assert found["fit"]["gate_passed"] and {one["verdict"] for one in found["links"].values()} <= VERDICTS
    assert found["wheel"]["gears"].keys() == {"experience"}
    assert found["fit"]["seasons_on_belief"]  # the record is shorter than two years
    tested = found["backtest"]["gauges"]["orders"]
    assert tested["after"] >= 8 and {"gearwheel", "last value", "theta"} <= tested["methods"].keys()
    page = Path("out/report.html").read_text("utf-8")
    assert "What the data hold" in page and all(name in page for name, *_ in STEPS)
    assert "beliefs" in page and "Traceback" not in said
    agrees(found, page)
    unread = found | {"series": {}, "wheel": json.loads(json.dumps(found["wheel"]).replace('"measured_by"', '"was"'))}
    unread["wheel"]["gears"]["experience"]["measured_by"] = []
    assert measured(unread, "experience").stands == "beside" and measured(found, "experience").stands == "fitted"
    agrees(unread, report_html(unread))

    before = found["events"]["hash"]
    assert told("run", "mine", "--out", "out") == said and results()["events"]["hash"] == before
    export(exports, 434)  # two weeks later
    told("run", "mine", "--out", "out")
    assert results()["events"]["hash"] != before
    assert len(results()["events"]["rows"]) > len(found["events"]["rows"])
