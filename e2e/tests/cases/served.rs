//! `hero_logic serve`, watched and answered by programs that others wrote: a parser of Prometheus, a client of
//! server-sent events, and one of HTTP.

use std::time::Duration;

use hero_e2e::{
    Outcome, Stage, binary,
    stage::{Running, eventually},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

const TOKEN: &str = "e2e-token-of-some-length";
const FLOW: &str = "
from hero_tracing import ask_user, flow

@flow
def step(number: int) -> int:
    return number

@flow
def main() -> str:
    total = sum(step(number) for number in range(3))
    return f\"{ask_user.choice('Which zone?', ['eu', 'us'])} {total}\"
";

/// Starts a play, follows it, answers its question by the link, and reads the numbers.
const WATCHER: &str = r#"
import json, sys, threading, urllib.parse
import httpx, httpx_sse
from prometheus_client.parser import text_string_to_metric_families

base, token = sys.argv[1:]
client = httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60)

def call(method, **params):
    answer = client.post("/rpc", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).json()
    return answer["result"]

def link(method, url, **more):
    with httpx.Client(timeout=60) as stranger:
        return stranger.request(method, url, **more)

told = []
with httpx_sse.connect_sse(client, "GET", "/events") as source:
    events = source.iter_sse()
    assert next(events).event == "reset"
    play = call("play_run_async", source=open("flow.py").read(), file_name="flow.py")
    for event in events:
        data = event.json()
        told.append([event.event, data.get("status")])
        if event.event == "play_changed" and data["status"] == "awaiting_resume":
            [resume] = call("play_pending_resumes", play_sid=play["play_sid"])["resumes"]
            shown = link("GET", resume["url"])
            assert shown.status_code == 200 and "Which zone?" in shown.text, shown
            refused = link("POST", resume["url"], data={"answer": "mars"})
            assert refused.status_code == 422 and "none of the choices" in refused.text, refused
            taken = link("POST", resume["url"], data={"answer": "eu"})
            assert taken.status_code == 200 and "Thank you" in taken.text, taken
            assert link("POST", resume["url"], json="us").status_code == 410
        if data.get("status") == "succeeded":
            last = event.id
            break
with httpx_sse.connect_sse(client, "GET", "/events", headers={"Last-Event-ID": last}) as source:
    call("workflow_create", name="asks", source=open("flow.py").read())
    event = next(source.iter_sse())
    told.append([event.event, None])

pages = []
with httpx_sse.connect_sse(client, "GET", f"/plays/{play['play_sid']}/events") as source:
    for event in source.iter_sse():
        pages.append(event)
        if event.event == "end":
            break
spans = [span["name"] for page in pages[:-1] for span in page.json()["spans"]]
assert spans.count("step") == 3 and spans.count("main") == 1, spans

response = client.get("/metrics")
assert response.headers["content-type"].startswith("text/plain; version=0.0.4"), response.headers
families = {family.name: family for family in text_string_to_metric_families(response.text)}
for family in families.values():
    assert family.documentation and family.type in ("counter", "gauge", "histogram"), family
    if family.type == "histogram":
        buckets = {}
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "le"}
            one = buckets.setdefault(json.dumps(labels, sort_keys=True), {"ends": []})
            if sample.name.endswith("_bucket"):
                one["ends"].append((float(sample.labels["le"]), sample.value))
            else:
                one[sample.name.removeprefix(family.name)] = sample.value
        for one in buckets.values():
            ends = one["ends"]
            assert ends == sorted(ends) and ends[-1] == (float("inf"), one["_count"]), one
            assert (one["_sum"] > 0) == (one["_count"] > 0), one

def value(name, **labels):
    [found] = [sample.value for family in families.values() for sample in family.samples
               if sample.name == f"hero_logic_{name}" and sample.labels.items() >= labels.items()]
    return found

print(json.dumps({
    "told": told,
    "outputs": call("play_status", play_sid=play["play_sid"])["outputs"],
    "succeeded": value("plays_ended_total", status="succeeded"),
    "starts": value("play_start_seconds_count"),
    "commits": value("step_commit_seconds_count") >= 4,
    "calls": value("rpc_calls_total", method="play_run_async", outcome="ok"),
    "store": value("store_bytes") > 0,
    "health": client.get("/health").json(),
}))
"#;

/// The interpreter that has the libraries, made where it is missing.
fn interpreter(stage: &Stage) -> String {
    let run = stage.program(binary::repository().join("e2e/libraries"), [] as [&str; 0]);
    run.within(Duration::from_secs(600)).finish().exits(0).stdout.trim().to_owned()
}

