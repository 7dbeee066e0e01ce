"""Paths of the system that processes of plays may reach, on whatever distribution; what is not there does not count."""

from __future__ import annotations

import os
import sys

# What programs of every kind read.
_NAMES = "/usr /lib /lib32 /lib64 /bin /sbin /opt /nix/store /sys/devices/system /sys/kernel/mm/transparent_hugepage"
SYSTEM = tuple(_NAMES.split())
# Of /etc, for who owns all of it.
_NAMES_OF_ETC = """
/etc/alternatives /etc/ca-certificates /etc/crypto-policies /etc/debian_version /etc/fonts /etc/gai.conf /etc/group
/etc/host.conf /etc/hostname /etc/hosts /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d /etc/ld.so.preload
/etc/locale.alias /etc/localtime /etc/magic /etc/mime.types /etc/nsswitch.conf /etc/openssl /etc/os-release
/etc/passwd /etc/pki /etc/protocols /etc/resolv.conf /etc/services /etc/ssl/certs /etc/ssl/openssl.cnf
/etc/terminfo /etc/timezone /etc/xml
"""
OF_ETC = tuple(_NAMES_OF_ETC.split())
# Of /proc, where it shows the processes of others too: nothing but what is about the machine.
OF_PROC = ("cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "sys/kernel", "sys/vm", "uptime", "version")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def of_interpreter() -> list[str]:
    """What this interpreter consists of, this package among it."""
    library = os.path.dirname(os.__file__)
    prefixes = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    # Where `site` has not run nobody else knows of a virtual environment, which programs begin with.
    environment = os.path.dirname(os.path.dirname(sys.executable))
    if os.path.exists(os.path.join(environment, "pyvenv.cfg")):
        prefixes.add(environment)
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return [*prefixes, library, os.path.dirname(sys.executable), package, *sys.path]


__all__ = ["DEVICES", "OF_ETC", "OF_PROC", "SYSTEM", "of_interpreter"]
