//! An answer that shows the form which is expected, for a command line to be completed. It fits the schema of its question;
//! where a schema says more than is understood here there is none, since whether an answer fits is the runtime's business.

use std::collections::BTreeSet;

use hero_sdk::{Json, Members, model::ResumeRequest};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::field::{Ui, object};

/// Schemas within one another, at most.
const DEPTH_MAX: usize = 5;
/// Characters of a text, items of a list, members of an object and bytes of a list: what somebody would still paste.
const CHARS_MAX: usize = 80;
/// See [`CHARS_MAX`].
const ITEMS_MAX: usize = 16;
/// See [`CHARS_MAX`].
const BYTES_MAX: usize = 4096;
/// Beyond it not every whole number is a number of its own.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// An answer that fits the schema of this question: its default where that does.
pub(crate) fn sample(request: &ResumeRequest) -> Option<Json> {
    let ui: Ui = request.ui.to().unwrap_or_default();
    let choice = ui.choices().and_then(|choices| Some(choices.into_iter().next()?.value));
    let wish = ui.default.or_else(|| request.default.clone()).or(choice);
    fitting(&request.schema, wish.as_ref(), 0)
}

/// The keywords of JSON Schema 2020-12 that are heeded. Another one may refuse anything.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Schema {
    #[serde(rename = "type")]
    kinds: Option<Kinds>,
    #[serde(rename = "enum")]
    values: Option<Vec<Json>>,
    #[serde(rename = "const", deserialize_with = "given")]
    value: Option<Json>,
    one_of: Option<Vec<Json>>,
    any_of: Option<Vec<Json>>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    exclusive_minimum: Option<f64>,
    exclusive_maximum: Option<f64>,
    multiple_of: Option<f64>,
    min_length: Option<f64>,
    max_length: Option<f64>,
    items: Option<Json>,
    min_items: Option<f64>,
    max_items: Option<f64>,
    unique_items: bool,
    properties: Members,
    required: Vec<String>,
    additional_properties: Option<Json>,
    #[serde(deserialize_with = "given")]
    default: Option<Json>,
    #[serde(rename = "title")]
    _title: IgnoredAny,
    #[serde(rename = "description")]
    _description: IgnoredAny,
    #[serde(rename = "examples")]
    _examples: IgnoredAny,
    #[serde(rename = "deprecated")]
    _deprecated: IgnoredAny,
    #[serde(rename = "$comment")]
    _comment: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Kinds {
    One(String),
    Any(Vec<String>),
}

/// `null` is a value, too.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// A value that fits: the one that is wished for where it does.
fn fitting(schema: &Json, wish: Option<&Json>, depth: usize) -> Option<Json> {
    match schema.as_str() {
        "true" => return Some(wish.cloned().unwrap_or_else(Json::null)),
        _ if depth > DEPTH_MAX => return None,
        _ => {}
    }
    let mut schema: Schema = schema.to().ok()?;
    let default = schema.default.take();
    let wish = wish.or(default.as_ref());
    if let Some(choices) = schema.choices(depth) {
        let choices = choices?;
        let mut candidates = wish.filter(|wish| choices.contains(wish)).into_iter().chain(&choices);
        return candidates.find(|value| schema.takes(value, depth)).cloned();
    }
    if let Some(cases) = schema.any_of.take() {
        let fit = cases.iter().filter_map(|case| fitting(case, wish, depth + 1));
        return best(fit.filter(|value| schema.takes(value, depth)), wish);
    }
    schema.of_kinds(wish, depth)
}

/// What is wished for where it is among the values, else the first.
fn best(values: impl Iterator<Item = Json>, wish: Option<&Json>) -> Option<Json> {
    let mut first = None;
    for value in values {
        if Some(&value) == wish {
            return Some(value);
        }
        first = first.or(Some(value));
    }
    first
}

fn fits(schema: &Json, value: &Json, depth: usize) -> bool {
    fitting(schema, Some(value), depth).as_ref() == Some(value)
}

impl Schema {
    /// Takes out the values that there are, if they are listed; none of them where that is not understood.
    fn choices(&mut self, depth: usize) -> Option<Option<Vec<Json>>> {
        match (self.values.take(), self.value.take(), self.one_of.take()) {
            (None, None, None) => None,
            (Some(values), None, None) => Some(Some(values)),
            (None, Some(value), None) => Some(Some(vec![value])),
            (None, None, Some(cases)) => Some(constants(&cases, depth)),
            _ => Some(None),
        }
    }

