//! What every play, and whoever looks after plays, works with.

use std::sync::Arc;

use hero_store::Tables;

use super::compiled::Compiled;
use crate::{
    clock::{Clock, SystemClock},
    failpoint::Failpoint,
    feeds::Feeds,
    handle::Handle,
    launcher,
    paths::Paths,
    plays,
};

/// One of a runtime.
pub(crate) struct Environment {
    pub(crate) tables: Tables,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feeds: Feeds,
    pub(crate) paths: Paths,
    pub(crate) compiled: Compiled,
    pub(crate) launcher: Handle<launcher::Message>,
    pub(crate) plays: Handle<plays::Message>,
    pub(crate) failpoint: Failpoint,
}

impl Environment {
    /// Over a store, with nobody at the handles yet.
    pub(crate) fn new(tables: Tables, paths: Paths, failpoint: Failpoint) -> Arc<Self> {
        Arc::new(Self {
            tables,
            clock: Arc::new(SystemClock::new()),
            feeds: Feeds::default(),
            paths,
            compiled: Compiled::default(),
            launcher: Handle::vacant(),
            plays: Handle::vacant(),
            failpoint,
        })
    }
}
