"""Pictures that other contexts publish (``api.pictures``): submitted like an application's, public once they passed.

It imports boto3: other contexts use ``api.pictures`` when there is a picture at all.
"""

from collections.abc import Sequence
from functools import cache

from puhui.members.api import Members
from puhui.merchants.dependencies import Dependencies, DocumentStore
from puhui.merchants.documents import checks
from puhui.merchants.documents.files import DocumentBucket
from puhui.merchants.documents.model import PASSED, PENDING, Picture, PictureState
from puhui.merchants.repositories import Merchants
from puhui.wechat import api as wechat

STATES = {PENDING: "pending", PASSED: "passed"}
REFUSED = "refused"  # also when the platform asks for a person's review, or failed


class Pictures:
    """``api.Pictures`` on the documents' table and bucket."""

    def __init__(self, deps: Dependencies, store: DocumentStore, verdicts: wechat.Verdicts) -> None:
        self.deps = deps
        self.store = store
        self.verdicts = verdicts

    @classmethod
    def from_environment(cls) -> "Pictures":
        """The tables and the bucket of the environment; secrets are read when something is submitted."""
        deps = Dependencies(Merchants.from_environment(), Members.from_environment(), cache(wechat.connect))
        return cls(deps, DocumentBucket.from_environment(), wechat.Verdicts.from_environment())

    def hand_in(self, document_ids: Sequence[str], member_id: str) -> list[Picture]:
        """See ``api.Pictures``."""
        documents = self.deps.merchants.documents.find_all(member_id, document_ids)
        for document in documents:
            document.require_picture()
        for document in documents:
            self.store.take(document)
        asked = checks.ask_for_pictures(documents, member_id, deps=self.deps, store=self.store)
        for document in documents:
            self.store.claim(document.object_key)
        return [Picture(each.id, each.object_key, each.trace_id) for each in asked]

    def states(self, pictures: Sequence[Picture]) -> dict[Picture, PictureState]:
        """See ``api.Pictures``."""
        verdicts = self.verdicts.of(each.trace_id for each in pictures)
        return {each: self._state(each, verdicts.get(each.trace_id, PENDING)) for each in pictures}

    def _state(self, picture: Picture, verdict: str) -> PictureState:
        if verdict != PASSED:
            return PictureState(STATES.get(verdict, REFUSED))
        return PictureState(STATES[PASSED], self.store.address(picture.object_key, checks.ADDRESS_SECONDS))
