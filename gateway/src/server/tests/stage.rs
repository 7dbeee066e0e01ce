//! A home of its own, with a runtime and a server.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use hero_actors::{Config, Runtime};
use hero_sdk::{
    Client, Json, Logic, PlaySid, Timestamp,
    client::Endpoint,
    logic::{PlayPendingResumes, PlayRunAsync, PlayWait, ServerProcess, Until},
    model::{Play, ResumeRequest},
};

use super::client::{Ask, ask};
use crate::server::{Listen, Server, Serving, Times};

/// What opens the server on TCP.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

pub(crate) struct Stage {
    home: tempfile::TempDir,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) address: SocketAddr,
    serving: Serving,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Times::default()).await
    }

    pub(crate) async fn with(times: Times) -> Self {
        Self::over(tempfile::tempdir().unwrap(), times).await
    }

    async fn over(home: tempfile::TempDir, times: Times) -> Self {
        let runtime = Arc::new(Runtime::open(Config::new(home.path())).await.unwrap());
        let (address, serving) = serve(&home, &runtime, times).await;
        Self { home, runtime, address, serving }
    }

    /// A path of the server, with the token.
    pub(crate) fn get(&self, path: impl Into<String>) -> Ask {
        ask(self.address, "GET", path).header("authorization", &format!("Bearer {TOKEN}"))
    }

    /// A client over the socket.
    pub(crate) fn client(&self) -> Client {
        Client::new(Endpoint::Unix(socket(&self.home)))
    }

    /// A client over TCP.
    pub(crate) fn tcp_client(&self) -> Client {
        Client::new(Endpoint::Tcp { authority: self.address.to_string(), token: TOKEN.to_owned() })
    }

    pub(crate) async fn start(&self, source: &str) -> PlaySid {
        let source = format!("from hero_tracing import ask_user, flow\n\n{source}");
        let params = PlayRunAsync { source, ..PlayRunAsync::default() };
        self.runtime.play_run_async(params).await.unwrap().play_sid
    }

    pub(crate) async fn settled(&self, play_sid: &PlaySid) -> Play {
        self.wait(play_sid, Until::Settled).await
    }

    async fn wait(&self, play_sid: &PlaySid, until: Until) -> Play {
        let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: Some(60_000), until };
        self.runtime.play_wait(wait).await.unwrap()
    }

    /// Starts a play that asks, and gives its first question.
    pub(crate) async fn asked(&self, source: &str) -> ResumeRequest {
        let play_sid = self.start(source).await;
        let play = self.settled(&play_sid).await;
        let open = self.runtime.play_pending_resumes(PlayPendingResumes::from(play_sid)).await.unwrap();
        open.resumes.into_iter().next().unwrap_or_else(|| panic!("nothing was asked: {:?}", play.error))
    }

    /// The outputs of a play that succeeds, whatever it waits for first.
    pub(crate) async fn outputs(&self, play_sid: &PlaySid) -> String {
        let play = self.wait(play_sid, Until::Terminal).await;
        play.outputs.as_ref().map(Json::to_string).unwrap_or_else(|| panic!("{play:?}"))
    }

    /// Stops the server, and another one begins over the same runtime.
    pub(crate) async fn serve_again(self) -> Self {
        self.serving.drain().await;
        let (address, serving) = serve(&self.home, &self.runtime, Times::default()).await;
        Self { address, serving, ..self }
    }

    /// Stops the server, and waits until everybody has had his answer.
    pub(crate) async fn close(self) {
        self.serving.drain().await;
        self.runtime.shutdown().await.unwrap();
    }

    /// The same, and opens both anew on the same home.
    pub(crate) async fn reopen(self) -> Self {
        self.serving.drain().await;
        self.runtime.shutdown().await.unwrap();
        drop(self.runtime);
        Self::over(self.home, Times::default()).await
    }
}

fn socket(home: &tempfile::TempDir) -> PathBuf {
    home.path().join("sockets/rpc.sock")
}

async fn serve(home: &tempfile::TempDir, runtime: &Arc<Runtime>, times: Times) -> (SocketAddr, Serving) {
    let tcp = Listen::Tcp { address: "127.0.0.1:0".into(), token: TOKEN.into(), hosts: Vec::new() };
    let mut server = Server::bind(&[Listen::Unix(socket(home)), tcp]).await.unwrap();
    server.times = times;
    let url = server.url().unwrap();
    runtime.serve_links(&url);
    let address = url.trim_start_matches("http://").parse().unwrap();
    let process =
        ServerProcess { pid: 1, started_at: Timestamp(0), listening: server.places(), background: None };
    let logic: Arc<dyn Logic> = Arc::<Runtime>::clone(runtime);
    let (serving, gateway) = server.serve(logic, process);
    runtime.adopt(Arc::new(gateway)).await.unwrap();
    (address, serving)
}
