"""What a wheel is made of: plain immutable values, nothing that computes.

Every part is named `gear.name` once gears are assembled; equations are kept as the strings that the author
wrote, and are parsed where they are used (`gearwheel.wheel.parse`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from gearwheel.wheel.times import step_length

Z80 = 1.2815515655446004  # an 80 % range is centre ± Z80 sd of a Normal


@dataclass(frozen=True)
class Belief:
    """A prior stated as an 80 % range: `low <= x <= high` with probability 0.8, around `centre`.

    Normal by default; `shape = "lognormal"` for what cannot be negative. The sd is half the range / 1.2816
    (on the log scale for a lognormal), so an asymmetric range is centred where the author put the centre.
    """

    low: float
    centre: float
    high: float
    shape: str = "normal"

    @property
    def location(self) -> float:
        """Mean of the Normal on the fitting scale (log for a lognormal)."""
        return math.log(self.centre) if self.shape == "lognormal" else self.centre

    @property
    def sd(self) -> float:
        """Standard deviation on the fitting scale (log for a lognormal)."""
        if self.shape == "lognormal":
            return (math.log(self.high) - math.log(self.low)) / (2 * Z80)
        return (self.high - self.low) / (2 * Z80)


@dataclass(frozen=True)
class Stock:
    """Accumulates: ds/dt = inflows - outflows. `noise` is the sd of its process noise per square root of time,
    in logs where the stock is positive, absolute where `scale = "abs"`; it may name a parameter."""

    unit: str
    start: str
    inflows: tuple[str, ...] = ()
    outflows: tuple[str, ...] = ()
    scale: str = "log"
    noise: str = "0"
    nonnegative: bool = False
    by: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Flow:
    """Fills or drains stocks; `unit` is the stock's unit per time unit."""

    unit: str
    equation: str
    by: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Aux:
    """Computed from others at the same instant."""

    unit: str
    equation: str
    by: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Parameter:
    """A number: either fixed (`value`) or believed (`belief`), with the reason in `because`.

    `unsure` is the 80 % range of a fixed number that no record informs, such as what a bonus does that nobody has paid:
    the fit holds the number, and what weighs decisions draws it, unless the wheel has moved it from the centre.
    """

    unit: str = "1"
    value: float | None = None
    belief: Belief | None = None
    because: str = ""
    by: tuple[str, ...] = ()
    unsure: Belief | None = None

    @property
    def centre(self) -> float:
        return self.belief.centre if self.belief else float(self.value)


