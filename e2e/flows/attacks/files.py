"""Reaches for files that are not the play's: reads, changes and names them in every way there is.

The same ways lead to a file within the workdir, where each must succeed.
"""

import ctypes
import os
import socket
import struct
from functools import partial

from common import ACTIONS, AT_FDCWD, World, action, call, checked, contents, libc, opened, outcomes
from hero_tracing import flow

SANDBOX: dict[str, object] = {"subprocess": True}
READING = ("outside", "private", "store", "other_play", "shadow", "inside")


def plain(path: str) -> str:
    return contents(opened(path))


def by_openat2(path: str) -> str:
    how = struct.pack("QQQ", os.O_RDONLY | os.O_CLOEXEC, 0, 0)
    return contents(call("openat2", AT_FDCWD, os.fsencode(path), how, len(how)))


def by_name_only(path: str) -> str:
    named = opened(path, os.O_PATH)
    return contents(opened(f"/proc/self/fd/{named}"))


def by_map(path: str) -> str:
    descriptor = opened(path)
    libc.mmap.restype = ctypes.c_void_p
    address = libc.mmap(None, ctypes.c_size_t(4096), 1, 2, descriptor, ctypes.c_long(0))
    return ctypes.string_at(address, 6).decode()


def by_handle(path: str) -> str:
    handle = ctypes.create_string_buffer(struct.pack("Ii", 120, 0) + bytes(120))
    mount = ctypes.c_int()
    call("name_to_handle_at", AT_FDCWD, os.fsencode(path), handle, ctypes.byref(mount), 0)
    directory = opened(os.path.dirname(path), os.O_DIRECTORY)
    return contents(call("open_by_handle_at", directory, handle, os.O_RDONLY))


def by_execution(path: str) -> None:
    child = os.fork()
    if child == 0:
        libc.execv(os.fsencode(path), (ctypes.c_char_p * 2)(b"it", None))
        os._exit(ctypes.get_errno())
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        raise OSError(status, os.strerror(status))


def by_program(path: str) -> str:
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(tell, 1)
        os.execv("/bin/cat", ["cat", path])
    os.close(tell)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise PermissionError(13, "cat failed")
    return contents(told)


def by_descriptor_of_directory(path: str) -> str:
    directory = opened(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)
    return contents(checked(libc.openat(directory, os.fsencode(os.path.basename(path)), os.O_RDONLY)))


def by_way_up(path: str) -> str:
    return plain("../" * 40 + path[1:])


def by_root_of_process(path: str) -> str:
    return plain(f"/proc/self/root{path}")


def by_directory_of_process(path: str) -> str:
    return plain(f"/proc/self/cwd/{'../' * 40}{path[1:]}")


def by_thread(path: str) -> str:
    return plain(f"/proc/thread-self/root{path}")


def by_walk(path: str) -> str:
    checked(libc.chdir(os.fsencode(os.path.dirname(path))))
    return plain(os.path.basename(path))


def by_symbolic_link(path: str) -> str:
    link = f"link_{os.getpid()}"
    checked(libc.symlink(os.fsencode(path), os.fsencode(link)))
    return plain(link)


def by_hard_link(path: str) -> str:
    link = f"hard_{os.getpid()}"
    checked(libc.link(os.fsencode(path), os.fsencode(link)))
    return plain(link)


def by_new_name(path: str) -> str:
    name = f"renamed_{os.getpid()}"
    checked(libc.rename(os.fsencode(path), os.fsencode(name)))
    got = plain(name)
    checked(libc.rename(os.fsencode(name), os.fsencode(path)))
    return got


def by_passed_descriptor(path: str) -> str:
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        try:
            socket.send_fds(theirs, [b"x"], [opened(path)])
        except OSError as error:
            os._exit(error.errno or 255)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        raise OSError(status, os.strerror(status))
    return contents(socket.recv_fds(ours, 1, 1)[1][0])


def by_bind_mount(path: str) -> str:
    here = f"mount_{os.getpid()}"
    os.mkdir(here)
    call("mount", os.fsencode(os.path.dirname(path)), os.fsencode(here), None, 0x1000, None)
    try:
        return plain(f"{here}/{os.path.basename(path)}")
    finally:
        call("umount2", os.fsencode(here), 2)


def by_other_root(path: str) -> str:
    call("chroot", b"/")
    return plain(path)


WAYS = (
    by_openat2,
    by_name_only,
    by_map,
    by_handle,
    by_program,
    by_descriptor_of_directory,
    by_way_up,
    by_root_of_process,
    by_directory_of_process,
    by_thread,
    by_walk,
    by_symbolic_link,
    by_hard_link,
    by_new_name,
    by_passed_descriptor,
    by_bind_mount,
    by_other_root,
)


