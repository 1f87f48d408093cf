"""What can be wrong with evidence."""

from typing import Any

from puhui.kernel.errors import Conflict, DomainError, NotFound


class EvidenceNotFound(NotFound):
    code = "EVIDENCE_NOT_FOUND"
    zh = "没有找到凭证 {evidence_id}，请先用 POST /evidence 登记并上传。"
    en = "There is no evidence {evidence_id} of yours. Register it with POST /evidence and upload it first."


class EvidenceUsed(Conflict):
    code = "EVIDENCE_REUSED"
    zh = "这张照片已用于另一个行为。"
    en = "This photo has been used for another act."


class EvidenceFree(DomainError):
    """The condition of evidence: it is the member's, and no act has used it."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item is None:
            return EvidenceNotFound(evidence_id=self.details["evidence_id"])
        return EvidenceUsed()
