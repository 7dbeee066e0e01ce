//! The real binary on a real pseudo-terminal: the live tree, every kind of prompt, Ctrl-C.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests; a panic says where")]

mod common;
mod silence;

use common::{Home, Session};

const ENTER: &str = "\r";
const DOWN: &str = "\u{1b}[B";
const CTRL_A: &str = "\u{1}";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const CTRL_U: &str = "\u{15}";
const CTRL_W: &str = "\u{17}";
const CTRL_Z: &str = "\u{1a}";
const BACKSPACE: &str = "\u{7f}";

/// A play on 24 rows of 80 columns.
fn run(home: &Home, source: &str, arguments: &[&str]) -> Session {
    home.write("flow.py", source);
    home.start(&[&["run", "flow.py"], arguments].concat(), 24, 80)
}

/// A flow that asks once and returns the answer.
fn ask(home: &Home, question: &str) -> Session {
    let source = format!(
        "from hero_tracing import ask_user, flow\n\n\n@flow\ndef main():\n    return {{'answer': {question}}}\n"
    );
    run(home, &source, &[])
}

/// Ends a session that succeeded, whose answer is this JSON.
fn answered(mut session: Session, json: &str) {
    assert_eq!(session.end(), 0, "{}", session.screen());
    let screen = session.screen();
    let shown: String =
        screen.rsplit_once("\n{").map(|(_, outputs)| outputs.split_whitespace().collect()).unwrap();
    assert_eq!(format!("{{{shown}"), format!("{{\"answer\":{json}}}"), "{screen}");
}

/// The newest tree on a screen. A terminal that was too low pushed rows of an older one out above, and may show them
/// again when it is high enough.
fn last_tree(screen: &str) -> &str {
    screen.rsplit_once(" main  ").unwrap().1
}

const GATE: &str = r#"
import pathlib
import time

from hero_tracing import flow


@flow
def quick(n):
    print(f"quick \x1b[31m{n}")
    return n


@flow
def slow(gate):
    flow.current_span.progress(3, 10)
    while not pathlib.Path(gate).exists():
        time.sleep(0.01)
    return 1


@flow
def main(gate: str):
    for n in range(3):
        quick(n)
    with flow.step("block"):
        slow(gate)
    return {"done": True}
"#;

#[test]
fn what_a_flow_wishes_for_stays_above_its_tree() {
    let home = Home::new();
    let source =
        "from hero_tracing import flow\n\n\n@flow(sandbox={'memory_mb': 4096})\ndef main():\n    return 1\n";
    let mut session = run(&home, source, &[]);
    assert_eq!(session.end(), 0, "{}", session.screen());
    let screen = session.screen();
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(lines[0], "sandbox    memory 4096 MB", "{screen}");
    assert!(lines[1].contains(" main  ok"), "{screen}");
}

#[test]
fn the_tree_lives_and_follows_the_size() {
    let home = Home::new();
    let gate = home.path("gate");
    let mut session = run(&home, GATE, &["--input", &format!("gate={}", gate.display())]);
    session.wait_until("the running step", |screen| {
        screen.contains("slow  running") && screen.contains("3/10 30 %")
    });
    let screen = session.screen();
    let lines: Vec<&str> = screen.lines().collect();
    assert!(lines[0].contains(" main  running "), "{screen}");
    assert!(lines[1].starts_with("├─ ✓ quick  ok ") && lines[1].ends_with("│ quick \\x1b[31m0"), "{screen}");
    assert!(lines[4].starts_with("└─ ") && lines[4].contains(" block  running "), "{screen}");
    assert!(lines[5].starts_with("   └─ "), "{screen}");
    assert!(lines[6].contains(" running ") && lines[6].contains("3 done, 3 running"), "{screen}");
    assert_eq!(lines.len(), 7, "{screen}");

    session.resize(24, 40);
    session.wait_until("the narrow tree", |screen| {
        screen.lines().count() == 7
            && screen.lines().all(|line| line.chars().count() <= 40)
            && screen.contains("slow  running")
    });
    session.resize(6, 60);
    session.wait_until("the low tree", |screen| {
        screen.contains("… 3 done") && screen.contains("slow  running") && screen.lines().count() <= 6
    });
    session.resize(24, 80);
    session.wait_until("the wide tree", |screen| last_tree(screen).matches("✓ quick").count() == 3);

    std::fs::write(&gate, "").unwrap();
    assert_eq!(session.end(), 0, "{}", session.screen());
    let screen = session.screen();
    assert!(screen.contains("✓ main  ok ") && screen.contains("✓ succeeded "), "{screen}");
    assert!(screen.trim_end().ends_with("{\n  \"done\": true\n}"), "{screen}");
    assert!(!last_tree(&screen).contains("running"), "{screen}");
    // Frames are whole: as many begin as end, and nothing of the flow's escapes got through.
    let bytes = session.bytes();
    assert_eq!(bytes.matches("\u{1b}[?2026h").count(), bytes.matches("\u{1b}[?2026l").count());
    assert!(!bytes.contains("\u{1b}[31m0"));
}

