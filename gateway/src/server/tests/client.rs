//! A client of HTTP that shows what really came.

use std::net::SocketAddr;

use hero_sdk::Json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// All, with lower-case names, but for the date.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        Json::parse(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}")).to().unwrap()
    }
}

/// A request to be sent.
pub(crate) struct Ask {
    address: SocketAddr,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Asks for a path.
pub(crate) fn ask(address: SocketAddr, method: &'static str, path: impl Into<String>) -> Ask {
    Ask { address, method, path: path.into(), headers: Vec::new(), body: Vec::new() }
        .header("host", &address.to_string())
}

impl Ask {
    /// The same with this header, in place of the one that it had.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with this header beside those that it had.
    pub(crate) fn beside(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a body.
    pub(crate) fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }

    /// The same with a form.
    pub(crate) fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body)
    }

    async fn connect(self) -> BufReader<TcpStream> {
        let mut head = format!("{} {} HTTP/1.0\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.body.is_empty() {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // A server that has seen enough may answer before it has read all.
        stream.write_all(&self.body).await.ok();
        BufReader::new(stream)
    }

    /// Sends it and reads everything that comes.
    pub(crate) async fn send(self) -> Answer {
        let mut stream = self.connect().await;
        let (status, headers) = head(&mut stream).await;
        let mut body = Vec::new();
        stream.read_to_end(&mut body).await.unwrap();
        Answer { status, headers, body: String::from_utf8(body).unwrap() }
    }

    /// Sends it and reads events as they come.
    pub(crate) async fn stream(self) -> Events {
        let mut stream = self.connect().await;
        let (status, headers) = head(&mut stream).await;
        assert_eq!(status, 200, "{headers:?}");
        let media_type = headers.iter().find(|(name, _)| name == "content-type").unwrap();
        assert_eq!(media_type.1, "text/event-stream");
        Events { stream }
    }
}

async fn head(stream: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let first = line(stream).await.unwrap();
    let status = first.split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = Vec::new();
    while let Some((name, value)) = line(stream).await.unwrap().split_once(": ") {
        if name != "date" {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }
    (status, headers)
}

/// A line without its end; none behind the last one that has an end.
async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    line.ends_with('\n').then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// An event as it stood in the stream, read by the rules of its specification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

impl Event {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

/// A stream of events.
pub(crate) struct Events {
    stream: BufReader<TcpStream>,
}

impl Events {
    /// The next event; none behind the last one.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        let mut data: Vec<String> = Vec::new();
        loop {
            let line = line(&mut self.stream).await?;
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
            match field {
                "" if line.is_empty() && !data.is_empty() => {
                    event.data = data.join("\n");
                    return Some(event);
                }
                "" => {}
                "event" => event.name = value,
                "id" => event.id = Some(value),
                "data" => data.push(value),
                other => panic!("no field of an event: {other}"),
            }
        }
    }

    /// Reads to the next comment, which is a sign of life.
    pub(crate) async fn heartbeat(&mut self) {
        while !line(&mut self.stream).await.unwrap().starts_with(':') {}
    }

    /// All events to the one of this name, with it.
    pub(crate) async fn until(&mut self, name: &str) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            let is_last = event.name == name;
            events.push(event);
            if is_last {
                return events;
            }
        }
        panic!("no {name} came: {events:#?}");
    }
}
