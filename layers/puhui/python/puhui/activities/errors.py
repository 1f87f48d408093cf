"""What can be wrong with an act. Codes double as the reason codes that a refused activity carries."""

from typing import Any

from puhui.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound


class ActivityNotFound(NotFound):
    code = "ACTIVITY_NOT_FOUND"


class ReviewNotFound(NotFound):
    code = "REVIEW_NOT_FOUND"


class OccurredInFuture(Invalid):
    code = "OCCURRED_IN_FUTURE"
    zh = "行为还没有结束：请在结束后提交。occurred_at 是开始时间；结束得比通常早时，请同时提供 ended_at。"
    en = (
        "The act is not over yet: send it when it is. occurred_at is when it began; send ended_at as well when it ended"
        " sooner than usual."
    )


class EndedBeforeStart(Invalid):
    code = "ENDED_BEFORE_START"
    zh = "ended_at 必须晚于 occurred_at。"
    en = "ended_at lies after occurred_at."


class ActTooFast(Invalid):
    """``minutes``: the least time that so much can take."""

    code = "ACT_TOO_FAST"
    zh = "这样的行为至少需要 {minutes} 分钟，请核对 occurred_at、ended_at 和数量。"
    en = "So much takes at least {minutes} minutes. Check occurred_at, ended_at and the quantity."


class ActTooLong(Invalid):
    code = "ACT_TOO_LONG"
    zh = "一次行为最长 24 小时，请分次提交。"
    en = "One act lasts at most 24 hours. Send each act by itself."


class PeriodMismatch(Invalid):
    code = "PERIOD_MISMATCH"
    zh = "occurred_at 到 ended_at 与填写的 {days} 天不符。"
    en = "From occurred_at to ended_at are not the {days} days that the quantity says."


class BeforeFirstDay(Invalid):
    """``day``: the member's first."""

    code = "BEFORE_FIRST_DAY"
    zh = "您从 {day} 起是成员，此前的行为不计入。"
    en = "You have been a member since {day}. What was before does not count."


class PersonsNotOnRecord(Invalid):
    """``known``: how many the record has."""

    code = "PERSONS_NOT_ON_RECORD"
    zh = "整个时段内登记在这个家庭的成员有 {known} 人，persons 不能超过它；请家人先加入家庭。"
    en = (
        "{known} were on record in this household all through these days, and persons is at most that. Let the others join"
        " the household first."
    )


class OccurredTooLongAgo(Invalid):
    code = "OCCURRED_TOO_LONG_AGO"
    zh = "行为须在 {days} 天内提交。"
    en = "An act is submitted within {days:day}."


class StepsComeFromWeRun(Invalid):
    code = "STEPS_COME_FROM_WERUN"
    zh = "步行由微信运动步数计入，请使用 POST /steps。"
    en = "Walking is credited from WeRun steps. Use POST /steps."


class EvidenceRequired(Invalid):
    code = "EVIDENCE_REQUIRED"
    zh = "这个行为需要上传照片作为凭证。"
    en = "This act needs a photo as evidence."


class EvidenceNotAccepted(Invalid):
    """``grades``: what the behaviour accepts."""

    code = "EVIDENCE_NOT_ACCEPTED"
    zh = "这个项目只按以下凭证计入这个行为：{grades}。"
    en = "This programme counts this act only by: {grades}."


class RecordChanged(Conflict):
    """``record_id``: the partner's own name of the record."""

    code = "RECORD_CHANGED"
    zh = "记录 {record_id} 已经申报过，内容不同；一条记录只计一次。"
    en = "The record {record_id} was sent before with other content. One record counts once."


class ClaimedByMember(Conflict):
    """``activity_id``: the member's own act."""

    code = "CLAIMED_BY_MEMBER"
    zh = "成员已申报同一行程（{activity_id}），所得已被使用；一次行程只计一次。"
    en = "The member claimed this trip before ({activity_id}), and what it gave was spent. One trip counts once."


class EvidenceNotWanted(Invalid):
    code = "EVIDENCE_NOT_WANTED"
    zh = "这个行为不需要照片凭证。"
    en = "This act takes no photo."


class ActsOverlap(Conflict):
    code = "ACTS_OVERLAP"
    zh = "这段时间内已有另一个行为（{other}），同一时间只能计一次。"
    en = "Another act of yours ({other}) covers this time. One time counts once."


class ClaimedElsewhere(Conflict):
    """``programme_id`` is where the same act was recorded, or one within ``minutes`` of it; ``name`` what it is called."""

    code = "CLAIMED_ELSEWHERE"
    zh = "项目「{name}」（{programme_id}）中已申报了这个行为，或与它相隔不到 {minutes} 分钟的同类行为；同一行为只能计一次。"
    en = "This act, or one of its kind less than {minutes:minute} from it, was recorded in the programme {name} ({programme_id}) already. One act counts once."


