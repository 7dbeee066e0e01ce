//! A workflow that is being deleted: nothing begins meanwhile, and it is open again if it stays.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode, Json, Logic as _,
    logic::{PlayStart, WorkflowCreate, WorkflowDelete},
    model::{Play, Status},
};
use hero_store::Tables;

use super::{eventually, gate::Gate, limited, settled};
use crate::{Config, Runtime, failpoint::Failpoint};

const SOURCE: &str = "
from hero_tracing import flow

@flow
def main(asks: bool) -> int:
    if asks:
        return flow.pause('q', schema={'type': 'integer'})
    raise flow.Failed('it does not work')
";

async fn start(runtime: &Runtime, asks: bool) -> Result<Play, Error> {
    let inputs = Some(Json::parse(&format!(r#"{{"asks": {asks}}}"#)).unwrap());
    let params = PlayStart { workflow: "trip".into(), inputs, ..PlayStart::default() };
    limited(runtime.play_start(params)).await
}

async fn delete(runtime: &Runtime) -> Result<bool, Error> {
    let params = WorkflowDelete { workflow: "trip".into(), force: true };
    Ok(limited(runtime.workflow_delete(params)).await?.deleted)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_begins_while_a_workflow_is_deleted_and_it_is_open_again_if_that_fails() {
    let home = tempfile::tempdir().unwrap();
    let gate = Arc::<Gate>::default();
    let engine = gate.engine();
    let open = move || Ok(Tables::over(Arc::new(engine)));
    let runtime = Runtime::over(open, Config::new(home.path()), Failpoint::default()).await.unwrap();
    let create = WorkflowCreate { name: "trip".into(), source: SOURCE.into(), ..WorkflowCreate::default() };
    runtime.workflow_create(create).await.unwrap();
    let failed = start(&runtime, false).await.unwrap().play_sid;
    assert_eq!(settled(&runtime, &failed).await.unwrap().status, Status::Failed);
    let asking = start(&runtime, true).await.unwrap().play_sid;
    assert_eq!(settled(&runtime, &asking).await.unwrap().status, Status::AwaitingResume);

    // The end of the play that asks cannot be written, and then is not.
    gate.hold_ends();
    let (deleted, ()) = tokio::join!(delete(&runtime), async {
        eventually(|| gate.is_held()).await;
        for refused in [
            start(&runtime, true).await.map(drop),
            runtime.play_retry(failed.clone().into()).await.map(drop),
            delete(&runtime).await.map(drop),
        ] {
            let error = refused.unwrap_err();
            assert_eq!((error.code, error.hint.is_some()), (ErrorCode::Conflict, true), "{error}");
        }
        gate.fail_next();
        gate.let_go();
    });
    deleted.unwrap_err();

    // It is as it was.
    runtime.play_retry(failed.clone().into()).await.unwrap();
    assert_eq!(settled(&runtime, &failed).await.unwrap().status, Status::Failed);
    let second = start(&runtime, true).await.unwrap().play_sid;
    assert!(delete(&runtime).await.unwrap());
    for play_sid in [asking, second] {
        let play = runtime.play_status(play_sid.into()).await.unwrap();
        assert_eq!(play.status, Status::Cancelled);
    }
    assert_eq!(start(&runtime, true).await.unwrap_err().code, ErrorCode::NotFound);
    runtime.play_retry(failed.into()).await.unwrap();
    runtime.shutdown().await.unwrap();
}
