//! Events, of one play and of the whole runtime.

use std::time::Duration;

use futures_util::StreamExt as _;
use hero_sdk::{
    ErrorCode, Json, Logic as _, PlaySid,
    logic::{
        Event, EventFilter, News, OfWorkflow, PlayCancel, PlaySpans, ResetReason, WorkflowCreate,
        WorkflowDelete,
    },
    model::Status,
};

use super::{client, stage::Stage};
use crate::server::Times;

const STEPS: &str = "
@flow
def step(n: int) -> int:
    print('step', n)
    return n

@flow
def main() -> int:
    return sum(step(n) for n in range(5))
";
const ASKS: &str = "
@flow
def main() -> bool:
    return ask_user.confirm('Go on?')
";

impl Stage {
    async fn events(&self, query: &str, last: Option<&str>) -> client::Events {
        let request = self.get(format!("/events{query}"));
        match last {
            Some(last) => request.header("last-event-id", last),
            None => request,
        }
        .stream()
        .await
    }

    pub(super) async fn events_of(&self, play_sid: &PlaySid, last: Option<&str>) -> client::Events {
        let request = self.get(format!("/plays/{play_sid}/events"));
        match last {
            Some(last) => request.header("last-event-id", last),
            None => request,
        }
        .stream()
        .await
    }
}

/// Takes events until a play has ended.
async fn until_ended(events: &mut client::Events, play_sid: &PlaySid) -> Vec<client::Event> {
    let mut all = Vec::new();
    loop {
        let event = events.next().await.unwrap();
        let json = event.json();
        let is_end = json["play_sid"] == play_sid.as_str() && json["status"] == "succeeded";
        all.push(event);
        if is_end {
            return all;
        }
    }
}

