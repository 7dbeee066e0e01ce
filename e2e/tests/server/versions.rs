//! A source is edited while a play of it waits: the play goes on with the version that it began with, and what does not
//! match its record all the same is an error that says so. (FAULTS 27)

use hero_e2e::{Served, stage::eventually};
use hero_sdk::{
    Client, ErrorCode, Json, Logic as _, PlaySid,
    logic::{
        PlayPendingResumes, PlayResume, PlayStart, PlayWait, Until, WorkflowCreate, WorkflowCreateVersion,
    },
    model::{Play, Status},
};
use nix::sys::signal::Signal;

use crate::world::{ask, signal};

const NAME: &str = "edited";

/// Tells its word, asks, and tells it again. The word may be in a file, which nobody pins.
fn source(step: &str, word: &str) -> String {
    format!(
        "
import os
from hero_tracing import ask_user, flow

@flow
def {step}(word: str) -> str:
    with open('effects.log', 'a') as log:
        log.write(f'{{flow.attempt}} {step} {{word}}\\n')
    return word

@flow
def main() -> list[str]:
    word = open('word').read() if os.path.exists('word') else '{word}'
    return [{step}(word), ask_user.text('What?', name='{step}_what'), {step}('{word} again')]
"
    )
}

/// A new play, once it waits for its answer.
async fn asked(client: &Client) -> Play {
    let start = PlayStart { workflow: NAME.to_owned(), ..PlayStart::default() };
    let play_sid = client.play_start(start).await.unwrap().play_sid;
    let wait = PlayWait { play_sid, timeout_ms: None, until: Until::Settled };
    let play = client.play_wait(wait).await.unwrap();
    assert_eq!(play.status, Status::AwaitingResume, "{play:?}");
    play
}

/// The play, once its question is answered and it has ended.
async fn answered(client: &Client, play_sid: &PlaySid) -> Play {
    let open = client.play_pending_resumes(PlayPendingResumes::from(play_sid.clone())).await.unwrap();
    let resume_id = open.resumes.first().unwrap().resume_id.clone();
    let payload = Json::parse("\"it\"").unwrap();
    let answer = PlayResume { play_sid: play_sid.clone(), resume_id, payload, answered_by: None };
    client.play_resume(answer).await.unwrap();
    let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: None, until: Until::Terminal };
    client.play_wait(wait).await.unwrap()
}

async fn create(client: &Client, source: String) {
    let create = WorkflowCreate { name: NAME.to_owned(), source, ..WorkflowCreate::default() };
    client.workflow_create(create).await.unwrap();
}

async fn edit(client: &Client, source: String) -> Result<Option<u32>, ErrorCode> {
    let edit = WorkflowCreateVersion {
        workflow: NAME.to_owned(),
        source,
        entry: None,
        note: None,
        set_current: true,
        file_name: None,
    };
    client.workflow_create_version(edit).await.map(|created| created.version).map_err(|error| error.code)
}

fn outputs(play: &Play) -> Vec<String> {
    play.outputs.as_ref().unwrap_or_else(|| panic!("{play:?}")).to().unwrap()
}

#[test]
fn a_play_goes_on_with_the_version_that_it_began_with() {
    let served = Served::started(&[]);
    let (old, lost) = ask(&served, async |client| {
        create(client, source("step", "old")).await;
        let old = [asked(client).await, asked(client).await];
        // Other steps, other arguments, another question: a replay by this source would diverge.
        assert_eq!(edit(client, source("other", "new")).await, Ok(Some(2)));
        let new = asked(client).await;
        let [first, lost] = old;
        let ended = answered(client, &first.play_sid).await;
        assert_eq!(outputs(&ended), ["old", "it", "old again"]);
        assert_eq!((first.version, ended.version), (Some(1), Some(1)));
        let ended = answered(client, &new.play_sid).await;
        assert_eq!(
            (outputs(&ended), ended.version),
            (vec!["new".into(), "it".into(), "new again".into()], Some(2))
        );
        // What is no flow becomes no version.
        assert!(edit(client, "no Python at all".to_owned()).await.is_err());
        (first, lost)
    });
    assert_eq!(served.effects(&old.play_sid), ["1 step old", "2 step old again"]);

    // Nor does it matter which server goes on with it.
    signal(served.pid().unwrap(), Signal::SIGKILL);
    assert!(eventually(|| !served.listens() && served.processes_left().is_empty()));
    served.hero(["--start"]).finish().exits(0);
    ask(&served, async |client| {
        let ended = answered(client, &lost.play_sid).await;
        assert_eq!(
            (outputs(&ended), ended.version),
            (vec!["old".into(), "it".into(), "old again".into()], Some(1))
        );
        assert_eq!(asked(client).await.version, Some(2));
    });
    assert_eq!(served.effects(&lost.play_sid), ["1 step old", "2 step old again"]);
}

#[test]
fn a_replay_that_is_made_to_differ_says_what_and_where() {
    let served = Served::started(&[]);
    let play = ask(&served, async |client| {
        create(client, source("step", "old")).await;
        let play = asked(client).await;
        std::fs::write(served.workdir(&play.play_sid).join("word"), "forged").unwrap();
        answered(client, &play.play_sid).await
    });
    let error = play.error.as_ref().unwrap();
    assert_eq!(
        (play.status, error.code.as_str(), play.attempt),
        (Status::Diverged, "diverged", 2),
        "{play:?}"
    );
    assert_eq!(error.path.as_deref(), Some("main#0/step#0"), "{error:?}");
    assert!(error.location.as_deref().unwrap().contains("edited.py:14"), "{error:?}");
    assert_ne!(error.expected.as_ref().unwrap(), error.actual.as_ref().unwrap());
    assert!(error.hint.is_some() && play.outputs.is_none(), "{play:?}");
    assert_eq!(served.effects(&play.play_sid), ["1 step old"], "nothing ran by the other word");
}
