//! What the fork server is told and what it says, one JSON object a packet, which an order for the child may follow on a
//! line of its own; `_fork_server.py` has the other end.

use std::{collections::BTreeMap, io, path::Path};

use hero_sdk::model::{Allowance, Network, SandboxLevel};
use serde::{Deserialize, Serialize};

use super::{LayerLook, Spawn};
use crate::sandbox::{SandboxConfig, filters};

/// What goes to the fork server.
#[derive(Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(super) enum Request<'a> {
    Setup {
        level: SandboxLevel,
        plays: &'a str,
        read: Vec<&'a str>,
        granted: Vec<&'a String>,
        uids: Option<(u32, u32)>,
        temporary_mb: u64,
        filters: BTreeMap<&'static str, String>,
        without: &'a [String],
    },
    Spawn {
        id: u64,
        imports: &'a [String],
        home: Option<&'a str>,
        /// Whether there are paths that are lent to the child.
        lends: bool,
        #[serde(skip)]
        order: Order<'a>,
    },
    Signal {
        id: u64,
        signal: i32,
    },
    Probe {},
}

/// What a child is told, past the fork server: whatever that reads, it has in its memory, which it copies after each
/// fork.
#[derive(Serialize)]
pub(super) struct Order<'a> {
    workdir: &'a str,
    home: Option<&'a str>,
    output: Option<&'a str>,
    network: &'a Network,
    subprocess: Option<bool>,
    memory_mb: u64,
    processes: u32,
    disk_mb: u64,
    cpu_s: Option<u64>,
    read: &'a [String],
    write: &'a [String],
}

/// What comes from it.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(super) enum Reply {
    Ready { python: String, layers: Vec<String>, missing: BTreeMap<String, String> },
    Spawned { id: u64 },
    Failed { id: u64, message: String },
    Exited { id: u64, status: i32 },
    Probed { layers: Vec<LayerLook> },
}

/// Bytes of a packet that a child reads, as `_child.py` has it. The rest would be cut off.
const PACKET_BYTES_MAX: usize = 64 << 10;

impl<'a> Request<'a> {
    pub(super) fn setup(sandbox: &'a SandboxConfig, plays: &'a Path, describe: &'a Path) -> io::Result<Self> {
        let programs = filters().map_err(io::Error::other)?;
        let hex = |program: Vec<u8>| program.iter().map(|byte| format!("{byte:02x}")).collect();
        let SandboxConfig { defaults, caps, .. } = sandbox;
        Ok(Self::Setup {
            level: sandbox.level,
            plays: text(plays)?,
            read: [text(describe)?].into_iter().chain(defaults.read.iter().map(String::as_str)).collect(),
            granted: [&caps.read, &caps.write, &defaults.write].into_iter().flatten().collect(),
            uids: sandbox.uids,
            temporary_mb: defaults.disk_mb.min(defaults.memory_mb),
            filters: programs.into_iter().map(|(name, program)| (name, hex(program))).collect(),
            without: &sandbox.without,
        })
    }

    pub(super) fn spawn(id: u64, spawn: &'a Spawn) -> io::Result<Self> {
        let Spawn { workdir, home, output, imports, allowance } = spawn;
        let Allowance { network, subprocess, memory_mb, processes, disk_mb, cpu_s, read, write, .. } =
            allowance;
        let home = home.as_deref().map(text).transpose()?;
        let order = Order {
            workdir: text(workdir)?,
            home,
            output: output.as_deref().map(text).transpose()?,
            network,
            subprocess: *subprocess,
            memory_mb: *memory_mb,
            processes: *processes,
            disk_mb: *disk_mb,
            cpu_s: *cpu_s,
            read,
            write,
        };
        Ok(Self::Spawn { id, imports, home, lends: !(read.is_empty() && write.is_empty()), order })
    }

    /// The packet.
    pub(super) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        if let Self::Spawn { order, .. } = self {
            bytes.push(b'\n');
            serde_json::to_writer(&mut bytes, order)?;
            if bytes.len() >= PACKET_BYTES_MAX {
                return Err(io::Error::other("what its process is to be told is longer than 64 KiB"));
            }
        }
        Ok(bytes)
    }
}

fn text(path: &Path) -> io::Result<&str> {
    path.to_str().ok_or_else(|| io::Error::other("a path that is not UTF-8"))
}