#[test]
fn a_tree_higher_than_the_screen_folds() {
    let home = Home::new();
    home.write(
        "flow.py",
        "from hero_tracing import flow\n\n\n@flow\ndef leaf(n):\n    return n\n\n\n@flow\ndef node(n):\n    \
         return [leaf(n), leaf(n)]\n\n\n@flow\ndef main():\n    for n in range(40):\n        node(n)\n    return 'done'\n",
    );
    let mut session = home.start(&["run", "flow.py"], 12, 60);
    assert_eq!(session.end(), 0, "{}", session.screen());
    let screen = session.screen();
    assert!(screen.contains("+2") && screen.contains(" done\n"), "{screen}");
    assert!(screen.contains("✓ succeeded ") && screen.contains("121 done"), "{screen}");
}

#[test]
fn text_is_asked_for_until_it_is_valid() {
    let home = Home::new();
    let mut session = ask(&home, "ask_user.text('Your \\x1b[7mname?', name='who', min_length=3)");
    session.wait_for("? Your \\x1b[7mname?");
    session.keys("Al\r");
    // What was typed is not lost.
    session.wait_until("the text again", |screen| screen.ends_with("characters\n? Your \\x1b[7mname? Al"));
    session.keys("i\r");
    answered(session, "\"Ali\"");
}

#[test]
fn text_is_edited_with_the_keys_of_a_shell() {
    let home = Home::new();
    let mut session = ask(&home, "ask_user.text('Name?')");
    session.wait_for("? Name?");
    session.keys("wrong from the start");
    session.keys(CTRL_U);
    session.keys("world");
    session.keys(CTRL_A);
    session.keys("hello oops ");
    session.keys(CTRL_W);
    session.keys(ENTER);
    answered(session, "\"helloworld\"");
}

