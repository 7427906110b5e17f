//! The settings of a study's own sections, and the schema of a whole file: that of a run, or of a study.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use slimgate_run::WrittenConfig;
use slimgate_settings::{Setting, schema_of, settings_of};

use super::check::{RESERVED_KEYS, SPLITS};
use super::{Compare, Prices, SEED, Search, StudyConfig, VARIANT};

/// The sections that a study has and a run has not.
#[derive(JsonSchema)]
#[allow(dead_code)] // Only their schema is of use: a study's file is read section by section.
struct Sections {
    /// Values of any setting, such as `grid.run.seed = [1, 2]`, to cross.
    #[schemars(title = "a list")]
    grid: BTreeMap<String, Vec<Value>>,
    /// Settings that are drawn from ranges.
    search: Search,
    /// The comparison: its baseline, and its criteria.
    compare: Compare,
    /// The price of machines, and how much they have to do.
    cost: Prices,
}

/// The settings whose names are keys of any other setting.
const BY_KEY: [&str; 2] = ["grid", "search.ranges"];

/// The settings of those sections.
static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| settings_of(schema_of::<Sections>().as_value()));

/// The settings of one of those sections.
pub(super) fn settings_in(section: &str) -> Vec<Setting> {
    let is_in = |setting: &&Setting| setting.key.split_once('.').is_some_and(|(of, _)| of == section);
    SETTINGS.iter().filter(is_in).cloned().collect()
}

impl StudyConfig {
    /// Every setting of a study's own sections with its meaning, default and allowed values.
    pub fn settings() -> Vec<Setting> {
        let mut settings = SETTINGS.clone();
        for setting in settings.iter_mut().filter(|setting| BY_KEY.contains(&setting.key.as_str())) {
            setting.key.push_str(".KEY");
        }
        settings
    }
}

/// The JSON Schema of a file of settings, be it a run's or a study's, with which an editor completes and checks it. Each
/// setting of a run stands in it once, as a definition by its key, which its section, `[grid]` and the ranges refer to.
pub fn schema() -> Value {
    let run = schema_of::<WrittenConfig>().to_value();
    let mut study = schema_of::<Sections>().to_value();
    let forms = study["properties"]["search"]["properties"]["ranges"]["additionalProperties"]["oneOf"].take();
    let (mut sections, mut definitions) = (Map::new(), Map::new());
    let (mut grid, mut ranges) = (ByKey::default(), ByKey::default());
    for (section, schema) in properties(&run) {
        let mut references = Map::new();
        for (name, setting) in properties(schema) {
            let key = format!("{section}.{name}");
            let reference = json!({ "$ref": format!("#/definitions/{key}") });
            if !RESERVED_KEYS.contains(&key.as_str()) {
                grid.insert(section, name, list(setting, &reference));
                if !SPLITS.contains(&key.as_str()) && ![VARIANT, SEED].contains(&key.as_str()) {
                    ranges.insert(section, name, range(&forms, setting, &reference));
                }
            }
            references.insert(name.clone(), reference);
            definitions.insert(key, setting.clone());
        }
        sections.insert(section.clone(), object(&schema["description"], references));
    }
    let of_grid = &mut study["properties"]["grid"];
    *of_grid = object(&of_grid["description"], grid.properties());
    let of_ranges = &mut study["properties"]["search"]["properties"]["ranges"];
    *of_ranges = object(&of_ranges["description"], ranges.properties());
    sections.extend(properties(&study).map(|(name, schema)| (name.clone(), schema.clone())));
    let mut schema = object(&json!("Settings of a run, or of a study, of Slimgate."), sections);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["definitions"] = definitions.into();
    schema
}

/// Properties by the keys of settings, which TOML takes nested (`optim.clip`) and quoted as a whole (`"optim.clip"`).
#[derive(Default)]
struct ByKey {
    nested: Map<String, Value>,
    whole: Map<String, Value>,
}

impl ByKey {
    fn insert(&mut self, section: &str, name: &str, schema: Value) {
        let section_of = self.nested.entry(section).or_insert_with(|| object(&Value::Null, Map::new()));
        section_of["properties"][name] = schema.clone();
        self.whole.insert(format!("{section}.{name}"), schema);
    }

    fn properties(self) -> Map<String, Value> {
        self.nested.into_iter().chain(self.whole).collect()
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// A table that has these keys and no others.
fn object(description: &Value, properties: Map<String, Value>) -> Value {
    let mut object = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !description.is_null() {
        object["description"] = description.clone();
    }
    object
}

/// A list of values of a setting.
fn list(setting: &Value, reference: &Value) -> Value {
    let description = &setting["description"];
    json!({ "type": "array", "description": description, "items": reference, "minItems": 1, "uniqueItems": true })
}

/// The ranges of those `forms` that a setting can have.
fn range(forms: &Value, setting: &Value, reference: &Value) -> Value {
    let of_setting = |form: &Value| {
        let (name, _) = properties(form).next()?;
        let (can, has_its_bounds) = match (name.as_str(), setting["type"].as_str()) {
            ("choice", _) | ("integer", Some("integer")) | ("log" | "linear", Some("number")) => (true, true),
            ("integer", Some("number")) => (true, false),
            _ => (false, false),
        };
        let mut form = form.clone();
        if has_its_bounds {
            form["properties"][name]["items"] = reference.clone();
        }
        can.then_some(form)
    };
    let forms: Vec<Value> = forms.as_array().into_iter().flatten().filter_map(of_setting).collect();
    json!({ "description": setting["description"], "oneOf": forms })
}
