"""The words stay true: what the pages name exists, what exists is on the pages, and what they show runs."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import random
import re
import runpy
import shlex
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from gearwheel.cli import main
from gearwheel.gauges.catalogue import catalogue
from gearwheel.show.notes import STEPS
from gearwheel.show.own_plan import PLAN
from gearwheel.wheel.forms import forms, functions
from gearwheel.wheel.parts import KINDS, Belief, Wheel
from gearwheel.wheel.read import FIELD_TO_FILE, HEADER, parse_wheel

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "gearwheel"
GEARS = {p.stem: p for p in sorted((SOURCE / "gears").glob("*.toml"))}
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(SOURCE / "gears").glob("*.md")], key=lambda p: p.as_posix()
)
WRITTEN = [p for p in PAGES if p.name not in ("reference.md", "rules.md", "gauges.md")]
QUICK = {"new", "check", "draw", "spin"}  # verbs that need no fit
SURE = ("read in the abstract", "read second-hand", "from memory, unchecked", "a judgement")

on_every_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())


def words(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [body for tongue, body in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S) if tongue == language]


def prose(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def codes_in(text: str) -> set[str]:
    """What stands between backticks outside of blocks."""
    return set(re.findall(r"`([^`\n]+)`", prose(text)))


def verb_of(words_: list[str]):
    """(command, its arguments) of what is typed after `gearwheel`; a group's command stands after the group."""
    command, rest = main.commands[words_[0]], words_[1:]
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def section(text: str, title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^##? |\Z)", prose(text), re.M | re.S)
    assert found, f"no section '{title}'"
    return found[1]


def rows(text: str) -> dict[str, list[str]]:
    """Tables of a page: name in the first cell → all cells."""
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return {row[0].strip("`"): row for row in cells}


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    """An empty folder to work in, with a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))
    return tmp_path


# ---- every page


def test_the_walk_finds_the_pages():
    names = {p.name for p in PAGES}
    assert {"README.md", "CHANGELOG.md", "fitting.md", "reference.md", "cloud.md"} <= names
    assert {p.stem for p in (SOURCE / "gears").glob("*.md")} == set(GEARS)


@on_every_page
def test_links_lead_somewhere_and_pictures_are_ours(page):
    text = prose(page.read_text("utf-8"))
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text) + re.findall(r"<img[^>]+src=\"([^\"]+)\"", text)
    assert [link for link in shown if "//" in link] == []
    for link in shown + re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", text):
        if "//" in link:
            continue
        target, _, anchor = link.partition("#")
        aim = page.parent / target if target else page
        assert aim.exists(), link
        if anchor:
            heads = re.findall(r"^#+ (.+)$", aim.read_text("utf-8"), re.M)
            assert anchor in {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}, link


@on_every_page
def test_pages_are_plain(page):
    text = page.read_text("utf-8")
    assert [c for c in text if unicodedata.category(c) == "So"] == []  # emojis and the like
    assert re.findall(r"(?<![\w.~])/(?:work|tmp|root|home|opt)/\S*", text) == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_python_blocks_run(page, workshop):
    """In order, in one namespace a page; the small wheel stands in where a page fits the large one."""
    code = blocks(page.read_text("utf-8"), "python")
    if not code:
        pytest.skip("no Python on this page")
    script = workshop / "page.py"
    script.write_text("\n".join(code).replace('"amazon"', '"shop"'), "utf-8")
    runpy.run_path(str(script))


@pytest.mark.parametrize("page", WRITTEN, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_commands_run(page, workshop):
    """Each command parses; those that need no fit of the large wheel are run, too, one after the other."""
    found = 0
    for line in "".join(blocks(page.read_text("utf-8"), "sh")).splitlines():
        words_ = shlex.split(line.partition(" #")[0])
        if words_[:1] not in (["gearwheel"], ["./start"]) or len(words_) < 2:
            continue
        found += 1
        verb, arguments = verb_of(words_[1:])
        verb.make_context(words_[1], arguments)
        if words_[1] in QUICK or "amazon" not in words_:
            done = CliRunner().invoke(main, words_[1:])
            assert done.exit_code == 0, f"{line}\n{done.output}\n{done.exception!r}"
    if not found:
        pytest.skip("no commands on this page")


@on_every_page
def test_commands_that_are_only_shown_can_be_typed(page):
    """What takes minutes or private data stands after a $ in a block that is not run; its verb and options exist."""
    for line in "".join(blocks(page.read_text("utf-8"), "console")).splitlines():
        words_ = shlex.split(line)[1:] if line.startswith("$ ") else []
        if words_[:1] in (["gearwheel"], ["./start"]):
            verb, arguments = verb_of(words_[1:])
            verb.make_context(words_[1], arguments)


@on_every_page
def test_verbs_and_options_that_are_named_exist(page):
    text = page.read_text("utf-8")
    for told in re.findall(r"gearwheel ([a-z]+)((?: [^`\n]*)?)[`\n]", "".join(f"{c}\n" for c in codes_in(text))):
        assert told[0] in main.commands, told
        verb, _ = verb_of([told[0], *told[1].split()])
        known = {o for p in verb.params for o in p.opts}
        assert set(re.findall(r"--[a-z-]+", told[1])) <= known, told


# ---- command line, rules, reference


def test_every_verb_is_explained_on_a_written_page():
    told = "\n".join(p.read_text("utf-8") for p in WRITTEN)
    assert {verb for verb in main.commands if not re.search(rf"\b(?:gearwheel|start) {verb}\b", told)} == set()
    assert [v for v, command in main.commands.items() if not command.help] == []


def test_every_code_is_documented_and_every_documented_code_exists():
    files = [p for p in SOURCE.rglob("*") if p.suffix in (".py", ".sql")]
    used = {code for p in files for code in re.findall(r"[\"'](GW\d{3})[\"']", p.read_text("utf-8"))}
    documented = set(re.findall(r"^\| (GW\d{3}) \|", words("docs/rules.md"), re.M))
    assert used == documented
    mentioned = {code for p in PAGES for code in re.findall(r"GW\d{3}", p.read_text("utf-8"))}
    assert mentioned <= used


def test_the_reference_is_up_to_date():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    for name, make in reference.PAGES.items():
        assert words(name) == make(), f"{name} is out of date; write it again with: python scripts/reference.py"


def test_the_changelog_knows_this_version():
    version = re.search(r'^version = "(.+)"$', words("pyproject.toml"), re.M)[1]
    assert f"## {version}" in words("CHANGELOG.md")


# ---- README


def test_the_first_screen_shows_wheel_and_commands():
    first = words("README.md").partition("\n## ")[0]
    assert blocks(first, "sh") == ["./start\n./test\n"]
    assert 'src="docs/pictures/wheel.svg"' in first
    assert all((ROOT / command).stat().st_mode & 0o111 for command in ("start", "test"))


def test_the_picture_is_of_the_wheel_and_fetches_nothing():
    picture = words("docs/pictures/wheel.svg")
    wheel = parse_wheel((SOURCE / "gears" / "amazon" / "wheel.toml").read_text("utf-8"))
    assert all(name.title() in picture for name in wheel.gear)
    assert all(loop.title in picture for loop in wheel.loop.values())
    assert re.findall(r"(?:href|src)=\"(?!#)|url\((?!#)|<image|<script", picture) == []


# ---- gear pages


@pytest.fixture(params=sorted(GEARS))
def gear(request):
    """(the gear, its page)."""
    path = GEARS[request.param]
    return parse_wheel(path.read_text("utf-8"), path.name), path.with_suffix(".md").read_text("utf-8")


def test_a_gear_page_has_its_sections_and_the_gear_s_own_sentence(gear):
    wheel, page = gear
    for title in ("What it claims", "What turns it", "What it turns", "What measures it", "Levers", "Beliefs"):
        section(page, title)
    assert section(page, "What it leaves out").strip()
    assert wheel.title.rstrip(".") in page


def test_a_gear_page_names_every_port_with_its_default(gear):
    wheel, page = gear
    turned, turning = rows(section(page, "What turns it")), rows(section(page, "What it turns"))
    assert set(turned) - {"port", "---"} == {n for n, p in wheel.port.items() if not p.of}
    assert set(turning) - {"port", "---"} == {n for n, p in wheel.port.items() if p.of}
    for name, row in turned.items():
        if name in wheel.port:
            stated = row[-1].replace(",", "")
            default = wheel.port[name].default
            assert stated == default if re.fullmatch(r"[\d.]+", default) else stated == "the reference", name
            combined = wheel.port[name].combine
            assert (combined == "product") == bool(re.search(r"\bproduct\b", row[1])), name


def test_a_gear_page_names_every_lever(gear):
    wheel, page = gear
    assert set(rows(section(page, "Levers"))) - {"lever", "---"} == set(wheel.lever)


def test_a_gear_page_gives_the_grounds_of_every_belief(gear):
    wheel, page = gear
    stated = rows(section(page, "Beliefs"))
    believed = {n: p for n, p in wheel.parameter.items() if p.belief}
    assert set(stated) - {"belief", "---"} == set(believed)
    for name, parameter in believed.items():
        _, what, grounds, sure = stated[name]
        assert what and grounds, name
        assert any(word in sure for word in SURE), name
        years = re.findall(r"\b(?:19|20)\d\d\b", parameter.because)
        assert [y for y in years if y not in grounds] == [], f"{name}: the file's source is not on the page"
        if not years and parameter.because.startswith("judgement"):
            assert "a judgement" in sure, name
        if "from memory" in parameter.because:
            assert "from memory, unchecked" in sure, name


def test_a_gear_page_names_only_what_exists(gear):
    wheel, page = gear
    amazon = parse_wheel((SOURCE / "gears" / "amazon" / "wheel.toml").read_text("utf-8"))
    known = {*wheel.variables(), *wheel.parameter, *wheel.port, *wheel.lever, *amazon.gauge, *GEARS, "amazon"}
    known |= {f"{g}.toml" for g in GEARS}
    assert codes_in(page) - known == set()


# ---- the file


def files_of_the_page(page: str) -> dict[str, str]:
    """File name → text: the blocks begin with the name of the file that they are a piece of."""
    found: dict[str, str] = {}
    for block in blocks(page, "toml"):
        name = re.match(r"# (\w+\.toml)\n", block)[1]
        found[name] = found.get(name, "") + block
    return found | {"record.csv": "".join(blocks(page, "csv"))}


@pytest.fixture
def bakery(workshop):
    for name, text in files_of_the_page(words("docs/file-format.md")).items():
        (workshop / name).write_text(text, "utf-8")
    return workshop


def test_the_bakery_of_the_file_page_checks_and_spins(bakery):
    done = CliRunner().invoke(main, ["check", "wheel.toml", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["problems"] == []
    assert CliRunner().invoke(main, ["spin", "wheel.toml", "--years", "1"]).exit_code == 0


def test_every_key_of_the_file_is_documented_and_used():
    page = words("docs/file-format.md")
    named, shown = codes_in(page), "\n".join(files_of_the_page(page).values())
    assert set(HEADER) <= set(rows(section(page, "The header")))
    for kind, part in KINDS.items():
        assert re.search(rf"^\[{kind}\.", shown, re.M), f"no example of a {kind}"
        keys = {FIELD_TO_FILE.get(f.name, f.name) for f in dataclasses.fields(part)} - {"gear"}
        keys |= {"use"} if kind == "gear" else set()
        assert keys <= named | set(re.findall(r"^(\w+) =", shown, re.M)), kind
    assert {f.name for f in dataclasses.fields(Belief)} <= named | {"normal"}
    for header in HEADER:
        assert re.search(rf"\b{header} = ", page), f"no example of {header}"
    assert {f.name for f in dataclasses.fields(Wheel)} >= set(HEADER)


def test_every_function_of_an_equation_is_explained():
    page = codes_in(words("docs/equations.md"))
    named = {re.match(r"\w+", code)[0] for code in page if re.match(r"\w+", code)}
    operators = {"neg", "not", "and", "or"}
    assert {f for f in functions() if f.isalnum() or "_" in f} - operators <= named
    for name, form in forms().items():
        assert f"{name}({', '.join(form.arguments)})" in page, name


# ---- a mapping by hand


def till(first: str, days: int = 200) -> str:
    """Receipts of a kiosk in the form that the page shows: its own rows, and as many more as a wheel needs."""
    rng, rows = random.Random(4), [first.strip()]
    for number in range(8 * days):
        at = datetime(2024, 3, 4, 8) + timedelta(number // 8, 60 * rng.randint(0, 600))
        person = f"K{rng.randint(1, 80):03d}" if rng.random() < 0.7 else ""
        for article, price in rng.sample([("bread", 3.2), ("coffee", 2.8), ("paper", 1.9)], rng.randint(1, 2)):
            pieces = rng.randint(1, 3)
            total = f"{pieces * price:.2f}".replace(".", ",")
            kind = "void" if number % 40 == 0 else "sale"
            rows.append(f"{5000 + number};{person};{at:%d/%m/%Y %H:%M};{article};{pieces};{total};{kind}")
    return "\n".join(rows) + "\n"


def test_the_mapping_of_the_own_data_page_makes_a_sound_wheel(workshop):
    page = words("docs/own-data.md")
    (workshop / "exports").mkdir()
    text = till("".join(blocks(page, "csv")))
    (workshop / "exports" / "till.csv").write_text(text, "utf-8")
    (workshop / "kiosk").mkdir()
    (workshop / "kiosk" / "mapping.toml").write_text(files_of_the_page(page)["mapping.toml"], "utf-8")
    made = CliRunner().invoke(main, ["new", "kiosk", "--data", "kiosk/mapping.toml", "--json"])
    assert made.exit_code == 0, made.output
    done = CliRunner().invoke(main, ["measure", "kiosk", "--gauge", "sales_value", "--gauge", "orders", "--json"])
    sold = [line.split(";") for line in text.splitlines()[1:]]
    week = [row for row in sold if row[-1] == "sale" and re.match(r"(0[4-9]|10)/03/2024", row[2])]
    rows_ = [r for r in json.loads(done.stdout)["rows"] if r["start"] == "2024-03-04"]
    by_hand = {
        "orders": len({row[0] for row in week}),
        "sales_value": sum(float(row[5].replace(",", ".")) for row in week),
    }
    assert {r["gauge"]: r["value"] for r in rows_} == pytest.approx(by_hand)
    checked = CliRunner().invoke(main, ["check", "kiosk", "--json"])
    assert checked.exit_code == 0 and json.loads(checked.stdout)["problems"] == []


def test_the_own_data_page_knows_every_key_and_setting_of_a_mapping():
    from gearwheel.gauges.mapping import Mapping
    from gearwheel.run.own import GEARS as CHOSEN

    page = words("docs/own-data.md")
    keys_ = {f.name for f in dataclasses.fields(Mapping)} - {"tables", "text", "file"}
    assert keys_ <= set(rows(section(page, "The proposal, and how to edit it")))
    told = section(page, "What the wheel file holds")
    assert [gear for gear in ("experience", *CHOSEN) if gear not in told] == []


# ---- an adapter


@pytest.fixture
def stall(workshop, monkeypatch):
    """The adapter of the page as the only one there is, and an export that it reads."""
    from gearwheel.gauges import adapters

    page = words("docs/adapters.md")
    folder = workshop / "adapters" / "stall"
    folder.mkdir(parents=True)
    for language, mark in (("toml", "#"), ("sql", "--")):
        for block in blocks(page, language):
            (folder / re.match(rf"{mark} (\w+\.\w+)\n", block)[1]).write_text(block, "utf-8")
    monkeypatch.setattr(adapters, "FOLDER", workshop / "adapters")
    adapters.adapters.cache_clear()
    export = workshop / "export"
    export.mkdir()
    buyers = ["buyer_no,email,since", "1,Ann@x.org,2024-01-01", "2,ann@x.org,2024-02-01", "3,,2024-03-01"]
    (export / "stall_buyers.csv").write_text("\n".join(buyers), "utf-8")
    days = [datetime(2024, 4, 1, 10) + timedelta(day) for day in range(140)]
    sales = [f"{n},{1 + n % 3},{at:%Y-%m-%d %H:%M},{'yes' if n % 10 == 9 else 'no'}" for n, at in enumerate(days)]
    (export / "stall_sales.csv").write_text("\n".join(["sale_no,buyer_no,sold_at,void", *sales]), "utf-8")
    items = [f"{n},1,apples,2,7.00" for n in range(len(days))]
    (export / "stall_items.csv").write_text("\n".join(["sale_no,pos,item,pieces,gross", *items]), "utf-8")
    yield folder
    adapters.adapters.cache_clear()


def test_the_adapter_of_the_page_reads_what_it_says(stall):
    from gearwheel.gauges.events import open_events
    from gearwheel.gauges.mapping import read_mapping

    made = CliRunner().invoke(main, ["new", "stand", "--data", "export"])
    assert made.exit_code == 0 and "Recognised: Stall." in made.output, made.output
    with open_events(read_mapping("stand/mapping.toml"), "stand") as events:
        count, people, price = events.connection.execute(
            "select count(*) filter (status <> 'cancelled'), count(distinct customer_id), max(price) "
            "from events.orders join events.order_lines using (order_id)"
        ).fetchone()
        assert {"orders", "order_lines", "customers"} == events.present
    assert (count, people, price) == (126, 2, 3.5)


def test_the_adapters_page_knows_every_adapter_and_key():
    from gearwheel.gauges.adapters import Adapter, adapters

    page = words("docs/adapters.md")
    assert set(adapters()) == set(rows(section(page, "Systems that are known"))) - {"adapter", "---"}
    keys_ = {f.name for f in dataclasses.fields(Adapter)} - {"name", "sql", "steps", "checks"}
    assert keys_ == {key.strip(" `") for row in rows(section(page, "Adding one")) for key in row.split(",")} - {
        "key",
        "---",
    }


# ---- results.json

NAMED = (  # where the keys of an object are names
    "wheel.gears", "fit.checks", "fit.evidence", "fit.evidence_left_out", "parameters", "links", "graph.nodes", "backtest.gauges", "backtest.gauges.*.methods",
    "backtest.gauges.*.omitted", "backtest.untestable", "backtest.rolling.methods", "speed.sensitivity", "outcomes",
    "series", "levers.effects[].loop_shares", "levers.effects[].beats", "critical_mass.shares", "critical_mass.shares_on_belief",
)  # fmt: skip


def keys(value, at: str = ""):
    """Paths of all leaves; an empty or unknown part is a leaf."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            part = "*" if at in NAMED else key
            yield from keys(inner, f"{at}.{part}" if at else part)
    elif isinstance(value, list) and any(isinstance(v, dict) for v in value):
        for inner in value:
            yield from keys(inner, f"{at}[]")
    else:
        yield at


def recorded(folder: Path) -> None:
    """Two and a half years of the bakery as its own beliefs would have them, as its record."""
    import gearwheel as gw
    from gearwheel.wheel.times import calendar_day

    runs = gw.open("wheel.toml").spin(3, draws=8, seed=3)
    draw = next(d for d in range(8) if d not in runs.lost)
    lines = ["gauge,start,end,value,unit,error,bound,source,confidence"]
    for month in range(1, 36):
        first, last = (calendar_day(m, runs.wheel) for m in (month, month + 1))
        taken = runs["income"][draw, 2 * month : 2 * month + 2].sum() / 2
        lines.append(f"takings,{first},{last},{taken:.6g},money,,,simulated,verified")
        if month % 3 == 0:
            lines.append(f"regulars,,{last},{runs['regulars'][draw, 2 * month + 2]:.6g},customer,,,simulated,verified")
    (folder / "record.csv").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.mark.slow
def test_the_keys_of_results_are_the_documented_ones(bakery):
    recorded(bakery)
    wheel = bakery / "wheel.toml"
    wheel.write_text(wheel.read_text("utf-8").replace("season = 0", "season = 4"), "utf-8")
    done = CliRunner().invoke(main, ["run", "wheel.toml", "--out", "out"])
    assert done.exit_code == 0, f"{done.output}\n{done.exception!r}"
    real = set(keys(json.loads((bakery / "out" / "results.json").read_text("utf-8"))))
    first_cells = [line.split("|")[1] for line in words("docs/results.md").splitlines() if line.startswith("| `")]
    # the keys of `events`, which this wheel does not have, are compared in test_show_own.py
    documented = {
        key for cell in first_cells for key in re.findall(r"`([^`]+)`", cell) if not key.startswith("events.")
    }
    documented_whole = {"backtest.fit", "levers.effects[].loop_shares.*", "levers.effects[].other"}

    def below(key: str, parts: set[str]) -> bool:
        return any(key.startswith((f"{part}.", f"{part}[]")) for part in parts)

    parents = {key for key in real if any(below(d, {key}) for d in documented)}  # null or empty in this run
    assert {k for k in real - documented - parents if not below(k, documented_whole)} == set(), "not documented"
    assert {d for d in documented - real - documented_whole if not below(d, parents)} == set(), "not in the results"


# ---- words that must agree with the product


def test_the_six_steps_are_named_and_answered_by_what_exists():
    page = words("docs/six-steps.md")
    heads = re.findall(r"^## \d\. (.+)$", page, re.M)
    assert heads == [name for name, *_ in STEPS]
    amazon = parse_wheel((SOURCE / "gears" / "amazon" / "wheel.toml").read_text("utf-8"))
    gears = {n: parse_wheel(p.read_text("utf-8")) for n, p in GEARS.items()}
    own = (SOURCE / "run" / "own.toml").read_text("utf-8")
    tables_ = {need for step in PLAN for need in step.tables}

    def existing(kind: str) -> set[str]:
        inner = {f"{g}.{n}" for g, gear in gears.items() for n in getattr(gear, kind)}
        inner |= set(re.findall(rf"^\[{kind}\.(\w+)\]", own, re.M))
        return inner | {n for n in getattr(amazon, kind) if "." not in n}

    known = {"gauges": existing("gauge") | set(catalogue()), "tables": tables_}
    known |= {f"{kind}s": existing(kind) for kind in ("link", "loop", "lever")}
    for line in page.splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if cells[0] in known:
            assert set(re.findall(r"`([^`]+)`", cells[1])) - known[cells[0]] == set(), line


def test_the_six_steps_of_an_own_wheel_are_those_of_its_report():
    page = words("docs/six-steps.md")
    parts = page.split("### In an own wheel")[1:]
    assert len(parts) == len(PLAN)
    for step, part in zip(PLAN, parts):
        told = rows(part.partition("\n## ")[0])
        for kind, wanted in (("gauges", step.gauges), ("tables", step.tables)):
            assert re.findall(r"`([^`]+)`", told[kind][1] if kind in told else "") == list(wanted), step.name
        named = set(re.findall(r"`([^`]+)`", told["links"][1])) if "links" in told else set()
        assert set(step.links) <= named, step.name


def test_the_pages_state_the_thresholds_of_the_code():
    from gearwheel.fit import backtest, importance, nuts, posterior, verdicts
    from gearwheel.levers import ranking
    from gearwheel.loops import barrier, find, mass

    def stated(page: str, *numbers: float) -> None:
        text = re.sub(r"(?<=\d),(?=\d{3})", "", prose(words(page)))
        assert [n for n in numbers if not re.search(rf"(?<![\d.]){re.escape(f'{n:g}')}(?![\d]|\.\d)", text)] == [], page

    stated("docs/fitting.md", verdicts.LEAST_CONTRACTION, verdicts.LEAST_PROFILE_GAIN, importance.GATE)
    stated("docs/fitting.md", importance.LEAST_ESS, nuts.R_HAT, posterior.KNOWN_SD, posterior.STILL)
    stated("docs/fitting.md", backtest.LEAST_BEFORE, backtest.LEAST_AFTER)
    stated("docs/loops.md", find.LIMIT, mass.SMALLEST, mass.LARGEST, 100 * barrier.DEEPEST)
    stated("docs/levers.md", 100 * ranking.SHARE_TO_NAME)


def test_the_amazon_page_knows_every_gauge_class_and_loop():
    page = words("docs/amazon.md")
    folder = SOURCE / "gears" / "amazon"
    wheel = parse_wheel((folder / "wheel.toml").read_text("utf-8"))
    record = (folder / "record.csv").read_text("utf-8")
    assert set(wheel.gauge) - codes_in(page) == set()
    classes = {line.rsplit(",", 1)[1] for line in record.splitlines()[1:]}
    assert classes - codes_in(page) == set()


def test_the_glossary_is_in_order_and_has_the_kinds_of_parts():
    terms = [t.strip("*`") for t in rows(words("docs/glossary.md")) if t not in ("word", "---")]
    assert terms == sorted(terms)
    assert {k for k in KINDS if k not in ("aux", "lookup")} | {"auxiliary", "wheel", "belief", "verdict"} <= set(terms)


def test_the_house_of_the_page_is_the_house_of_the_tests():
    from test_house import DIRECT, DOORS

    house = section(words("docs/how-it-works.md"), "The house")
    first_cells = [line.split("|")[1] for line in house.splitlines() if line.startswith("| `")]
    told = set(re.findall(r"`(\w+)`", "".join(first_cells)))
    assert told == {p.name for p in SOURCE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert told <= {*DIRECT, *DOORS}
