//! A service that has a server run flows, as README.md shows it.

use futures_util::StreamExt as _;
use hero_sdk::{Client, Error, Json, Logic as _, client::Endpoint, logic::*};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let socket = std::env::args().nth(1).unwrap_or_default();
    let hero = Client::new(Endpoint::Unix(socket.into()));
    let inputs = Some(Json::from(&serde_json::json!({"name": "Grace"})));
    // The key makes the call safe to repeat: the second one gives the first one's play. With other inputs it is refused.
    let key = Some("greeting-of-grace".to_owned());
    let start = PlayStart { workflow: "hello".into(), inputs, idempotency_key: key, ..PlayStart::default() };
    let play = hero.play_start(start).await?;
    let mut changes = hero.play_feed(play.play_sid.clone(), 0).await?;
    while let Some(page) = changes.next().await {
        for span in page?.spans {
            println!("{} {:?}", span.path, span.status);
        }
    }
    let play = hero.play_status(play.play_sid.into()).await?;
    println!("{} {}", play.status.as_str(), play.outputs.unwrap_or(Json::null()));
    Ok(())
}
