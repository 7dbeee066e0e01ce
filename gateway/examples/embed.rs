//! A service that embeds the runtime: `cargo run --example embed`.

use hero_actors::{Config, Runtime};
use hero_sdk::{Error, Json, Logic as _, logic::*};

const SOURCE: &str = "
from hero_tracing import flow

@flow
def double(number: int) -> int:
    return 2 * number

@flow
def main(number: int) -> dict[str, int]:
    return {'doubled': double(number)}
";

#[tokio::main]
async fn main() -> Result<(), Error> {
    let runtime = Runtime::open(Config::new(std::env::temp_dir().join("hero_logic_embed"))).await?;
    let inputs = Some(Json::from(&serde_json::json!({"number": 21})));
    let source = PlayRunAsync { source: SOURCE.into(), inputs, ..PlayRunAsync::default() };
    let play = runtime.play_run_async(source).await?;
    let wait = PlayWait { play_sid: play.play_sid, timeout_ms: None, until: Until::Settled };
    let play = runtime.play_wait(wait).await?;
    println!("{} {}", play.status.as_str(), play.outputs.unwrap_or(Json::null()));
    runtime.shutdown().await
}
