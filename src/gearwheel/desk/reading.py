"""Records of a log read by the policy and the form that they were made by, which the log keeps beside them."""

from __future__ import annotations

from typing import Any

import msgspec

from gearwheel.desk.decide import Desk
from gearwheel.desk.explain import answer_of
from gearwheel.desk.form import Form, read_form
from gearwheel.desk.policy import Policy
from gearwheel.desk.policy_file import parse_policy
from gearwheel.desk.record import Record, read_record
from gearwheel.desk.store import Store
from gearwheel.wheel.errors import DeskError, Problem


class Reading:
    """Of one desk's store: most records are its own, and of others the papers are looked up once each. Everything raises
    DeskError (GW519) where the log lacks a paper or a record is none."""

    def __init__(self, desk: Desk, store: Store):
        self.desk, self.store = desk, store
        self._forms: dict[str, Form] = {desk.form.version: desk.form}
        self._policies: dict[str, Policy] = {desk.policy.version: desk.policy}

    def record(self, body: bytes) -> Record:
        try:
            return read_record(body)
        except msgspec.DecodeError as error:
            raise DeskError(Problem("GW519", f"a decision in {self.store.name} cannot be read: {error}")) from error

    def answer(self, record: Record) -> bytes:
        """What was sent."""
        return answer_of(self.policy(record), self.form(record), record)

    def whole(self, record: Record) -> dict[str, Any]:
        """Everything by name, the answer among it."""
        form, said = self.form(record), msgspec.structs.asdict(record)
        for name in (
            "expected",
            "surely",
            "costs",
            "says",
            "customer",
            "product",
        ):  # they are in the answer or the request
            del said[name]
        said["facts"] = dict(zip(form.facts, record.facts))
        said["asked"], said["allowed"] = record.asked.hex(), record.allowed or record.open
        said["propensity"] = dict(zip(form.actions, record.propensity))
        return said | {"made_by": form.made_by, "answer": msgspec.Raw(self.answer(record))}

    def form(self, record: Record) -> Form:
        version = record.form
        if version not in self._forms:
            self._forms[version] = read_form(self._paper("form", version))
        return self._forms[version]

    def policy(self, record: Record) -> Policy:
        version = record.policy
        if version not in self._policies:
            text, name = self._paper("policy", version), f"policy {version} in {self.store.name}"
            self._policies[version], _ = parse_policy(text, [self.desk.operation], name)
        return self._policies[version]

    def _paper(self, kind: str, version: str) -> str:
        found = self.store.papers(kind)
        if version not in found:
            raise DeskError(Problem("GW519", f"{kind} {version} is not in {self.store.name}"))
        return found[version]
