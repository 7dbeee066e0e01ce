//! Values as programs write them: in lines that end in white space, as bytes, as numbers; and tags, which tell nothing.

use super::*;
use crate::secrets::salt::unsalted_tag;

const VALUE: &str = "zq7Kp2Lm9Xw4Vn8Rt3Yb6Hc1Jd5Fg";

/// What is kept of lines of one stream, each a frame of its own.
fn said(value: &str, text: &str) -> String {
    let mut screen = screen(value);
    let mut told = Vec::new();
    for text in text.split('\n') {
        told.extend(screen.admit(Up::Log(line(1, LogStream::Stdout, text)), at(0)).unwrap());
    }
    told.extend(screen.release().into_iter().map(|(line, at)| (Up::Log(line), at)));
    texts(told).join("\n")
}

#[test]
fn a_line_that_ends_in_white_space_is_a_beginning_all_the_same() {
    let (first, second) = VALUE.split_at(20);
    for space in ["", " ", "  ", "\t", "\r", " \t\r", "  \n\r"] {
        let text = format!("key {first}{space}\n{second} end");
        assert_eq!(said(VALUE, &text), format!("key [secret KEY]{space}\n[secret KEY] end"), "{space:?}");
    }
    // Where the value goes on with a space, that belongs to it.
    assert_eq!(said("correct horse battery", "correct \nhorse battery"), "[secret KEY]\n[secret KEY]");
    // What is no beginning does not wait.
    let mut screen = screen(VALUE);
    let frame = Up::Log(line(1, LogStream::Stdout, "nothing \r"));
    assert_eq!(screen.admit(frame, at(0)).unwrap().len(), 1);
}

/// `base64.encodebytes`, with line ends of Windows.
#[test]
fn base64_in_lines_of_windows_is_found() {
    let form = forms(&VALUE.repeat(3)).into_iter().find(|form| form.name == "base64-padded").unwrap();
    let lines: Vec<&str> =
        form.text.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
    let kept = said(VALUE, &(lines.join("\r\n") + "\r\n"));
    assert_eq!(leaks(VALUE, &kept), None, "{kept}");
    assert!(kept.starts_with("[secret KEY]") && lines.iter().all(|line| !kept.contains(line)), "{kept}");
}

#[test]
fn bytes_of_a_value_are_found_as_python_shows_them() {
    let redactor = redactor("pässwörd-geheim-9'\"");
    for text in [
        r#"b'p\xc3\xa4ssw\xc3\xb6rd-geheim-9\'"'"#,
        r#"{"raw": "b'p\\xc3\\xa4ssw\\xc3\\xb6rd-geheim-9\\'\"'"}"#,
        r#"'p\xe4ssw\xf6rd-geheim-9\'"'"#,
    ] {
        let shown = redactor.text(text);
        assert!(shown.contains("[secret KEY]") && !shown.contains("geheim"), "{shown}");
        let given = Json::of(&text).unwrap();
        assert_eq!(redactor.reveal(redactor.kept(&given).as_str()).unwrap(), given.as_str());
    }
}

#[test]
fn a_value_that_ends_in_a_backslash_is_found_before_any_letter() {
    let value = r"n nnn\";
    for text in [format!("{value}{value}"), format!("{value}next"), format!("a\nb{value}named\nc")] {
        assert_eq!(leaks(value, &redactor(value).text(&text)), None, "{text:?}");
    }
}

#[test]
fn hexadecimal_and_urls_are_found_byte_by_byte() {
    let by = |before: &str, between: &str, upper: bool| {
        let byte =
            |byte: u8| if upper { format!("{before}{byte:02X}") } else { format!("{before}{byte:02x}") };
        VALUE.bytes().map(byte).collect::<Vec<_>>().join(between)
    };
    for upper in [false, true] {
        for text in [by("", " ", upper), by("", ":", upper), by("", "-", upper), by("%", "", upper)] {
            assert_eq!(redactor(VALUE).text(&format!("<{text}>")), "<[secret KEY]>");
        }
    }
    // As `openssl` breaks them.
    let broken = by("", ":", false).replacen("4c:", "4c:\n    ", 1);
    assert_eq!(said(VALUE, &broken), "[secret KEY]\n    [secret KEY]");
}

#[test]
fn a_number_is_found_negated_and_with_a_point() {
    let redactor = redactor("8675309421");
    let given = json("[8675309421,8675309421.0,-8675309421,-8675309421.0,86753094210,8675309421.5]");
    let mark = "\"[secret KEY]\"";
    let shown = format!("[{mark},{mark},{mark},{mark},86753094210,8675309421.5]");
    assert_eq!(redactor.shown(&given).as_str(), shown);
    let kept = redactor.kept(&given);
    assert_eq!(kept.as_str().matches("secret KEY").count(), 4);
    assert_eq!(redactor.reveal(kept.as_str()).unwrap(), given.as_str());
}

/// Whoever has the store, and not the salt, cannot try values.
#[test]
fn a_tag_depends_on_the_home() {
    let pin = values(&[("PIN", "4711")]);
    let kept =
        |byte| Redactor::new(&pin, &Salt([byte; crate::private::RANDOM_BYTES]), "").kept(&json("\"4711\""));
    assert_eq!(kept(1), kept(1));
    assert_ne!(kept(1), kept(2));
    let (name, value) = pin.first_key_value().unwrap();
    assert!(!kept(1).as_str().contains(&unsalted_tag(name, value)));
}

/// A play that was parked by an earlier hero_logic goes on.
#[test]
fn tags_without_salt_are_read() {
    let kept = "\"\\u005bsecret KEY 9a0b]\"";
    let tag = unsalted_tag(&"KEY".parse().unwrap(), &SecretValue::try_from("hunter2!".to_owned()).unwrap());
    let kept = kept.replace("9a0b", &tag);
    assert_eq!(redactor("hunter2!").reveal(&kept).unwrap(), "\"hunter2!\"");
    assert_eq!(redactor("hunter3!").reveal(&kept), Err(Changed("KEY".to_owned())));
}
