//! Hostile flows against a confined play: what they try comes to nothing, at each level, as root and as an ordinary
//! user, and the same succeeds where it is allowed; so nothing is refused by accident. Without a layer of the sandbox
//! something comes out otherwise; so each layer is needed.
//!
//! The flows are in `e2e/flows/attacks`; what must come of each of their actions is a table beside this file.

#[cfg(test)]
mod actions;
#[cfg(test)]
mod caps;
#[cfg(test)]
mod floods;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod leftovers;
#[cfg(test)]
mod libraries;
#[cfg(test)]
mod sids;
#[cfg(test)]
mod table;
#[cfg(test)]
mod words;
#[cfg(test)]
mod world;
