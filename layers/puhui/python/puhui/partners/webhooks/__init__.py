"""Webhooks to data partners: what happened to their records, files and bindings, told by signed messages."""
