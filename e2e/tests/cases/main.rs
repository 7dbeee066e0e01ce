//! End-to-end tests of `hero_logic`, the real binary, one noun a file.

#[cfg(test)]
mod artifacts;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod benchmarks;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod invoke;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod library;
#[cfg(test)]
mod pauses;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod sandbox_settings;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod served;
#[cfg(test)]
mod store_faults;
#[cfg(test)]
mod transfer;
#[cfg(test)]
mod values;
