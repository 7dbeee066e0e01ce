//! Where the binary under test is. It is built when nobody says, so that a test never runs an old one.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// Names the binary to test, and spares each test process the question to cargo whether it is fresh.
pub const VARIABLE: &str = "HERO_LOGIC_BIN";

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("e2e stands in the root of the repository")
}

/// The `hero_logic` under test, a debug build: only that has failpoints.
pub fn hero_logic() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| env::var_os(VARIABLE).map_or_else(build, PathBuf::from))
}

#[expect(clippy::disallowed_methods, reason = "the driver of the binaries asks cargo to build them")]
fn build() -> PathBuf {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "hero_gateway", "--bins", "--target-dir"])
        .arg(target_directory())
        .current_dir(repository())
        .status()
        .expect("cargo runs this test, so it can be started");
    assert!(status.success(), "hero_logic does not build");
    target_directory().join("debug/hero_logic")
}

/// Tests lie in `target/debug/deps`.
fn target_directory() -> PathBuf {
    let test = env::current_exe().expect("a running program has a file");
    test.ancestors().nth(3).expect("cargo puts tests in target/debug/deps").to_owned()
}
