//! Clients of a real server, over its socket and over TCP: the one in Rust, and the one that is written in Python from
//! the declaration of the methods; and the document of the methods, which describes what that server does.
//!
//! What drives the Python client is in `e2e/clients`.

#[cfg(test)]
mod document;
#[cfg(test)]
mod parameters;
#[cfg(test)]
mod python;
#[cfg(test)]
mod rust;
#[cfg(test)]
mod server;
#[cfg(test)]
mod strangers;
