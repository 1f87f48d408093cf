"""After each batch, and every minute: ask the witnesses, publish the checkpoint once their quorum has cosigned."""

from typing import Any

from puhui.edge import log
from puhui.edge.task import task
from puhui.journal import publication, wiring
from puhui.journal.dynamo import Journal

JOURNAL = Journal.from_environment()
BUCKET = wiring.bucket()


@task("publish_checkpoint")
def app(_event: dict[str, Any], _now: object) -> dict[str, Any]:
    published = publication.publish(
        wiring.alliance(),
        wiring.policy_text(),
        table=JOURNAL,
        objects=BUCKET,
        lock_until=wiring.lock_until(wiring.lock_days()),
    )
    for asked in published.asked:
        if asked.outcome != "cosigned":
            level = "ERROR" if asked.outcome == "refused" else "WARNING"
            log.line(
                level=level,
                witness=asked.witness.name,
                outcome=f"WITNESS_{asked.outcome.upper()}",
                detail=asked.detail,
            )
    return {"size": published.size, "new": published.new}
