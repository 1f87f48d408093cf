"""Tasks of a state machine: a plain function of its input. Its DomainErrors carry their code as the error's name, so
that the workflow can catch each by name; anything else parks the execution."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from puhui.edge import log
from puhui.kernel import clock
from puhui.kernel.errors import DomainError

Input = dict[str, Any]


def task(name: str) -> Callable[[Callable[[Input, datetime], Input]], Callable[[Input, Any], Input]]:
    """Make ``work(input, now) -> output`` a Lambda handler that logs one line per run."""

    def wrap(work: Callable[[Input, datetime], Input]) -> Callable[[Input, Any], Input]:
        @wraps(work)
        def handler(event: Input, _context: Any) -> Input:
            started = time.perf_counter()
            outcome = "ok"
            try:
                return work(event, clock.now())
            except DomainError as error:
                outcome = error.code
                # Step Functions names a failure after the exception's class: give it the stable code.
                raise type(error.code, (Exception,), {})(error.text("en")) from None
            except Exception as error:
                outcome = log.failure(error)
                raise
            finally:
                took = round((time.perf_counter() - started) * 1000, 1)
                log.line(level="INFO" if outcome == "ok" else "ERROR", task=name, outcome=outcome, ms=took)

        return handler

    return wrap
