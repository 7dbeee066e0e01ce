//! Searches of the library, with how what is found has fared.

use hero_sdk::{
    Error, Json,
    logic::{FlowLibrarySearch, LibraryHit, LibraryHits},
    model::Statistics,
};

use super::{finder::find, library::Library, statistics::shown};
use crate::search::{Found, Hit, Query};

/// Hits unless told.
const LIMIT: u32 = 10;

impl Library {
    /// The workflows that answer, best first.
    pub(crate) async fn search(&self, params: FlowLibrarySearch) -> Result<LibraryHits, Error> {
        let FlowLibrarySearch { query, inputs, outputs, tags, limit, min_score } = params;
        let limit = limit.unwrap_or(LIMIT) as usize;
        let query = Query { text: query, inputs, outputs, tags, limit, min_score };
        let finder = self.environment.finder.get();
        let (Found { hits, nearest }, searched) = find(&finder, query).await?;
        let hits = hits.into_iter().filter_map(|hit| self.hit(hit).transpose());
        Ok(LibraryHits { hits: hits.collect::<Result<_, _>>()?, nearest, searched })
    }

    /// A hit as it is now; none if it has gone meanwhile.
    fn hit(&self, hit: Hit) -> Result<Option<LibraryHit>, Error> {
        let Hit { workflow_sid, score, why } = hit;
        let tables = self.tables();
        let Some(workflow) = tables.workflow(&workflow_sid)? else {
            return Ok(self.bundled_by(workflow_sid.as_str()).map(|flow| {
                let listed = super::bundled::as_listed(flow, self.environment.opened_at);
                LibraryHit {
                    workflow_sid,
                    workflow: listed.name,
                    version: listed.current_version,
                    score,
                    why,
                    description: listed.description,
                    tags: listed.tags,
                    inputs: Json::null(),
                    outputs: Json::null(),
                    statistics: Statistics::default(),
                }
            }));
        };
        let number = workflow.current_version;
        let version = tables.workflow_version(&workflow_sid, number)?;
        let Some(version) = version.filter(|_| !workflow.archived) else { return Ok(None) };
        let tally = tables.tally(&workflow_sid, number)?.unwrap_or_default();
        Ok(Some(LibraryHit {
            workflow_sid,
            workflow: workflow.name,
            version: number,
            score,
            why,
            description: workflow.description,
            tags: workflow.tags,
            inputs: version.inputs,
            outputs: version.outputs,
            statistics: shown(&tally),
        }))
    }
}
