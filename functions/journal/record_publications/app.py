"""At each deployment and once a day: the content hash of every published methodology and programme is in the log, and
none was changed since."""

from datetime import datetime
from functools import cache

from puhui.edge.task import Input, task
from puhui.journal import wiring
from puhui.journal.dynamo import Journal
from puhui.journal.model import METHODOLOGY, PROGRAMME
from puhui.journal.usecases import record_publication
from puhui.kernel.documents import content_hash
from puhui.methodologies import registry
from puhui.programmes import presets

JOURNAL = Journal.from_environment()
PEPPER = cache(wiring.pepper)


@task("record_publications")
def app(_event: Input, now: datetime) -> Input:
    published = [
        (METHODOLOGY, name, version, registry.methodology(name, version).hash)
        for name, versions in registry.versions().items()
        for version in versions
    ]
    published += [
        (PROGRAMME, each, presets.document(each)["version"], content_hash(presets.document(each)))
        for each in presets.ids()
    ]
    new = [record_publication(*each, journal=JOURNAL, pepper=PEPPER(), now=now) for each in published]
    return {"published": len(published), "new": sum(new)}
