"""The mutants of `mutants.py`: each an SDK or a runtime that breaks one promise, and the tests that must see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A fault: replacements as (file, text that stands there once, text instead), and what must catch it.

    Files are relative to `sdk/python`, or to the whole repository where `is_rust`; tests are pytest's names beneath
    `tests`, or filters of the library tests of `hero_actors`.
    """

    name: str
    what: str
    replacements: tuple[tuple[str, str, str], ...]
    tests: tuple[str, ...]
    is_rust: bool = False
    hangs: bool = False

    def __str__(self) -> str:
        return f"  {self.name}: {self.what}"


def _python(name: str, what: str, tests: str, *replacements: tuple[str, str, str]) -> Mutant:
    changed = tuple((f"hero_tracing/{file}", old, new) for file, old, new in replacements)
    return Mutant(name, what, changed, tuple(tests.split()))


def _rust(name: str, what: str, tests: str, *replacements: tuple[str, str, str]) -> Mutant:
    changed = tuple((f"actors/src/{file}", old, new) for file, old, new in replacements)
    return Mutant(name, what, changed, tuple(tests.split()), is_rust=True)


MUTANTS = [
    _python(
        "late_path",
        "a coroutine gets its path when it first runs, not when it is called",
        "test_order.py",
        ("_acall.py", "def acall(\n", "def acall_now(\n"),
        (
            "_acall.py",
            "async def _replay(engine",
            "async def acall(*args, **named):\n    return await acall_now(*args, **named)\n\n\n"
            "async def _replay(engine",
        ),
    ),
    _python(
        "number_at_pickup",
        "a job of a pool gets its number when a worker takes it, not when it is submitted",
        "test_order.py",
        (
            "_threads.py",
            "branch = scope.branch(qualname_of(fn))",
            'branch = type(scope)(engine, "branch", scope.path, "", scope)',
        ),
        (
            "_threads.py",
            "        def work() -> Any:\n",
            "        def work() -> Any:\n            nonlocal branch\n"
            "            branch = scope.branch(qualname_of(fn)); context.run(current.set, branch)\n",
        ),
    ),
    _python(
        "no_branch_scopes",
        "branches share the numbers of the call that started them",
        "test_interleaving.py",
        (
            "_scope.py",
            "        counts = self.counts\n",
            '        if self.kind is BRANCH and name[0] != "~":\n            return self.parent.allocate(name)\n'
            "        counts = self.counts\n",
        ),
    ),
    _python(
        "workflows_not_told",
        "an attempt asks anew what the names of workflows stand for, in a process that has forgotten it",
        "test_library.py",
        ("_engine.py", 'if "workflows" in start:', 'if "workflows" in start and self.attempt < 0:'),
    ),
    _python(
        "live_value_as_it_is",
        "what a call gives live does not go through the codec",
        "test_calls.py",
        ("_outcome.py", "value if type(value) in _ATOMS else decode(text)", "value"),
    ),
    _python(
        "pause_raises_at_once",
        "a pause parks the play at once, whatever its siblings do",
        "test_pauses.py",
        (
            "_pause.py",
            "        return engine.wire.send_numbered(frame)\n",
            "        engine.wire.send_numbered(frame)\n        park(engine)\n        raise engine.stopped()\n",
        ),
    ),
    _python(
        "work_after_swallowed_pause",
        "a flow that swallows the signal of a pause goes on to run steps",
        "test_pauses.py",
        ("_call.py", "    if engine.stop is not None or scope.call.ended or", "    if scope.call.ended or"),
    ),
    _python(
        "coroutine_after_swallowed_pause",
        "the same for steps that are coroutines",
        "test_many_questions.py",
        (
            "_acall.py",
            "    if engine.stop is not None or scope.call.ended or getpid",
            "    if scope.call.ended or getpid",
        ),
        (
            "_acall.py",
            "    if engine.stop is not None or scope.call.ended:\n        raise engine.refuse_call(scope, step.name)",
            "    if scope.call.ended:\n        raise engine.refuse_call(scope, step.name)",
        ),
    ),
    _python(
        "one_completion_a_turn",
        "completions are handed over at every turn of the loop, not when it is idle",
        "test_order.py::test_what_runs_between_two_completions_runs_to_its_end",
        ("_selector.py", "if self.turns <= BUSY_TURNS_MAX:", "if self.engine.stop is not None:"),
    ),
    _python(
        "live_not_gated",
        "a live completion reaches the flow at once, not in its turn",
        "test_order.py",
        ("_acall.py", "if not (loop.is_quiet() and gate.is_quiet(loop.next_timer())):", "if False:"),
    ),
    _python(
        "as_completed_left_alone",
        "`as_completed` and `wait` of asyncio are left as they are",
        "test_order.py",
        (
            "_picks.py",
            "return _replace([asyncio, asyncio.tasks], _async_picks.as_completed, _async_picks.wait)",
            "return int",
        ),
    ),
    _python(
        "futures_left_alone",
        "`as_completed` and `wait` of concurrent.futures are left as they are",
        "test_order.py",
        ("_picks.py", "return _replace([module], as_completed, wait)", "return int"),
    ),
    _python(
        "inputs_not_compared",
        "a record answers a call whatever its inputs are",
        "test_calls.py",
        ("_call.py", "record[KIND] != step.kind or record[FINGERPRINT] != taken", "record[KIND] != step.kind"),
    ),
    _python(
        "kinds_not_compared",
        "a record answers a call of another kind",
        "test_divergence.py",
        ("_call.py", "record[KIND] != step.kind or record[FINGERPRINT] != taken", "record[FINGERPRINT] != taken"),
    ),
    _python(
        "exceptions_by_init",
        "exceptions are rebuilt through their `__init__`",
        "test_caught.py",
        (
            "_failures.py",
            "        exc = base.__new__(cls, *args)\n        base.__init__(exc, *args)\n",
            "        exc = cls(*args)\n",
        ),
    ),
    _python(
        "retried_records_dropped",
        "a further try of a call drops what its children came to",
        "test_tries.py",
        ("_records.py", "if record[STATUS] in FAILURES and key.startswith", "if key.startswith"),
    ),
    _python(
        "key_in_branch",
        "a key names a call in its branch only",
        "test_order.py",
        ("_scope.py", 'path = f"{call.path}/{name}[', 'path = f"{self.path}/{name}['),
    ),
    _python(
        "cancelled_run_again",
        "a call that was cancelled runs again on replay",
        "test_order.py",
        (
            "_acall.py",
            "    if record is None:\n        return _named(step, _live(",
            '    if record is None or record[STATUS] == "cancelled":\n        return _named(step, _live(',
        ),
    ),
    _python(
        "record_lost",
        "the last record of the frontier is lost",
        "test_order.py",
        ("_records.py", "record[0]: record for record in order}", "record[0]: record for record in order[:-1]}"),
    ),
    _python(
        "returns_before_acknowledged",
        "a call returns before its outcome is acknowledged",
        "test_session.py::test_a_call_does_not_return_before_its_outcome_is_acknowledged",
        (
            "_engine.py",
            "            self.wire.wait(number)\n        except Closed:",
            "            self.wire.take()\n        except Closed:",
        ),
    ),
    _python(
        "completion_before_acknowledged",
        "a live completion passes the gate before its outcome is acknowledged",
        "test_session.py::test_a_call_does_not_return_before_its_outcome_is_acknowledged",
        ("_gate.py", "            self.outstanding.append(waiter)\n", "            self.due.append(waiter)\n"),
    ),
    _python(
        "calls_after_its_end",
        "what a call has left running may call while the call's own outcome is on its way",
        "test_leftovers.py::test_a_task_that_outlives_its_call_cannot_call",
        ("_acall.py", "        call.child.ended = True", "        call.child.ended = False"),
    ),
    _rust(
        "runtime_record_lost",
        "the runtime takes a record for one beneath a finished call whose name begins alike",
        "frontier",
        ("play/frontier.rs", "path.match_indices('/').filter_map(", "path.char_indices().filter_map("),
    ),
    _rust(
        "secret_kept",
        "a value that is split over lines is kept, since no line is held back",
        "secrets::tests::a_value_that_is_split_over_lines_is_not_kept",
        ("secrets/screen.rs", "if beginning == text.len() {", "if true {"),
    ),
    _rust(
        "other_secret_given_back",
        "a replay gets the value that is set now, whatever the first run gave",
        "secrets::tests::another_value_is_noticed",
        (
            "secrets/redactor.rs",
            "text.filter(|_| known.tag == mark.tag || known.unsalted_tag == mark.tag).ok_or_else(changed)",
            "text.ok_or_else(changed)",
        ),
    ),
    _rust(
        "two_attempts_at_once",
        "a play that is given a place starts a process beside the living one",
        "machine::tests::places",
        ("play/machine/lifecycle.rs", "if self.process != Process::Wanted {", "if self.process == Process::None {"),
    ),
    _rust(
        "retry_beside_last_process",
        "a play is run again while its last process is still there",
        "machine::tests::lifecycle::a_retry_drops_failed_records_only",
        (
            "play/machine/lifecycle.rs",
            "        if self.process != Process::None {\n            // Its last",
            "        if false {\n            // Its last",
        ),
    ),
    _rust(
        "old_attempt_heard",
        "what an older attempt says still counts",
        "machine::tests::frames::an_old_attempt_has_no_say",
        ("play/machine/mod.rs", "self.row.play.attempt == attempt && !matches", "attempt > 0 && !matches"),
    ),
    _rust(
        "acknowledged_before_commit",
        "an outcome is acknowledged before it is on disk",
        "machine::tests::frames::a_step_is_durable_before_it_is_acknowledged",
        (
            "play/machine/frames.rs",
            "                vec![self.commit(Durable::Yes, vec![acknowledge])]\n",
            "                vec![acknowledge, self.commit(Durable::Yes, Vec::new())]\n",
        ),
    ),
    _rust(
        "resolved_anew",
        "an attempt asks the library anew what a name stands for",
        "play::machine::tests::workflows play::machine::tests::orders",
        (
            "play/machine/workflows.rs",
            "self.row.memory.workflows.iter().find(|known| known.name == name)",
            "self.row.memory.workflows.iter().find(|known| known.name == name && self.row.play.attempt == 0)",
        ),
    ),
    _rust(
        "deadline_forgotten",
        "a runtime that comes up does not wind the timer of a deadline again",
        "play::machine::tests::deadlines play::machine::tests::orders",
        (
            "play/machine/lifecycle.rs",
            "        then.extend(self.resumes.iter().filter_map(expiry));\n        then.extend(self.deadline());\n",
            "        then.extend(self.resumes.iter().filter_map(expiry));\n",
        ),
    ),
    _rust(
        "last_come_first_served",
        "of plays of the same priority the youngest goes first",
        "plays::admission",
        ("plays/admission.rs", "self.queue.pop_first()", "self.queue.pop_last()"),
    ),
    _rust(
        "sent_before_commit",
        "an acknowledgement goes into the socket before the writer has the outcome",
        "a_flow_does_not_go_on_from_what_the_store_did_not_take",
        (
            "play/actor/commit.rs",
            "if addressee == attempt => frames.push(frame),",
            "if addressee == attempt => state.link_of(attempt).iter().for_each(|link| link.send(&frame)),",
        ),
    ),
    _rust(
        "artifact_through_a_link",
        "a file is kept although its name is a link",
        "artifacts::tests::links_at_any_place_and_what_is_no_file_are_refused",
        ("beneath.rs", "OFlags::RDONLY | OFlags::NOFOLLOW", "OFlags::RDONLY"),
    ),
    _rust(
        "artifact_swept_before_its_row",
        "the content of an artifact is swept away before its row is written",
        "artifacts::tests::what_nobody_uses_is_swept_away_and_what_is_held_is_not",
        ("artifacts.rs", "held.contents.contains_key(digest) ||", "held.drafts > 0 ||"),
    ),
    _rust(
        "artifact_told_before_commit",
        "a flow is told that a file is kept before its row is on disk",
        "machine::tests::artifacts::a_file_is_copied_then_written_then_told",
        (
            "play/machine/artifacts.rs",
            "        vec![self.commit(Durable::Yes, then)]\n",
            "        let kept = then.remove(0);\n        vec![kept, self.commit(Durable::Yes, then)]\n",
        ),
    ),
    _rust(
        "artifacts_without_limit",
        "what a play has kept before does not count",
        "machine::tests::artifacts::all_artifacts_of_a_play_together_have_a_limit",
        ("play/machine/artifacts.rs", ".saturating_sub(others)", ".saturating_sub(others / 2)"),
    ),
    _rust(
        "artifact_not_healed",
        "a damaged content stays where the same is kept again",
        "artifacts::tests::a_content_is_kept_once_under_its_digest_and_read_again",
        (
            "artifacts.rs",
            "        fs::rename(&draft.path, &path)?;\n",
            "        if !path.exists() {\n            fs::rename(&draft.path, &path)?;\n        }\n",
        ),
    ),
    _rust(
        "wiped_while_it_runs",
        "the working directory of a play that runs again is wiped",
        "a_play_that_runs_again_has_a_working_directory",
        (
            "plays/retention.rs",
            "row.play.ended_at.filter(|_| row.play.status.is_terminal())",
            "row.play.ended_at",
        ),
    ),
    _rust(
        "imports_never_swept",
        "what an import left that was cut off stays for ever",
        "what_an_import_left_that_was_cut_off_goes_a_day_later",
        ("plays/retention.rs", "changed(&play).map_err(failed)?.plus_ms(NOBODYS_KEPT_MS) <= now", "false"),
    ),
    _rust(
        "imports_what_waits",
        "a play that waits is alive in two homes",
        "a_play_that_waited_comes_to_rest",
        ("transfer/rest.rs", "play.status = Status::Cancelled;", ""),
    ),
    _rust(
        "takes_any_artifact",
        "the content of an artifact is not what its digest says",
        "what_no_play_can_be_is_refused",
        ("transfer/contents.rs", "|| digest(&bytes) != artifact.digest", ""),
    ),
    _rust(
        "tags_without_limit",
        "the tags of a node have any size together",
        "all_together_have_so_many_bytes",
        ("play/tree/tags.rs", "bytes_with <= BYTES_MAX && ", ""),
    ),
    _rust(
        "trouble_of_yesterday",
        "who comes while a play rests is told of its last failure, which may have passed",
        "who_comes_while_a_play_rests_is_told_what_comes_of_the_next_try",
        ("feeds.rs", "(*failure != known || !may_pass(error))", "(*failure != u64::MAX || known == u64::MAX)"),
    ),
    _rust(
        "retried_and_counted_twice",
        "a play that failed, was retried and succeeded counts as two runs",
        "machine::tests::orders::whatever_comes_when_what_must_hold_holds machine::tests::lives::failed_and_retried",
        (
            "play/machine/mod.rs",
            "writes.extend(std::mem::replace(&mut self.counted, run.clone()).map(Write::TakeOut));",
            "self.counted.clone_from(&run);",
        ),
    ),
    _rust(
        "lucky_once",
        "a version with one lucky run is as accurate as it was measured",
        "registry::pick::tests::one_lucky_run_does_not_win",
        ("registry/pick.rs", "wilson(mean, count as f64, z).0", "mean"),
    ),
    _rust(
        "perfect_unseen",
        "a version that was never measured is as good as the best",
        "registry::pick::tests::a_version_that_never_ran_is_not_perfect",
        ("registry/pick.rs", "weight * measure.map_or(0.0,", "weight * measure.map_or(1.0,"),
    ),
    _rust(
        "limits_after_weights",
        "the best that any version was measured to be is the scale, whether it keeps the limits or not",
        "registry::pick::tests::each_limit_excludes_before_anything_is_weighed",
        (
            "registry/pick.rs",
            "let included = rows.iter_mut().filter(|(row, _)| row.excluded.is_empty());",
            "let included = rows.iter_mut();",
        ),
    ),
    _rust(
        "new_before_current",
        "of two versions alike the newest is picked, and not the one that runs",
        "registry::pick::tests::a_tie_is_the_current_version_then_the_newest",
        ("registry/pick.rs", "            .then(other_is_current.cmp(one_is_current))\n", ""),
    ),
    _rust(
        "sure_of_two_runs",
        "runs that all came out the same make certain, however few they are",
        "nobody_is_surer_than_so_many_runs_allow",
        ("benchmarks/compare.rs", "share.clamp(1.0 - most, most)", "share"),
    ),
    _rust(
        "unjudged_unseen",
        "runs that the evaluator did not judge do not count against a version",
        "runs_that_nobody_has_judged_are_seen",
        (
            "benchmarks/compare.rs",
            "Self::Judged if run.unscored.is_some() => Some(0.0)",
            "Self::Judged if run.unscored.is_some() => None",
        ),
    ),
    _rust(
        "saves_without_end",
        "a loop fills the library",
        "machine::tests::library::what_a_process_saves_has_an_end",
        ("play/machine/library.rs", "self.library_saves > SAVED_MAX", "self.library_saves > u32::MAX - 1"),
    ),
]
