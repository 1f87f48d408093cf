"""What a redemption is, and its states. Pure values and rules.

**States of a redemption**

| state | stored | moved on by | its member sees |
|---|---|---|---|
| ticket | queued | stream (``queue.serve``); member (cancel) | ``queued``, ``ahead`` |
| order asked | processing, answer "" | partner; workflow after its time | ``processing`` |
| order cancelled, no answer yet | processing, answer ``calling_off`` | partner; ``reconcile`` | ``processing`` |
| member cancels the order | processing, cancelling | partner; ``reconcile`` | ``processing``, ``cancelling`` |
| order answered | processing, answer issued, refused or cancelled | workflow (``saga.end``); ``reconcile`` | ``processing`` |
| to send or to confirm | fulfilled, handover address or operator, no sent_at, no partner | operator (``dispatch``); member (cancel); ``reconcile`` after SENT_WITHIN | ``processing``, delivery ``to_send`` or ``to_confirm`` |
| sent | fulfilled, sent_at | member (confirm); RECEIVED_AFTER | ``fulfilled``, delivery ``sent``, then ``received`` |
| done | fulfilled | member (cancel, where the terms allow it) | ``fulfilled`` |
| voucher missing | fulfilled, answer issued, no reference | partner; ``reconcile`` | ``fulfilled`` without a voucher |
| member returns the good | fulfilled, cancelling | partner; workflow; ``reconcile`` | ``fulfilled``, ``cancelling`` |
| return rejected | fulfilled, not cancelling any more | final | ``fulfilled``; ``PARTNER_SILENT`` after GIVES_UP_AFTER |
| refunded | refunded | final | ``refunded``, ``reason_code`` |
| refunded without an answer | refunded or cancelled, unsure | partner; ``reconcile`` for GIVES_UP_AFTER | as refunded |
| cancelled | cancelled | final | ``cancelled``, ``reason_code`` |

``next_check_at`` is set in every state that somebody has to leave in time; ``reconcile`` then does what was not done. A settlement claims
a redemption that has a ``payable_id`` and no ``next_check_at``; a claimed redemption (``settlement_id``) never changes its state again.
Every write raises ``version`` and needs the version that was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from puhui.kernel import ids
from puhui.rewards.catalogue.model import ADDRESS, GOOD, LEAVE_DAY, OPERATOR, SERVICE, TILL, Reward
from puhui.rewards.errors import DeliveryRequired

QUEUED, PROCESSING, FULFILLED, REFUNDED, CANCELLED = (
    "queued",
    "processing",
    "fulfilled",
    "refunded",
    "cancelled",
)
ISSUED, REFUSED = "issued", "refused"  # a partner's answers; CANCELLED is the third
CANCELLATION_SENT = "calling_off"  # instead of an answer: we asked to cancel, the partner has not answered
TO_SEND, TO_CONFIRM, SENT, RECEIVED = "to_send", "to_confirm", "sent", "received"  # of a delivery
CONFIRMED = (SERVICE, LEAVE_DAY)  # at the till: their redemptions count the pieces that were given
REFUND_WITHIN = timedelta(hours=24)  # where neither a coupon nor a partner says whether it was used
CHECK_AFTER = timedelta(hours=1)  # longer than any partner takes to answer a request
SENT_WITHIN = timedelta(days=30)  # what was not sent or confirmed by then is refunded, its address deleted
RECEIVED_AFTER = timedelta(days=15)  # what was sent counts as received by then, as in China's shops
GIVES_UP_AFTER = timedelta(days=14)  # a week after the latest time that an answer may take
SPENT = "redemption"  # kind of the transfer that spends the points


@dataclass(frozen=True)
class Redemption:
    """What a member got or is about to get, with the terms of that moment.

    ``answer``: the partner's last answer (issued, refused, cancelled; empty: none), or CANCELLATION_SENT while only its answer to
    our cancellation counts. ``unsure``: it ended without the partner's answer, so we still cancel the order there. ``cancelling``:
    the member wants to return it, since ``given_back_at``. ``late_answer``: what the partner answered after the end (``unknown``:
    nothing for GIVES_UP_AFTER). ``next_check_at``: when ``reconcile`` looks at it; no settlement claims it before. ``handover``: its
    reward's ``delivery``. ``confirmed``: the pieces that a till has handed out. ``counts_for_member``, ``counts_for_day``: the
    limits that it is counted against. ``taken_in``, ``returned_in``: the stock's report mark when its pieces were taken and came
    back. ``reference``: the partner's or, where no partner sends, the carrier's. ``sent_at``: sent, or confirmed by the operator.
    """

    id: str
    member_id: str
    reward_id: str
    programme_id: str
    title: Mapping[str, str]
    quantity: int
    price_points: int
    status: str
    redeemed_at: datetime
    transfer_id: str
    body_hash: str
    version: int = 1
    delivery: bytes = field(default=b"", repr=False)  # sealed
    kind: str = GOOD
    counts_for_member: bool = False
    counts_for_day: bool = False
    merchant_id: str = ""
    budget_id: str = ""
    fen: int = 0
    partner_id: str = ""
    cancellable: bool = False
    coupons: tuple[str, ...] = ()
    queue_shard: int = 0
    queue_shards: int = 0
    number: int = 0
    reason_code: str = ""
    answer: str = ""
    reference: str = ""
    voucher: bytes = field(default=b"", repr=False)  # sealed
    cancelling: bool = False
    given_back_at: datetime | None = None
    unsure: bool = False
    late_answer: str = ""
    task_token: str = field(default="", repr=False)
    next_check_at: datetime | None = None
    handover: str = ""
    sent_at: datetime | None = None
    carrier: str = ""
    received_at: datetime | None = None
    confirmed: int = 0
    taken_in: str = ""
    returned_in: str = ""
    payable_id: str = ""
    settlement_id: str = ""

    @property
    def to_send(self) -> bool:
        """Whether the programme itself still has to send it, or to confirm that it was given."""
        waits = self.status == FULFILLED and self.sent_at is None
        return waits and self.handover in (ADDRESS, OPERATOR) and not self.partner_id

    @property
    def points(self) -> int:
        """What it cost in all."""
        return self.price_points * self.quantity

    @property
    def is_over(self) -> bool:
        """Whether it ended without a good."""
        return self.status in (REFUNDED, CANCELLED)

    @property
    def is_returning(self) -> bool:
        """Whether the member returns a good that the partner issued."""
        return self.status == FULFILLED and self.cancelling

    @property
    def is_open(self) -> bool:
        """Whether the partner's answer still decides: it is processing, or being returned and not settled meanwhile."""
        return self.status == PROCESSING or (self.is_returning and not self.settlement_id)

    @property
    def lacks_voucher(self) -> bool:
        """Whether the partner issued the good and sent nothing with it yet: a voucher always comes with a reference."""
        return self.answer == ISSUED and not self.reference

    @property
    def awaits_voucher(self) -> bool:
        """Whether the good is the member's, and its voucher may still be added."""
        return self.status == FULFILLED and self.lacks_voucher and not self.settlement_id

    @property
    def visible_status(self) -> str:
        """The member's view: what still has to be sent or confirmed is not fulfilled yet."""
        return PROCESSING if self.to_send else self.status

    def delivery_at(self, now: datetime) -> str:
        """``to_send`` or ``to_confirm``, ``sent``, ``received`` (RECEIVED_AFTER it was sent at the latest). Empty where nothing is
        handed over after the redemption, and for coupons, which have a state of their own."""
        if self.status not in (PROCESSING, FULFILLED):
            return ""
        if self.handover == TILL:
            if self.kind not in CONFIRMED:
                return ""
            return RECEIVED if self.confirmed >= self.quantity else TO_CONFIRM
        if self.handover not in (ADDRESS, OPERATOR) or (
            self.sent_at is None and not self.to_send and self.status == FULFILLED
        ):
            return ""
        if self.sent_at is None:
            return TO_SEND if self.handover == ADDRESS else TO_CONFIRM
        return RECEIVED if self.received_at or now >= self.sent_at + RECEIVED_AFTER else SENT


def redemption_of(
    reward: Reward,
    member_id: str,
    redemption_id: str,
    quantity: int,
    body_hash: str,
    delivery: bytes,
    now: datetime,
) -> Redemption:
    """The redemption of ``quantity`` pieces at the price of this moment. An address that nobody delivers to is not kept. Raises
    DeliveryRequired."""
    if reward.delivery == ADDRESS and not delivery:
        raise DeliveryRequired
    kept = delivery if reward.delivers else b""
    return Redemption(
        id=redemption_id,
        member_id=member_id,
        reward_id=reward.id,
        programme_id=reward.programme_id,
        title=reward.title,
        quantity=quantity,
        price_points=reward.price_points,
        status=QUEUED if reward.queue_shards else PROCESSING if reward.partner_id else FULFILLED,
        redeemed_at=now,
        transfer_id=ids.derived_id(now, redemption_id, SPENT),
        body_hash=body_hash,
        delivery=kept,
        handover=reward.delivery or (ADDRESS if kept else ""),
        kind=reward.kind,
        merchant_id=reward.merchant_id,
        budget_id=reward.budget_id,
        fen=reward.fen,
        partner_id=reward.partner_id,
        cancellable=reward.cancellable,
    )
