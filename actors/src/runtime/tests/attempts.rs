//! Attempts with processes that are sockets of the test, so that one can do what a real one does only by mischance:
//! write when it is over, go on writing, or be acknowledged while the store fails.

use std::{
    io::{Read as _, Write as _},
    sync::{Arc, Mutex},
};

use hero_sdk::{ErrorCode, PlaySid, frame::Up, model::Status};
use ractor::{Actor, ActorRef};
use tracing::field::{Field, Visit};

use super::{eventually, store::Bare};
use crate::{
    call::call,
    launcher::{
        Signal,
        fake::{Child, FakeLauncher, Seen},
    },
    play, plays,
};

const HELLO: &str = r#"{"t":"hello","v":1,"sdk":"test","python":"3"}"#;
const ROOT: &str = r#"{"t":"begin","id":1,"parent":0,"path":"main#0","kind":"flow","name":"main"}"#;
const DONE: &str = r#"{"t":"done","status":"succeeded","outputs":"new","n":1}"#;

struct Stage {
    bare: Bare,
    seen: Seen,
    play_sid: PlaySid,
}

impl Stage {
    /// A play whose first process has said hello.
    async fn new() -> (Self, Child) {
        let seen = Seen::default();
        let (launcher, _) = Actor::spawn(None, FakeLauncher(seen.clone()), ()).await.unwrap();
        let bare = Bare::with(launcher, 10).await;
        let play_sid = bare.start(None).await.unwrap().play.play_sid;
        let stage = Self { bare, seen, play_sid };
        let child = stage.next_child(1).await;
        (stage, child)
    }

    /// Waits for the process of this attempt, and lets it begin.
    async fn next_child(&self, attempt: u32) -> Child {
        eventually(|| self.seen.count() > 0).await;
        let mut child = self.seen.take().unwrap();
        let start = child.hear().unwrap();
        assert!(start.contains(&format!("\"attempt\":{attempt},")), "{start}");
        child.say(&[HELLO, ROOT]);
        child
    }

    fn status(&self) -> Status {
        self.bare.environment.tables.play(&self.play_sid).unwrap().unwrap().play.status
    }

    fn actor(&self) -> ActorRef<play::Message> {
        let mut plays = self.bare.plays.get_children();
        ActorRef::from(plays.pop().expect("the play has an actor"))
    }

    /// The living process succeeds.
    async fn ends_well(self, mut child: Child) {
        child.say(&[DONE]);
        assert_eq!(child.hear().as_deref(), Some("{\"t\":\"ack\",\"n\":1}\n"));
        child.end(0);
        eventually(|| self.status().is_terminal()).await;
        let play = self.bare.environment.tables.play(&self.play_sid).unwrap().unwrap().play;
        assert_eq!((play.status, play.outputs.unwrap().as_str()), (Status::Succeeded, "\"new\""));
        eventually(|| self.bare.plays.get_children().is_empty()).await;
        self.bare.close().await;
    }
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

/// P5: its socket is closed, and what reaches the play all the same is refused and logged.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_attempt_that_still_writes_has_no_say() {
    let (stage, child) = Stage::new().await;
    let mut old = child.end(-9);
    let child = stage.next_child(2).await;
    let done = r#"{"t":"done","status":"failed","error":{"code":"exception","message":"old"},"n":1}"#;
    let refused = old.write_all(format!("{done}\n").as_bytes()).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::BrokenPipe);

    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).expect("no other test of this crate reads the log");
    let frames = vec![Ok(Up::parse(done).unwrap())];
    stage.actor().cast(play::Message::Received { attempt: 1, frames, permit: None }).unwrap();
    stage.actor().cast(play::Message::Exited { attempt: 1, status: Some(0) }).unwrap();
    eventually(|| log.0.lock().unwrap().contains("an attempt that is over wrote")).await;
    assert_eq!(stage.status(), Status::Running);
    stage.ends_well(child).await;
}

