"""What a programme does not know.

ProgrammeNotFound   404
BehaviourUnknown    422  names the behaviours that the programme counts
GateNotAllowed      422  the jurisdiction's document keeps the gate closed
ProgrammeClosed     409  no new acts, no new members

and what the steps of filing and deciding refuse.
"""

from puhui.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class ProgrammeNotFound(NotFound):
    code = "PROGRAMME_NOT_FOUND"
    zh = "没有这个碳普惠项目。"
    en = "There is no such programme."


class BehaviourUnknown(Invalid):
    """``known`` lists the programme's behaviours, ``behaviour`` is what was asked for."""

    code = "BEHAVIOUR_UNKNOWN"
    zh = "本项目不计这种行为。可用的行为：{known}。"
    en = "The programme does not count this behaviour. It counts: {known}."


class ProgrammeShipped(Conflict):
    code = "PROGRAMME_SHIPPED"
    zh = "项目 {programme_id} 的版本 {version} 随系统发布；要取代它，请提交更新的版本号。"
    en = "Version {version} of {programme_id} ships with the system. To take its place, file a later version."


class VersionTaken(Conflict):
    code = "VERSION_TAKEN"
    zh = "别人已提交过这个版本，请换一个版本号。"
    en = "Somebody else filed this version. Choose another version."


class VersionStarted(Conflict):
    code = "VERSION_STARTED"
    zh = "这个版本已经启用，不能再改；请提交新版本。"
    en = "This version was started and never changes. File a new one."


class VersionChanged(Conflict):
    code = "VERSION_CHANGED"
    zh = "您读过之后文档又被改过，请重新阅读后再启用。"
    en = "The document was changed after you read it. Read it again before you start it."


class VersionNotNewer(Conflict):
    code = "VERSION_NOT_NEWER"
    zh = "正在运行的是版本 {running}，只能启用更新的版本。"
    en = "Version {running} is running. Only a later one can take its place."


class AuthorMayNotStart(Forbidden):
    code = "AUTHOR_MAY_NOT_START"
    zh = "提交的人不能启用，请由另一个人启用。"
    en = "Whoever filed it may not start it. Somebody else has to."


class GateNotAllowed(Invalid):
    code = "GATE_NOT_ALLOWED"
    zh = "{region} 的规则不允许打开 {gate}：{why_zh}"
    en = "The rules of {region} keep {gate} closed: {why_en}"


class ProposalNotFound(NotFound):
    code = "PROPOSAL_NOT_FOUND"
    zh = "没有这样的提案。"
    en = "Nothing was proposed here."


class ProposalChanged(Conflict):
    code = "PROPOSAL_CHANGED"
    zh = "您读过之后提案又被改过，请重新阅读后再批准。"
    en = "The proposal was changed after you read it. Read it again before you approve it."


class ClosingInThePast(Invalid):
    code = "CLOSING_IN_THE_PAST"
    zh = "结束时间已过，请提出一个将来的时间。"
    en = "The time of the end has passed. Propose one to come."


class ProgrammeClosed(Conflict):
    """``at`` is when it ended."""

    code = "PROGRAMME_CLOSED"
    zh = "本项目已于 {at} 结束，不再计入新的行为；积分在到期前仍可使用。"
    en = "The programme ended at {at} and counts no new acts. Points can be spent until they end."


class TermsChanged(Conflict):
    code = "TERMS_CHANGED"
    zh = "项目条款现在是版本 {version}，请阅读后再加入。"
    en = "The programme's terms are now version {version}. Read them before you join."
