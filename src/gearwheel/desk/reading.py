"""Records of a log read by the policy and the form that they were made by, which the log keeps beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gearwheel.desk.consider import Desk
from gearwheel.desk.explain import answer_of
from gearwheel.desk.form import Form, read_form
from gearwheel.desk.policy import Policy
from gearwheel.desk.policy_file import parse_policy
from gearwheel.desk.record import Record, read_record
from gearwheel.desk.store import Store
from gearwheel.desk.versions import version_of
from gearwheel.wheel.errors import DeskError, Problem


def papers(store: Store, kind: str) -> dict[str, str]:
    """Version → text of the policies, forms or what was learned. Raises DeskError (GW519) where one was changed."""
    found = store.papers(kind)
    for version, text in found.items():
        if version_of(text) != version:
            raise DeskError(Problem("GW519", f"{kind} {version} in {store.name} is not what it was: it was changed"))
    return found


def forms(store: Store) -> dict[str, Form]:
    """Version → form. Raises DeskError (GW519)."""
    return {version: read_form(text) for version, text in papers(store, "form").items()}


def read(body: bytes, known: Mapping[str, Form], store: Store) -> Record:
    """A record of the store, whose numbers are as many as its form says. Raises DeskError (GW519)."""
    try:
        record = read_record(body)
    except msgspec.DecodeError as error:
        raise DeskError(Problem("GW519", f"a decision in {store.name} cannot be read: {error}")) from error
    form = known.get(record.form)
    if form is None:
        raise DeskError(Problem("GW519", f"decision {record.id}: its form {record.form} is not in the store"))
    actions, places = len(form.actions), 1 + max(form.places, default=-1)
    wanted = (len(form.facts), actions, actions, actions, places)
    if tuple(map(len, (record.facts, record.propensity, record.expected, record.surely, record.costs))) != wanted:
        raise DeskError(Problem("GW519", f"decision {record.id} has not the numbers that its form asks for"))
    return record


class Reading:
    """Of one desk's store: most records are its own, and of others the papers are looked up once each. Everything raises
    DeskError (GW519) where the log lacks a paper or a record is none."""

    def __init__(self, desk: Desk, store: Store):
        self.desk, self.store = desk, store
        self._forms: dict[str, Form] = {desk.form.version: desk.form}
        self._policies = {(desk.policy.version, desk.policy.semantics): desk.policy}

    def record(self, body: bytes) -> Record:
        try:
            return read(body, self._forms, self.store)
        except DeskError:
            self._forms |= forms(self.store)  # of another desk, perhaps
            return read(body, self._forms, self.store)

    def answer(self, record: Record) -> bytes:
        """What was sent."""
        return answer_of(self.policy(record), self.form(record), record)

    def whole(self, record: Record) -> dict[str, Any]:
        """Everything by name, the answer among it."""
        form, said = self.form(record), msgspec.structs.asdict(record)
        for name in ("expected", "surely", "costs", "says", "customer", "product"):  # in the answer or the request
            del said[name]
        said["facts"] = dict(zip(form.facts, record.facts))
        said["asked"], said["allowed"] = record.asked.hex(), record.allowed or record.open
        said["propensity"] = dict(zip(form.actions, record.propensity))
        return said | {"made_by": form.made_by, "answer": msgspec.Raw(self.answer(record))}

    def form(self, record: Record) -> Form:
        return self._forms[record.form]

    def policy(self, record: Record) -> Policy:
        version, semantics = record.policy, self.form(record).semantics
        if (version, semantics) not in self._policies:
            texts, name = papers(self.store, "policy"), f"policy {version} in {self.store.name}"
            if version not in texts:
                raise DeskError(Problem("GW519", f"policy {version} is not in {self.store.name}"))
            read, _ = parse_policy(texts[version], [self.desk.operation], name, semantics)
            self._policies[version, semantics] = read
        return self._policies[version, semantics]
