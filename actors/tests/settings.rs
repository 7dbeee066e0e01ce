//! What an embedder says about the sandbox: told by `server_info`, and held against what flows wish for.

use hero_actors::{Config, Runtime, SandboxConfig};
use hero_sdk::{
    ErrorCode, Logic as _,
    logic::{PlayList, PlayRunAsync},
    model::{PartialAllowance, SandboxLevel},
};

fn wishing() -> PlayRunAsync {
    let source = "from hero_tracing import flow\n\n@flow(sandbox={'memory_mb': 4096})\ndef main() -> int:\n    return 1\n";
    PlayRunAsync { source: source.into(), ..PlayRunAsync::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_is_held_against_the_caps_of_the_level() {
    for level in [SandboxLevel::Default, SandboxLevel::Off] {
        let home = tempfile::tempdir().unwrap();
        let caps = PartialAllowance { memory_mb: Some(2048), ..PartialAllowance::default() };
        let defaults = PartialAllowance { memory_mb: Some(512), ..PartialAllowance::default() };
        let sandbox = SandboxConfig::of(level).with(defaults, caps).unwrap();
        let runtime = Runtime::open(Config { sandbox, ..Config::new(home.path()) }).await.unwrap();
        let info = runtime.server_info().await.unwrap();
        assert_eq!((info.sandbox_level, info.sandbox_defaults.memory_mb), (level, 512));
        let started = runtime.play_run_async(wishing()).await;
        if level == SandboxLevel::Off {
            assert_eq!(started.unwrap().sandbox.unwrap().allowance.memory_mb, 4096);
        } else {
            assert_eq!(started.unwrap_err().code, ErrorCode::SandboxDenied);
            assert!(runtime.play_list(PlayList::default()).await.unwrap().plays.is_empty());
        }
        runtime.shutdown().await.unwrap();
    }
}

/// Whoever describes a source runs its top level, which no limit of the kernel keeps from memory that it shares.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_watched_while_it_is_described() {
    let home = tempfile::tempdir().unwrap();
    let defaults = PartialAllowance { memory_mb: Some(128), ..PartialAllowance::default() };
    let sandbox =
        SandboxConfig::of(SandboxLevel::Default).with(defaults, PartialAllowance::default()).unwrap();
    let runtime = Runtime::open(Config { sandbox, ..Config::new(home.path()) }).await.unwrap();
    let source = "import mmap\nimport time\n\nmemory = mmap.mmap(-1, 256 << 20)\ntime.sleep(3600)\n";
    let order = PlayRunAsync { source: source.into(), ..PlayRunAsync::default() };
    let error = runtime.play_run_async(order).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidSource, "{error}");
    assert!(error.message.contains(" MB of memory; the sandbox allows memory_mb 128"), "{error}");
    assert!(error.hint.unwrap().contains("top level"));
    runtime.shutdown().await.unwrap();
}
