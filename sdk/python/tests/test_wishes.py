"""`@flow(sandbox={…})`: what it takes, and what is said of the rest where it is written."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from hero_tracing import flow, testing

EVERYTHING: dict[str, Any] = {
    "network": [53, 443],
    "subprocess": False,
    "memory_mb": 2048,
    "processes": 8,
    "disk_mb": 100,
    "cpu_s": 60,
    "wall_s": 600,
    "read": ["/data", "/opt/a b"],
    "write": ["/out/"],
    "env": ["REGION"],
}


@pytest.mark.parametrize(
    "wish",
    [
        EVERYTHING,
        {},
        dict.fromkeys(EVERYTHING),
        {"network": True},
        {"network": False},
        {"network": []},
        {"network": [1, 65535]},
        {"read": ["/"]},
    ],
)
def test_a_wish_is_taken_as_it_is(wish: dict[str, Any]) -> None:
    options: Any = {"sandbox": wish}

    @flow(**options)
    def main() -> int:
        return 1

    assert testing.run(main).value == 1
    declared: Any = main
    assert declared.hero_flow.step.options.get("sandbox", {}) == wish


@pytest.mark.parametrize(
    ("wish", "error", "message"),
    [
        ({"memory": 1}, TypeError, "sandbox has no setting 'memory'; did you mean memory_mb?"),
        ({"reads": ["/a"]}, TypeError, "sandbox has no setting 'reads'; did you mean read?"),
        ({"zzz": 1}, TypeError, "sandbox has no setting 'zzz'; there are network, subprocess, memory_mb"),
        ({1: 1}, TypeError, "sandbox has no setting 1; there are network"),
        ({"memory_mb": "1"}, TypeError, "sandbox memory_mb must be mebibytes, a whole number, 1 to 2**40, not '1'"),
        ({"memory_mb": 1.5}, TypeError, "sandbox memory_mb must be"),
        ({"memory_mb": True}, TypeError, "sandbox memory_mb must be"),
        (
            {"memory_mb": 10**30},
            ValueError,
            f"sandbox memory_mb must be mebibytes, a whole number, 1 to 2**40, not {10**30}",
        ),
        (
            {"processes": 2**32},
            ValueError,
            f"sandbox processes must be a number of processes and threads, 1 to 2**22, not {2**32}",
        ),
        ({"memory_mb": 0}, ValueError, "sandbox memory_mb must be mebibytes, a whole number, 1 to 2**40, not 0"),
        ({"cpu_s": -1}, ValueError, "sandbox cpu_s must be seconds"),
        ({"subprocess": 1}, TypeError, "sandbox subprocess must be True or False, not 1"),
        (
            {"network": 443},
            TypeError,
            "sandbox network must be True, False or a list of TCP ports, 1 to 65535",
        ),
        ({"network": ["443"]}, TypeError, "sandbox network must be"),
        ({"network": [True]}, TypeError, "sandbox network must be"),
        ({"network": [0]}, ValueError, "sandbox network must be"),
        ({"network": [65536]}, ValueError, "sandbox network must be"),
        ({"read": "/data"}, TypeError, "sandbox read must be a list of absolute paths without `..`, not '/data'"),
        ({"read": [Path("/data")]}, TypeError, "sandbox read must be"),
        ({"read": ["data"]}, ValueError, "sandbox read must be"),
        ({"write": ["/data/../etc"]}, ValueError, "sandbox write must be"),
        ({"write": ["~/data"]}, ValueError, "sandbox write must be"),
        ({"env": "REGION"}, TypeError, "sandbox env must be a list of names of variables, not 'REGION'"),
        ({"env": ["A=B"]}, ValueError, "sandbox env must be"),
        ({"env": [""]}, ValueError, "sandbox env must be"),
    ],
)
def test_what_is_no_wish_is_refused_where_it_is_written(wish: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        flow(sandbox=wish)


def test_the_settings_are_those_that_editors_know() -> None:
    wishes: Any = importlib.import_module("hero_tracing._wishes")
    assert list(wishes._SETTINGS) == list(EVERYTHING)
    source = Path(wishes.__file__).read_text()
    assert re.findall(r"^        (\w+): .* \| None$", source, re.MULTILINE) == list(EVERYTHING)
