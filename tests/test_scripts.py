"""./start, ./test and .ci/run with stand-ins for Python, uv and pytest: what they install, repeat, pass on and say."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("sh", "cat", "cksum", "dirname", "id", "rm", "mkdir", "cp", "chmod", "env", "ls")
SHELL = shutil.which("dash") or shutil.which("sh")

PYTHON = """#!{shell}
# a Python that can make an environment and install into it
echo "$0 $*" >> "$LOG"
case "$1$2$3" in
-mvenv--clear) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
-mpip--version) case "$0" in */.venv/*) ;; *) exit 1 ;; esac ;;
-mpipinstall)
    [ -z "${{FAIL:-}}" ] || exit 1
    bin=$(dirname "$0")
    for made in gearwheel ruff; do
        printf '#!{shell}\\necho "%s $*" >> "$LOG"\\n' "$made" > "$bin/$made" && chmod +x "$bin/$made"
    done ;;
esac
exit 0
"""

UV = """#!{shell}
echo "uv $*" >> "$LOG"
if [ "$1" = venv ]; then
    for last in "$@"; do :; done
    mkdir -p "$last/bin" && cp "$STAND_IN" "$last/bin/python"
else
    "$5" -m pip install
fi
"""


@pytest.fixture
def tree(tmp_path):
    """A checkout with the scripts only, and a PATH with nothing but plain tools."""
    root = tmp_path / "a checkout"
    (root / "scripts").mkdir(parents=True)
    (root / ".ci").mkdir()
    for file in ("start", "test", "scripts/setup.sh", ".ci/run", "pyproject.toml"):
        shutil.copy(ROOT / file, root / file)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return root


def tool(tree: Path, name: str, text: str) -> Path:
    path = tree.parent / "bin" / name
    path.write_text(text.format(shell=SHELL))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def call(tree: Path, *command: str, **extra: str) -> tuple[int, str, list[str]]:
    """Exit code, standard error and the log lines that this call added."""
    log = tree.parent / "log"
    log.write_text("")
    environment = {
        "PATH": str(tree.parent / "bin"),
        "LOG": str(log),
        "STAND_IN": str(tree.parent / "python-stand-in"),
        **extra,
    }
    done = subprocess.run(
        [SHELL, str(tree / command[0]), *command[1:]],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=tree.parent,
    )
    return done.returncode, done.stderr, log.read_text().splitlines()


def installs(log: list[str]) -> list[str]:
    return [line.split("--editable ")[1] for line in log if "--editable" in line]


@pytest.mark.parametrize("script", ["start", "test", "scripts/setup.sh", ".ci/run"])
def test_the_scripts_are_sound_shell(script):
    text = (ROOT / script).read_text()
    shell = "bash" if "bash" in text.splitlines()[0] else SHELL
    assert subprocess.run([shell, "-n", str(ROOT / script)], check=False).returncode == 0
    assert "http" not in text and "pypi" not in text


@pytest.mark.parametrize("script", ["start", "test", ".ci/run"])
def test_the_scripts_may_be_run(script):
    assert os.access(ROOT / script, os.X_OK)


def test_without_python_it_says_one_line_to_type(tree):
    code, said, _ = call(tree, "start")
    assert code == 1 and not (tree / ".venv").exists()
    typed = [line.strip() for line in said.splitlines() if line.startswith("    ")]
    assert len(typed) == 1 and "install" in typed[0]


@pytest.mark.parametrize(
    ("manager", "line"), [("apt-get", "apt-get install -y python3.11 python3.11-venv"), ("brew", "brew install uv")]
)
def test_the_line_fits_the_system(tree, manager, line):
    tool(tree, manager, "#!{shell}\n")
    _, said, _ = call(tree, "start")
    assert line in said


def test_a_python_without_venv_names_the_missing_package(tree):
    tool(tree, "apt-get", "#!{shell}\n")
    tool(tree, "python3", '#!{shell}\ncase "$2" in *ensurepip*) exit 1 ;; esac\n')
    code, said, _ = call(tree, "start")
    assert code == 1 and "apt-get install -y python3 python3-venv" in said


def test_a_python_too_old_is_passed_over(tree):
    tool(tree, "python3", "#!{shell}\nexit 1\n")
    tool(tree, "python3.12", PYTHON)
    code, _, log = call(tree, "start")
    assert code == 0 and any("python3.12 -m venv" in line for line in log)


def test_start_runs_the_main_job_and_installs_once(tree):
    tool(tree, "python3.12", PYTHON)
    code, said, log = call(tree, "start")
    assert code == 0 and "Setting up" in said
    assert installs(log) == [str(tree)] and log[-1] == "gearwheel run amazon"
    code, said, log = call(tree, "start", "check", "my shop.toml")
    assert code == 0 and said == "" and installs(log) == [] and log[-1] == "gearwheel check my shop.toml"


def test_a_changed_project_is_installed_again(tree):
    tool(tree, "python3.12", PYTHON)
    call(tree, "start")
    with (tree / "pyproject.toml").open("a") as file:
        file.write("# another dependency\n")
    assert installs(call(tree, "start")[2]) == [str(tree)]


def test_an_install_that_failed_is_tried_again(tree):
    tool(tree, "python3.12", PYTHON)
    code, _, log = call(tree, "start", FAIL="1")
    assert code == 1 and not any(line.startswith("gearwheel") for line in log)
    code, _, log = call(tree, "start")
    assert code == 0 and installs(log) == [str(tree)]


def test_an_environment_whose_python_is_gone_is_made_anew(tree):
    tool(tree, "python3.12", PYTHON)
    call(tree, "start")
    (tree / ".venv/bin/python").unlink()
    code, _, log = call(tree, "start")
    assert code == 0 and installs(log) == [str(tree)]


def test_uv_is_used_where_it_is(tree):
    tool(tree, "uv", UV)
    tool(tree, "../python-stand-in", PYTHON)
    code, said, log = call(tree, "start")
    assert code == 0, said
    assert any(line.startswith("uv venv") and ">=3.11" in line for line in log) and log[-1] == "gearwheel run amazon"
    assert not any(line.startswith("uv") for line in call(tree, "start")[2])


def test_test_runs_lint_format_and_all_tests(tree):
    tool(tree, "python3.12", PYTHON)
    code, _, log = call(tree, "test", "-k", "one thing")
    assert code == 0 and installs(log) == [f"{tree}[test]"]
    assert [line for line in log if line.startswith("ruff")] == [
        "ruff check --quiet .",
        "ruff format --check --quiet .",
    ]
    assert (
        log[-1].endswith("-m pytest -rs -n 2 --dist loadfile --no-loadscope-reorder -k one thing")
        and "not slow" not in log[-1]
    )
    assert installs(call(tree, "start")[2]) == []  # the larger set-up serves both
    assert installs(call(tree, "test")[2]) == []


@pytest.mark.parametrize("code", [0, 1])
def test_ci_ends_with_pytest_s_closing_line_and_its_code(tree, code):
    (tree / "test").write_text(
        f'#!/bin/sh\necho "1 failed, 812 passed, 2 skipped in 92.1s (0:01:32)"\necho more\nexit {code}\n'
    )
    environment = {**os.environ, "PATH": f"{tree.parent / 'ci'}:{os.environ['PATH']}"}
    (tree.parent / "ci").mkdir()
    for name, text in (("chromium", "#!/bin/sh\n"), ("ldconfig", "#!/bin/sh\necho libcairo.so.2\n")):
        (tree.parent / "ci" / name).write_text(text)
        (tree.parent / "ci" / name).chmod(0o755)
    done = subprocess.run([str(tree / ".ci/run")], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout.splitlines()[-1] == "1 failed, 812 passed, 2 skipped in 92.1s (0:01:32)"
