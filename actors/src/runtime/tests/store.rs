//! A store that is slow or fails: what was decided is not done before it is written, and nothing is forgotten.

use std::{path::PathBuf, sync::Arc, time::Duration};

use hero_sdk::{
    Error, ErrorCode, Json, PlaySid, Timestamp, VersionSid,
    model::{ResumeRequest, ResumeStatus, Status, WorkflowVersion},
};
use hero_store::{Batch, Tables};
use ractor::{Actor, ActorRef};

use super::{eventually, gate::Gate, limited, row};
use crate::{
    Config, SandboxConfig,
    call::call,
    failpoint::Failpoint,
    launcher::{self, KnownLayers, Launcher},
    play::{Environment, Reply, Wish},
    plays::{self, PlaysActor},
};

/// The directory of plays over an engine that can be held up; no Python, so that a play fails by itself.
pub(super) struct Bare {
    pub(super) gate: Arc<Gate>,
    pub(super) environment: Arc<Environment>,
    pub(super) plays: ActorRef<plays::Message>,
    launcher: ActorRef<launcher::Message>,
    version: WorkflowVersion,
    _home: tempfile::TempDir,
}

impl Bare {
    async fn new(living_max: usize) -> Self {
        let launcher = Launcher {
            python: Err("there is none".into()),
            sdk: PathBuf::new(),
            plays: PathBuf::new(),
            describe: PathBuf::new(),
            sandbox: SandboxConfig::default(),
            known: KnownLayers::default(),
            starts_early: false,
            restarts: crate::meters::Counter::default(),
        };
        let (launcher, _) = Actor::spawn(None, launcher, ()).await.unwrap();
        Self::with(launcher, living_max).await
    }

    pub(super) async fn with(launcher: ActorRef<launcher::Message>, living_max: usize) -> Self {
        let home = tempfile::tempdir().unwrap();
        let gate = Arc::<Gate>::default();
        let tables = Tables::over(Arc::new(gate.engine()));
        let environment = Environment::new(tables, &Config::new(home.path()), Failpoint::default());
        environment.launcher.set(launcher.clone());
        let plays = PlaysActor { environment: Arc::clone(&environment), running_max: 1, living_max };
        let (plays, _) = Actor::spawn(None, plays, ()).await.unwrap();
        environment.plays.set(plays.clone());
        let version = version();
        let mut batch = Batch::new();
        batch.put_version(&version);
        environment.tables.commit(batch).await.unwrap();
        Self { gate, environment, plays, launcher, version, _home: home }
    }

    pub(super) fn start(&self, key: Option<&str>) -> impl Future<Output = Result<Reply, Error>> + use<> {
        self.start_for(key, None)
    }

    fn start_for(
        &self,
        key: Option<&str>,
        asked: Option<&str>,
    ) -> impl Future<Output = Result<Reply, Error>> + use<> {
        let mut row = row(&self.version.version_sid);
        row.memory.idempotency_key = key.map(str::to_owned);
        row.memory.asked = asked.map(str::to_owned);
        let plays = self.plays.clone();
        async move { call(&plays, |reply| plays::Message::Start { row: Box::new(row), reply }).await.unwrap() }
    }

    pub(super) async fn cancel(&self, play_sid: &PlaySid) -> Result<Reply, Error> {
        let wish = |reply| Wish::Cancel { reason: None, reply };
        let message = |reply| plays::Message::Wish { play_sid: play_sid.clone(), wish: wish(reply) };
        call(&self.plays, message).await.unwrap()
    }

    pub(super) async fn close(self) {
        self.plays.stop_children_and_wait(None, None).await;
        self.plays.stop_and_wait(None, None).await.unwrap();
        self.launcher.stop_and_wait(None, None).await.unwrap();
        self.environment.tables.clone().close().await.unwrap();
    }
}

fn version() -> WorkflowVersion {
    WorkflowVersion {
        version_sid: VersionSid::new(),
        workflow_sid: None,
        version: None,
        source: String::new(),
        digest: "0".repeat(64),
        file_name: "flow.py".into(),
        entry: "main".into(),
        name: "main".into(),
        description: String::new(),
        inputs: Json::parse("true").unwrap(),
        outputs: Json::parse("true").unwrap(),
        options: Json::parse("{}").unwrap(),
        dependencies: Vec::new(),
        note: None,
        created_at: Timestamp(0),
    }
}

