//! Who sends the spans, by the variables of OpenTelemetry's specification:
//! <https://opentelemetry.io/docs/specs/otel/resource/sdk/>. The library reads them too, and decodes nothing.

use opentelemetry::KeyValue;
use opentelemetry_sdk::{Resource, resource::TelemetryResourceDetector};
use percent_encoding::percent_decode_str;

const SERVICE_NAME: &str = "service.name";

/// This process, with the name and the attributes that the environment gives it. None where these are no list of
/// `key=value` with commas in between, in which what is special is percent-encoded.
pub(super) fn resource(name: Option<String>, attributes: &str) -> Option<Resource> {
    let given = attributes.split(',').filter(|one| !one.trim().is_empty()).map(attribute);
    let given: Vec<KeyValue> = given.collect::<Option<_>>()?;
    let resource = Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_service_name("hero_logic")
        .with_attributes(given)
        .with_attributes(name.map(|name| KeyValue::new(SERVICE_NAME, name)))
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("process.pid", i64::from(std::process::id())),
        ]);
    Some(resource.build())
}

fn attribute(text: &str) -> Option<KeyValue> {
    let decoded = |text: &str| Some(percent_decode_str(text.trim()).decode_utf8().ok()?.into_owned());
    let (key, value) = text.split_once('=')?;
    let key = decoded(key).filter(|key| !key.is_empty())?;
    Some(KeyValue::new(key, decoded(value)?))
}

#[cfg(test)]
mod tests {
    use opentelemetry::Key;

    use super::*;

    #[test]
    fn attributes_are_decoded() {
        let given = "team=a%20b%2Cc%3Dd, Zo%C3%AB%3D = 100% ,base64=SGk=,empty=,same=1,same=2,";
        let resource = resource(None, given).unwrap();
        for (key, value) in [
            ("team", "a b,c=d"),
            ("Zoë=", "100%"),
            ("base64", "SGk="),
            ("empty", ""),
            ("same", "2"),
            (SERVICE_NAME, "hero_logic"),
            ("telemetry.sdk.language", "rust"),
        ] {
            assert_eq!(resource.get(&Key::new(key)), Some(value.into()), "{key}");
        }
        for wrong in ["team", "=x", "a=1, =2", "a=%ff"] {
            assert_eq!(super::resource(None, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_name_of_its_own_variable_goes_first() {
        let name = |name: Option<&str>, attributes| {
            resource(name.map(str::to_owned), attributes).unwrap().get(&Key::new(SERVICE_NAME)).unwrap()
        };
        assert_eq!(name(None, "service%2Ename=of%20both"), "of both".into());
        assert_eq!(name(Some("mine"), "service.name=other"), "mine".into());
    }
}
