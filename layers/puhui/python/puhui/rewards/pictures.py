"""A reward's pictures: documents that somebody uploaded, shown once the platform let them pass. Redeeming never loads it."""

from collections.abc import Callable, Mapping, Sequence

from puhui.merchants.api import Picture, Pictures, PictureState
from puhui.rewards.dynamo import Rewards
from puhui.rewards.model import Reward, with_pictures


def handed_in(
    wanted: Reward, member_id: str, *, rewards: Rewards, pictures: Callable[[], Pictures]
) -> Reward:
    """The reward with the pictures that are new to it handed in, as the member's own documents; those that it has already,
    whoever uploaded them, stay: nothing is asked twice. No read without pictures, else one, and what
    ``merchants.api.Pictures.hand_in`` takes and raises."""
    if not wanted.pictures:
        return wanted
    standing = rewards.reward(wanted.id)
    wanted = with_pictures(wanted, standing.pictures if standing else ())
    new = [each.document_id for each in wanted.pictures if not each.trace_id]
    return with_pictures(wanted, pictures().hand_in(new, member_id)) if new else wanted


def states_of(
    rewards: Sequence[Reward], *, pictures: Callable[[], Pictures]
) -> Mapping[Picture, PictureState]:
    """What became of the pictures of a page's rewards: one read, none when there are no pictures."""
    found = [each for reward in rewards for each in reward.pictures]
    return pictures().states(found) if found else {}
