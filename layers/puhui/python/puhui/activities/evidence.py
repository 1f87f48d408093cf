"""The evidence bucket in S3: presigned uploads straight from the mini-program, and a look at what came."""

import os

from puhui.activities import pictures
from puhui.activities.model import Picture
from puhui.store.uploads import UploadBucket


class EvidenceBucket(UploadBucket):
    """Pictures, one object each, at ``evidence/<member>/<evidence>``."""

    @classmethod
    def from_environment(cls) -> "EvidenceBucket":
        """The bucket that EVIDENCE_BUCKET names."""
        return cls(os.environ["EVIDENCE_BUCKET"])

    def look(self, object_key: str, size_max: int) -> Picture | None:
        """What lies there; None when nothing does."""
        with self.opened(object_key) as found:
            if found is None:
                return None
            if found.size > size_max:
                return Picture("", "", found.size, 0, 0, 0)
            return pictures.look(found.body.read())
