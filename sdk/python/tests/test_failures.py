"""Exceptions: rebuilt the same way live and on replay, without running any code of theirs."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import threading
import traceback
import types
import zipimport
from collections.abc import Callable
from typing import Any

import pydantic
import pytest
from conftest import label, same

from hero_tracing import _failures
from hero_tracing._codec import FLOW_MODULE, decode, encode
from hero_tracing._errors import AttributeNotKept, Failed, NotRecordable
from hero_tracing._failures import StandIn, describe, encode_failure, rebuild
from hero_tracing._fingerprint import fingerprint


class Custom(Exception):
    def __init__(self, order: int, *, extra: Any) -> None:
        super().__init__(f"order {order} failed")
        self.order = order
        self.extra = extra


class NoSuper(Exception):
    def __init__(self, a: int, b: int) -> None:
        self.total = a + b


class Slotted(ValueError):
    __slots__ = ("code", "never")

    def __init__(self, code: int) -> None:
        super().__init__("slotted")
        self.code = code


class Worded(KeyError):
    def __str__(self) -> str:
        return f"worded {self.args[0]}"


class Strange(UnicodeDecodeError):
    def __init__(self) -> None:
        self.reason = "strange"


class DiskError(OSError):
    def __init__(self, code: int, message: str, disk: str) -> None:
        super().__init__(code, message, f"/dev/{disk}")
        self.disk = disk


class OddGroup(ExceptionGroup[ValueError]):
    code: int

    def __new__(cls, message: str, members: list[ValueError], code: int) -> OddGroup:
        group = super().__new__(cls, message, members)
        group.code = code
        return group


class Mixin:
    pass


class Mixed(Mixin, LookupError):
    pass


def raised(action: Callable[[], Any]) -> BaseException:
    try:
        action()
    except BaseException as error:
        return error
    raise AssertionError("it raises")


def divided() -> Exception:
    error = raised(lambda: 1 / 0)
    assert isinstance(error, Exception)
    return error


def with_notes() -> Exception:
    error = ValueError("noted")
    error.add_note("first")
    error.add_note("second")
    return error


def from_cause(cause: BaseException | None) -> BaseException:
    def action() -> None:
        try:
            raise KeyError("context")
        except KeyError:
            raise Custom(1, extra=(1, 2)) from cause

    return raised(action)


def changed_slots() -> BaseException:
    error = StopIteration(1)
    error.value = (2, 3)
    return error


CASES: list[BaseException] = [
    *(
        ValueError(),
        ValueError("no"),
        ValueError("a", (1, 2), {3}),
        KeyError("k"),
        IndexError(5),
        RuntimeError("\ud800"),
    ),
    *(StopIteration((1,)), StopAsyncIteration(1), SystemExit(3), SystemExit("text"), SystemExit(), GeneratorExit()),
    *(changed_slots(), MemoryError(), RecursionError("deep"), KeyboardInterrupt(), NotImplementedError()),
    *(OSError("text"), OSError(5, "io"), FileNotFoundError(2, "gone", "/f"), OSError(18, "x", "/a", None, "/b")),
    *(BlockingIOError(11, "again", 7), TimeoutError(), ConnectionResetError(104, "reset"), InterruptedError(4, "x")),
    *(raised(lambda: os.stat("/no/such")), raised(lambda: b"\xff".decode()), raised(lambda: "\ud800".encode())),
    *(UnicodeTranslateError("abc", 1, 2, "odd"), raised(lambda: compile("a b", "f.py", "exec"))),
    *(SyntaxError("bad", ("f.py", 1, 2, "text", 1, 3)), raised(lambda: compile("if 1:\n\tx\n  y", "t", "exec"))),
    *(raised(lambda: __import__("no_such_module")), ImportError("x", name="n", path="p")),
    *(raised(lambda: undefined_name), raised(lambda: None.nothing), raised(lambda: 1 / 0)),  # type: ignore[name-defined, attr-defined] # noqa: F821
    *(Custom(1, extra=[1]), NoSuper(1, 2), Slotted(7), Worded("w"), DiskError(5, "m", "sda"), Mixed("m")),
    *(with_notes(), from_cause(None), from_cause(ValueError("why")), from_cause(with_notes())),
    ExceptionGroup("g", [ValueError(1), Custom(2, extra=None), ExceptionGroup("h", [KeyError("k")])]),
    *(BaseExceptionGroup("b", [SystemExit(1), ValueError()]), OddGroup("odd", [ValueError(1)], 9)),
    *(asyncio.CancelledError("c"), asyncio.QueueFull(), asyncio.IncompleteReadError(b"ab", 5)),
    *(subprocess.CalledProcessError(3, ["a", "b"], b"out"), raised(lambda: json.loads("{"))),
    *(
        zipimport.ZipImportError("z"),
        UserWarning("w"),
        Failed("clean"),
        NotRecordable("n", path_in_value=".a", hint="h"),
    ),
]


C_FIELDS = (  # noqa: SIM905 - quoted names would not read better
    "value code name path obj errno strerror filename filename2 characters_written"
    " object start end reason msg lineno offset text"
).split(" ")


def visible(error: BaseException | None) -> Any:
    """All that a flow can see of an exception, as comparable values."""
    if error is None:
        return None
    slots = {
        name: getattr(error, name, None)
        for name in C_FIELDS
        if not isinstance(getattr(error, name, None), types.ModuleType | tuple)
    }
    state = {name: value for name, value in vars(error).items() if name != "__hero_frames__"}
    members = [visible(member) for member in getattr(error, "exceptions", ())]
    args = [] if isinstance(error, BaseExceptionGroup) else error.args
    return [type(error), str(error), args, slots, state, members, visible(error.__cause__), error.__suppress_context__]


@pytest.mark.parametrize("error", CASES, ids=label)
def test_a_failure_comes_back_equal(error: BaseException) -> None:
    text = encode_failure(error)
    text.encode("ascii", "strict") if text.isascii() else text.encode()
    back = rebuild(text)
    assert same(visible(back), visible(error)), text
    assert encode_failure(back) == text
    assert back is not error and back.__traceback__ is None and back.__context__ is None


@pytest.mark.parametrize("error", CASES, ids=label)
def test_live_and_replayed_are_equal_through_several_calls(error: BaseException) -> None:
    live = rebuild(encode_failure(error))
    text = encode_failure(raised(lambda: throw(live)))
    assert encode_failure(rebuild(text)) == text
    assert same(visible(rebuild(text)), visible(error))


def throw(error: BaseException) -> None:
    raise error


def test_an_exception_within_a_value_is_kept() -> None:
    results = [1, ValueError("a"), {"deep": (Custom(1, extra=(2,)),)}]
    back = decode(encode(results))
    assert same(back, results)


def test_no_code_of_the_class_runs() -> None:
    error = Guarded.__new__(Guarded, "x")
    vars(error)["a"] = 1
    back = rebuild(encode_failure(error))
    assert type(back) is Guarded and vars(back) == {"a": 1} and back.args == ("x",)


class Guarded(Exception):
    def __init__(self) -> None:
        raise AssertionError("not to be run")

    def __setattr__(self, name: str, value: object) -> None:
        raise AssertionError("not to be run")

    def __reduce__(self) -> Any:
        raise AssertionError("not to be run")


def test_the_odd_constructor_that_its_builtin_base_would_refuse() -> None:
    back = rebuild(encode_failure(Strange()))
    assert type(back) is Strange and back.reason == "strange"


def test_cycles_and_shared_exceptions_are_joined_again() -> None:
    error = ValueError("loop")
    error.me = [error, (error,)]  # type: ignore[attr-defined]
    error.__cause__ = KeyError(error)
    back: Any = rebuild(encode_failure(error))
    assert back.me[0] is back and back.me[1][0] is back and back.__cause__.args[0] is back
    own = ValueError()
    own.args = (own,)
    assert encode_failure(rebuild(encode_failure(own)))


def test_a_long_chain_of_causes_needs_no_depth() -> None:
    error: BaseException = ValueError(0)
    for number in range(1, 3000):
        outer = ValueError(number)
        outer.__cause__ = error
        error = outer
    back: BaseException | None = rebuild(encode_failure(error))
    count = 0
    while back is not None:
        back, count = back.__cause__, count + 1
    assert count == 3000


def test_a_chain_of_arguments_needs_no_depth() -> None:
    error = ValueError(0)
    for _ in range(3000):
        error = ValueError(error)
    assert isinstance(rebuild(encode_failure(error)).args[0], ValueError)


def test_too_many_exceptions_are_cut_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_failures, "EXCEPTIONS_MAX", 3)
    group = rebuild(encode_failure(ExceptionGroup("g", [ValueError(n) for n in range(5)])))
    assert isinstance(group, ExceptionGroup) and len(group.exceptions) == 2
    assert group.__notes__ == ["only 2 of the 5 exceptions of this group are kept"]
    error = ValueError(0)
    error.__cause__ = ValueError(1)
    error.__cause__.__cause__ = ValueError(2)
    error.__cause__.__cause__.__cause__ = ValueError(3)
    last = rebuild(encode_failure(error)).__cause__.__cause__  # type: ignore[union-attr]
    assert last is not None and last.__cause__ is None
    assert last.__notes__ == ["the causes from here on are not kept"]


def test_an_attribute_that_cannot_be_kept_becomes_a_stand_in() -> None:
    lock = threading.Lock()
    back: Any = rebuild(encode_failure(Custom(1, extra=lock)))
    stand_in = back.extra
    assert type(stand_in) is StandIn
    assert str(stand_in) == str(lock) and repr(stand_in) == repr(lock)
    for use in USES:
        with pytest.raises(AttributeNotKept, match=r"extra of this exception was a _thread\.lock"):
            use(stand_in)
    again: Any = rebuild(encode_failure(back))
    assert repr(again.extra) == repr(lock) and encode_failure(again) == encode_failure(back)
    with pytest.raises(NotRecordable, match="leave out the attribute"):
        encode([stand_in])
    assert fingerprint((stand_in,), {})


USES: list[Callable[[Any], Any]] = [
    *(lambda it: it.acquire(), lambda it: bool(it), lambda it: it == 1, lambda it: it != 1, lambda it: it < 1),
    *(lambda it: hash(it), lambda it: it(), lambda it: len(it), lambda it: list(it), lambda it: it["a"]),
    *(lambda it: 1 in it, lambda it: it + 1, lambda it: 1 + it, lambda it: int(it), lambda it: float(it)),
    *(lambda it: isinstance(it, int), lambda it: setattr(it, "a", 1), lambda it: it.__enter__(), lambda it: f"{it}"),
    *(lambda it: it.__class__, lambda it: hasattr(it, "a"), lambda it: getattr(it, "a", None), lambda it: -it),
]


def test_an_argument_that_cannot_be_kept_keeps_its_looks() -> None:
    lock = threading.Lock()
    back = rebuild(encode_failure(ValueError(lock)))
    assert str(back) == str(lock) and type(back.args[0]) is StandIn


def test_an_attribute_error_of_an_unrecordable_object_can_be_printed() -> None:
    back = rebuild(encode_failure(raised(lambda: threading.no_such)))  # type: ignore[attr-defined]
    assert back.name == "no_such"  # type: ignore[attr-defined]
    assert "no_such" in "".join(traceback.format_exception(back))


def test_a_large_attribute_becomes_a_stand_in_but_arguments_are_kept() -> None:
    large = "x" * (1 << 20)
    back: Any = rebuild(encode_failure(Custom(1, extra=large)))
    assert type(back.extra) is StandIn and len(str(back.extra)) == 1000
    assert rebuild(encode_failure(ValueError(large))).args == (large,)


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


def test_hostile_attributes_do_no_harm() -> None:
    back = rebuild(encode_failure(ValueError(Hostile())))
    assert "failed with RuntimeError" in str(back)
    assert "failed with RuntimeError" in describe(ValueError(Hostile()))["message"]


def test_a_class_that_cannot_be_found_becomes_its_nearest_base_with_a_note() -> None:
    class Local(Custom):
        pass

    back: Any = rebuild(encode_failure(Local(4, extra=(1,))))
    assert type(back) is Custom and back.order == 4 and back.extra == (1,)
    assert len(back.__notes__) == 1 and back.__notes__[0].startswith("was test_failures.test_a_class")
    assert back.__notes__[0].endswith("Local: order 4 failed")
    assert encode_failure(rebuild(encode_failure(back))) == encode_failure(back)


def test_a_class_that_has_gone_since_becomes_its_nearest_base_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    error = Slotted(3)
    error.add_note("mine")
    text = encode_failure(error)
    monkeypatch.delattr(sys.modules[__name__], "Slotted")
    back = rebuild(text)
    assert type(back) is ValueError and back.args == ("slotted",)
    assert back.__notes__ == ["mine", "was test_failures.Slotted, which is not there any more"]


def test_a_class_in_c_that_only_its_module_can_make_becomes_its_base() -> None:
    class Model(pydantic.BaseModel):
        age: int

    error = raised(lambda: Model(age="x"))  # type: ignore[arg-type]
    back = rebuild(encode_failure(error))
    assert type(back) is ValueError
    assert "ValidationError" in back.__notes__[0] and "valid integer" in back.__notes__[0]


FLOW = """
class Broken(Exception):
    pass

