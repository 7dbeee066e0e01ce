"""What a flow may ask of the library: to find workflows, to keep a source, to choose a version.

Each is a recorded call, so a replay goes on with what was found the first time. Must not know how a call is recorded.
"""

from __future__ import annotations

from . import _frames
from ._engine import outside
from ._json import write_json
from ._scope import current
from ._step import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any

# What one question may have: a frame has a little more.
BYTES_MAX = 1_000_000
DEPTH_MAX = 60
_NEEDED = frozenset({"query", "source", "name", "workflow"})
_ERRORS: dict[str, type[Exception]] = {
    "not_found": LookupError,
    "no_version_fits": LookupError,
    "invalid_params": ValueError,
    "invalid_source": ValueError,
}


def _check(ask: str, params: dict[str, Any]) -> None:
    """TypeError or ValueError on what the runtime could not even read."""
    for name in ("query", "source", "name", "entry", "description", "note", "workflow"):
        value = params.get(name)
        if not isinstance(value, str | None) or (value is None and name in params and name in _NEEDED):
            raise TypeError(f"flow.library.{ask}: {name} is text, not {type(value).__name__}")
    if any(not isinstance(tag, str) for tag in params.get("tags", ())):
        raise TypeError(f"flow.library.{ask}: tags are text")
    try:
        text = write_json(params).encode()
    except UnicodeEncodeError:
        raise ValueError(f"flow.library.{ask}: there is half a surrogate pair in it, which is no text") from None
    except (TypeError, ValueError, RecursionError):
        raise TypeError(f"flow.library.{ask}: what it is given has no form in JSON") from None
    if len(text) > BYTES_MAX:
        raise ValueError(f"flow.library.{ask}: {len(text)} bytes are more than the {BYTES_MAX} that it takes")
    if _is_deeper(params, DEPTH_MAX):
        raise ValueError(f"flow.library.{ask}: more than {DEPTH_MAX} levels are within each other")


def _is_deeper(value: Any, levels: int) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in items)


def _asker(ask: str, params: dict[str, Any]) -> Callable[[], Any]:
    """Asks the library when it is called, which blocks the thread. Made in the scope of the call that asks."""
    scope = current.get()
    if scope is None:
        error = outside(f"flow.library.{ask}")
        if error is not None:
            raise error
        raise RuntimeError("flow.library needs the runtime: start the file with `hero_logic run FILE`")
    _check(ask, params)
    engine, span = scope.engine, scope.engine.span_of(scope)
    frame = _frames.library(span, ask, {name: value for name, value in params.items() if value is not None})

    def asked() -> Any:
        answer = engine.ask(frame)
        if answer["t"] == "library_error":
            hint = answer.get("hint")
            text = f"{answer['message']}; {hint}" if hint else answer["message"]
            raise _ERRORS.get(answer["code"], RuntimeError)(text)
        return answer["result"]

    return asked


def _ask_now(ask: str) -> Callable[..., Any]:
    def asked(**params: Any) -> Any:
        return _given(ask, params, _asker(ask, params)())

    return asked


def _ask_soon(ask: str) -> Callable[..., Any]:
    async def asked(**params: Any) -> Any:
        import asyncio

        result = await asyncio.get_running_loop().run_in_executor(None, _asker(ask, params))
        return _given(ask, params, result)

    return asked


def _given(ask: str, params: dict[str, Any], result: Any) -> Any:
    """What the flow gets of an answer."""
    if ask == "search":
        return result["hits"]
    return {"name": f"{params['workflow']}@{result['version']}", **result} if ask == "pick_version" else result


def _steps(ask: str) -> tuple[Step, Step]:
    """For plain code, and for coroutines."""
    now, soon = (Step(function(ask), name=f"library.{ask}", kind="rpc") for function in (_ask_now, _ask_soon))
    return now, soon


_SEARCH, _SEARCH_SOON = _steps("search")
_SAVE, _SAVE_SOON = _steps("save")
_PICK, _PICK_SOON = _steps("pick_version")


def _labels(tags: Iterable[str]) -> list[str]:
    if isinstance(tags, str):
        raise TypeError(f"tags are a list of labels, such as [{tags!r}]")
    return list(tags)


def _wanted(
    query: str,
    inputs: dict[str, Any] | None,
    outputs: dict[str, Any] | None,
    tags: Iterable[str],
    limit: int | None,
    min_score: float | None,
) -> dict[str, Any]:
    given = {"query": query, "inputs": inputs, "outputs": outputs, "limit": limit, "min_score": min_score}
    return {**given, "tags": _labels(tags)}


def _kept(
    source: str, name: str, entry: str | None, description: str | None, tags: Iterable[str], note: str | None
) -> dict[str, Any]:
    given = {"source": source, "name": name, "entry": entry, "description": description, "note": note}
    return {**given, "tags": _labels(tags)}


