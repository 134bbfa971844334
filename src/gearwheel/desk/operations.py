"""The operations that the desk decides about, by name."""

from __future__ import annotations

from gearwheel.desk.returns import RETURNS
from gearwheel.desk.shipping import SHIPPING

OPERATIONS = {o.name: o for o in (RETURNS, SHIPPING)}