def inner():
    raise Broken("x")

def outer(call):
    call(inner)
"""


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A flow's file, loaded as the runtime loads it."""
    module = types.ModuleType(FLOW_MODULE)
    monkeypatch.setitem(sys.modules, FLOW_MODULE, module)
    exec(compile(FLOW, "flow.py", "exec"), vars(module))
    return module


def test_classes_of_the_flow_are_found_in_its_module(module: Any) -> None:
    error = raised(module.inner)
    assert type(rebuild(encode_failure(error))) is module.Broken
    assert describe(error)["type"] == "Broken"


def test_the_traceback_shows_the_flow_s_own_frames_through_nested_calls(module: Any) -> None:
    def recorded(function: Callable[[], None]) -> None:
        failure = rebuild(encode_failure(raised(function)))
        raise failure

    live = raised(lambda: module.outer(recorded))
    text = describe(live)["traceback"]
    assert text is not None
    assert text.index('File "flow.py", line 9, in outer') < text.index('File "flow.py", line 6, in inner')
    assert text.endswith("Broken: x")
    replayed = rebuild(encode_failure(live))
    assert describe(replayed) == describe(live)
    assert "__hero_frames__" not in encode_failure(replayed)


def test_frames_of_the_package_are_left_out() -> None:
    error = raised(lambda: encode([Custom]))
    text = describe(error)["traceback"]
    assert text is not None and "hero_tracing/" not in text and "test_failures.py" in text


