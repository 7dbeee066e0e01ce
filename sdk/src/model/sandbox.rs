//! What a play's process may do, and by what it is kept to that.

use std::{
    borrow::Cow,
    fmt,
    path::{Component, Path},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How closely plays are confined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SandboxLevel {
    /// Every layer but a network namespace; the network is open unless a flow or the configuration says otherwise.
    #[default]
    Default,
    /// Every layer, and no network.
    Strict,
    /// None: for flows that are trusted like hero_logic itself.
    Off,
}

impl SandboxLevel {
    /// The stable text of the level.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Strict => "strict",
            Self::Off => "off",
        }
    }
}

/// To whom a play may talk. In JSON: true, false, or a list of TCP ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// To everybody, over IPv4 and IPv6.
    All,
    /// To nobody.
    None,
    /// Over TCP to these ports, of any host. Port 53 allows UDP as well, for names.
    Ports(Vec<u16>),
}

impl Network {
    /// Whether who may talk to these may talk to those.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) | (_, Self::None) => true,
            (Self::Ports(ports), Self::Ports(others)) => others.iter().all(|port| ports.contains(port)),
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => formatter.write_str("true"),
            Self::None => formatter.write_str("false"),
            Self::Ports(ports) => write!(formatter, "{ports:?}"),
        }
    }
}

/// As JSON has it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Shown {
    All(bool),
    Ports(Vec<u16>),
}

impl From<&Network> for Shown {
    fn from(network: &Network) -> Self {
        match network {
            Network::All => Self::All(true),
            Network::None => Self::All(false),
            Network::Ports(ports) => Self::Ports(ports.clone()),
        }
    }
}

impl JsonSchema for Network {
    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "To whom a play may talk: everybody, nobody, or these TCP ports.",
            "anyOf": [
                { "type": "boolean" },
                { "type": "array", "items": { "type": "integer", "minimum": 0, "maximum": 65535 } },
            ],
        })
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = Shown::from(self);
        if serializer.is_human_readable() {
            return shown.serialize(serializer);
        }
        // A binary form does not describe itself.
        match shown {
            Shown::All(all) => (Some(all), Vec::<u16>::new()).serialize(serializer),
            Shown::Ports(ports) => (None::<bool>, ports).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (all, ports) = if deserializer.is_human_readable() {
            match Shown::deserialize(deserializer) {
                Ok(Shown::All(all)) => (Some(all), Vec::new()),
                Ok(Shown::Ports(ports)) => (None, ports),
                Err(_) => {
                    return Err(de::Error::custom("network is true, false or a list of ports (1 to 65535)"));
                }
            }
        } else {
            <(Option<bool>, Vec<u16>)>::deserialize(deserializer)?
        };
        Ok(match all {
            Some(true) => Self::All,
            Some(false) => Self::None,
            None => Self::Ports(ports),
        })
    }
}

/// What a play may do and use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Allowance {
    /// To whom it may talk.
    pub network: Network,
    /// Whether it may start other processes. None: only where all of them end with it for certain.
    pub subprocess: Option<bool>,
    /// Mebibytes of memory of each of its processes.
    pub memory_mb: u64,
    /// Processes and threads at once.
    pub processes: u32,
    /// Mebibytes in its directory, in one file, and in all its artifacts together.
    pub disk_mb: u64,
    /// Seconds of CPU time of each of its processes.
    pub cpu_s: Option<u64>,
    /// Seconds in which a process works on it, over all attempts.
    pub wall_s: Option<u64>,
    /// Paths that it may read, with all beneath them, beside its own directory and what every program reads.
    pub read: Vec<String>,
    /// Paths that it may read and write.
    pub write: Vec<String>,
    /// Variables of the runtime's environment that it has.
    pub env: Vec<String>,
}

/// Mebibytes whose bytes a limit of the kernel can hold.
const MEBIBYTES_MAX: u64 = (1 << 43) - 1;
/// Seconds of a hundred years.
const SECONDS_MAX: u64 = 3_200_000_000;
/// More than any kernel gives.
const PROCESSES_MAX: u64 = 1 << 22;

/// Some of an [`Allowance`]: what a flow wishes for, or what an operator sets. The rest is as it is without it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PartialAllowance {
    /// See [`Allowance::network`].
    pub network: Option<Network>,
    /// See [`Allowance::subprocess`].
    pub subprocess: Option<bool>,
    /// See [`Allowance::memory_mb`].
    pub memory_mb: Option<u64>,
    /// See [`Allowance::processes`].
    pub processes: Option<u32>,
    /// See [`Allowance::disk_mb`].
    pub disk_mb: Option<u64>,
    /// See [`Allowance::cpu_s`].
    pub cpu_s: Option<u64>,
    /// See [`Allowance::wall_s`].
    pub wall_s: Option<u64>,
    /// See [`Allowance::read`].
    pub read: Option<Vec<String>>,
    /// See [`Allowance::write`].
    pub write: Option<Vec<String>>,
    /// See [`Allowance::env`].
    pub env: Option<Vec<String>>,
}

