"""Sponsors' budgets, and what merchants are owed for what they gave: computed, approved by two people, posted, paid."""
