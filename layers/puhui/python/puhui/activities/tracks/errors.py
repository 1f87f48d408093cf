"""What is wrong with a track: each a code of its own, so that an app can say what to do."""

from typing import Any

from puhui.kernel.errors import Conflict, DomainError, Invalid


class TrackUnreadable(Invalid):
    """``pointer`` and ``detail`` say which part and why."""

    code = "TRACK_UNREADABLE"
    zh = "无法读取轨迹，请查看 errors 中指出的部分。"
    en = "The track cannot be read. See what errors names."


class GpxUnreadable(Invalid):
    """``pointer`` and ``detail`` say which part and why."""

    code = "GPX_UNREADABLE"
    zh = "无法读取 GPX，请查看 errors；需要带时间的轨迹（trk/trkseg/trkpt）。"
    en = "The GPX cannot be read: see errors. It needs a track with times (trk/trkseg/trkpt)."


class TrackNotWanted(Invalid):
    code = "TRACK_NOT_WANTED"
    zh = "这个行为不以轨迹为凭证，请去掉 track。"
    en = "Tracks do not show this act. Leave the track out."


class TrackRefused(Invalid):
    """What no trip of the kind looks like."""

    code = "TRACK_REFUSED"
    zh = "这段轨迹不像所申报的行程，没有计入。"
    en = "The track is not one of such a trip, and nothing was counted."


class TrackTimeBackwards(TrackRefused):
    code = "TRACK_TIME_BACKWARDS"
    zh = "轨迹的时间没有一直向前（seconds 从第二个起都大于 0）：请发送手机按顺序记录的轨迹。"
    en = "The times of the track do not run forward (each of seconds but the first is above 0). Send the track in the order in which the phone recorded it."


class TrackInaccurate(TrackRefused):
    """``percent`` of the points are wide of the mark."""

    code = "TRACK_INACCURATE"
    zh = "轨迹中 {percent}% 的点误差太大，无法判断：请打开精确定位，在室外重新记录。"
    en = "{percent} % of the points are too inaccurate to tell anything. Turn precise location on and record outdoors."


class TrackTooShort(TrackRefused):
    """``least``: metres."""

    code = "TRACK_TOO_SHORT"
    zh = "轨迹太短：这样的行程至少 {least} 米、{seconds} 秒。"
    en = "The track is too short: such a trip takes at least {least} m and {seconds} seconds."


class TrackTooFar(TrackRefused):
    """``most``: metres."""

    code = "TRACK_TOO_FAR"
    zh = "轨迹太长：这样的行程最多 {most} 米。"
    en = "The track is too long: such a trip is at most {most} m."


class TrackGaps(TrackRefused):
    """``percent`` of the time are gaps of more than ``seconds``."""

    code = "TRACK_GAPS"
    zh = "轨迹有 {percent}% 的时间没有记录（间隔超过 {seconds} 秒）：记录时请保持小程序打开，并允许后台定位。"
    en = "{percent} % of the trip was not recorded (gaps of over {seconds} seconds). Keep the mini-program open while it records, and allow location in the background."


class TrackTeleport(TrackRefused):
    code = "TRACK_TELEPORT"
    zh = "轨迹中有的点之间快得不可能，没有计入。"
    en = "Between some points of the track nobody can have moved that fast. Nothing was counted."


class TrackSpeed(TrackRefused):
    code = "TRACK_SPEED"
    zh = "轨迹的速度与所申报的出行方式不符：请按实际的方式申报。"
    en = "The speeds of the track are not those of this way to travel. Record the act as what it was."


class TrackSpeedConstant(TrackRefused):
    code = "TRACK_SPEED_CONSTANT"
    zh = "轨迹的速度始终不变，真实的行程不会这样，没有计入。"
    en = "The speed of the track never changes, as on no real trip. Nothing was counted."


class TrackDistanceDiffers(TrackRefused):
    """``told`` and ``measured``: metres."""

    code = "TRACK_DISTANCE_DIFFERS"
    zh = "填写的距离是 {told} 米，轨迹是 {measured} 米：请按轨迹填写。"
    en = "{told} m were reported, and the track measures {measured} m. Report what the track shows."


class TrackQuantity(TrackRefused):
    """``quantity``: the name of what a track shows one of."""

    code = "TRACK_QUANTITY"
    zh = "一段轨迹是一次行程，{quantity} 须为 1；其他行程请分别提交。"
    en = "A track shows one trip, and {quantity} is 1. Send each other trip by itself."


class TrackEndDiffers(TrackRefused):
    """``ended_at``: when the track ends, as text."""

    code = "TRACK_END_DIFFERS"
    zh = "轨迹结束于 {ended_at}，与 ended_at 不符：有轨迹时不必填写 ended_at。"
    en = "The track ends at {ended_at}, and ended_at says otherwise. It is not needed where there is a track."


class TrackReused(Conflict):
    code = "TRACK_REUSED"
    zh = "这段轨迹已用于另一个行为（时间改动后也是同一段），不能再用。"
    en = "This track was used for another act, and stays the same one when its time is changed. It counts once."


class TrackUnclaimed(DomainError):
    """The condition of an act's track: no other act has it. ``activity_id``: the act."""

    def found(self, item: dict[str, Any] | None) -> DomainError:  # noqa: ARG002 whoever has it, it is another act
        return TrackReused()
