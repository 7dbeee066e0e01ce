//! The machine alone: what follows from what, and what holds whatever the order of events.
//!
//! Two drivers stand on one `Rig`. A `Stage` is for tests by example: each commit succeeds at once, and what follows
//! from an event can be read. A `World` is for events in every order: its store is late and fails, and its processes
//! speak as they like.

mod artifacts;
mod crossings;
mod deadlines;
mod disk;
mod frames;
mod library;
mod lifecycle;
mod lines;
mod lives;
mod noise;
mod orders;
mod places;
mod python;
mod questions;
mod rig;
mod secrets;
mod stage;
mod steps;
mod tree;
mod workflows;
mod world;
