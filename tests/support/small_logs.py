"""Logs for whom the entries are all that matters."""

from collections.abc import Sequence

from puhui.tlog import policy
from puhui.tlog.policy import Policy
from tests.support.logs import Log

NAMES = ("enterprise1", "government1", "ngo1")  # the witnesses in a log's policy


def log_of(entries: Sequence[bytes]) -> Log:
    """The log of these entries, appended at once."""
    log = Log()
    log.append(entries)
    return log


def numbered(count: int) -> list[bytes]:
    """So many short entries, each of its own."""
    return [b"entry %d" % number for number in range(count)]


def policy_of(log: Log, enough: str = "all") -> Policy:
    """The policy that asks for so many of the log's three witnesses, by default for each."""
    return policy.parse(log.policy(enough=enough))
