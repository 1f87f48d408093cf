"""Every shape that points store, as it is stored."""

from datetime import UTC, date, datetime

from puhui.points.dynamo import CHOICE, DONATION, JOB, REPORT, Points
from puhui.points.model import Choice, Donation, Job
from puhui.points.report import Part, Report, Stock
from puhui.points.tally import Tally
from puhui.store.session import Session
from tests.support import golden

AT = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
GIVEN = Donation(
    "01M", "carbon-88", "2026-11", 2, "donated", "tree", 3, 300, "REWARD_SOLD_OUT", "01REDEMPTION"
)


def test_a_donation():
    golden.check("points", "donation", DONATION, GIVEN)


def test_a_choice():
    golden.check("points", "choice", CHOICE, Choice("01M", "carbon-88", "donate", "tree", 100, GIVEN))


def test_a_run():
    counts = {"expired_lots": 1, "expired_points": 20, "reminded": 3}
    golden.check(
        "points", "job", JOB, Job("2026-11-30-again", date(2026, 11, 30), "done", counts, stopped=True)
    )


def test_a_report():
    report = Report(
        "01REPORT",
        "carbon-88",
        "01OPERATOR",
        AT,
        {"cola": Stock(100, 40, "01MARK")},
        "b" * 64,
        "done",
        {"reconciles": True},
        {"accounts": 7},
        stopped=True,
    )
    golden.check("points", "report", REPORT, report)


def test_what_runs_and_reports_write_on_their_way():
    sent = golden.Sent({"Attributes": {"owner": {"S": "member:01M"}, "entry": {"S": "C#carbon-88"}}})
    points, session = Points(sent.dynamodb, "points"), Session(sent.dynamodb)
    points.first_reminder(session, "01M", "carbon-88", "2026-11")
    points.add_counts(session, "2026-11-30", 3, {"reminded": 1})
    points.add_donation(session, None, GIVEN)
    session.commit()
    points.choose(Choice("01M", "carbon-88", "donate", "tree", 100), AT)
    points.advance("2026-11-30", 3, "member:01M", {"not_reminded": 2})
    points.close_report("01REPORT", {"reconciles": True})
    points.stop_report("01REPORT")
    points.stop_job("2026-11-30")
    points.put_part("01REPORT", 3, Part(Tally(), "member:01M", 5, done=True))
    points.keep_counted("carbon-88", {"accounts": 7})
    sent.check("points", "calls")
