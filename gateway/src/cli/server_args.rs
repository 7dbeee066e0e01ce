//! What can be typed about servers: after `hero_logic_server`, after `hero_logic serve`, and in place of a command.

use std::ffi::OsString;

use clap::{Args, Parser};

use crate::{
    cli::{
        args::{Global, in_front},
        errors::Failure,
    },
    server::{PublicUrl, host_name},
    service::daemon,
};

const ABOUT: &str = "Serve the methods and events of a home of hero_logic";

/// Everything that can be typed after `hero_logic_server`.
#[derive(Debug, Parser)]
#[command(name = "hero_logic_server", version, about = ABOUT, max_term_width = 100)]
pub(crate) struct ServerArguments {
    // In front, since the headings of the others would go on.
    #[command(flatten)]
    pub(crate) serve: Serve,
    #[command(flatten)]
    pub(crate) global: Global,
}

impl ServerArguments {
    /// Reads what was typed, beginning with the program's name.
    pub(crate) fn read(typed: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(in_front(typed))
    }
}

/// What can be done about the server of the home, in place of a command.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Service {
    /// Start the server of this home behind the terminal; it stays until it is stopped
    #[arg(long, group = "service")]
    pub(crate) start: bool,
    /// Stop the server of this home: what runs is interrupted, and goes on with the next server
    #[arg(long, group = "service")]
    pub(crate) stop: bool,
    /// Tell what serves this home, and where it stands
    #[arg(long, group = "service")]
    pub(crate) info: bool,
    #[command(flatten)]
    pub(crate) listen: Listen,
}

impl Service {
    /// Refuses what stands in front of a command, and is one.
    pub(crate) fn refuse_beside_a_command(&self) -> Result<(), Failure> {
        let Self { start, stop, info, listen } = self;
        let given = [
            (*start, "--start"),
            (*stop, "--stop"),
            (*info, "--info"),
            (listen.listen.is_some(), "--listen"),
            (listen.public_url.is_some(), "--public-url"),
        ];
        match given.into_iter().find(|(is_given, _)| *is_given) {
            Some((_, option)) => Err(Failure::usage("usage", format!("{option} goes with no command")).hint(
                format!("leave {option} or the command out; `hero_logic --help` shows what goes together"),
            )),
            None => Ok(()),
        }
    }
}

impl Listen {
    /// True where anything is said.
    pub(crate) fn is_given(&self) -> bool {
        self.listen.is_some() || self.public_url.is_some()
    }
}

/// Where a server listens beside its socket.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Listen {
    /// Listen on TCP as well, for whoever has the token that is in --token-file or HERO_LOGIC_TOKEN
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    pub(crate) listen: Option<String>,
    /// A name by which clients call this server on TCP, with its port where it has one; may be given several times
    #[arg(long = "host", value_name = "NAME[:PORT]", requires = "listen", value_parser = host_name)]
    pub(crate) hosts: Vec<String>,
    /// Where others reach the server, for the links that answer questions, such as https://example.com
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<PublicUrl>,
}

impl Listen {
    /// The options by which another server listens alike.
    pub(crate) fn repeated(self) -> Vec<String> {
        let Self { listen, hosts, public_url } = self;
        let listen = listen.into_iter().map(|address| ["--listen".to_owned(), address]);
        let hosts = hosts.into_iter().map(|host| ["--host".to_owned(), host]);
        let public_url = public_url.into_iter().map(|url| ["--public-url".to_owned(), url.text]);
        listen.chain(hosts).chain(public_url).flatten().collect()
    }
}

/// A host and a port. Whether it is of this machine only listening tells.
fn address(text: &str) -> Result<String, String> {
    let wrong = "give an address and a port, such as 127.0.0.1:7410 or [::1]:7410; port 0 takes any";
    let (host, port) = text.rsplit_once(':').ok_or(wrong)?;
    let is_host = !host.is_empty() && (!host.contains(':') || host.starts_with('[') && host.ends_with(']'));
    if is_host && port.parse::<u16>().is_ok() { Ok(text.to_owned()) } else { Err(wrong.to_owned()) }
}

impl Serve {
    /// Closes what is open of whoever started a server that stays behind.
    pub(crate) fn let_go(&self) {
        if self.log_to_files {
            daemon::let_go();
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// Leave when nobody has needed it for a while; the value is told to whoever asks
    #[arg(long, hide = true, value_name = "SETTINGS")]
    pub(crate) background: Option<String>,
    /// Keep a log in the home instead of writing to standard error
    #[arg(long)]
    pub(crate) log_to_files: bool,
}
