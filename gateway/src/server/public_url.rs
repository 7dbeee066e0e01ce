//! Where others reach the server.

use std::str::FromStr;

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

#[cfg(test)]
mod tests {
    use super::*;

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
