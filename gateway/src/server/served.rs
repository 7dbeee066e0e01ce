//! The methods as this server has them: those of the runtime, which does not know that it is served.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode, Json, Logic,
    logic::{Params, ServerInfo, ServerProcess, dispatch},
};

use super::rpc::{DESCRIPTION, Methods};

/// Describes all methods, by the specification of OpenRPC.
pub(crate) const DISCOVER: &str = "rpc.discover";

/// What is asked here.
#[derive(Clone)]
pub(crate) struct Served {
    /// Does it.
    pub(crate) logic: Arc<dyn Logic>,
    process: Arc<ServerProcess>,
}

impl Served {
    pub(crate) fn new(logic: Arc<dyn Logic>, process: ServerProcess) -> Self {
        Self { logic, process: Arc::new(process) }
    }

    async fn info(&self) -> Result<ServerInfo, Error> {
        let info = self.logic.server_info().await?;
        Ok(ServerInfo { process: Some(ServerProcess::clone(&self.process)), ..info })
    }
}

#[async_trait::async_trait]
impl Methods for Served {
    async fn call(&self, method: &str, params: Params<'_>) -> Option<Result<Json, Error>> {
        match method {
            DISCOVER => Some(Ok(DESCRIPTION.clone())),
            "server_info" => Some(match params.none() {
                Ok(()) => self.info().await.and_then(|info| {
                    Json::of(&info).map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))
                }),
                Err(error) => Err(error),
            }),
            _ => dispatch(&*self.logic, method, params).await,
        }
    }
}
