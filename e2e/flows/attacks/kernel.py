"""Asks the kernel for what only administrators, debuggers and escapes need, and for rights that were given up.

Most calls are such that one which is allowed fails for another reason, and does nothing: what must be refused is
refused before the kernel looks at its arguments.
"""

import ctypes
import mmap
import os
import resource
import signal
import struct
import subprocess

from common import ACTIONS, World, action, call, checked, contents, libc, opened, outcomes
from hero_tracing import flow

SANDBOX: dict[str, object] = {"subprocess": True}
PEOPLE = ("play", "runtime", "fork_server")  # another play and what serves it
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 4, 22, 38, 47
CLONE_PARENT = 0x8000
IPC_PRIVATE, IPC_RMID = 0, 0
NAMESPACES = {
    "user": 0x1000_0000,
    "pid": 0x2000_0000,
    "mount": 0x0002_0000,
    "network": 0x4000_0000,
    "ipc": 0x0800_0000,
    "names": 0x0400_0000,
    "cgroup": 0x0200_0000,
    "time": 0x0000_0080,
}


def plan(name: str, *arguments: object, number: str = "") -> None:
    """Keep a system call that gives nothing of interest as an action."""
    ACTIONS[name] = lambda _world: call(number or name, *arguments)


# -- other processes --


def at(world: World, who: str) -> int:
    return int(world["people"][who])


def read(world: World, who: str, name: str) -> None:
    contents(opened(f"/proc/{at(world, who)}/{name}"))


def follow(world: World, who: str, name: str) -> None:
    os.readlink(f"/proc/{at(world, who)}/{name}")


def look(who: str) -> None:
    for name in ("environ", "maps", "cmdline", "status"):
        ACTIONS[f"read {name} of {who}"] = lambda world, name=name: read(world, who, name)
    for name in ("cwd", "root", "exe"):
        ACTIONS[f"read {name} of {who}"] = lambda world, name=name: follow(world, who, name)
    ACTIONS[f"open memory of {who}"] = lambda world: os.close(opened(f"/proc/{at(world, who)}/mem", os.O_RDWR))
    ACTIONS[f"list descriptors of {who}"] = lambda world: os.listdir(f"/proc/{at(world, who)}/fd")
    ACTIONS[f"trace {who}"] = lambda world: call("ptrace", 0x4206, at(world, who), 0, 0)  # PTRACE_SEIZE
    ACTIONS[f"read into {who}"] = lambda world: call("process_vm_readv", at(world, who), None, 0, None, 0, 0)
    ACTIONS[f"write into {who}"] = lambda world: call("process_vm_writev", at(world, who), None, 0, None, 0, 0)
    ACTIONS[f"compare with {who}"] = lambda world: call("kcmp", os.getpid(), at(world, who), 2, 0, 0)
    ACTIONS[f"signal {who}"] = lambda world: checked(libc.kill(at(world, who), 0))
    if who != "runtime":  # it leads no group
        ACTIONS[f"signal group of {who}"] = lambda world: checked(libc.killpg(at(world, who), 0))
    ACTIONS[f"open {who}"] = lambda world: os.close(call("pidfd_open", at(world, who), 0))
    ACTIONS[f"signal {who} by descriptor"] = lambda world: call(
        "pidfd_send_signal", call("pidfd_open", at(world, who), 0), 0, None, 0
    )
    ACTIONS[f"limit {who}"] = lambda world: call("prlimit64", at(world, who), 7, None, ctypes.create_string_buffer(16))
    ACTIONS[f"move {who} to a processor"] = lambda world: checked(
        libc.sched_setaffinity(at(world, who), 128, bytes([255]) * 128)
    )
    ACTIONS[f"slow {who} down"] = lambda world: checked(libc.setpriority(0, at(world, who), 0))


for each in PEOPLE:
    look(each)


@action("signal its parent")
def _signal_parent(world: World) -> None:
    # This is the play's own child: its parent's parent is the fork server.
    with open(f"/proc/{os.getppid()}/stat") as file:
        parent = int(file.read().rpartition(")")[2].split()[1])
    if parent == 0:
        raise ProcessLookupError(3, "nobody")
    checked(libc.kill(parent, 0))


plan("take a descriptor", 0, 0, 0, number="pidfd_getfd")
plan("advise another process", 0, None, 0, 0, 0, number="process_madvise")

# -- namespaces and mounts --

for kind, flag in NAMESPACES.items():
    plan(f"unshare {kind}", flag, number="unshare")


