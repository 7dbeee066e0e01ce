//! Where a command is answered, by its options and the environment.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use hero_sdk::{Error, ErrorCode, client::Endpoint};

use crate::cli::{args::Global, errors::Failure};

/// Has commands be answered in their own process.
pub(crate) const EMBEDDED: &str = "HERO_LOGIC_EMBEDDED";
/// Permissions of everybody but the owner.
const OTHERS: u32 = 0o077;
/// Bytes of a token, and of what may stand around it: more than fit into a header.
const TOKEN_BYTES_MAX: u64 = 64 << 10;

/// Where a command is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// By the server of the home; where there is none, by one in the background, or in this process.
    Home,
    /// In this process, whatever listens.
    Embedded,
    /// By this server.
    Server(Endpoint),
}

impl Reach {
    /// What the options say, else `HERO_LOGIC_SERVER`, else `HERO_LOGIC_EMBEDDED`.
    pub(crate) fn of(global: &Global) -> Result<Self, Failure> {
        if global.embedded {
            return Ok(Self::Embedded);
        }
        let server = match &global.server {
            Some(server) => Some(server.clone()),
            None => text_of("HERO_LOGIC_SERVER")?,
        };
        match server {
            Some(server) => Ok(Self::Server(endpoint(&server, || token(global))?)),
            None if is_on(EMBEDDED, variable(EMBEDDED))? => Ok(Self::Embedded),
            None => Ok(Self::Home),
        }
    }
}

/// Refuses a wish for another server, for what is done about the one of the home. `what` is the option that wishes it.
pub(crate) fn refuse_other_server(global: &Global, what: &str) -> Result<(), Failure> {
    match Reach::of(global)? {
        Reach::Server(_) => {
            let message = format!("{what} is about the server of this home, and --server names one");
            Err(Failure::usage("usage", message)
                .hint("leave --server and HERO_LOGIC_SERVER out; another home is named by --home"))
        }
        Reach::Home | Reach::Embedded => Ok(()),
    }
}

/// The token of a server on TCP: in the file, else in `HERO_LOGIC_TOKEN`. Empty where there is none.
pub(crate) fn token(global: &Global) -> Result<String, Failure> {
    let Some(path) = &global.token_file else {
        return Ok(text_of("HERO_LOGIC_TOKEN")?.unwrap_or_default());
    };
    let unreadable = |error: io::Error| {
        Failure::usage("unreadable_file", format!("cannot read {}: {error}", path.display()))
            .hint("--token-file names a file that holds the token and nothing else")
    };
    let file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    // What is a pipe to us has no bytes for others.
    if about.is_file() && about.mode() & OTHERS != 0 {
        let message = format!("{} can be read or written by others", path.display());
        let hint = format!("`chmod 600 {}`; if others may have read it, change the token", path.display());
        return Err(Error::new(ErrorCode::SecretUnreadable, message).hint(hint).into());
    }
    let mut text = String::new();
    file.take(TOKEN_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text.trim().to_owned())
}

fn endpoint(server: &str, token: impl FnOnce() -> Result<String, Failure>) -> Result<Endpoint, Failure> {
    let wrong = |why: &str| {
        Failure::usage("usage", format!("{server:?} is no server: {why}"))
            .hint("give http://HOST:PORT, unix:PATH, or a path that begins with /")
    };
    if let Some(authority) = server.strip_prefix("http://") {
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.is_empty() || authority.contains(['/', '@', '?', '#']) {
            return Err(wrong("behind http:// are a host and a port, and nothing else"));
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        return Ok(Endpoint::Tcp { authority, token: token()? });
    }
    if server.starts_with("https://") {
        return Err(wrong("this client speaks no TLS; use a tunnel, or a proxy on this machine"));
    }
    let path = server.strip_prefix("unix:").map(|path| path.strip_prefix("//").unwrap_or(path));
    match path.unwrap_or(server) {
        path if path.starts_with('/') => Ok(Endpoint::Unix(Path::new(path).to_owned())),
        _ if path.is_some() => Err(wrong("the path of a socket begins with /")),
        _ => Err(wrong("it has no form that is known")),
    }
}

/// An empty variable is as good as none.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Whether the variable says yes. One that is not set says no.
fn is_on(name: &str, value: Option<OsString>) -> Result<bool, Failure> {
    let Some(value) = value else { return Ok(false) };
    match value.to_str() {
        Some("1" | "true") => Ok(true),
        Some("0" | "false") => Ok(false),
        _ => Err(Failure::usage("usage", format!("{name} is {value:?}"))
            .hint("give 1 or true, 0 or false, or leave it out")),
    }
}

fn text_of(name: &str) -> Result<Option<String>, Failure> {
    let text = variable(name).map(OsString::into_string).transpose();
    text.map_err(|_| Failure::usage("usage", format!("{name} is no text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_says_yes_or_no_and_nothing_else() {
        let of = |value: Option<&str>| is_on("X", value.map(OsString::from)).map_err(|failure| failure.code);
        for (value, expected) in [
            (None, Ok(false)),
            (Some("0"), Ok(false)),
            (Some("false"), Ok(false)),
            (Some("1"), Ok(true)),
            (Some("true"), Ok(true)),
            (Some("maybe"), Err("usage")),
            (Some("no"), Err("usage")),
        ] {
            assert_eq!(of(value), expected, "{value:?}");
        }
    }

    #[test]
    fn servers_are_told_by_address_or_path() {
        let of = |server: &str| endpoint(server, || Ok("secret".to_owned()));
        let unix = |path: &str| Endpoint::Unix(path.into());
        let tcp =
            |authority: &str| Endpoint::Tcp { authority: authority.to_owned(), token: "secret".to_owned() };
        for (server, expected) in [
            ("/run/rpc.sock", unix("/run/rpc.sock")),
            ("unix:/run/rpc.sock", unix("/run/rpc.sock")),
            ("unix:///run/rpc.sock", unix("/run/rpc.sock")),
            ("http://localhost:7410", tcp("localhost:7410")),
            ("http://localhost:7410/", tcp("localhost:7410")),
            ("http://[::1]:7410", tcp("[::1]:7410")),
            ("http://flows.example", tcp("flows.example:80")),
        ] {
            assert_eq!(of(server).unwrap(), expected, "{server}");
        }
        for wrong in [
            "",
            "localhost:7410",
            "rpc.sock",
            "unix:rpc.sock",
            "http://",
            "http://a:1/rpc",
            "http://u@a:1",
            "https://a",
        ] {
            assert_eq!(of(wrong).unwrap_err().code, "usage", "{wrong}");
        }
    }
}
