//! What is in an artifact, as it comes.

use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;

use super::{Client, percent_encoded};
use crate::{
    Error, ErrorCode, PlaySid,
    logic::{ArtifactFetch, Logic as _},
};

/// An artifact with its content.
pub(crate) async fn artifact(
    client: &Client,
    play_sid: &PlaySid,
    name: &str,
) -> Result<ArtifactFetch, Error> {
    let listed = client.play_artifacts(play_sid.clone().into()).await?;
    let known = listed.artifacts.into_iter().find(|artifact| artifact.name == name);
    let Some(artifact) = known else {
        return Err(Error::new(ErrorCode::NotFound, format!("play {play_sid} has no artifact {name:?}")));
    };
    let path = format!("/plays/{play_sid}/artifacts/{}", percent_encoded(name));
    let response = client.get(&path, &[]).await?;
    // A body that ends early is an error of its own.
    let chunks = response.into_body().into_data_stream();
    let lost = |error: hyper::Error| {
        Error::new(ErrorCode::Unreachable, format!("the server did not give the whole artifact: {error}"))
    };
    Ok(ArtifactFetch {
        artifact,
        content: Box::pin(chunks.map(move |chunk| Ok(chunk.map_err(lost)?.to_vec()))),
    })
}
