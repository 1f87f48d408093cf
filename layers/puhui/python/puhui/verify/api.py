"""What others may use of the verifier: the check that an event is what a log's entry commits to."""

from puhui.verify.checks import Opened, check_opening

__all__ = ["Opened", "check_opening"]
