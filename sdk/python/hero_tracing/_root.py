"""The root of the tree: the entry flow, run as the call above all others. Its outcome is the play's, not a record."""

from __future__ import annotations

from . import _alarm, _frames
from ._call import next_scope, retry_frame
from ._leftovers import Leftovers
from ._outcome import described
from ._scope import CALL, Scope, current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._declared import Declared
    from ._engine import Engine
    from ._step import Step


def run_root(engine: Engine, said: Declared, path: str, values: dict[str, Any]) -> Any:
    """What the flow's function returns; raises what it raises."""
    step = said.step
    number = engine.records.started.pop(path, 1)
    engine.resume_when = said.resume_when
    span = engine.next_id()
    line = getattr(getattr(said.function, "__code__", None), "co_firstlineno", 0)
    inputs = step.shown_inputs((), values)
    engine.entered()
    engine.wire.send(
        _frames.begin(
            span,
            0,
            path,
            "flow",
            step.name_json,
            line=line,
            inputs=inputs,
            tags=step.tags_json,
            number=number if number > 1 else 0,
        )
    )
    root = Scope(engine, CALL, path, step.name, None, span)
    root.keep = step.retries > 0
    root, value, error = _tries(engine, step, root, values, number)
    engine.finish_lines(root)
    engine.left(root)
    if error is not None:
        engine.origin = root.origin_of(error)
    if engine.stop is None:
        if error is None:
            engine.wire.send(_frames.end(span, "ok"))
        elif isinstance(error, KeyboardInterrupt):
            engine.wire.send(_frames.end(span, "cancelled"))
        else:
            engine.wire.send(_frames.end(span, "failed", error=described(error, engine.origin)))
    if error is not None:
        try:
            raise error
        finally:
            del error
    return value


def _tries(
    engine: Engine, step: Step, root: Scope, values: dict[str, Any], number: int
) -> tuple[Scope, Any, BaseException | None]:
    limit = max(step.retries + 1, number)
    while True:
        value, error = _body(engine, step, root, values)
        if error is None or engine.stop is not None or number >= limit or not step.is_retried(error):
            return root, value, error
        number += 1
        root.supersede()
        Leftovers(engine, root.path).wait()
        frame, delay = retry_frame(engine, step, root, error, number)
        del error
        engine.wait(engine.wire.send_numbered(frame))
        engine.records.drop_failed(root.path)
        root = next_scope(engine, root)
        _alarm.sleep(engine.clock, delay)


def _body(engine: Engine, step: Step, root: Scope, values: dict[str, Any]) -> tuple[Any, BaseException | None]:
    if step.is_async:
        from ._acall import root_body

        return root_body(engine, step, root, values)
    token = current.set(root)
    try:
        if step.timeout is None:
            return _alarm.run_body(step.function, (), values), None
        return _alarm.limited(engine.clock, step.name, step.timeout, _alarm.run_body, step.function, (), values), None
    except BaseException as error:
        return None, error
    finally:
        current.reset(token)
