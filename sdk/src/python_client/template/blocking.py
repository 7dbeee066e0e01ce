"""The client that blocks."""


class _Connection(http.client.HTTPConnection):
    """A connection to a server, kept between calls."""

    def __init__(self, endpoint: _Endpoint) -> None:
        super().__init__(endpoint.host, endpoint.port)
        self._endpoint = endpoint
        self.used_at = 0.0

    def connect(self) -> None:
        if self._endpoint.path is None:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._endpoint.path)

    def within(self, timeout_s: float | None) -> None:
        """Sets the seconds that may pass without a word."""
        self.timeout = timeout_s
        if self.sock is not None:
            self.sock.settimeout(timeout_s)

    def is_good(self) -> bool:
        """Whether the server has kept it too."""
        if time.monotonic() - self.used_at > _KEPT_S:
            return False
        self.sock.settimeout(0)
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False  # it was closed, or says what nobody has asked for


class Client:
    """A client of one server. Threads may share it: each call has a connection to itself.

    `server` is the path of a socket, or `http://HOST:PORT`; unless told it is the socket beneath `HERO_HOME`, or
    beneath the home directory. `token` is for TCP, the variable `HERO_LOGIC_TOKEN` unless told. After `timeout_s`
    seconds without a word of the server a call raises `Unreachable`; None waits for ever.
    """

    def __init__(
        self,
        server: str | os.PathLike[str] | None = None,
        *,
        token: str | None = None,
        timeout_s: float | None = 60.0,
    ) -> None:
        self._endpoint = _Endpoint.of(server, token)
        self._timeout_s = timeout_s
        self._kept: list[_Connection] = []

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections that are kept. Later calls make new ones."""
        while (connection := self._take()) is not None:
            connection.close()

    def call(self, method: str, params: Mapping[str, Json] | None = None) -> Json:
        """Calls a method by its name, which may be one of a newer server, and gives its result as it came."""
        headers = {"Content-Type": "application/json"}
        timeout_s = _patience(self._timeout_s, method, params)
        with self._request("POST", "/rpc", headers, timeout_s, _body(method, params)) as response:
            return _result(self._whole(response))

    def play_events(self, play_sid: PlaySid, *, after_seq: int = 0) -> Generator[SpanPage, None, None]:
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
    ) -> Generator[Event, None, None]:
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

    def play_artifact_fetch(self, play_sid: PlaySid, name: str) -> bytes:
        """The content of an artifact of a play, as a whole."""
        return b"".join(self.play_artifact_chunks(play_sid, name))

    def play_artifact_chunks(self, play_sid: PlaySid, name: str) -> Iterator[bytes]:
        """The content of an artifact of a play, piece by piece: `file.writelines(hero.play_artifact_chunks(…))`.

        Raises `Unreachable` where it ends early.
        """
        with self._request("GET", _artifact_path(play_sid, name), {}, self._timeout_s) as response:
            try:
                while data := response.read(_CHUNK):
                    yield data
                if response.length:
                    raise EOFError(f"{response.length} bytes are missing")
            except _LOST as error:
                raise self._endpoint.gone(error) from error

    # {methods}

    def _follow(self, feed: _Feed[_Item]) -> Generator[_Item, None, None]:
        """What a feed gives, over as many connections as it takes."""
        while not feed.has_ended:
            lost: HeroLogicError | None = None
            try:
                with self._request("GET", feed.path, feed.headers(), _SILENCE_S) as response:
                    feed.begin()
                    while not feed.has_ended and (data := response.read1(_CHUNK)):
                        yield from feed.items(data)
            except _LOST as error:
                lost = self._endpoint.gone(error)
            except (Busy, ShuttingDown, Unreachable) as error:
                lost = error
            if not feed.has_ended:
                time.sleep(feed.pause_s(lost))

    @contextmanager
    def _request(
        self, method: str, path: str, headers: Mapping[str, str], timeout_s: float | None, body: bytes | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """The response to a request, to be read. Its connection is kept if it was read as a whole."""
        connection = self._take()
        if connection is None or not connection.is_good():
            if connection is not None:
                connection.close()
            connection = _Connection(self._endpoint)
        response: http.client.HTTPResponse | None = None
        try:
            connection.within(timeout_s)
            try:
                connection.request(method, path, body, {**self._endpoint.headers, **headers})
                response = connection.getresponse()
            except _LOST as error:
                raise self._endpoint.gone(error) from error
            if response.status != http.client.OK:
                raise _refusal(response.status, self._whole(response))
            yield response
        finally:
            is_whole = response is not None and response.isclosed()
            if is_whole and connection.sock is not None and len(self._kept) < _KEPT_MAX:
                connection.used_at = time.monotonic()
                self._kept.append(connection)
            else:
                connection.close()

    def _take(self) -> _Connection | None:
        try:
            return self._kept.pop()
        except IndexError:
            return None

    def _whole(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read()
        except _LOST as error:
            raise self._endpoint.gone(error) from error
