"""A reward's pictures: documents that somebody uploaded, public once the platform's check passed. Redeeming never loads it."""

from collections.abc import Callable, Mapping, Sequence

from puhui.merchants.api import Picture, Pictures, PictureState
from puhui.rewards.catalogue.model import Reward, with_pictures
from puhui.rewards.repositories import Rewards


def submitted(
    wanted: Reward, member_id: str, *, rewards: Rewards, pictures: Callable[[], Pictures]
) -> Reward:
    """The reward with the pictures that are new to it submitted, as the member's own documents. Those that it has already are kept,
    whoever uploaded them: nothing is checked twice. No read without pictures, else one, and what
    ``merchants.api.Pictures.hand_in`` takes and raises."""
    if not wanted.pictures:
        return wanted
    current = rewards.catalogue.reward(wanted.id)
    wanted = with_pictures(wanted, current.pictures if current else ())
    new = [each.document_id for each in wanted.pictures if not each.trace_id]
    return with_pictures(wanted, pictures().hand_in(new, member_id)) if new else wanted


def states_of(
    rewards: Sequence[Reward], *, pictures: Callable[[], Pictures]
) -> Mapping[Picture, PictureState]:
    """What became of the pictures of a page's rewards: one read, none when there are no pictures."""
    found = [each for reward in rewards for each in reward.pictures]
    return pictures().states(found) if found else {}
