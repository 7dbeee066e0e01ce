//! Readers that stand still: they have to leave, the others do not notice, and who comes again misses nothing.
//! (FAULTS 31)

use std::time::Duration;

use futures_util::StreamExt as _;
use hero_sdk::{
    Logic as _,
    model::{SpanPage, Status},
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{client, stage::Stage};
use crate::server::Times;

/// Prints more than what lies between a server and a client who does not read.
const PRINTS: &str = "
@flow
def main() -> None:
    for number in range(2_000):
        print(f'{number:06d} ' + 'x' * 8_000)
";
const LINES: usize = 2_000;
const READERS: usize = 50;

impl Stage {
    /// One whose server waits for nobody.
    async fn impatient() -> Self {
        Self::with(Times { write_limit: Duration::from_millis(100), ..Times::default() }).await
    }

    /// How many follow a play.
    async fn followers(&self) -> f64 {
        self.numbers().await["event_streams{of=\"play\"}"]
    }
}

fn lines(page: &SpanPage) -> impl Iterator<Item = usize> + '_ {
    page.logs.iter().map(|line| line.text.get(..6).unwrap().parse().unwrap())
}

/// The lines of all pages, and the id of the last.
fn read(events: &[client::Event]) -> (Vec<usize>, Option<String>) {
    let mut pages = events.iter().filter(|event| event.name == "spans");
    let lines = pages.clone().flat_map(|event| {
        let page: SpanPage = serde_json::from_str(&event.data).unwrap();
        lines(&page).collect::<Vec<_>>()
    });
    (lines.collect(), pages.next_back().and_then(|event| event.id.clone()))
}

#[tokio::test]
async fn who_reads_nothing_has_to_leave_and_goes_on_where_he_was() {
    let stage = Stage::impatient().await;
    let play_sid = stage.start(PRINTS).await;
    let mut stalled = Vec::new();
    for _ in 0..READERS {
        stalled.push(stage.events_of(&play_sid, None).await);
    }
    // One who reads sees all of it, as it comes, and the play ends.
    let mut feed = stage.client().play_feed(play_sid.clone(), 0).await.unwrap();
    let mut seen = Vec::new();
    while let Some(page) = feed.next().await {
        seen.extend(lines(&page.unwrap()));
    }
    assert_eq!(seen, (0..LINES).collect::<Vec<_>>());
    assert_eq!(stage.settled(&play_sid).await.status, Status::Succeeded);

    while stage.followers().await > 0.0 {}
    // What lay between is his still.
    let mut left = Vec::new();
    while let Some(event) = stalled[READERS / 2].next().await {
        left.push(event);
    }
    let (mut all, last) = read(&left);
    assert!(all.len() < LINES && left.iter().all(|event| event.name == "spans"), "{} lines", all.len());
    let rest = stage.events_of(&play_sid, last.as_deref()).await.until("end").await;
    all.extend(read(&rest).0);
    assert_eq!(all, seen);
    drop(stalled);
    stage.close().await;
}

/// Without the limit this would never end: whoever is waited for is not listened to.
#[tokio::test]
async fn who_only_asks_has_to_leave() {
    let stage = Stage::impatient().await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let request = format!(
        "GET /openrpc.json HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
        stage.address,
        super::stage::TOKEN
    );
    while stream.write_all(request.as_bytes()).await.is_ok() {}
    assert_eq!(stage.get("/health").send().await.status, 200);
    stage.close().await;
}
