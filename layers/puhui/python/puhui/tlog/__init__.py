"""Transparency logs in the formats of C2SP, as pure functions: whoever verifies needs this package and no cloud."""
