//! Flows that forge frames on their own span socket: refused and counted, and nobody else is harmed.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod common;

use common::{Stage, assert_tree};
use hero_sdk::{
    Logic as _,
    model::{LogLine, Status},
};

/// How often a frame was refused with this code.
fn refused(logs: &[LogLine], code: &str) -> usize {
    logs.iter().filter(|line| line.text.starts_with(&format!("refused frame ({code})"))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_order_is_refused_and_the_tree_stays_a_tree() {
    let stage = Stage::new().await;
    let source = "
@flow
def step() -> int:
    return 7

@flow
def main() -> int:
    say(
        '{\"t\":\"end\",\"id\":900,\"status\":\"ok\"}',
        '{\"t\":\"tag\",\"id\":901,\"tags\":{}}',
        begin(1, 1, 'main#0/x#0'),
        begin(902, 999, 'main#0/x#0'),
        begin(903, 0, 'main#0/x#0'),
        begin(904, 904, 'main#0/x#0'),
        begin(905, 1, 'main#0'),
        begin(906, 1, ''),
        # Entered again beneath what lies beneath it.
        begin(910, 1, 'main#0/a#0'),
        begin(911, 910, 'main#0/b#0'),
        '{\"t\":\"end\",\"id\":910,\"status\":\"ok\"}',
        begin(912, 911, 'main#0/a#0'),
    )
    return step()
";
    let play = stage.run(source).await;
    assert_eq!((play.status, play.attempt), (Status::Succeeded, 1), "{:?}", play.error);
    let (spans, logs) = stage.tree(&play.play_sid).await;
    for (code, count) in [
        ("not_open", 2),
        ("duplicate_id", 1),
        ("unknown_parent", 3),
        ("path_open", 1),
        ("bad_path", 1),
        ("cycle", 1),
    ] {
        assert_eq!(refused(&logs, code), count, "{code}: {logs:#?}");
    }
    assert_tree(&spans);
    let mut paths: Vec<&str> = spans.iter().map(|span| span.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["main#0", "main#0/a#0", "main#0/b#0", "main#0/step#0"]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_refused_frames_end_the_play() {
    let stage = Stage::new().await;
    let play = stage.run("@flow\ndef main() -> int:\n    say(*['garbage'] * 1_001)\n    return 7\n").await;
    let error = play.error.unwrap();
    assert_eq!((play.status, error.code.as_str()), (Status::Failed, "protocol_error"), "{}", error.message);
    assert!(error.message.contains("1000 refused frames"), "{}", error.message);
    let (_, logs) = stage.tree(&play.play_sid).await;
    assert_eq!(refused(&logs, "malformed"), 20, "the first are told one by one");
    stage.close().await;
}

/// P4: whatever the process says or does after its last word.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_last_word_stands() {
    let stage = Stage::new().await;
    let forged = "
@flow
def main() -> int:
    say('{\"t\":\"done\",\"status\":\"failed\",\"error\":{\"code\":\"exception\",\"message\":\"first\"},\"n\":1}')
    return 7
";
    let crashing = "
import signal

class Bomb:
    def write(self, text): ...
    def flush(self):
        os.kill(os.getpid(), signal.SIGKILL)

@flow
def main() -> int:
    # Flushed when everything is said.
    sys.__stdout__ = Bomb()
    return 7
";
    let mut plays = Vec::new();
    for (source, status) in [(forged, Status::Failed), (crashing, Status::Succeeded)] {
        let play = stage.run(source).await;
        assert_eq!((play.status, play.attempt), (status, 1), "{:?}", play.error);
        plays.push(play);
    }
    let stage = stage.again().await;
    for play in plays {
        let now = stage.runtime.play_status(play.play_sid.clone().into()).await.unwrap();
        assert_eq!(now, play, "the end is what it was");
    }
    stage.close().await;
}

/// `HERO_SPAN_FLOOD` sets another number of spans.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_spans_is_cut_and_the_play_goes_on() {
    let stage = Stage::new().await;
    let count = std::env::var("HERO_SPAN_FLOOD").map_or(1_000_000, |text| text.parse().unwrap());
    let source = format!(
        "
@flow
def step() -> int:
    return 7

@flow
def main() -> int:
    wire = find()
    for start in range(1_000, 1_000 + {count}, 1_000):
        lines = []
        for id in range(start, start + 1_000):
            lines.append(begin(id, 1, f'main#0/x#{{id}}'))
            lines.append(f'{{{{\"t\":\"end\",\"id\":{{id}},\"status\":\"ok\"}}}}')
        wire.sendall(('\\n'.join(lines) + '\\n').encode())
    # One that is shown, entered again beneath one that is not.
    say(begin(900, 1, 'main#0/h#0'), begin(901, 900, 'main#0/x#1000'))
    return step()
"
    );
    let play = stage.run(&source).await;
    assert_eq!((play.status, play.attempt), (Status::Succeeded, 1), "{:?}", play.error);
    assert_eq!(play.outputs.unwrap().as_str(), "7");
    let (spans, logs) = stage.tree(&play.play_sid).await;
    assert_eq!(spans.len(), 100_000);
    assert_tree(&spans);
    let truncated = logs.iter().filter(|line| line.text.starts_with("spans_truncated"));
    assert_eq!(truncated.count(), 1, "{logs:#?}");
    stage.close().await;
}

/// What Python made of a file is taken from a process before the file has any say: source and code are the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_flow_cannot_put_other_code_in_the_place_of_its_source() {
    let stage = Stage::new().await;
    let source = "
import binascii
import json
import marshal

{ahead}

@flow
def main() -> int:
    other = compile('from hero_tracing import flow\\n@flow\\ndef main(): return 666\\n', 'hostile.py', 'exec')
    code = binascii.b2a_base64(marshal.dumps(other), newline=False).decode()
    hello = {'t': 'hello', 'v': 1, 'sdk': '', 'python': '', 'code': code}
    say(*[json.dumps(hello)] * 2)
    return 7
";
    // With something that compiling warns of, a process gives no code.
    for ahead in ["", "assert (1, 'always true')"] {
        let source = source.replace("{ahead}", ahead);
        for _ in 0..3 {
            let play = stage.run(&source).await;
            let outputs: i64 = play.outputs.as_ref().map(|outputs| outputs.to().unwrap()).unwrap_or_default();
            assert_eq!((play.status, outputs), (Status::Succeeded, 7), "{:?}", play.error);
        }
    }
    stage.close().await;
}

/// Outputs that come as a file are read as what they were said to be, and nothing is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn outputs_that_come_as_a_file_are_that_file() {
    let stage = Stage::new().await;
    let head = "
import hashlib

def done(make, size=None):
    text = b'[1, 2]'
    digest = hashlib.sha256(text).hexdigest()
    blobs = os.path.join(os.path.dirname(flow.workdir), 'blobs')
    os.makedirs(blobs)
    with open('outside', 'wb') as file:
        file.write(text)
    make(os.path.abspath('outside'), os.path.join(blobs, digest))
    blob = f'{{\"digest\":\"{digest}\",\"size\":{size or len(text)}}}'
    say(f'{{\"t\":\"done\",\"status\":\"succeeded\",\"blob\":{blob},\"n\":1}}')
    # Its own last word, which comes next, must not be faster than the file is read.
    find().recv(100)

@flow
def main():
";
    for (body, expected) in [
        ("done(os.rename)", ""),
        ("done(os.symlink)", "it is a symbolic link"),
        ("done(lambda _, path: os.mkfifo(path))", "it is a pipe, not a file"),
        ("done(lambda _, path: os.mkdir(path))", "it is a directory, not a file"),
        ("done(os.rename, 5)", "it does not have the 5 bytes that it was said to have"),
        ("done(os.rename, 7)", "it does not have the 7 bytes that it was said to have"),
        ("done(lambda _, path: open(path, 'wb').write(b'[1, 3]'))", "its content does not match its name"),
        ("done(lambda _, path: None)", "there is no such file"),
    ] {
        let play = stage.run(&format!("{head}    {body}\n")).await;
        match play.error {
            None => assert_eq!((play.outputs.unwrap().as_str(), expected), ("[1, 2]", ""), "{body}"),
            Some(error) => {
                assert_eq!(error.code, "invalid_outputs", "{body}");
                assert!(
                    !expected.is_empty() && error.message.ends_with(expected),
                    "{body}: {}",
                    error.message
                );
            }
        }
    }
    stage.close().await;
}

