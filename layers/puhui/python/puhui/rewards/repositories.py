"""The rewards' table: one repository for each aggregate.

| item       | owner (hash)         | entry (range)         | in |
|------------|----------------------|-----------------------|----|
| reward     | reward:<id>          | reward                | catalogue.repository: terms, state, stock, shards, version |
| report     | reward:<id>          | R#<report id>         | catalogue.repository: what became of a project's donations |
| stock      | stock:<id>:<shard>   | stock                 | stock.repository: stock_left; mark of the last report that counted it |
| redemption | member:<id>          | X#<redemption id>     | redemptions.repository: the redemption, version, body_hash, transfer_id |
| notice     | member:<id>          | N#<redemption id>, N#<redemption id>-return-<second> | redemptions.repository: sent: the member has the message |
| limit      | member:<id>          | L#<reward>, L#<reward>#<day> | redemptions.limits: taken |
| queue      | queue:<id>:<shard>   | queue                 | redemptions.tickets: issued, serving: numbers of tickets |
| places     | member:<id>          | Q#<reward>            | redemptions.tickets: open: the member's tickets in the queue |
| order      | order:<redemption>   | order                 | redemptions.orders: member_id, partner_id |
| to send    | sending:<reward>:<n> | O#<redemption id>     | redemptions.deliveries: member_id |
| sent       | sending:<reward>:<n> | S#<redemption id>     | redemptions.deliveries: member_id; expires_at (TTL) |
| coupon     | member:<id>          | K#<redemption id>-<n> | coupons.repository: the coupon, version, code |
| handed on  | member:<id>          | G#<redemption id>-<n> | coupons.repository: holder: who has a coupon now that this member redeemed |
| request    | member:<id>          | V#<request id>        | requests: body_hash, subject, place: what came of a request, by its key |

Indexes: ``rewards_by_programme`` (programme_id, reward_id): only listed rewards have programme_id, proposals ``proposed:<programme>``.
``rewards_by_merchant`` (of_merchant, reward_id). ``redemptions_by_time`` (owner, transfer_id): only redemptions have transfer_id, a ULID
of their moment. ``coupons_by_code`` (code). ``dues`` (due_to, due_id): ``payables``. ``ends`` (ends_in, ends_at): ``checks``.
"""

import os

from puhui.rewards.catalogue.repository import RewardRepository
from puhui.rewards.checks import CheckRepository
from puhui.rewards.coupons.model import Coupon
from puhui.rewards.coupons.repository import CouponRepository
from puhui.rewards.payables import PayableRepository
from puhui.rewards.redemptions.deliveries import DeliveryRepository
from puhui.rewards.redemptions.limits import LimitRepository
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.redemptions.orders import OrderRepository
from puhui.rewards.redemptions.reading import RedemptionReader
from puhui.rewards.redemptions.repository import RedemptionRepository
from puhui.rewards.redemptions.tickets import TicketRepository
from puhui.rewards.requests import RequestRepository
from puhui.rewards.stock.repository import StockRepository
from puhui.store.client import DynamoDB


class Rewards:
    """All repositories of one table. Functions build it once, use cases get it."""

    def __init__(self, dynamodb: DynamoDB, table: str, merchants_table: str = "") -> None:
        self.dynamodb = dynamodb
        self.catalogue = RewardRepository(dynamodb, table)
        self.stock = StockRepository(dynamodb, table, self.catalogue)
        self.redemptions = RedemptionRepository(dynamodb, table)
        self.reader = RedemptionReader(
            dynamodb, merchants_table, self.catalogue, self.stock, self.redemptions
        )
        self.limits = LimitRepository(dynamodb, table)
        self.tickets = TicketRepository(dynamodb, table)
        self.orders = OrderRepository(dynamodb, table)
        self.deliveries = DeliveryRepository(dynamodb, table, self.redemptions)
        self.coupons = CouponRepository(dynamodb, table)
        self.payables = PayableRepository(dynamodb, table)
        self.checks = CheckRepository(dynamodb, table)
        self.requests = RequestRepository(dynamodb, table)

    @classmethod
    def from_environment(cls) -> "Rewards":
        """The tables that the environment variables REWARDS_TABLE and MERCHANTS_TABLE name."""
        return cls(DynamoDB(), os.environ["REWARDS_TABLE"], os.environ.get("MERCHANTS_TABLE", ""))

    def member_items(self, member_id: str) -> tuple[list[Redemption], list[Coupon]]:
        """Everything a member ever redeemed, and the coupons that came of it, whoever holds them now."""
        return list(self.redemptions.all_of(member_id)), self.coupons.redeemed_by(member_id)
