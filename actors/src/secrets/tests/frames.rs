//! What a screen keeps of frames, and when it lets lines go.

use super::*;

#[test]
fn a_line_waits_for_the_next_while_it_may_be_the_beginning_of_a_value() {
    let mut screen = screen("hunter2!");
    let mut say =
        |id, stream, text: &str| texts(screen.admit(Up::Log(line(id, stream, text)), at(0)).unwrap());
    let out = LogStream::Stdout;
    assert_eq!(say(1, out, "plain"), ["plain"]);
    assert_eq!(say(1, out, "key: hunt"), [""; 0]);
    // Another stream, and another node, are no continuation.
    assert_eq!(say(1, LogStream::Stderr, "er2!"), ["er2!"]);
    assert_eq!(say(2, out, "er2!"), ["er2!"]);
    assert_eq!(say(1, out, "er2! and more"), ["key: [secret KEY]", "[secret KEY] and more"]);
    assert_eq!(say(1, out, "hunt"), [""; 0]);
    assert_eq!(say(1, out, "ing season"), ["hunt", "ing season"]);
    // Several lines, and a value that ends where the next may begin.
    assert_eq!(say(1, out, "a hun"), [""; 0]);
    assert_eq!(say(1, out, "ter"), [""; 0]);
    assert_eq!(say(1, out, "2!hunter"), ["a [secret KEY]", "[secret KEY]"]);
    assert_eq!(say(1, out, "2! b"), ["[secret KEY][secret KEY]", "[secret KEY] b"]);
    // Too little to wait for, but not forgotten.
    assert_eq!(say(1, out, "the h"), ["the h"]);
    assert_eq!(say(1, out, "unter2! b"), ["[secret KEY] b"]);
    assert_eq!(say(1, out, "the h"), ["the h"]);
    assert_eq!(say(1, out, "unt"), [""; 0]);
    assert_eq!(say(1, out, "er2"), [""; 0]);
    assert_eq!(say(1, out, "!"), ["[secret KEY]", "[secret KEY]", "[secret KEY]"]);
}

#[test]
fn a_line_waits_for_a_second_and_goes_before_the_end_of_its_node() {
    let mut screen = screen("hunter2!");
    let say = |screen: &mut Screen, text: &str, us| {
        texts(screen.admit(Up::Log(line(1, LogStream::Stdout, text)), at(us)).unwrap())
    };
    assert!(say(&mut screen, "hunter", 5).is_empty() && screen.holds());
    assert!(screen.overdue(at(1_000_004)).is_empty());
    let overdue = screen.overdue(at(1_000_005));
    // It keeps the moment at which it came.
    assert_eq!(overdue, [(line(1, LogStream::Stdout, "hunter"), at(5))]);
    assert!(!screen.holds());
    // What goes on with it is found all the same.
    assert_eq!(say(&mut screen, "2! b", 2_000_000), ["[secret KEY] b"]);

    let end = |id| {
        let status = EndStatus::Ok;
        Up::End(End {
            id,
            status,
            value: None,
            blob: None,
            preview: None,
            error: None,
            loop_time: None,
            n: None,
        })
    };
    say(&mut screen, "hunter", 0);
    assert_eq!(screen.admit(end(2), at(1)).unwrap().len(), 1);
    let frames = screen.admit(end(1), at(1)).unwrap();
    assert!(matches!(&frames[..], [(Up::Log(_), _), (Up::End(_), _)]), "{frames:?}");

    say(&mut screen, "hunter", 0);
    let done = Done { status: DoneStatus::Failed, outputs: None, blob: None, error: None, n: 1 };
    let frames = screen.admit(Up::Done(done), at(1)).unwrap();
    assert!(matches!(&frames[..], [(Up::Log(_), _), (Up::Done(_), _)]), "{frames:?}");
}

/// Where a program goes on in the next line, a backslash stands; here it belongs to the value.
#[test]
fn a_value_that_is_parted_after_a_backslash_and_ends_as_it_begins() {
    let mut screen = screen("😀%\\😀😀");
    let mut told = Vec::new();
    for text in ["😀%\\", "😀😀", "end"] {
        told.extend(screen.admit(Up::Log(line(1, LogStream::Stdout, text)), at(0)).unwrap());
    }
    assert_eq!(texts(told), ["[secret KEY]", "[secret KEY]", "end"]);
}

