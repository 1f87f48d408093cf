"""What a programme does not know.

ProgrammeNotFound   404
BehaviourUnknown    422  names the behaviours that the programme counts
"""

from puhui.kernel.errors import Invalid, NotFound


class ProgrammeNotFound(NotFound):
    code = "PROGRAMME_NOT_FOUND"
    zh = "没有这个碳普惠项目。"
    en = "There is no such programme."


class BehaviourUnknown(Invalid):
    """``known`` lists the programme's behaviours, ``behaviour`` is what was asked for."""

    code = "BEHAVIOUR_UNKNOWN"
    zh = "本项目不计这种行为。可用的行为：{known}。"
    en = "The programme does not count this behaviour. It counts: {known}."
