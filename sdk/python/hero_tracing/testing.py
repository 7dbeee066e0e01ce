"""Run a flow in a unit test: with answers, a fake clock, and a kill and replay after every record.

    from hero_tracing import testing
    from my_flow import main

    def test_publishes():
        result = testing.run(main, {"topic": "news"}, answers={"decision": "publish"}, always_replay=True)
        assert result.value == {"link": "https://…"}

The same engine runs as in a play; only the runtime is a small model of the real one (`_journal`), which is strict
about what it is sent. `process=True` runs each attempt in a forked process, where a kill is a real SIGKILL.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref

from ._artifact import Artifact
from ._clock import Clock
from ._declared import Declared, declared_by
from ._harness import attempt_here, attempt_in_process
from ._journal import Journal, Question
from ._secrets import all_of
from ._shelf import Shelf
from ._validate import misfits, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["FakeClock", "Journal", "Play", "Question", "Result", "run", "run_file"]

# Attempts of one play: each but the last makes a record, so a flow of more steps than this is not for a unit test.
ATTEMPTS_MAX = 10_000


class FakeClock(Clock):
    """Time that passes only when somebody waits. In seconds; begins at `epoch`."""

    is_virtual = True

    def __init__(self, epoch: float = 1_700_000_000.0) -> None:
        self.epoch = epoch
        self.passed = 0.0

    def now(self) -> float:
        return self.epoch + self.passed

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


class Result:
    """How a play stands.

    - `status`: `succeeded`, `failed`, `cancelled`, `diverged`, or `waiting` for an answer.
    - `value`: what the flow returned (as plain JSON where it ran in a process of its own).
    - `error`: the exception that it raised, or None; `failure`: the same as the API shows it.
    - `records`: `[path, kind, fingerprint, status, text, loop_time, blob]` in record order.
    - `artifacts`: what `flow.artifact` gave, by name; the newest of each.
    - `spans`, `logs`, `notices`: as they were sent. `pauses`: all questions. `attempts`: how many there were.
    """

    def __init__(self, play: Play) -> None:
        journal = play.journal
        self.status: str = journal.done["status"] if journal.done is not None else "waiting"
        self.value: Any = play.value
        self.error: BaseException | None = play.error
        self.failure: dict[str, Any] | None = journal.done.get("error") if journal.done else None
        self.records = list(journal.records.values())
        self.spans = journal.spans
        self.artifacts = {
            name: Artifact(name, kept["digest"], kept["size"], kept["media_type"])
            for name, kept in journal.artifacts.items()
        }
        self.logs = journal.logs
        self.notices = journal.notices
        self.pauses = journal.questions
        self.attempts = journal.attempts

    def __repr__(self) -> str:
        return f"<Result {self.status} after {self.attempts} attempts>"


class Play:
    """A play of a flow, to be advanced by hand: `advance`, `answer`, `advance` …"""

    def __init__(
        self,
        flow: Any,
        inputs: dict[str, Any] | None = None,
        *,
        answers: dict[str, Any] | None = None,
        clock: Clock | None = None,
        always_replay: bool = False,
        process: bool = False,
        hold: bool = True,
        secrets: dict[str, str] | None = None,
        library: dict[str, str] | None = None,
    ) -> None:
        """`hold=False` gives `answers` only when the play has parked, not as soon as they are asked for.

        `secrets` are the values of those that the flow declares; others are read from the environment. `library` are
        the sources of workflows that it may invoke, by name; `play.journal.library[name] = …` is the next version.
        """
        self.said = _declared(flow)
        self.file: tuple[str, str, str | None] | None = None
        self.inputs = dict(inputs or {})
        given = dict(secrets or {})
        # What a file declares is known only in the process that loads it.
        declared = list(given) if self.said is None else self.said.step.options.get("secrets", [])
        self.secrets = all_of(declared, given)
        self.clock = clock
        self.kill_after = 1 if always_replay else None
        self.process = process
        self.later = {} if hold else dict(answers or {})
        self.journal: Journal = _Validated(answers if hold else None)
        self.journal.library = Shelf(library)
        self.workdir = self.journal.workdir = tempfile.mkdtemp(prefix="hero_tracing_")
        weakref.finalize(self, shutil.rmtree, self.workdir, ignore_errors=True)
        self.value: Any = None
        self.error: BaseException | None = None

    def advance(self) -> Result:
        """Run attempts until the play ends or waits for an answer that it was not given."""
        while self.journal.done is None and not self._waits_for_all():
            if self.journal.attempts >= ATTEMPTS_MAX:
                raise RuntimeError(f"the play did not end within {ATTEMPTS_MAX} attempts")
            self.attempt()
            if self.journal.has_parked and not self._answer_later() and not self._crossed():
                break
        return Result(self)

    def attempt(self, kill_after: int | None = None) -> bool:
        """Run one attempt, killed after this many records; True if it was."""
        self.journal.begin_attempt()
        run = attempt_in_process if self.process else attempt_here
        killed = run(self, self.kill_after if kill_after is None else kill_after)
        if self.journal.problems:
            raise RuntimeError("the runtime would refuse: " + "; ".join(self.journal.problems))
        return killed

    def answer(self, name: str, payload: Any) -> None:
        """Answer the open pause of this name or path. ValueError if the answer does not fit; the pause stays open."""
        self.journal.answer(self._open(name), payload)

    def expire(self, name: str) -> None:
        """Let the time of the open pause of this name or path run out."""
        self.journal.expire(self._open(name))

    def _open(self, name: str) -> Question:
        for question in self.journal.questions:
            if question.status == "open" and name in (question.name, question.path):
                return question
        raise LookupError(f"no open pause is called {name!r}; open: {self._open_names()}")

    def _open_names(self) -> str:
        return ", ".join(one.path for one in self.journal.questions if one.status == "open") or "none"

    def _waits_for_all(self) -> bool:
        """The play has parked with `resume_when="all"`, and not all have been answered that it asked for."""
        journal = self.journal
        if not journal.has_parked or journal.resume_when != "all":
            return False
        while self._answer_later():
            pass
        return any(one.status == "open" and one.path in journal.asked for one in journal.questions)

    def _answer_later(self) -> bool:
        for question in self.journal.questions:
            if question.status != "open":
                continue
            for name in (question.path, question.name):
                if name in self.later:
                    self.journal.answer(question, self.later[name])
                    return True
        return False

    def _crossed(self) -> bool:
        """An answer was given while the play parked."""
        status = {one.path: one.status for one in self.journal.questions}
        return any(status.get(path) in ("answered", "expired") for path in self.journal.asked)


class _Validated(Journal):
    """A journal that refuses what the runtime would not take for an answer."""

    def answer(self, question: Question, payload: Any) -> list[dict[str, Any]]:
        problems = [] if question.schema is None else misfits(question.schema, payload)
        if problems:
            raise ValueError(f"the answer to {question.path} is not valid: it {said(problems)}")
        return super().answer(question, payload)

    def _pause(self, frame: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            return super()._pause(frame)
        except ValueError as error:  # of one that was given beforehand: the flow must not see it
            self.problems.append(str(error))
            return []


def run(
    flow: Any,
    inputs: dict[str, Any] | None = None,
    *,
    answers: dict[str, Any] | None = None,
    clock: Clock | None = None,
    always_replay: bool = False,
    process: bool = False,
    hold: bool = True,
    secrets: dict[str, str] | None = None,
    library: dict[str, str] | None = None,
) -> Result:
    """Run a flow until it ends, or waits for an answer that is not among `answers` (by name or path).

    `inputs` are plain JSON, as a play gets them. `always_replay` kills the attempt after every record and replays it:
    what a flow does outside of its steps then shows up as `diverged`, or as being done many times. `secrets` are the
    values of those that the flow declares; others are read from the environment, as `HERO_SECRET_…`. `library` are the
    sources of workflows that the flow may invoke, by name.
    """
    play = Play(
        flow,
        inputs,
        answers=answers,
        clock=clock,
        always_replay=always_replay,
        process=process,
        hold=hold,
        secrets=secrets,
        library=library,
    )
    return play.advance()


def run_file(
    file_name: str,
    source: str,
    inputs: dict[str, Any] | None = None,
    *,
    entry: str | None = None,
    answers: dict[str, Any] | None = None,
    always_replay: bool = False,
    hold: bool = True,
    secrets: dict[str, str] | None = None,
    library: dict[str, str] | None = None,
) -> Result:
    """Run the source of a flow's file as the runtime would: each attempt in a process of its own."""
    play = Play(
        None,
        inputs,
        answers=answers,
        always_replay=always_replay,
        process=True,
        hold=hold,
        secrets=secrets,
        library=library,
    )
    play.file = (file_name, source, entry)
    return play.advance()


def _declared(flow: Any) -> Declared | None:
    if flow is None:
        return None
    declared = declared_by(flow)
    if declared is None:
        raise TypeError(f"testing.run takes a function that is decorated with @flow, not {flow!r}")
    return declared