    /// Whether a value fits what is left of it.
    fn takes(&self, value: &Json, depth: usize) -> bool {
        self.any_of.is_none() && self.of_kinds(Some(value), depth).as_ref() == Some(value)
    }

    fn of_kinds(&self, wish: Option<&Json>, depth: usize) -> Option<Json> {
        let mut kinds: Vec<&str> = match &self.kinds {
            Some(Kinds::One(kind)) => vec![kind],
            Some(Kinds::Any(kinds)) => kinds.iter().map(String::as_str).collect(),
            // Each keyword is about one kind of value, and `null` is none of them.
            None if !self.properties.0.is_empty() || !self.required.is_empty() => vec!["object", "null"],
            None if self.items.is_some() || self.min_items.or(self.max_items).is_some() => {
                vec!["array", "null"]
            }
            None if self.min_length.or(self.max_length).is_some() => vec!["string", "null"],
            None if self.lowest().or(self.highest()).or(self.multiple_of).is_some() => vec!["number", "null"],
            None if self.additional_properties.is_some() || self.unique_items => vec!["null"],
            None => return Some(wish.cloned().unwrap_or_else(Json::null)),
        };
        kinds.sort_by_key(|kind| *kind == "null");
        let mut seen = BTreeSet::new();
        kinds.retain(|kind| seen.insert(*kind));
        best(kinds.into_iter().filter_map(|kind| self.of_kind(kind, wish, depth)), wish)
    }

    fn of_kind(&self, kind: &str, wish: Option<&Json>, depth: usize) -> Option<Json> {
        match kind {
            "null" => Some(Json::null()),
            "boolean" => {
                let is_wished = wish.and_then(|wish| wish.to::<bool>().ok()).unwrap_or(true);
                Json::of(&is_wished).ok()
            }
            "integer" => self.number(true, wish),
            "number" => self.number(false, wish),
            "string" => self.text(wish),
            "array" => self.list(wish, depth + 1),
            "object" => self.object(wish, depth + 1),
            _ => None,
        }
    }

    fn lowest(&self) -> Option<f64> {
        self.minimum.into_iter().chain(self.exclusive_minimum).reduce(f64::max)
    }

    fn highest(&self) -> Option<f64> {
        self.maximum.into_iter().chain(self.exclusive_maximum).reduce(f64::min)
    }

    fn number(&self, integer: bool, wish: Option<&Json>) -> Option<Json> {
        let fits = |number: f64| {
            let is_whole = number.fract() == 0.0;
            number.abs() < WHOLE_MAX
                && (is_whole || !integer)
                && self.minimum.is_none_or(|least| number >= least)
                && self.maximum.is_none_or(|most| number <= most)
                && self.exclusive_minimum.is_none_or(|below| number > below)
                && self.exclusive_maximum.is_none_or(|above| number < above)
                && self.multiple_of.is_none_or(|step| {
                    number == 0.0 || (is_whole && step.fract() == 0.0 && number % step == 0.0)
                })
        };
        if let Some(wish) = wish.filter(|wish| wish.to::<f64>().is_ok_and(fits)) {
            return Some(wish.clone());
        }
        let step = self.multiple_of.unwrap_or(1.0);
        let (lowest, highest) = (self.lowest(), self.highest());
        let least = lowest.map(|lowest| (lowest / step).ceil() * step);
        let most = highest.map(|highest| (highest / step).floor() * step);
        let middle = lowest.zip(highest).map(|(lowest, highest)| f64::midpoint(lowest, highest));
        let around = [least, least.map(|least| least + step), most, most.map(|most| most - step)];
        let candidates = around.into_iter().chain([lowest, highest, middle]).flatten();
        let number = std::iter::once(0.0).chain(candidates).find(|number| fits(*number))?;
        // Not -0.
        Json::parse(&(number + 0.0).to_string()).ok()
    }

