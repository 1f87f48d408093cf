"""The evidence bucket in S3: presigned uploads straight from the mini-program, and a look at what came."""

import os
from functools import cached_property

from puhui.activities.evidence.model import Evidence, Picture
from puhui.activities.evidence.sandbox import Sandbox
from puhui.store.uploads import UploadBucket


class EvidenceBucket(UploadBucket):
    """Pictures, one object each: uploaded at ``uploads/<member>/<evidence>``, cleared after some days; kept at ``evidence/...`` from
    when they are looked at."""

    @classmethod
    def from_environment(cls) -> "EvidenceBucket":
        """The bucket that EVIDENCE_BUCKET names."""
        return cls(os.environ["EVIDENCE_BUCKET"])

    @cached_property
    def _sandbox(self) -> Sandbox:
        return Sandbox()

    def take(self, evidence: Evidence) -> Picture | None:
        """Keep what was uploaded, if it is as large as announced, and look at what is kept; None when nothing came.

        The first version that is kept never changes: it is what is judged, sent to reviewers, checked by the platform and credited, whatever is uploaded
        meanwhile or later.
        """
        kept = self._read(evidence.object_key)
        if kept is None:
            found = self.version(evidence.upload_key)
            if found is None:
                return None
            fits = found.size == evidence.size
            if not fits or not self.keep(evidence.upload_key, evidence.object_key, found.etag, claimed=True):
                return Picture("", "", found.size, 0, 0, "FILE_CHANGED")
            kept = self._read(evidence.object_key)
        return self._sandbox.look(kept) if kept is not None else None

    def _read(self, object_key: str) -> bytes | None:
        with self.opened(object_key) as found:
            return None if found is None else found.body.read()
