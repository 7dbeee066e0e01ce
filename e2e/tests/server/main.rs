//! End-to-end tests of the server as a process: how commands find it, share it and end it, and what becomes of plays
//! when it ends.

#[cfg(test)]
mod background;
#[cfg(test)]
mod drain;
#[cfg(test)]
mod http;
#[cfg(test)]
mod service;
#[cfg(test)]
mod tcp;
#[cfg(test)]
mod world;