    fn text(&self, wish: Option<&Json>) -> Option<Json> {
        let (least, most) = (self.min_length.unwrap_or(0.0), self.max_length.unwrap_or(f64::INFINITY));
        let fits = |text: &String| (least..=most).contains(&count(text.chars()));
        if let Some(wish) = wish.filter(|wish| wish.to().is_ok_and(|text| fits(&text))) {
            return Some(wish.clone());
        }
        let mut texts = (1..=CHARS_MAX).chain([0]).map(|chars| "…".repeat(chars));
        Json::of(&texts.find(fits)?).ok()
    }

    fn list(&self, wish: Option<&Json>, depth: usize) -> Option<Json> {
        let any = Json::of(&true).ok()?;
        let items = self.items.as_ref().unwrap_or(&any);
        let (least, most) = (self.min_items.unwrap_or(0.0), self.max_items.unwrap_or(f64::INFINITY));
        let fits_as_a_whole = |list: &Vec<Json>| {
            (least..=most).contains(&count(list.iter())) && (!self.unique_items || are_distinct(list))
        };
        let fit = |list: &Vec<Json>| list.iter().all(|item| fits(items, item, depth));
        if let Some(wish) = wish.filter(|wish| {
            wish.to()
                .is_ok_and(|list: Vec<Json>| list.len() <= ITEMS_MAX && fits_as_a_whole(&list) && fit(&list))
        }) {
            return Some(wish.clone());
        }
        // Those that are listed may all be needed; of others one is as good as many.
        let listed = items.to::<Schema>().ok().and_then(|mut items| items.choices(depth).flatten());
        let mut choices = listed.unwrap_or_default();
        choices.truncate(ITEMS_MAX);
        choices.retain(|item| fits(items, item, depth));
        if choices.is_empty() {
            choices.extend(fitting(items, None, depth));
        }
        let list = |length: usize| choices.iter().cycle().take(length).cloned().collect::<Vec<_>>();
        let shortest = usize::from(self.items.is_some());
        let list = (shortest..=ITEMS_MAX).chain([0]).map(list).find(fits_as_a_whole)?;
        Json::of(&list).ok().filter(|list| list.as_str().len() <= BYTES_MAX)
    }

    fn object(&self, wish: Option<&Json>, depth: usize) -> Option<Json> {
        let any = Json::of(&true).ok()?;
        let other = self.additional_properties.as_ref().unwrap_or(&any);
        let of = |key: &str| self.properties.get(key).unwrap_or(other);
        let wished: Members = wish.and_then(|wish| wish.to().ok()).unwrap_or_default();
        if let Some(wish) = wish.filter(|wish| wish.as_str().starts_with('{')) {
            let are_fit = wished.0.len() <= ITEMS_MAX
                && wished.0.iter().all(|(key, member)| fits(of(key), member, depth))
                && self.required.iter().all(|key| wished.get(key).is_some());
            if are_fit {
                return Some(wish.clone());
            }
        }
        let declared = self.properties.0.iter().map(|(key, _)| key).filter(|key| self.required.contains(key));
        let others = self.required.iter().filter(|key| self.properties.get(key).is_none());
        let members =
            declared.chain(others).map(|key| Some((key.clone(), fitting(of(key), wished.get(key), depth)?)));
        Some(object(members.collect::<Option<Vec<_>>>()?))
    }
}

/// The values of cases that are one each; none where they are something else.
fn constants(cases: &[Json], depth: usize) -> Option<Vec<Json>> {
    let value_of = |case: &Json| case.to::<Schema>().ok()?.value.filter(|value| fits(case, value, depth + 1));
    let values = cases.iter().map(value_of);
    values.collect::<Option<Vec<_>>>().filter(|values| are_distinct(values))
}

/// Whether no two are equal, as far as can be told: numbers may be written in several ways, and lists and objects hold some.
fn are_distinct(values: &[Json]) -> bool {
    let plain = |json: &Json| match json.to::<serde_json::Value>().ok()? {
        serde_json::Value::Number(number) => Some(number.as_f64()?.to_string()),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
        other => Some(other.to_string()),
    };
    let texts: Option<BTreeSet<String>> = values.iter().map(plain).collect();
    values.len() < 2 || texts.is_some_and(|texts| texts.len() == values.len())
}