/// A setting that can be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSetting {
    /// Of which field.
    pub key: &'static str,
    /// What is wrong with it, to be read after the key.
    pub reason: String,
}

impl PartialAllowance {
    /// The fields, in the order of [`Allowance`].
    pub const KEYS: [&'static str; 10] = [
        "network",
        "subprocess",
        "memory_mb",
        "processes",
        "disk_mb",
        "cpu_s",
        "wall_s",
        "read",
        "write",
        "env",
    ];

    /// Errors on what cannot be meant: limits of 0, paths that are not absolute, variables without a name.
    pub fn check(&self) -> Result<(), BadSetting> {
        let bad = |key, reason| Err(BadSetting { key, reason });
        if let Some(Network::Ports(ports)) = &self.network
            && ports.contains(&0)
        {
            return bad("network", "has the port 0; ports are 1 to 65535".to_owned());
        }
        for (key, value, max) in [
            ("memory_mb", self.memory_mb, MEBIBYTES_MAX),
            ("processes", self.processes.map(u64::from), PROCESSES_MAX),
            ("disk_mb", self.disk_mb, MEBIBYTES_MAX),
            ("cpu_s", self.cpu_s, SECONDS_MAX),
            ("wall_s", self.wall_s, SECONDS_MAX),
        ] {
            match value {
                Some(0) => return bad(key, "is 0, with which nothing runs".to_owned()),
                Some(value) if value > max => return bad(key, format!("is {value}, more than {max}")),
                Some(_) | None => {}
            }
        }
        for (key, paths) in [("read", &self.read), ("write", &self.write)] {
            if let Some(path) = paths.iter().flatten().find(|path| !is_plain(path)) {
                return bad(key, format!("has {path:?}, which is no absolute path without `..`"));
            }
        }
        if let Some(name) =
            self.env.iter().flatten().find(|name| name.is_empty() || name.contains(['=', '\0']))
        {
            return bad("env", format!("has {name:?}, which is no name of a variable"));
        }
        Ok(())
    }
}

fn is_plain(path: &str) -> bool {
    let parents = Path::new(path).components().any(|part| part == Component::ParentDir);
    Path::new(path).is_absolute() && !parents && !path.contains('\0')
}

/// The confinement of a play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sandbox {
    /// How closely.
    pub level: SandboxLevel,
    /// By what, in the newest attempt; none before the first.
    pub layers: Vec<String>,
    /// To what.
    pub allowance: Allowance,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_a_switch_or_ports_in_json() {
        for (network, json) in [
            (Network::All, "true"),
            (Network::None, "false"),
            (Network::Ports(vec![53, 443]), "[53,443]"),
            (Network::Ports(Vec::new()), "[]"),
        ] {
            assert_eq!(serde_json::to_string(&network).unwrap(), json);
            assert_eq!(serde_json::from_str::<Network>(json).unwrap(), network);
        }
        assert!(Network::Ports(vec![53, 443]).covers(&Network::Ports(vec![443])));
        assert!(!Network::Ports(vec![443]).covers(&Network::All));
        for wrong in ["1", "[70000]", "\"yes\"", "[\"example.org:443\"]"] {
            assert!(
                serde_json::from_str::<Network>(wrong).unwrap_err().to_string().contains("ports"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let partial = |text: &str| serde_json::from_str::<PartialAllowance>(text).unwrap();
        let fine =
            r#"{"memory_mb": 1, "cpu_s": 60, "read": ["/", "/data/a b"], "env": ["A"], "network": [1]}"#;
        assert_eq!(partial(fine).check(), Ok(()));
        for (text, key) in [
            (r#"{"memory_mb": 0}"#, "memory_mb"),
            (r#"{"disk_mb": 8796093022208}"#, "disk_mb"),
            (r#"{"processes": 0}"#, "processes"),
            (r#"{"wall_s": 0}"#, "wall_s"),
            (r#"{"cpu_s": 18446744073709551615}"#, "cpu_s"),
            (r#"{"read": ["/a", "b"]}"#, "read"),
            (r#"{"write": ["/a/../b"]}"#, "write"),
            (r#"{"write": ["/a\u0000"]}"#, "write"),
            (r#"{"env": ["A=B"]}"#, "env"),
            (r#"{"env": [""]}"#, "env"),
            (r#"{"network": [443, 0]}"#, "network"),
        ] {
            assert_eq!(partial(text).check().unwrap_err().key, key, "{text}");
        }
    }

    #[test]
    fn the_keys_are_those_of_an_allowance() {
        for key in PartialAllowance::KEYS {
            let text = format!("{{\"{key}\": null}}");
            serde_json::from_str::<PartialAllowance>(&text).unwrap();
        }
        let error = serde_json::from_str::<PartialAllowance>(r#"{"memory": 1}"#).unwrap_err().to_string();
        assert!(PartialAllowance::KEYS.iter().all(|key| error.contains(&format!("`{key}`"))), "{error}");
    }
}
