"""Tracks: where a trip went and when, held against what it is said to be."""
