"""The client for asyncio."""


class _Stream:
    """A connection in an event loop, kept between calls, and the response that comes over it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self.used_at = 0.0
        self.timeout_s: float | None = None
        self.status = 0
        self._headers: dict[str, str] = {}
        self.is_read = False

    def is_good(self) -> bool:
        """Whether the server has kept it too, and it is of this loop."""
        is_ours = self._loop is asyncio.get_running_loop()
        is_new = time.monotonic() - self.used_at <= _KEPT_S
        return is_ours and is_new and not self._reader.at_eof() and not self._writer.is_closing()

    def close(self) -> None:
        if self._loop is asyncio.get_running_loop():
            self._writer.close()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._writer.close)

    async def closed(self) -> None:
        """Closes it and waits until it is, where it is of this loop."""
        self.close()
        if self._loop is asyncio.get_running_loop():
            with suppress(OSError):
                await self._writer.wait_closed()

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> None:
        """Sends a request and reads the head of its response."""
        self.is_read = False
        headers = {**headers, "Content-Length": str(len(body))} if body is not None else headers
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self._writer.write("\r\n".join(lines).encode("latin-1") + (body or b""))
        async with asyncio.timeout(self.timeout_s):
            await self._writer.drain()
            head = await self._reader.readuntil(b"\r\n\r\n")
        status, *fields = head.decode("latin-1").split("\r\n")
        self.status = int(status.split(" ")[1])
        pairs = (field.partition(":") for field in fields)
        self._headers = {name.lower(): value.strip() for name, _, value in pairs}

    async def whole(self) -> bytes:
        """The body of the response."""
        return b"".join([data async for data in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body of the response as it comes. Raises EOFError where it ends early."""
        if self._headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await self._line()).partition(b";")[0], 16):
                async for data in self._exactly(size):
                    yield data
                await self._line()
            await self._line()
        else:
            async for data in self._exactly(int(self._headers.get("content-length", "0"))):
                yield data
        self.is_read = True

    async def _line(self) -> bytes:
        async with asyncio.timeout(self.timeout_s):
            return await self._reader.readuntil(b"\r\n")

    async def _exactly(self, size: int) -> AsyncIterator[bytes]:
        while size > 0:
            async with asyncio.timeout(self.timeout_s):
                data = await self._reader.read(min(size, _CHUNK))
            if not data:
                raise EOFError(f"{size} bytes are missing")
            size -= len(data)
            yield data


class AsyncClient:
    """The same as `Client`, for `asyncio`: its methods are coroutines, and tasks may share it."""

    def __init__(
        self,
        server: str | os.PathLike[str] | None = None,
        *,
        token: str | None = None,
        timeout_s: float | None = 60.0,
    ) -> None:
        self._endpoint = _Endpoint.of(server, token)
        self._timeout_s = timeout_s
        self._kept: list[_Stream] = []

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections that are kept. Later calls make new ones."""
        while self._kept:
            await self._kept.pop().closed()
        await asyncio.sleep(0)  # those that were given up close in the loop's next turn

    async def call(self, method: str, params: Mapping[str, Json] | None = None) -> Json:
        """Calls a method by its name, which may be one of a newer server, and gives its result as it came."""
        headers = {"Content-Type": "application/json"}
        timeout_s = _patience(self._timeout_s, method, params)
        async with self._request("POST", "/rpc", headers, timeout_s, _body(method, params)) as response:
            return _result(await response.whole())

    def play_events(self, play_sid: PlaySid, *, after_seq: int = 0) -> AsyncGenerator[SpanPage, None]:
        """What changes in a play's tree, page by page as it happens, until the play has ended.

        Begins behind the sequence number `after_seq`. A connection that is lost is made again and goes on behind the
        last page: none is missing and none comes twice. Where the play's record does not reach as far,
        `InvalidParams` is raised: begin again with 0.
        """
        return self._follow(_PlayFeed(play_sid, after_seq))

    def events(
        self,
        *,
        play_sid: PlaySid | None = None,
        workflow: str | None = None,
        status: Status | None = None,
        after: EventId | None = None,
    ) -> AsyncGenerator[Event, None]:
        """What happens in the whole runtime, event by event as it happens. It ends only with an error.

        The field `event` says what else an event holds. Where nothing is known of earlier ones or some were missed, a
        `reset` comes: whoever shows something asks for it anew and goes on. A connection that is lost is made again and
        goes on behind the last event: none comes twice. The connection is closed with the iterator.

        Args:
            play_sid: Only events of this play and its questions.
            workflow: Only those of this workflow, by its name or sid, and of its plays.
            status: Only those of plays that come to stand here.
            after: Begins behind the event with this id; without it, with what comes now.
        """
        filters = _told(play_sid=play_sid, workflow=workflow, status=status)
        return self._follow(_EventFeed(after, filters))

    async def play_artifact_fetch(self, play_sid: PlaySid, name: str) -> bytes:
        """The content of an artifact of a play, as a whole."""
        return b"".join([data async for data in self.play_artifact_chunks(play_sid, name)])

    async def play_artifact_chunks(self, play_sid: PlaySid, name: str) -> AsyncIterator[bytes]:
        """The content of an artifact of a play, piece by piece. Raises `Unreachable` where it ends early."""
        async with self._request("GET", _artifact_path(play_sid, name), {}, self._timeout_s) as response:
            async for data in response.chunks():
                yield data

    # {methods}

    async def _follow(self, feed: _Feed[_Item]) -> AsyncGenerator[_Item, None]:
        """What a feed gives, over as many connections as it takes."""
        while not feed.has_ended:
            lost: HeroLogicError | None = None
            try:
                async with self._request("GET", feed.path, feed.headers(), _SILENCE_S) as response:
                    feed.begin()
                    async for data in response.chunks():
                        for item in feed.items(data):
                            yield item
                        if feed.has_ended:
                            return
            except (Busy, ShuttingDown, Unreachable) as error:
                lost = error
            await asyncio.sleep(feed.pause_s(lost))

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, headers: Mapping[str, str], timeout_s: float | None, body: bytes | None = None
    ) -> AsyncIterator[_Stream]:
        """The response to a request, to be read. Its connection is kept if it was read as a whole."""
        stream: _Stream | None = None
        try:
            stream = await self._stream(timeout_s)
            await stream.ask(method, path, {**self._endpoint.headers, **headers}, body)
            if stream.status != http.client.OK:
                raise _refusal(stream.status, await stream.whole())
            yield stream
        except _LOST as error:
            raise self._endpoint.gone(error) from error
        finally:
            if stream is not None and stream.is_read and len(self._kept) < _KEPT_MAX:
                stream.used_at = time.monotonic()
                self._kept.append(stream)
            elif stream is not None:
                stream.close()

    async def _stream(self, timeout_s: float | None) -> _Stream:
        while self._kept:
            stream = self._kept.pop()
            if stream.is_good():
                stream.timeout_s = timeout_s
                return stream
            stream.close()
        async with asyncio.timeout(timeout_s):
            if self._endpoint.path is None:
                opened = await asyncio.open_connection(self._endpoint.host, self._endpoint.port)
            else:
                opened = await asyncio.open_unix_connection(self._endpoint.path)
        stream = _Stream(*opened)
        stream.timeout_s = timeout_s
        return stream
