"""Programmes: who operates one, what it counts, what its points are worth, which gates are open. Data, not
code."""
