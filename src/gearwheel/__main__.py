"""`python -m gearwheel`."""

from __future__ import annotations

from gearwheel.cli import main

main()
