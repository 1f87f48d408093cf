"""Trying a methodology on the past before anybody publishes it."""
