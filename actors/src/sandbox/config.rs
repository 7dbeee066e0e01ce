//! What the operator of a runtime says about confinement.

use hero_sdk::model::{Allowance, Network, PartialAllowance, SandboxLevel};

use super::wish::{Excess, beyond, united};

/// A range of user ids that nobody else has: beyond what systems give to people, services and containers.
const UIDS: (u32, u32) = (0x7000_0000, 0x0100_0000);
const KIBI: u64 = 1024;

/// Confinement as it is configured.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// How closely every play is confined.
    pub level: SandboxLevel,
    /// Whether plays are refused where a layer of the level is missing.
    pub is_required: bool,
    /// What a play may do that wishes for nothing. Without a say on the network: open in `default`, closed in `strict`.
    pub defaults: Allowance,
    /// The most that a flow may wish for: limits are upper bounds, paths stand for themselves and all beneath them.
    pub caps: Allowance,
    /// User ids for plays where the runtime is root: the first, and how many.
    pub uids: Option<(u32, u32)>,
    /// Layers that are left out, by name; for tests of the others.
    pub without: Vec<String>,
}

impl SandboxConfig {
    /// The defaults of this level.
    pub fn of(level: SandboxLevel) -> Self {
        let network = if level == SandboxLevel::Strict { Network::None } else { Network::All };
        let defaults = Allowance {
            network: network.clone(),
            subprocess: None,
            memory_mb: KIBI,
            processes: 64,
            disk_mb: KIBI,
            cpu_s: None,
            wall_s: None,
            read: Vec::new(),
            write: Vec::new(),
            env: Vec::new(),
        };
        let caps = Allowance {
            subprocess: Some(true),
            memory_mb: 16 * KIBI,
            processes: 4096,
            disk_mb: 64 * KIBI,
            ..defaults.clone()
        };
        Self { level, is_required: false, defaults, caps, uids: Some(UIDS), without: Vec::new() }
    }

    /// The same with these settings. Where only one of a default and its cap is given, the other follows as far as it
    /// must. The error is a default beyond its cap.
    pub fn with(mut self, defaults: PartialAllowance, caps: PartialAllowance) -> Result<Self, Excess> {
        let (own, most) = (self.defaults, self.caps);
        self.caps = Allowance {
            network: caps.network.unwrap_or_else(|| match &defaults.network {
                Some(network) if !most.network.covers(network) => network.clone(),
                _ => most.network,
            }),
            subprocess: caps.subprocess.or(most.subprocess),
            memory_mb: caps.memory_mb.unwrap_or(most.memory_mb.max(defaults.memory_mb.unwrap_or(0))),
            processes: caps.processes.unwrap_or(most.processes.max(defaults.processes.unwrap_or(0))),
            disk_mb: caps.disk_mb.unwrap_or(most.disk_mb.max(defaults.disk_mb.unwrap_or(0))),
            cpu_s: caps.cpu_s.or(most.cpu_s),
            wall_s: caps.wall_s.or(most.wall_s),
            read: caps.read.unwrap_or_else(|| united(&most.read, defaults.read.clone().unwrap_or_default())),
            write: caps
                .write
                .unwrap_or_else(|| united(&most.write, defaults.write.clone().unwrap_or_default())),
            env: caps.env.unwrap_or_else(|| united(&most.env, defaults.env.clone().unwrap_or_default())),
        };
        if let Some(excess) = beyond(&defaults, &self.caps) {
            return Err(excess);
        }
        let most = &self.caps;
        self.defaults = Allowance {
            network: defaults.network.unwrap_or_else(|| {
                if most.network.covers(&own.network) { own.network } else { most.network.clone() }
            }),
            subprocess: defaults.subprocess.or(most.subprocess.filter(|allowed| !allowed)).or(own.subprocess),
            memory_mb: defaults.memory_mb.unwrap_or(own.memory_mb.min(most.memory_mb)),
            processes: defaults.processes.unwrap_or(own.processes.min(most.processes)),
            disk_mb: defaults.disk_mb.unwrap_or(own.disk_mb.min(most.disk_mb)),
            cpu_s: defaults.cpu_s.or(own.cpu_s).or(most.cpu_s),
            wall_s: defaults.wall_s.or(own.wall_s).or(most.wall_s),
            read: defaults.read.unwrap_or(own.read),
            write: defaults.write.unwrap_or(own.write),
            env: defaults.env.unwrap_or(own.env),
        };
        Ok(self)
    }
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self::of(SandboxLevel::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(defaults: &str, caps: &str) -> Result<SandboxConfig, Excess> {
        let partial = |text: &str| serde_json::from_str(text).unwrap();
        SandboxConfig::default().with(partial(defaults), partial(caps))
    }

    #[test]
    fn what_is_not_given_is_as_the_level_has_it() {
        let own = SandboxConfig::default();
        let same = set("{}", "{}").unwrap();
        assert_eq!((same.defaults, same.caps), (own.defaults.clone(), own.caps.clone()));
        let less = set(r#"{"memory_mb": 256}"#, "{}").unwrap();
        assert_eq!((less.defaults.memory_mb, less.caps.memory_mb), (256, own.caps.memory_mb));
        assert_eq!(less.defaults.processes, own.defaults.processes);
    }

    #[test]
    fn a_default_without_its_cap_raises_it_and_a_cap_without_its_default_lowers_it() {
        let raised = set(r#"{"memory_mb": 99999, "read": ["/data"], "env": ["A"]}"#, "{}").unwrap();
        assert_eq!(raised.caps.memory_mb, 99_999);
        assert_eq!((raised.caps.read, raised.caps.env), (vec!["/data".to_owned()], vec!["A".to_owned()]));
        let caps =
            r#"{"memory_mb": 512, "network": [443], "subprocess": false, "cpu_s": 60, "processes": 9000}"#;
        let lowered = set("{}", caps).unwrap();
        assert_eq!(lowered.defaults.memory_mb, 512);
        assert_eq!(lowered.defaults.network, Network::Ports(vec![443]));
        assert_eq!((lowered.defaults.subprocess, lowered.defaults.cpu_s), (Some(false), Some(60)));
        assert_eq!(lowered.defaults.processes, SandboxConfig::default().defaults.processes);
    }

    #[test]
    fn a_default_beyond_its_cap_is_an_error() {
        for (defaults, caps, key) in [
            (r#"{"memory_mb": 2048}"#, r#"{"memory_mb": 1024}"#, "memory_mb"),
            (r#"{"network": true}"#, r#"{"network": [443]}"#, "network"),
            (r#"{"subprocess": true}"#, r#"{"subprocess": false}"#, "subprocess"),
            (r#"{"wall_s": 61}"#, r#"{"wall_s": 60}"#, "wall_s"),
            (r#"{"read": ["/data"]}"#, r#"{"read": ["/data/a"]}"#, "read"),
            (r#"{"env": ["A"]}"#, r#"{"env": []}"#, "env"),
        ] {
            assert_eq!(set(defaults, caps).unwrap_err().key, key);
        }
        set(r#"{"read": ["/data/a"]}"#, r#"{"write": ["/data"], "read": []}"#).unwrap();
    }
}
