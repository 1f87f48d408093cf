"""A witness for transparency logs (c2sp.org/tlog-witness) that any member can run: ``python -m puhui.witness``."""
