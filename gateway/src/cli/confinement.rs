//! What a play may do, in words: before it runs, where its flow wishes for something, and when it is shown; and by which
//! options another command lets it do the same.

use std::path::Path;

use hero_sdk::model::{Allowance, Network, Sandbox, SandboxLevel};

use crate::cli::{args, embedded::SandboxConfig, escape::visible};

/// The options by which a command lets a play do what it might do when it was accepted, beside those that are given: what
/// it may is more than is configured where it was run with options of its own.
pub(crate) fn options_of(
    played: &Sandbox,
    given: &args::Sandbox,
    configured: &SandboxConfig,
) -> args::Sandbox {
    let mut options = given.clone();
    if played.level != configured.level {
        options.level = Some(played.level.into());
    }
    if played.level == SandboxLevel::Off {
        return options;
    }
    let Allowance { read, write, env, .. } = &played.allowance;
    let caps = &configured.caps;
    let beyond = |paths: &[String], caps: &[&Vec<String>]| -> Vec<String> {
        let is_within =
            |path: &&String| caps.iter().copied().flatten().any(|cap| Path::new(path).starts_with(cap));
        paths.iter().filter(|path| !is_within(path)).cloned().collect()
    };
    options.read.extend(beyond(read, &[&caps.read, &caps.write]));
    options.write.extend(beyond(write, &[&caps.write]));
    options.env.extend(env.iter().filter(|name| !caps.env.contains(name)).cloned());
    options
}

/// In one line what a play may do otherwise than one whose flow wishes for nothing; empty where that is nothing.
pub(crate) fn wishes(allowance: &Allowance, defaults: &Allowance) -> String {
    let mut words = Vec::new();
    let mut push = |differs: bool, text: String| {
        if differs {
            words.push(text);
        }
    };
    push(
        allowance.network != defaults.network,
        match &allowance.network {
            Network::All => "network".to_owned(),
            Network::None => "no network".to_owned(),
            Network::Ports(ports) => format!("network to {}", ports_text(ports)),
        },
    );
    let starts = if allowance.subprocess == Some(true) { "starts processes" } else { "starts no processes" };
    push(allowance.subprocess != defaults.subprocess, starts.to_owned());
    push(allowance.memory_mb != defaults.memory_mb, format!("memory {} MB", allowance.memory_mb));
    push(allowance.processes != defaults.processes, format!("{} processes", allowance.processes));
    push(allowance.disk_mb != defaults.disk_mb, format!("disk {} MB", allowance.disk_mb));
    push(allowance.cpu_s != defaults.cpu_s, format!("CPU {}", seconds(allowance.cpu_s)));
    push(allowance.wall_s != defaults.wall_s, format!("time {}", seconds(allowance.wall_s)));
    for (verb, all, usual) in [
        ("reads", &allowance.read, &defaults.read),
        ("writes", &allowance.write, &defaults.write),
        ("has the variables", &allowance.env, &defaults.env),
    ] {
        let more: Vec<String> =
            all.iter().filter(|one| !usual.contains(one)).map(|one| visible(one)).collect();
        push(!more.is_empty(), format!("{verb} {}", more.join(", ")));
    }
    words.join(", ")
}

/// The confinement of a play, by word. What does not apply is empty.
pub(crate) fn facts(sandbox: &Sandbox) -> Vec<(&'static str, String)> {
    let Sandbox { level, layers, allowance } = sandbox;
    let list = |names: &[String]| names.iter().map(|name| visible(name)).collect::<Vec<_>>().join(", ");
    let has_variables = ("variables", list(&allowance.env));
    if *level == SandboxLevel::Off {
        return vec![("sandbox", "off: nothing is confined".to_owned()), has_variables];
    }
    let by = if layers.is_empty() { String::new() } else { format!(": {}", list(layers)) };
    let limit = |seconds_max: Option<u64>| seconds_max.map_or_else(String::new, |_| seconds(seconds_max));
    let starts = match allowance.subprocess {
        Some(true) => ", may start others",
        Some(false) => ", may start no others",
        None => "",
    };
    vec![
        ("sandbox", format!("{}{by}", level.as_str())),
        (
            "network",
            match &allowance.network {
                Network::All => "open".to_owned(),
                Network::None => "none".to_owned(),
                Network::Ports(ports) => format!("to {}", ports_text(ports)),
            },
        ),
        ("memory", format!("{} MB", allowance.memory_mb)),
        ("processes", format!("{} at once, with threads{starts}", allowance.processes)),
        ("disk", format!("{} MB", allowance.disk_mb)),
        ("CPU", limit(allowance.cpu_s)),
        ("time", limit(allowance.wall_s)),
        ("reads", list(&allowance.read)),
        ("writes", list(&allowance.write)),
        has_variables,
    ]
}

