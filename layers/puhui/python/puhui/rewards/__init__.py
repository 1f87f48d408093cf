"""Rewards: what members take home for their points."""
