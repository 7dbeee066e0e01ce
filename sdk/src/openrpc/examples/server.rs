//! What the examples say of the server.

use std::collections::BTreeMap;

use super::{allowance, moment};
use crate::{
    SecretName, SecretValue,
    logic::{Bucket, Latencies, Metrics, PlayCount, ServerInfo, ServerProcess},
    model::{SandboxLevel, Status},
};

pub(super) fn server() -> ServerInfo {
    ServerInfo {
        trouble: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        python: "/usr/bin/python3".to_owned(),
        python_version: "3.12.3".to_owned(),
        store: "/home/ada/.hero/var/hero_logic/store".to_owned(),
        sandbox_level: SandboxLevel::Default,
        sandbox: vec!["landlock".to_owned(), "seccomp".to_owned()],
        sandbox_missing: BTreeMap::from([(
            "user_namespace".to_owned(),
            "this kernel does not let ordinary users make one".to_owned(),
        )]),
        sandbox_defaults: allowance(),
        plays_running: 2,
        plays_queued: 0,
        process: Some(ServerProcess {
            pid: 4_321,
            started_at: moment(0),
            listening: vec!["/home/ada/hero/var/sockets/hero_logic/rpc.sock".to_owned()],
            background: None,
        }),
    }
}

pub(super) fn metrics() -> Metrics {
    let latencies = |up_to_ms, sum_ms| Latencies {
        buckets: vec![Bucket { up_to_ms, count: 3 }, Bucket { up_to_ms: 10.0 * up_to_ms, count: 1 }],
        count: 4,
        sum_ms,
    };
    Metrics {
        plays: vec![PlayCount { status: Status::AwaitingResume, count: 1 }],
        plays_ended: vec![PlayCount { status: Status::Succeeded, count: 3 }],
        queued: 0,
        start: latencies(5.0, 32.5),
        commit: latencies(0.25, 1.75),
        spans_written: 24,
        store_bytes: 262_144,
        restarts: BTreeMap::from([("process".to_owned(), 1)]),
    }
}

pub(super) fn secret_name() -> SecretName {
    "API_KEY".parse().expect("a name of a secret")
}

pub(super) fn secret_value() -> SecretValue {
    "correct horse battery staple".to_owned().try_into().expect("long enough")
}