def plan(name: str, act: object, place: str) -> None:
    """Keep what is done to a place of the world as an action."""
    ACTIONS[f"{name} {place}"] = lambda world: act(world[place])  # type: ignore[operator]


for each in READING:
    plan("read", plain, each)
    plan("list", lambda path: os.close(opened(os.path.dirname(path), os.O_DIRECTORY)), each)
for each in ("outside", "inside"):
    for way in WAYS:
        plan(way.__name__.replace("_", " "), way, each)
for each in ("program", "own_program"):
    plan("execute", by_execution, each)


# -- changes --


def own(path: str) -> bytes:
    return os.fsencode(path)


def made(path: str) -> None:
    os.close(opened(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    checked(libc.unlink(own(path)))


def directory(path: str) -> None:
    checked(libc.mkdir(own(path), 0o700))
    checked(libc.rmdir(own(path)))


def beside(act: object, path: str) -> None:
    act(f"{path}_{os.getpid()}")  # type: ignore[operator]


def renamed(path: str) -> None:
    checked(libc.rename(own(path), own(f"{path}_{os.getpid()}")))
    checked(libc.rename(own(f"{path}_{os.getpid()}"), own(path)))


def removed(path: str) -> None:
    checked(libc.unlink(own(path)))
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o666))


def attributed(path: str) -> None:
    checked(libc.setxattr(own(path), b"user.hostile", b"1", 1, 0))


def touched(path: str) -> None:
    checked(libc.utimensat(AT_FDCWD, own(path), struct.pack("qqqq", 1, 0, 1, 0), 0))


def moved_in(path: str) -> None:
    with open(f"mine_{os.getpid()}", "w") as file:
        file.write("hostile")
    checked(libc.rename(own(f"mine_{os.getpid()}"), own(f"{path}_moved")))


CHANGES = {
    "write": lambda path: os.close(opened(path, os.O_WRONLY)),
    "append": lambda path: os.close(opened(path, os.O_WRONLY | os.O_APPEND)),
    "truncate": lambda path: checked(libc.truncate(own(path), ctypes.c_long(0))),
    "create beside": partial(beside, made),
    "make directory beside": partial(beside, directory),
    "link symbolically beside": lambda path: checked(libc.symlink(b"x", own(f"{path}_{os.getpid()}"))),
    "make pipe beside": lambda path: checked(libc.mkfifo(own(f"{path}_{os.getpid()}"), 0o600)),
    "move in beside": moved_in,
    "rename": renamed,
    "remove": removed,
    "change mode": lambda path: checked(libc.chmod(own(path), 0o666)),
    "change owner": lambda path: checked(libc.chown(own(path), os.geteuid(), os.getegid())),
    "set attribute": attributed,
    "set times": touched,
}
for each in ("target", "other_play_target", "inside_target"):
    for name, change in CHANGES.items():
        plan(name, change, each)


# -- looks --

for each in ("outside", "private"):
    plan("stat", lambda path: os.stat(path), each)
plan("watch", lambda path: checked(libc.inotify_add_watch(libc.inotify_init1(0), own(path), 2)), "private")


# -- what is the kernel's --


@action("write /proc/sys")
def _write_sys(_world: World) -> None:
    os.close(opened("/proc/sys/kernel/hostname", os.O_WRONLY))


@action("write /sys")
def _write_kernel(_world: World) -> None:
    os.close(opened("/sys/kernel/mm/transparent_hugepage/enabled", os.O_WRONLY))


@action("open the kernel's log")
def _open_log(_world: World) -> None:
    os.close(opened("/dev/kmsg"))


@action("open a terminal")
def _open_terminal(_world: World) -> None:
    os.close(opened("/dev/ptmx", os.O_RDWR))


@action("write its score for the end of memory")
def _write_score(_world: World) -> None:
    os.close(opened("/proc/self/oom_score_adj", os.O_WRONLY))


@flow(sandbox=SANDBOX)  # type: ignore[arg-type]
def main(world: World) -> dict[str, str]:
    with open("inside", "w") as file:
        file.write("secret\n")
    with open("inside_target", "w") as file:
        file.write("target\n")
    with open("own_program", "w") as file:
        file.write("#!/bin/true\n")
    os.chmod("own_program", 0o700)
    for name in ("inside", "inside_target", "own_program"):
        world[name] = os.path.abspath(name)
    return outcomes(world)
