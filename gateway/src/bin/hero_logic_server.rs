//! The binary `hero_logic_server`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hero_gateway::cli::server_main()
}
