"""Verification: ask the platform whether the picture is fit to be seen; the answer comes by push."""

from datetime import datetime
from functools import cache

from puhui.activities.evidence import usecases
from puhui.activities.evidence.bucket import EvidenceBucket
from puhui.activities.tables import Activities
from puhui.edge.task import Input, task
from puhui.members import api as members
from puhui.wechat import api as wechat

ACTIVITIES = Activities.from_environment()
MEMBERS = members.Members.from_environment()
STORE = EvidenceBucket.from_environment()
WECHAT = cache(wechat.connect)


@task("request_content_check")
def app(event: Input, _now: datetime) -> Input:
    member_id, evidence_id = event["member_id"], event["evidence_id"]

    def ask() -> str:
        openid = members.openid_of(member_id, members=MEMBERS)
        evidence = ACTIVITIES.evidence.find(member_id, evidence_id)
        address = STORE.address(evidence.object_key, usecases.ADDRESS_SECONDS)
        return WECHAT().media_check_async(address, openid, wechat.Scene.SOCIAL_LOG)

    trace_id = usecases.request_content_check(
        ask, event["task_token"], evidence_id, repository=ACTIVITIES.evidence
    )
    return {"trace_id": trace_id}
