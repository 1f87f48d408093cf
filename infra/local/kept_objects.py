"""S3's files after a kill: what was cut in two is undone, since nobody was told that it was done.

ministack writes an object's bytes, then what it knows of them (``.meta.json``), each in one step; the version before lies
below ``.versions`` by then.
"""

import hashlib
import json
import shutil
from pathlib import Path

META = ".meta.json"
VERSIONS = ".versions"


def mend(folder: Path, buckets: set[str] | None) -> None:
    """Remove all buckets but these (``account/name``; None: all), which a lost deploy made, and undo torn writes."""
    for bucket in [each for each in folder.glob("*/*") if each.parent.name != VERSIONS and each.is_dir()]:
        if f"{bucket.parent.name}/{bucket.name}" not in (buckets or ()):
            shutil.rmtree(bucket)
            shutil.rmtree(folder / VERSIONS / bucket.parent.name / bucket.name, ignore_errors=True)
            continue
        for file in [each for each in bucket.rglob("*") if each.is_file()]:
            if file.name.endswith(".tmp"):
                file.unlink()
            elif not file.name.endswith(META):
                _undo(folder, bucket, file)


def _undo(folder: Path, bucket: Path, file: Path) -> None:
    about = file.with_name(file.name + META)
    if not about.exists():
        file.unlink()
        return
    if file.stat().st_mtime_ns <= about.stat().st_mtime_ns:
        return
    known = json.loads(about.read_bytes())
    before = folder / VERSIONS / bucket.parent.name / bucket.name / str(known.get("version_id"))
    before /= file.relative_to(bucket)
    data = file.read_bytes()
    if _etag(data) == known.get("etag"):
        return
    if before.is_file():
        shutil.copyfile(before, file)
        return
    about.write_text(json.dumps({**known, "etag": _etag(data), "size": len(data), "checksums": {}}))


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
