"""The ZIP writer: what others read of it, wherever it was cut off."""

import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.privacy.exports import zipping
from puhui.privacy.exports.zipping import Archive, Entry

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00/\\"), min_size=1, max_size=30)
FILES = st.dictionaries(NAMES, st.lists(st.binary(max_size=300), max_size=5), max_size=6)


def whole(files: dict[str, list[bytes]], cut: int = -1) -> bytes:
    """The archive of the files, stored and read again before the ``cut``-th."""
    archive, out = Archive([]), b""
    for number, (name, chunks) in enumerate(files.items()):
        if number == cut:
            archive = Archive.read(json.loads(json.dumps(archive.stored())))
        out += b"".join(archive.file(name, chunks))
    return out + b"".join(archive.end())


@given(FILES, st.integers(0, 5))
def test_pythons_reader_finds_every_byte(files: dict[str, list[bytes]], cut: int):
    with zipfile.ZipFile(io.BytesIO(whole(files, cut))) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == {
            name: b"".join(chunks) for name, chunks in files.items()
        }


def test_where_it_was_cut_off_makes_no_difference():
    files = {f"{n}.txt": [b"text " * n] for n in range(5)}
    assert len({whole(files, cut) for cut in range(-1, 6)}) == 1


@pytest.mark.skipif(shutil.which("unzip") is None, reason="there is no unzip")
def test_unzip_reads_it(tmp_path: Path):
    (tmp_path / "a.zip").write_bytes(whole({"一/二.txt": [b"x" * 100_000], "empty": []}))
    ran = subprocess.run(["unzip", "-t", tmp_path / "a.zip"], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_more_files_and_bytes_than_the_old_format_counts():
    """Beyond 65,535 files and 4 GB the fields of ZIP64 say how much there is."""
    entries = [Entry(f"{n:06}", 0, 0, 0, 5_000_000_000 + n, "") for n in range(70_000)]
    archive = Archive(entries, 5_000_070_000)
    tail = b"".join(archive.end())
    end64 = tail.index(zipping._END64.to_bytes(4, "little"))
    assert int.from_bytes(tail[end64 + 32 : end64 + 40], "little") == 70_000
    assert int.from_bytes(tail[end64 + 48 : end64 + 56], "little") == 5_000_070_000