def test_a_failed_flow_has_no_traceback() -> None:
    described = describe(raised(lambda: throw(Failed("no stock"))))
    assert described == {"type": "Failed", "message": "no stock", "traceback": None, "code": "failed"}


def test_causes_context_notes_and_members_are_shown() -> None:
    text = describe(raised(lambda: throw(from_cause(raised(lambda: throw(with_notes()))))))["traceback"]
    assert text is not None
    assert "noted\nfirst\nsecond" in text and "direct cause" in text and "order 1 failed" in text
    context = describe(raised(lambda: nested_handling()))["traceback"]
    assert context is not None and "During handling" in context and "ZeroDivisionError" in context
    group = raised(lambda: throw(ExceptionGroup("g", [divided(), ValueError(2)])))
    shown = describe(group)["traceback"]
    assert shown is not None and "in exception 1 of 2:\n    Traceback" in shown and "    ValueError: 2" in shown


def nested_handling() -> None:
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        raise KeyError("k")  # noqa: B904


def test_a_syntax_error_shows_file_line_and_caret() -> None:
    text = describe(raised(lambda: compile("x = 1\ny = = 2\n", "flow.py", "exec")))["traceback"]
    assert text is not None and 'File "flow.py", line 2' in text and "^" in text


def test_descriptions_are_bounded_and_well_formed() -> None:
    def recurse(depth: int) -> None:
        if depth == 0:
            raise ValueError("\ud800" + "x" * 10**6)
        recurse(depth - 1)

    error = raised(lambda: recurse(500))
    described = describe(error)
    assert len(described["message"]) == 8000 and described["message"].startswith("\ufffdx")
    assert len(described["traceback"]) <= 32000
    json.dumps(described, ensure_ascii=False).encode()
    assert len(encode_failure(error)) < 2.1 * 10**6
    chain = raised(lambda: 1 / 0)
    for _ in range(3000):
        outer = raised(lambda: 1 / 0)
        outer.__cause__, chain = chain, outer
    assert len(describe(chain)["traceback"]) <= 32000
    many = ExceptionGroup("g", [divided() for _ in range(2000)])
    shown = describe(many)["traceback"]
    assert shown is not None and len(shown) <= 32000


