//! Wishes that meet: one wins, and the others are told so.

use hero_sdk::{
    ErrorCode, Json, Logic as _,
    logic::{PlayResume, PlayRunAsync, PlayStart, PlayWait, Until, WorkflowList},
    model::{ResumeRequest, Status},
};

use super::{limited, settled};
use crate::{BundledFlow, Config, Runtime};

const ASKS: &str = "
from hero_tracing import flow

@flow
def main() -> int:
    return flow.pause('q', schema={'type': 'integer'})
";

async fn asking(runtime: &Runtime) -> ResumeRequest {
    let params = PlayRunAsync { source: ASKS.into(), ..PlayRunAsync::default() };
    let play_sid = runtime.play_run_async(params).await.unwrap().play_sid;
    let open = async || runtime.play_pending_resumes(play_sid.clone().into()).await.unwrap().resumes.pop();
    limited(async {
        loop {
            if let Some(resume) = open().await {
                return resume;
            }
        }
    })
    .await
}

fn answer(resume: &ResumeRequest, number: u32) -> PlayResume {
    PlayResume {
        play_sid: resume.play_sid.clone(),
        resume_id: resume.resume_id.clone(),
        payload: Json::parse(&number.to_string()).unwrap(),
        answered_by: None,
    }
}

/// P3: of the answers that come at once one wins; who sends the same gets the same, then and later.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_answers_at_once_one_wins() {
    let home = tempfile::tempdir().unwrap();
    let runtime = Runtime::open(Config::new(home.path())).await.unwrap();
    let resume = asking(&runtime).await;
    let mut won = Vec::new();
    for _ in 0..2 {
        let answers = (0..20).map(async |number| {
            (number % 4, runtime.play_resume(answer(&resume, number % 4)).await.map_err(|error| error.code))
        });
        for (number, result) in futures_util::future::join_all(answers).await {
            match result {
                Ok(_) => won.push(number),
                Err(code) => assert_eq!(code, ErrorCode::Conflict),
            }
        }
        let play = settled(&runtime, &resume.play_sid).await.unwrap();
        assert!(won.iter().all(|number| play.outputs.as_ref().unwrap().as_str() == number.to_string()));
    }
    assert_eq!(won.len(), 2 * 5, "everybody who said the same");
    runtime.shutdown().await.unwrap();
}

/// P3: of a hundred different answers at once exactly one is accepted, those that do not fit change nothing, and the
/// flow goes on once.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_different_answers_exactly_one_is_accepted() {
    let home = tempfile::tempdir().unwrap();
    let runtime = Runtime::open(Config::new(home.path())).await.unwrap();
    // Once while its process still waits, and once when nobody does.
    for is_parked in [false, true] {
        let resume = asking(&runtime).await;
        if is_parked {
            let play = settled(&runtime, &resume.play_sid).await.unwrap();
            assert_eq!(play.status, Status::AwaitingResume);
        }
        let wrong = PlayResume { payload: Json::parse("\"seven\"").unwrap(), ..answer(&resume, 0) };
        let error = runtime.play_resume(wrong.clone()).await.unwrap_err();
        assert_eq!((error.code, error.fields.len()), (ErrorCode::InvalidPayload, 1));
        let open = runtime.play_pending_resumes(resume.play_sid.clone().into()).await.unwrap().resumes;
        assert_eq!(open, std::slice::from_ref(&resume), "it is as open as it was");

        let answers = (0..100).map(async |number| match number % 10 {
            9 => (number, runtime.play_resume(wrong.clone()).await.map_err(|error| error.code)),
            _ => (number, runtime.play_resume(answer(&resume, number)).await.map_err(|error| error.code)),
        });
        let mut won = Vec::new();
        for (number, result) in futures_util::future::join_all(answers).await {
            match result {
                Ok(_) => won.push(number),
                Err(ErrorCode::InvalidPayload) => assert_eq!(number % 10, 9),
                Err(code) => assert_eq!(code, ErrorCode::Conflict),
            }
        }
        let [won] = won[..] else { panic!("{won:?} have won") };
        let wait = PlayWait { play_sid: resume.play_sid.clone(), timeout_ms: None, until: Until::Terminal };
        let play = limited(runtime.play_wait(wait)).await.unwrap();
        assert_eq!(play.outputs.unwrap().as_str(), won.to_string());
        assert!(play.attempt <= 2, "it went on once");
    }
    runtime.shutdown().await.unwrap();
}

/// P4: whatever the order of an answer, a wish to cancel and the end, there is one end, and who lost is told so.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_play_that_is_answered_has_one_end() {
    let home = tempfile::tempdir().unwrap();
    let runtime = Runtime::open(Config::new(home.path())).await.unwrap();
    let mut ends = Vec::new();
    for round in 0..24 {
        let resume = asking(&runtime).await;
        let wait = PlayWait { play_sid: resume.play_sid.clone(), timeout_ms: None, until: Until::Terminal };
        let cancel = async {
            // A little later each time, so that it meets the play in every state.
            for _ in 0..round * 10 {
                runtime.play_status(resume.play_sid.clone().into()).await.unwrap();
            }
            runtime.play_cancel(resume.play_sid.clone().into()).await
        };
        let (answered, cancelled) = tokio::join!(runtime.play_resume(answer(&resume, 7)), cancel);
        let play = limited(runtime.play_wait(wait)).await.unwrap();
        match cancelled {
            Ok(cancelled) => assert_eq!(cancelled, play),
            Err(error) => assert_eq!((error.code, play.status), (ErrorCode::Conflict, Status::Succeeded)),
        }
        assert!(answered.is_ok() || play.status == Status::Cancelled);
        assert!(matches!(play.status, Status::Succeeded | Status::Cancelled), "{:?}", play.error);
        ends.push(play);
    }
    for end in ends {
        let now = runtime.play_status(end.play_sid.clone().into()).await.unwrap();
        assert_eq!((now.status, now.outputs, now.ended_at), (end.status, end.outputs, end.ended_at));
    }
    runtime.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundled_flow_becomes_one_workflow_however_many_start_it() {
    let home = tempfile::tempdir().unwrap();
    let eight = BundledFlow {
        name: "eight".into(),
        file_name: "eight.py".into(),
        description: "Gives eight.".into(),
        source: "from hero_tracing import flow\n\n@flow\ndef main() -> int:\n    return 8\n".into(),
    };
    let config = Config { library: vec![eight], ..Config::new(home.path()) };
    let runtime = Runtime::open(config).await.unwrap();
    let start = PlayStart { workflow: "eight".into(), ..PlayStart::default() };
    let starts = (0..8).map(|_| runtime.play_start(start.clone()));
    let plays = futures_util::future::join_all(starts).await;
    let workflows = runtime.workflow_list(WorkflowList::default()).await.unwrap().workflows;
    assert_eq!(workflows.len(), 1, "{workflows:?}");
    for play in plays {
        let play = settled(&runtime, &play.unwrap().play_sid).await.unwrap();
        assert_eq!((play.workflow_sid.as_ref(), play.version), (Some(&workflows[0].workflow_sid), Some(1)));
        assert_eq!((play.status, play.outputs.unwrap().as_str()), (Status::Succeeded, "8"));
    }
    runtime.shutdown().await.unwrap();
}
