"""What cannot be quantified, and why.

QuantityInvalid         422  names the field: missing, unknown, no integer, out of bounds
QuantityImplausible     422  names the bound: more or less than one act of a member can be
FactorUnavailable       422  no published factor for this programme's profile, region and day
FactorIsZero            422  the formula divides by it
FactorNotFound          404
MethodologyMismatch     422  the behaviour is counted by another methodology
MethodologyNotFound     404
MethodologyWithdrawn    422  the version counts no new acts

The errors of the life cycle follow at the end.
"""

from collections.abc import Mapping
from typing import Any

from puhui.kernel.errors import Conflict, Forbidden, Invalid, NotFound

_FIELD_SHOWN_MAX = 64


class QuantityInvalid(Invalid):
    """``field`` is the quantity's name; ``reason_zh`` and ``reason_en`` say what is wrong with it."""

    code = "QUANTITY_INVALID"
    zh = "数量 {field} {reason_zh}。"
    en = "The quantity {field} {reason_en}."

    @property
    def field(self) -> str:
        """The quantity that is wrong."""
        return str(self.details["field"])


def missing(field: str) -> QuantityInvalid:
    """The act needs this quantity."""
    return QuantityInvalid(field=field, reason_zh="必填", reason_en="is required")


def unknown(field: Any, known: str) -> QuantityInvalid:
    """The act does not take this quantity."""
    return QuantityInvalid(
        field=str(field)[:_FIELD_SHOWN_MAX],
        reason_zh=f"不适用于这种行为，请填写 {known}",
        reason_en=f"does not belong to this behaviour, which takes {known}",
    )


def no_integer(field: str) -> QuantityInvalid:
    """Text, a decimal or a truth value stands where an integer belongs."""
    return QuantityInvalid(field=field, reason_zh="必须是整数", reason_en="must be an integer")


def no_choice(field: str, known: str) -> QuantityInvalid:
    """Another word stands where one of these belongs."""
    return QuantityInvalid(
        field=field, reason_zh=f"必须是其中之一：{known}", reason_en=f"must be one of: {known}"
    )


def out_of_bounds(field: str, least: int, most: int) -> QuantityInvalid:
    """Below what makes an act, or beyond what one act can be."""
    return QuantityInvalid(
        field=field,
        reason_zh=f"必须在 {least} 到 {most} 之间",
        reason_en=f"must be between {least} and {most}",
    )


class QuantityImplausible(Invalid):
    """More, or less, than one act of a member can be. ``field`` and ``limit`` name the bound."""

    code = "QUANTITY_IMPLAUSIBLE"
    zh = "数量 {field} {side_zh} {limit}：{why_zh}"
    en = "The quantity {field} is {side_en} {limit} here: {why_en}"


def implausible(field: str, limit: int, why: Mapping[str, str], *, above: bool) -> QuantityImplausible:
    """The quantity lies above, or below, what is plausible."""
    return QuantityImplausible(
        field=field,
        limit=limit,
        side_zh="最多为" if above else "至少为",
        side_en="at most" if above else "at least",
        why_zh=why["zh-CN"],
        why_en=why["en"],
    )


class FactorUnavailable(Invalid):
    code = "FACTOR_UNAVAILABLE"
    zh = "{region} 在 {day} 没有可用的因子（{factor}）。"
    en = "There is no factor ({factor}) for {region} on {day}."


class FactorIsZero(Invalid):
    code = "FACTOR_IS_ZERO"
    zh = "方法学 {methodology} 以因子 {factor} 为除数，而该因子为零。"
    en = "The methodology {methodology} divides by the factor {factor}, which is zero."


class FactorNotFound(NotFound):
    code = "FACTOR_NOT_FOUND"
    zh = "没有这个因子或这个版本。"
    en = "There is no such factor, or not in this version."


class QuantityFull(Conflict):
    code = "QUANTITY_FULL"
    zh = "{quantity} 已有 {most} 条因子，请先撤回不再使用的。"
    en = "{quantity} has {most} factors already. Withdraw those that are no longer used."


class MethodologyNotFound(NotFound):
    code = "METHODOLOGY_NOT_FOUND"
    zh = "没有这个方法学或这个版本。"
    en = "There is no such methodology, or not in this version."


