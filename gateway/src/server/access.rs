//! Who may come in. On the socket of this machine its owner alone, which the listener has seen to; on TCP whoever has the
//! token, and nobody by way of a browser on another site.

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, Uri, header},
};
use hero_sdk::{Error, ErrorCode};
use sha2::{Digest as _, Sha256};

/// By which a browser tells how the page that asks stands to this server.
const SEC_FETCH_SITE: header::HeaderName = header::HeaderName::from_static("sec-fetch-site");

/// The rules of one listener.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// Whoever could connect is its owner.
    Owner,
    /// On TCP.
    Token {
        /// SHA-256 of the token, so that a comparison tells nothing of it.
        token: [u8; 32],
        /// What a client may call this server: each with its port.
        hosts: Vec<String>,
    },
}

/// Paths that need no token, since they have one of their own, or tell nothing: all others do.
const OPEN: [(&str, bool); 2] = [("/health", false), ("/r/", true)];

impl Access {
    /// On TCP, with this token and these names.
    pub(crate) fn token(token: &str, hosts: Vec<String>) -> Self {
        Self::Token { token: Sha256::digest(token).into(), hosts }
    }

    /// Why a request does not come in, if it does not.
    pub(crate) fn check(&self, request: &Request<Body>) -> Result<(), (StatusCode, Error)> {
        check_host(request.headers())?;
        let Self::Token { token, hosts } = self else { return Ok(()) };
        let is_known = |name: &str| hosts.iter().any(|known| known.eq_ignore_ascii_case(name));
        let host = single(request.headers(), &header::HOST);
        // A request line may have a name of its own, as one to a proxy has.
        let line = request.uri().authority();
        if !host.is_some_and(is_known) || line.is_some_and(|name| !is_known(name.as_str())) {
            let error = Error::new(ErrorCode::InvalidRequest, "this server is not called so")
                .hint(format!("it is {}; --host NAME adds a name", hosts.join(" or ")));
            return Err((StatusCode::MISDIRECTED_REQUEST, error));
        }
        let is_open = is_open(request.uri());
        // Whoever follows a link comes from another site, and only looks.
        if !(is_open && request.method().is_safe()) {
            check_site(request.headers(), is_open)?;
        }
        if is_open {
            return Ok(());
        }
        let given = single(request.headers(), &header::AUTHORIZATION).and_then(bearer);
        // Of digests, which tell nothing of how much was right.
        if given.is_some_and(|given| <[u8; 32]>::from(Sha256::digest(given)) == *token) {
            return Ok(());
        }
        let error = Error::new(ErrorCode::Unauthorized, "no token, or another one")
            .hint(
            "send `Authorization: Bearer TOKEN`, as hero_logic does with --token-file FILE or the variable HERO_LOGIC_TOKEN; never put it into the address",
        );
        Err((StatusCode::UNAUTHORIZED, error))
    }
}

/// Of two names, what stands before this server may have taken the other one.
fn check_host(headers: &HeaderMap) -> Result<(), (StatusCode, Error)> {
    if headers.get_all(header::HOST).iter().nth(1).is_none() {
        return Ok(());
    }
    let error = Error::new(ErrorCode::InvalidRequest, "there are two Host headers").hint("send one");
    Err((StatusCode::BAD_REQUEST, error))
}

/// A call has a content type that no form of a page can send without asking.
pub(crate) fn check_content(headers: &HeaderMap) -> Result<(), (StatusCode, Error)> {
    let given = single(headers, &header::CONTENT_TYPE).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let error = Error::new(ErrorCode::InvalidRequest, format!("the content type is {media_type:?}"))
        .hint("send `Content-Type: application/json`");
    Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, error))
}

/// A browser says from where a page asks; programs say nothing. An older one says `null` of a page that tells nobody
/// where it is, as ours do.
fn check_site(headers: &HeaderMap, is_open: bool) -> Result<(), (StatusCode, Error)> {
    let site = said(headers, &SEC_FETCH_SITE);
    let host = single(headers, &header::HOST).unwrap_or_default();
    let origin = said(headers, &header::ORIGIN);
    let is_ours = match (site, origin) {
        (Said::Once(site), _) => matches!(site, "same-origin" | "none"),
        (Said::Nothing, Said::Once("null")) => is_open,
        (Said::Nothing, Said::Once(origin)) => {
            origin.split_once("://").is_some_and(|(_, name)| name.eq_ignore_ascii_case(host))
        }
        (Said::Nothing, Said::Nothing) => true,
        // No browser does.
        (Said::Strangely, _) | (Said::Nothing, Said::Strangely) => false,
    };
    if is_ours {
        return Ok(());
    }
    let error = Error::new(ErrorCode::Unauthorized, "a page of another site asks").hint(
        "ask from a page of this server, or from a program, which sends neither Origin nor Sec-Fetch-Site",
    );
    Err((StatusCode::FORBIDDEN, error))
}

fn is_open(uri: &Uri) -> bool {
    OPEN.iter().any(|(path, has_more)| match uri.path().strip_prefix(path) {
        Some(rest) => rest.is_empty() != *has_more,
        None => false,
    })
}

/// What a request says in a header that may stand there once.
enum Said<'a> {
    Nothing,
    Once(&'a str),
    /// Several times, or in no letters.
    Strangely,
}

fn said<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Said<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(header::HeaderValue::to_str), values.next()) {
        (None, _) => Said::Nothing,
        (Some(Ok(value)), None) => Said::Once(value),
        _ => Said::Strangely,
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    match said(headers, name) {
        Said::Once(value) => Some(value),
        Said::Nothing | Said::Strangely => None,
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
