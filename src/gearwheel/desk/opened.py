"""A desk ready to decide: policy, what is known of customers and what was learned, read from their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import PathLike

from gearwheel.desk.consider import Desk
from gearwheel.desk.customers import NOBODY, Customers, read_customers
from gearwheel.desk.learned import NOTHING, Known, read_knowledge
from gearwheel.desk.operation import Operation
from gearwheel.desk.operations import OPERATIONS
from gearwheel.desk.policy import Policy, believed
from gearwheel.desk.policy_file import read_policy
from gearwheel.desk.store import Store


@dataclass(frozen=True)
class Papers:
    """What decisions are made by, except for the secret of the lots."""

    operation: Operation
    policy: Policy
    customers: Customers = field(repr=False)
    known: Known = field(repr=False)

    def desk(self, secret: bytes) -> Desk:
        draws = believed(self.policy, self.operation, self.known.draws)
        return Desk(self.operation, self.policy, draws, secret, self.known.version)


def read_papers(
    policy: str | PathLike[str],
    customers: str | PathLike[str] | None = None,
    knowledge: str | PathLike[str] | None = None,
) -> Papers:
    """Raises DeskError with what is wrong with a file."""
    read, operation = read_policy(policy, OPERATIONS.values())
    return Papers(
        operation,
        read,
        read_customers(customers, operation) if customers else NOBODY,
        read_knowledge(knowledge, operation) if knowledge else NOTHING,
    )


def keep_papers(store: Store, desk: Desk, customers: Customers, knowledge: str) -> None:
    """Keep in the store what its decisions will be made and read by; `knowledge` is the text. What is kept stays."""
    with store.transaction():
        store.keep("policy", desk.policy.version, desk.policy.text)
        store.keep("form", desk.form.version, desk.form.text)
        store.keep("knowledge", Known(text=knowledge).version, knowledge)
        store.keep("customers", customers.version, f"{len(customers.row)} customers as of {customers.as_of:.0f}")
