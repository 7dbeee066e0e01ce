//! A server that takes connections and says nothing.

use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};

use super::{Client, Endpoint};
use crate::{
    Error, ErrorCode, PlaySid,
    logic::{EventFilter, Logic as _, PlayWait, Until},
};

const PATIENCE: Duration = Duration::from_millis(20);

fn is_told<T>(answer: Result<T, Error>) {
    let Err(error) = answer else { panic!("nobody has answered") };
    assert_eq!(error.code, ErrorCode::Unreachable);
    assert!(error.message.contains("nothing came within 0.02 s"), "{error}");
}

#[tokio::test]
async fn nobody_waits_for_ever_for_one_who_says_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rpc.sock");
    let _silent = UnixListener::bind(&path).unwrap();
    let also_silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = also_silent.local_addr().unwrap().to_string();
    for endpoint in [Endpoint::Unix(path), Endpoint::Tcp { authority, token: "token".to_owned() }] {
        let client = Client::new(endpoint).patience(PATIENCE);
        is_told(client.server_info().await);
        is_told(client.events(EventFilter::default(), None).await);
        is_told(client.resume_of_link("token").await);
    }
}

#[test]
fn a_wait_may_take_as_long_as_it_was_told_to_and_then_some() {
    let client = Client::new(Endpoint::Unix("/nowhere".into())).patience(PATIENCE);
    let wait = |timeout_ms| PlayWait { play_sid: PlaySid::new(), timeout_ms, until: Until::Settled };
    let of = |timeout_ms| client.patience_of_wait(&serde_json::to_value(wait(timeout_ms)).unwrap());
    assert_eq!([of(None), of(Some(5))], [None, Some(Duration::from_millis(25))]);
}
