"""Progress: a line a stage, or one line that redraws itself; Ctrl-C stops at the next report."""

from __future__ import annotations

import io
import os
import signal

import click
import pytest
from click.testing import CliRunner

from gearwheel.cli.frame import Verb
from gearwheel.cli.progress import Progress, progress
from gearwheel.wheel.errors import Cancelled, FitError


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_without_a_terminal_each_stage_is_one_line():
    stream = io.StringIO()
    shown = Progress(stream)
    for stage, done in [("compile", 0), ("optimise", 0), ("optimise", 1), ("optimise", 2), ("sample", 0)]:
        shown(stage, done, 2, "note")
    shown.finish()
    assert stream.getvalue() == "compile …\noptimise …\nsample …\n"


def test_on_a_terminal_the_line_says_how_far_and_how_long():
    stream, now = Terminal(), [0.0]
    shown = Progress(stream, clock=lambda: now[0])
    shown("sample", 0, 4, "")
    now[0] = 30.0
    shown("sample", 1, 4, "k-hat 0.5")
    line = stream.getvalue().split("\r")[-1]
    assert "sample" in line and "1/4" in line and "90 s left" in line and "k-hat 0.5" in line
    assert "\n" not in stream.getvalue()
    shown.finish()
    assert stream.getvalue().endswith("\r") and stream.getvalue().split("\r")[-2].strip() == ""


def test_a_stage_of_unknown_length_is_no_error():
    stream = Terminal()
    Progress(stream)("compile", 0, 0, "")
    assert "compile" in stream.getvalue()


def test_the_first_ctrl_c_stops_at_the_next_report_and_the_second_at_once(capsys):
    before = signal.getsignal(signal.SIGINT)
    with progress() as shown:
        shown("sample", 0, 2, "")
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Cancelled):
            shown("sample", 1, 2, "")
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert "Ctrl-C again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [(Cancelled("x"), 130), (KeyboardInterrupt(), 130), (FitError("no"), 1), (PermissionError(13, "denied", "f"), 1)],
)
def test_how_a_verb_ends(error, code):
    @click.command(cls=Verb)
    def verb():
        raise error

    done = CliRunner().invoke(verb, [])
    assert done.exit_code == code and "Traceback" not in done.output and done.output.strip()
