"""For the operator, through IAM only: bring a member's history over from another deployment, by the export that the member fetched there.

The file lies in the bucket of exports under ``imports/``; ``policy`` is the other log's policy (C2SP tlog-policy), as this deployment's operator
trusts it, never as the file says.
"""

from datetime import datetime
from tempfile import TemporaryFile
from zipfile import ZipFile

from puhui.edge.task import Input, task
from puhui.privacy.errors import ExportNotFound
from puhui.privacy.exports.bucket import ExportBucket
from puhui.privacy.imports.usecases import import_history
from puhui.privacy.repository import Privacy
from puhui.tlog import policy

PRIVACY, BUCKET = Privacy.from_environment(), ExportBucket.from_environment()
CHUNK_BYTES = 1 << 20


@task("import_history")
def app(event: Input, now: datetime) -> Input:
    trusted = policy.parse(event["policy"])
    with TemporaryFile() as file:
        with BUCKET.opened(f"imports/{event['file']}") as found:
            if found is None:
                raise ExportNotFound
            while chunk := found.body.read(CHUNK_BYTES):
                file.write(chunk)
        with ZipFile(file) as archive:
            done = import_history(event["member_id"], archive, trusted, imports=PRIVACY.imports, now=now)
    return done.body()
