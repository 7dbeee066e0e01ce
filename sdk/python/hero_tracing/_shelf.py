"""The library of a test: names, and the sources of their files, described as the runtime does it, but in this process.

Must not know plays.
"""

from __future__ import annotations

import sys
from contextvars import copy_context
from hashlib import sha256

from . import _declared, _loader
from ._scope import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Shelf(dict[str, str]):
    """Sources by the names of their workflows. One that is put in the place of another is the next version."""

    def __init__(self, sources: dict[str, str] | None = None) -> None:
        super().__init__(sources or {})
        self._versions: dict[str, list[str]] = {}

    def current(self, name: str) -> tuple[dict[str, Any], list[str]]:
        """What a process is told of the version that stands there now, and the secrets that it declares.

        `name@2` is that version of it. Raises LookupError with a hint, and LoadError on a file that cannot be run.
        """
        source = self.get(name)
        if source is None:
            known, _, number = name.rpartition("@")
            versions = self._known(known) if number.isdecimal() else []
            if not 1 <= int(number if versions else 0) <= len(versions):
                raise LookupError(self._instead_of(name))
            return self._told(name, known, versions[int(number) - 1], int(number))
        versions = self._known(name)
        return self._told(name, name, source, versions.index(source) + 1)

    def asked(self, ask: str, params: dict[str, Any]) -> dict[str, Any]:
        """What a flow asks of the library. It is no more than a test needs: words are found as they are, and of the
        versions the current one is picked. Raises Refusal."""
        if ask == "save":
            return self._save(params["name"], params["source"])
        if ask == "pick_version":
            name = params["workflow"]
            if name not in self:
                raise Refusal("not_found", f"no workflow {name!r}; {self._instead_of(name)}")
            return {"version": self._known(name).index(self[name]) + 1, "reason": "a test has no figures", "scores": []}
        words = params["query"].lower().split()
        if not words:
            raise Refusal("invalid_params", "the query is empty")
        found = [self._hit(name, words) for name in self]
        hits = sorted((hit for hit in found if hit["score"]), key=lambda hit: -hit["score"])
        return {"hits": hits[: params.get("limit", 10)], "nearest": None, "searched": len(self)}

    def _hit(self, name: str, words: list[str]) -> dict[str, Any]:
        told, _ = self.current(name)
        description = copy_context().run(_described, told["file_name"], told["source"])["description"]
        text = f"{name} {description}".lower()
        why = [word for word in words if word in text]
        shown = {key: told[key] for key in ("workflow", "version", "inputs", "outputs")}
        evidence = {"why": why, "description": description, "tags": [], "statistics": {"runs": 0}}
        return {**shown, "score": len(why) / len(words), **evidence}

    def _save(self, name: str, source: str) -> dict[str, Any]:
        try:
            copy_context().run(_described, f"{name}.py", source)
        except _loader.LoadError as error:
            raise Refusal("invalid_source", str(error)) from None
        versions = self._known(name)
        if source not in versions:
            versions.append(source)
        number = versions.index(source) + 1
        self.setdefault(name, source)
        saved = {"workflow": name, "version": number, "version_sid": _sid(source)}
        return {
            **saved,
            "workflow_sid": f"wf_{sha256(name.encode()).hexdigest()[:26]}",
            "is_current": self[name] == source,
        }

    def _known(self, name: str) -> list[str]:
        """The sources of all versions of a name, with the one that stands there now."""
        versions = self._versions.setdefault(name, [])
        if name in self and self[name] not in versions:
            versions.append(self[name])
        return versions

    def _told(self, name: str, workflow: str, source: str, number: int) -> tuple[dict[str, Any], list[str]]:
        flow = copy_context().run(_described, f"{workflow}.py", source)
        told = {
            "name": name,
            "workflow": workflow,
            "version": number,
            "version_sid": _sid(source),
            "file_name": f"{workflow}.py",
            "source": source,
            "entry": flow["function"],
            "inputs": flow["inputs"],
            "outputs": flow["outputs"],
        }
        return told, flow["options"].get("secrets", [])

    def _instead_of(self, name: str) -> str:
        from difflib import get_close_matches

        close = get_close_matches(name, self, 3)
        return f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted(self))}"


class Refusal(Exception):
    """Why the library does not answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _sid(source: str) -> str:
    return f"ver_{sha256(source.encode()).hexdigest()[:26]}"


def _described(file_name: str, source: str) -> dict[str, Any]:
    current.set(None)
    name = "hero_flow_described"
    try:
        module = _loader.load(file_name, source, module_name=name)
        return _loader.describe_flow(_loader.entry_of(module, None))
    finally:
        sys.modules.pop(name, None)
        _declared.declared.pop(name, None)