#[tokio::test]
async fn all_that_changes_is_told_in_order() {
    let stage = Stage::new().await;
    let mut events = stage.events("", None).await;
    let created = stage
        .runtime
        .workflow_create(WorkflowCreate {
            name: "asks".into(),
            source: format!("from hero_tracing import ask_user, flow\n{ASKS}"),
            entry: None,
            description: None,
            tags: Vec::new(),
            note: None,
            file_name: None,
        })
        .await
        .unwrap();
    let resume = stage.asked(ASKS).await;
    let answer = hero_sdk::logic::PlayResume {
        play_sid: resume.play_sid.clone(),
        resume_id: resume.resume_id.clone(),
        payload: Json::parse("true").unwrap(),
        answered_by: None,
    };
    stage.runtime.play_resume(answer).await.unwrap();
    let told: Vec<String> = until_ended(&mut events, &resume.play_sid)
        .await
        .iter()
        .map(|event| {
            let json = event.json();
            assert_eq!(json["event"], event.name.as_str());
            assert_eq!(json["id"], event.id.as_deref().unwrap());
            let more = ["reason", "status", "attempt", "pending_resumes", "name", "current_version"];
            let more = more.iter().filter_map(|name| json.get(name)).map(|value| value.to_string());
            [event.name.clone()].into_iter().chain(more).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        told,
        [
            "reset \"start\"",
            "workflow_changed 1",
            "play_created \"queued\" 0 0",
            "play_changed \"running\" 1 0",
            "resume_opened \"open\" \"go_on\"",
            "play_changed \"running\" 1 1",
            "play_changed \"awaiting_resume\" 1 1",
            "resume_closed \"answered\" \"go_on\"",
            "play_changed \"queued\" 1 0",
            "play_changed \"running\" 2 0",
            "play_changed \"succeeded\" 2 0",
        ]
    );
    let workflow = created.workflow.workflow_sid.to_string();
    stage.runtime.workflow_delete(WorkflowDelete { workflow: workflow.clone(), force: false }).await.unwrap();
    let deleted = events.next().await.unwrap();
    assert_eq!(
        (deleted.name.as_str(), &deleted.json()["workflow_sid"]),
        ("workflow_deleted", &workflow.into())
    );
    stage.close().await;
}

#[tokio::test]
async fn who_comes_again_at_any_event_misses_none_and_sees_none_twice() {
    let stage = Stage::new().await;
    let mut first = stage.events("", None).await;
    let mut second = stage.events("", None).await;
    let play_sid = stage.start(STEPS).await;
    let all = until_ended(&mut first, &play_sid).await;
    // A reset says when it was said.
    assert_eq!(until_ended(&mut second, &play_sid).await[1..], all[1..], "two at once see the same");
    for (place, event) in all.iter().enumerate().take(all.len() - 1) {
        let mut again = stage.events("", event.id.as_deref()).await;
        assert_eq!(until_ended(&mut again, &play_sid).await, all[place + 1..], "behind {event:?}");
    }

    let mut first = stage.events_of(&play_sid, None).await;
    let pages = first.until("end").await;
    assert_eq!(first.next().await, None);
    let spans = |events: &[client::Event]| -> Vec<String> {
        let pages = events.iter().filter(|event| event.name == "spans").map(client::Event::json);
        pages
            .flat_map(|page| page["spans"].as_array().unwrap().clone())
            .map(|span| span.to_string())
            .collect()
    };
    let all = spans(&pages);
    assert!(all.len() >= 6, "{all:?}");
    let last_seq: u64 = pages.iter().filter_map(|page| page.id.as_ref()?.parse().ok()).max().unwrap();
    for seq in 0..=last_seq {
        let mut again = stage.events_of(&play_sid, Some(&seq.to_string())).await;
        let rest = spans(&again.until("end").await);
        let seq_of =
            |span: &String| serde_json::from_str::<serde_json::Value>(span).unwrap()["seq"].as_u64().unwrap();
        let expected: Vec<String> = all.iter().filter(|span| seq_of(span) > seq).cloned().collect();
        assert_eq!(rest, expected, "behind {seq}");
    }
    stage.close().await;
}

#[tokio::test]
async fn a_cursor_that_leads_nowhere_is_reset_or_refused() {
    let stage = Stage::new().await;
    let mut events = stage.events("", None).await;
    let play_sid = stage.start(STEPS).await;
    let all = until_ended(&mut events, &play_sid).await;
    let newest = all.last().unwrap().id.clone().unwrap();
    let (boot, number) = newest.split_once('.').unwrap();
    let beyond = format!("{boot}.{}", number.parse::<u64>().unwrap() + 1);
    let mut again = stage.events("", Some(&beyond)).await;
    let reset = again.next().await.unwrap();
    assert_eq!(
        (reset.name.as_str(), reset.id.as_ref(), &reset.json()["reason"]),
        ("reset", Some(&newest), &"unknown".into())
    );

    let whole = stage.events_of(&play_sid, None).await.until("end").await;
    let mut events = stage.events_of(&play_sid, Some("18446744073709551615")).await.until("end").await;
    assert_eq!(events.remove(0).name, "reset");
    assert_eq!(events, whole);

    for path in ["/events".to_owned(), format!("/plays/{play_sid}/events")] {
        for last in ["x", "-1", "1.5", "18446744073709551616", ".", "0 1", "01m8n63tzcqzp3024dcsg1xc3g.x"] {
            let answer = stage.get(&path).header("last-event-id", last).send().await;
            assert_eq!(answer.status, 400, "{path} {last}");
            assert_eq!(answer.json()["error"]["data"]["code"], "invalid_params");
        }
    }
    for (query, said) in
        [("?play_sid=x", "is not an id"), ("?status=done", "unknown variant"), ("?colour=red", "no filter")]
    {
        let answer = stage.get(format!("/events{query}")).send().await;
        assert!(answer.status == 400 && answer.body.contains(said), "{query}: {answer:?}");
    }
    assert_eq!(stage.get(format!("/plays/{}/events", PlaySid::new())).send().await.status, 404);

    let stage = stage.reopen().await;
    let mut again = stage.events("", Some(&newest)).await;
    assert_eq!(again.next().await.unwrap().json()["reason"], "other_boot");
    drop(again);
    stage.close().await;
}

#[tokio::test]
async fn a_filter_leaves_out_what_is_not_wanted() {
    let stage = Stage::new().await;
    let mut open = stage.events("", None).await;
    let first = stage.start(STEPS).await;
    until_ended(&mut open, &first).await;
    let mut ended = stage.events("?status=succeeded", None).await;
    let second = stage.start(STEPS).await;
    until_ended(&mut open, &second).await;
    let mut of_second = stage.events(&format!("?play_sid={second}&workflow=flow.py"), None).await;
    let third = stage.start(STEPS).await;
    until_ended(&mut open, &third).await;
    stage.runtime.play_cancel(PlayCancel::from(second.clone())).await.unwrap_err();
    let names = |events: Vec<client::Event>| -> Vec<(String, String)> {
        let of = |event: &client::Event| event.json()["play_sid"].as_str().unwrap_or_default().to_owned();
        events.into_iter().map(|event| (of(&event), event.name)).collect()
    };
    assert_eq!(
        names(until_ended(&mut ended, &third).await),
        [
            (String::new(), "reset".to_owned()),
            (second.to_string(), "play_changed".to_owned()),
            (third.to_string(), "play_changed".to_owned()),
        ]
    );
    assert_eq!(of_second.next().await.unwrap().name, "reset");
    drop((ended, open, of_second));
    stage.close().await;
}

/// ATTACK: CR, LF and NUL in data make no events of their own.
#[tokio::test]
async fn whatever_a_flow_says_comes_through() {
    let stage = Stage::new().await;
    let play_sid = stage
        .start(
            r#"
@flow
def step(text: str) -> str:
    print('a\rb\r\nc\x00d\u2028e')
    flow.current_span.log('data: x\n\nevent: end\ndata: {}\n\n')
    return text

@flow(name='data: 1\n\nevent: end\n\n')
def main() -> str:
    return step('\r\n\r\n\x00 \ud800 \U0001F600 </script>')
"#,
        )
        .await;
    let play = stage.settled(&play_sid).await;
    assert_eq!(play.status, Status::Succeeded, "{:?}", play.error);
    let pages = stage.events_of(&play_sid, None).await.until("end").await;
    let page: serde_json::Value = {
        let page = stage.runtime.play_spans(PlaySpans::from(play_sid.clone())).await.unwrap();
        // A lone surrogate is no text for others: what shows it stands in its place.
        let outputs: Vec<_> = page.spans.iter().filter_map(|span| span.output.clone()).collect();
        assert!(outputs.iter().any(|output| output.contains("\\u0000 \u{fffd} \u{1f600}")), "{outputs:?}");
        serde_json::to_value(&page).unwrap()
    };
    let streamed: Vec<serde_json::Value> =
        pages.iter().filter(|event| event.name == "spans").map(client::Event::json).collect();
    for list in ["spans", "logs"] {
        let all: Vec<_> = streamed.iter().flat_map(|page| page[list].as_array().unwrap().clone()).collect();
        assert_eq!(all, *page[list].as_array().unwrap());
    }
    assert!(pages.iter().all(|event| ["spans", "end"].contains(&event.name.as_str())), "{pages:#?}");
    assert_eq!(pages.iter().filter(|event| event.name == "end").count(), 1);
    stage.close().await;
}

#[tokio::test]
async fn a_stream_where_nothing_happens_gives_signs_of_life() {
    let stage = Stage::with(Times { heartbeat: Duration::from_millis(5), ..Times::default() }).await;
    let resume = stage.asked(ASKS).await;
    let mut all = stage.events("", None).await;
    let mut one = stage.events_of(&resume.play_sid, None).await;
    for _ in 0..3 {
        all.heartbeat().await;
        one.heartbeat().await;
    }
    stage.runtime.play_cancel(PlayCancel::from(resume.play_sid.clone())).await.unwrap();
    assert_eq!(one.until("end").await.last().unwrap().name, "end");
    drop((all, one));
    stage.close().await;
}

#[tokio::test]
async fn streams_end_with_the_server() {
    let stage = Stage::new().await;
    let resume = stage.asked(ASKS).await;
    let mut all = stage.events("", None).await;
    let mut one = stage.events_of(&resume.play_sid, None).await;
    assert_eq!(all.next().await.unwrap().name, "reset");
    assert_eq!(one.next().await.unwrap().name, "spans");
    let stage = stage.serve_again().await;
    assert_eq!((all.next().await, one.next().await), (None, None));
    stage.close().await;
}

/// The runtime is the same, so a client that follows both ways sees the same.
#[tokio::test]
async fn a_client_goes_on_where_the_server_was_lost() {
    let mut stage = Stage::new().await;
    let client = stage.client();
    let mut remote = client.events(EventFilter::default(), None).await.unwrap();
    let mut embedded = stage.runtime.events(EventFilter::default(), None).await.unwrap();
    let mut seen: (Vec<Event>, Vec<Event>) = Default::default();
    for _ in 0..3 {
        let play_sid = stage.start(STEPS).await;
        for (feed, seen) in [(&mut remote, &mut seen.0), (&mut embedded, &mut seen.1)] {
            loop {
                let event = feed.next().await.unwrap().unwrap();
                let is_end = matches!(&event.news, News::PlayChanged(play) if play.play_sid == play_sid && play.status.is_terminal());
                seen.push(event);
                if is_end {
                    break;
                }
            }
        }
        stage = stage.serve_again().await;
    }
    assert_eq!(seen.0[0].news, News::Reset { reason: ResetReason::Start });
    assert_eq!(seen.0[1..], seen.1[1..]);
    drop((remote, embedded));

    let name = "a b&c=d";
    let source = format!("from hero_tracing import flow\n{STEPS}");
    let create = WorkflowCreate { name: name.into(), source, ..WorkflowCreate::default() };
    client.workflow_create(create).await.unwrap();
    let filter = |workflow: &str| EventFilter { workflow: Some(workflow.into()), ..EventFilter::default() };
    let last = seen.0.last().unwrap().id.clone();
    drop(client.events(filter(name), Some(last)).await.unwrap());
    let unknown = client.events(filter("a b"), None).await.err().unwrap();
    assert_eq!(unknown.code, ErrorCode::NotFound);

    let unknown = client.play_feed(PlaySid::new(), 0).await.err().unwrap();
    assert_eq!(unknown.code, ErrorCode::NotFound);
    let play_sid = stage.start(STEPS).await;
    stage.settled(&play_sid).await;
    let mut beyond = client.play_feed(play_sid.clone(), u64::MAX).await.unwrap();
    assert_eq!(beyond.next().await.unwrap().unwrap_err().code, ErrorCode::InvalidParams);
    assert_eq!(
        stage.runtime.play_feed(play_sid, u64::MAX).await.err().unwrap().code,
        ErrorCode::InvalidParams
    );
    let nothing = client.workflow_get(OfWorkflow { workflow: "none".into() }).await.unwrap_err();
    assert_eq!(nothing.code, ErrorCode::NotFound);
    stage.close().await;
}
