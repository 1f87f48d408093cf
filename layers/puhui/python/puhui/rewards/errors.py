"""What the rewards refuse, and why.

RewardNotFound, RedemptionNotFound  404  (also: the redemption is somebody else's)
OutOfStock                          409  fewer pieces are left than were asked for
LimitReached                        409  more than one member may have
TicketsOpen                         409  more tickets in a queue than one member may have
RewardShrinks, RewardIdTaken        409  what an operator cannot change
PriceChanged, RewardChanged         409  it is not what was read any more
QuantityInvalid, RewardInvalid      422
DeliveryRequired                    422  it has to be sent, and nobody knows where to
NotSentYet, AlreadySent             409
NotOnSaleYet, NotOnSale, SaleOver   409  outside the sale
NotCancellable                      409
CouponNotFound                      404  (also: of a merchant whose staff one is not)
CouponUsed, CouponNotUsable         409
CouponNotTransferable, CouponNotHere, ScanTimeInvalid  409, 422
NotEnoughPoints                     409  is the ledger's
"""

import re
from typing import Any

from puhui.kernel.errors import Conflict, DomainError, Invalid, NotFound
from puhui.kernel.words import Text


class RewardNotFound(NotFound):
    code = "REWARD_NOT_FOUND"
    zh = "没有这个奖品。"
    en = "There is no such reward."


class RedemptionNotFound(NotFound):
    code = "REDEMPTION_NOT_FOUND"
    zh = "没有这次兑换。"
    en = "There is no such redemption, or it is not yours."


class OutOfStock(Conflict):
    """``stock_left``: the pieces that are left, over all shards."""

    code = "OUT_OF_STOCK"
    zh = "库存不足，仅剩 {stock_left} 件。"
    en = "Not enough in stock: {stock_left} left."


class LimitReached(Conflict):
    """``limit``: pieces a member may have; ``taken``: pieces the member has (what stands when the write fails)."""

    code = "REWARD_LIMIT_REACHED"
    zh = "每人限兑 {limit} 件，您已兑换 {taken} 件。"
    en = "Each member may have {limit}; you have {taken}."

    def found(self, item: dict[str, Any] | None) -> DomainError:
        return LimitReached(limit=self.details["limit"], taken=(item or {}).get("taken", 0))


class TicketsOpen(Conflict):
    """``most``: tickets that one member may have open for a reward."""

    code = "TICKETS_OPEN"
    zh = "您在这个奖品的队列中已有 {most} 张号，请等待结果后再取号。"
    en = "You have {most:ticket} open in this reward's queue. Wait for their results before you take another."


class PriceChanged(Conflict):
    """``price_points``: what a piece costs now."""

    code = "PRICE_CHANGED"
    zh = "价格已变为每件 {price_points} 积分，请确认后重新兑换。"
    en = "A piece now costs {price_points:point}. Confirm the new price and redeem again."


class RewardChanged(Conflict):
    code = "REWARD_CHANGED"
    zh = "商家在您查看之后修改了奖品，现为第 {version} 版，请重新查看后再发布。"
    en = "The merchant has changed the reward since you read it; it is version {version} now. Read it again."


class QuantityInvalid(Invalid):
    code = "QUANTITY_INVALID"
    zh = "一次可兑换 1 到 {most} 件。"
    en = "Redeem 1 to {most:piece} at a time."


