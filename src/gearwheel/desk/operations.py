"""The operations that the desk decides about, by name."""

from __future__ import annotations

from gearwheel.desk.returns import RETURNS

OPERATIONS = {o.name: o for o in (RETURNS,)}
