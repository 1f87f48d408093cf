"""What a member's answer to ``pooling`` means here: whether the credits may be sold. Written with the answer, in one transaction."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from puhui.ledger.dynamo import Ledger
from puhui.ledger.model import Entrustment, member
from puhui.store.session import Session

POOLING = "pooling"


class Answer(Protocol):
    """An answer to a purpose, and the version of the notice."""

    @property
    def purpose(self) -> str: ...
    @property
    def granted(self) -> bool: ...
    @property
    def at(self) -> datetime: ...
    @property
    def version(self) -> str: ...


def entrust(member_id: str, ledger: Ledger) -> Callable[[Session, Answer], None]:
    """Adds to a session what an answer means for the member's credits; nothing for any other purpose."""

    def add(session: Session, said: Answer) -> None:
        if said.purpose == POOLING:
            answer = Entrustment(said.granted, said.at, said.version)
            ledger.put_entrustment(session, member(member_id), answer)

    return add