/// Waits until the server listens on TCP, and gives its address.
fn address(server: &Running<'_>) -> String {
    let found = || {
        let said = server.stderr();
        let line = said.lines().find_map(|line| line.strip_prefix("listening on http://"))?;
        Some(format!("http://{line}"))
    };
    assert!(eventually(|| found().is_some()), "{}", server.stderr());
    found().unwrap()
}

fn stop(server: Running<'_>) -> Outcome {
    let pid = Pid::from_raw(server.pid().try_into().expect("process ids are below 2^22"));
    kill(pid, Signal::SIGTERM).expect("our child");
    server.finish()
}

#[test]
fn programs_of_others_follow_and_answer() {
    let stage = Stage::new();
    stage.write("flow.py", FLOW);
    stage.write("watcher.py", WATCHER);
    let python = interpreter(&stage);
    let server = stage.hero(["serve", "--listen", "127.0.0.1:0"]).env("HERO_LOGIC_TOKEN", TOKEN).start();
    let address = address(&server);
    let watched = stage.program(&python, ["watcher.py", &address, TOKEN]).finish().exits(0).json();
    assert_eq!(
        watched,
        serde_json::json!({
            "told": [
                ["play_created", "queued"],
                ["play_changed", "running"],
                ["resume_opened", "open"],
                ["play_changed", "running"],
                ["play_changed", "awaiting_resume"],
                ["resume_closed", "answered"],
                ["play_changed", "queued"],
                ["play_changed", "running"],
                ["play_changed", "succeeded"],
                ["workflow_changed", null],
            ],
            "outputs": "eu 3",
            "succeeded": 1,
            "starts": 1,
            "commits": true,
            "calls": 1,
            "store": true,
            "health": { "status": "ok" },
        })
    );
    stop(server).exits(0);
}

/// Health is about being able to work: a server whose disk is full says so, and that it is well again.
#[test]
fn a_server_whose_store_refuses_says_so() {
    let stage = Stage::new();
    stage.write(
        "health.py",
        "import sys, urllib.request, urllib.error\n\
        try:\n    answer = urllib.request.urlopen(sys.argv[1] + '/health')\n\
        except urllib.error.HTTPError as error:\n    answer = error\n\
        print(answer.status, answer.read().decode())\n",
    );
    stage.write(
        "fill.py",
        "from hero_tracing import flow\n\n@flow\ndef fill(number: int) -> str:\n    return 'x' * 10_000\n\n\
         @flow\ndef main() -> int:\n    return sum(len(fill(number)) for number in range(50))\n",
    );
    stage.hero(["play", "list"]).finish().exits(0);
    // A signal that would end a program whose file grows too large becomes an error, as of a full disk.
    let script = "trap '' XFSZ; exec \"$@\"";
    let hero_logic = binary::hero_logic().to_str().unwrap();
    let arguments = ["-c", script, "bash", hero_logic, "serve", "--listen", "127.0.0.1:0"];
    let server = stage.program("bash", arguments).env("HERO_LOGIC_TOKEN", TOKEN).start();
    let address = address(&server);
    let health = || stage.program("python3", ["health.py", &address]).finish().exits(0).stdout;
    assert!(health().starts_with("200 {\"status\":\"ok\"}"));
    let pid = server.pid().to_string();
    let limit = |bytes: &str| {
        let size = format!("--fsize={bytes}:");
        stage.program("prlimit", ["--pid", &pid, &size]).finish().exits(0);
    };
    limit("65536");
    let start = "import sys, json, urllib.request\n\
        call = {'jsonrpc': '2.0', 'id': 1, 'method': 'play_run_async', 'params': {'source': open('fill.py').read()}}\n\
        headers = {'Content-Type': 'application/json', 'Authorization': 'Bearer ' + sys.argv[2]}\n\
        request = urllib.request.Request(sys.argv[1] + '/rpc', json.dumps(call).encode(), headers)\n\
        print(urllib.request.urlopen(request).read().decode())\n";
    stage.write("start.py", start);
    stage.program("python3", ["start.py", &address, TOKEN]).finish().exits(0);
    let mut said = String::new();
    let is_told = eventually(|| {
        said = health();
        said.starts_with("503")
    });
    assert!(is_told && said.contains("\"storage_full\""), "{said}\n{}", server.stderr());
    limit("unlimited");
    assert!(eventually(|| health().starts_with("200")), "{}", health());
    stop(server).exits(0);
}
