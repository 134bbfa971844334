"""What the numbers of a record stand for: each record names them by place, and the log keeps once what the places are."""

from __future__ import annotations

from functools import cached_property

import msgspec

from gearwheel.desk.versions import version_of


class Form(msgspec.Struct, frozen=True, dict=True):
    """`made_by`: version of Gearwheel; `actions`, `facts` and `parts` (action, part) in the order of a record's numbers;
    costs are whole numbers, `per_money` to one of money, and `surely` counts `draws`. `places`: of each part its cost
    among a record's: parts that several actions have in common are told once. `semantics`: of policies and requests
    (see conditions); a form that does not say was made under the first."""

    made_by: str
    actions: tuple[str, ...]
    facts: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]
    places: tuple[int, ...]
    draws: int
    per_money: int = 10_000
    semantics: int = 1

    @cached_property
    def text(self) -> str:
        return msgspec.json.encode(self).decode()

    @cached_property
    def version(self) -> str:
        """Names the form by what it says."""
        return version_of(self.text)

    @cached_property
    def number(self) -> dict[str, int]:
        """Action → its place."""
        return {action: a for a, action in enumerate(self.actions)}

    @cached_property
    def parts_of(self) -> list[list[tuple[str, int]]]:
        """By action, its parts as (name, place)."""
        both = list(zip(self.parts, self.places))
        return [[(part, place) for (of, part), place in both if of == action] for action in self.actions]

    def money(self, cost: int) -> float:
        """A cost of a record."""
        return cost / self.per_money


def read_form(text: str) -> Form:
    """Raises msgspec.DecodeError for what is no form."""
    return msgspec.json.decode(text, type=Form)