_RULES = {  # by how they begin in English; numbers are taken over
    "handed in by whoever uploaded": "图片须由上传者本人提交",
    "an offer with a sponsor": "有赞助方的奖品须与账本一起提交",
    "a merchant of the same programme": "须是同一项目的商家",
    "where the merchant is": "须在商家所在的地区内",
    "a partner of the same programme": "须是同一项目的合作方",
    "the merchant that proposes it": "须是提交奖品的商家",
    "no such member": "没有这个字段",
    "the programme has no points": "这个项目没有积分",
    "one of ": "须是其中之一：{rest}",
    "zh-CN and en, 1 to ": "须有 zh-CN 和 en 两种文字，各 1 到 {last} 个字",
    "1 to 64 letters": "须为 1 到 64 个字母、数字或连字符",
    "budget_id and fen": "须有 budget_id 和 fen",
    "after opens_at": "须晚于 opens_at",
    "a merchant or a partner has": "须有商家或合作方提供",
    "there is a merchant to be paid": "须有收款的商家",
    "partners give goods": "合作方只提供实物、券和服务",
    "nobody queues to give": "捐赠不排队",
    "less money": "金额过大",
    "at most ": "最多 {last} 项",
    "true or false": "须为 true 或 false",
    "a time with an offset": "须为带时区的时间",
    "an integer from ": "须为 {first} 到 {last} 的整数",
}


def _rule(english: str) -> Text:
    """A rule in both languages; one that is stated in English alone is in Chinese no more than broken."""
    numbers = re.findall(r"[0-9]+", english) or [""]
    for start, chinese in _RULES.items():
        if english.startswith(start):
            rest = english.removeprefix(start)
            return {"zh-CN": chinese.format(rest=rest, first=numbers[0], last=numbers[-1]), "en": english}
    return {"zh-CN": "请对照接口说明修改", "en": english}


class GrantedOnly(Conflict):
    code = "GRANTED_ONLY"
    zh = "这是奖品，由项目方颁发，不能用积分兑换；用积分兑换的奖品也不能颁发。"
    en = "This is a prize: the programme grants it, and nobody redeems it. What points buy is not granted."


class RewardInvalid(Invalid):
    """``field`` of an operator's reward breaks the rule that ``rule`` states in English."""

    code = "REWARD_INVALID"
    zh = "奖品的 {field} 不符合规则：{rule}"
    en = "The reward's {field} breaks a rule: {rule}"

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(field=field, rule=_rule(rule))


class RewardKindNotOffered(Invalid):
    """``known`` are the kinds that the programme's document has."""

    code = "REWARD_KIND_NOT_OFFERED"
    zh = "本项目的文档没有这种奖品（{kind}）；可用的种类：{known}。"
    en = "The programme's document has no such rewards ({kind}). It has: {known}."


class RewardShrinks(Conflict):
    code = "REWARD_SHRINKS"
    zh = "奖品的 {field} 只能增加，现为 {standing}。"
    en = "A reward's {field} can only grow; it is {standing}."


class RewardTermsFixed(Conflict):
    code = "REWARD_TERMS_FIXED"
    zh = "奖品发布后不能再更改 {field}；请另建一个奖品。"
    en = "A reward's {field} stays once it is published. Put another reward instead."


class NotOnSale(Conflict):
    code = "NOT_ON_SALE"
    zh = "该奖品目前不可兑换。"
    en = "This reward is not on sale now."


class NotOnSaleYet(Conflict):
    """``opens_at``; ``retry_after`` in seconds."""

    code = "NOT_ON_SALE_YET"
    zh = "尚未开始，{opens_at} 开抢。"
    en = "The sale begins at {opens_at}."


class SaleOver(Conflict):
    code = "SALE_OVER"
    zh = "活动已于 {closed_at} 结束。"
    en = "The sale ended at {closed_at}."


class DayLimitReached(Conflict):
    """``limit``: pieces a member may have in a day; ``taken``: pieces of today."""

    code = "REWARD_DAY_LIMIT_REACHED"
    zh = "每人每天限兑 {limit} 件，您今天已兑换 {taken} 件。"
    en = "Each member may have {limit} a day; you had {taken} today."

    def found(self, item: dict[str, Any] | None) -> DomainError:
        return DayLimitReached(limit=self.details["limit"], taken=(item or {}).get("taken", 0))


class RewardNotProposed(Conflict):
    code = "REWARD_NOT_PROPOSED"
    zh = "该奖品不在待发布状态。"
    en = "This reward does not wait for publication."


