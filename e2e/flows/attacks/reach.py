"""Reaches for whoever listens: by Unix sockets, over the network, by descriptors and variables that are not its own."""

import array
import ctypes
import errno
import os
import socket
import struct
import subprocess

from common import ACTIONS, World, action, checked, libc, outcomes
from hero_tracing import flow

SANDBOX: dict[str, object] = {"subprocess": True}
AF_UNIX, AF_INET, AF_NETLINK, AF_INET6, AF_PACKET, AF_ALG, AF_VSOCK, AF_XDP = 1, 2, 16, 10, 17, 38, 40, 44
STREAM, DGRAM, RAW, RDM, SEQPACKET, DCCP, PACKET = 1, 2, 3, 4, 5, 6, 10
MSG_FASTOPEN, MPTCP, SMC, SCTP, UDPLITE = 0x2000_0000, 262, 256, 132, 136


def new(family: int, kind: int, protocol: int = 0) -> int:
    return checked(libc.socket(family, kind, protocol))


def unix(path: str) -> bytes:
    name = b"\0" + path[1:].encode() if path[0] == "@" else path.encode()
    return struct.pack("H", AF_UNIX) + name


def internet(family: int, port: int) -> bytes:
    if family == AF_INET:
        return struct.pack("=H", family) + struct.pack(">H4s8x", port, bytes([127, 0, 0, 1]))
    return struct.pack("=H", family) + struct.pack(">HI16sI", port, 0, bytes(15) + b"\1", 0)


def connect(descriptor: int, address: bytes) -> None:
    checked(libc.connect(descriptor, address, len(address)))


def send(descriptor: int, address: bytes, flags: int = 0) -> None:
    checked(libc.sendto(descriptor, b"hostile", 7, flags, address, len(address)))


def send_message(descriptor: int, address: bytes, flags: int = 0, *, several: bool = False) -> None:
    name, text = ctypes.create_string_buffer(address), ctypes.create_string_buffer(b"hostile")
    vector = ctypes.create_string_buffer(struct.pack("QQ", ctypes.addressof(text), 7))
    header = struct.pack("QIxxxxQQQQixxxx", ctypes.addressof(name), len(address), ctypes.addressof(vector), 1, 0, 0, 0)
    checked(
        libc.sendmmsg(descriptor, header + bytes(8), 1, flags) if several else libc.sendmsg(descriptor, header, flags)
    )


# -- Unix sockets --

for kind, number in (("stream", STREAM), ("seqpacket", SEQPACKET), ("dgram", DGRAM)):
    ACTIONS[f"unix {kind}"] = lambda world, kind=kind, number=number: connect(
        new(AF_UNIX, number), unix(world["unix"][kind])
    )
ACTIONS["unix abstract"] = lambda world: connect(new(AF_UNIX, STREAM), unix(world["unix"]["abstract"]))
ACTIONS["unix raw"] = lambda world: connect(new(AF_UNIX, RAW), unix(world["unix"]["dgram"]))


def pair(kind: int) -> int:
    ends = array.array("i", [0, 0])
    checked(libc.socketpair(AF_UNIX, kind, 0, ctypes.c_void_p(ends.buffer_info()[0])))
    return ends[0]


for kind, number in (("dgram", DGRAM), ("raw", RAW), ("dgram, close on exec", DGRAM | 0o2000000)):
    ACTIONS[f"pair {kind}, connect"] = lambda world, number=number: connect(pair(number), unix(world["unix"]["dgram"]))
    ACTIONS[f"pair {kind}, send"] = lambda world, number=number: send(pair(number), unix(world["unix"]["dgram"]))
ACTIONS["pair stream, connect"] = lambda world: connect(pair(STREAM), unix(world["unix"]["stream"]))
ACTIONS["pair seqpacket, connect"] = lambda world: connect(pair(SEQPACKET), unix(world["unix"]["seqpacket"]))
ACTIONS["pair seqpacket, send"] = lambda world: send(pair(SEQPACKET), unix(world["unix"]["seqpacket"]))
ACTIONS["pair stream"] = lambda _world: os.write(pair(STREAM), b"x")


# -- descriptors, variables --


def leads(descriptor: int) -> str:
    """Where a descriptor of the play leads, or nothing."""
    try:
        target = os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""
    return target.split(":")[0] if ":" in target else os.path.basename(target)


def facts(world: World) -> dict[str, str]:
    """What only the play's own process can tell: its children have not got the span socket."""
    found = {descriptor: leads(descriptor) for descriptor in range(4096)}
    found = {descriptor: target for descriptor, target in found.items() if target}
    sockets = [descriptor for descriptor, target in found.items() if target == "socket"]
    told = {"descriptors": ",".join(found.values())}
    for name, address in (("elsewhere", unix(world["unix"]["stream"])), ("anew", struct.pack("H14x", 0))):
        try:
            connect(sockets[0], address)
            told[f"connect the span socket {name}"] = "done"
        except OSError as error:
            told[f"connect the span socket {name}"] = errno.errorcode[error.errno or 0]
    return told


@action("variable")
def _variable(world: World) -> str:
    return os.environ.get(world["variable"], "none")


@action("variable of a program")
def _variable_of_program(world: World) -> str:
    lines = subprocess.run(["/usr/bin/env"], capture_output=True, text=True, check=True).stdout
    return "none" if world["variable"] not in lines else "found"


