"""What `@flow(sandbox={…})` takes: checked where it is written. Must not know what comes of it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypedDict

    class Sandbox(TypedDict, total=False):
        """What a flow needs that not every play may have; see `@flow`."""

        network: bool | list[int] | None
        subprocess: bool | None
        memory_mb: int | None
        processes: int | None
        disk_mb: int | None
        cpu_s: int | None
        wall_s: int | None
        read: list[str] | None
        write: list[str] | None
        env: list[str] | None


_PORT_MAX = 65535
# Mebibytes whose bytes fit into 64 bits, and seconds; processes that Linux can number.
_LIMIT_MAX = 1 << 40
_PROCESSES_MAX = 1 << 22


def _is_limit(value: Any) -> bool:
    return bool(0 < value <= _LIMIT_MAX)


def _is_number_of_processes(value: Any) -> bool:
    return bool(0 < value <= _PROCESSES_MAX)


def _is_network(value: Any) -> bool:
    return isinstance(value, bool) or all(0 < port <= _PORT_MAX for port in value)


def _are_paths(value: Any) -> bool:
    return all(path.startswith("/") and ".." not in path.split("/") and "\0" not in path for path in value)


def _are_names(value: Any) -> bool:
    return all(name and "=" not in name and "\0" not in name for name in value)


# What each setting takes: in words, of which types, of which type its items are, and which values of those.
_SETTINGS: dict[str, tuple[str, tuple[type, ...], type, Callable[[Any], bool]]] = {
    "network": (f"True, False or a list of TCP ports, 1 to {_PORT_MAX}", (bool, list), int, _is_network),
    "subprocess": ("True or False", (bool,), object, lambda _value: True),
    "memory_mb": ("mebibytes, a whole number, 1 to 2**40", (int,), object, _is_limit),
    "processes": ("a number of processes and threads, 1 to 2**22", (int,), object, _is_number_of_processes),
    "disk_mb": ("mebibytes, a whole number, 1 to 2**40", (int,), object, _is_limit),
    "cpu_s": ("seconds, a whole number, 1 to 2**40", (int,), object, _is_limit),
    "wall_s": ("seconds, a whole number, 1 to 2**40", (int,), object, _is_limit),
    "read": ("a list of absolute paths without `..`", (list,), str, _are_paths),
    "write": ("a list of absolute paths without `..`", (list,), str, _are_paths),
    "env": ("a list of names of variables", (list,), str, _are_names),
}


def check_sandbox(wish: dict[str, Any]) -> None:
    """TypeError or ValueError on what `sandbox` does not take, which names the setting and says what it takes."""
    for name, value in wish.items():
        if name not in _SETTINGS:
            from difflib import get_close_matches

            close = get_close_matches(str(name), _SETTINGS, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(_SETTINGS)}"
            raise TypeError(f"sandbox has no setting {name!r}; {hint}")
        if value is None:
            continue
        words, kinds, item, fits = _SETTINGS[name]
        items = value if isinstance(value, list) else []
        is_kind = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
        if not is_kind or not all(isinstance(each, item) and not isinstance(each, bool) for each in items):
            raise TypeError(f"sandbox {name} must be {words}, not {value!r}")
        if not fits(value):
            raise ValueError(f"sandbox {name} must be {words}, not {value!r}")
