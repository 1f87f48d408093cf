"""Puhui: the backend of carbon-inclusion (tanpuhui) mini-programs."""

__version__ = "0.1.0"
