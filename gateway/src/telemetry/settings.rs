//! What the environment says of the collector, by the variables of OpenTelemetry's specification:
//! <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>.

use std::{ffi::OsString, time::Duration};

use hero_sdk::{Error, ErrorCode};
use opentelemetry_otlp::Protocol;
use opentelemetry_sdk::Resource;

use super::resource::resource;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
/// Unless the environment says otherwise, in milliseconds.
const TIMEOUT_MS: u64 = 10_000;
/// An hour.
const TIMEOUT_MS_MAX: u64 = 3_600_000;

/// Where spans go, and how. Headers and compression are read by the library from the same environment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    /// The URL that takes spans.
    pub(super) url: String,
    /// How they are written.
    pub(super) protocol: Protocol,
    /// How long one request may take.
    pub(super) timeout: Duration,
    /// Who sends them.
    pub(super) resource: Resource,
}

impl Settings {
    /// What the environment says; none where it names no collector.
    pub(super) fn of_environment() -> Result<Option<Self>, Error> {
        Self::of(|name| std::env::var_os(name))
    }

    fn of(variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Self>, Error> {
        // An empty variable is as good as none, as the specification has it.
        let text = |name: &str| match variable(name).filter(|value| !value.is_empty()) {
            None => Ok(None),
            Some(value) => value.into_string().map(Some).map_err(|_| wrong(name, "it is not UTF-8")),
        };
        let of_traces = |name: &str| -> Result<Option<(String, String)>, Error> {
            for name in [format!("OTEL_EXPORTER_OTLP_TRACES_{name}"), format!("OTEL_EXPORTER_OTLP_{name}")] {
                if let Some(value) = text(&name)? {
                    return Ok(Some((name, value)));
                }
            }
            Ok(None)
        };
        if text("OTEL_SDK_DISABLED")?.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let url = match (text(TRACES_ENDPOINT)?, text(ENDPOINT)?) {
            (Some(url), _) => checked(TRACES_ENDPOINT, url)?,
            (None, Some(base)) => format!("{}/v1/traces", checked(ENDPOINT, base)?.trim_end_matches('/')),
            (None, None) => return Ok(None),
        };
        match text("OTEL_TRACES_EXPORTER")?.as_deref() {
            None | Some("otlp") => {}
            Some("none") => return Ok(None),
            Some(_) => return Err(wrong("OTEL_TRACES_EXPORTER", "only otlp and none are known")),
        }
        let protocol = match of_traces("PROTOCOL")? {
            None => Protocol::HttpBinary,
            Some((name, value)) => match value.as_str() {
                "http/protobuf" => Protocol::HttpBinary,
                "http/json" => Protocol::HttpJson,
                _ => return Err(wrong(&name, "only http/protobuf and http/json are spoken, no gRPC")),
            },
        };
        let timeout_ms = match of_traces("TIMEOUT")? {
            None => TIMEOUT_MS,
            Some((name, value)) => match value.parse() {
                Ok(timeout_ms @ 1..=TIMEOUT_MS_MAX) => timeout_ms,
                _ => return Err(wrong(&name, "it is a number of milliseconds, such as 10000")),
            },
        };
        if let Some((name, value)) = of_traces("COMPRESSION")?
            && !matches!(value.as_str(), "none" | "gzip")
        {
            return Err(wrong(&name, "only gzip and none are known"));
        }
        if let Some((name, value)) = of_traces("HEADERS")?
            && !value.split(',').all(is_header)
        {
            return Err(wrong(&name, "it reads name=value,name=value"));
        }
        let attributes = text(RESOURCE_ATTRIBUTES)?.unwrap_or_default();
        let resource = resource(text("OTEL_SERVICE_NAME")?, &attributes)
            .ok_or_else(|| wrong(RESOURCE_ATTRIBUTES, "it reads key=value,key=value, percent-encoded"))?;
        Ok(Some(Self { url, protocol, timeout: Duration::from_millis(timeout_ms), resource }))
    }
}

/// What may stand between two commas; nothing may as well.
fn is_header(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    text.trim().is_empty() || text.split_once('=').is_some_and(|(name, _)| is_name(name.trim()))
}

fn checked(name: &str, url: String) -> Result<String, Error> {
    if url.starts_with("https://") {
        return Err(wrong(name, "https is not spoken").hint(
            "send to a collector on this machine, such as http://localhost:4318, that passes spans on by https",
        ));
    }
    let authority = url.strip_prefix("http://").map(|rest| rest.split('/').next().unwrap_or_default());
    if authority.is_none_or(str::is_empty) || url.contains(['?', '#', ' ', '@']) {
        return Err(wrong(name, "it is no URL such as http://localhost:4318"));
    }
    Ok(url)
}

/// The value is not told: it may hold a token.
fn wrong(name: &str, why: &str) -> Error {
    Error::new(ErrorCode::InvalidParams, format!("{name} cannot be followed: {why}"))
        .hint("correct the variable, or set OTEL_SDK_DISABLED=true to send no spans")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(environment: &[(&str, &str)]) -> Result<Option<Settings>, Error> {
        Settings::of(|name| {
            environment.iter().find(|(one, _)| *one == name).map(|(_, value)| OsString::from(value))
        })
    }

    const HERE: (&str, &str) = (ENDPOINT, "http://localhost:4318");

    #[test]
    fn the_variables_mean_what_the_specification_says() {
        let plain = Settings {
            url: "http://localhost:4318/v1/traces".into(),
            protocol: Protocol::HttpBinary,
            timeout: Duration::from_secs(10),
            resource: resource(None, "").unwrap(),
        };
        assert_eq!(of(&[HERE]).unwrap(), Some(plain.clone()));
        assert_eq!(of(&[(ENDPOINT, "http://localhost:4318/")]).unwrap(), Some(plain));
        let url = |environment: &[(&str, &str)]| of(environment).unwrap().unwrap().url;
        assert_eq!(url(&[(ENDPOINT, "http://one/otlp")]), "http://one/otlp/v1/traces");
        assert_eq!(url(&[HERE, (TRACES_ENDPOINT, "http://two/as/it/is")]), "http://two/as/it/is");
        let other = of(&[
            HERE,
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x, x-one=1,"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ]);
        let other = other.unwrap().unwrap();
        assert_eq!((other.protocol, other.timeout), (Protocol::HttpJson, Duration::from_millis(250)));
    }

    #[test]
    fn no_collector_is_no_telemetry() {
        for environment in [
            &[][..],
            &[(ENDPOINT, "")],
            &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            &[HERE, ("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            &[HERE, ("OTEL_TRACES_EXPORTER", "none")],
        ] {
            assert_eq!(of(environment).unwrap(), None, "{environment:?}");
        }
    }

    #[test]
    fn what_is_not_supported_is_said() {
        for (name, value) in [
            (ENDPOINT, "https://collector.example.com"),
            (ENDPOINT, "localhost:4318"),
            (TRACES_ENDPOINT, "http://"),
            (TRACES_ENDPOINT, "http://host/?key=secret"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "10s"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "secret token"),
            ("OTEL_TRACES_EXPORTER", "console"),
            ("OTEL_RESOURCE_ATTRIBUTES", "secret"),
            ("OTEL_RESOURCE_ATTRIBUTES", "secret=%ff"),
        ] {
            let error = of(&[(name, value), HERE]).unwrap_err();
            assert!(error.message.contains(name), "{}", error.message);
            assert!(!error.message.contains("secret"), "{}", error.message);
            assert!(error.hint.is_some());
        }
    }
}
