//! A play for tests.

use hero_sdk::{
    Json, PlaySid, Timestamp, VersionSid,
    model::{Play, Sandbox, Status, WorkflowVersion},
};
use hero_store::{PlayMemory, PlayRow};

use super::event::Found;
use crate::SandboxConfig;

/// What confines its processes.
pub(crate) fn sandbox() -> Box<Sandbox> {
    let SandboxConfig { level, defaults: allowance, .. } = SandboxConfig::default();
    Box::new(Sandbox { level, layers: vec!["landlock".into()], allowance })
}

/// A play as it is when it is accepted.
pub(crate) fn row(version: &VersionSid) -> PlayRow {
    let play_sid = PlaySid::new();
    let play = Play {
        root_play_sid: play_sid.clone(),
        play_sid,
        workflow_sid: None,
        workflow: "flow.py".into(),
        version_sid: version.clone(),
        version: None,
        status: Status::Queued,
        inputs: Json::parse("{}").unwrap(),
        outputs: None,
        error: None,
        attempt: 0,
        trigger: "test".into(),
        tags: Vec::new(),
        priority: 0,
        parent_play_sid: None,
        cost_usd: 0.0,
        tokens_in: 0,
        tokens_out: 0,
        created_at: Timestamp(0),
        deadline_at: None,
        started_at: None,
        ended_at: None,
        duration_ms: 0.0,
        pending_resumes: 0,
        sandbox: Some(*sandbox()),
    };
    PlayRow { play, memory: PlayMemory::default() }
}

/// A workflow of this name, as it is found.
pub(crate) fn found(name: &str, version_sid: VersionSid) -> Found {
    let any = || Json::parse("{}").unwrap();
    let version = WorkflowVersion {
        version_sid,
        workflow_sid: None,
        version: Some(1),
        source: "pass\n".into(),
        digest: String::new(),
        file_name: format!("{name}.py"),
        entry: "main".into(),
        name: "main".into(),
        description: String::new(),
        inputs: any(),
        outputs: any(),
        options: any(),
        dependencies: Vec::new(),
        note: None,
        created_at: Timestamp(0),
    };
    Found { workflow: name.into(), is_archived: false, version }
}
