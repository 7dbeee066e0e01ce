//! Where others reach the server, and by which names.

use std::{net::Ipv6Addr, str::FromStr};

use axum::http::Uri;
use hero_sdk::{Error, ErrorCode};

/// An address such as `https://example.com` or `http://10.0.0.5:7410/flows`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    /// The whole of it, without `/` at its end.
    pub(crate) text: String,
    /// What clients call the server, with the port where it is told.
    pub(crate) authority: String,
}

impl FromStr for PublicUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |reason: &str| {
            let text: String = text.chars().take(200).collect();
            Error::new(ErrorCode::InvalidParams, format!("{text:?} is no address of a server: {reason}"))
                .hint("give one such as https://example.com")
        };
        let uri: Uri =
            text.parse().map_err(|error: axum::http::uri::InvalidUri| wrong(&error.to_string()))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(wrong("it begins with neither http:// nor https://"));
        }
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        if authority.as_str().contains('@') || uri.query().is_some() || text.contains('#') {
            return Err(wrong("it is more than host, port and path"));
        }
        Ok(Self { text: text.trim_end_matches('/').to_owned(), authority: authority.to_string() })
    }
}

/// Takes a name by which clients call a server, with its port or without.
pub(crate) fn host_name(text: &str) -> Result<String, Error> {
    let (name, port) = match text.rsplit_once(':') {
        // Those within the brackets of an address are no port's.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let is_port = |port: &str| !port.starts_with('+') && port.parse::<u16>().is_ok();
    let is_name = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        }
    };
    if is_name && port.is_none_or(is_port) {
        return Ok(text.to_owned());
    }
    let text: String = text.chars().take(200).collect();
    let message = format!("no client could call a server {text:?}");
    Err(Error::new(ErrorCode::InvalidParams, message)
        .hint("give a name and its port, such as flows.example or flows.example:8080"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_a_client_can_send_as_its_host() {
        for fit in ["foo", "flows.example:8080", "10.0.0.5:80", "[::1]", "[::1]:7410", "a_b-c.d"] {
            assert_eq!(host_name(fit).unwrap(), fit);
        }
        for unfit in [
            "",
            "http://foo",
            "foo/",
            "foo:",
            "foo:x",
            "foo:99999",
            "foo:+1",
            "*",
            "a b",
            "u@foo",
            "::1",
            "[x]",
        ] {
            let error = host_name(unfit).unwrap_err();
            assert!(error.code == ErrorCode::InvalidParams && error.hint.is_some(), "{unfit}");
        }
    }

    #[test]
    fn an_address_has_a_host_and_no_more_than_a_path() {
        for (text, whole, authority) in [
            ("https://example.com", "https://example.com", "example.com"),
            ("http://10.0.0.5:7410/", "http://10.0.0.5:7410", "10.0.0.5:7410"),
            ("https://example.com/flows/", "https://example.com/flows", "example.com"),
            ("http://[::1]:80", "http://[::1]:80", "[::1]:80"),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.text.as_str(), url.authority.as_str()), (whole, authority));
        }
        for text in [
            "",
            "example.com",
            "/r",
            "ftp://example.com",
            "https://",
            "https://me@example.com",
            "https://example.com/?a",
            "https://example.com/#a",
            "https://exa mple.com",
            "javascript:alert(1)",
        ] {
            assert_eq!(text.parse::<PublicUrl>().unwrap_err().code, ErrorCode::InvalidParams, "{text}");
        }
    }
}
