"""What the functions of this context do."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from puhui.wechat.model import ContentVerdict
from puhui.wechat.push import ACKNOWLEDGED, PushReceiver


class KnownPushes(Protocol):
    """Where pushes that were dealt with are remembered."""

    def is_known(self, push_id: str) -> bool:
        """Whether a copy of this push was dealt with."""

    def remember(self, push_id: str, now: datetime) -> None:
        """This push is dealt with."""


def receive_push(
    query: Mapping[str, Any],
    body: bytes,
    now: datetime,
    *,
    receiver: PushReceiver,
    known: KnownPushes,
    content_verdict: Callable[[ContentVerdict], None],
) -> str:
    """Deal with a push and answer what WeChat wants to read.

    ``content_verdict`` gets each verdict at least once: a push is remembered only after it was dealt with, so
    that a failure is repeated by WeChat and not lost, and two copies at the same time may both get through.
    Other kinds of push are acknowledged. Raises PushRefused, PushUnreadable and what ``content_verdict``
    raises.
    """
    push = receiver.parse(query, body, now)
    if isinstance(push, ContentVerdict) and not known.is_known(push.push_id):
        content_verdict(push)
        known.remember(push.push_id, now)
    return ACKNOWLEDGED