#[expect(clippy::cast_precision_loss, reason = "nothing here has that many")]
fn count(items: impl Iterator) -> f64 {
    items.count() as f64
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cli::testing::request;

    fn of(schema: &Value, ui: &Value) -> Option<Value> {
        let sample = sample(&request("ask", &schema.to_string(), &ui.to_string()))?;
        Some(sample.to().unwrap())
    }

    /// Each of these, and none.
    fn or_none(values: &[Value]) -> Vec<Option<&Value>> {
        std::iter::once(None).chain(values.iter().map(Some)).collect()
    }

    /// All schemas with one of the values, or none, of each of these keywords.
    fn every(keywords: &[(&str, Vec<Value>)]) -> Vec<Value> {
        let mut schemas = vec![json!({})];
        for (keyword, values) in keywords {
            let with = |schema: &Value, value: Option<&Value>| {
                let mut schema = schema.clone();
                if let Some(value) = value {
                    schema[keyword] = value.clone();
                }
                schema
            };
            schemas = schemas
                .iter()
                .flat_map(|schema| or_none(values).into_iter().map(|value| with(schema, value)))
                .collect();
        }
        schemas
    }

    /// Holds all samples against their schemas. There is one wherever one of the answers fits.
    fn check(schemas: &[Value], wishes: &[Value], answers: &[Value]) {
        for schema in schemas {
            let validator = jsonschema::draft202012::new(schema).unwrap();
            let may_fit = answers.iter().any(|answer| validator.is_valid(answer));
            for wish in or_none(wishes) {
                let ui = wish.map_or(json!({}), |wish| json!({"default": wish}));
                let sample = of(schema, &ui);
                match &sample {
                    Some(sample) => assert!(validator.is_valid(sample), "{schema} {ui}: {sample}"),
                    None => assert!(!may_fit, "an answer to {schema} {ui}"),
                }
                if wish.is_some_and(|wish| answers.contains(wish) && validator.is_valid(wish)) {
                    assert_eq!(sample.as_ref(), wish, "{schema}");
                }
            }
        }
    }

    fn whole() -> Vec<Value> {
        (-9..=9).map(Value::from).collect()
    }

    #[test]
    fn numbers_fit() {
        let bounds = || vec![json!(-3), json!(1.5), json!(4), json!(9_007_199_254_740_993_u64)];
        let exclusive = || vec![json!(-3), json!(2.5)];
        let schemas = every(&[
            ("type", vec![json!("integer"), json!("number"), json!(["null", "integer"])]),
            ("minimum", bounds()),
            ("maximum", bounds()),
            ("exclusiveMinimum", exclusive()),
            ("exclusiveMaximum", exclusive()),
            ("multipleOf", vec![json!(2), json!(5), json!(0.1)]),
        ]);
        let of_fractions = |schema: &Value| schema["multipleOf"] == json!(0.1);
        let (fractions, schemas): (Vec<_>, Vec<_>) = schemas.into_iter().partition(of_fractions);
        let wishes = [json!(2), json!("x"), json!(2.5)];
        check(&schemas, &wishes, &whole());
        check(&fractions, &wishes, &[json!(0)]);
        let narrow = json!({"type": "number", "exclusiveMinimum": 0.2, "exclusiveMaximum": 0.4});
        check(&[narrow], &[], &[json!(0.3)]);
    }

    #[test]
    fn texts_and_truths_fit() {
        let schemas = every(&[
            ("type", vec![json!("string"), json!("boolean"), json!("null"), json!(["string", "null"])]),
            ("minLength", vec![json!(0), json!(3), json!(80), json!(81)]),
            ("maxLength", vec![json!(0), json!(2), json!(3), json!(500)]),
            ("title", vec![json!("A text")]),
            ("default", vec![json!("äöü"), json!(1)]),
        ]);
        check(&schemas, &[json!("äöü"), json!(false)], &[json!(""), json!("äöü"), json!(true), json!(null)]);
        assert_eq!(of(&json!({"type": "string", "minLength": 3}), &json!({})), Some(json!("………")));
    }

    #[test]
    fn choices_fit() {
        let listed = vec![json!(["a", 7, null, 2.5]), json!([{"a": 1}, [1]]), json!(["a"])];
        let mut schemas = every(&[
            ("type", vec![json!("string"), json!("integer"), json!(["number", "null"])]),
            ("minimum", vec![json!(3), json!(8)]),
            ("enum", listed),
        ]);
        // A limit without a type is taken for one of the kind that it limits.
        schemas.retain(|schema| schema.get("type").is_some() || schema.get("minimum").is_none());
        check(&schemas, &[json!(7), json!("b")], &[json!("a"), json!(7), json!(null)]);
        let cases = json!([{"const": "a", "title": "A"}, {"const": null}, {"const": 2, "type": "integer"}]);
        let schemas = every(&[("type", vec![json!("string"), json!("null")]), ("oneOf", vec![cases])]);
        check(&schemas, &[json!(2)], &[json!("a"), json!(2), json!(null)]);
        let cases = json!([{"type": "integer", "minimum": 5}, {"type": "null"}, {"const": "x"}]);
        check(&[json!({"anyOf": cases})], &[json!(6), json!("x")], &[json!(6), json!("x"), json!(null)]);
        check(&[json!({"const": null}), json!({"const": "x"})], &[json!(1)], &[json!("x"), json!(null)]);
    }

    #[test]
    fn lists_and_objects_fit() {
        let items =
            vec![json!({"enum": ["a", "b", "c"]}), json!({"type": "integer", "minimum": 2}), json!({})];
        let mut schemas = every(&[
            ("type", vec![json!("array")]),
            ("items", items),
            ("minItems", vec![json!(0), json!(1), json!(3), json!(17)]),
            ("maxItems", vec![json!(0), json!(2), json!(3)]),
        ]);
        check(&schemas, &[json!(["b"]), json!([4, 5, 6])], &[json!([]), json!([2, 2, 2]), json!(["a", "b"])]);
        schemas.iter_mut().for_each(|schema| schema["uniqueItems"] = json!(true));
        let (listed, others): (Vec<_>, Vec<_>) =
            schemas.into_iter().partition(|schema| schema["items"].get("enum").is_some());
        check(&listed, &[json!(["b", "b"])], &[json!([]), json!(["a"]), json!(["a", "b", "c"])]);
        check(&others, &[json!([4, 4]), json!([4, 4.0])], &[json!([])]);
        let properties = json!({"n": {"type": "integer", "minimum": 1}, "s": {"type": "string"},
            "deep": {"type": "object", "required": ["on"], "properties": {"on": {"type": "boolean"}}}});
        let schemas = every(&[
            ("type", vec![json!("object")]),
            ("properties", vec![properties]),
            ("required", vec![json!(["n"]), json!(["s", "deep"]), json!(["other", "n"])]),
            ("additionalProperties", vec![json!(false), json!({"type": "string", "minLength": 2})]),
        ]);
        let answers = [
            json!({}),
            json!({"n": 1}),
            json!({"s": "", "deep": {"on": true}}),
            json!({"n": 3, "other": "xx"}),
        ];
        check(&schemas, &[json!({"n": 3}), json!({"n": 0}), json!({"s": 1, "other": "xx"})], &answers);
    }

    #[test]
    fn what_hints_offer_is_taken_where_it_fits() {
        let choices = json!({"kind": "choice", "choices": [{"value": "web", "label": "Web"}, "worker"]});
        for (schema, expected) in [
            (json!(true), json!("web")),
            (json!({"enum": ["web", "worker"]}), json!("web")),
            (json!({"enum": ["worker"]}), json!("worker")),
            (json!({"type": "integer"}), json!(0)),
        ] {
            assert_eq!(of(&schema, &choices), Some(expected), "{schema}");
        }
        assert_eq!(of(&json!(true), &json!({})), Some(json!(null)));
    }

    #[test]
    fn where_more_is_said_than_is_understood_there_is_none() {
        let mut deep = json!({"type": "string"});
        for _ in 0..9 {
            deep = json!({"type": "object", "required": ["a"], "properties": {"a": deep}});
        }
        for schema in [
            json!(false),
            json!({"type": "string", "pattern": "^[a-z]+$"}),
            json!({"type": "string", "format": "date"}),
            json!({"type": "integer", "not": {"const": 0}}),
            json!({"$ref": "#/$defs/a", "$defs": {"a": true}}),
            json!({"oneOf": [{"type": "integer"}, {"type": "number"}]}),
            json!({"type": "strange"}),
            json!(3),
            deep,
        ] {
            assert_eq!(of(&schema, &json!({})), None, "{schema}");
        }
    }
}
