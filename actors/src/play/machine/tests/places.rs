//! P5: a place that the play does not want, in whatever state its process is, is given back, and nothing starts from it.

use super::*;

impl Stage {
    /// A place comes that nobody waits for.
    fn is_given_a_place_too_many(&mut self) {
        let (attempt, status) = (self.attempt(), self.status());
        self.log_since();
        self.handle(Event::Admitted);
        assert_eq!(self.log_since(), ["LeavePlace"], "while its process is {:?}", self.machine.process);
        assert_eq!((self.attempt(), self.status()), (attempt, status));
    }
}

#[test]
fn a_place_that_is_not_wanted_is_given_back() {
    let mut stage = Stage::new();
    stage.is_given_a_place_too_many();
    stage.wish(|caller| Event::Accept { caller });
    stage.handle(Event::Admitted);
    assert_eq!(stage.processes, [1]);
    stage.is_given_a_place_too_many();
    stage.handle(Event::Spawned { attempt: 1 });
    stage.is_given_a_place_too_many();
    stage.say(r#"{"t":"begin","id":1,"parent":0,"path":"main#0","kind":"flow","name":"main"}"#);
    stage.ask(2, "q", 1);
    stage.say(r#"{"t":"park","n":2}"#);
    stage.is_given_a_place_too_many();
    stage.exit(75);
    stage.is_given_a_place_too_many();
    stage.answer(0, "\"x\"").unwrap();
    stage.go_on();
    stage.say(r#"{"t":"done","status":"succeeded","outputs":1,"n":1}"#);
    stage.is_given_a_place_too_many();
    stage.exit(0);
    stage.is_given_a_place_too_many();
}