def cloned(flag: int) -> None:
    child = call("clone", flag | signal.SIGCHLD, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


for kind, flag in NAMESPACES.items():
    if flag <= 0xFF:  # the number of a signal, to `clone`
        continue
    ACTIONS[f"clone {kind}"] = lambda _world, flag=flag: cloned(flag)
ACTIONS["clone"] = lambda _world: cloned(0)


@action("clone for its parent")
def _clone_for_parent(_world: World) -> None:
    if call("clone", CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0) == 0:
        os._exit(0)


plan("clone3", None, 0)
plan("setns", -1, 0)
plan("mount", None, b"/", None, 0, None)
plan("unmount", b"/usr", 0, number="umount2")
plan("pivot_root", b"/nowhere", b"/nowhere")
plan("chroot", b"/")
for name in ("move_mount", "fsopen"):
    plan(name, -1, b"", 0, 0, 0)
plan("open_tree", -100, b"/nowhere", 1)  # a copy, which is what takes a right
plan("mount_setattr", -100, b"/nowhere", 0, None, 32)
plan("statmount", None, None, 0, 0)
plan("listmount", None, None, 0, 0)
plan("open_by_handle_at", -1, None, 0)
plan("name_to_handle_at", -1, b"x", None, None, 0)

# -- memory of the kernel's own --


@action("semaphores of System V")
def _semaphores(_world: World) -> None:
    checked(libc.semctl(checked(libc.semget(IPC_PRIVATE, 1, 0o600)), 0, IPC_RMID))


@action("queue of System V")
def _queue(_world: World) -> None:
    checked(libc.msgctl(checked(libc.msgget(IPC_PRIVATE, 0o600)), IPC_RMID, None))


@action("asynchronous I/O")
def _asynchronous(_world: World) -> None:
    call("io_setup", 1, ctypes.create_string_buffer(8))


# -- keys, and wide parts of the kernel --

plan("keyctl", 0, -3, 0)
plan("add_key", b"user", b"hostile", b"x", 1, -2)
plan("request_key", b"user", b"hostile_and_not_there", None, 0)
plan("bpf", 0, None, 0)
plan("perf_event_open", None, 0, -1, -1, 0)
plan("userfaultfd", 0x1000)
plan("io_uring_setup", 0, None)
plan("memfd_secret", 0x1000)
plan("fanotify_init", 0x1000_0000, 0)
plan("quotactl", 0, None, 0, None)
plan("kexec_load", 0, 0x7FFF_FFFF, None, 0)
plan("init_module", None, 0, b"")
plan("finit_module", -1, b"", 0)
plan("delete_module", b"not_there_at_all", 0)
plan("acct", b"/nowhere/at/all")
plan("reboot", 0, 0, 0, 0)
plan("swapon", b"/nowhere/at/all", 0)
plan("syslog", 10, None, 0)  # how much there is to be read
plan("sethostname", None, -1)
plan("settimeofday", ctypes.create_string_buffer(b"\xff" * 16), None)


def by_machine_code(code: bytes) -> int:
    """Run code that gives a number."""
    memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)()


@action("call as a 64-bit program")
def _call_64(_world: World) -> None:
    # mov eax, 39 (getpid); syscall; ret
    assert os.uname().machine != "x86_64" or by_machine_code(bytes.fromhex("b8270000000f05c3")) == os.getpid()


@action("call as a 32-bit program")
def _call_32(_world: World) -> None:
    # mov eax, 20 (getpid of i386); int 0x80; ret
    if os.uname().machine != "x86_64" or by_machine_code(bytes.fromhex("b814000000cd80c3")) != os.getpid():
        raise OSError(38, "not there")


@action("call as an x32 program")
def _call_x32(_world: World) -> None:
    # mov eax, 0x40000027; syscall; ret
    if os.uname().machine != "x86_64" or by_machine_code(bytes.fromhex("b8270000400f05c3")) != os.getpid():
        raise OSError(38, "not there")


# -- rights --


def status(name: str) -> str:
    with open("/proc/self/status") as file:
        return next(line.split(":", 1)[1].strip() for line in file if line.startswith(f"{name}:"))


@action("user")
def _user(world: World) -> str:
    return "another" if os.geteuid() != world["uid"] else "the_same"


@action("groups")
def _groups(world: World) -> str:
    assert os.getresuid() == (os.getuid(),) * 3 and os.getresgid() == (os.getgid(),) * 3
    return "none" if not os.getgroups() or os.getgroups() == [os.getgid()] else "some"


