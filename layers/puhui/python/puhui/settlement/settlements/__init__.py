"""Settlements: opened, computed by shards, approved by two people, posted."""
