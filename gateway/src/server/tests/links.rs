//! Links that answer questions.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use futures_util::future::join_all;
use hero_sdk::{
    ErrorCode, Json, Logic as _,
    logic::{PlayCancel, PlayResume},
    model::{ResumeRequest, ResumeStatus, Status},
};

use super::{
    client::{Answer, Ask, ask},
    stage::Stage,
};

const ASKS: &str = "
@flow
def main() -> str:
    return ask_user.choice('Which <b>zone</b>?', ['eu', 'us & co'])
";
const ASKS_FORM: &str = "
SCHEMA = {'type': 'object', 'required': ['zone', 'count'], 'additionalProperties': False, 'properties': {
    'zone': {'type': 'string', 'minLength': 2}, 'count': {'type': 'integer', 'maximum': 5},
    'more': {'type': 'array'}}}

@flow
def main() -> dict:
    return flow.pause('details', schema=SCHEMA)
";

impl Stage {
    fn link(&self, method: &'static str, path: &str) -> Ask {
        ask(self.address, method, path)
    }

    async fn question(&self, resume: &ResumeRequest) -> ResumeRequest {
        let token = path(resume).trim_start_matches("/r/").to_owned();
        self.runtime.resume_of_link(&token).await.unwrap()
    }

    async fn answer(&self, resume: &ResumeRequest, payload: &str) -> Result<Status, ErrorCode> {
        let params = PlayResume {
            play_sid: resume.play_sid.clone(),
            resume_id: resume.resume_id.clone(),
            payload: Json::parse(payload).unwrap(),
            answered_by: None,
        };
        self.runtime.play_resume(params).await.map(|play| play.status).map_err(|error| error.code)
    }
}

/// The path of a question's link.
fn path(resume: &ResumeRequest) -> String {
    let url = resume.url.as_ref().expect("a server serves links");
    url.get(url.find("/r/").unwrap()..).unwrap().to_owned()
}

#[track_caller]
fn shows(answer: &Answer, status: u16, texts: &[&str]) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("script") && !policy.contains("unsafe"), "{policy}");
    for text in texts {
        assert!(answer.body.contains(text), "{text} in {}", answer.body);
    }
    assert!(!answer.body.contains("<script") && !answer.body.contains("href="), "{}", answer.body);
}

#[tokio::test]
async fn to_look_answers_nothing_and_to_send_answers_once() {
    let stage = Stage::new().await;
    let resume = stage.asked(ASKS).await;
    let path = path(&resume);
    assert_eq!(resume.url.as_deref(), Some(format!("http://{}{path}", stage.address).as_str()));
    for purpose in ["prefetch", "preview"] {
        let answer = stage.link("GET", &path).header("sec-purpose", purpose).send().await;
        shows(&answer, 200, &["Which &lt;b&gt;zone&lt;/b&gt;?", "<form method=\"post\"", "us &amp; co"]);
    }
    let head = stage.link("HEAD", &path).send().await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        assert_eq!(stage.link(method, &path).form("answer=eu").send().await.status, 405, "{method}");
    }
    assert_eq!(stage.link("GET", &format!("{path}?answer=eu")).form("answer=eu").send().await.status, 200);
    assert_eq!(stage.question(&resume).await.status, ResumeStatus::Open);

    shows(&stage.link("POST", &path).form("answer=%22us+%26+co%22").send().await, 200, &["Thank you"]);
    assert_eq!(stage.outputs(&resume.play_sid).await, "\"us & co\"");
    let question = stage.question(&resume).await;
    assert_eq!(question.answered_by.as_deref(), Some("link"));
    // The same answer again is the same answer; another one comes too late, by whichever way.
    shows(&stage.link("POST", &path).form("answer=us+%26+co").send().await, 200, &["Thank you"]);
    shows(&stage.link("POST", &path).form("answer=eu").send().await, 410, &["Already answered"]);
    shows(&stage.link("POST", &path).form("answer=nowhere").send().await, 410, &["Already answered"]);
    shows(&stage.link("GET", &path).send().await, 410, &["Already answered"]);
    assert_eq!(stage.answer(&resume, "\"eu\"").await, Err(ErrorCode::Conflict));
    stage.close().await;
}

#[tokio::test]
async fn an_answer_by_another_way_counts_for_the_link() {
    let stage = Stage::new().await;
    let resume = stage.asked(ASKS).await;
    stage.answer(&resume, "\"eu\"").await.unwrap();
    shows(&stage.link("POST", &path(&resume)).form("answer=eu").send().await, 200, &["Thank you"]);
    let json = stage.link("POST", &path(&resume)).body("application/json; charset=utf-8", "\"us & co\"");
    let answer = json.send().await;
    assert_eq!((answer.status, &answer.json()["error"]["data"]["code"]), (410, &"conflict".into()));
    stage.close().await;
}

