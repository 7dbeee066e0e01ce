//! What a flow wishes for, held against what it may have.

use std::{fmt::Display, path::Path};

use hero_sdk::{
    Error, ErrorCode, Json,
    model::{Allowance, PartialAllowance, SandboxLevel},
    secret::VARIABLE_PREFIX,
};
use serde::Deserialize;

use super::SandboxConfig;

/// A setting beyond its cap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    /// Which field of the allowance.
    pub key: &'static str,
    /// What is wanted, as JSON has it.
    pub wanted: String,
    /// The most that may be, as JSON has it.
    pub cap: String,
}

/// What a play of a version with these options may do. The error names the wish and the cap that it is beyond.
pub(crate) fn grant(options: &Json, config: &SandboxConfig) -> Result<Allowance, Error> {
    let wish = wish_of(options)?;
    let SandboxConfig { level, defaults, caps, .. } = config;
    // Where nothing is confined, nothing is refused.
    if *level != SandboxLevel::Off {
        beyond(&wish, caps).map_or(Ok(()), |excess| Err(refusal(&excess, *level)))?;
    }
    Ok(Allowance {
        network: wish.network.unwrap_or_else(|| defaults.network.clone()),
        subprocess: wish.subprocess.or(defaults.subprocess),
        memory_mb: wish.memory_mb.unwrap_or(defaults.memory_mb.min(caps.memory_mb)),
        processes: wish.processes.unwrap_or(defaults.processes.min(caps.processes)),
        disk_mb: wish.disk_mb.unwrap_or(defaults.disk_mb.min(caps.disk_mb)),
        cpu_s: wish.cpu_s.or(defaults.cpu_s).or(caps.cpu_s),
        wall_s: wish.wall_s.or(defaults.wall_s).or(caps.wall_s),
        read: united(&defaults.read, wish.read.unwrap_or_default()),
        write: united(&defaults.write, wish.write.unwrap_or_default()),
        env: united(&defaults.env, wish.env.unwrap_or_default()),
    })
}

/// The first wish of a flow with these options that is beyond what a play may do.
pub(crate) fn exceeds(options: &Json, allowance: &Allowance) -> Result<Option<Excess>, Error> {
    Ok(beyond(&wish_of(options)?, allowance))
}

/// Bytes of a wish as JSON. It travels to a process in one packet of 64 KiB, beside the defaults.
const WISH_BYTES_MAX: usize = 16 << 10;

/// `@flow(sandbox={…})`, as a version keeps it among its options.
fn wish_of(options: &Json) -> Result<PartialAllowance, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Options {
        sandbox: Option<serde_json::Map<String, serde_json::Value>>,
    }
    let not_understood = |reason: String| {
        let message = format!("the flow's sandbox= is not understood: {reason}");
        Error::new(ErrorCode::InvalidSource, message)
            .hint(format!("it takes {}", PartialAllowance::KEYS.join(", ")))
    };
    let wish = options.to::<Options>().map(|options| options.sandbox.map(serde_json::Value::from));
    let wish = wish.map_err(|error| not_understood(error.to_string()))?;
    if wish.as_ref().is_some_and(|wish| wish.to_string().len() > WISH_BYTES_MAX) {
        return Err(not_understood(format!("it is longer than {WISH_BYTES_MAX} bytes")));
    }
    let wish = wish.map(serde_json::from_value).transpose();
    let wish: PartialAllowance = wish.map_err(|error| not_understood(error.to_string()))?.unwrap_or_default();
    wish.check().map_err(|bad| not_understood(format!("{} {}", bad.key, bad.reason)))?;
    // Secrets go to who declares them, and are looked for in what he says.
    if let Some(name) = wish.env.iter().flatten().find(|name| name.starts_with(VARIABLE_PREFIX)) {
        let message = format!("the flow wishes for the variable {name}, which holds a secret");
        let secret = name.trim_start_matches(VARIABLE_PREFIX);
        return Err(Error::new(ErrorCode::SandboxDenied, message)
            .hint(format!("declare it with @flow(secrets=[\"{secret}\"]), and read it with flow.secret")));
    }
    Ok(wish)
}