/// A daemon that the flow left behind goes on writing to the socket of a process that has ended.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_attempt_that_never_stops_writing_holds_nobody_up() {
    let (stage, child) = Stage::new().await;
    let line = r#"{"t":"log","id":0,"level":"info","stream":"stdout","text":"on and on"}"#;
    let lines = format!("{line}\n").repeat(1_000);
    let writing = [(); 4].map(|()| {
        let (mut old, lines) = (child.stream.try_clone().unwrap(), lines.clone());
        std::thread::spawn(move || while old.write_all(lines.as_bytes()).is_ok() {})
    });
    let changes = || stage.bare.environment.tables.changes_after(&stage.play_sid, 0, 1).unwrap();
    eventually(|| !changes().is_empty()).await;
    child.end(-9);
    let child = stage.next_child(2).await;
    writing.into_iter().for_each(|thread| thread.join().unwrap());
    stage.ends_well(child).await;
}

/// Acknowledgements are cumulative: none may follow on a commit that failed, or it would cover that one too.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acknowledged_behind_a_commit_that_failed() {
    let (stage, mut child) = Stage::new().await;
    let step = |id: u32, n: u32| {
        [
            format!(
                r#"{{"t":"begin","id":{id},"parent":1,"path":"main#0/s#{id}","kind":"flow","name":"s","recorded":true}}"#
            ),
            format!(r#"{{"t":"end","id":{id},"status":"ok","value":{id},"n":{n}}}"#),
        ]
    };
    let say = |child: &mut Child, id, n| child.say(&step(id, n).each_ref().map(String::as_str));
    // Nothing else is on its way to the store.
    say(&mut child, 2, 1);
    assert_eq!(child.hear().as_deref(), Some("{\"t\":\"ack\",\"n\":1}\n"));
    stage.bare.gate.hold_from(stage.bare.gate.written() + 1);
    say(&mut child, 3, 2);
    eventually(|| stage.bare.gate.is_held()).await;
    // Past the socket, so that it is known to be there: a wish comes behind it.
    let frames = step(4, 3).iter().map(|line| Ok(Up::parse(line).unwrap())).collect();
    stage.actor().cast(play::Message::Received { attempt: 1, frames, permit: None }).unwrap();
    let (resume_id, payload) = (hero_sdk::ResumeId::new(), hero_sdk::Json::null());
    let play_sid = stage.play_sid.clone();
    let wish = |reply| plays::Message::Wish {
        play_sid,
        wish: play::Wish::Answer { resume_id, payload, answered_by: None, reply },
    };
    let unknown = call(&stage.bare.plays, wish).await.unwrap();
    assert_eq!(unknown.unwrap_err().code, ErrorCode::NotFound);
    stage.bare.gate.fail_next();
    stage.bare.gate.let_go();
    eventually(|| stage.seen.signals(child.id).contains(&Signal::Kill)).await;
    let mut told = String::new();
    child.end(-9).read_to_string(&mut told).unwrap();
    assert_eq!(told, "", "only what is durable is acknowledged");

    // The next attempt knows what was acknowledged, and nothing that was built on what failed.
    eventually(|| stage.seen.count() > 0).await;
    let mut child = stage.seen.take().unwrap();
    let start = child.hear().unwrap();
    assert!(
        start.contains("main#0/s#2") && !start.contains("main#0/s#3") && !start.contains("main#0/s#4"),
        "{start}"
    );
    child.say(&[HELLO, ROOT]);
    stage.ends_well(child).await;
}

/// P4: an actor that ends has handed in the play's end; whoever takes the play up next waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_play_is_taken_up_from_what_its_last_actor_wrote() {
    let (stage, mut child) = Stage::new().await;
    // The store has nothing else to do.
    child.say(&[r#"{"t":"record","path":"main#0/now#0","kind":"value","value":1,"n":1}"#]);
    child.hear().unwrap();
    stage.bare.gate.hold_from(stage.bare.gate.written() + 1);
    child.say(&[r#"{"t":"done","status":"succeeded","outputs":"new","n":2}"#]);
    eventually(|| stage.bare.gate.is_held()).await;
    let before = stage.actor();
    before.kill();
    eventually(|| stage.bare.plays.get_children().is_empty()).await;
    let cancelling = stage.bare.cancel(&stage.play_sid);
    let letting_go = async {
        eventually(|| !stage.bare.plays.get_children().is_empty()).await;
        stage.bare.gate.let_go();
    };
    let (cancelled, ()) = tokio::join!(cancelling, letting_go);
    assert_eq!(cancelled.unwrap_err().code, ErrorCode::Conflict);
    assert_eq!(stage.status(), Status::Succeeded);
    child.end(0);
    eventually(|| stage.bare.plays.get_children().is_empty()).await;
    stage.bare.close().await;
}