/// ATTACK: guessing. Nothing tells a token that is nearly right from any other text.
#[tokio::test]
async fn every_wrong_token_gets_the_same_answer() {
    let stage = Stage::new().await;
    let resume = stage.asked(ASKS).await;
    let token = path(&resume).trim_start_matches("/r/").to_owned();
    let mut wrong: BTreeSet<String> = (0..token.len())
        .map(|place| {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            String::from_utf8(changed).unwrap()
        })
        .collect();
    let other_id = "01m8n63xzhcds7ds6kf0tsjyfe";
    wrong.extend([
        "x".to_owned(),
        "a/b".to_owned(),
        "..%2F..%2Fhealth".to_owned(),
        "%ff%00".to_owned(),
        token.to_uppercase(),
        format!("{token}="),
        format!("{token}/"),
        format!("%20{token}"),
        token[..token.len() - 1].to_owned(),
        token[..26].to_owned(),
        format!("{}{}", &token[..26], "A".repeat(43)),
        format!("{other_id}{}", &token[26..]),
        resume.resume_id.to_string(),
        resume.play_sid.to_string(),
        "%F0%9F%98%80".repeat(50),
        "9".repeat(10_000),
    ]);
    let first = stage.link("GET", "/r/none").send().await;
    shows(&first, 404, &["This link leads nowhere"]);
    let json = stage.link("GET", "/r/none").header("accept", "application/json").send().await;
    assert_eq!(json.status, 404);
    for token in wrong {
        let path = format!("/r/{token}");
        assert_eq!(stage.link("GET", &path).send().await, first, "{token}");
        assert_eq!(stage.link("POST", &path).form("answer=eu").send().await, first, "{token}");
        assert_eq!(
            stage.link("GET", &path).header("accept", "application/json").send().await,
            json,
            "{token}"
        );
    }
    assert_eq!(stage.question(&resume).await.status, ResumeStatus::Open);
    stage.close().await;
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_shown_again_with_what_was_typed() {
    let stage = Stage::new().await;
    let resume = stage.asked(ASKS_FORM).await;
    let path = path(&resume);
    let post = |body: &str| stage.link("POST", &path).form(body);
    let answer = post("answer/zone=%22%3Cx&answer/count=7").send().await;
    shows(&answer, 422, &["value=\"7\"", "aria-invalid=\"true\"", "7 is greater than the maximum of 5"]);
    shows(&answer, 422, &["value=\"&quot;&lt;x\""]);
    let answer = post("answer/zone=&answer/count=many&answer/more=%5B").send().await;
    let said = ["expected a whole number, such as 3", "this is not JSON", "value=\"many\""];
    shows(&answer, 422, &said);

    let json = |body: &str| stage.link("POST", &path).body("application/json", body);
    for (body, status, code) in [
        ("{\"zone\":\"x\",\"count\":1}".to_owned(), 422, "invalid_payload"),
        ("{\"zone\":\"eu\",\"count\":1,\"__proto__\":{\"zone\":\"us\"}}".to_owned(), 422, "invalid_payload"),
        ("{\"zone\":\"eu\"".to_owned(), 422, "invalid_payload"),
        ("{\"zone\":\"eu\",\"count\":1,\"count\":2}".to_owned(), 422, "invalid_payload"),
        ("\"\\ud800\"".to_owned(), 422, "invalid_payload"),
        ("[".repeat(100_000), 422, "invalid_payload"),
        (
            format!("{{\"zone\":\"eu\",\"count\":1,\"more\":{}1{}}}", "[".repeat(500), "]".repeat(500)),
            422,
            "invalid_payload",
        ),
        ("9".repeat((1 << 20) + 1), 413, "invalid_request"),
        (String::new(), 422, "invalid_payload"),
    ] {
        let answer = json(&body).send().await;
        let shown: String = body.chars().take(60).collect();
        assert_eq!(
            (answer.status, &answer.json()["error"]["data"]["code"]),
            (status, &code.into()),
            "{shown}"
        );
    }
    for media_type in ["text/plain", "multipart/form-data; boundary=x", "application/jsonp", ""] {
        let answer = stage.link("POST", &path).body(media_type, "{\"zone\":\"eu\",\"count\":1}").send().await;
        assert_eq!(answer.status, 415, "{media_type}");
    }
    assert_eq!(stage.question(&resume).await.status, ResumeStatus::Open);
    let answer = json("{\"zone\":\"eu\",\"count\":1}").send().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"status\":\"answered\"}"));
    assert_eq!(stage.outputs(&resume.play_sid).await, "{\"zone\":\"eu\",\"count\":1}");
    stage.close().await;
}

