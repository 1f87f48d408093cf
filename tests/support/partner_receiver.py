"""The receiving end of Standard Webhooks' asymmetric scheme; the stand-in partner's own, which knows nothing of the backend."""

from infra.local.partner.receiver import holds

__all__ = ["holds"]
