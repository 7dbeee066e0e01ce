//! End-to-end tests of the server as a process: how commands find it, share it and end it, who comes in, and what
//! becomes of plays when it, its disk or its clients fail.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod background;
#[cfg(test)]
mod descriptors;
#[cfg(test)]
mod disks;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod drain;
#[cfg(test)]
mod escapes;
#[cfg(test)]
mod http;
#[cfg(test)]
mod names;
#[cfg(test)]
mod owner;
#[cfg(test)]
mod payloads;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod service;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod tcp;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod wire;
#[cfg(test)]
mod world;
