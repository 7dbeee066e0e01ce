//! A play that has a time, and what becomes of it when that is over.

use super::{super::*, lines::*, stage::Stage};
use crate::play::{sample::sandbox, timer::Timer};

const TIMEOUT_MS: u64 = 60_000;

/// Its time runs out, and it is told.
fn pass(stage: &mut Stage) {
    stage.rig.now.wall = stage.machine().play().deadline_at.unwrap();
    stage.handle(Event::DeadlinePassed);
}

fn ring(stage: &Stage) -> String {
    let at = stage.machine().play().deadline_at.unwrap();
    format!("{:?}", Effect::RingAt { timer: Timer::Deadline, at })
}

#[track_caller]
fn check_is_over(stage: &Stage) {
    assert_eq!((stage.status(), stage.error().code.as_str()), (Status::Failed, "timeout"));
    assert!(stage.error().message.contains("60000 ms"), "{}", stage.error().message);
    assert!(stage.process.is_none());
    let at = stage.machine().play().deadline_at.unwrap();
    let unring = format!("{:?}", Effect::Unring { timer: Timer::Deadline, at });
    assert!(stage.log.contains(&unring), "{:?}", stage.log);
}

#[test]
fn it_ends_wherever_it_waits() {
    let queued = Stage::timed(TIMEOUT_MS);
    let mut parked = Stage::timed(TIMEOUT_MS);
    parked.go_on();
    parked.ask(2, "which", 1);
    parked.park(2);
    let mut on_its_way_out = Stage::timed(TIMEOUT_MS);
    on_its_way_out.go_on();
    on_its_way_out.ask(2, "which", 1);
    on_its_way_out.say(numbered(PARK, 2));
    let mut crashed = Stage::timed(TIMEOUT_MS);
    crashed.go_on();
    crashed.exit(-9);
    for mut stage in [queued, parked, crashed] {
        pass(&mut stage);
        check_is_over(&stage);
        assert!(stage.machine().is_idle());
    }
    pass(&mut on_its_way_out);
    assert_eq!(on_its_way_out.error().code, "timeout");
    assert_eq!(on_its_way_out.machine().play().pending_resumes, 0);
}

#[test]
fn a_process_is_asked_to_end_and_then_killed() {
    let mut stage = Stage::timed(TIMEOUT_MS);
    stage.go_on();
    pass(&mut stage);
    assert_eq!(stage.log, ["Terminate { attempt: 1 }"]);
    stage.handle(Event::GraceEnded { attempt: 1 });
    assert_eq!(stage.log, ["Kill { attempt: 1 }"]);
    stage.exit(-9);
    check_is_over(&stage);

    let mut stage = Stage::timed(TIMEOUT_MS);
    stage.go_on();
    pass(&mut stage);
    stage.say(numbered(CANCELLED, 1));
    assert_eq!(stage.error().code, "timeout", "it did as it was told");

    let mut stage = Stage::timed(TIMEOUT_MS);
    stage.handle(Event::Admitted);
    pass(&mut stage);
    stage.handle(Event::Spawned { attempt: 1, sandbox: sandbox() });
    assert_eq!(stage.log, ["Kill { attempt: 1 }"]);
    stage.exit(-9);
    check_is_over(&stage);
}

#[test]
fn a_park_that_crosses_the_deadline_is_no_way_out() {
    let mut stage = Stage::timed(TIMEOUT_MS);
    stage.go_on();
    stage.ask(2, "which", 1);
    pass(&mut stage);
    stage.say(numbered(PARK, 2));
    assert_eq!(stage.error().code, "timeout");
}

#[test]
fn who_is_faster_than_the_deadline_keeps_its_end() {
    let mut stage = Stage::timed(TIMEOUT_MS);
    stage.go_on();
    pass(&mut stage);
    stage.say(numbered(SUCCEEDED, 1));
    assert_eq!(stage.status(), Status::Succeeded);
    stage.exit(0);
    pass(&mut stage);
    assert_eq!((stage.status(), stage.log.len()), (Status::Succeeded, 0));

    let mut stage = Stage::timed(TIMEOUT_MS);
    stage.go_on();
    stage.cancel();
    pass(&mut stage);
    assert_eq!(stage.log, [""; 0], "it is on its way out");
    stage.exit(-9);
    assert_eq!(stage.status(), Status::Cancelled);
}

#[test]
fn the_deadline_outlives_the_runtime() {
    let mut stage = Stage::timed(TIMEOUT_MS);
    assert!(stage.log.contains(&ring(&stage)), "{:?}", stage.log);
    stage.go_on();
    let deadline = stage.machine().play().deadline_at;
    stage.forget();
    stage.recover().unwrap();
    assert_eq!((stage.machine().play().deadline_at, stage.wants_place), (deadline, true));
    assert!(stage.log.contains(&ring(&stage)), "{:?}", stage.log);
    stage.forget();
    stage.rig.now.wall = deadline.unwrap();
    stage.recover().unwrap();
    check_is_over(&stage);
}

#[test]
fn a_clock_that_was_set_back_ends_nothing() {
    let mut stage = Stage::timed(TIMEOUT_MS);
    stage.go_on();
    stage.handle(Event::DeadlinePassed);
    assert_eq!(stage.log, [ring(&stage)]);
}

#[test]
fn a_retry_has_as_much_time_again() {
    let mut stage = Stage::timed(TIMEOUT_MS);
    pass(&mut stage);
    let first = stage.machine().play().deadline_at.unwrap();
    stage.rig.now.wall = stage.rig.now.wall.plus_ms(1_000_000);
    stage.retry().unwrap().unwrap();
    let second = stage.machine().play().deadline_at.unwrap();
    assert_eq!(second, stage.rig.now.wall.plus_ms(TIMEOUT_MS));
    assert!(second > first && stage.log.contains(&ring(&stage)), "{:?}", stage.log);
    stage.go_on();
    assert_eq!(stage.status(), Status::Running);
    pass(&mut stage);
    stage.exit(-9);
    check_is_over(&stage);
}

#[test]
fn a_play_without_a_time_has_all_the_time() {
    let mut stage = Stage::running();
    stage.handle(Event::DeadlinePassed);
    assert_eq!((stage.status(), stage.log.len()), (Status::Running, 0));
}
