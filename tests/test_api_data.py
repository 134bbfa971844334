"""A wheel fitted to a frame is the wheel fitted to the same rows in a file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import gearwheel as gw

WHEEL = """\
wheel = {{ name = "cup", title = "c", unit = "month", dt = 1, start = 2022-01-01, size = "s"{measured} }}
[stock.s]
unit = "cup"
start = "10"
inflows = ["f"]
[flow.f]
unit = "cup/month"
equation = "s * p"
[parameter.p]
unit = "1/month"
belief = {{ low = 0.01, centre = 0.03, high = 0.09, shape = "lognormal" }}
because = "x"
[gauge.cups]
of = "s"
as = "end"
unit = "cup"
error = 0.02
"""


def rows() -> pd.DataFrame:
    """24 months of growth by 4 % a month."""
    ends = pd.date_range("2022-02-01", periods=24, freq="MS")
    values = 10 * 1.04 ** np.arange(1, 25) * np.exp(0.02 * np.random.default_rng(1).standard_normal(24))
    return pd.DataFrame({"gauge": "cups", "end": ends, "value": values, "unit": "cup"})


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARWHEEL_CACHE", str(tmp_path / "cache"))


def test_a_frame_stands_in_for_the_record(tmp_path):
    frame = rows()
    columns = ["gauge", "start", "end", "value", "unit", "error", "bound", "source", "confidence"]
    frame.assign(end=frame["end"].dt.strftime("%Y-%m-%d")).reindex(columns=columns).to_csv(
        tmp_path / "record.csv", index=False
    )
    (tmp_path / "file.toml").write_text(WHEEL.format(measured=', measured = "record.csv"'))
    (tmp_path / "bare.toml").write_text(WHEEL.format(measured=""))
    from_file = gw.open(tmp_path / "file.toml").fit(draws=400)
    from_frame = gw.open(tmp_path / "bare.toml").fit(draws=400, data=frame)
    assert np.array_equal(from_file.posterior["p"], from_frame.posterior["p"])
    low, high = np.quantile(from_frame.posterior["p"], [0.05, 0.95])
    assert low < 0.04 < high and high - low < 0.01


def test_a_frame_that_cannot_be_read_is_told_by_line(tmp_path):
    (tmp_path / "bare.toml").write_text(WHEEL.format(measured=""))
    model = gw.open(tmp_path / "bare.toml")
    with pytest.raises(gw.DataError, match=r"data:3: error GW4\d\d"):
        model.fit(data=rows().replace({"gauge": {}}).assign(value=[1.0, -1.0, *[1.0] * 22]))
