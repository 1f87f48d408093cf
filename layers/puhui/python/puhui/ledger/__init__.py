"""The ledger: accounts, and transfers between them whose legs sum to zero."""