#[test]
fn text_of_several_lines_is_asked_for() {
    let home = Home::new();
    let mut session = ask(&home, "ask_user.text('Story?', multiline=True, max_length=15)");
    session.wait_for("enter for a new line, Ctrl-D to end");
    session.keys("once\r\rupon a time");
    session.wait_for("\n\nupon a time");
    session.keys(CTRL_D);
    session.wait_for("not valid:");
    session.wait_until("the text again", |screen| screen.matches("once\n\nupon a time").count() == 2);
    session.keys(CTRL_W);
    session.keys(CTRL_W);
    session.keys(CTRL_D);
    answered(session, r#""once\n\nupon""#);
}

#[test]
fn text_up_to_the_edge_of_the_terminal_leaves_what_is_above() {
    let home = Home::new();
    let mut session = ask(&home, "ask_user.text('Name?', placeholder='Ada')");
    session.wait_for("such as Ada");
    for length in 70..76 {
        // The question takes 8 of 80 columns.
        session.keys(if length == 70 { "X".repeat(70) } else { "X".to_owned() }.as_str());
        session.wait_until("the text", |screen| screen.matches('X').count() == length);
        session.wait_for("such as Ada");
        assert!(session.screen().contains("? awaiting_resume "), "{length}: {}", session.screen());
    }
    session.keys(CTRL_Z);
    session.keys(ENTER);
    answered(session, &format!("\"{}\"", "X".repeat(75)));
}

#[test]
fn a_pasted_text_stays_one_answer() {
    let home = Home::new();
    let mut session = ask(&home, "flow.pause('free')");
    session.wait_for("JSON, such as");
    session.keys("\u{1b}[200~{\r  \"a\": 1\r}\u{1b}[201~");
    session.keys(ENTER);
    answered(session, r#"{"a":1}"#);
}

#[test]
fn a_number_is_asked_for() {
    let home = Home::new();
    let mut session = ask(&home, "ask_user.number('How many?', integer=True, maximum=5)");
    session.wait_for("? How many?");
    session.keys("1.5\r");
    session.wait_for("expected a whole number");
    session.keys(&BACKSPACE.repeat(3));
    session.keys("9\r");
    session.wait_until("the number again", |screen| screen.ends_with("maximum of 5\n? How many? 9"));
    session.keys(BACKSPACE);
    session.keys("4\r");
    answered(session, "4");
}

#[test]
fn a_choice_is_asked_for() {
    let home = Home::new();
    let mut session = ask(&home, "ask_user.choice('Which?', ['web', 2, 'worker'], default=2)");
    session.wait_for("worker");
    session.keys(DOWN);
    session.keys(ENTER);
    answered(session, "\"worker\"");
}

#[test]
fn several_choices_are_asked_for() {
    let home = Home::new();
    let mut session = ask(&home, "ask_user.multi_choice('Which?', ['a', 'b', 'c'], minimum=2)");
    session.wait_for("[ ] c");
    session.keys(" ");
    session.wait_for("[x] a");
    session.keys(ENTER);
    session.wait_for("not valid:");
    // What was ticked stays so.
    session.wait_until("the list again", |screen| screen.contains("[x] a"));
    session.keys(DOWN);
    session.keys(" ");
    session.wait_for("[x] b");
    session.keys(ENTER);
    answered(session, "[\"a\",\"b\"]");
}

#[test]
fn a_confirmation_is_asked_for() {
    let home = Home::new();
    let mut session = ask(&home, "ask_user.confirm('Ship it?')");
    session.wait_for("? Ship it?");
    session.keys("n\r");
    answered(session, "false");
}

#[test]
fn an_object_is_asked_for_field_by_field() {
    let home = Home::new();
    let schema = "{'type': 'object', 'required': ['zone', 'count'], 'properties': {\
                  'zone': {'enum': ['eu', 'us']}, 'count': {'type': 'integer', 'minimum': 1}, \
                  'note': {'type': 'string', 'description': 'for the log'}}}";
    let mut session = ask(&home, &format!("flow.pause('order', schema={schema}, question='Order?')"));
    session.wait_for("? zone");
    session.keys(ENTER);
    session.wait_for("? count");
    session.keys("0\r");
    session.wait_for("for the log; empty to leave it out");
    session.keys(ENTER);
    session.wait_for("/count:");
    // Only the field at fault is asked for again.
    session.wait_until("the count again", |screen| screen.ends_with("Order?\n? count 0"));
    session.keys(CTRL_U);
    session.keys("3\r");
    answered(session, "{\"zone\":\"eu\",\"count\":3}");
}

#[test]
fn anything_is_asked_for_as_json() {
    let home = Home::new();
    let mut session = ask(&home, "flow.pause('free')");
    session.wait_for("JSON, such as");
    session.keys("{oops\r");
    session.wait_for("not JSON");
    session.keys(&BACKSPACE.repeat(5));
    session.keys("[1.5, null]\r");
    answered(session, "[1.5,null]");
}

#[test]
fn ctrl_c_in_a_prompt_leaves_the_play_waiting() {
    let home = Home::new();
    let mut session = ask(&home, "ask_user.confirm('Ship it?', name='ship')");
    session.wait_for("? Ship it?");
    session.keys(CTRL_C);
    assert_eq!(session.end(), 3, "{}", session.screen());
    let screen: String = session.screen().split_whitespace().collect();
    let (_, command) = screen.split_once("hero_logicresume").unwrap();
    assert!(command.starts_with("play_") && command.ends_with("--payloadtrue"), "{screen}");

    let play_sid = &command[..31];
    let mut session = home.start(&["play", "follow", play_sid], 24, 80);
    session.wait_for("? Ship it?");
    session.keys("y\r");
    answered(session, "true");
}

#[test]
fn an_escape_swallows_no_ctrl_c() {
    let home = Home::new();
    let mut session = ask(&home, "ask_user.text('Name?')");
    session.wait_for("? Name?");
    session.keys("\u{1b}");
    // A terminal sends the bytes of one key at once, and a person's next key comes much later.
    std::thread::sleep(std::time::Duration::from_millis(200));
    session.keys(CTRL_C);
    assert_eq!(session.end(), 3, "{}", session.screen());
}

#[test]
fn sigterm_in_a_prompt_leaves_the_play_waiting_and_the_terminal_usable() {
    let home = Home::new();
    let mut session = ask(&home, "ask_user.confirm('Ship it?', name='ship')");
    session.wait_for("? Ship it?");
    terminate(&session);
    assert_eq!(session.end(), 3, "{}", session.screen());
}

#[test]
fn json_may_be_typed_and_ctrl_c_ends_the_wait_for_it() {
    let home = Home::new();
    let mut session = home.start(&["run", "hello", "--inputs", "-"], 24, 80);
    session.wait_for("type the JSON here");
    session.keys("{\"name\":\r\"Ada\"}\r");
    session.keys(CTRL_D);
    assert_eq!(session.end(), 0, "{}", session.screen());
    assert!(session.screen().contains("Hello, Ada!"), "{}", session.screen());

    let mut session = home.start(&["run", "hello", "--inputs", "-"], 24, 80);
    session.wait_for("type the JSON here");
    session.keys(CTRL_C);
    assert_eq!(session.end(), 130, "{}", session.screen());
    assert!(session.screen().contains("error[interrupted]"), "{}", session.screen());
}

#[test]
fn ctrl_c_cancels_the_play() {
    let home = Home::new();
    let gate = home.path("gate");
    for signal in ["key", "term"] {
        let mut session = run(&home, GATE, &["--input", &format!("gate={}", gate.display())]);
        session.wait_for("slow  running");
        match signal {
            "key" => session.keys(CTRL_C),
            _ => terminate(&session),
        }
        assert_eq!(session.end(), 4, "{}", session.screen());
        let screen = session.screen();
        assert!(screen.contains("warning: cancelling") && screen.contains("⊘ cancelled"), "{screen}");
        assert!(screen.contains("⊘ slow  cancelled"), "{screen}");
    }
}

#[test]
fn a_second_ctrl_c_kills_at_once() {
    let home = Home::new();
    let deaf = "import signal\nimport time\n\nfrom hero_tracing import flow\n\n\n@flow\ndef deaf():\n    \
                signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    print('deaf now')\n    \
                while True:\n        time.sleep(0.01)\n\n\n@flow\ndef main():\n    deaf()\n";
    let mut session = run(&home, deaf, &[]);
    session.wait_for("deaf now");
    session.keys(CTRL_C);
    session.wait_for("warning: cancelling");
    session.keys(CTRL_C);
    assert_eq!(session.end(), 130, "{}", session.screen());
    assert!(session.screen().contains("error[interrupted]"), "{}", session.screen());
}

#[test]
fn a_play_of_another_process_is_watched_there() {
    let home = Home::new();
    let gate = home.path("gate");
    let mut session = run(&home, GATE, &["--input", &format!("gate={}", gate.display())]);
    session.wait_for("slow  running");
    let play_sid =
        session.screen().split_whitespace().find(|word| word.starts_with("play_")).unwrap().to_owned();

    let mut other = home.start(&["play", "follow", &play_sid], 24, 80);
    assert_eq!(other.end(), 6, "{}", other.screen());
    let told = other.screen().replace('\n', " ");
    assert!(told.contains("error[store_locked]:") && told.contains(&session.pid().to_string()), "{told}");
    assert!(told.contains("that process shows the play in its own terminal"), "{told}");

    session.keys(CTRL_C);
    assert_eq!(session.end(), 4, "{}", session.screen());
    let mut again = home.start(&["play", "follow", &play_sid], 24, 80);
    assert_eq!(again.end(), 4, "{}", again.screen());
    assert!(again.screen().contains("⊘ slow  cancelled"), "{}", again.screen());
}

#[test]
fn a_play_is_watched_on_two_terminals_at_once() {
    let home = Home::served();
    let gate = home.path("gate");
    let mut session = run(&home, GATE, &["--input", &format!("gate={}", gate.display())]);
    session.wait_for("slow  running");
    let play_sid =
        session.screen().split_whitespace().find(|word| word.starts_with("play_")).unwrap().to_owned();

    let mut other = home.start(&["play", "follow", &play_sid], 24, 80);
    other.wait_for("slow  running");
    // The one who only watches leaves, and the play stays.
    let mut third = home.start(&["play", "follow", &play_sid], 24, 80);
    third.wait_for("slow  running");
    third.keys(CTRL_C);
    assert_eq!(third.end(), 130, "{}", third.screen());

    session.keys(CTRL_C);
    for watching in [&mut session, &mut other] {
        assert_eq!(watching.end(), 4, "{}", watching.screen());
        assert!(watching.screen().contains("⊘ slow  cancelled"), "{}", watching.screen());
    }
}

#[test]
fn a_terminal_without_cursor_gets_plain_lines() {
    let home = Home::new();
    let mut session = home.start_as("dumb", &["run", "hello"], 24, 80);
    assert_eq!(session.end(), 0, "{}", session.screen());
    assert!(!session.bytes().contains('\u{1b}'), "{:?}", session.bytes());
    assert!(session.screen().contains("\nok         hello#0"), "{}", session.screen());
}

fn terminate(session: &Session) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(session.pid()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
}

#[test]
fn a_secret_is_typed_unseen() {
    let home = Home::new();
    let mut session = home.start(&["secret", "set", "API_KEY"], 24, 80);
    session.wait_for("Value of API_KEY");
    session.keys("hunter2!");
    session.keys(ENTER);
    assert_eq!(session.end(), 0, "{}", session.screen());
    assert!(!session.bytes().contains("hunter"), "{}", session.bytes());
    let kept = std::fs::read_to_string(home.path("home/.hero/etc/secrets.json")).unwrap();
    assert!(kept.contains("\"hunter2!\""), "{kept}");

    let mut session = home.start(&["secret", "set", "OTHER"], 24, 80);
    session.wait_for("Value of OTHER");
    session.keys(CTRL_C);
    assert_eq!(session.end(), 130, "{}", session.screen());
}

#[test]
fn a_workflow_is_deleted_when_a_person_says_yes() {
    let home = Home::new();
    home.write("flow.py", "from hero_tracing import flow\n\n\n@flow\ndef main():\n    return 1\n");
    let mut added = home.start(&["workflow", "add", "flow.py", "--name", "one"], 24, 80);
    assert_eq!(added.end(), 0, "{}", added.screen());
    let delete = ["workflow", "delete", "one"];
    for (keys, exit, told) in [
        (ENTER, 4, "nothing is deleted"),
        ("n\r", 4, "nothing is deleted"),
        (CTRL_C, 130, "interrupted"),
        ("maybe\r\u{15}y\r", 0, "one is deleted"),
    ] {
        let mut session = home.start(&delete, 24, 80);
        session.wait_for("Delete one with 1 version and 0 examples?");
        session.keys(keys);
        assert_eq!(session.end(), exit, "{}", session.screen());
        assert!(session.screen().contains(told), "{}", session.screen());
    }
    let mut gone = home.start(&delete, 24, 80);
    assert_eq!(gone.end(), 2, "{}", gone.screen());
}
