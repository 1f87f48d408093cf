"""The context's table: the shared access token, and the pushes that were dealt with.

| key               | attributes                 | lives                         |
|-------------------|----------------------------|-------------------------------|
| stable_token      | access_token, expires_at   | until WeChat ends it          |
| push#<sha256>     | expires_at                 | a day (WeChat repeats within seconds) |
| verdict#<trace>   | suggest                    | for good: the picture may be shown as long |

``expires_at`` (epoch seconds) is the table's time-to-live attribute.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.wechat.model import Token

TOKEN_KEY = {"key": "stable_token"}
PUSH_REMEMBERED = timedelta(days=1)


class SharedToken:
    """The TokenCache that all processes share."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    @classmethod
    def from_environment(cls) -> "SharedToken":
        """The table of WECHAT_TABLE."""
        return cls(DynamoDB(), os.environ["WECHAT_TABLE"])

    def load(self) -> Token | None:
        """The token that was saved last, if any."""
        item = self._dynamodb.get(self._table, TOKEN_KEY)
        if item is None:
            return None
        return Token(item["access_token"], datetime.fromtimestamp(item["expires_at"], UTC))

    def save(self, token: Token, rejected: str) -> None:
        """Keep ``token`` unless a longer-lasting one, other than ``rejected``, is there already."""
        try:
            self._dynamodb.update(
                self._table,
                TOKEN_KEY,
                "SET access_token = :token, expires_at = :end",
                {":token": token.value, ":end": int(token.expires_at.timestamp()), ":rejected": rejected},
                condition="attribute_not_exists(expires_at) OR expires_at < :end OR access_token = :rejected",
            )
        except ConditionFailed:
            return  # another process was faster


class PushLog:
    """Which pushes were dealt with: WeChat sends one again when it does not get ``success`` within five
    seconds."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    @classmethod
    def from_environment(cls) -> "PushLog":
        """The table of WECHAT_TABLE."""
        return cls(DynamoDB(), os.environ["WECHAT_TABLE"])

    def is_known(self, push_id: str) -> bool:
        """Whether a copy of this push was dealt with."""
        return self._dynamodb.get(self._table, {"key": f"push#{push_id}"}) is not None

    def remember(self, push_id: str, now: datetime) -> None:
        """This push is dealt with: later copies need no work."""
        end = int((now + PUSH_REMEMBERED).timestamp())
        self._dynamodb.update(self._table, {"key": f"push#{push_id}"}, "SET expires_at = :end", {":end": end})


class Verdicts:
    """What content security said of pictures, by trace id: whoever asked looks it up, whichever came first."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    @classmethod
    def from_environment(cls) -> "Verdicts":
        """The table of WECHAT_TABLE."""
        return cls(DynamoDB(), os.environ["WECHAT_TABLE"])

    def remember(self, trace_id: str, suggest: str) -> None:
        """The verdict: pass, review, risky, or error when the platform could not say."""
        key = {"key": f"verdict#{trace_id}"}
        self._dynamodb.update(self._table, key, "SET suggest = :s", {":s": suggest})

    def of(self, trace_ids: Iterable[str]) -> dict[str, str]:
        """The verdicts there are on up to 100 trace ids; one read."""
        wanted = list(dict.fromkeys(trace_ids))
        if not wanted:
            return {}
        items = self._dynamodb.get_all([Key(self._table, {"key": f"verdict#{each}"}) for each in wanted])
        return {each: item["suggest"] for each, item in zip(wanted, items, strict=True) if item}