@action("capabilities")
def _capabilities(_world: World) -> str:
    return "none" if not any(int(status(f"Cap{kind}"), 16) for kind in ("Inh", "Prm", "Eff", "Amb")) else "some"


@action("capabilities of a program")
def _capabilities_of_program(_world: World) -> str:
    lines = subprocess.run(["/bin/cat", "/proc/self/status"], capture_output=True, text=True, check=True).stdout
    held = [line.split()[1] for line in lines.splitlines() if line[:6] in {"CapInh", "CapPrm", "CapEff", "CapAmb"}]
    return "none" if not any(int(digits, 16) for digits in held) else "some"


@action("no new privileges")
def _no_new_privileges(_world: World) -> str:
    return status("NoNewPrivs")


@action("take no new privileges back")
def _take_back(_world: World) -> None:
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0))


@action("filters")
def _filters(_world: World) -> str:
    return "some" if status("Seccomp") == "2" else "none"


@action("filter itself further")
def _filter(_world: World) -> None:
    # One instruction: allow. It may only take away.
    program = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF_0000))
    fprog = struct.pack("HxxxxxxQ", 1, ctypes.addressof(program))
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    checked(libc.prctl(PR_SET_SECCOMP, 2, fprog, 0, 0))
    try:
        call("ptrace", 0x4206, -1, 0, 0)
    except ProcessLookupError:
        return


@action("become root")
def _become_root(_world: World) -> None:
    checked(libc.setresuid(0, 0, 0))


@action("take capabilities")
def _take_capabilities(_world: World) -> None:
    sets = struct.pack("IIIIII", 1 << 21, 1 << 21, 0, 0, 0, 0)
    checked(libc.capset(struct.pack("II", 0x2008_0522, 0), sets))


@action("outlive its parent")
def _outlive(_world: World) -> None:
    checked(libc.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0))


@action("outlive its parent by another signal")
def _outlive_by_signal(_world: World) -> None:
    checked(libc.prctl(PR_SET_PDEATHSIG, signal.SIGCONT, 0, 0, 0))


@action("hide from debuggers")
def _hide(_world: World) -> None:
    checked(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))


@action("set-user-id program")
def _set_user_id(world: World) -> str:
    identity = subprocess.run([world["set_user_id"], "-u"], capture_output=True, text=True, check=True).stdout.strip()
    return "root" if identity == "0" else "nobody_else"


@action("set-user-id program of its own")
def _own_set_user_id(_world: World) -> str:
    with open("/usr/bin/id", "rb") as source, open("id", "wb") as copy:
        copy.write(source.read())
    checked(libc.chmod(b"id", 0o6755))
    identity = subprocess.run(["./id", "-u"], capture_output=True, text=True, check=True).stdout.strip()
    return "nobody_else" if int(identity) == os.getuid() else "another"


@action("su")
def _su(_world: World) -> str:
    tried = subprocess.run(["/bin/su", "-c", "id -u"], capture_output=True, text=True, check=False)
    return "root" if tried.stdout.strip() == "0" else "refused"


@action("device of its own")
def _device(_world: World) -> None:
    checked(libc.mknod(b"null", 0o020666, os.makedev(1, 3)))


# -- limits --


@action("limits")
def _limits(_world: World) -> str:
    sizes = (resource.RLIMIT_CORE, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE)
    numbers = [resource.getrlimit(size)[0] >> 20 for size in sizes] + [resource.getrlimit(resource.RLIMIT_NPROC)[0]]
    return "_".join(map(str, numbers))


for each in ("DATA", "FSIZE", "NPROC", "NOFILE", "CORE"):
    ACTIONS[f"raise {each}"] = lambda _world, each=each: resource.setrlimit(
        getattr(resource, f"RLIMIT_{each}"), (resource.RLIM_INFINITY,) * 2
    )


@action("go before others")
def _go_before(_world: World) -> None:
    checked(libc.setpriority(0, 0, -20))


@action("go before all")
def _go_before_all(_world: World) -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


@action("first to end for want of memory")
def _score(_world: World) -> str:
    with open("/proc/self/oom_score_adj") as file:
        return "yes" if int(file.read()) > 0 else "no"


for kind in ("user", "pid", "mnt", "ipc", "net"):
    ACTIONS[f"namespace {kind}"] = lambda world, kind=kind: (
        "another" if os.readlink(f"/proc/self/ns/{kind}") != world["namespaces"][kind] else "the_same"
    )


@flow(sandbox=SANDBOX)  # type: ignore[arg-type]
def main(world: World) -> dict[str, str]:
    return outcomes(world)
