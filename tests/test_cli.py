"""The command line: instant help, honest exit codes, every verb on small wheels, strangers' files refused quickly."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import gearwheel as gw
from gearwheel.cli import main
from show_example import example

SOURCE = Path(__file__).parents[1] / "src"
CORNER = Path(__file__).parent / "wheels" / "corner.toml"
VERBS = (
    "run", "new", "measure", "check", "draw", "spin", "fit", "loops", "levers", "terms", "plan", "push", "desk", "report",
    "export", "plant",
)  # fmt: skip
DESK = ("new", "check", "prepare", "decide", "serve", "replay", "learn", "evaluate")
ON_A_WHEEL = [v for v in VERBS if v not in ("new", "measure", "desk", "report", "export", "plant")]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Nothing is written into the checkout or the user's cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))


def gearwheel(*arguments: str):
    return CliRunner().invoke(main, [str(a) for a in arguments])


def python(code: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)


def written(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and "cache" not in p.parts}


# ---- the door


def test_help_appears_at_once():
    def once() -> float:
        began = time.perf_counter()
        done = python("from gearwheel.cli import main; main(['--help'])")
        assert done.returncode == 0 and "Examples" in done.stdout
        return time.perf_counter() - began

    assert min(once() for _ in range(5)) < 0.3


def test_the_verbs_are_listed_in_the_order_of_use():
    text = gearwheel("--help").output
    assert tuple(re.findall(r"^  (\w+) {2,}", text.split("Commands:")[1], re.M)) == VERBS


@pytest.mark.parametrize("verb", [*VERBS, *(f"desk {v}" for v in DESK)])
def test_every_verb_explains_itself(verb):
    done = gearwheel(*verb.split(), "--help")
    assert done.exit_code == 0
    assert "Example" in done.output and f"gearwheel {verb} " in done.output
    assert "--json" in done.output or verb in ("desk", "desk serve")


def test_the_verbs_of_the_desk_are_listed_in_the_order_of_use():
    text = gearwheel("desk", "--help").output
    assert tuple(re.findall(r"^  (\w+) {2,}", text.split("Commands:")[1], re.M)) == DESK


@pytest.mark.parametrize(
    "arguments", [["chek", "shop"], ["check"], ["spin", "shop", "--years", "soon"], ["run", "shop", "--speed"]]
)
def test_misuse_is_exit_code_2(arguments):
    assert gearwheel(*arguments).exit_code == 2


def test_the_version_is_the_package_s():
    assert gearwheel("--version").output == f"gearwheel {gw.__version__}\n"


# ---- problems in words


@pytest.mark.parametrize("verb", ON_A_WHEEL)
def test_an_unknown_wheel_is_named_with_what_was_meant(verb, tmp_path):
    done = gearwheel(verb, "amazn", *(["membership"] if verb == "terms" else []))
    assert done.exit_code == 1
    assert "GW100" in done.output and "Did you mean 'amazon'?" in done.output and "Traceback" not in done.output
    assert written(tmp_path) == set()


BROKEN = """wheel = { name = "x", unit = "year", dt = 0.25, size = "customer" }
[stock.customers]
unit = "customer"
start = "10"
inflows = ["joining"]
[flow.joining]
unit = "customer/year"
equation = "customers * growht"
[parameter.growth]
unit = "1/year"
value = 0.1
"""


def test_check_says_file_line_and_hint(tmp_path):
    (tmp_path / "x.toml").write_text(BROKEN)
    done = gearwheel("check", "x.toml")
    assert done.exit_code == 1
    assert re.search(r"^x\.toml:\d+: error GW\d{3}: .*growht", done.stdout, re.M)
    assert "Did you mean 'growth'?" in done.stdout
    assert "next:" not in done.output


def test_check_as_json_holds_the_same_problems(tmp_path):
    (tmp_path / "x.toml").write_text(BROKEN)
    done = gearwheel("check", "x.toml", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1 and told["errors"] == len([p for p in told["problems"] if p["severity"] == "error"]) > 0
    assert {"code", "file", "line", "hint", "message"} <= told["problems"][0].keys()


def test_a_sound_wheel_passes_and_names_the_next_verb():
    done = gearwheel("check", CORNER)
    assert done.exit_code == 0 and "0 errors" in done.stdout
    assert done.stderr == f"next: gearwheel draw {CORNER}\n"


def test_check_reads_the_record_too(tmp_path):
    text = (SOURCE / "gearwheel/gears/amazon/wheel.toml").read_text("utf-8")
    (tmp_path / "wheel.toml").write_text(text)
    record = (SOURCE / "gearwheel/gears/amazon/record.csv").read_text("utf-8").splitlines()
    (tmp_path / "record.csv").write_text("\n".join([*record[:5], re.sub(r",\d[\d.]*,", ",many,", record[5], count=1)]))
    done = gearwheel("check", "wheel.toml")
    assert done.exit_code == 1 and re.search(r"record\.csv:6: error GW4\d\d", done.stdout)


def _deep(count: int) -> str:
    return "x = " + "[" * count + "]" * count


HOSTILE = {
    "large": "# " + "x" * 10_000_000,
    "nested": _deep(10_000),
    "import": BROKEN.replace("growht", "__import__('os').system('true')"),
    "deep equation": BROKEN.replace("growht", "(" * 10_000 + "1" + ")" * 10_000),
    "cut off": BROKEN[:-40] + '"',
    "no text": "\0\1\2",
}


@pytest.mark.parametrize("verb", ["check", "spin", "draw", "run"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_quickly(verb, kind, tmp_path):
    (tmp_path / "x.toml").write_text(HOSTILE[kind])
    began = time.perf_counter()
    done = gearwheel(verb, "x.toml")
    assert done.exit_code == 1 and "error GW" in done.output and "Traceback" not in done.output
    assert time.perf_counter() - began < 2
    assert written(tmp_path) == {"x.toml"}


def test_a_file_cannot_steer_the_terminal(tmp_path):
    (tmp_path / "x.toml").write_text(BROKEN.replace('name = "x"', 'name = "x\\u001b[2J"', 1))
    for verb in ("check", "spin", "draw"):
        assert "\x1b" not in gearwheel(verb, "x.toml").output


def test_errors_are_json_when_json_is_asked():
    told = json.loads(gearwheel("spin", "shop", "--set", "prise=3", "--json").stdout)
    assert told["problems"][0]["code"] == "GW140"


# ---- draw


def test_draw_writes_a_picture_and_replaces_only_its_own(tmp_path):
    first = gearwheel("draw", CORNER)
    assert first.exit_code == 0 and first.stdout.strip() == "gearwheel-out/Corner-shop/drawing.svg"
    picture = tmp_path / "gearwheel-out/Corner-shop/drawing.svg"
    assert picture.read_text().startswith("<svg")
    assert gearwheel("draw", CORNER, "--dark").exit_code == 0
    picture.write_text("my own notes")
    refused = gearwheel("draw", CORNER)
    assert refused.exit_code == 1 and picture.read_text() == "my own notes"


def test_draw_as_png_may_be_repeated(tmp_path):
    pytest.importorskip("cairosvg")
    assert [gearwheel("draw", CORNER, "--out", "w.png").exit_code for _ in range(2)] == [0, 0]
    data = (tmp_path / "w.png").read_bytes()
    assert data.startswith(b"\x89PNG") and b"Made by Gearwheel" in data
    image = pytest.importorskip("PIL.Image")
    with image.open(tmp_path / "w.png") as opened:
        opened.load()


def test_draw_refuses_other_endings(tmp_path):
    done = gearwheel("draw", CORNER, "--out", "wheel.gif")
    assert done.exit_code == 1 and ".svg or .png" in done.output and written(tmp_path) == set()


# ---- spin


def test_the_first_trajectory_of_amazon_comes_before_jax():
    code = (
        "import sys\nfrom gearwheel.cli import main\n"
        "main(['spin', 'amazon', '--beliefs'], standalone_mode=False)\n"
        "print([m for m in ('jax', 'pandas', 'scipy', 'numpyro') if m in sys.modules])"
    )
    began = time.perf_counter()
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.perf_counter() - began < 3  # 1 s on an idle machine; benchmarks measure it


def test_spin_prints_quantiles_in_order_and_the_same_for_the_same_seed():
    done = gearwheel("spin", "shop", "--years", "3", "--json", "--show", "customers", "--show", "cash")
    told = json.loads(done.stdout)
    assert list(told["variables"]) == ["experience.customers", "costs.cash"] and told["on"] == "beliefs"
    assert told["time"][0] == 2025 and told["time"][-1] == pytest.approx(2028)
    customers = told["variables"]["experience.customers"]
    assert all(a <= b <= c for a, b, c in zip(customers["q05"], customers["q50"], customers["q95"]))
    assert (
        gearwheel("spin", "shop", "--years", "3", "--json", "--show", "customers", "--show", "cash").stdout
        == done.stdout
    )
    assert gearwheel("spin", "shop", "--years", "3", "--json", "--seed", "2").stdout != done.stdout


def test_spin_says_what_cannot_be(tmp_path):
    """200 people live in the town; 100 customers grow by a believed rate, ln 2 at its centre: after a year half pass 200."""
    file = tmp_path / "wheel.toml"
    file.write_text(
        'wheel = { name = "town", unit = "year", dt = 0.01, size = "crowd" }\n'
        '[stock.crowd]\nunit = "person"\nstart = "100"\ninflows = ["coming"]\n'
        '[flow.coming]\nunit = "person/year"\nequation = "crowd * pull"\n'
        '[parameter.pull]\nunit = "1/year"\nbecause = "guess"\nbelief = { low = 0.5, centre = 0.6955, high = 0.891 }\n'
        '[gauge.crowd]\nof = "crowd"\nas = "end"\nunit = "person"\nceiling = 200\nceiling_source = "a census"\n'
    )
    told = json.loads(gearwheel("spin", str(file), "--years", "1", "--json").stdout)["variables"]["crowd"]["ceiling"]
    assert (told["ceiling"], told["source"]) == (200, "a census")
    assert told["above"][0] == 0 and told["above"][-1] == pytest.approx(0.5, abs=0.08)
    done = gearwheel("spin", str(file), "--years", "1")
    assert "cannot exceed 200 persons (a census)" in done.output and "do not rely on this forecast" in done.output
    assert "cannot exceed" not in gearwheel("spin", str(file), "--years", "0.2").output


def test_spin_sets_levers():
    def customers(*extra):
        told = json.loads(gearwheel("spin", "shop", "--years", "2", "--json", "--no-noise", *extra).stdout)
        return told["variables"]["experience.customers"]["q50"][-1]

    assert customers("--set", "advertising=0.1") > 1.02 * customers()
    assert customers("--set", "costs.advertising=0.1") == customers("--set", "advertising=0.1")


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (["--set", "advertisng=0.1"], "Did you mean"),
        (["--set", "advertising=7"], "limits"),
        (["--set", "advertising=much"], "The levers are"),
        (["--set", "advertising"], "The levers are"),
        (["--show", "custommers"], "Did you mean 'customers'?"),
        (["--show", "price_drif"], "no variable"),
        (["--years", "-1"], "above 0"),
    ],
)
def test_what_cannot_be_spun_is_said_with_a_hint(extra, says):
    done = gearwheel("spin", "shop", *extra)
    assert done.exit_code == 1 and says in done.output and "Traceback" not in done.output


def test_a_weekly_wheel_shows_dates():
    text = gearwheel("spin", CORNER, "--years", "1").stdout
    assert "\n2024-01-01 " in text and "\n2025-01-01 " in text


def test_lost_draws_are_named(tmp_path):
    text = BROKEN.replace("growht", "growth * customers").replace('"customer" }', '"customers" }')
    text = text.replace(
        '"1/year"\nvalue = 0.1',
        '"1/(customer*year)"\nbelief = { low = 0.01, centre = 0.5, high = 3, shape = "lognormal" }\nbecause = "test"',
    )
    (tmp_path / "x.toml").write_text(text)
    done = gearwheel("spin", "x.toml", "--years", "2.5", "--draws", "50")
    assert done.exit_code == 0 and re.search(r"not counted: \d+ \(draw \d+: customers at time", done.stdout)
    assert gearwheel("spin", "x.toml", "--years", "40").exit_code == 1  # nearly all of them: no answer


# ---- report from results


def test_report_is_drawn_again_from_results(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    results = example()
    results.setdefault("stamp", {"version": "1"})
    (folder / "results.json").write_text(json.dumps(results))
    done = gearwheel("report", "out/results.json")
    assert done.exit_code == 0 and done.stdout.strip() == "out/report.html"
    assert "<!doctype html>" in (folder / "report.html").read_text()
    assert gearwheel("report", "out/results.json").exit_code == 0
    (tmp_path / "mine.html").write_text("mine")
    assert gearwheel("report", "out/results.json", "--out", "mine.html").exit_code == 1
    assert (tmp_path / "mine.html").read_text() == "mine"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"wheel": {}', "\0", "[" * 100_000])
def test_results_that_are_none_are_refused(text, tmp_path):
    (tmp_path / "results.json").write_text(text)
    done = gearwheel("report", "results.json")
    assert done.exit_code == 1 and "GW420" in done.output and written(tmp_path) == {"results.json"}


def test_results_that_are_missing_are_refused():
    assert "GW420" in gearwheel("report", "nowhere.json").output


# ---- the pipeline on a wheel without a record


@pytest.fixture(scope="module")
def shop_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "GEARWHEEL_CACHE": str(folder / "cache")}
    command = [sys.executable, "-m", "gearwheel", "run", "shop", "--out", str(folder / "out")]
    done = [subprocess.run(command, capture_output=True, text=True, check=False, env=environment) for _ in range(2)]
    return folder / "out", done


@pytest.mark.slow
def test_run_writes_report_picture_and_results(shop_run):
    folder, (done, again) = shop_run
    assert done.returncode == 0, done.stderr
    assert {p.name for p in folder.iterdir()} == {"report.html", "wheel.svg", "results.json"}
    results = json.loads((folder / "results.json").read_text())
    assert {
        "fit",
        "links",
        "loops",
        "speed",
        "critical_mass",
        "levers",
        "stamp",
        "seconds",
        "backtest",
    } <= results.keys()
    assert results["wheel"]["name"] == "shop" and {"hash", "seed", "version"} <= results["stamp"].keys()
    assert "A small online shop" in done.stdout and len(done.stdout.splitlines()) < 40
    assert "next: gearwheel levers shop" in done.stderr
    assert again.returncode == 0, again.stderr  # its own files are replaced, and the cache answers
    assert again.stdout == done.stdout


@pytest.mark.slow
def test_progress_is_a_line_a_stage_where_no_terminal_is(shop_run):
    _, (done, _) = shop_run
    stages = [line for line in done.stderr.splitlines() if line.endswith("…")]
    assert stages and len(stages) == len(set(stages)) and "\r" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["fit", "shop"], "links"),
        (["loops", "shop"], "loops"),
        (["levers", "shop", "--outcome", "net_sales"], "levers"),
    ],
)
def test_questions_are_answered_in_words_and_as_json(arguments, key):
    done = gearwheel(*arguments)
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines()[-1].startswith("next: gearwheel ")
    told = json.loads(gearwheel(*arguments, "--json").stdout)
    assert told[key]


POND = """wheel = { name = "pond", unit = "year", dt = 0.25, start = 2005-01-01, size = "lilies", measured = "record.csv" }
[stock.lilies]
unit = "lily"
start = "lilies_start"
inflows = ["spreading"]
noise = "0.02"
[flow.spreading]
unit = "lily/year"
equation = "lilies * rate"
[parameter.lilies_start]
unit = "lily"
belief = { low = 50, centre = 100, high = 200, shape = "lognormal" }
because = "a guess"
[parameter.rate]
unit = "1/year"
belief = { low = 0.0, centre = 0.2, high = 0.4 }
because = "a guess"
[link.rate]
from = "lilies"
to = "spreading"
polarity = "+"
strength = "rate"
because = "lilies make lilies"
[lever.rate]
of = "rate"
limits = [0.0, 0.5]
[gauge.lilies]
of = "lilies"
as = "end"
unit = "lily"
error = 0.03
"""


@pytest.mark.slow
def test_a_fitted_wheel_spins_on_from_its_record(tmp_path):
    wobble = (1.02, 0.98, 1.01, 0.99)
    rows = [
        f"lilies,,{2005 + i}-01-01,{100 * 1.1**i * wobble[i % 4]:.2f},lily,,,counted,verified" for i in range(1, 21)
    ]
    (tmp_path / "wheel.toml").write_text(POND)
    (tmp_path / "record.csv").write_text("\n".join(["gauge,start,end,value,unit,error,bound,source,confidence", *rows]))
    assert "not yet fitted" in gearwheel("spin", "wheel.toml").stdout
    fitted = gearwheel("fit", "wheel.toml")
    assert fitted.exit_code == 0, fitted.output
    assert re.search(r"^rate +turns ", fitted.stdout, re.M)
    told = json.loads(gearwheel("spin", "wheel.toml", "--years", "2", "--json").stdout)
    assert told["on"] == "fit" and told["time"][0] == 2025
    lilies = told["variables"]["lilies"]["q50"]
    assert lilies[0] == pytest.approx(100 * 1.1**20, rel=0.05) and lilies[-1] / lilies[0] == pytest.approx(
        1.21, rel=0.03
    )
    assert json.loads(gearwheel("spin", "wheel.toml", "--json", "--beliefs").stdout)["on"] == "beliefs"
    (tmp_path / "record.csv").write_text("\n".join([*(tmp_path / "record.csv").read_text().splitlines()[:-1]]))
    assert "not yet fitted" in gearwheel("spin", "wheel.toml").stdout  # other data, other fit


def test_levers_refuses_an_unknown_outcome():
    done = gearwheel("levers", "shop", "--outcome", "net_salse")
    assert done.exit_code == 1 and "Did you mean 'net_sales'?" in done.output
