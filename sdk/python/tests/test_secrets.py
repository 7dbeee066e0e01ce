"""`flow.secret`: declared by the entry flow, sent by the runtime, read from the environment without one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hero_tracing import flow, testing

unchecked: Any = flow

SECRETS = {"API_KEY": "correct horse", "TOKEN": 'battery "staple"\n'}


@flow
def call(name: str) -> int:
    return len(flow.secret(name))


@flow(secrets=["API_KEY", "TOKEN"])
def main() -> list[Any]:
    return [flow.secret("API_KEY"), flow.secret("TOKEN"), call("API_KEY"), flow.gather(lambda: flow.secret("TOKEN"))]


@flow
async def acall() -> str:
    return flow.aio.secret("API_KEY")


@flow(secrets=("API_KEY",))
async def amain() -> list[Any]:
    return [flow.aio.secret("API_KEY"), await acall()]


@flow(secrets=["API_KEY"])
def asks_for_more() -> str:
    return flow.secret("OTHER")


@pytest.mark.parametrize("process", [False, True])
def test_the_values_of_declared_secrets_are_given(process: bool) -> None:
    result = testing.run(main, secrets=SECRETS, always_replay=not process, process=process)
    assert result.value == [*SECRETS.values(), len(SECRETS["API_KEY"]), [SECRETS["TOKEN"]]]
    assert testing.run(amain, secrets=SECRETS).value == [SECRETS["API_KEY"]] * 2


def test_a_name_that_is_not_declared_says_how_to_declare_it() -> None:
    result = testing.run(asks_for_more, secrets={"API_KEY": "correct horse", "OTHER": "is not told"})
    assert result.status == "failed"
    assert isinstance(result.error, flow.NoSecret) and isinstance(result.error, LookupError)
    assert "@flow(secrets=['OTHER'])" in str(result.error)


def test_the_environment_stands_in_where_there_is_no_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(flow.NoSecret, match="HERO_SECRET_API_KEY"):
        testing.run(amain)
    with pytest.raises(flow.NoSecret, match="HERO_SECRET_API_KEY"):
        asks = flow.secret
        asks("API_KEY")
    monkeypatch.setenv("HERO_SECRET_API_KEY", "of the environment")
    assert testing.run(amain).value == ["of the environment"] * 2
    assert testing.run(amain, secrets=SECRETS).value == [SECRETS["API_KEY"]] * 2
    assert flow.secret("API_KEY") == "of the environment"
    # Plain Python: what stands in the environment need not be declared.
    assert call("API_KEY") == len("of the environment")


@pytest.mark.parametrize("name", ["", "api_key", "2KEY", "KEY-2", "KEY ", "ÄPI", "K" * 101, "correct horse"])
def test_a_name_that_is_none_is_refused_and_not_told(name: str) -> None:
    with pytest.raises(ValueError, match="secrets must be a list of names"):
        flow(secrets=[name])
    with pytest.raises(flow.NoSecret, match="takes the name of a secret") as caught:
        flow.secret(name)
    assert not name or repr(name) not in str(caught.value)


@pytest.mark.parametrize("names", ["API_KEY", {"API_KEY": "value"}, 1, True])
def test_names_come_in_a_list(names: object) -> None:
    with pytest.raises(TypeError, match="secrets must be a list of names"):
        unchecked(secrets=names)


def test_a_file_says_which_it_declares() -> None:
    from hero_tracing._declared import find

    options = {name: find(__name__, name).step.options for name in ("main", "amain", "call")}
    assert options["main"] == {"secrets": ["API_KEY", "TOKEN"]}
    assert options["amain"] == {"secrets": ["API_KEY"]}
    assert options["call"] == {}
    assert "secrets" not in find(__name__, flow(secrets=None)(lambda: 1)).step.options


FILE = """
from hero_tracing import flow

@flow(secrets=["API_KEY"])
def main() -> str:
    return flow.secret("API_KEY")

if __name__ == "__main__":
    print(main())
"""


def test_a_file_gets_them_from_the_runtime_and_by_plain_python_from_the_environment(tmp_path: Path) -> None:
    assert testing.run_file("keys.py", FILE, secrets=SECRETS).value == SECRETS["API_KEY"]
    file = tmp_path / "keys.py"
    file.write_text(FILE)
    package = Path(__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": str(package), "HERO_SECRET_API_KEY": "plain value"}
    told = subprocess.run([sys.executable, str(file)], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout == "plain value\n"


def test_it_is_no_constant_of_the_file() -> None:
    """While a file is imported to be described there is no play, and no value."""
    from hero_tracing import _secrets
    from hero_tracing._engine import Engine

    nothing = {"play_sid": "plain", "attempt": 1, "workdir": "", "blob_dir": "", "records": [], "started": []}
    engine = Engine(unchecked, nothing)
    with pytest.raises(flow.NoSecret, match="not while the file is imported"):
        _secrets.value_of("API_KEY", engine)