def _choice(
    workflow: str,
    cost: float,
    speed: float,
    accuracy: float,
    max_cost_usd: float | None,
    max_p95_ms: float | None,
    min_accuracy: float | None,
) -> dict[str, Any]:
    limits = {"max_cost_usd": max_cost_usd, "max_p95_ms": max_p95_ms, "min_accuracy": min_accuracy}
    return {
        "workflow": workflow,
        "weights": {"cost": cost, "speed": speed, "accuracy": accuracy},
        "limits": {name: limit for name, limit in limits.items() if limit is not None},
    }


class Library:
    """`flow.library`."""

    @staticmethod
    def search(
        query: str = "",
        *,
        inputs: dict[str, Any] | None = None,
        outputs: dict[str, Any] | None = None,
        tags: Iterable[str] = (),
        limit: int | None = None,
        min_score: float | None = None,
    ) -> list[dict[str, Any]]:
        """The workflows that do what the query says, best first; none where nothing in the library fits. Recorded.

        - `query`: in anybody's words, at most 1,000 characters. `inputs`, `outputs`: what the flow has, and what it
          wants, a JSON Schema or the name of a type by name. `tags`: labels that all must be there.
        - `limit`: 10 unless told. `min_score`: 0 to 1.

        Each is a dict with `workflow` (its name, for `flow.invoke`), `version`, `score`, `why` (in words),
        `description`, `tags`, `inputs`, `outputs` (JSON Schemas) and `statistics` (how it has fared). ValueError for
        what is no query.
        """
        from ._declared import call_now

        hits: list[dict[str, Any]] = call_now(_SEARCH, (), _wanted(query, inputs, outputs, tags, limit, min_score))
        return hits

    @staticmethod
    def save(
        source: str,
        *,
        name: str,
        entry: str | None = None,
        description: str | None = None,
        tags: Iterable[str] = (),
        note: str | None = None,
    ) -> dict[str, Any]:
        """Keep Python source as a workflow of this name, or as the next version of the one that has it. Recorded.

        A further version does not run unless it is asked for: what runs under a name is for people, or for a gate, to
        change. The same source again is the same version. `description` and `tags` are of a new workflow.

        Gives `workflow` (name), `workflow_sid`, `version` (number), `version_sid` and `is_current`. ValueError for a
        source that cannot be loaded, and for a name that no workflow may have; RuntimeError for the 101st of a process.
        """
        from ._declared import call_now

        saved: dict[str, Any] = call_now(_SAVE, (), _kept(source, name, entry, description, tags, note))
        return saved

    @staticmethod
    def pick_version(
        workflow: str,
        *,
        cost: float = 0.0,
        speed: float = 0.0,
        accuracy: float = 0.0,
        max_cost_usd: float | None = None,
        max_p95_ms: float | None = None,
        min_accuracy: float | None = None,
    ) -> dict[str, Any]:
        """The version that is best by what counts, among those that keep the limits, by what was measured. Recorded.

        - `cost`, `speed`, `accuracy`: weights, of which one at least is more than 0.
        - `max_cost_usd`: a run's mean cost; `max_p95_ms`: the time of 95 of 100 runs; `min_accuracy`: 0 to 1.

        Gives `name` (for `flow.invoke`, such as `trip@3`), `version`, `version_sid`, `reason` (in words) and `scores`.
        LookupError where there is no such workflow, or no version keeps the limits.
        """
        from ._declared import call_now

        choice = _choice(workflow, cost, speed, accuracy, max_cost_usd, max_p95_ms, min_accuracy)
        picked: dict[str, Any] = call_now(_PICK, (), choice)
        return picked


class AsyncLibrary:
    """`flow.aio.library`: the same for coroutines."""

    @staticmethod
    def search(
        query: str = "",
        *,
        inputs: dict[str, Any] | None = None,
        outputs: dict[str, Any] | None = None,
        tags: Iterable[str] = (),
        limit: int | None = None,
        min_score: float | None = None,
    ) -> Coroutine[Any, Any, list[dict[str, Any]]]:
        """Workflows that do what the query says; see `flow.library.search`."""
        from ._declared import start

        return start(_SEARCH_SOON, (), _wanted(query, inputs, outputs, tags, limit, min_score))

    @staticmethod
    def save(
        source: str,
        *,
        name: str,
        entry: str | None = None,
        description: str | None = None,
        tags: Iterable[str] = (),
        note: str | None = None,
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        """Keep Python source; see `flow.library.save`."""
        from ._declared import start

        return start(_SAVE_SOON, (), _kept(source, name, entry, description, tags, note))

    @staticmethod
    def pick_version(
        workflow: str,
        *,
        cost: float = 0.0,
        speed: float = 0.0,
        accuracy: float = 0.0,
        max_cost_usd: float | None = None,
        max_p95_ms: float | None = None,
        min_accuracy: float | None = None,
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        """The best version; see `flow.library.pick_version`."""
        from ._declared import start

        choice = _choice(workflow, cost, speed, accuracy, max_cost_usd, max_p95_ms, min_accuracy)
        return start(_PICK_SOON, (), choice)
