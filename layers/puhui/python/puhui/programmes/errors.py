"""What a programme does not know.

ProgrammeNotFound   404
BehaviourUnknown    422  names the behaviours that the programme counts
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
    zh = "项目 {programme_id} 随系统发布，不能在这里修改；请换一个编号。"
    en = "The programme {programme_id} ships with the system and is not changed here. Choose another id."


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
