//! An answer that was refused: what of it need not be given again. Pure; whoever asks again is `prompt`.

use std::collections::BTreeMap;

use hero_sdk::{FieldError, Json};

use crate::form::FormField;

/// An answer that the runtime refused, and why.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// What was answered.
    pub(crate) payload: Json,
    /// Why not.
    pub(crate) message: String,
    /// Where not.
    pub(crate) fields: Vec<FieldError>,
}

impl Refused {
    /// What the answer before had for `key`, where that need not be asked again: the refusal names fields of the
    /// form, and this is none of them. The inner option is none for a field that had been left out.
    pub(crate) fn keep(&self, fields: &[FormField], key: &str) -> Option<Option<Json>> {
        let at_fault: Vec<String> =
            self.fields.iter().map(|field| first_key(&field.pointer)).collect::<Option<_>>()?;
        let names_fields =
            !at_fault.is_empty() && at_fault.iter().all(|name| fields.iter().any(|field| field.key == *name));
        if !names_fields || at_fault.iter().any(|name| name == key) {
            return None;
        }
        Some(member(&self.payload, key))
    }

    /// The same of what stands within the field `key`; none where that was left out.
    pub(crate) fn within(&self, key: &str) -> Option<Self> {
        let fields =
            self.fields.iter().filter(|field| first_key(&field.pointer).is_some_and(|name| name == key));
        let to_inner = |field: &FieldError| {
            let rest = field.pointer.get(1..).and_then(|pointer| pointer.split_once('/'));
            let pointer = rest.map(|(_, rest)| format!("/{rest}")).unwrap_or_default();
            FieldError { pointer, message: field.message.clone() }
        };
        let fields = fields.map(to_inner).collect();
        Some(Self { payload: member(&self.payload, key)?, message: self.message.clone(), fields })
    }
}

fn member(object: &Json, key: &str) -> Option<Json> {
    object.to::<BTreeMap<String, Json>>().ok()?.remove(key)
}

/// The first key of a JSON pointer.
fn first_key(pointer: &str) -> Option<String> {
    let key = pointer.strip_prefix('/')?.split('/').next()?;
    Some(key.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Field;

    fn form_field(key: &str) -> FormField {
        FormField {
            key: key.into(),
            label: key.into(),
            help: None,
            required: true,
            field: Field::Text { default: None, placeholder: None, multiline: false },
        }
    }

    #[test]
    fn only_fields_at_fault_are_asked_again() {
        let fields = [form_field("a"), form_field("b/c"), form_field("d")];
        let refused = |pointers: &[&str]| Refused {
            payload: Json::parse(r#"{"a":1,"b/c":2}"#).unwrap(),
            message: String::new(),
            fields: pointers
                .iter()
                .map(|&pointer| FieldError { pointer: pointer.into(), message: "no".into() })
                .collect(),
        };
        let one = refused(&["/b~1c/0"]);
        assert_eq!(one.keep(&fields, "a").unwrap().unwrap().as_str(), "1");
        assert_eq!(one.keep(&fields, "b/c"), None);
        assert_eq!(one.keep(&fields, "d"), Some(None));
        let within = one.within("b/c").unwrap();
        assert_eq!((within.payload.as_str(), within.fields[0].pointer.as_str()), ("2", "/0"));
        assert!(one.within("a").unwrap().fields.is_empty() && one.within("d").is_none());
        for unclear in [refused(&[]), refused(&[""]), refused(&["/a", ""]), refused(&["/zzz"])] {
            assert_eq!(unclear.keep(&fields, "a"), None, "{unclear:?}");
            assert_eq!(unclear.keep(&fields, "d"), None, "{unclear:?}");
        }
    }
}
