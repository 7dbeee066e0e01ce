//! What must hold of whatever comes to the server, and of whatever a flow has shown to people. `e2e/fuzz` looks for bytes
//! of which it does not.

mod http;
mod question;
mod rpc;

use std::path::PathBuf;

use hero_sdk::{
    fuzz::Target,
    model::{Network, SandboxLevel},
};
use serde_json::Value;

use self::{http::http, question::question, rpc::rpc};
use crate::cli::{
    args,
    configuration::{File, confinement},
    escape,
};

/// Every target of this crate.
pub const TARGETS: &[Target] =
    &[("http", http), ("rpc", rpc), ("question", question), ("escape", escape), ("settings", settings)];

/// Text of a flow. Nothing of it moves a terminal or turns its text; what is plain stays, and JSON means the same.
fn escape(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let line = escape::visible(text);
    assert!(line.chars().all(is_harmless), "{line:?}");
    let lines = escape::visible_lines(text);
    assert!(lines.chars().all(|character| character == '\n' || is_harmless(character)), "{lines:?}");
    if text.chars().all(is_harmless) {
        assert_eq!(line, text);
        assert_eq!(lines, text.trim_end());
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let shown = escape::json(text);
        assert!(
            shown.chars().all(|character| is_harmless(character) || matches!(character, '\n' | '\r' | '\t'))
        );
        assert_eq!(serde_json::from_str::<Value>(&shown).ok(), Some(value));
    }
}

/// No control of ECMA-48, no mark of direction of Unicode TR 9, and nothing without any width but what emoji are made of.
fn is_harmless(character: char) -> bool {
    let code = u32::from(character);
    let controls = [0x00..=0x1f, 0x7f..=0x9f];
    let marks = [0x61c..=0x61c, 0x200e..=0x200f, 0x2028..=0x202e, 0x2066..=0x2069];
    let nothing = [
        0x200b..=0x200b,
        0x2060..=0x2065,
        0x206a..=0x206f,
        0xfeff..=0xfeff,
        0xfff9..=0xfffb,
        0xe0000..=0xe007f,
    ];
    !controls.iter().chain(&marks).chain(&nothing).any(|range| range.contains(&code))
}

/// A file of settings. It is refused with its name, or comes to a confinement that keeps what it says.
fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let path = PathBuf::from("hero_logic.toml");
    let file = File { path, text: text.to_owned() };
    let flags =
        args::Sandbox { level: None, require: false, read: Vec::new(), write: Vec::new(), env: Vec::new() };
    match confinement(&file, &flags) {
        Ok(config) => {
            let (own, most) = (&config.defaults, &config.caps);
            assert!(own.memory_mb <= most.memory_mb && own.processes <= most.processes);
            assert!(own.disk_mb <= most.disk_mb && own.memory_mb > 0 && own.processes > 0 && own.disk_mb > 0);
            assert!(most.network.covers(&own.network));
            assert!(most.cpu_s.is_none_or(|most| own.cpu_s.is_some_and(|own| own <= most)));
            assert!(most.wall_s.is_none_or(|most| own.wall_s.is_some_and(|own| own <= most)));
            if config.level == SandboxLevel::Strict {
                assert_eq!((&own.network, &most.network), (&Network::None, &Network::None));
            }
            assert!(!config.is_required || config.level != SandboxLevel::Off);
            if let Some((first, count)) = config.uids {
                assert!(first > 0 && count > 0 && first.checked_add(count).is_some(), "{first} {count}");
            }
        }
        Err(failure) => {
            assert!(failure.message.starts_with("hero_logic.toml"), "{}", failure.message);
            let line = failure.message.split(':').nth(1).and_then(|line| line.parse::<usize>().ok());
            assert!(
                line.is_none_or(|line| (1..=text.split('\n').count()).contains(&line)),
                "{}",
                failure.message
            );
        }
    }
}
