//! What a hostile flow may cost: whatever it writes to its span socket, the runtime's memory grows by little. A file of
//! its own, since it is the whole process whose memory is measured.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod common;

use common::Stage;
use hero_sdk::model::Status;

/// Bytes by which the runtime may grow where it is sent gigabytes: 32 MB may wait in the store's queue while the disk is
/// slow, and as much is more than all buffers of a play.
const GROWTH_MAX: u64 = 64 << 20;

/// Bytes by which it may grow for steps that are open, and for what those that have ended leave: they are held, and on
/// their way into the store in several copies while the disk is slower than the flow.
const HELD_GROWTH_MAX: u64 = 384 << 20;

/// The most memory that this process has had since the last call of `forget_peak`.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_lines_are_bounded() {
    let stage = Stage::new().await;
    let unharmed = stage.run("@flow\ndef main() -> int:\n    say('{\"t\":\"log\"}')\n    return 7\n").await;
    assert_eq!(unharmed.status, Status::Succeeded);
    forget_peak();
    let before = peak();

    // One line is refused, and the play goes on.
    for line in [
        r#"b'{"t":"log","id":0,"level":"info","stream":"stdout","text":"\xff\xfe"}'"#,
        r#"b'\xc3\x28' * 1000"#,
        r#"'{"t":"tag","id":1,"tags":{"a":' + '[' * 10_000 + ']' * 10_000 + '}}'"#,
        r#"'[' * 10_000"#,
        r#"'{"t":"cost","id":1,"usd":NaN}'"#,
        r#"'{"t":"cost","id":1,"usd":1e999}'"#,
        r#"'{"t":"progress","id":1,"done":Infinity}'"#,
        r#"b'\x00' * 100_000"#,
        r#"b'{"t":"log","id":0,"level":"info","stream":"stdout","text":"a\x00b"}'"#,
        r#"'{"t":"log","id":0,"id":1,"level":"info","stream":"stdout","text":"twice"}'"#,
        r#"'{"t":"log","t":"cost","id":1,"usd":1}'"#,
        r#"'{"t":"' + 'z' * 1_000_000 + '"}'"#,
        r#"'9' * 1_000_000"#,
    ] {
        let play = stage.run(&format!("@flow\ndef main() -> int:\n    say({line})\n    return 7\n")).await;
        assert_eq!(play.status, Status::Succeeded, "{line}: {:?}", play.error);
        let (_, logs) = stage.tree(&play.play_sid).await;
        let refused = logs.iter().filter(|line| line.text.starts_with("refused frame (malformed)"));
        assert_eq!(refused.count(), 1, "{line}: {logs:#?}");
        assert!(logs.iter().all(|line| line.text.len() < 1_000), "{line}: {logs:#?}");
    }

    // A gigabyte without a newline, at once and in small pieces; and lines of which none is a frame.
    for body in [
        "wire.sendall(bytes(1 << 30))",
        "for _ in range(1 << 20): wire.sendall(b'x' * 1024)",
        "for _ in range(1 << 14): wire.sendall(b'x' * 65_535 + b'\\n')",
    ] {
        let source = format!("@flow\ndef main() -> int:\n    wire = find()\n    {body}\n    return 7\n");
        let play = stage.run(&source).await;
        let error = play.error.unwrap();
        assert_eq!(
            (play.status, error.code.as_str()),
            (Status::Failed, "protocol_error"),
            "{}",
            error.message
        );
    }
    // What there is no limit on in a line, as often as one likes.
    let tags = "@flow\ndef main() -> int:\n    for number in range(400):\n        \
                say('{\"t\":\"tag\",\"id\":1,\"tags\":{\"' + str(number) + '\":\"' + 'x' * 1_000_000 + '\"}}')\n    \
                return 7\n";
    let play = stage.run(tags).await;
    assert_eq!(play.status, Status::Succeeded, "{:?}", play.error);
    let (spans, _) = stage.tree(&play.play_sid).await;
    assert_eq!(spans[0].tags.keys().collect::<Vec<_>>(), ["…"]);
    let grown = peak().saturating_sub(before);
    assert!(grown <= GROWTH_MAX, "the runtime grew by {} KiB", grown >> 10);
    println!("the runtime grew by {} KiB", grown >> 10);

    // Steps that are begun and never end: many, or with much to say.
    forget_peak();
    let before = peak();
    for (many, path, tags) in [(400_000, "'x' * 10", 1), (40_000, "'x' * 8_000", 1), (1_000, "'x'", 250_000)]
    {
        let source = format!(
            "@flow\ndef main() -> int:\n    wire = find()\n    for number in range({many}):\n        \
             line = begin(number + 10, 1, f'main#0/{{number}}' + {path})\n        \
             wire.sendall((line[:-1] + ',\"tags\":{{\"a\":\"' + 'x' * {tags} + '\"}}}}\\n').encode())\n    return 7\n"
        );
        let error = stage.run(&source).await.error.unwrap();
        assert_eq!(error.code, "limit_exceeded", "{path}: {}", error.message);
        assert!(error.hint.is_some());
    }
    let grown = peak().saturating_sub(before);
    assert!(grown <= HELD_GROWTH_MAX, "the runtime grew by {} KiB", grown >> 10);
    println!("the runtime grew by {} KiB for open steps", grown >> 10);

    // Steps that end, and leave what a later attempt would come back to: failed tries and questions.
    forget_peak();
    let before = peak();
    let tries = "@flow\ndef main() -> int:\n    wire = find()\n    for number in range(10, 2_010):\n        \
                 failed = {'code': 'exception', 'message': 'no', 'traceback': 'x' * 100_000}\n        \
                 for line in (\n            \
                     begin(number, 1, f'main#0/{number}'),\n            \
                     json.dumps({'t': 'try', 'id': number, 'try': 2, 'error': failed, 'n': number}),\n            \
                     json.dumps({'t': 'end', 'id': number, 'status': 'ok'}),\n        \
                 ):\n            wire.sendall(line.encode() + b'\\n')\n    return 7\n";
    let play = stage.run(&format!("import json\n\n{tries}")).await;
    assert_eq!(play.status, Status::Succeeded, "{:?}", play.error);
    for schema in [0, 10_000] {
        let questions = format!(
            "import json\n\n@flow\ndef main() -> int:\n    wire = find()\n    \
             for number in range(10, 10_020):\n        \
             asked = {{'t': 'pause', 'id': number, 'parent': 1, 'path': f'main#0/{{number}}', 'name': 'x', 'fp': 'x'}}\n        \
             schema = {{'title': 'x' * {schema}}}\n        \
             wire.sendall(json.dumps(asked | {{'schema': schema, 'n': number}}).encode() + b'\\n')\n    return 7\n"
        );
        let error = stage.run(&questions).await.error.unwrap();
        assert_eq!(error.code, "limit_exceeded", "{schema}: {}", error.message);
    }
    let grown = peak().saturating_sub(before);
    assert!(grown <= HELD_GROWTH_MAX, "the runtime grew by {} KiB", grown >> 10);
    println!("the runtime grew by {} KiB for steps that were left", grown >> 10);
    stage.close().await;
}