def test_random_exceptions_come_back(seeded: random.Random) -> None:
    kinds: list[Callable[[], BaseException]] = [
        lambda: ValueError(*(seeded.choice([1, "a", (1,), b"x", None]) for _ in range(seeded.randrange(3)))),
        lambda: Custom(seeded.randrange(9), extra=seeded.choice([None, (1,), {2}, {"a": ValueError("in")}])),
        lambda: OSError(seeded.randrange(1, 130), "m", seeded.choice([None, "/f", b"/g"])),
        lambda: Slotted(seeded.randrange(1000)),
        lambda: NoSuper(seeded.randrange(9), 1),
        lambda: UnicodeDecodeError("utf-8", b"a" * 9, seeded.randrange(9), 9, "r"),
    ]

    def error(levels: int) -> BaseException:
        made = seeded.choice(kinds)()
        if levels and seeded.random() < 0.3:
            made = ExceptionGroup("g", [error(levels - 1) for _ in range(seeded.randrange(1, 4))])  # type: ignore[type-var]
        if levels and seeded.random() < 0.4:
            made.__cause__ = error(levels - 1)
        if seeded.random() < 0.3:
            made.add_note(f"note {seeded.random()}")
        made.__suppress_context__ = seeded.random() < 0.5
        return made

    for _ in range(2000):
        original = error(3)
        text = encode_failure(original)
        back = rebuild(text)
        assert same(visible(back), visible(original)), text
        assert encode_failure(back) == text
