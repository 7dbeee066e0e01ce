"""What is said, whoever carries it: calls and answers."""

# Seconds that a connection is kept unused; the server closes it after ten.
_KEPT_S = 5.0
# Connections that are kept for the next calls.
_KEPT_MAX = 16
# Seconds without a sign of life after which a stream of events is lost. The server gives one each fifteen.
_SILENCE_S = 45.0
# Between two tries to connect a stream again: the first pause and the longest, in seconds.
_PAUSE_S, _PAUSE_MAX_S = 0.05, 5.0
# After so many tries in vain nobody is there.
_TRIES_MAX = 8
# Bytes that are read at once.
_CHUNK = 1 << 16

# How a connection fails.
_LOST = (OSError, EOFError, http.client.HTTPException)


@dataclass(frozen=True)
class _Endpoint:
    """Where a server listens: on a socket of this machine, or on a port."""

    path: str | None
    host: str
    port: int
    headers: Mapping[str, str]

    @classmethod
    def of(cls, server: str | os.PathLike[str] | None, token: str | None) -> _Endpoint:
        if server is None:
            home = os.environ.get("HERO_HOME") or os.path.expanduser("~")
            server = os.path.join(home, "hero/var/sockets/hero_logic/rpc.sock")
        server = os.fspath(server)
        if "://" not in server:
            return cls(server, "localhost", 0, {"Host": "localhost"})
        url = urlsplit(server)
        if url.scheme != "http" or not url.hostname or url.netloc.count("@") or url.path not in ("", "/"):
            raise ValueError(f"{server!r} is neither the path of a socket nor http://HOST:PORT")
        token = os.environ.get("HERO_LOGIC_TOKEN", "") if token is None else token
        if not (token.isascii() and token.isprintable()):
            raise ValueError("a token is printable ASCII")
        return cls(None, url.hostname, url.port or 80, {"Host": url.netloc, "Authorization": f"Bearer {token}"})

    def gone(self, error: BaseException) -> Unreachable:
        """Nobody answers; whether a call was done that was on its way, nobody knows."""
        place = self.path or self.headers["Host"]
        message = f"the server at {place} does not answer: {str(error) or type(error).__name__}"
        hint = "`hero_logic --info` shows whether one runs, `hero_logic --start` starts one"
        return Unreachable(message, hint=hint)


def _body(method: str, params: Mapping[str, Json] | None) -> bytes:
    """A call. A value that is no JSON is a TypeError or a ValueError, and nothing is sent."""
    call: dict[str, Json] = {"jsonrpc": "2.0", "id": 1, "method": method}
    if params:
        call["params"] = params
    return json.dumps(call, allow_nan=False).encode()


def _result(body: bytes) -> Json:
    answer = _read(body)
    if "error" in answer:
        raise _error(answer["error"])
    return answer["result"]


# What a status means that comes without words, of a proxy for instance.
_STATUSES: Mapping[int, type[HeroLogicError]] = {
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    429: Busy,
    502: Unreachable,
    503: Busy,
    504: Unreachable,
}


def _refusal(status: int, body: bytes) -> HeroLogicError:
    """What a server said instead of what was asked for."""
    try:
        return _error(json.loads(body)["error"])
    except (ValueError, LookupError, TypeError):
        return _STATUSES.get(status, InvalidRequest)(f"the server answers with status {status}")


def _read(text: bytes | str) -> Json:
    try:
        return json.loads(text)
    except ValueError as error:
        hint = "server and client may be of different versions"
        raise Internal(f"the server's answer cannot be read: {error}", hint=hint) from error


def _told(**params: Json) -> dict[str, Json]:
    """Without those of which nothing is told."""
    return {name: value for name, value in params.items() if value is not None}


def _patience(timeout_s: float | None, method: str, params: Mapping[str, Json] | None) -> float | None:
    """How long an answer may take: a wait as long as it was told to, and then as long as any other."""
    if method != "play_wait" or timeout_s is None:
        return timeout_s
    wait_ms = (params or {}).get("timeout_ms")
    return None if wait_ms is None else timeout_s + wait_ms / 1000


def _artifact_path(play_sid: PlaySid, name: str) -> str:
    return f"/plays/{quote(play_sid, safe='')}/artifacts/{quote(name, safe='')}"
