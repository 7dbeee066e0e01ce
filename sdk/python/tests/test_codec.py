"""The codec: what goes in comes out equal in type and value, and what could not is refused."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import io
import json
import math
import pathlib
import random
import subprocess
import sys
import threading
import typing
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

import pydantic
import pytest
from conftest import label, same

from hero_tracing import _codec, _codec_types
from hero_tracing._codec import DEPTH_MAX, decode, encode, encode_plain_json, key_text, plain, preview
from hero_tracing._errors import NotRecordable
from hero_tracing._fingerprint import fingerprint
from hero_tracing._json import write_json


class Color(enum.Enum):
    RED = "red"
    CRIMSON = "red"
    PAIR = (1, 2)


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    YES = "yes"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Mode(enum.IntFlag):
    A = 1
    B = 2


@dataclasses.dataclass
class Point:
    x: Any
    y: Any = 0

    def __post_init__(self) -> None:
        self.made_by_init = True


@dataclasses.dataclass(frozen=True)
class Frozen:
    name: str
    tags: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True)
class Slotted:
    a: int
    b: Any = None


@dataclasses.dataclass(frozen=True, slots=True)
class Base:
    a: int


@dataclasses.dataclass(frozen=True, slots=True)
class Derived(Base):
    b: Any = None


@dataclasses.dataclass
class Refusing:
    size: int

    def __post_init__(self) -> None:
        raise AssertionError("the codec runs no code of the class")

    def __setattr__(self, name: str, value: object) -> None:
        raise AssertionError("the codec runs no code of the class")


@dataclasses.dataclass
class ListLike(list):  # type: ignore[type-arg]
    a: int = 0


class Pair(typing.NamedTuple):
    left: Any
    right: Any = None


Old = collections.namedtuple("Old", "p q")


class OldWithMethods(Old):
    @property
    def both(self) -> Any:
        return self.p, self.q


class Outer:
    class Inner(enum.Enum):
        ONE = 1


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    name: str
    when: dt.datetime | None = None
    inner: list[Point] = []
    _secret: int = pydantic.PrivateAttr(default=3)


class Root(pydantic.RootModel[list[int]]):
    pass


class Strict(pydantic.BaseModel):
    age: int

    @pydantic.field_validator("age")
    @classmethod
    def check(cls, age: int) -> int:
        if age > 150:
            raise ValueError("too old")
        return age


class Text(str):
    pass


class Plain:
    pass


def refusing() -> Refusing:
    value = object.__new__(Refusing)
    vars(value)["size"] = 4
    return value


def model() -> Model:
    value = Model(name="n", inner=[Point(1)], more={"deep": (1, 2)})  # type: ignore[call-arg]
    value._secret = 9
    return value


OSLO = zoneinfo.ZoneInfo("Europe/Oslo")

VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2**53, -(2**53), 2**53 + 1, -(2**64), 10**5000),
    *(0.0, -0.0, 1.5, 1e308, 5e-324, math.inf, -math.inf, math.nan, 1e22, 2.0**60),
    *("", "text", "é", "😀", '\x00\n\u2028"\\', "\ud800", "\ud83d\ude00", "a\udfff", "$tuple", "$"),
    *(b"", b"\x00\xff", bytearray(b"ab"), 1 + 2j, complex(math.nan, -0.0)),
    *([], [1, [2, []]], ["$tuple", 1], ["$"], ["$nothing"], [["$list", 1]], ["\ud800", 1]),
    *((), (1,), (1, (2,)), [(1, 2)], {"a": (1,)}),
    *(set(), {1, "1", 1.5, None}, {(1, 2), frozenset({3})}, frozenset({b"a"}), {math.nan}),
    *({}, {"a": 1}, {"b": 1, "a": 2}, {"$tuple": [1]}, {"": 0}, {1: 2}, {1: "a", "1": "b"}, {True: 0, "\ud800": 1}),
    *({(1, 2): {3: 4}}, {None: None}, {math.nan: 1}, {Color.RED: 1}, {Frozen("a"): 1}),
    *(range(0), range(5), range(10, 0, -3), range(2**70)),
    *(Pair(1), Pair((1,), {2}), Old(1, 2), OldWithMethods(1, [2])),
    collections.OrderedDict([("b", 1), (2, (3,))]),
    *(collections.Counter("hello"), collections.Counter({"a": -1})),
    *(collections.deque(), collections.deque([1, (2,)], 5), collections.deque(maxlen=0)),
    *(dt.datetime(2020, 1, 2, 3, 4, 5, 6), dt.datetime(2020, 1, 2), dt.datetime.min, dt.datetime.max),
    *(dt.datetime(2020, 10, 25, 2, 30, tzinfo=OSLO, fold=1), dt.datetime(2020, 1, 1, fold=1)),
    dt.datetime(1, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5, seconds=1), "X")),
    *(dt.date(2020, 2, 29), dt.time(), dt.time(1, 2, 3, 4, tzinfo=dt.UTC, fold=1), dt.time(23, 59, fold=1)),
    *(dt.timedelta(), dt.timedelta(-1, 5, 6), dt.timedelta.max, dt.UTC, dt.timezone(dt.timedelta(hours=-3))),
    *(dt.timezone(dt.timedelta(0), "UTC"), OSLO),
    *(decimal.Decimal("1.50"), decimal.Decimal("-0"), decimal.Decimal("Infinity"), decimal.Decimal("1E+999999")),
    *(fractions.Fraction(1, 3), fractions.Fraction(-(2**80), 3)),
    *(uuid.UUID(int=5), uuid.uuid4(), uuid.UUID(int=6, is_safe=uuid.SafeUUID.safe)),
    *(pathlib.Path("a/b"), pathlib.Path(), pathlib.Path("/x"), pathlib.PurePosixPath("/\udc80")),
    pathlib.PureWindowsPath("C:\\a"),
    *(Color.RED, Color.CRIMSON, Color.PAIR, Level.LOW, Word.YES, Outer.Inner.ONE),
    *(Access.READ, Access.READ | Access.WRITE, Access(0), Mode.A | Mode.B, Mode(16)),
    *(Point(1), Point((1,), {2}), Frozen("a", ("b",)), Slotted(1, [2]), Derived(1, (2,)), refusing()),
    *(Strict(age=3), Strict.model_construct(age=200), Root([1, 2])),
    *(ValueError("no"), KeyError("k"), [ValueError((1, 2))], FileNotFoundError(2, "gone", "/f")),
]


@pytest.mark.parametrize("value", VALUES, ids=label)
def test_a_value_comes_back_equal_in_type_and_value(value: Any) -> None:
    text = encode(value)
    text.encode()
    back = decode(text)
    assert same(back, value), text
    assert encode(back) == text
    nested = decode(encode({"k": [(value, [value])]}))
    assert same(nested, {"k": [(value, [value])]})


def test_a_pydantic_model_keeps_all_of_its_state() -> None:
    back = decode(encode(model()))
    assert back == model() and back._secret == 9
    assert back.model_fields_set == model().model_fields_set
    assert back.more == {"deep": (1, 2)}


def test_signalling_nan_and_its_payload_are_kept() -> None:
    assert repr(decode(encode(decimal.Decimal("-sNaN123")))) == "Decimal('-sNaN123')"


def test_a_dataclass_keeps_attributes_beside_its_fields_and_lacks_what_was_deleted() -> None:
    value = Point(1)
    value.cached = (1, 2)  # type: ignore[attr-defined]
    assert vars(decode(encode(value))) == vars(value)
    slotted = Slotted(1)
    del slotted.b
    assert not hasattr(decode(encode(slotted)), "b")


def test_aliasing_is_not_kept_and_each_copy_is_fresh() -> None:
    inner = [1]
    first, second = decode(encode([inner, inner]))
    assert first == second and first is not second
    text = encode({"a": [1]})
    assert decode(text) is not decode(text)


def test_a_list_that_looks_like_a_tag_is_data() -> None:
    payload = '["$tuple",{"a":["$enum","os:system","x"]}]'
    value = encode_plain_json(payload)
    assert value == ["$tuple", {"a": ["$enum", "os:system", "x"]}]
    assert same(decode(encode(value)), value)


@pytest.mark.parametrize(
    ("text", "error"),
    [("", "Expecting value"), ("[1", "Expecting"), ("1 2", "Extra data"), ('["$new",1]', "unknown tag '\\$new'")],
)
def test_a_broken_text_is_a_value_error(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        decode(text)


def test_spaces_in_a_text_are_no_matter() -> None:
    assert decode(' [ "$tuple" , 1 ] ') == (1,)


def test_a_set_has_one_text_whatever_the_hash_seed_and_the_order() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from hero_tracing._codec import encode\n"
        "from hero_tracing._fingerprint import fingerprint\n"
        "words = [str(n) for n in range(50)]\n"
        "print(encode({'s': set(words), 'f': frozenset([*words, (1, frozenset(words))])}))\n"
        "print(fingerprint(({object, *words},), {}))\n"
    )
    root = str(pathlib.Path(_codec.__file__).parents[1])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, root],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    }
    assert len(outputs) == 1
    assert encode(set(range(1000))) == encode(set(reversed(range(1000))))


def local_class() -> Any:
    @dataclasses.dataclass
    class Local:
        a: int = 1

    return Local()


def renamed_class() -> Any:
    hidden: Any = type("Point", (), {"__module__": __name__, "__qualname__": "Point"})
    return dataclasses.dataclass(hidden)()


def unfindable_member() -> Any:
    make: Any = enum.Enum  # Any: mypy wants the name of the class as the variable's
    return make("Made", "A").A


def attributed_dict() -> Any:
    value = collections.OrderedDict(a=1)
    value.note = "x"  # type: ignore[attr-defined]
    return value


REFUSED: list[tuple[str, Callable[[], Any], str, str]] = [
    ("function", lambda: len, "", "call the function in a step"),
    ("lambda", lambda: [lambda: 1], "[0]", "is a function"),
    ("generator", lambda: {"a": (x for x in [1])}, "['a']", "return list(value)"),
    ("iterator", lambda: iter([1]), "", "return list(value)"),
    ("keys", lambda: {}.keys(), "", "return list(value)"),
    ("file", lambda: io.StringIO(), "", "return what was read from it"),
    ("lock", lambda: [1, {"x": (threading.Lock(),)}], "[1]['x'][0]", "plain data"),
    ("object", lambda: object(), "", "is an object"),
    ("class", lambda: Point, "", "the name of the class"),
    ("module", lambda: math, "", "import the module"),
    ("ellipsis", lambda: ..., "", "None"),
    ("memoryview", lambda: memoryview(b""), "", "bytes(value)"),
    ("str subclass", lambda: Text("x"), "", "return str(value)"),
    ("defaultdict", lambda: collections.defaultdict(list), "", "return dict(value)"),
    ("dict key", lambda: {(1, Text("x")): 1}, ".keys()[0][1]", "str(value)"),
    ("set member", lambda: {(1, Text("x"))}, "{tuple}[1]", "str(value)"),
    ("plain class", lambda: Plain(), "", "make the class a dataclass"),
    ("local class", local_class, "", "top level of the file"),
    ("another class of that name", renamed_class, "", "cannot be found by its name"),
    ("unfindable enum", unfindable_member, "", "cannot be found by its name"),
    ("dataclass field", lambda: Point(1, [Plain()]), ".y[0]", "make the class a dataclass"),
    ("frozen field", lambda: Frozen("a", (Plain(),)), ".tags[0]", "make the class a dataclass"),  # type: ignore[arg-type]
    ("namedtuple field", lambda: Pair(1, Plain()), ".right", "make the class a dataclass"),
    ("dataclass of a builtin", lambda: ListLike(), "", "return list(value)"),
    ("attributes on a dict", attributed_dict, "", "return a dataclass"),
    ("timezone of another kind", lambda: dt.time(tzinfo=type("Z", (dt.tzinfo,), {})()), ".tzinfo", ""),
    ("model field", lambda: Model(name="a", odd=Plain()), ".__pydantic_extra__['odd']", ""),  # type: ignore[call-arg]
]


@pytest.mark.parametrize(("make", "path", "hint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_cannot_come_back_is_refused_with_its_place_and_a_hint(
    make: Callable[[], Any], path: str, hint: str
) -> None:
    with pytest.raises(NotRecordable) as caught:
        encode(make(), "the result of 'fetch'")
    message = str(caught.value)
    assert message.startswith(f"cannot record the result of 'fetch': value{path} ")
    assert caught.value.path_in_value == path
    assert hint in message and caught.value.hint and caught.value.hint in message
    assert caught.value.__cause__ is None and isinstance(caught.value, TypeError)


def in_list(value: Any) -> Any:
    return [value]


def nested(levels: int, *, wrap: Callable[[Any], Any] = in_list, core: Any = 1) -> Any:
    value = core
    for _ in range(levels):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    "wrap",
    [lambda value: [value], lambda value: (value,), lambda value: {"a": value}, lambda value: {1: value}, Point],
    ids=["list", "tuple", "dict", "int dict", "dataclass"],
)
def test_the_depth_limit_is_exact_and_clear(wrap: Callable[[Any], Any]) -> None:
    deep = nested(DEPTH_MAX, wrap=wrap)
    assert same(decode(encode(deep)), deep)
    with pytest.raises(NotRecordable, match=f"nested deeper than {DEPTH_MAX} levels"):
        encode(nested(DEPTH_MAX + 1, wrap=wrap))
    with pytest.raises(NotRecordable, match="nested deeper than"):
        encode(nested(5000, wrap=wrap))


@pytest.mark.parametrize("value", VALUES, ids=label)
def test_no_text_is_deeper_than_a_line_of_the_span_protocol_takes(value: Any) -> None:
    for levels in range(DEPTH_MAX + 1):
        try:
            text = encode(nested(levels, core=value))
        except NotRecordable:
            continue
        assert depth_of(json.loads(text)) <= 63


def depth_of(node: Any) -> int:
    if isinstance(node, dict):
        node = list(node.values())
    return 1 + max(map(depth_of, node), default=0) if isinstance(node, list) else 0


def test_a_cycle_is_named_as_such() -> None:
    value: list[Any] = [1]
    value.append({"a": value})
    with pytest.raises(NotRecordable, match="contains itself") as caught:
        encode(value)
    assert caught.value.path_in_value == "[1]['a']"
    point = Point(1)
    point.y = point
    with pytest.raises(NotRecordable, match=r"value\.y contains itself"):
        encode(point)
    assert fingerprint((value,), {}) == fingerprint((value,), {})


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *((1, "1"), ("1", '"1"'), (1.0, "1.0"), (True, "true"), (None, "null")),
        *(({"b": 1, "a": 2}, '{"a":2,"b":1}'), (("eu", 1), '["$tuple","eu",1]')),
        (Color.RED, '["$enum","test_codec:Color","RED"]'),
    ],
)
def test_a_key_is_canonical_json(key: Any, text: str) -> None:
    assert key_text(key) == text


def test_a_key_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(NotRecordable, match=r"cannot record the key: key\[0\] is a test_codec.Plain"):
        key_text((Plain(),))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((None, None), (1.5, 1.5), (math.nan, None), (math.inf, None), (2**60, 2**60), (2**2000, hex(2**2000))),
        *(("a\ud800b", "a\ufffdb"), (b"ab", "YWI="), ((1, 2), [1, 2]), (1 + 2j, "(1+2j)")),
        *(({3, 1, 2}, [1, 2, 3]), ({"b", "a"}, ["a", "b"]), ({1, "a"}, ["a", 1]), ({(2, 1), (1, 2)}, [[1, 2], [2, 1]])),
        *(({1: 2}, {"1": 2}), ({1: "a", "1": "b"}, [[1, "a"], ["1", "b"]]), ({None: 1}, {"null": 1})),
        *(({(1, 2): 3}, {"[1, 2]": 3}), ({Color.RED: 1}, {"RED": 1}), ({Level.LOW: 1}, {"1": 1})),
        *((Color.PAIR, "PAIR"), (Level.LOW, 1), (Word.YES, "yes"), (Access.READ | Access.WRITE, 3)),
        *(
            (Point(1, {2}), {"x": 1, "y": [2]}),
            (Pair(1, (2,)), {"left": 1, "right": [2]}),
            (Derived(1), {"a": 1, "b": None}),
        ),
        *((dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "2020-01-01T00:00:00+00:00"), (dt.date(2020, 1, 1), "2020-01-01")),
        *((dt.timedelta(minutes=1), 60.0), (dt.UTC, "UTC"), (OSLO, "Europe/Oslo"), (decimal.Decimal("1.0"), "1.0")),
        *((uuid.UUID(int=0), str(uuid.UUID(int=0))), (pathlib.Path("a"), "a"), (fractions.Fraction(1, 3), "1/3")),
        *((collections.Counter("a"), {"a": 1}), (collections.deque([1]), [1]), (range(3), "range(0, 3)")),
        *((ValueError("no"), {"type": "ValueError", "message": "no"}), (Root([1]), [1])),
        (Model(name="a"), {"name": "a", "when": None, "inner": []}),
    ],
    ids=label,
)
def test_plain_is_json_for_people(value: Any, expected: Any) -> None:
    assert same(plain(value), expected)
    assert same(plain([value]), [expected])


@pytest.mark.parametrize("value", [*VALUES, model()], ids=label)
def test_plain_and_preview_take_all_that_is_encodable(value: Any) -> None:
    for node in (plain(value), json.loads(preview(value, 10**6))):
        json.dumps(node, allow_nan=False, ensure_ascii=False).encode()


def test_plain_refuses_what_cannot_be_shown() -> None:
    with pytest.raises(NotRecordable, match="cannot show a value as JSON: it is a builtin_function"):
        plain({"a": [len, local_class]})


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "limit", "text"),
    [
        ({"a": [1, 2.5]}, 2000, '{"a": [1, 2.5]}'),
        ("x" * 50, 10, '"xxxxxxx…"'),
        (list(range(10**6)), 12, "[0, 1, 2, 3…"),
        ({"f": len, "n": math.nan}, 2000, '{"f": "<built-in function len>", "n": null}'),
        ([Hostile()], 2000, '["<Hostile, whose repr failed with RuntimeError>"]'),
        ("\ud800", 2000, '"\ufffd"'),
    ],
    ids=range(6),
)
def test_preview_is_short_text_of_anything(value: Any, limit: int, text: str) -> None:
    assert preview(value, limit) == text


def test_preview_of_something_large_or_cyclic_ends() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    for value in (cycle, {"a": "x" * 10**7}, [b"x" * 10**7], {n: n for n in range(10**5)}, set(range(10**5))):
        assert len(preview(value, 100)) <= 100


def test_fingerprints_tell_arguments_apart() -> None:
    cases: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        *(((), {}), ((1,), {}), (("1",), {}), ((1.0,), {}), ((True,), {}), ((1, 2), {}), (((1, 2),), {})),
        *((([1, 2],), {}), ((), {"a": 1}), (({"a": 1},), {}), ((["$tuple", 1],), {}), (((1,),), {})),
        *(((object(),), {}), ((Plain(),), {}), (([Plain()],), {}), ((math.nan,), {}), (("\ud800",), {})),
        *(((Point(1, Plain()),), {}), ((Point(2, Plain()),), {}), ((ValueError(1),), {}), ((ValueError(2),), {})),
    ]
    prints = [fingerprint(*case) for case in cases]
    assert len(set(prints)) == len(cases)
    assert all(len(text) == 16 and int(text, 16) >= 0 for text in prints)


def test_fingerprints_do_not_depend_on_keyword_order_or_identity() -> None:
    assert fingerprint((), {"a": 1, "b": 2}) == fingerprint((), {"b": 2, "a": 1})
    assert fingerprint((Plain(), [Plain()]), {}) == fingerprint((Plain(), [Plain()]), {})
    assert fingerprint((local_class(),), {}) == fingerprint((local_class(),), {})


def test_a_fingerprint_shows_that_an_argument_was_changed() -> None:
    rows: list[dict[str, Any]] = [{"a": (1, 2)}]
    before = fingerprint((rows,), {})
    rows[0]["b"] = (3,)
    assert fingerprint((rows,), {}) != before


def test_a_fingerprint_consumes_nothing() -> None:
    numbers = iter([1, 2])
    fingerprint((numbers, [numbers]), {})
    assert list(numbers) == [1, 2]


def test_the_fast_check_agrees_with_the_walk() -> None:
    for value in [*VALUES, nested(DEPTH_MAX), nested(DEPTH_MAX, wrap=lambda inner: {"a": inner})]:
        text = encode(value)
        assert text == write_json(_codec.Encoder().walk(value, 0))


HASHABLE: list[Callable[[random.Random], Any]] = [
    lambda r: r.randrange(-(2**70), 2**70),
    lambda r: r.randrange(10),
    lambda r: r.uniform(-1e3, 1e3),
    lambda r: r.choice([math.inf, -0.0, 1e300, True, None]),
    lambda r: "".join(chr(r.choice([65, 36, 34, 233, 0xD800, 0xDC00, 0x1F600, 0])) for _ in range(r.randrange(5))),
    lambda r: r.randbytes(r.randrange(6)),
    lambda r: dt.datetime(2000, 1, 1) + dt.timedelta(microseconds=r.randrange(10**17)),
    lambda r: decimal.Decimal(r.randrange(10**9)).scaleb(r.randrange(-9, 9)),
    lambda r: uuid.UUID(int=r.getrandbits(128)),
    lambda r: r.choice([*Color, *Level, Access.READ, pathlib.PurePosixPath("a", str(r.random()))]),
    lambda r: range(r.randrange(9), r.randrange(9), r.randrange(1, 9)),
]


def hashable(r: random.Random, levels: int) -> Any:
    if levels == 0 or r.random() < 0.6:
        return r.choice(HASHABLE)(r)
    items = [hashable(r, levels - 1) for _ in range(r.randrange(4))]
    makers: list[Callable[[list[Any]], Any]] = [tuple, frozenset, lambda items: Pair(len(items), tuple(items))]
    return r.choice(makers)(items)


def anything(r: random.Random, levels: int) -> Any:
    if levels == 0 or r.random() < 0.25:
        return hashable(r, 2)
    items = [anything(r, levels - 1) for _ in range(r.randrange(5))]
    kind = r.randrange(9)
    if kind == 0:
        return tuple(items)
    if kind == 1:
        return {hashable(r, 2): item for item in items}
    if kind == 2:
        return {str(index): item for index, item in enumerate(items)}
    if kind == 3:
        return {hashable(r, 2) for _ in items}
    if kind == 4:
        return collections.deque(items, len(items) + r.randrange(3))
    if kind == 5:
        return Point(len(items), items)
    if kind == 6:
        return Derived(len(items), tuple(items))
    if kind == 7:
        return collections.OrderedDict((hashable(r, 1), item) for item in items)
    return items


def test_random_values_come_back(seeded: random.Random) -> None:
    for _ in range(4000):
        value = anything(seeded, 4)
        text = encode(value)
        text.encode()
        back = decode(text)
        assert same(back, value), text
        assert encode(back) == text
        json.dumps(plain(value), allow_nan=False)
        assert len(preview(value, 60)) <= 60
        assert fingerprint((value,), {}) == fingerprint((back,), {})


def test_random_json_is_kept_as_it_is(seeded: random.Random) -> None:
    def node(levels: int) -> Any:
        if levels == 0 or seeded.random() < 0.3:
            return seeded.choice([None, True, 1, 1.5, "a", "$tuple", "$exception", "$link", "$lost", "é"])
        items = [node(levels - 1) for _ in range(seeded.randrange(4))]
        return items if seeded.random() < 0.6 else {seeded.choice(["$", "a", f"k{n}"]): i for n, i in enumerate(items)}

    for _ in range(4000):
        value = node(5)
        payload = json.dumps(value)
        assert same(encode_plain_json(payload), value)
        assert same(decode(encode(encode_plain_json(payload))), value)


def test_modules_are_not_imported_to_write_plain_values() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import hero_tracing._codec as c, hero_tracing._fingerprint as f\n"
        "c.decode(c.encode([1, (2,), {3}, b'4'])); c.preview({'a': [1]}); f.fingerprint((1, (2,)), {})\n"
        "print(sorted({'dataclasses', 'inspect', 'typing', 'asyncio', 'logging', 'decimal', 'uuid', 'datetime',"
        " 'pathlib', 'pydantic', 'hashlib', 'traceback', 'zoneinfo'} & set(sys.modules)))\n"
    )
    root = str(pathlib.Path(_codec.__file__).parents[1])
    run = subprocess.run([sys.executable, "-S", "-c", script, root], capture_output=True, text=True, check=True, env={})
    assert run.stdout.strip() == "[]"


def test_every_tag_has_a_reader() -> None:
    assert not set(_codec.UNTAGGERS) & set(_codec_types.UNTAGGERS)
