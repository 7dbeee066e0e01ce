"""`flow.artifact`: what is kept, what is refused, and that neither ends the attempt."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import hero_tracing
from hero_tracing import Artifact, ask_user, flow, testing
from hero_tracing._artifact import Wish
from hero_tracing._codec import decode, encode
from hero_tracing._media_types import BY_ENDING, CHARS_MAX, UNKNOWN, guess, is_media_type

MEDIA_TYPES = json.loads(Path(__file__).with_name("media_types.json").read_text())


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@flow
def write(name: str, text: str) -> Artifact:
    path = Path(flow.workdir, name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return flow.artifact(name)


@flow
def main() -> list[Any]:
    first = write("tables/out.csv", "a,b\n")
    again = flow.artifact(Path(flow.workdir, "tables", "out.csv"), "copy", "text/plain")
    answer = ask_user.confirm("Go on?")
    return [first, again, flow.artifact("./tables//out.csv"), answer]


@pytest.mark.parametrize("always_replay", [False, True])
@pytest.mark.parametrize("process", [False, True])
def test_a_file_is_kept_and_a_step_may_return_it(process: bool, always_replay: bool) -> None:
    result = testing.run(main, answers={"go_on": True}, process=process, always_replay=always_replay)
    first = Artifact("out.csv", digest("a,b\n"), 4, "text/csv")
    copy = Artifact("copy", digest("a,b\n"), 4, "text/plain")
    assert result.status == "succeeded", result.failure
    if not process:
        assert result.value == [first, copy, first, True]
    assert result.artifacts == {"out.csv": first, "copy": copy}


@flow
async def side_by_side() -> list[Artifact]:
    for number in range(20):
        Path(flow.workdir, str(number)).write_text(str(number))
    await flow.aio.pause("now")
    return await asyncio.gather(*(flow.aio.artifact(str(number)) for number in range(20)))


@pytest.mark.parametrize("process", [False, True])
def test_coroutines_keep_files_at_once(process: bool) -> None:
    result = testing.run(side_by_side, answers={"now": 1}, process=process, always_replay=True)
    assert result.status == "succeeded", result.failure
    expected = [Artifact(str(number), digest(str(number)), len(str(number)), guess("")) for number in range(20)]
    assert [result.artifacts[artifact.name] for artifact in expected] == expected


@flow
def in_threads() -> int:
    def keep(number: int) -> int:
        Path(flow.workdir, str(number)).write_text("x" * number)
        return flow.artifact(str(number)).size

    return sum(flow.map(keep, range(50)))


def test_threads_keep_files_at_once() -> None:
    assert testing.run(in_threads).value == sum(range(50))


def prepare(directory: str) -> None:
    """Everything that is no file of the directory, or not only its."""
    at = Path(directory)
    (at / "in").mkdir()
    (at / "in/file").write_text("x")
    (at / "hard").write_text("x")
    os.link(at / "hard", at / "link of hard")
    os.symlink("/etc/passwd", at / "link")
    os.symlink("in", at / "to_in")
    os.symlink("/", at / "root")
    os.mkfifo(at / "pipe")


REFUSED = {
    "link": (ValueError, "it is a symbolic link; artifacts are read without following links"),
    "to_in/file": (ValueError, "of its directory to_in: it is a symbolic link"),
    "root/etc/passwd": (ValueError, "of its directory root: it is a symbolic link"),
    "/etc/passwd": (ValueError, "it is no path beneath flow.workdir; copy the file there first"),
    "../x": (ValueError, "it is no path beneath flow.workdir"),
    "in/../../x": (ValueError, "it is no path beneath flow.workdir"),
    "": (ValueError, "it names no file"),
    ".": (ValueError, "it names no file"),
    "./": (ValueError, "it names no file"),
    "a\0b": (ValueError, "it is no path beneath flow.workdir"),
    "x" * 5000: (ValueError, "it is no path beneath flow.workdir"),
    "\udcff": (ValueError, "its path is not UTF-8"),
    "in": (ValueError, "it is a directory, not a file"),
    "pipe": (ValueError, "it is a pipe, not a file"),
    "in/file/more": (ValueError, "of its directory file: it is a file, not a directory"),
    "hard": (ValueError, "it has 2 names"),
    "nothing": (FileNotFoundError, "there is no such file"),
    "nowhere/nothing": (FileNotFoundError, "of its directory nowhere: there is no such file"),
    "a\nb": (ValueError, "its name has 1 to 200 characters"),
}


def shown(path: str) -> str:
    return path or "''"


@flow
def refused(paths: list[str]) -> list[list[str]]:
    told = []
    for path in paths:
        try:
            flow.artifact(path)
        except (OSError, ValueError) as error:
            told.append([type(error).__name__, str(error)])
    return told


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: ascii(path)[:30])
def test_what_is_refused_is_an_exception_like_any_other(path: str) -> None:
    play = testing.Play(refused, {"paths": [path, path]})
    prepare(play.workdir)
    kind, message = REFUSED[path]
    first, again = play.advance().value
    assert first == again
    assert first[0] == kind.__name__ and first[1].startswith(f"artifact {shown(path)}: {message}"), first
    assert play.journal.artifacts == {}


def test_plain_python_looks_in_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prepare(str(tmp_path))
    assert flow.artifact("in/file") == Artifact("file", digest("x"), 1, guess("file"))
    assert asyncio.run(flow.aio.artifact("in/file", "a.json")).media_type == "application/json"
    for path, (kind, message) in REFUSED.items():
        with pytest.raises(kind) as caught:
            flow.artifact(path)
        assert str(caught.value).startswith(f"artifact {shown(path)}: {message}")


def test_the_working_directory_has_several_names(tmp_path: Path) -> None:
    real, other = tmp_path / "real", tmp_path / "other"
    real.mkdir()
    other.symlink_to(real)
    for path in ("a/b", f"{other}/a/b", f"{real}/a/b", f"{other}//a/./b"):
        assert Wish(path, None, None, str(other)).path == "a/b"
    with pytest.raises(ValueError, match="no path beneath"):
        Wish(f"{real}er/a", None, None, str(other))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\x00", "a\x85", "\ud800", "x" * 201])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(ValueError, match="its name has 1 to 200 characters"):
        Wish("file", name, None, "/work")


@pytest.mark.parametrize("media_type", [*MEDIA_TYPES["refused"], "x" * 128 + "/y", "a/b;c=" + "x" * CHARS_MAX, 7])
def test_media_types_that_are_none(media_type: Any) -> None:
    with pytest.raises(ValueError, match="no media type"):
        Wish("file", None, media_type, "/work")


@pytest.mark.parametrize("media_type", [*MEDIA_TYPES["accepted"], "x" * 127 + "/y", "a/b;c=" + "x" * (CHARS_MAX - 6)])
def test_media_types(media_type: str) -> None:
    assert Wish("file", None, media_type, "/work").media_type == media_type


def test_paths_and_names_that_are_no_text() -> None:
    for path, name in ((b"file", None), ("file", 7), (7, None)):
        with pytest.raises(TypeError):
            Wish(path, name, None, "/work")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("out.csv", "text/csv"),
        ("page.HTML", "text/html"),
        ("out.csv.gz", "application/gzip"),
        ("out.tar.xz", "application/x-xz"),
        ("notes.md", "text/markdown"),
        ("app.js", "text/javascript"),
        ("data:text/html,x", "application/octet-stream"),
        ("noun", "application/octet-stream"),
        (".csv", "application/octet-stream"),
        ("out.", "application/octet-stream"),
    ],
)
def test_a_media_type_is_told_by_the_ending(name: str, media_type: str) -> None:
    assert guess(name) == media_type


def test_a_media_type_is_the_same_on_every_machine() -> None:
    """Nobody asks the standard library, which knows others in each version and reads the system's lists."""
    code = """
import sys
from hero_tracing._artifact import guess
assert guess("x.csv") == "text/csv"
assert "mimetypes" not in sys.modules
"""
    package = str(Path(hero_tracing.__file__).parents[1])
    subprocess.run([sys.executable, "-S", "-c", code], env={"PYTHONPATH": package}, check=True)