/// The first setting that is beyond its cap. What may be written may be read.
pub(super) fn beyond(wanted: &PartialAllowance, caps: &Allowance) -> Option<Excess> {
    let excess = |key, wanted: &dyn Display, cap: &dyn Display| {
        Some(Excess { key, wanted: wanted.to_string(), cap: cap.to_string() })
    };
    if let Some(network) = wanted.network.as_ref().filter(|network| !caps.network.covers(network)) {
        return excess("network", network, &caps.network);
    }
    if wanted.subprocess == Some(true) && caps.subprocess == Some(false) {
        return excess("subprocess", &true, &false);
    }
    for (key, wanted, cap) in [
        ("memory_mb", wanted.memory_mb, Some(caps.memory_mb)),
        ("processes", wanted.processes.map(u64::from), Some(u64::from(caps.processes))),
        ("disk_mb", wanted.disk_mb, Some(caps.disk_mb)),
        ("cpu_s", wanted.cpu_s, caps.cpu_s),
        ("wall_s", wanted.wall_s, caps.wall_s),
    ] {
        match (wanted, cap) {
            (Some(wanted), Some(cap)) if wanted > cap => return excess(key, &wanted, &cap),
            _ => {}
        }
    }
    let readable = [&caps.read[..], &caps.write[..]].concat();
    for (key, paths, cap) in [("read", &wanted.read, &readable), ("write", &wanted.write, &caps.write)] {
        let is_beneath = |path: &String| cap.iter().any(|cap| Path::new(path).starts_with(cap));
        if let Some(path) = paths.iter().flatten().find(|path| !is_beneath(path)) {
            return excess(key, &format!("{path:?}"), &format!("{cap:?}"));
        }
    }
    let name = wanted.env.iter().flatten().find(|name| !caps.env.contains(name))?;
    excess("env", &format!("{name:?}"), &format!("{:?}", caps.env))
}