class ActRepeated(Conflict):
    """``minutes``: how far apart two acts of the behaviour are at least."""

    code = "ACT_REPEATED"
    zh = "{minutes} 分钟内已有一次同样的行为，视为同一次，无需再报；一起完成的请合并为一次提交。"
    en = (
        "You recorded such an act within {minutes} minutes of this one, and the two count as one: nothing is missing. What"
        " was done together is reported as one act."
    )


class PeriodClaimed(Conflict):
    """``first`` and ``last`` day of what was reported before."""

    code = "PERIOD_CLAIMED"
    zh = "{first} 至 {last} 已经申报过，同一天只能计一次；请只申报其余的日子。"
    en = "{first} to {last} were reported before, and a day counts once. Report only the other days."


class MeterElsewhere(Conflict):
    code = "METER_ELSEWHERE"
    zh = "这只表最近由另一个家庭申报过；如果刚搬来，请在对方停止申报 60 天之后再报，或先加入对方的家庭。"
    en = "Another household reported this meter not long ago. Join that household, or report it when nobody has for 60 days."


class SecondMeter(Conflict):
    code = "SECOND_METER"
    zh = "这个家庭最近申报过另一只同类的表，一户只计一只；换表后请在 60 天之后再报。"
    en = "This household reported another meter of the kind not long ago, and one counts. After a change of meters wait for 60 days."


class ReadingLower(Invalid):
    """``last``: the reading before."""

    code = "READING_LOWER"
    zh = "读数低于上一次的 {last}，请核对表号和读数。"
    en = "The reading is lower than the one before, {last}. Check the meter's number and the reading."


class ReadingDiffers(Invalid):
    """``ran``: how much the meter ran."""

    code = "READING_DIFFERS"
    zh = "读数与上一次相差 {ran}，与填写的用量不符，请核对。"
    en = "Since the reading before the meter ran {ran}, which is not what was used. Check both."


class MeterNotWanted(Invalid):
    code = "METER_NOT_WANTED"
    zh = "这个行为没有表，请去掉 meter。"
    en = "This act has no meter. Leave the meter out."


class HouseholdFull(Conflict):
    code = "HOUSEHOLD_FULL"
    zh = "这个家庭已有 {most} 人，不能再加入。"
    en = "This household has {most} people already."


class HouseholdMoves(Conflict):
    code = "HOUSEHOLD_MOVES"
    zh = "更换家庭太频繁：{days} 天内最多 {most} 次。"
    en = "You have moved too often: at most {most} times in {days} days."


class NotAMember(Forbidden):
    code = "NOT_A_MEMBER"
    zh = "您已退出这个项目，请重新加入后再申报。"
    en = "You have left this programme. Join it again first: POST /programmes/{programme_id}/memberships."


class NotMature(Conflict):
    """``at``: from when it can be collected, as text."""

    code = "NOT_MATURE"
    zh = "还没有成熟，{at} 起可以收取。"
    en = "It has not matured yet. It can be collected from {at} on."


class StillVerifying(NotMature):
    zh = "还在核验，通过之后才会成熟。"
    en = "It is still being verified, and matures after that."


class ClaimExpired(Conflict):
    code = "CLAIM_EXPIRED"
    zh = "收取的期限已过。"
    en = "The time to collect this is over."


class NothingToCollect(Conflict):
    code = "NOTHING_TO_COLLECT"
    zh = "这里没有您可以收取的。"
    en = "There is nothing here for you to collect."


class CapReached(Conflict):
    code = "CAP_REACHED"
    zh = "今天这个行为的上限（{cap}）已经用完。"
    en = "Today's limit for this act ({cap}) has been reached."


class NothingToCredit(Invalid):
    code = "NOTHING_TO_CREDIT"
    zh = "按这个数量算不出减排：数量太小，或者用量不低于基准。"
    en = "This quantity avoids nothing: it is too small, or as much was used as the baseline or more."


class OwnReview(Forbidden):
    code = "OWN_REVIEW"
    zh = "不能审核自己的行为。"
    en = "Nobody reviews an act of their own."


class ColleaguesReview(Forbidden):
    code = "COLLEAGUES_REVIEW"
    zh = "不能审核本机构成员的行为，请交由其他机构的核验员。"
    en = "Nobody reviews an act of somebody of the own organisation. Leave it to a verifier of another one."


