"""Leaves processes behind that do what they can to stay, and ends in every way in which a play can end."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

from hero_tracing import ask_user, flow

# As many as there may be: where nobody reaps what breeds, it is a limit that would end the play.
SANDBOX: dict[str, object] = {"subprocess": True, "processes": 4096}
PR_SET_PDEATHSIG = 1
KINDS = ("plain", "session", "orphan", "deaf", "bare", "stopped", "breeding")
# Found by its command line: a marker, a kind, and a pipe on which it says that it has settled.
DAEMON = """
import contextlib, os, signal, sys
kind, ready = sys.argv[2], int(sys.argv[3])
os.chdir("/")
with contextlib.suppress(OSError):
    if kind in {"session", "orphan"}:
        if kind == "orphan" and os.fork():
            os._exit(0)
        os.setsid()
        if kind == "orphan" and os.fork():
            os._exit(0)
if kind == "deaf":
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
os.write(ready, b"x")
if kind == "bare":
    os.closerange(0, 4096)
if kind == "stopped":
    os.kill(os.getpid(), signal.SIGSTOP)
while kind == "breeding":
    with contextlib.suppress(OSError):
        if os.fork():
            os._exit(0)
while True:
    signal.pause()
"""


def leave_daemons(marker: str, kinds: list[str]) -> None:
    settled, ready = os.pipe()
    for kind in kinds:
        command = [sys.executable, "-S", "-c", DAEMON, marker, kind, str(ready)]
        subprocess.Popen(command, pass_fds=[ready], stdin=subprocess.DEVNULL)
    for _ in kinds:
        assert os.read(settled, 1) == b"x"


def execute(marker: str, when: threading.Event) -> None:
    """Another thread's program is what this process becomes: the kernel has no word of its parent any more."""
    when.wait()
    os.execv(sys.executable, [sys.executable, "-S", "-c", "import signal; signal.pause()", marker])


@flow(sandbox=SANDBOX)  # type: ignore[arg-type]
def main(suffix: str, kinds: list[str], how: str) -> str:
    if how.startswith("wait") and flow.attempt > 1:
        return "again"
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)
    # Started before there are as many processes as there may be: what breeds sees to that.
    executes = threading.Event()
    if how == "wait, executed":
        threading.Thread(target=execute, args=(f"daemon_of_{suffix}_executed", executes)).start()
    leave_daemons(f"daemon_of_{suffix}_{flow.attempt}", kinds)
    if how == "fail":
        raise flow.Failed("on purpose")
    if how == "pause":
        ask_user.confirm("Go on?")
    if how == "exit":
        os._exit(7)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "wait, deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if how.startswith("wait"):
        with open("settled", "w"):
            pass
    executes.set()
    while how == "wait, deaf":
        try:
            time.sleep(3600)
        except BaseException:
            continue
    while how in {"wait", "wait, executed"}:
        time.sleep(3600)
    return "done"
