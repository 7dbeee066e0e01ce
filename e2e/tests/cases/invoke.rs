//! Workflows of the library that a flow runs in its own process, with a server that is killed meanwhile.

use std::path::Path;

use hero_e2e::{Gate, Running, Stage, stage::eventually};
use hero_sdk::{
    Client, Json, Logic as _, PlaySid,
    client::Endpoint,
    logic::{OfWorkflow, PlayRunAsync, PlayWait, Until, WorkflowCreate, WorkflowCreateVersion},
    model::{Play, Status},
};
use serde_json::{Value, json};

/// Says in each step which version it is, and stops at a named pipe.
const HELPER: &str = "
from hero_tracing import flow

@flow
def say(word: str) -> str:
    with open('effects.log', 'a') as log:
        log.write(f'{flow.attempt} {word}\\n')
    return word

@flow
def wait_at(gate: str) -> str:
    with open(gate) as opened:
        return opened.read()

@flow
def main(gate: str = '') -> list[str]:
    return [say('before in VERSION'), wait_at(gate) if gate else '', say('after in VERSION')]
";

const CALLER: &str = "
from hero_tracing import flow

@flow
def main(gate: str) -> list:
    return [flow.invoke('helper', gate=gate), *flow.map('helper', [{}, {}])]
";

fn socket(home: &Path) -> Endpoint {
    Endpoint::Unix(home.join("hero/var/sockets/hero_logic/rpc.sock"))
}

/// A server that listens.
fn serve(stage: &Stage) -> Running<'_> {
    let server = stage.hero(["serve"]).start();
    assert!(eventually(|| server.stderr().contains("listening on")), "{}", server.stderr());
    server
}

async fn wait(client: &Client, play_sid: &PlaySid) -> Play {
    let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: Some(60_000), until: Until::Terminal };
    client.play_wait(wait).await.unwrap()
}

fn outputs(play: &Play) -> Value {
    assert_eq!(play.status, Status::Succeeded, "{:?}", play.error);
    play.outputs.as_ref().unwrap().to().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_play_goes_on_with_the_version_that_it_began_with() {
    let stage = Stage::new();
    stage.let_plays_meet_us();
    let gate = Gate::new(stage.directory().join("gate"));
    let server = serve(&stage);
    let client = Client::new(socket(&stage.home()));
    let source = |version: &str| HELPER.replace("VERSION", version);
    let helper = WorkflowCreate { name: "helper".into(), source: source("one"), ..WorkflowCreate::default() };
    client.workflow_create(helper).await.unwrap();
    let inputs = Some(Json::from(&json!({"gate": gate.path().display().to_string()})));
    let start = || PlayRunAsync { source: CALLER.into(), inputs: inputs.clone(), ..PlayRunAsync::default() };
    let play_sid = client.play_run_async(start()).await.unwrap().play_sid;
    drop((gate.arrival(), server.kill()));
    assert_eq!(stage.processes_left(), []);

    // Another version is the current one before the play goes on.
    let server = serve(&stage);
    let arrived = gate.arrival();
    let next = WorkflowCreateVersion {
        workflow: "helper".into(),
        source: source("two"),
        entry: None,
        note: None,
        set_current: true,
        file_name: None,
    };
    assert_eq!(client.workflow_create_version(next).await.unwrap().version, Some(2));
    drop((arrived, server.kill()));
    assert_eq!(stage.processes_left(), []);

    let server = serve(&stage);
    let workflow = OfWorkflow { workflow: "helper".into() };
    assert_eq!(client.workflow_get(workflow).await.unwrap().current_version, 2);
    gate.arrival().open("opened");
    let play = wait(&client, &play_sid).await;
    let one = |gate: &str| json!(["before in one", gate, "after in one"]);
    assert_eq!(outputs(&play), json!([one("opened"), one(""), one("")]));
    assert_eq!(play.attempt, 3);
    let effects = stage.effects(&play_sid);
    assert_eq!(effects[..2], ["1 before in one", "3 after in one"], "no step runs twice");
    assert_eq!(effects.len(), 6);

    let later = client.play_run_async(start()).await.unwrap().play_sid;
    gate.arrival().open("");
    let two = || json!(["before in two", "", "after in two"]);
    assert_eq!(outputs(&wait(&client, &later).await), json!([two(), two(), two()]));
    drop(client);
    server.kill();
}
