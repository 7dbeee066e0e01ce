"""Confinement of a play's process: the one place where a forked child gives up what it must not have.

`Confinement.prepare` runs once, in the fork server. `spare` runs when a child is forked, ahead of any play; `play` runs
when it is handed one. What a kernel or a container does not allow is found out by a child that tries (`_probe`), told
to the launcher, and left out from then on; a layer that fails later ends the child, never the confinement.
This module knows the kernel and nothing of flows, frames or records of a play.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Container

from . import _cgroups, _denials, _kernel, _landlock, _mounts, _process
from ._system_paths import DEVICES, OF_ETC, OF_PROC, SYSTEM, of_interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Every layer that may be missing, in the order in which a child comes to it. A session of its own, no_new_privs, the
# signal at its parent's death, closed descriptors and a scrubbed environment are always there.
LAYERS = (
    "user_namespace",
    "pid_namespace",
    "cgroup",
    "mount_namespace",
    "read_only",
    "ipc_namespace",
    "network_namespace",
    "limits",
    "uid",
    "capabilities",
    "landlock",
    "seccomp",
)
_NAMESPACES = {
    "user_namespace": _kernel.CLONE_NEWUSER,
    "pid_namespace": _kernel.CLONE_NEWPID,
    "mount_namespace": _kernel.CLONE_NEWNS,
    "ipc_namespace": _kernel.CLONE_NEWIPC,
    "network_namespace": _kernel.CLONE_NEWNET,
}
_STRICT_ONLY = {"network_namespace"}
# What needs no user namespace of root, and is not for others.
_ROOT_ONLY = {"uid"}

# Long-lived descriptors are kept above the numbers that a child gives to its own: the fork server's socket first, then
# what names paths to Landlock.
HIGH_DESCRIPTOR = 200


class Confinement:
    """What children of this fork server are confined by.

    `setup` comes from the launcher: `level` (`default`, `strict`, `off`), `plays` (the directory of all plays), `read`
    (further paths that all may read), `granted` (those that a play may be allowed to read or write), `uids` (the first
    and how many, or None), `temporary_mb`, `filters` (seccomp programs in hexadecimal digits) and `without` (layers to
    leave out).
    """

    def __init__(self, setup: dict[str, Any]) -> None:
        self.level: str = setup["level"]
        self.plays: str = os.path.realpath(setup["plays"])
        self.read: list[str] = setup["read"]
        self.granted: list[str] = setup["granted"]
        self.may_be_allowed = [os.path.realpath(path) for path in (*self.granted, *self.read)]
        self.temporary_mb: int = setup["temporary_mb"]
        self.filters = {name: bytes.fromhex(text) for name, text in setup["filters"].items()}
        self.uids: tuple[int, int] | None = tuple(setup["uids"]) if setup["uids"] else None
        self.at = ""  # the layer that a child is putting on
        self.missing: dict[str, str] = {}  # layers that this machine does not give, and why
        self.is_root = os.geteuid() == 0
        self.ids = (os.geteuid(), os.getegid())
        self.layers = self._wanted(set(setup["without"]))
        self.groups: _cgroups.Groups | None = None
        self.group: _cgroups.Group | None = None  # of the child that is forked next
        # Directories that a child covers by one of its own, and what Landlock allows to all.
        self.covered: list[str] = []
        self.lendable: list[str] = []  # what is not read-only yet, because a play may be allowed to change it
        self.abi = 0
        self.rules: list[bytes] = []
        self.readable: list[str] = []
        self.writable: list[str] = []
        self.descriptors = (HIGH_DESCRIPTOR + 1, HIGH_DESCRIPTOR + 1)  # the first that the rules name, and their end

    def _wanted(self, without: set[str]) -> set[str]:
        if self.level == "off":
            return set()
        wanted = set(LAYERS) - without
        if "mount_namespace" not in wanted:
            wanted -= {"read_only"}
        if self.level != "strict":
            wanted -= _STRICT_ONLY
        if self.is_root:
            if self.level != "strict":
                wanted -= {"user_namespace"}  # root needs none for the others
        else:
            wanted -= _ROOT_ONLY
        return wanted

    @property
    def clone_flags(self) -> int:
        """The namespaces that a child is forked into."""
        flags = 0
        for layer, flag in _NAMESPACES.items():
            if layer in self.layers and not (layer == "user_namespace" and self.is_root):
                flags |= flag
        return flags

    @property
    def _makes_user_namespaces(self) -> bool:
        """Whether children, or what lends them paths, need one."""
        return "user_namespace" in self.layers or bool(self.granted)

    @property
    def ends_all(self) -> bool:
        """Whether the end of a child ends all that it started, whatever that did to get away."""
        return "pid_namespace" in self.layers

    def lose(self, missing: dict[str, str]) -> None:
        """Do without these layers, which failed, and without what stands on them."""
        for layer, reason in missing.items():
            if layer not in self.layers:
                continue
            self.missing[layer] = reason
            self.layers.discard(layer)
            if layer == "user_namespace" and not self.is_root:
                above = _NAMESPACES.keys() & self.layers
            else:
                above = {"read_only"} & self.layers if layer == "mount_namespace" else set()
            self.lose(dict.fromkeys(above, f"it needs the {layer}"))

    # -- in the fork server --

    def begin(self) -> None:
        """Confine the fork server itself, as far as it still may do what it could; before it starts anything.

        Of its descriptors it keeps what it needs: whoever started hero_logic may have left others open.
        """
        _process.close_all_but(HIGH_DESCRIPTOR)
        if "cgroup" in self.layers:
            try:
                self.groups = _cgroups.Groups()
                self.groups.descriptor = self._name(self.groups.descriptor)
            except OSError as error:
                self.lose({"cgroup": str(error)})
        if not self.is_root and "user_namespace" in self.layers:
            try:
                _kernel.unshare(_kernel.CLONE_NEWUSER)
                _process.map_user(*self.ids)
            except OSError as error:
                self.lose({"user_namespace": str(error)})
        if "pid_namespace" in self.layers:
            try:
                _process.be_first()
            except OSError as error:
                self.lose({"pid_namespace": str(error)})

    def prepare(self) -> None:
        """Make ready in the fork server, once, what its children share. What cannot be had is in `missing`."""
        kept = self._kept()
        if "mount_namespace" in self.layers:
            try:
                _mounts.keep_to_ourselves()
                if "pid_namespace" in self.layers:
                    _mounts.own_processes()
            except OSError as error:
                self.lose({"mount_namespace": str(error)})
        if "uid" in self.layers:
            self._open_ways(kept)
        if self.is_root and "mount_namespace" in self.layers:
            _mounts.forget([*SYSTEM, *OF_ETC, "/etc", "/dev", *kept])
        if "read_only" in self.layers:
            try:
                self.lendable = [os.path.realpath(path) for path in self.granted if os.path.exists(path)]
                if "/" not in self.lendable:
                    _mounts.seal([*_mounts.outermost(set(self.lendable)), self.plays])
            except OSError as error:
                self.lose({"read_only": str(error)})
        if "mount_namespace" in self.layers:
            # What hero_logic lives beneath stays as it is: it would be hidden, or open to every play.
            private = (_mounts.TEMPORARY, _mounts.SHARED_MEMORY)
            homes = [os.path.realpath(path) for path in kept]
            self.covered = [
                directory
                for directory in private
                if os.path.isdir(directory) and not any(_mounts.is_beneath(home, directory) for home in homes)
            ]
            if _mounts.TEMPORARY in self.covered:
                os.environ["TMPDIR"] = _mounts.TEMPORARY
        if "landlock" in self.layers:
            try:
                self._rule()
            except OSError as error:
                self.lose({"landlock": str(error)})
        if "seccomp" in self.layers:
            try:
                _kernel.no_new_privileges()
                _kernel.filter_calls(self.filters["calls"])
                _kernel.filter_calls(self.filters["refused"])
                if not self._makes_user_namespaces:
                    _kernel.filter_calls(self.filters["namespaces"])
            except OSError as error:
                self.lose({"seccomp": str(error)})

    def _kept(self, *, for_all: bool = False) -> list[str]:
        """What a play's process must be able to reach, wherever it lies; `for_all`: whatever it may do."""
        paths = [*of_interpreter(), self.plays, *self.read, *([] if for_all else self.granted)]
        return [path for path in dict.fromkeys(paths) if path not in {"", "/"} and os.path.exists(path)]

    def _open_ways(self, kept: list[str]) -> None:
        """Have users of the range reach what they must."""
        try:
            os.chmod(self.plays, 0o711)
            os.chmod(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 0o755)
            if "mount_namespace" in self.layers:
                _mounts.open_ways(kept)
        except OSError as error:
            self.lose({"uid": str(error)})

    def _rule(self) -> None:
        """Name what all children may reach. The descriptors stay open, and children have them too."""
        self.abi = _landlock.abi()
        ruleset = _landlock.Ruleset(self.abi)
        os.close(ruleset.descriptor)
        # Root owns all of /etc, with capabilities or without; to others it shows what everybody may see.
        is_owner = self.is_root and "uid" not in self.layers
        wanted = [
            *SYSTEM,
            *OF_ETC,
            *(() if is_owner else ("/etc",)),
            *self._kept(for_all=True),
        ]
        if self._processes != "/proc":
            wanted += [f"/proc/{name}" for name in OF_PROC]
        real = {os.path.realpath(path) for path in wanted if path != self.plays and os.path.exists(path)}
        self.readable = _mounts.outermost(real)
        self.writable = [device for device in DEVICES if os.path.exists(device)]
        for paths, access in ((self.readable, _landlock.READ), (self.writable, _landlock.WRITE)):
            for path in paths:
                low = _landlock.open_path(path)
                if low is not None:
                    self.rules.append(ruleset.rule(self._name(low), access))

    def _name(self, low: int) -> int:
        """Move a descriptor to among those that children have until they are confined."""
        first, end = self.descriptors
        descriptor = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, end)
        self.descriptors = (first, descriptor + 1)
        os.close(low)
        return descriptor

    def settle(self) -> None:
        """Once it is known what works: do without what is only needed where something else is missing."""
        if "pid_namespace" in self.layers:
            self.layers.discard("cgroup")
            self.missing.pop("cgroup", None)
            if self.groups is not None:
                # Named first: a hole among the descriptors would be taken by a child's own, and closed with them.
                first, end = self.descriptors
                self.descriptors = (first + 1, end)
            self.close()

    def close(self) -> None:
        """Leave nothing behind that outlives this process."""
        if self.groups is not None:
            self.groups.close()
            self.groups = None

    def next_group(self) -> _cgroups.Group | None:
        """Have the next child in a control group of its own, where that is what ends all that it starts."""
        is_needed = "cgroup" in self.layers and "pid_namespace" not in self.layers
        self.group = self.groups.make() if is_needed and self.groups is not None else None
        return self.group

    def rehearse(self) -> None:
        """Do in the fork server what children do and what leaves nothing behind, so that they find its code warm."""
        wishes: dict[str, Any] = {"network": True, "subprocess": None, "read": [], "write": []}
        order = {"workdir": self.plays, "home": self.plays, **wishes}
        if "landlock" in self.layers:
            os.close(self._ruleset().descriptor)
        if self.layers:
            _denials.checks_of(self.allowed(order))
            _denials.watch_sockets()
            self._filters(order)

    def user_of(self, home: str | None, taken: Container[int | None]) -> int | None:
        """The user id for the play of a directory, the same each time unless another one has it just now."""
        if "uid" not in self.layers or self.uids is None:
            return None
        return _process.free_user(os.path.basename(home or ""), taken, *self.uids)

    # -- in a child --

    def takes_spare(self, order: dict[str, Any]) -> bool:
        """Whether a child that was confined ahead can play this; what is lent to its user is lent before."""
        if "mount_namespace" not in self.layers:
            return True
        is_lent = order["write"] or ("uid" in self.layers and order["read"])
        wished = (*order["read"], *order["write"])
        return not is_lent and not any(_mounts.holds(directory, wished) for directory in self.covered)

    def spare(
        self, fork_server: int, order: dict[str, Any] | None = None, uid: int | None = None
    ) -> _landlock.Ruleset | None:
        """Confine a child that has no play yet, as far as that does not depend on the play; or one for this order."""
        os.setsid()
        _kernel.no_new_privileges()
        if "limits" in self.layers:
            _process.go_first()
        if self.group is not None:
            self.at = "cgroup"
            self.group.enter()
        if "user_namespace" in self.layers and not self.is_root:
            self.at = "user_namespace"
            _process.map_user(*self.ids)
        if "mount_namespace" in self.layers:
            self.at = "mount_namespace"
            if order is not None:
                wished = (*order["read"], *order["write"])
                self.covered = [directory for directory in self.covered if not _mounts.holds(directory, wished)]
            self._mount()
            if order is not None:
                read, write = self._places(order["read"]), self._places(order["write"])
                _mounts.lend(read, write, uid)
                for place in read + write:
                    os.close(place)
        ruleset = None
        if "landlock" in self.layers:
            self.at = "landlock"
            ruleset = self._ruleset()
        os.closerange(*self.descriptors)
        _process.die_with(fork_server)
        return ruleset

    def _mount(self) -> None:
        if "read_only" in self.layers and "/" in self.lendable:
            _mounts.seal([self.plays])
        for directory in self.covered:
            size = _mounts.SHARED_MEMORY_MB if directory == _mounts.SHARED_MEMORY else self.temporary_mb
            _mounts.cover(directory, size)
        if "pid_namespace" in self.layers:
            _mounts.own_processes()
        if "read_only" in self.layers and "/" not in self.lendable:
            for path in self.lendable:
                _mounts.leave(path, None)
                if _mounts.is_beneath(self.plays, path):
                    _kernel.make_writable(self.plays)

    def _ruleset(self) -> _landlock.Ruleset:
        ruleset = _landlock.Ruleset(self.abi)
        for rule in self.rules:
            ruleset.add(rule)
        for directory in self.covered:
            ruleset.allow_path(directory, _landlock.WRITE)
        ruleset.allow_path(self._processes, _landlock.READ)
        return ruleset

    def _places(self, paths: list[str]) -> list[int]:
        """What is at these paths, opened. Raises PermissionError for a link out of what may be allowed.

        Paths were judged before, by names; a play that may change a directory may change where they lead. No place
        holds the files of hero_logic, or lies among them.
        """
        found, own = [], os.path.dirname(os.path.dirname(self.plays))
        for place in filter(None, map(_landlock.open_path, paths)):
            real = os.readlink(f"/proc/self/fd/{place}")
            is_ours = _mounts.is_beneath(real, own) or _mounts.is_beneath(own, real)
            if is_ours or not any(_mounts.is_beneath(real, root) for root in self.may_be_allowed):
                raise PermissionError(f"{real} is beyond what may be allowed; a link has been put in its way")
            found.append(place)
        return found

    @property
    def _processes(self) -> str:
        """What a child may read of /proc: all of it where it shows its own processes only."""
        return "/proc" if {"pid_namespace", "mount_namespace"} <= self.layers else "/proc/self"

    def play(self, order: dict[str, Any], uid: int | None, ruleset: _landlock.Ruleset | None, fork_server: int) -> None:
        """Confine a child to its play, for good.

        `order`: `workdir`, `home` (its directory above that, or None where it may write nothing), `output` (a file for
        what is written past Python's `print`, or None), and, unless the level is `off`, `network` (true, false or TCP
        ports), `subprocess` (None: where all of them end with the play for certain), `memory_mb`, `processes`,
        `disk_mb`, `cpu_s`, `read` and `write` (paths).
        """
        os.umask(0o077)
        if "limits" in self.layers:
            self.at = "limits"
            # Elsewhere the kernel would count all that the user runs, of hero_logic or not.
            _process.take_on(order, counts_processes=uid is not None or "user_namespace" in self.layers)
        if "read_only" in self.layers and uid is None:
            # The directories of other plays too: modes and times are ruled by nothing else where all are of one user.
            self.at = "read_only"
            _mounts.leave(self.plays, self._home(order))
        has_place = order["home"] is None and _mounts.TEMPORARY in self.covered
        _process.enter(_mounts.TEMPORARY if has_place else order["workdir"])
        if uid is not None and "uid" in self.layers:
            self.at = "uid"
            self._become(uid, order["home"])
        _process.redirect(order["output"] or os.devnull)
        if self.layers and _mounts.TEMPORARY not in self.covered:
            os.environ["TMPDIR"] = self._temporary(order)
        # Who has become another user has lost all, unless a user namespace gave new ones.
        if "capabilities" in self.layers and (uid is None or "user_namespace" in self.layers):
            self.at = "capabilities"
            if _kernel.has_capabilities():
                _kernel.drop_capabilities()
        _process.die_with(fork_server)  # a change of user has undone it
        if ruleset is not None:
            self.at = "landlock"
            self._enforce(ruleset, order)
        if "seccomp" in self.layers:
            self.at = "seccomp"
            for name in self._filters(order):
                _kernel.filter_calls(self.filters[name])

    def _become(self, uid: int, home: str | None) -> None:
        # The directory of work may be a new one in a play's old directory.
        if home is not None and {os.stat(home).st_uid, os.stat(".").st_uid} != {uid}:
            _process.give(home, uid)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        _kernel.prctl("dumpable", _kernel.PR_SET_DUMPABLE, 1)  # else its /proc/self would be root's
        if "user_namespace" in self.layers:  # strict
            self.at = "user_namespace"
            _kernel.unshare(_kernel.CLONE_NEWUSER)
            _process.map_user(uid, uid)

    def _temporary(self, order: dict[str, Any]) -> str:
        """A directory of the play for temporary files, where it has no `/tmp` of its own."""
        if order["home"] is None:
            return str(order["workdir"])
        directory = os.path.join(order["home"], "tmp")
        with contextlib.suppress(FileExistsError):
            os.mkdir(directory, 0o700)
        return directory

    def _enforce(self, ruleset: _landlock.Ruleset, order: dict[str, Any]) -> None:
        if order["home"] is not None:
            ruleset.allow_path(order["home"], _landlock.WRITE)
        else:
            ruleset.allow_path(order["workdir"], _landlock.READ)
        for paths, access in ((order["read"], _landlock.READ), (order["write"], _landlock.WRITE)):
            for place in self._places(paths):
                ruleset.allow(place, access)
        network = order["network"]
        if network is not True and self.abi >= _landlock.ABI_OF_TCP:
            ports = _landlock.Ruleset(self.abi, files=False, tcp=True)
            ports.allow_ports(network or ())
            ports.enforce()
        ruleset.enforce()

    def allowed(self, order: dict[str, Any]) -> _denials.Allowed:
        """What a child may do with this order, for what says so in words."""
        read, write = (list(map(os.path.realpath, order[name])) for name in ("read", "write"))
        home = self._home(order) or order["workdir"]
        has_rules, has_filters = "landlock" in self.layers, "seccomp" in self.layers
        return _denials.Allowed(
            read=[*self.readable, self._processes, f"/proc/{os.getpid()}", *read] if has_rules else None,
            write=[home, *self.covered, *self.writable, *write],
            network=order["network"] if has_filters else None,
            subprocess=self._may_start(order) if has_filters else None,
            is_first="pid_namespace" in self.layers,
            is_sealed="read_only" in self.layers,
        )

    def _home(self, order: dict[str, Any]) -> str | None:
        """The directory of the play, without links."""
        return os.path.join(self.plays, os.path.basename(order["home"])) if order["home"] else None

    def _may_start(self, order: dict[str, Any]) -> bool:
        """Whether the play may start other processes."""
        return bool(self.ends_all if order["subprocess"] is None else order["subprocess"])

    def _filters(self, order: dict[str, Any]) -> list[str]:
        names = ["namespaces"] if self._makes_user_namespaces else []
        network = order["network"]
        if not network:
            names.append("no_network")
        elif network is not True:
            names.append("ports")
            if 53 not in network:
                names.append("no_datagrams")
        if not self._may_start(order):
            names.append("no_processes")
        elif not self.ends_all:
            names.append("no_sessions")  # nobody gets away from its group either, by which its processes are counted
        if not self.ends_all:
            names.append("no_others")
        return names


__all__ = ["LAYERS", "Confinement"]