class MethodologyMismatch(Invalid):
    code = "METHODOLOGY_MISMATCH"
    zh = "这种行为按方法学 {methodology_id} 计算。"
    en = "This behaviour is counted by the methodology {methodology_id}."


# The life cycle of a version


class MethodologyWithdrawn(Invalid):
    code = "METHODOLOGY_WITHDRAWN"
    zh = "方法学 {methodology} 已撤回，不能再用于新的行为。"
    en = "The methodology {methodology} was withdrawn: it counts no new acts."


class JurisdictionUnknown(Invalid):
    code = "JURISDICTION_UNKNOWN"
    zh = "没有适用于 {jurisdiction} 的发布程序。"
    en = "There is no procedure of publication for {jurisdiction}."


class NoteRequired(Invalid):
    code = "NOTE_REQUIRED"
    zh = "拒绝时请在 note 中写明理由。"
    en = "Say why in note when refusing."


class AuthorMayNotReview(Forbidden):
    code = "AUTHOR_MAY_NOT_REVIEW"
    zh = "提交者不能审核自己提交的文档，须由另一人审核。"
    en = "Whoever filed a document may not review it: that takes somebody else."


class AuthorMayNotPublish(Forbidden):
    code = "AUTHOR_MAY_NOT_PUBLISH"
    zh = "提交者不能发布自己提交的文档，须由另一人发布。"
    en = "Whoever filed a document may not publish it: that takes somebody else."


class ReviewerMayNotPublish(Forbidden):
    code = "REVIEWER_MAY_NOT_PUBLISH"
    zh = "在 {jurisdiction}，审核者不能发布同一文档，须由另一人发布。"
    en = "In {jurisdiction} whoever reviewed a document may not publish it: that takes somebody else."


class LevelNotYours(Forbidden):
    """``step`` is ``file``, ``review``, ``publish`` or ``withdraw``; ``roles`` are those who may."""

    code = "LEVEL_NOT_YOURS"
    zh = "在 {jurisdiction}，这一步（{step}）只能由以下角色进行：{roles}。"
    en = "In {jurisdiction} this step ({step}) takes one of these roles: {roles}."


class VersionShipped(Conflict):
    code = "VERSION_SHIPPED"
    zh = "{methodology} 随系统发布，不经过这里的程序；请使用新的版本号。"
    en = "{methodology} is published with the system and does not go through this procedure. Use another version."


class VersionTaken(Conflict):
    code = "VERSION_TAKEN"
    zh = "这个版本号已由另一人提交，请使用新的版本号。"
    en = "Somebody else has filed this version. Use another version."


class VersionFixed(Conflict):
    """``status`` is what the version is now."""

    code = "VERSION_FIXED"
    zh = "这个版本（{status}）的内容不能再改动，请使用新的版本号。"
    en = "This version ({status}) can no longer be changed. Use another version."


class VersionChanged(Conflict):
    code = "VERSION_CHANGED"
    zh = "文档在您阅读之后有改动，请重新阅读（现在的 hash：{hash}）。"
    en = "The document has changed since you read it. Read it again (its hash is now {hash})."


class VersionNotNewer(Conflict):
    code = "VERSION_NOT_NEWER"
    zh = "版本 {latest} 已经发布，新发布的版本须在它之后。"
    en = "Version {latest} is published already, and only a later one can follow it."


class StepOutOfTurn(Conflict):
    """``status`` is what the version is now."""

    code = "STEP_OUT_OF_TURN"
    zh = "这个版本现在的状态（{status}）不允许这一步。"
    en = "This step does not follow from what the version is now ({status})."


class HistoryFull(Conflict):
    code = "HISTORY_FULL"
    zh = "这个版本的修改和审核次数已达上限，请使用新的版本号。"
    en = "This version has been changed and reviewed too often. Use another version."


class BehaviourNotCountable(Invalid):
    code = "BEHAVIOUR_NOT_COUNTABLE"
    zh = "行为 {behaviour} 无法计算：{why_zh}"
    en = "The behaviour {behaviour} cannot be counted: {why_en}"