/// A process that asks for more copies than anybody would, and does not wait for them, is told so; the others go on.
#[tokio::test(flavor = "multi_thread")]
async fn artifacts_that_nobody_waits_for() {
    let stage = Stage::new().await;
    let source = "
@flow
def main() -> int:
    with open('file', 'w') as file:
        file.write('text')
    put = '{\"t\":\"artifact\",\"id\":1,\"path\":\"%s\",\"name\":\"%s\",\"media_type\":\"%s\",\"n\":%d}'
    say(*(put % ('file', 'x' + str(n), 'a/b', n) for n in range(1, 1501)))
    say(put % ('../../x', 'y', 'a/b', 1501), put % ('file', 'y/z', 'a/b', 1502), put % ('file', 'y', 'ab', 1503))
    say('{\"t\":\"artifact\",\"id\":9,\"path\":\"file\",\"name\":\"y\",\"media_type\":\"a/b\"}')
    return 7
";
    let play = stage.run(source).await;
    assert_eq!((play.status, play.attempt), (Status::Succeeded, 1), "{:?}", play.error);
    let artifacts = stage.runtime.play_artifacts(play.play_sid.clone().into()).await.unwrap().artifacts;
    assert!(
        artifacts.iter().all(|artifact| artifact.name.starts_with('x') && artifact.size == 4),
        "{artifacts:#?}"
    );
    let (_, logs) = stage.tree(&play.play_sid).await;
    assert_eq!(refused(&logs, "malformed"), 1, "it has no number: {logs:#?}");
    stage.close().await;
}
