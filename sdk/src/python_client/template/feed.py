"""What happens, as it happens: server-sent events over one connection after the other."""

_Item = TypeVar("_Item")


class _Feed(ABC, Generic[_Item]):
    """A stream of events. Each connection goes on behind the last one that came. What events mean, its kinds know."""

    def __init__(self, path: str, last: str | None) -> None:
        self.path = path
        self.has_ended = False
        self._last = last
        self._has_begun = False
        self._tries = 0

    def headers(self) -> dict[str, str]:
        """For the next connection."""
        last = {} if self._last is None else {"Last-Event-ID": self._last}
        return {"Accept": "text/event-stream", **last}

    def begin(self) -> None:
        """There is a connection. What came half over the last one comes again."""
        self._has_begun = True
        self._rest = bytearray()
        self._fields: dict[str, list[str]] = {}

    def pause_s(self, error: HeroLogicError | None) -> float:
        """How long to wait before the next connection; raises the error where there is no sense in one."""
        self._tries += 1
        if error is not None and (not self._has_begun or self._tries >= _TRIES_MAX):
            raise error
        return 0.0 if self._tries == 1 else min(_PAUSE_MAX_S, _PAUSE_S * 2 ** (self._tries - 2))

    def items(self, data: bytes) -> Iterator[_Item]:
        """Reads on. An event counts once it has come as a whole."""
        looked = len(self._rest)
        self._rest += data
        begin = 0
        while (end := self._rest.find(b"\n", max(begin, looked))) >= 0:
            line = self._rest[begin:end].decode().removesuffix("\r")
            begin = end + 1
            if line:
                name, _, value = line.partition(":")
                self._fields.setdefault(name, []).append(value.removeprefix(" "))
            else:
                fields, self._fields = self._fields, {}
                yield from self._event(fields)
        del self._rest[:begin]

    def _event(self, fields: Mapping[str, list[str]]) -> Iterator[_Item]:
        if "data" not in fields:
            return  # a sign of life
        kind, data = fields.get("event", ["message"])[-1], _read("\n".join(fields["data"]))
        if kind == "error":
            raise _error(data)
        self._last = fields.get("id", [self._last])[-1]
        self._tries = 0
        yield from self._told(kind, data)

    @abstractmethod
    def _told(self, kind: str, data: Json) -> Iterator[_Item]:
        """What an event says. Kinds of a newer server say nothing."""


class _PlayFeed(_Feed[SpanPage]):
    """Pages of a play's tree, until it has ended."""

    def __init__(self, play_sid: PlaySid, after_seq: int) -> None:
        super().__init__(f"/plays/{quote(play_sid, safe='')}/events", str(after_seq) if after_seq else None)
        self._status: Status | None = None

    def _told(self, kind: str, data: Json) -> Iterator[SpanPage]:
        if kind == "reset":
            message = "the play's record does not reach as far as what was seen of it"
            raise InvalidParams(message, hint="begin again with after_seq 0")
        if kind == "end":
            self.has_ended = True
        # The first page of a connection may say only what is known.
        if kind == "spans" and (data["spans"] or data["logs"] or data["status"] != self._status):
            self._status = data["status"]
            yield data


class _EventFeed(_Feed[Event]):
    """Events of the whole runtime."""

    def __init__(self, after: EventId | None, filters: Mapping[str, Json]) -> None:
        if after is not None and not (after.isascii() and after.isprintable()):
            raise ValueError(f"{after!r} is no id of an event")
        super().__init__(f"/events?{urlencode(filters)}", after)

    def _told(self, kind: str, data: Json) -> Iterator[Event]:
        if kind in get_args(EventKind):
            yield data
