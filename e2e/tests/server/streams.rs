//! Who watches a play and does not keep up: what is kept for him has an end, the others do not notice, and he goes on
//! where he was. (FAULTS 31)

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
};

use hero_e2e::Served;
use hero_sdk::{
    Json, Logic as _, PlaySid,
    logic::{PlayRunAsync, PlayWait, Until},
    model::SpanPage,
};

use crate::{
    wire::{connect, resident_kb},
    world::{ask, gate},
};

/// Lines of text, each as long as one may be.
const LINES: usize = 2_000;
const LINE_BYTES: usize = 8_000;
/// Those who read a byte now and then, and as many who read nothing at all.
const SLOW: usize = 25;
/// Of the server's memory, with all of them.
const GROWN_KB_MAX: u64 = 100 << 10;

const SOURCE: &str = "
from hero_tracing import flow

@flow
def main(gate: str, lines: int, length: int) -> None:
    with open(gate) as pipe:
        pipe.read()
    for number in range(lines):
        print(f'{number:06d} ' + 'x' * (length - 7))
";

/// A stream of events, from behind an id.
fn watch(served: &Served, play_sid: &PlaySid, last_event_id: &str) -> UnixStream {
    let mut stream = connect(served);
    let request = format!(
        "GET /plays/{play_sid}/events HTTP/1.1\r\nhost: localhost\r\nlast-event-id: {last_event_id}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// The chunks of a body put together, as far as they come.
struct Body(BufReader<UnixStream>);

impl Body {
    fn of(stream: UnixStream) -> Self {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the head has an end");
        }
        Self(reader)
    }

    fn chunk(&mut self) -> String {
        let mut size = String::new();
        self.0.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        self.0.read_exact(&mut chunk).unwrap();
        chunk.truncate(size);
        String::from_utf8(chunk).unwrap()
    }

    /// The id and the page of the next event that has one; none at the end.
    fn page(&mut self) -> Option<(String, SpanPage)> {
        let mut event = String::new();
        loop {
            event.push_str(&self.chunk());
            let Some((first, _)) = event.split_once("\n\n") else { continue };
            let field = |name: &str| first.lines().find_map(|line| line.strip_prefix(name));
            match field("event: ") {
                Some("spans") => {
                    let page = serde_json::from_str(field("data: ").unwrap()).unwrap();
                    return Some((field("id: ").unwrap().to_owned(), page));
                }
                Some("end") => return None,
                // A sign of life.
                _ => event.clear(),
            }
        }
    }

    /// The numbers of all lines that come, to the end.
    fn lines(&mut self) -> Vec<usize> {
        let mut lines = Vec::new();
        while let Some((_, page)) = self.page() {
            lines.extend(numbers(&page));
        }
        lines
    }
}

fn numbers(page: &SpanPage) -> impl Iterator<Item = usize> + '_ {
    let number = |text: &str| text.split(' ').next()?.parse().ok();
    page.logs.iter().map(move |line| number(&line.text).unwrap_or_else(|| panic!("{:.200?}", line)))
}

#[test]
fn a_slow_reader_costs_little_and_nobody_but_himself() {
    let served = Served::new();
    let gate = gate(&served);
    served.hero(["--start"]).finish().exits(0);
    let pid = served.pid().unwrap();
    let play_sid = ask(&served, async |client| {
        let inputs = serde_json::json!({ "gate": gate.path(), "lines": LINES, "length": LINE_BYTES });
        let inputs = Some(Json::from(&inputs));
        let run = PlayRunAsync { source: SOURCE.to_owned(), inputs, ..PlayRunAsync::default() };
        client.play_run_async(run).await.unwrap().play_sid
    });
    let arrived = gate.arrival();
    let mut slow: Vec<UnixStream> = (0..SLOW).map(|_| watch(&served, &play_sid, "")).collect();
    let stalled: Vec<UnixStream> = (0..SLOW).map(|_| watch(&served, &play_sid, "")).collect();
    let mut fast = Body::of(watch(&served, &play_sid, ""));
    let before = resident_kb(pid);
    arrived.open("opened");

    let (mut seen, mut most) = (Vec::new(), 0);
    while let Some((_, page)) = fast.page() {
        seen.extend(numbers(&page));
        for stream in &mut slow {
            stream.read_exact(&mut [0]).unwrap();
        }
        most = most.max(resident_kb(pid));
    }
    assert_eq!(seen, (0..LINES).collect::<Vec<_>>(), "the fast one sees all of it");
    // All that there is has been written by now, and each slow one has seen some bytes of it.
    let late = Body::of(watch(&served, &play_sid, "")).lines();
    assert_eq!(late, seen);
    most = most.max(resident_kb(pid));
    let (grown, readers) = (most.saturating_sub(before), slow.len() + stalled.len());
    println!("{grown} kB for {readers} readers who do not keep up, of {} kB each", LINES * LINE_BYTES / 1024);
    assert!(grown < GROWN_KB_MAX, "{grown} kB more are held for {readers} readers who do not keep up");

    // One reads a page at last, is cut off, and goes on behind it.
    let (id, first) = {
        let mut body = Body::of(watch(&served, &play_sid, ""));
        let mut page = body.page().unwrap();
        while page.1.logs.is_empty() {
            page = body.page().unwrap();
        }
        page
    };
    drop((slow, stalled));
    let mut all: Vec<usize> = numbers(&first).collect();
    all.extend(Body::of(watch(&served, &play_sid, &id)).lines());
    assert_eq!(all, seen);
    ask(&served, async |client| {
        let play = PlayWait { play_sid, timeout_ms: None, until: Until::Terminal };
        client.play_wait(play).await.unwrap();
    });
}
