//! What makes a process a service of its machine: where its files are, how it is started behind a terminal, where its
//! log goes, what it tells systemd.

pub(crate) mod daemon;
pub(crate) mod log;
pub(crate) mod manifest;
pub(crate) mod pid_file;
pub(crate) mod places;
pub(crate) mod unit;