def test_the_table_holds_endings_and_media_types() -> None:
    assert list(BY_ENDING) == sorted(BY_ENDING)
    for ending, media_type in BY_ENDING.items():
        assert ending == ending.lower() and "." not in ending and is_media_type(media_type), ending
    assert is_media_type(UNKNOWN)


def test_a_limit_is_an_error_of_the_system() -> None:
    """As a full disk is: the flow may go on with less."""
    wish = Wish("file", None, None, "/work")
    assert type(wish.failure("limit_exceeded", "why")) is OSError


def test_it_is_a_value_like_any_other() -> None:
    artifact = Artifact("out.csv", digest(""), 0, "text/csv")
    text = encode(artifact, "it")
    assert decode(text) == artifact and "hero_tracing:Artifact" in text
    with pytest.raises(AttributeError):
        artifact.size = 1  # type: ignore[misc]


def test_it_costs_nothing_until_it_is_used() -> None:
    code = """
import sys
from hero_tracing import flow
before = set(sys.modules)
assert not {"dataclasses", "mimetypes", "hero_tracing._artifact"} & before, before
from hero_tracing import Artifact
assert Artifact.__module__ == "hero_tracing"
"""
    package = str(Path(hero_tracing.__file__).parents[1])
    subprocess.run([sys.executable, "-S", "-c", code], env={"PYTHONPATH": package}, check=True)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        hero_tracing.Nothing  # noqa: B018


@flow
def outlives() -> None:
    """The artifact is asked for when nobody listens any more."""
    Path(flow.workdir, "file").write_text("x")
    flow.artifact("file")
    flow.pause("stop")


def test_a_play_that_waits_has_its_artifacts() -> None:
    result = testing.run(outlives)
    assert (result.status, list(result.artifacts)) == ("waiting", ["file"])