/// P4: between the decision that a play has ended and its commit nobody may take the play up from the store.
#[tokio::test(flavor = "multi_thread")]
async fn a_play_is_not_let_go_before_its_end_is_written() {
    let bare = Bare::new(10).await;
    // After three attempts that each came to nothing.
    bare.gate.hold_ends();
    let play_sid = bare.start(None).await.unwrap().play.play_sid;
    eventually(|| bare.gate.is_held()).await;
    let wishes = async {
        for _ in 0..100 {
            assert_eq!(bare.cancel(&play_sid).await.unwrap_err().code, ErrorCode::Conflict);
        }
    };
    let all = tokio::time::timeout(Duration::from_secs(10), wishes).await;
    bare.gate.let_go();
    all.expect("every wish met the play that has failed");
    eventually(|| bare.environment.tables.play(&play_sid).unwrap().unwrap().play.status.is_terminal()).await;
    let row = bare.environment.tables.play(&play_sid).unwrap().unwrap();
    assert_eq!(row.play.status, Status::Failed);
    bare.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_with_one_key_are_one_play_before_it_is_durable() {
    let bare = Bare::new(10).await;
    bare.gate.hold_from(bare.gate.written() + 1);
    let start = |asked| bare.start_for(Some("k"), Some(asked));
    let (first, second, other) = (start("this"), start("this"), bare.start(Some("l")));
    let (first, second, other) = (tokio::spawn(first), tokio::spawn(second), tokio::spawn(other));
    eventually(|| bare.gate.is_held()).await;
    assert_eq!(start("that").await.unwrap_err().code, ErrorCode::Conflict);
    bare.gate.let_go();
    let sid = |result: Result<Reply, Error>| result.unwrap().play.play_sid;
    let (first, second, other) =
        (sid(first.await.unwrap()), sid(second.await.unwrap()), sid(other.await.unwrap()));
    assert_eq!(first, second);
    assert_ne!(first, other);
    eventually(|| bare.environment.tables.plays_unfinished().unwrap().is_empty()).await;
    // Long after its end too.
    assert_eq!(sid(start("this").await), first);
    assert_eq!(start("that").await.unwrap_err().code, ErrorCode::Conflict);
    // A store from before it was kept does not know.
    assert_eq!(sid(bare.start(Some("k")).await), first);
    bare.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_plays_than_may_live_are_refused() {
    let bare = Bare::new(2).await;
    bare.gate.hold_from(bare.gate.written() + 1);
    let held = [tokio::spawn(bare.start(None)), tokio::spawn(bare.start(None))];
    let living = async || call(&bare.plays, plays::Message::Count).await.unwrap().living;
    limited(async { while living().await < 2 {} }).await;
    let error = bare.start(None).await.unwrap_err();
    assert_eq!((error.code, error.hint.is_some()), (ErrorCode::Busy, true));
    bare.gate.let_go();
    for started in held {
        started.await.unwrap().unwrap();
    }
    limited(async { while living().await > 0 {} }).await;
    bare.start(None).await.unwrap();
    bare.close().await;
}

/// A question that expires while the store takes nothing expires once it does.
#[tokio::test(flavor = "multi_thread")]
async fn an_expiry_that_the_store_did_not_take_comes_again() {
    let bare = Bare::new(10).await;
    let mut row = row(&bare.version.version_sid);
    let play_sid = row.play.play_sid.clone();
    (row.play.status, row.play.attempt, row.play.pending_resumes) = (Status::AwaitingResume, 1, 1);
    let now = bare.environment.clock.now().wall;
    let resume = ResumeRequest {
        resume_id: hero_sdk::ResumeId::new(),
        play_sid: play_sid.clone(),
        path: "main#0/q#0".into(),
        name: "q".into(),
        question: None,
        schema: Json::parse("true").unwrap(),
        ui: Json::null(),
        fingerprint: "f".into(),
        default: None,
        created_at: now,
        expires_at: Some(now),
        status: ResumeStatus::Open,
        payload: None,
        answered_by: None,
        answered_at: None,
        url: None,
    };
    let mut batch = Batch::new();
    batch.put_play(&row);
    batch.put_resume(&resume);
    bare.environment.tables.commit(batch).await.unwrap();
    bare.gate.fail_next();
    call(&bare.plays, |reply| plays::Message::Sweep { runs: true, reply }).await.unwrap().unwrap();
    let stored = || bare.environment.tables.resume(&resume.resume_id).unwrap().unwrap().status;
    eventually(|| stored() == ResumeStatus::Expired).await;
    assert!(bare.gate.has_failed());
    eventually(|| bare.environment.tables.plays_unfinished().unwrap().is_empty()).await;
    bare.close().await;
}
