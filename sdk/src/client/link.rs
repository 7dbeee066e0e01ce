//! The question behind a link.

use hyper::header::ACCEPT;

use super::{Client, percent_encoded};
use crate::{Error, model::ResumeRequest};

/// The question that a link answers, by the token at its end.
pub(crate) async fn resume_of_link(client: &Client, token: &str) -> Result<ResumeRequest, Error> {
    let headers = [(ACCEPT, "application/json".to_owned())];
    let response = client.get(&format!("/r/{}", percent_encoded(token)), &headers).await?;
    let body = client.read(response).await?;
    serde_json::from_slice(&body).map_err(super::strange)
}
