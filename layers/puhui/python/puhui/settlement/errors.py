"""What settling refuses, and why.

BudgetNotFound, FundingNotFound, SettlementNotFound, StatementNotFound, DisputeNotFound   404
ProposerMayNotApprove, ApproverIsStaff    403  two people, neither of them a party
SettlementTooEarly, PaymentDiffers, PaymentInFuture, DecisionInvalid, AdjustmentInvalid, BudgetOfAnotherProgramme   422
the others                                409  the present state does not allow it
NotEnoughMoney                            409  is the ledger's
"""

from puhui.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class BudgetNotFound(NotFound):
    code = "BUDGET_NOT_FOUND"
    zh = "没有这个预算。"
    en = "There is no such budget."


class BudgetIdTaken(Conflict):
    code = "BUDGET_ID_TAKEN"
    zh = "这个预算编号已属于项目 {programme_id}，请换一个编号。"
    en = "This id belongs to a budget of {programme_id}. Choose another."


class BudgetOfAnotherProgramme(Invalid):
    code = "BUDGET_OF_ANOTHER_PROGRAMME"
    zh = "预算 {budget_id} 属于项目 {programme_id}，请使用奖品所属项目的预算。"
    en = "The budget {budget_id} belongs to {programme_id}. Name one of the reward's own programme."


class FundingNotFound(NotFound):
    code = "FUNDING_NOT_FOUND"
    zh = "没有这笔拨款或退款申请。"
    en = "There is no such funding or withdrawal."


class FundingClosed(Conflict):
    code = "FUNDING_CLOSED"
    zh = "这笔申请已被批准或驳回。"
    en = "This was approved or rejected before."


class ProposalsWaiting(Conflict):
    code = "PROPOSALS_WAITING"
    zh = "这个预算已有 {most} 项申请等待批准，请先批准或驳回。"
    en = "This budget has {most} proposals that wait for approval. Approve or reject them first."


class ProposerMayNotApprove(Forbidden):
    code = "PROPOSER_MAY_NOT_APPROVE"
    zh = "提出申请的人不能批准它，请由另一个人批准。"
    en = "Whoever proposed this may not approve it. Somebody else has to."


class SettlementNotFound(NotFound):
    code = "SETTLEMENT_NOT_FOUND"
    zh = "没有这次结算。"
    en = "There is no such settlement."


class SettlementTooEarly(Invalid):
    code = "SETTLEMENT_TOO_EARLY"
    zh = "结算截止时间 until 还没有到（允许时钟快 {minutes} 分钟）；填现在即结算到此刻。"
    en = "The settlement's `until` is in the future ({minutes:minute} are allowed for clocks). Give the present: it settles up to now."


class SettlementNotComputed(Conflict):
    code = "SETTLEMENT_NOT_COMPUTED"
    zh = "结算仍在计算，请稍后再试。"
    en = "The settlement is still being computed. Try again shortly."


class SettlementClosed(Conflict):
    code = "SETTLEMENT_CLOSED"
    zh = "结算已经汇总，不能再加入核销记录。"
    en = "The settlement was summed up; nothing more can be added to it."


class SettlementEmpty(Conflict):
    code = "SETTLEMENT_EMPTY"
    zh = "这次结算没有任何核销记录，无需批准。"
    en = "There is nothing in this settlement to approve."


class SettlementChanged(Conflict):
    code = "SETTLEMENT_CHANGED"
    zh = "结算内容与您看到的不同，请重新查看后再批准。"
    en = "The settlement is not what you read. Read it again, then approve."


class SettlementApproved(Conflict):
    code = "SETTLEMENT_APPROVED"
    zh = "这次结算已由两个人批准。"
    en = "Two people approved this settlement before."


class ApproverIsStaff(Forbidden):
    code = "APPROVER_IS_STAFF"
    zh = "您是或曾是这次结算中商户 {merchant_id} 的人员，不能批准或裁决。"
    en = "You are or were on the staff of {merchant_id}, which is in this settlement: you may not decide about it."


class StatementNotFound(NotFound):
    code = "STATEMENT_NOT_FOUND"
    zh = "这次结算中没有这个商户的对账单。"
    en = "There is no statement of this merchant in this settlement."


class StatementNotPosted(Conflict):
    code = "STATEMENT_NOT_POSTED"
    zh = "这张对账单尚未入账，不能付款。"
    en = "This statement is not posted yet, so it cannot be paid."


class StatementDisputed(Conflict):
    code = "STATEMENT_DISPUTED"
    zh = "商户对这张对账单有异议，请先处理。"
    en = "The merchant disputes this statement. Resolve the dispute first."


class StatementPaid(Conflict):
    code = "STATEMENT_PAID"
    zh = "这张对账单已经付款。"
    en = "This statement has been paid."


class StatementBeingPosted(Conflict):
    code = "STATEMENT_BEING_POSTED"
    zh = "这张对账单正在入账，请稍后再试。"
    en = "This statement is just being posted. Try again shortly."


class PaymentDiffers(Invalid):
    code = "PAYMENT_DIFFERS"
    zh = "付款金额必须等于对账单合计 {total_fen} 分。"
    en = "A payment is the statement's total, {total_fen} fen."


class PaymentInFuture(Invalid):
    code = "PAYMENT_IN_FUTURE"
    zh = "付款时间不能在将来。"
    en = "A payment cannot have been made in the future."


class NothingToPay(Conflict):
    code = "NOTHING_TO_PAY"
    zh = "这张对账单合计为零，无需付款。"
    en = "The statement's total is nothing: there is nothing to pay."


class DisputesExhausted(Conflict):
    code = "DISPUTES_EXHAUSTED"
    zh = "一张对账单最多可提 {most} 次异议，请联系运营方。"
    en = "A statement can be disputed {most:time}. Speak with the operator."


class DisputeNotFound(NotFound):
    code = "DISPUTE_NOT_FOUND"
    zh = "没有这项异议。"
    en = "There is no such dispute."


class DisputeResolved(Conflict):
    code = "DISPUTE_RESOLVED"
    zh = "这项异议已经处理。"
    en = "This dispute has been resolved."


class DecisionInvalid(Invalid):
    code = "DECISION_INVALID"
    zh = "支持异议须给出调整，驳回异议不能有调整。"
    en = "Upholding a dispute takes adjustments, rejecting it takes none."


class AdjustmentInvalid(Invalid):
    """``rule`` (English) and ``rule_zh`` (Chinese): the rule that the adjustment at ``position`` (from 1) breaks."""

    code = "ADJUSTMENT_INVALID"
    zh = "第 {position} 项调整不符合规则：{rule_zh}"
    en = "Adjustment {position} breaks a rule: {rule}"


class FileTooLarge(Conflict):
    code = "STATEMENT_FILE_TOO_LARGE"
    zh = "这张对账单有 {dues} 行，超过一次可导出的 {most} 行，请联系运营方。"
    en = "This statement has {dues} rows, more than the {most} that can be written at once. Speak with the operator."
