"""Checks before any number is believed: one a file, each with a stable code (GW424, GW45x, GW47x and GW484 rows, else
time)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gearwheel.gauges.checks import (
    adapter,
    amounts,
    cancelled,
    currencies,
    date_order,
    duplicates,
    filled,
    future,
    gaps,
    last_period,
    late_rows,
    level_shifts,
    orphans,
    persons,
    spellings,
    time_zone,
    trial_orders,
)
from gearwheel.gauges.checks.finding import SEVERITIES, Finding
from gearwheel.gauges.checks.page import Page, page_of

CHECKS = (
    filled,
    duplicates,
    orphans,
    adapter,
    future,
    date_order,
    amounts,
    currencies,
    trial_orders,
    cancelled,
    persons,
    spellings,
    time_zone,
    gaps,
    late_rows,
    last_period,
    level_shifts,
)

Progress = Callable[[str, int, int, str], object]  # (stage, done, total, note); may raise to cancel


@dataclass(frozen=True)
class Checked:
    """What the checks found, the worst first, and the page of what is there."""

    findings: tuple[Finding, ...]
    page: Page

    def of(self, severity: str) -> tuple[Finding, ...]:
        """The findings of one severity: error, warning or note."""
        return tuple(finding for finding in self.findings if finding.severity == severity)


def check_events(events: Any, progress: Progress | None = None) -> Checked:
    """Everything that makes the events doubtful, and what they can and cannot say.

    `events` is open (see `gauges.events`): its connection holds every canonical table in the schema `events`. Nothing
    is changed. Findings come by severity, then in the order of CHECKS.
    """
    tell = progress or (lambda *_: None)
    found: list[Finding] = []
    for done, check in enumerate(CHECKS):
        tell("check", done, len(CHECKS) + 1, check.__name__.rpartition(".")[2].replace("_", " "))
        found += check.check(events)
    tell("check", len(CHECKS), len(CHECKS) + 1, "page")
    page = page_of(events)
    tell("check", len(CHECKS) + 1, len(CHECKS) + 1, "")
    return Checked(tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))), page)