@dataclass(frozen=True)
class Lookup:
    """A graphical function: points joined by straight lines, held flat outside."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Port:
    """An in-port (what the gear needs: `default` when nobody meshes, `combine` when several do) or an out-port
    (what it turns: `of` a variable, `neutral` before the gear opens)."""

    unit: str
    default: str = ""
    combine: str = "sum"
    of: str = ""
    neutral: str = ""
    note: str = ""


@dataclass(frozen=True)
class Link:
    """A causal claim on an edge that the equations contain. `strength` names one parameter; without it the link
    is definitional. `neutral` is the strength that means no effect."""

    cause: str
    effect: str
    polarity: str = "open"
    strength: str = ""
    neutral: float = 0.0
    no_effect_band: float = 0.0
    because: str = ""
    experiment: str = ""


@dataclass(frozen=True)
class Loop:
    """A named loop, matched against the cycles of the graph: the shortest cycle through these stops in order."""

    title: str
    through: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Lever:
    """What the business may set. `of` names a parameter; `history` is what it was: (date, value) steps.

    `cost` and `spends` are equations in money per time: what no equation books, and what the equations book already.
    Both are money spent on the lever.
    """

    of: str
    limits: tuple[float, float]
    ramp: float | None = None
    cost: str = "0"
    history: tuple[tuple[date, float], ...] = ()
    title: str = ""
    outside: bool = False  # set by the world (a rival's price), not by the business
    spends: str = "0"


@dataclass(frozen=True)
class Shock:
    """Days on which a flow or an auxiliary is not as usual. `dates` are first days, each for `days` days; `belief` is
    about the logarithm of the factor in full effect: 0 is no effect, 0.7 about doubles."""

    on: str
    dates: tuple[date, ...]
    belief: Belief
    days: int = 1
    because: str = ""


@dataclass(frozen=True)
class Gauge:
    """How a measured series reads the wheel. `measure` is one of end, mean, sum, trailing, ratio."""

    of: str
    measure: str = "sum"
    scale: str = "log"
    error: float = 0.05
    unit: str = "1"
    window: float | None = None  # trailing: length in time units
    over: str = ""  # ratio: the denominator
    season: int = 0  # periods in a year with their own level, 0 for none
    harmonics: int = 0  # instead of a level each, this many waves a year; 0 for levels
    season_sd: float | None = None  # belief about the season where the record has no two cycles of it
    check: bool = False  # an identity of other gauges: predicted and shown, never part of the likelihood
    title: str = ""
    ceiling: float | None = None  # what it cannot exceed, in its unit, such as the people there are
    ceiling_source: str = ""


@dataclass(frozen=True)
class Evidence:
    """What was found out about one effect beside the record: `estimate` ± `error`.

    Either of a parameter (`of`), on its natural scale; or a contrast: the mean of the variable `metric` from `starts`
    to `ends` with the lever at `treated` against at `control`, as a difference of logs (`scale = "log"`) or of values
    ("abs"). `fact` names a measured fact that fills estimate and error when the wheel is run.
    """

    of: str = ""
    lever: str = ""
    control: float | None = None
    treated: float | None = None
    starts: date | None = None
    ends: date | None = None
    metric: str = ""
    scale: str = "log"
    estimate: float | None = None
    error: float | None = None
    design: str = "experiment"  # experiment | observational
    fact: str = ""
    widen: float = 2.0  # the error of an observational estimate counts this many times
    because: str = ""

    @property
    def sd(self) -> float:
        """The error that counts."""
        return self.error * (self.widen if self.design == "observational" else 1.0)


@dataclass(frozen=True)
class Use:
    """A gear taken into a wheel: the library name or path, its meshing, and when it opens."""

    gear: str
    mesh: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    opens: date | None = None


@dataclass(frozen=True)
class Place:
    """Where a part was written, for messages."""

    file: str
    line: int


KINDS: Mapping[str, type] = MappingProxyType(
    {
        "stock": Stock,
        "flow": Flow,
        "aux": Aux,
        "parameter": Parameter,
        "lookup": Lookup,
        "port": Port,
        "link": Link,
        "loop": Loop,
        "lever": Lever,
        "shock": Shock,
        "gauge": Gauge,
        "evidence": Evidence,
        "gear": Use,
    }
)


@dataclass(frozen=True)
class Wheel:
    """A business flywheel as data. One type for a gear file, a wheel file and an assembled wheel.

    `dt` is a number of time units, or "day", "week" or "month"; then `grid` keeps the word and `dt` becomes its length.
    `size` names the stock by which growth is judged. `outcomes` are the variables worth reporting beside it.
    `text` is the document it was read from (comments and all), `places` where each part stands in it.
    An assembled wheel has no `gear` left and every name is `gear.name`.
    """

    name: str
    unit: str = "week"
    dt: float = 1.0
    method: str = "euler"  # euler | heun | rk4
    start: date = date(2024, 1, 1)
    grid: str = ""  # what dt is called, where it is a word; a day or a week makes the calendar count days
    size: str = ""
    title: str = ""
    currency: str = ""  # what `money` is, with a scale word: "USD million"
    counts: str = ""  # scale word of everything else that is counted: "million"
    horizon: float = 5.0  # years that forecasts and levers look ahead
    outcomes: tuple[str, ...] = ()
    measured: str = ""  # path of the tidy CSV of gauges, beside the file
    split: date | None = None  # where the backtest cuts the record
    hold_back: int = 0  # or how many of its last periods the backtest keeps back
    rival: str = ""  # parameter: the rivals' price, for the barrier
    habit: tuple[str, ...] = ()  # strengths that make up the barrier of habit
    push: tuple[str, ...] = ()  # stocks that a push at the start would raise, for critical mass
    stock: Mapping[str, Stock] = field(default_factory=dict)
    flow: Mapping[str, Flow] = field(default_factory=dict)
    aux: Mapping[str, Aux] = field(default_factory=dict)
    parameter: Mapping[str, Parameter] = field(default_factory=dict)
    lookup: Mapping[str, Lookup] = field(default_factory=dict)
    port: Mapping[str, Port] = field(default_factory=dict)
    link: Mapping[str, Link] = field(default_factory=dict)
    loop: Mapping[str, Loop] = field(default_factory=dict)
    lever: Mapping[str, Lever] = field(default_factory=dict)
    shock: Mapping[str, Shock] = field(default_factory=dict)
    gauge: Mapping[str, Gauge] = field(default_factory=dict)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    gear: Mapping[str, Use] = field(default_factory=dict)
    dimension: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # settings laid over parts of used gears, and over single elements of arrays
    adjust: Mapping[tuple[str, str], Mapping[str, object]] = field(default_factory=dict)
    text: str = field(default="", repr=False, compare=False)
    file: str = field(default="", compare=False)
    places: Mapping[tuple[str, str], Place] = field(default_factory=dict, repr=False, compare=False)
    opens: Mapping[str, date] = field(default_factory=dict)  # assembled: gear name -> date
    sentences: Mapping[str, str] = field(default_factory=dict)  # assembled: gear name -> what it claims

    def __post_init__(self):
        if isinstance(self.dt, str):
            object.__setattr__(self, "grid", self.dt)
            object.__setattr__(self, "dt", step_length(self.dt, self.unit))

    def variables(self) -> dict[str, Stock | Flow | Aux]:
        """Stocks, flows and auxiliaries by name, in the order written."""
        return {**self.stock, **self.flow, **self.aux}

    def changed(self, **parts) -> Wheel:
        return replace(self, **parts)
