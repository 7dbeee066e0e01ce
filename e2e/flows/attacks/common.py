"""What hostile flows share. The test puts it in front of each: a flow is one file.

An action tries one thing and says what came of it: `done`, with what it got after a colon, or the name of the error
or of the signal that ended it. Each has a process of its own, so that none spoils the next. They go past Python's own
functions where those would say in words what the kernel is to refuse.
"""

import ctypes
import errno
import os
import signal
from collections.abc import Callable
from typing import Any

World = dict[str, Any]
libc = ctypes.CDLL(None, use_errno=True)
ACTIONS: dict[str, Callable[[World], object]] = {}
# What x86_64 calls otherwise than the machines that came later; beyond 424 all agree.
NUMBERS = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "unshare": (272, 97),
    "setns": (308, 268),
    "clone": (56, 220),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "sethostname": (170, 161),
    "settimeofday": (164, 170),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "personality": (135, 92),
    "seccomp": (317, 277),
    "getpid": (39, 172),
    "prlimit64": (302, 261),
    "io_uring_setup": (425, 425),
    "pidfd_send_signal": (424, 424),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "pidfd_open": (434, 434),
    "clone3": (435, 435),
    "openat2": (437, 437),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "mount_setattr": (442, 442),
    "memfd_secret": (447, 447),
    "io_setup": (206, 0),
    "statmount": (457, 457),
    "listmount": (458, 458),
}
AT_FDCWD = -100


def action(name: str) -> Callable[[Callable[[World], object]], Callable[[World], object]]:
    """Keep a function under the name by which the test knows it."""

    def keep(function: Callable[[World], object]) -> Callable[[World], object]:
        ACTIONS[name] = function
        return function

    return keep


def checked(result: int) -> int:
    """What a call gave, or its error."""
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def call(name: str, *arguments: object) -> int:
    """A system call, by its name."""
    number = NUMBERS[name][os.uname().machine != "x86_64"]
    given = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return checked(libc.syscall(ctypes.c_long(number), *given))


def opened(path: str, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """open(2), unseen by the audit of Python."""
    return checked(libc.open(os.fsencode(path), flags | os.O_NONBLOCK | os.O_CLOEXEC, mode))


def contents(descriptor: int) -> str:
    """The first line of what is there to be read."""
    lines = os.read(descriptor, 200).decode(errors="replace").split("\n")
    return lines[0].replace(" ", "_")


def outcome(act: Callable[[World], object], world: World) -> str:
    """What comes of an action."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            got = act(world)
            text = f"done:{got}" if isinstance(got, str) else "done"
        except OSError as error:
            text = errno.errorcode.get(error.errno or 0, type(error).__name__)
        except BaseException as error:
            text = f"{type(error).__name__}:{error}".replace(" ", "_")
        os.write(tell, text.encode()[:4000])
        os._exit(0)
    os.close(tell)
    _, status = os.waitpid(child, 0)
    os.set_blocking(told, False)
    try:
        text = os.read(told, 4000).decode()
    except BlockingIOError:
        text = ""
    os.close(told)
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else text


def outcomes(world: World) -> dict[str, str]:
    """What comes of each."""
    return {name: outcome(act, world) for name, act in ACTIONS.items()}
