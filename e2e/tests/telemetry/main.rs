//! End-to-end tests of what a collector of OpenTelemetry is sent: a collector that others' code parses for, in Python.

#[cfg(test)]
mod collector;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod trouble;
