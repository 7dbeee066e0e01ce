//! P5: a place that the play does not want, in whatever state its process is, is given back, and nothing starts from it.

use super::{super::*, lines::*, stage::Stage};
use crate::play::sample::sandbox;

impl Stage {
    /// A place comes that nobody waits for.
    fn is_given_a_place_too_many(&mut self) {
        let (attempt, status) = (self.attempt(), self.status());
        self.handle(Event::Admitted);
        assert_eq!(self.log, ["LeavePlace"], "while its process is {:?}", self.machine().process);
        assert_eq!((self.attempt(), self.status()), (attempt, status));
    }
}

#[test]
fn a_place_that_is_not_wanted_is_given_back() {
    let mut stage = Stage::new();
    stage.is_given_a_place_too_many();
    stage.accept().unwrap();
    stage.handle(Event::Admitted);
    assert_eq!(stage.process, Some(1));
    stage.is_given_a_place_too_many();
    stage.handle(Event::Spawned { attempt: 1, sandbox: sandbox() });
    stage.is_given_a_place_too_many();
    stage.say(ROOT);
    stage.ask(2, "q", 1);
    stage.say(numbered(PARK, 2));
    stage.is_given_a_place_too_many();
    stage.exit(75);
    stage.is_given_a_place_too_many();
    stage.answer(0, "\"x\"").unwrap();
    stage.go_on();
    stage.say(numbered(SUCCEEDED, 1));
    stage.is_given_a_place_too_many();
    stage.exit(0);
    stage.is_given_a_place_too_many();
}