fn ports_text(ports: &[u16]) -> String {
    let numbers: Vec<String> = ports.iter().map(u16::to_string).collect();
    match ports.len() {
        0 => "no port".to_owned(),
        1 => format!("port {}", numbers.concat()),
        _ => format!("ports {}", numbers.join(", ")),
    }
}

fn seconds(limit: Option<u64>) -> String {
    limit.map_or_else(|| "without a limit".to_owned(), |limit| format!("{limit} s"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::allowance;

    #[test]
    fn only_what_differs_from_the_defaults_is_a_wish() {
        let defaults = allowance();
        assert_eq!(wishes(&defaults, &defaults), "");
        let wished = Allowance {
            network: Network::Ports(vec![443, 8080]),
            subprocess: Some(false),
            memory_mb: 4096,
            processes: 8,
            disk_mb: 10,
            cpu_s: Some(60),
            wall_s: Some(600),
            read: vec!["/data".into(), "/a\u{1b}b".into()],
            write: vec!["/out".into()],
            env: vec!["REGION".into()],
        };
        assert_eq!(
            wishes(&wished, &defaults),
            "network to ports 443, 8080, starts no processes, memory 4096 MB, 8 processes, disk 10 MB, CPU 60 s, \
             time 600 s, reads /data, /a\\x1bb, writes /out, has the variables REGION"
        );
        let usual = Allowance { read: vec!["/data".into(), "/more".into()], ..defaults.clone() };
        let shared = Allowance { read: vec!["/data".into()], ..defaults };
        assert_eq!(wishes(&usual, &shared), "reads /more");
    }

    #[test]
    fn a_play_goes_on_with_the_options_that_it_was_run_with() {
        let mut configured = SandboxConfig::default();
        configured.caps.read = vec!["/data".into()];
        let given = args::Sandbox::default();
        let allowance = Allowance {
            read: vec!["/data/a".into(), "/more".into()],
            write: vec!["/out".into()],
            env: vec!["REGION".into()],
            ..configured.defaults.clone()
        };
        let mut played = Sandbox { level: SandboxLevel::Default, layers: Vec::new(), allowance };
        let options = options_of(&played, &given, &configured);
        assert_eq!(
            (options.level, options.read, options.write),
            (None, vec!["/more".into()], vec!["/out".into()])
        );
        assert_eq!(options.env, ["REGION"]);
        played.level = SandboxLevel::Off;
        let options = options_of(&played, &given, &configured);
        assert_eq!((options.level(), options.read), (Some(SandboxLevel::Off), Vec::new()));
    }

    #[test]
    fn networks_have_words() {
        let words = |network| {
            wishes(
                &Allowance { network, ..allowance() },
                &Allowance { network: Network::Ports(vec![1]), ..allowance() },
            )
        };
        assert_eq!(words(Network::All), "network");
        assert_eq!(words(Network::None), "no network");
        assert_eq!(words(Network::Ports(vec![443])), "network to port 443");
    }

    #[test]
    fn where_nothing_is_confined_no_limit_is_shown() {
        let sandbox = |level| Sandbox { level, layers: Vec::new(), allowance: allowance() };
        let shown: Vec<_> =
            facts(&sandbox(SandboxLevel::Off)).into_iter().filter(|(_, text)| !text.is_empty()).collect();
        assert_eq!(shown, [("sandbox", "off: nothing is confined".to_owned())]);
        assert_eq!(facts(&sandbox(SandboxLevel::Strict)).first(), Some(&("sandbox", "strict".to_owned())));
    }
}
