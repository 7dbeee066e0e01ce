//! The binary `hero_logic`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hero_gateway::cli::main()
}
