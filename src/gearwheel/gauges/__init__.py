"""Measured series: from a tidy CSV to values in the wheel's time, and the checks on the way."""