class ProposerMayNotPublish(Conflict):
    code = "PROPOSER_MAY_NOT_PUBLISH"
    zh = "提交奖品的人不能自己发布，请由另一位运营人员发布。"
    en = "Who proposed a reward does not publish it. Somebody else has to."


class NotCancellable(Conflict):
    code = "NOT_CANCELLABLE"
    zh = "这次兑换已不能取消。"
    en = "This redemption can no longer be cancelled."


class DeliveryNotFound(NotFound):
    code = "DELIVERY_NOT_FOUND"
    zh = "没有这件待寄送的奖品。"
    en = "There is nothing of this number to be sent."


class DeliveryRequired(Invalid):
    code = "DELIVERY_REQUIRED"
    zh = "该奖品需要寄送，请填写收件人、电话和地址。"
    en = "This is sent to you: give a recipient, a phone number and an address."


class NotSentYet(Conflict):
    code = "NOT_SENT_YET"
    zh = "这件奖品尚未寄出，寄出后再确认收货。"
    en = "This was not sent yet. Confirm its receipt once it has come."


class AlreadySent(Conflict):
    """``reference``: the carrier's number under which it was sent."""

    code = "ALREADY_SENT"
    zh = "这件奖品已寄出，单号 {reference}。"
    en = "This was sent already, as {reference}."


class OrderNotFound(NotFound):
    code = "ORDER_NOT_FOUND"
    zh = "没有这个订单。"
    en = "There is no such order."


class OrderVoid(Conflict):
    """To a partner whose answer came too late."""

    code = "ORDER_VOID"
    zh = "该订单已作废，积分已退回会员，请勿发货。"
    en = "This order is void: the member has the points back. Do not deliver it."


class CouponNotFound(NotFound):
    code = "COUPON_NOT_FOUND"
    zh = "没有这张券，请核对券码。"
    en = "There is no such coupon. Check the code."


class CouponUsed(Conflict):
    """``used_at``, ``branch_id``: when and where."""

    code = "COUPON_USED"
    zh = "该券已于 {used_at} 在 {branch_id} 核销。"
    en = "This coupon was used at {used_at}, branch {branch_id}."


class CouponNotUsable(Conflict):
    """``status``: expired or cancelled."""

    code = "COUPON_NOT_USABLE"
    zh = "该券不可使用：{status}。"
    en = "This coupon cannot be used: it is {status}."


class CouponNotHere(Conflict):
    code = "COUPON_NOT_HERE"
    zh = "该券不能在这家门店使用。"
    en = "This coupon is not for this branch."


class OwnCoupon(Conflict):
    code = "OWN_COUPON"
    zh = "不能核销自己的券，请由另一位店员核销。"
    en = "Nobody verifies a coupon of their own. Ask a colleague."


class CouponNotTransferable(Conflict):
    code = "COUPON_NOT_TRANSFERABLE"
    zh = "本项目的券不可转赠。"
    en = "Coupons of this programme cannot be handed on."


class ScanTimeInvalid(Invalid):
    """``hours``: how late a till may hand in."""

    code = "SCAN_TIME_INVALID"
    zh = "离线核销须在 {hours} 小时内补报，且不晚于现在五分钟以上、不早于发券。"
    en = "What a till verified off line is handed in within {hours:hour}; the time is at most five minutes ahead of ours and not before the coupon."


class ReportsForDonations(NotFound):
    code = "NOT_A_PROJECT"
    zh = "只有公益项目可以发布进展。"
    en = "Only a donation's project has reports."


class RewardIdTaken(Conflict):
    code = "REWARD_ID_TAKEN"
    zh = "这个奖品编号已属于项目 {programme_id}，请换一个编号。"
    en = "This id belongs to a reward of {programme_id}. Choose another."


class PayableClaimed(Conflict):
    """The condition of a settlement's claim: no settlement has this payable yet. ``settlement_id``: which one has it."""

    code = "DUE_CLAIMED"

    def found(self, item: dict[str, Any] | None) -> DomainError:
        return PayableClaimed(settlement_id=(item or {}).get("settlement_id", ""))