#[test]
fn few_lines_wait_however_many_nodes_there_are() {
    let mut screen = screen("hunter2!");
    let mut told = 0;
    for id in 1..=1_000 {
        told += screen.admit(Up::Log(line(id, LogStream::Stdout, "hunter")), at(0)).unwrap().len();
    }
    assert_eq!((told, screen.release().len()), (1_000 - 64, 64));
}

#[test]
fn every_field_of_every_frame_is_looked_through() {
    let value = "hunter2!";
    let told = |frame: Up| {
        let frames = screen(value).admit(frame, at(0)).unwrap();
        let text = format!("{frames:?}");
        assert!(!text.contains("hunter") && text.contains("secret KEY"), "{text}");
    };
    let fields = |value: &str| {
        let value = json(&format!("\"{value}\""));
        BTreeMap::from([(value.to_string(), value.clone()), ("plain".to_owned(), value)])
    };
    let error = || {
        let text = || Some(format!("because of {value}"));
        PlayError {
            code: value.to_owned(),
            kind: text(),
            message: value.to_owned(),
            traceback: text(),
            path: text(),
            expected: text(),
            actual: text(),
            location: text(),
            hint: text(),
        }
    };
    told(Up::Begin(Begin {
        id: 1,
        parent: 0,
        path: "main#0".into(),
        kind: SpanKind::Flow,
        name: value.into(),
        fp: None,
        line: None,
        inputs: Some(value.into()),
        tags: fields(value),
        attempt_try: None,
        recorded: true,
        n: None,
    }));
    told(Up::End(End {
        id: 1,
        status: EndStatus::Failed,
        value: Some(json(&format!("[\"{value}\"]"))),
        blob: None,
        preview: Some(value.into()),
        error: Some(error()),
        loop_time: None,
        n: None,
    }));
    told(Up::Pause(Pause {
        id: 1,
        parent: 0,
        path: "main#0/ask#0".into(),
        name: value.into(),
        fp: "0123456789abcdef".into(),
        line: None,
        question: Some(value.into()),
        schema: Some(json(&format!("{{\"enum\":[\"{value}\"]}}"))),
        ui: Some(json(&format!("[\"{value}\"]"))),
        timeout_ms: None,
        default: Some(json(&format!("\"{value}\""))),
        n: 1,
    }));
    for text in [
        r#"{"t":"try","id":1,"try":2,"error":{"code":"exception","message":"hunter2!"},"n":1}"#,
        r#"{"t":"record","path":"main#0/now#0","kind":"value","value":"hunter2!"}"#,
        r#"{"t":"tag","id":1,"tags":{"hunter2!":"hunter2!"}}"#,
        r#"{"t":"log","id":1,"level":"info","stream":"log","text":"hunter2!"}"#,
        r#"{"t":"artifact","id":1,"name":"hunter2!","path":"a","media_type":"x/hunter2!","n":1}"#,
        r#"{"t":"notice","code":"hunter2!","text":"hunter2!","paths":["main#0/hunter2!"]}"#,
        r#"{"t":"done","status":"failed","error":{"code":"exception","message":"hunter2!"},"n":1}"#,
    ] {
        told(Up::parse(text).unwrap());
    }
}

#[test]
fn a_file_is_found_where_its_path_says_whatever_stands_in_it() {
    let text = r#"{"t":"artifact","id":1,"name":"x","path":"out/hunter2!","media_type":"a/b","n":1}"#;
    let put = Up::parse(text).unwrap();
    assert_eq!(screen("hunter2!").admit(put.clone(), at(0)), Ok(vec![(put, at(0))]));
}

#[test]
fn a_path_with_a_value_is_refused_unless_the_source_has_it() {
    let begin = |path: &str| {
        let text = format!(r#"{{"t":"record","path":{path:?},"kind":"value","value":1}}"#);
        Up::parse(&text).unwrap()
    };
    let path = r##"main#0/get["a%2Fb c%23"]"##;
    let source = |source| Screen::new(Arc::new(redactor_of(&[("KEY", "a/b c#")], source)));
    assert_eq!(source("").admit(begin(path), at(0)), Err(InPath("KEY".to_owned())));
    assert!(source("KEY = 'a/b c#'").admit(begin(path), at(0)).is_ok());
    assert!(source("").admit(begin("main#0/get[1]"), at(0)).is_ok());
}
