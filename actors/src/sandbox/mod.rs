//! Confinement of plays, as far as it is decided here: what a flow wishes, what it may have, and the seccomp programs.
//! What the kernel is asked for stands in `hero_tracing/_confine.py`.

mod config;
mod filters;
mod places;
mod wish;

pub use config::SandboxConfig;
pub(crate) use filters::filters;
pub(crate) use places::check_places;
pub use wish::Excess;
pub(crate) use wish::{exceeds, grant};