/// ATTACK: racing.
#[tokio::test]
async fn of_many_answers_at_once_one_wins() {
    let stage = Stage::new().await;
    let resume = stage
        .asked(
            "
@flow
def main() -> int:
    return ask_user.number('How many?', integer=True)
",
        )
        .await;
    let path = path(&resume);
    let posts = (0..50).map(|number| stage.link("POST", &path).form(&format!("answer={number}")).send());
    let answers = join_all(posts).await;
    let won: Vec<usize> = answers
        .iter()
        .enumerate()
        .filter(|(_, answer)| answer.status == 200)
        .map(|(number, _)| number)
        .collect();
    assert_eq!(won.len(), 1, "{won:?}");
    assert_eq!(answers.iter().filter(|answer| answer.status == 410).count(), 49);
    assert_eq!(stage.outputs(&resume.play_sid).await, won[0].to_string());
    stage.close().await;
}

/// ATTACK: outliving.
#[tokio::test]
async fn a_link_ends_with_its_question() {
    let stage = Stage::new().await;
    let expired = stage
        .start(
            "
@flow
def main() -> str:
    return ask_user.text('Who?', timeout=0.001, default='nobody')
",
        )
        .await;
    assert_eq!(stage.outputs(&expired).await, "\"nobody\"");
    let asked = stage.asked(ASKS).await;
    stage.runtime.play_cancel(PlayCancel::from(asked.play_sid.clone())).await.unwrap();
    shows(&stage.link("GET", &path(&asked)).send().await, 410, &["No longer asked"]);
    shows(&stage.link("POST", &path(&asked)).form("answer=eu").send().await, 410, &["No longer asked"]);
    assert_eq!(stage.runtime.play_status(asked.play_sid.into()).await.unwrap().status, Status::Cancelled);
    stage.close().await;
}

/// The key lives in the home: links outlive the runtime that made them.
#[tokio::test]
async fn a_link_outlives_the_runtime() {
    let stage = Stage::new().await;
    let resume = stage.asked(ASKS).await;
    let stage = stage.reopen().await;
    shows(&stage.link("POST", &path(&resume)).form("answer=eu").send().await, 200, &["Thank you"]);
    assert_eq!(stage.outputs(&resume.play_sid).await, "\"eu\"");
    stage.close().await;
}

#[tokio::test]
async fn pages_of_other_sites_may_lead_to_a_link_and_not_answer_it() {
    let stage = Stage::new().await;
    let resume = stage.asked(ASKS).await;
    let path = path(&resume);
    let site = format!("http://{}", stage.address);
    for (method, name, value, status) in [
        ("GET", "sec-fetch-site", "cross-site", 200),
        ("GET", "origin", "http://evil.example", 200),
        ("POST", "sec-fetch-site", "cross-site", 403),
        ("POST", "sec-fetch-site", "same-site", 403),
        ("POST", "origin", "http://evil.example", 403),
        ("GET", "host", "evil.example", 421),
        ("POST", "host", "evil.example", 421),
        // What a page says of itself that tells nobody where it is.
        ("POST", "origin", "null", 422),
        ("POST", "origin", site.as_str(), 422),
        ("POST", "sec-fetch-site", "same-origin", 422),
    ] {
        let answer = stage.link(method, &path).header(name, value).form("answer=none").send().await;
        assert_eq!(answer.status, status, "{method} {name}: {value}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    assert_eq!(stage.question(&resume).await.status, ResumeStatus::Open);
    stage.close().await;
}

#[tokio::test]
async fn a_client_finds_the_question_of_a_link() {
    let stage = Stage::new().await;
    let resume = stage.asked(ASKS).await;
    let token = path(&resume).trim_start_matches("/r/").to_owned();
    for client in [stage.client(), stage.tcp_client()] {
        assert_eq!(client.resume_of_link(&token).await.unwrap(), resume);
        let error = client.resume_of_link("../health").await.unwrap_err();
        assert_eq!(error.code, ErrorCode::NotFound, "{error}");
    }
    stage.close().await;
}

/// A writer of logs that keeps them.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_token_is_in_no_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let stage = Stage::new().await;
    let resume = stage.asked(ASKS).await;
    let path = path(&resume);
    stage.link("GET", &path).send().await;
    stage.link("GET", &format!("{path}x")).send().await;
    stage.link("POST", &path).form("answer=none").send().await;
    stage.link("POST", &path).body("text/plain", "eu").send().await;
    stage.link("POST", &path).form("answer=eu").send().await;
    stage.outputs(&resume.play_sid).await;
    stage.close().await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains(resume.play_sid.as_str()), "the log is one of this play: {log}");
    let mark = path.get("/r/".len() + 26..).unwrap();
    assert!(!log.contains(mark), "{log}");
}
