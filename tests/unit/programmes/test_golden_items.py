"""Every stored shape of the programmes' table, kept as a file."""

from datetime import UTC, datetime, timedelta

from puhui.programmes.decisions import Proposal, RunningState
from puhui.programmes.filing import Filed
from puhui.programmes.repository import FILED, PROPOSAL, RUNNING
from tests.support.golden import check

AT = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
DOCUMENT = {"id": "my-city", "version": "2", "name": {"zh-CN": "绿城", "en": "Green city"}}


def test_a_filed_version():
    check("programmes", "filed", FILED, Filed(DOCUMENT, "ab12", "M1", AT, "running", "M2", "01KEY"))


def test_what_runs():
    state = RunningState("my-city", DOCUMENT, "ab12", {"export": True}, AT, "到期", 4)
    check("programmes", "running", RUNNING, state)


def test_a_proposal():
    approved_at = AT + timedelta(days=1)
    proposal = Proposal("my-city", "export", True, "市里同意", "M1", AT, 3, "approved", "M2", approved_at)
    check("programmes", "proposal", PROPOSAL, proposal)
