"""What the sandbox denies is said in words; what it allows, and what is not there, is as ever.

Audit hooks stay for good, so each case has a process of its own. Nothing is confined here: only the words are tried.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]

PRELUDE = """
import errno, os, signal, socket, subprocess, sys
from hero_tracing._denials import Allowed, explain

def said(action):
    try:
        action()
    except OSError as error:
        return str(error)
    return "done"

def allow(**more):
    mine = os.path.realpath(sys.argv[1])
    read = ["/usr", "/proc", sys.prefix, sys.base_prefix, os.path.dirname(os.__file__)]
    given = {"read": read, "write": [mine, "/dev/null"], "network": True, "subprocess": True}
    os.chdir(mine)
    explain(Allowed(**{**given, "is_first": False, "is_sealed": True, **more}))
"""


def run(directory: Path, script: str) -> list[str]:
    """Lines that the script prints."""
    ran = subprocess.run(
        [sys.executable, "-c", PRELUDE + script, str(directory)],
        env={"PYTHONPATH": str(PACKAGE), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_files_beyond_what_is_allowed_are_denied_by_name(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    (other / "secret").write_text("x")
    script = f"""
allow()
secret, beside = {str(other / "secret")!r}, {str(other)!r}
print(said(lambda: open(secret)))
print(said(lambda: open("../other/secret", "a")))
print(said(lambda: open(beside + "/new", "w")))
print(said(lambda: os.listdir(beside)))
print(said(lambda: os.mkdir(beside + "/new")))
print(said(lambda: os.remove(secret)))
print(said(lambda: os.rename("own", beside + "/own")))
print(said(lambda: os.symlink("x", beside + "/own")))
print(said(lambda: os.open(secret, os.O_RDONLY)))
"""
    read = f'{{"read": ["{other / "secret"}"]}}'
    lines = run(mine, script)
    assert lines[0] == f"the sandbox denies reading {other / 'secret'}; allow it with @flow(sandbox={read})"
    write = f'{{"write": ["{other / "secret"}"]}}'
    assert lines[1] == f"the sandbox denies writing ../other/secret; allow it with @flow(sandbox={write})"
    assert [line.partition(";")[0] for line in lines[2:]] == [
        f"the sandbox denies writing {other}/new",
        f"the sandbox denies reading {other}",
        f"the sandbox denies writing {other}/new",
        f"the sandbox denies writing {other}/secret",
        f"the sandbox denies writing {other}/own",
        f"the sandbox denies writing {other}/own",
        f"the sandbox denies reading {other}/secret",
    ]
    assert (other / "secret").read_text() == "x"
    assert sorted(path.name for path in other.iterdir()) == ["secret"]


def test_what_is_allowed_or_not_there_is_as_ever(tmp_path: Path) -> None:
    script = """
allow()
with open("own", "w") as file: file.write("x")
os.mkdir("d"); os.rename("own", "d/own"); os.symlink("d/own", "s"); os.link("d/own", "l")
print(open("s").read(), sorted(os.listdir()), sorted(os.listdir(".")) == sorted(os.listdir(b".")) or "bytes")
print(said(lambda: open(os.devnull, "w").close()), said(lambda: os.listdir("/usr")))
print(said(lambda: open("/no/such/file")))
print(said(lambda: open("/no/such/file", "w")))
reader, writer = os.pipe()
print(said(lambda: open(reader).close()), said(lambda: os.close(os.open("/", os.O_PATH))))
import json, logging.handlers, tempfile
print(subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, text=True).stdout.strip())
"""
    assert run(tmp_path, script) == [
        "x ['d', 'l', 's'] bytes",
        "done done",
        "[Errno 2] No such file or directory: '/no/such/file'",
        "[Errno 2] No such file or directory: '/no/such/file'",
        "done done",
        "1",
    ]


def test_processes_are_denied_however_they_are_started(tmp_path: Path) -> None:
    script = """
allow(subprocess=False)
for start in (
    lambda: subprocess.run(["true"]),
    os.fork,
    lambda: os.system("true"),
    lambda: os.posix_spawn("/bin/true", ["true"], {}),
    lambda: os.execv("/bin/true", ["true"]),
    os.forkpty,
):
    print(said(start))
"""
    words = 'the sandbox denies starting other processes; allow it with @flow(sandbox={"subprocess": True})'
    assert run(tmp_path, script) == [words] * 6


@pytest.mark.parametrize(("ports", "wish"), [([443], "[443, PORT]"), ([], "True"), (False, "True")])
def test_ports_beyond_those_that_are_allowed_are_denied(tmp_path: Path, ports: object, wish: str) -> None:
    script = f"""
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
allow(network={ports!r})
print(said(lambda: socket.socket().connect(("127.0.0.1", port))).replace(str(port), "PORT"))
print(said(lambda: socket.getaddrinfo("example.org", 443)) if {ports!r} is False else "")
"""
    denied, looked_up = run(tmp_path, script)
    assert denied == (
        f'the sandbox denies connecting to 127.0.0.1 port PORT; allow it with @flow(sandbox={{"network": {wish}}})'
    )
    if ports is False:
        words = 'the sandbox denies looking up example.org; allow it with @flow(sandbox={"network": True})'
        assert looked_up == words


def test_an_allowed_port_and_pairs_of_sockets_are_as_ever(tmp_path: Path) -> None:
    script = """
server = socket.create_server(("127.0.0.1", 0))
allow(network=[server.getsockname()[1]])
with socket.socket() as client: client.connect(server.getsockname())
ours, theirs = socket.socketpair()
ours.send(b"x"); print(theirs.recv(1))
"""
    assert run(tmp_path, script) == ["b'x'"]


def test_modes_owners_and_times_are_denied_where_all_else_is_read_only(tmp_path: Path) -> None:
    script = """
allow(is_sealed={})
for action in (
    lambda: os.chmod("/etc/passwd", 0o644),
    lambda: os.utime("/etc/passwd"),
    lambda: os.chown("/etc/passwd", -1, -1),
    lambda: os.removexattr("/etc/passwd", "user.none"),
):
    print(said(action).startswith("the sandbox denies writing /etc/passwd; allow it"))
open("mine", "w").close()
os.chmod("mine", 0o600)
os.chmod(os.open("mine", os.O_RDONLY), 0o600)
print(said(lambda: os.utime("mine")))
"""
    assert run(tmp_path, script.format(True)) == ["True"] * 4 + ["done"]
    assert run(tmp_path, script.format(False)) == ["False"] * 4 + ["done"]


def test_sockets_that_the_kernel_refuses_say_why(tmp_path: Path) -> None:
    script = """
# What the kernel would say, whose filters are not here.
def init(self, family=-1, type=-1, proto=-1, fileno=None):
    raise PermissionError(errno.EPERM, "Operation not permitted")
sys.modules["hero_tracing._denials"]._made = init
allow(network=False)
print(said(lambda: socket.socket(socket.AF_UNIX)))
print(said(lambda: socket.socket(socket.AF_INET)))
print(said(lambda: socket.socket(fileno=0)))
"""
    assert run(tmp_path, script) == [
        "the sandbox denies Unix sockets; talk over TCP, or run with --sandbox off",
        'the sandbox denies the network; allow it with @flow(sandbox={"network": True})',
        "[Errno 1] Operation not permitted",
    ]


def test_errors_have_the_number_that_libraries_look_at(tmp_path: Path) -> None:
    script = """
allow(subprocess=False)
try:
    os.fork()
except PermissionError as error:
    print(error.errno == errno.EACCES, type(error) is PermissionError)
"""
    assert run(tmp_path, script) == ["True True"]