/// All of both, each once.
pub(super) fn united(these: &[String], those: Vec<String>) -> Vec<String> {
    let mut all = these.to_vec();
    for one in those {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

fn refusal(excess: &Excess, level: SandboxLevel) -> Error {
    let Excess { key, wanted, cap } = excess;
    let most =
        if ["[]", "false"].contains(&cap.as_str()) { "none".to_owned() } else { format!("at most {cap}") };
    let message = format!("the flow wishes for sandbox {key} {wanted}, and the configuration allows {most}");
    let flag = match *key {
        "read" | "write" | "env" => format!(", or allow it for this command with --allow-{key} {wanted}"),
        _ => String::new(),
    };
    Error::new(ErrorCode::SandboxDenied, message).hint(
        if *key == "network" && level == SandboxLevel::Strict {
            "the level strict has no network: wish for less, or run it with --sandbox default".to_owned()
        } else {
            format!("wish for less, or set {key} under [sandbox.caps] in hero_logic.toml{flag}")
        },
    )
}

#[cfg(test)]
mod tests {
    use hero_sdk::model::Network;

    use super::*;

    fn granted(sandbox: &str, config: &SandboxConfig) -> Result<Allowance, Error> {
        grant(&Json::parse(&format!("{{\"retries\":1,\"sandbox\":{sandbox}}}")).unwrap(), config)
    }

    #[test]
    fn who_wishes_for_nothing_has_the_defaults() {
        let config = SandboxConfig::default();
        assert_eq!(grant(&Json::parse("{}").unwrap(), &config).unwrap(), config.defaults);
        assert_eq!(granted("null", &config).unwrap(), config.defaults);
        assert_eq!(granted("{}", &config).unwrap(), config.defaults);
        let mut capped = SandboxConfig::default();
        capped.caps.cpu_s = Some(60);
        assert_eq!(grant(&Json::parse("{}").unwrap(), &capped).unwrap().cpu_s, Some(60));
        assert_eq!(SandboxConfig::of(SandboxLevel::Strict).defaults.network, Network::None);
    }

    #[test]
    fn a_wish_within_the_caps_is_granted() {
        let mut config = SandboxConfig::default();
        config.caps.read = vec!["/data".into()];
        config.caps.write = vec!["/out".into()];
        config.caps.env = vec!["REGION".into()];
        config.caps.wall_s = Some(60);
        let wish = r#"{"network": [443], "memory_mb": 2048, "subprocess": false, "cpu_s": 5,
                       "read": ["/data/a", "/out"], "write": ["/out/b"], "env": ["REGION"]}"#;
        let allowed = granted(wish, &config).unwrap();
        assert_eq!(allowed.network, Network::Ports(vec![443]));
        assert_eq!((allowed.memory_mb, allowed.subprocess, allowed.cpu_s), (2048, Some(false), Some(5)));
        assert_eq!(allowed.wall_s, Some(60), "a cap is a limit without a wish too");
        assert_eq!(
            (allowed.read, allowed.write),
            (vec!["/data/a".into(), "/out".into()], vec!["/out/b".to_owned()])
        );
        assert_eq!(allowed.env, ["REGION"]);
    }

    #[test]
    fn a_wish_beyond_a_cap_is_an_error_that_names_both() {
        let mut config = SandboxConfig::of(SandboxLevel::Strict);
        config.caps.read = vec!["/data".into()];
        config.caps.subprocess = Some(false);
        for (wish, both) in [
            (r#"{"network": true}"#, ["network true", "allows none"]),
            (r#"{"network": [80]}"#, ["network [80]", "allows none"]),
            (r#"{"memory_mb": 99999999}"#, ["memory_mb 99999999", "at most 16384"]),
            (r#"{"processes": 99999}"#, ["processes 99999", "at most 4096"]),
            (r#"{"subprocess": true}"#, ["subprocess true", "allows none"]),
            (r#"{"read": ["/database"]}"#, ["read \"/database\"", "at most [\"/data\"]"]),
            (r#"{"write": ["/data/x"]}"#, ["write \"/data/x\"", "allows none"]),
            (r#"{"env": ["PATH"]}"#, ["env \"PATH\"", "allows none"]),
            (r#"{"env": ["HERO_SECRET_KEY"]}"#, ["HERO_SECRET_KEY", "holds a secret"]),
        ] {
            let error = granted(wish, &config).unwrap_err();
            assert_eq!(error.code, ErrorCode::SandboxDenied, "{wish}");
            assert!(both.iter().all(|part| error.message.contains(part)), "{}", error.message);
        }
    }

    #[test]
    fn nothing_is_refused_where_nothing_is_confined() {
        let config = SandboxConfig::of(SandboxLevel::Off);
        let allowed =
            granted(r#"{"memory_mb": 999999, "read": ["/data"], "env": ["REGION"]}"#, &config).unwrap();
        assert_eq!(
            (allowed.memory_mb, allowed.read, allowed.env),
            (999_999, vec!["/data".into()], vec!["REGION".into()])
        );
    }

    #[test]
    fn what_is_no_wish_is_an_error() {
        let config = SandboxConfig::default();
        let long = format!("{{\"read\": [\"/{}\"]}}", "a".repeat(WISH_BYTES_MAX));
        assert!(granted(&long, &config).unwrap_err().message.ends_with("longer than 16384 bytes"));
        for wish in [
            r#"{"memory": 1}"#,
            r#"{"memory_mb": -1}"#,
            r#"{"memory_mb": 0}"#,
            r#"{"wall_s": 0}"#,
            r#"{"network": ["a:1"]}"#,
            r#"{"read": ["relative"]}"#,
            r#"{"read": ["/data/../etc"]}"#,
            r#"{"read": "/data"}"#,
            "[]",
        ] {
            assert_eq!(granted(wish, &config).unwrap_err().code, ErrorCode::InvalidSource, "{wish}");
        }
    }
}