def block(path: str, name: str) -> str:
    with open(path, "rb") as file:
        return "none" if name.encode() not in file.read() else "found"


ACTIONS["variable in its block"] = lambda world: block("/proc/self/environ", world["variable"])
ACTIONS["variable in the block of its parent"] = lambda world: block(f"/proc/{os.getppid()}/environ", world["variable"])


@action("variable in memory")
def _memory(world: World) -> str:
    # Both backwards: else what is looked for would be found where it is asked for.
    wanted = world["value_backwards"].encode()
    with open("/proc/self/maps") as file:
        maps = [line.split() for line in file]
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in maps:
            first, end = (int(digits, 16) for digits in line[0].split("-"))
            if not line[1].startswith("rw") or end - first > 1 << 28:
                continue
            memory.seek(first)
            if wanted in memory.read(end - first)[::-1]:
                return "found"
    return "none"


# -- the network --

for name, family in (("4", AF_INET), ("6", AF_INET6)):
    for port in ("allowed", "other"):
        ACTIONS[f"tcp{name} {port}"] = lambda world, family=family, port=port, name=name: connect(
            new(family, STREAM), internet(family, world["tcp"][port + name])
        )
    ACTIONS[f"udp{name}, send"] = lambda world, family=family, name=name: send(
        new(family, DGRAM), internet(family, world["tcp"]["other" + name])
    )
    ACTIONS[f"udp{name}, connect"] = lambda world, family=family, name=name: connect(
        new(family, DGRAM), internet(family, world["tcp"]["other" + name])
    )
    ACTIONS[f"raw{name}"] = lambda _world, family=family: os.close(new(family, RAW, 1))
    ACTIONS[f"ping{name}"] = lambda _world, family=family: os.close(new(family, DGRAM, 1 if family == AF_INET else 58))
    ACTIONS[f"multipath{name} other"] = lambda world, family=family, name=name: connect(
        new(family, STREAM, MPTCP), internet(family, world["tcp"]["other" + name])
    )
    for how, sends in (("send", send), ("send message", send_message)):
        ACTIONS[f"fast open{name} other, {how}"] = lambda world, family=family, name=name, sends=sends: sends(
            new(family, STREAM), internet(family, world["tcp"]["other" + name]), MSG_FASTOPEN
        )
    ACTIONS[f"fast open{name} other, send messages"] = lambda world, family=family, name=name: send_message(
        new(family, STREAM), internet(family, world["tcp"]["other" + name]), MSG_FASTOPEN, several=True
    )
    ACTIONS[f"listen{name}"] = lambda _world, family=family: checked(
        libc.bind(new(family, STREAM), internet(family, 0), len(internet(family, 0)))
    )
    ACTIONS[f"listen{name} unbound"] = lambda _world, family=family: checked(libc.listen(new(family, STREAM), 1))
    ACTIONS[f"shared memory{name}"] = lambda _world, family=family: os.close(new(family, STREAM, SMC))
    ACTIONS[f"sctp{name}"] = lambda _world, family=family: os.close(new(family, STREAM, SCTP))
    ACTIONS[f"sctp{name} packets"] = lambda _world, family=family: os.close(new(family, SEQPACKET, SCTP))
    ACTIONS[f"udplite{name}"] = lambda _world, family=family: os.close(new(family, DGRAM, UDPLITE))
    ACTIONS[f"packet of old{name}"] = lambda _world, family=family: os.close(new(family, PACKET, 0x300))


@action("mapped tcp other")
def _mapped(world: World) -> None:
    address = struct.pack("=H", AF_INET6) + struct.pack(
        ">HI16sI", world["tcp"]["other4"], 0, bytes(10) + b"\xff\xff\x7f\0\0\1", 0
    )
    connect(new(AF_INET6, STREAM), address)


for name, family, kind, protocol in (
    ("packet", AF_PACKET, RAW, 0x300),
    ("algorithm", AF_ALG, SEQPACKET, 0),
    ("machine", AF_VSOCK, STREAM, 0),
    ("express data", AF_XDP, RAW, 0),
    ("netlink routes", AF_NETLINK, RAW, 0),
    ("netlink sockets", AF_NETLINK, RAW, 4),
    ("netlink transforms", AF_NETLINK, RAW, 6),
    ("netlink audit", AF_NETLINK, RAW, 9),
    ("netlink filters", AF_NETLINK, RAW, 12),
    ("netlink events", AF_NETLINK, DGRAM, 15),
    ("netlink generic", AF_NETLINK, RAW, 16),
):
    ACTIONS[name] = lambda _world, family=family, kind=kind, protocol=protocol: os.close(new(family, kind, protocol))


@action("name")
def _name(_world: World) -> None:
    try:
        subprocess.run(["/usr/bin/getent", "ahosts", "nowhere.invalid"], check=False, timeout=10)
        socket.getaddrinfo("localhost", 80)
    except socket.gaierror as error:
        raise OSError(13, str(error)) from error


@action("read the state of the network")
def _state(_world: World) -> str:
    with open("/proc/net/tcp") as file:
        return "some" if len(file.readlines()) > 1 else "none"


@flow(sandbox=SANDBOX)  # type: ignore[arg-type]
def main(world: World) -> dict[str, str]:
    told = facts(world)
    return outcomes(world) | told