class LeaseLost(Conflict):
    """The review was taken by somebody else since, or its lease was given back."""

    code = "LEASE_LOST"
    zh = "这个审核已不在您手中（已被他人领取或已归还），请重新领取。"
    en = "This review is no longer yours: somebody else has it, or you gave it back. Lease reviews again."


class DecisionGiven(Conflict):
    code = "DECISION_GIVEN"
    zh = "您的决定已记录，这个审核还需要另一个人决定。"
    en = "Your decision is on record. Somebody else has to decide this review, too."


class AppealNotFound(NotFound):
    code = "APPEAL_NOT_FOUND"


class NothingToAppeal(Conflict):
    code = "NOTHING_TO_APPEAL"
    zh = "只能对被拒绝、作废或撤销的行为申诉。"
    en = "An appeal is against an act that was refused, voided or reversed. Nothing of the kind was decided here."


class AppealTooLate(Conflict):
    """``days``: within how many one appeals."""

    code = "APPEAL_TOO_LATE"
    zh = "申诉须在决定后 {days} 天内提出。"
    en = "An appeal is made within {days:day} of the decision."


class AppealMade(Conflict):
    code = "APPEAL_MADE"
    zh = "对这个决定已经申诉过（{state}），每个决定只能申诉一次。"
    en = "You have appealed against this decision already ({state}). There is one appeal to a decision."


class AppealDecided(Conflict):
    code = "APPEAL_DECIDED"
    zh = "这个申诉已经结束（{state}）。"
    en = "This appeal has already ended ({state})."


class DecidedBefore(Forbidden):
    code = "DECIDED_BEFORE"
    zh = "您参与了被申诉的决定，须由另一个人决定这个申诉。"
    en = "You took part in the decision that this appeal is against. Somebody else has to decide it."


class AppealDoesNotFit(Conflict):
    """``zh_reason``, ``en_reason``: why the act does not fit into its day any more."""

    code = "APPEAL_DOES_NOT_FIT"
    zh = "这个行为已无法计入当天（{zh_reason}），请以 ALREADY_COUNTED 驳回。"
    en = "The act does not fit into its day any more ({en_reason}). Reject the appeal as ALREADY_COUNTED."


class NotDecided(Conflict):
    code = "REVIEW_NOT_DECIDED"
    zh = "只有已经决定的核验才能作为已知答案。"
    en = "Only a verification that was decided becomes a known answer."


class StatementInvalid(Invalid):
    code = "REVIEW_STATEMENT_INVALID"
    zh = "声明或密钥不符合格式：声明须为规范 JSON，由本人在 24 小时内签署，最多 50 个决定。"
    en = "The statement or key is not of the agreed form: canonical JSON by its own verifier, within 24 hours, of at most 50 decisions."


class StatementSignature(Invalid):
    code = "REVIEW_STATEMENT_UNSIGNED"
    zh = "声明的签名无效，或密钥未登记。"
    en = "The statement's signature does not verify, or its key is not on record."


class NothingToReverse(Conflict):
    code = "NOTHING_TO_REVERSE"
    zh = "这个行为没有可以撤销的入账。"
    en = "This act has no credit that could be taken back."


class ReasonRequired(Invalid):
    code = "REASON_REQUIRED"
    zh = "拒绝时请给出 reason_code。"
    en = "Give a reason_code when refusing."


class ReviewDecided(Conflict):
    code = "REVIEW_DECIDED"
    zh = "这个审核已经结束（{state}）。"
    en = "This review has already ended ({state})."


class ActivityOpen(DomainError):
    """The condition of ending a verification: the activity is still being verified."""

    code = "ACTIVITY_CLOSED"

    def found(self, item: dict[str, Any] | None) -> DomainError:
        return self if item else ActivityNotFound()


class ReviewOpen(DomainError):
    """The condition of deciding a review: it is open, and nobody has taken it since it was read."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item is None:
            return ReviewNotFound()
        return LeaseLost() if item["state"] == "open" else ReviewDecided(state=item["state"])


class NotHeld(Conflict):
    code = "NOT_HELD"
    zh = "这个行为不在待结算之列，不能作废。"
    en = "This act is not waiting to be settled, and cannot be voided."


class VoidingDiffers(Conflict):
    """``reason``: the code that was proposed."""

    code = "VOIDING_DIFFERS"
    zh = "另一人已以 {reason} 提出作废；请以同一原因提出，或不提出，到期由人工核验。"
    en = "Somebody else proposed to void it for {reason}. Give the same reason, or none: then a verifier decides when its time comes."


class AlreadyCorrected(Conflict):
    """The act was corrected before. Never reaches a client."""

    code = "CORRECTION_STANDS"
