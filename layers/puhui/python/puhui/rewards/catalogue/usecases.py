"""What members see of the catalogue."""

from collections.abc import Mapping
from typing import Protocol

from puhui.kernel.pages import Page
from puhui.merchants.api import CERTIFIED, Merchants, Standing
from puhui.programmes.api import programme
from puhui.rewards.catalogue.model import PROPOSED, Offer, Reward, lies_in
from puhui.rewards.errors import RewardNotFound
from puhui.store.cursors import Cursors


class OfferReader(Protocol):
    """Reads offers: ``catalogue.listing.Listing``, which redeeming does not load."""

    def offer(self, reward_id: str) -> Offer | None: ...
    def offers(self, programme_id: str, limit: int, start: str | None) -> Page[Offer]: ...
    def offers_of_merchant(self, merchant_id: str, limit: int, start: str | None) -> Page[Offer]: ...


def list_rewards(
    programme_id: str,
    limit: int,
    cursor: str | None,
    *,
    listing: OfferReader,
    cursors: Cursors,
    merchants: Merchants | None = None,
    region: str = "",
) -> Page[Offer]:
    """A page of a programme's rewards, without those whose merchant is suspended and those for other regions: it may
    have fewer than ``limit``. Raises ProgrammeNotFound, CursorInvalid."""
    programme(programme_id)
    scope = f"rewards:{programme_id}"
    page = listing.offers(programme_id, limit, cursors.read_id(scope, cursor))
    offered = [offer for offer in page.items if not region or lies_in(region, offer.reward.regions)]
    if merchants and (wanted := [offer.reward.merchant_id for offer in offered if offer.reward.merchant_id]):
        standings = merchants.standings(wanted)
        offered = [offer for offer in offered if _is_honoured(offer.reward, standings)]
    return Page(offered, cursors.write_id(scope, page.cursor))


def _is_honoured(reward: Reward, standings: Mapping[str, Standing]) -> bool:
    standing = standings.get(reward.merchant_id)
    return not reward.merchant_id or (standing is not None and standing.status == CERTIFIED)


def get_reward(reward_id: str, *, listing: OfferReader) -> Offer:
    """One reward and what is left of it. Raises RewardNotFound, for one that waits for its publication too."""
    offer = listing.offer(reward_id)
    if offer is None or offer.reward.state == PROPOSED:
        raise RewardNotFound
    return offer
