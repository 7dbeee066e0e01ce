"""The runtime as a test needs it: records, pauses and acknowledgements in memory, in the frames of the real one.

It is strict: a frame that the real runtime would refuse is a problem that fails the test. Knows no processes.
"""

from __future__ import annotations

import json

from ._kept_file import NotKept, measure
from ._loader import LoadError
from ._records import FAILURES, STATUS, paths_above
from ._shelf import Refusal, Shelf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LINE_BYTES_MAX = 1 << 20
_PATH_BYTES_MAX = 8192


class Question:
    """A pause as it was asked."""

    def __init__(self, frame: dict[str, Any]) -> None:
        self.path: str = frame["path"]
        self.name: str = frame["name"]
        self.question: str | None = frame.get("question")
        self.schema = frame.get("schema")
        self.ui = frame.get("ui")
        self.timeout_ms: int | None = frame.get("timeout_ms")
        self.fingerprint: str = frame["fp"]
        self.has_default = "default" in frame
        self.default = frame.get("default")
        self.status = "open"  # answered, expired, withdrawn
        self.payload: Any = None

    def __repr__(self) -> str:
        return f"<Question {self.path} {self.status}>"


class Journal:
    """What is kept of one play over its attempts."""

    def __init__(self, answers: dict[str, Any] | None = None) -> None:
        self.answers = dict(answers or {})  # given as soon as they are asked for
        self.records: dict[str, list[Any]] = {}  # in record order
        self.started: dict[str, int] = {}
        self.questions: list[Question] = []
        self.spans: list[dict[str, Any]] = []
        self.logs: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.workdir = ""
        self.artifacts: dict[str, dict[str, Any]] = {}  # by name, as they were asked for, with digest and size
        self.library = Shelf()
        self.workflows: dict[str, dict[str, Any]] = {}  # what each name stands for in this play
        self.secrets: set[str] = set()  # names of those that the entry flow declares
        self.tries: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self.attempts = 0
        self.done: dict[str, Any] | None = None
        self.begin_attempt()
        self.attempts = 0

    def begin_attempt(self) -> None:
        """A new process. What the last one had open is entered anew."""
        self.attempts += 1
        self.number = 0
        self.open: dict[int, dict[str, Any]] = {}
        self.asked: set[str] = set()
        self.has_parked = False
        self.resume_when = "any"
        self.recorded = 0  # records that this attempt made
        self._buffer = b""

    def frontier(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """Records and started calls that a new attempt can ask for: nothing beneath a finished call.

        But for what is finished beneath one that failed: a further try of a call above drops that and keeps this.
        """

        def above(path: str) -> list[str]:
            return [self.records[one][STATUS] for one in paths_above(path) if one in self.records]

        def is_left(path: str, record: list[Any]) -> bool:
            statuses = above(path)
            return not statuses or (record[STATUS] not in FAILURES and FAILURES.issuperset(statuses))

        records = [record for path, record in self.records.items() if is_left(path, record)]
        started = [[path, number] for path, number in self.started.items() if not above(path)]
        return records, started

    def start_frame(self, secrets: dict[str, str], **given: Any) -> dict[str, Any]:
        """The frame that starts the current attempt."""
        self.secrets = set(secrets)
        if secrets:
            given["secrets"] = secrets
        if self.workflows:
            given["workflows"] = list(self.workflows.values())
        records, started = self.frontier()
        begun = {"t": "start", "v": 1, "attempt": self.attempts, "records": records, "started": started}
        return {**begun, **given}

    # -- frames --

    def receive(self, data: bytes) -> list[dict[str, Any]]:
        """Take what Python wrote; the frames to send back."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        replies: list[dict[str, Any]] = []
        for line in lines:
            replies += self.take(line)
        return replies

    def take(self, line: bytes) -> list[dict[str, Any]]:
        """Take one line; the frames to send back."""
        if self.has_parked or self.done is not None:
            return []  # nothing of this process counts any more
        frame = json.loads(line)
        if len(line) >= _LINE_BYTES_MAX:
            self.problems.append(f"a line of {len(line)} bytes")
        handler = getattr(self, f"_{frame['t']}", None)
        if handler is None:
            self.problems.append(f"an unknown frame {frame['t']!r}")
            return []
        replies: list[dict[str, Any]] = []
        if "n" in frame:
            self.number += 1
            if frame["n"] != self.number:
                self.problems.append(f"number {frame['n']} where {self.number} is due")
            if frame["t"] not in ("artifact", "resolve", "library"):  # which have answers of their own
                replies.append({"t": "ack", "n": frame["n"]})
        return replies + (handler(frame) or [])

    def _hello(self, frame: dict[str, Any]) -> None:
        if frame["v"] != 1:
            self.problems.append("another version")

    def _begin(self, frame: dict[str, Any]) -> None:
        self._enter(frame)
        if frame.get("recorded") and "n" in frame:
            self.started[frame["path"]] = frame.get("try", 1)

    def _enter(self, frame: dict[str, Any]) -> None:
        number, parent, path = frame["id"], frame["parent"], frame["path"]
        if number in self.open:
            self.problems.append(f"span {number} begun twice")
        if parent and parent not in self.open:
            self.problems.append(f"span {path} has no open parent {parent}")
        if any(span["path"] == path for span in self.open.values()):
            self.problems.append(f"path {path} is open already")
        if not path or len(path.encode()) > _PATH_BYTES_MAX:
            self.problems.append(f"a path of {len(path)} characters")
        span = {**frame, "attempt": self.attempts, "status": "running", "tags": dict(frame.get("tags", {}))}
        self.open[number] = span
        self.spans.append(span)

    def _end(self, frame: dict[str, Any]) -> None:
        span = self.open.pop(frame["id"], None)
        if span is None:
            self.problems.append(f"span {frame['id']} ended but is not open")
            return
        span["status"] = frame["status"]
        span.update({key: frame[key] for key in ("preview", "error") if key in frame})
        status, path = frame["status"], span["path"]
        if "value" not in frame and "blob" not in frame and not (status == "cancelled" and "n" in frame):
            return
        if span["kind"] == "pause":
            self._withdraw(path)
        elif not span.get("recorded"):
            self.problems.append(f"span {path} has an outcome but said that it has none")
        self._keep(path, span["kind"], span.get("fp", ""), status, frame)

    def _record(self, frame: dict[str, Any]) -> None:
        self._keep(frame["path"], frame["kind"], frame.get("fp", ""), "ok", frame)

    def _keep(self, path: str, kind: str, fingerprint: str, status: str, frame: dict[str, Any]) -> None:
        text = _dump(frame["value"]) if "value" in frame else None
        blob = [frame["blob"]["digest"], frame["blob"]["size"]] if "blob" in frame else None
        self.keep([path, kind, fingerprint, status, text, frame.get("loop_time"), blob])

    def keep(self, record: list[Any]) -> None:
        """Add a record. An outcome is written once."""
        path = record[0]
        if path in self.records:
            self.problems.append(f"{path} was recorded twice")
        self.records[path] = record
        self.started.pop(path, None)
        self.recorded += 1

    def _try(self, frame: dict[str, Any]) -> None:
        span = self.open[frame["id"]]
        self.tries.append({**frame, "path": span["path"]})
        beneath = span["path"] + "/"
        for path in [
            path for path, record in self.records.items() if path.startswith(beneath) and record[STATUS] in FAILURES
        ]:
            del self.records[path]
        self.started[span["path"]] = frame["try"]

    def _tag(self, frame: dict[str, Any]) -> None:
        self._span(frame["id"])["tags"].update(frame["tags"])

    def _cost(self, frame: dict[str, Any]) -> None:
        self._span(frame["id"]).setdefault("costs", []).append(frame)

    def _progress(self, frame: dict[str, Any]) -> None:
        self._span(frame["id"])["progress"] = (frame["done"], frame["total"])

    def _span(self, number: int) -> dict[str, Any]:
        span = self.open.get(number)
        if span is None:
            self.problems.append(f"data for span {number}, which is not open")
            return {"tags": {}}
        return span

    def _log(self, frame: dict[str, Any]) -> None:
        path = self._span(frame["id"])["path"] if frame["id"] else ""
        self.logs.append({**frame, "path": path, "attempt": self.attempts})

    def _notice(self, frame: dict[str, Any]) -> None:
        self.notices.append(frame)

    def _artifact(self, frame: dict[str, Any]) -> list[dict[str, Any]]:
        self._span(frame["id"])
        try:
            digest, size = measure(self.workdir, frame["path"])
        except NotKept as error:
            return [{"t": "not_kept", "n": frame["n"], "code": error.code, "message": str(error)}]
        self.artifacts[frame["name"]] = {**frame, "digest": digest, "size": size}
        return [{"t": "kept", "n": frame["n"], "digest": digest, "size": size}]

    def _resolve(self, frame: dict[str, Any]) -> list[dict[str, Any]]:
        self._span(frame["id"])
        name, refused = frame["name"], {"t": "not_resolved", "n": frame["n"]}
        if name not in self.workflows:
            try:
                workflow, secrets = self.library.current(name)
            except LookupError as error:
                return [{**refused, "code": "not_found", "message": f"no workflow {name!r}", "hint": str(error)}]
            except LoadError as error:
                self.problems.append(f"the workflow {name} cannot be loaded: {error}")
                return []
            missing = [secret for secret in secrets if secret not in self.secrets]
            if missing:
                message = f"the workflow {name} needs the secret {missing[0]}, which the entry flow does not declare"
                return [{**refused, "code": "secret_missing", "message": message}]
            self.workflows[name] = workflow
        return [{"t": "resolved", "n": frame["n"], "workflow": self.workflows[name]}]

    def _library(self, frame: dict[str, Any]) -> list[dict[str, Any]]:
        self._span(frame["id"])
        try:
            result = self.library.asked(frame["ask"], frame["params"])
        except Refusal as error:
            told = {"code": error.code, "message": str(error)}
            return [{"t": "library_error", "n": frame["n"], **told}]
        return [{"t": "library_result", "n": frame["n"], "result": result}]

    # -- pauses --

    def _pause(self, frame: dict[str, Any]) -> list[dict[str, Any]]:
        self._enter({**frame, "kind": "pause", "recorded": True})
        path = frame["path"]
        self.asked.add(path)
        known = next((one for one in self.questions if one.path == path and one.status != "withdrawn"), None)
        if known is not None and known.fingerprint != frame["fp"]:
            self.problems.append(f"the pause {path} asked something else before")
        if known is None:
            known = Question(frame)
            self.questions.append(known)
        if known.status == "open":
            for name in (known.path, known.name):
                if name in self.answers:
                    return self.answer(known, self.answers[name])
            return []
        return [self._answer_frame(known)]

    def answer(self, question: Question, payload: Any) -> list[dict[str, Any]]:
        """The first answer wins; the frame for a process that waits for it."""
        if question.status != "open":
            raise ValueError(f"{question.path} is {question.status}")
        question.status, question.payload = "answered", payload
        self.keep([question.path, "pause", question.fingerprint, "answered", _dump(payload), None, None])
        return [self._answer_frame(question)] if question.path in self.asked else []

    def expire(self, question: Question) -> list[dict[str, Any]]:
        """Its time ran out."""
        if question.status != "open":
            raise ValueError(f"{question.path} is {question.status}")
        question.status, question.payload = "expired", question.default
        text = _dump(question.default) if question.has_default else None
        self.keep([question.path, "pause", question.fingerprint, "expired", text, None, None])
        return [self._answer_frame(question)] if question.path in self.asked else []

    def _answer_frame(self, question: Question) -> dict[str, Any]:
        use_default = question.status == "expired" and question.has_default
        frame = {"t": "answer", "path": question.path, "status": question.status}
        return {**frame, "payload": question.payload, "use_default": use_default}

    def _withdraw(self, path: str) -> None:
        for question in self.questions:
            if question.path == path and question.status == "open":
                question.status = "withdrawn"

    def _park(self, frame: dict[str, Any]) -> None:
        self.has_parked = True
        self.resume_when = frame["resume_when"]

    def _done(self, frame: dict[str, Any]) -> None:
        self.done = frame


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
