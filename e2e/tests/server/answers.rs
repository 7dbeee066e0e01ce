//! Answers to a question that come together, or again because nobody heard that they were taken: one wins, and the play
//! goes on once. (FAULTS 28 and 29)

use futures_util::future::join_all;
use hero_e2e::{Served, stage::eventually};
use hero_sdk::{
    Client, Error, ErrorCode, Json, Logic as _,
    logic::{PlayPendingResumes, PlayResume, PlayRunAsync, PlayWait, Until},
    model::{Play, ResumeRequest, Status},
};

use crate::world::ask;

const SOURCE: &str = "
from hero_tracing import ask_user, flow

def effect(text: str) -> None:
    with open('effects.log', 'a') as log:
        log.write(text + '\\n')

@flow
def took(answer: str) -> str:
    effect(answer)
    return answer

@flow
def main() -> str:
    return took(ask_user.text('Which?', name='which'))
";
const AT_ONCE: usize = 100;

async fn asked(client: &Client) -> ResumeRequest {
    let run = PlayRunAsync { source: SOURCE.to_owned(), ..PlayRunAsync::default() };
    let play_sid = client.play_run_async(run).await.unwrap().play_sid;
    let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: None, until: Until::Settled };
    assert_eq!(client.play_wait(wait).await.unwrap().status, Status::AwaitingResume);
    let open = client.play_pending_resumes(PlayPendingResumes::from(play_sid)).await.unwrap();
    open.resumes.into_iter().next().unwrap()
}

async fn answer(client: &Client, question: &ResumeRequest, text: &str) -> Result<Play, Error> {
    let (play_sid, resume_id) = (question.play_sid.clone(), question.resume_id.clone());
    let payload = Json::from(&serde_json::Value::from(text));
    client.play_resume(PlayResume { play_sid, resume_id, payload, answered_by: None }).await
}

async fn ended(client: &Client, question: &ResumeRequest) -> Play {
    let wait = PlayWait { play_sid: question.play_sid.clone(), timeout_ms: None, until: Until::Terminal };
    client.play_wait(wait).await.unwrap()
}

/// Each by a connection of its own, with the text that `text` gives it.
async fn answered_at_once(
    served: &Served,
    question: &ResumeRequest,
    text: impl Fn(usize) -> String,
) -> Vec<(String, Result<Play, Error>)> {
    let answering = (0..AT_ONCE).map(|number| {
        let (client, text) = (served.client(), text(number));
        async move {
            let answered = answer(&client, question, &text).await;
            (text, answered)
        }
    });
    join_all(answering).await
}

#[test]
fn of_a_hundred_answers_at_once_one_is_taken() {
    let served = Served::started(&[]);
    ask(&served, async |client| {
        let question = asked(client).await;
        let all = answered_at_once(&served, &question, |number| format!("answer {number}")).await;
        let (taken, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, answered)| answered.is_ok());
        let [(winner, _)] = &taken[..] else { panic!("{} were taken", taken.len()) };
        for (_, refused) in refused {
            let error = refused.unwrap_err();
            assert_eq!(error.code, ErrorCode::Conflict, "{error:?}");
        }
        let play = ended(client, &question).await;
        assert_eq!(play.outputs.unwrap().to::<String>().unwrap(), *winner);
        assert_eq!(served.effects(&question.play_sid), [winner.as_str()]);
        assert_eq!(play.attempt, 2);
    });
}

#[test]
fn the_same_answer_a_hundred_times_is_one() {
    let served = Served::started(&[]);
    ask(&served, async |client| {
        let question = asked(client).await;
        for (_, answered) in answered_at_once(&served, &question, |_| "the same".to_owned()).await {
            assert_eq!(answered.unwrap().play_sid, question.play_sid);
        }
        let play = ended(client, &question).await;
        assert_eq!((play.status, play.attempt), (Status::Succeeded, 2));
        assert_eq!(served.effects(&question.play_sid), ["the same"]);
    });
}

#[test]
fn an_answer_whose_acknowledgement_was_lost_is_given_again() {
    let served = Served::new();
    served.hero(["--start"]).ended_after_answer().finish().exits(0);
    let question = ask(&served, async |client| {
        let question = asked(client).await;
        let lost = answer(client, &question, "mine").await.unwrap_err();
        assert_eq!(lost.code, ErrorCode::Unreachable, "{lost:?}");
        question
    });
    assert!(eventually(|| !served.listens()));
    served.hero(["--start"]).finish().exits(0);
    ask(&served, async |client| {
        for _ in 0..3 {
            assert_eq!(answer(client, &question, "mine").await.unwrap().play_sid, question.play_sid);
        }
        let error = answer(client, &question, "another").await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Conflict);
        let play = ended(client, &question).await;
        assert_eq!(play.outputs.as_ref().unwrap().to::<String>().unwrap(), "mine");
        assert_eq!(served.effects(&question.play_sid), ["mine"]);
        // And when it has long ended.
        assert_eq!(answer(client, &question, "mine").await.unwrap().status, Status::Succeeded);
    });
}
