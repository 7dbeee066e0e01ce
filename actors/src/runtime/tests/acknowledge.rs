//! P1 between store and Python: what the store has not taken is not acknowledged, and the flow does not go on.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hero_sdk::{Logic as _, logic::PlayRunAsync, model::Status};
use hero_store::{Durability, Error, Row, Scan, Store, Table, Tables, Write};
use ractor::Actor;

use super::{engine::Engine, eventually, settled};
use crate::{
    Config, Runtime,
    clock::SystemClock,
    failpoint::Failpoint,
    feeds::Feeds,
    handle::Handle,
    launcher::{Python, stage_sdk},
    paths::Paths,
    play::Environment,
    root::Root,
};

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

/// Refuses the first outcome that it is to keep, after a moment in which nothing may come of it.
struct Refusing {
    engine: Engine,
    has_refused: AtomicBool,
    witness: PathBuf,
}

impl Refusing {
    fn witnessed(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.witness).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Store for Refusing {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.engine.get(table, key)
    }

    fn scan(&self, scan: Scan) -> Result<Vec<Row>, Error> {
        self.engine.scan(scan)
    }

    fn write(&self, group: &[Write], durability: Durability) -> Result<(), Error> {
        let keeps_outcome = group.iter().any(|write| write.table == Table::Records && write.value.is_some());
        if keeps_outcome && !self.has_refused.swap(true, Ordering::SeqCst) {
            std::thread::sleep(A_MOMENT);
            return Err(Error::Stopped);
        }
        self.engine.write(group, durability)
    }

    fn close(&self) -> Result<(), Error> {
        self.engine.close()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_does_not_go_on_from_what_the_store_did_not_take() {
    let home = tempfile::tempdir().unwrap();
    let config = Config::new(home.path());
    let paths = Paths::new(home.path());
    paths.make().unwrap();
    stage_sdk(&paths.sdk()).unwrap();
    let python =
        Python::resolve(config.wished_python().as_deref(), std::env::var_os("PATH"), &paths.python());
    let python = python.map_err(|error| error.message);
    let witness = home.path().join("witness");
    let store = Refusing { engine: Engine::default(), has_refused: AtomicBool::new(false), witness };
    let store = Arc::new(store);
    let environment = Arc::new(Environment {
        tables: Tables::over(Arc::clone(&store) as Arc<dyn Store>),
        clock: Arc::new(SystemClock::new()),
        feeds: Feeds::default(),
        paths,
        launcher: Handle::vacant(),
        plays: Handle::vacant(),
        failpoint: Failpoint::default(),
    });
    let registry = Handle::vacant();
    let root = Root {
        environment: Arc::clone(&environment),
        registry: registry.clone(),
        python: python.clone(),
        library: Arc::new(Vec::new()),
        running_max: 1,
        living_max: 1,
        runs: true,
    };
    let (root, _) = Actor::spawn(None, root, ()).await.unwrap();
    let runtime = Runtime { environment, registry, root, python };

    let mut params = PlayRunAsync { source: SOURCE.into(), ..PlayRunAsync::default() };
    let inputs = serde_json::json!({ "witness": store.witness });
    params.options.inputs = hero_sdk::Json::parse(&inputs.to_string()).unwrap();
    let play_sid = runtime.play_run_async(params).await.unwrap().play_sid;
    // Its actor ends with the store's error, and the play is taken up again.
    let stored = || runtime.environment.tables.play(&play_sid).unwrap().unwrap().play.status;
    eventually(|| store.witnessed().len() >= 3 || stored().is_terminal()).await;
    let play = settled(&runtime, &play_sid).await.unwrap();
    assert_eq!((play.status, play.attempt), (Status::Succeeded, 2), "{:?}", play.error);
    assert_eq!(store.witnessed(), ["step", "step", "went on"]);
    runtime.shutdown().await.unwrap();
}
