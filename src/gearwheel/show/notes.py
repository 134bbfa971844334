"""The fixed words of the report: what each card does not establish, how to read it, the six steps."""

from __future__ import annotations

NOTES = {
    "wheel": "The picture shows what the wheel file claims, with the fit's verdicts where there are any. It does not "
    "show that the list of links is complete, and a drawn link may stand for a chain of several.",
    "speed": "This is the pace at which the fitted wheel would go on if nothing outside it changed. It is not a "
    "forecast, and it inherits every belief that the data did not move.",
    "shares": "Shares divide up the change in behaviour inside the fitted wheel, not growth or credit. They do not show "
    "what would happen if a loop were cut, and the shares of single loops may offset one another.",
    "links": "A verdict holds for this business, this period and this wheel. History alone cannot separate causes that "
    "always moved together; “turns” is not the result of an experiment unless one was supplied.",
    "forecast": "The bands assume that the wheel is right and that levers stay where they are. They leave out what is "
    "not in the wheel: a new rival, a crisis, a change of strategy.",
    "backtest": "The held-out end of one record is a small examination. It tests forecasting, not whether the causes are "
    "right: a wheel can forecast well for the wrong reasons.",
    "levers": "Effects are what the fitted wheel computes for a change that no one has made. They are hypotheses to be "
    "tested, in the order in which a test would pay.",
    "plan": "A plan is what the fitted wheel computes for changes that no one has made. It holds as far as the beliefs "
    "and links behind it do; a plan for many months should be made anew when the first of them have been measured.",
    "plan_levers": "Limits and ramps are those of the wheel file. That a lever can be moved so does not show that those "
    "whom it touches (customers, sellers, rivals, the law) will let it.",
    "plan_compared": "The plans compared are simple ones on the same wheel; where the wheel is wrong, it is wrong for all "
    "of them alike.",
    "plan_next": "What knowing a number is worth depends on the plans at hand and on the beliefs as they are; it is what "
    "perfect knowledge would be worth, and no experiment gives that.",
    "terms": "Best terms are what the fitted wheel computes for terms that nobody has tried. Its elasticities are constant: "
    "far from the present they are a shape and no measurement, and where the best lies at a limit the wheel knows no brake.",
    "critical": "These numbers come from runs far from anything observed, so they rest on the shape of the equations "
    "and on beliefs more than on data.",
    "outcomes": "Customer surplus and seller margin are computed from the wheel's price effects; nobody measured them. "
    "That all sides gain in the wheel does not show that each customer or seller does.",
    "steps": "The six steps are headings for work. This report shows how far your data carry each of them, not that "
    "following them makes a business grow.",
    "data": "A definition is not the thing itself: who has not ordered for a while may still come back, and what no table "
    "holds is not seen. Sampling errors leave out seasons, wrong rows and changes in how rows are written.",
    "facts": "Facts of single orders are observed, not tried: what is not in the data may move both sides. A difference "
    "between orders is not yet what happens when the business changes all of them.",
    "feedback": "Only those who write are heard, and the unhappy write more. A theme is a set of words that stand "
    "together; its name is a guess from those words, and a share of complaints is not a share of customers.",
    "worth": "The model knows past purchases and nothing else. It takes customers to go on as they did: it does not "
    "show what a change in service or price would make them worth, and sales are not profit.",
    "own_steps": "The six steps are headings for work. What is said under each comes from this record and this wheel; "
    "changes over a quarter include the season, and following a step need not make the business grow.",
    "print": "Passing these checks means that the computation did what it should. It does not mean that the wheel is "
    "the right one.",
}

STEPS = (
    (
        "Customer-centric",
        ("links", "outcomes"),
        "the links into the experience gear show what customers answer to; customer surplus says what they gain.",
    ),
    (
        "Sustainable growth",
        ("speed", "shares"),
        "the wheel's speed and the loops that carry it show whether growth feeds itself.",
    ),
    ("Loyalty", ("critical", "links"), "the barrier with and without habit, and the links of habit and membership."),
    (
        "Cost optimisation",
        ("links", "levers"),
        "the links of scale, bargaining and pass-through from cost to price, and what a lower cost would do.",
    ),
    (
        "Adaptability and innovation",
        ("levers", "links"),
        "the levers worth trying, and for each open link the experiment that would settle it.",
    ),
    (
        "Data-driven decisions",
        ("backtest", "print"),
        "the held-out test against simple baselines, and the checks of the fit behind every number.",
    ),
)

HOW_TO_READ_FANS = (
    "Dots are measured values (an arrow marks a value known only as “more than”); the line is the median forecast, the "
    "bands hold half, 80 % and 90 % of what the wheel expects."
)
HOW_TO_READ_SCORES = (
    "CRPS (large figures) is the average miss of the whole forecast band, MASE that of its middle in units of a naive "
    "forecast's miss; lower is better, the best in each row is bold."
)
STEPS_LEAD = "Six steps turn the flywheel idea into work; each is answered somewhere in this report."
CARD_NAMES = {
    "speed": "how fast it turns",
    "shares": "which loops carry it",
    "links": "which links the data support",
    "backtest": "does it forecast",
    "levers": "what to try next",
    "critical": "first push and barrier",
    "outcomes": "who gains",
    "print": "fine print",
}
