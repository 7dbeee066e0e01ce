//! By what children are confined on this machine.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Deserialize;

/// What a child found that put on one layer and tried what that must refuse.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct LayerLook {
    pub(crate) layer: String,
    /// Milliseconds that it adds to a child.
    pub(crate) ms: Option<f64>,
    /// Why it is not there.
    pub(crate) missing: Option<String>,
}

/// The layers that a fork server's children put on, and those of the level that they cannot, with the reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layers {
    pub(crate) layers: Arc<[String]>,
    pub(crate) missing: Arc<BTreeMap<String, String>>,
}

impl Layers {
    /// Whether a process is the first of a namespace, whose end ends all that it started, whatever that did to get
    /// away.
    pub(crate) fn has_namespace(&self) -> bool {
        self.layers.iter().any(|layer| layer == "pid_namespace")
    }

    /// Whether processes may be started without a wish: they end with the play, or nobody asks.
    pub(crate) fn end_all(&self) -> bool {
        self.layers.is_empty() || self.has_namespace()
    }

    /// In one line; none where nothing is missing.
    pub(crate) fn missing_in_words(&self) -> Option<String> {
        let words: Vec<String> =
            self.missing.iter().map(|(layer, reason)| format!("{layer} ({reason})")).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// What the newest fork server said, for who cannot wait to ask.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownLayers(Arc<Mutex<Layers>>);

impl KnownLayers {
    /// Empty before the first fork server is ready.
    pub(crate) fn known(&self) -> Layers {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn learn(&self, layers: Layers) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = layers;
    }
}
