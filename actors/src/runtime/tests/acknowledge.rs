//! P1 between store and Python: what the store has not taken is not acknowledged, and the flow does not go on.

use std::{sync::Arc, time::Duration};

use hero_sdk::{Logic as _, logic::PlayRunAsync, model::Status};
use hero_store::{Error, Memory, Table, Tables};

use super::{eventually, settled};
use crate::{Config, Runtime, failpoint::Failpoint};

/// What a flow that was acknowledged too early may take to go on. One that waits is not affected.
const A_MOMENT: Duration = Duration::from_millis(100);

const SOURCE: &str = "
from hero_tracing import flow

def saw(word: str, witness: str) -> None:
    with open(witness, 'a') as file:
        file.write(word + '\\n')

@flow
def step(witness: str) -> str:
    saw('step', witness)
    return 'done'

@flow
def main(witness: str) -> str:
    value = step(witness)
    saw('went on', witness)
    return value
";

/// An engine that refuses the first outcome that it is to keep, after a moment in which nothing may come of it.
fn refusing() -> Memory {
    let mut has_refused = false;
    Memory::with(move |group, _| {
        let keeps_outcome = group.iter().any(|write| write.table == Table::Records && write.value.is_some());
        if keeps_outcome && !std::mem::replace(&mut has_refused, true) {
            std::thread::sleep(A_MOMENT);
            return Err(Error::Stopped);
        }
        Ok(())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_does_not_go_on_from_what_the_store_did_not_take() {
    let home = tempfile::tempdir().unwrap();
    let outside = home.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    let witness = outside.join("witness");
    let witnessed = || {
        let text = std::fs::read_to_string(&witness).unwrap_or_default();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let open = || Ok(Tables::over(Arc::new(refusing())));
    let mut config = Config::new(home.path());
    config.sandbox.defaults.write = vec![outside.display().to_string()];
    let runtime = Runtime::over(open, config, Failpoint::default()).await.unwrap();

    let mut params = PlayRunAsync { source: SOURCE.into(), ..PlayRunAsync::default() };
    let inputs = serde_json::json!({ "witness": witness });
    params.inputs = Some(hero_sdk::Json::parse(&inputs.to_string()).unwrap());
    let play_sid = runtime.play_run_async(params).await.unwrap().play_sid;
    // Its actor ends with the store's error, and the play is taken up again.
    let stored = || runtime.environment.tables.play(&play_sid).unwrap().unwrap().play.status;
    eventually(|| witnessed().len() >= 3 || stored().is_terminal()).await;
    let play = settled(&runtime, &play_sid).await.unwrap();
    assert_eq!((play.status, play.attempt), (Status::Succeeded, 2), "{:?}", play.error);
    assert_eq!(witnessed(), ["step", "step", "went on"]);
    runtime.shutdown().await.unwrap();
}
