"""What a child opens of what it may have, whatever the names lead to at that moment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hero_tracing import _confine, _probe


def confinement(home: Path, granted: list[Path]) -> _confine.Confinement:
    """Of a fork server that has not prepared anything."""
    paths = {"plays": str(home / ".hero/var/plays"), "granted": [str(path) for path in granted], "read": []}
    rest = {"level": "default", "temporary_mb": 1, "filters": {}, "uids": None, "without": []}
    return _confine.Confinement({**paths, **rest})


def names(places: list[int]) -> list[str]:
    found = [os.readlink(f"/proc/self/fd/{place}") for place in places]
    for place in places:
        os.close(place)
    return found


def test_a_link_that_was_put_in_the_way_is_not_followed_out(tmp_path: Path) -> None:
    home, data, beyond = tmp_path / "home", tmp_path / "data", tmp_path / "beyond"
    for directory in (home / ".hero/var/plays", data / "deep", beyond):
        directory.mkdir(parents=True)
    confined = confinement(home, [data])
    (data / "in").symlink_to("deep")
    assert names(confined._places([str(data), str(data / "in"), str(data / "none")])) == [str(data), str(data / "deep")]
    (data / "out").symlink_to(beyond)
    for path in (data / "out", beyond, tmp_path):
        with pytest.raises(PermissionError, match="beyond what may be allowed"):
            confined._places([str(path)])


def test_what_is_hero_logics_own_is_opened_to_nobody(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".hero/var/plays/play").mkdir(parents=True)
    (home / "data").mkdir()
    confined = confinement(home, [Path("/")])
    assert names(confined._places([str(home / "data")])) == [str(home / "data")]
    for path in (Path("/"), home, home / ".hero", home / ".hero/var/plays/play"):
        with pytest.raises(PermissionError, match="beyond what may be allowed"):
            confined._places([str(path)])


def test_what_fails_without_a_layer_at_fault_ends_the_search_for_layers(tmp_path: Path) -> None:
    confined = confinement(tmp_path / "gone", [])
    confined.layers = {"cgroup"}
    with pytest.raises(SystemExit, match="no child can be confined: FileNotFoundError"):
        _probe.settle(confined)
