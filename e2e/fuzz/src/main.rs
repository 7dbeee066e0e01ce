//! Looks for input of which something does not hold that must, with libFuzzer: `HERO_FUZZ_TARGET` says of what, and
//! `list` lists the targets. `e2e/fuzz/run` builds it so that it sees which code an input reaches.

#![no_main]

use std::{process::exit, sync::LazyLock};

use hero_sdk::fuzz::Target;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("HERO_FUZZ_TARGET").unwrap_or_default();
    let targets = targets();
    if name == "list" {
        targets.iter().for_each(|(name, _)| println!("{name}"));
        exit(0);
    }
    let Some((_, target)) = targets.into_iter().find(|(known, _)| *known == name) else {
        eprintln!("HERO_FUZZ_TARGET is {name:?}, which is no target; list lists them");
        exit(2);
    };
    target
});

fn targets() -> Vec<Target> {
    [
        hero_sdk::fuzz::TARGETS,
        hero_store::fuzz::TARGETS,
        hero_actors::fuzz::TARGETS,
        hero_gateway::fuzz::TARGETS,
    ]
    .concat()
}

fuzz_target!(init: { LazyLock::force(&TARGET); }, |data: &[u8]| TARGET(data));
