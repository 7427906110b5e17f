//! The schema of settings: the files that are read fit it, and no others.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;
use slimgate_study::{StudyConfig, schema};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).unwrap()
}

fn faults(validator: &Validator, text: &str) -> Vec<String> {
    let value: Value = toml::from_str(text).unwrap();
    validator.iter_errors(&value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}

/// The TOML files in a folder and those below it.
fn toml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            toml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
}

#[test]
fn the_schema_is_one() {
    jsonschema::meta::validate(&schema()).unwrap();
}

#[test]
fn the_files_of_studies_and_runs_fit() {
    let validator = validator();
    let mut files = vec![repository("tests/recorded/words-0.1/config.toml")];
    toml_files(&repository("experiments"), &mut files);
    assert!(files.len() > 20, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(faults(&validator, &text), Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn a_study_that_the_program_wrote_fits() {
    let text = "[search]\ntrials = 3\n[search.ranges]\noptim.learning_rate = { log = [1e-4, 1e-1] }\n\
                [compare]\nseeds = 3\nmatch = 'parameters'\n[cost]\nprice_per_hour = 2";
    let written = StudyConfig::read("test", text, &[]).unwrap().to_toml();
    assert_eq!(faults(&validator(), &written), Vec::<String>::new(), "{written}");
}

#[test]
fn what_is_wrong_does_not_fit() {
    let validator = validator();
    for text in [
        "[optim]\nlerning_rate = 0.1",
        "[optim]\nlearning_rate = 0.0",
        "[optim]\nlearning_rate = 1.5",
        "[optim]\nschedule = 'cosin'",
        "[model]\nhidden = 0",
        "[model]\nhidden = 16385",
        "[model]\nbidirectional = 1",
        "[model]\ndropout = 1.0",
        "[data]\nvalidation = 'published'",
        "[data]\nvalidation_fraction = 1.0",
        "[run]\nname = 5",
        "[modle]\nhidden = 10",
        "[grid]\noptim.learning_rate = 0.1",
        "[grid]\noptim.learning_rate = [2.0]",
        "[grid]\n'optim.learning_rate' = [2.0]",
        "[grid]\noptim.learning_rate = []",
        "[grid]\noptim.lerning_rate = [0.1]",
        "[grid]\n'optim.lerning_rate' = [0.1]",
        "[grid]\nrun.name = ['a', 'b']",
        "[search]\nsampler = 'random'",
        "[search]\ntrials = 0",
        "[search]\ntrials = 5\nranges.optim.learning_rate = { lgo = [0.1, 0.2] }",
        "[search]\ntrials = 5\nranges.optim.learning_rate = { log = [0.1] }",
        "[search]\ntrials = 5\nranges.optim.schedule = { choice = ['cosin'] }",
        "[search]\ntrials = 5\nranges.run.seed = { integer = [1, 9] }",
        "[compare]\nmargin = 0.0",
        "[compare]\nmargins = 1.0",
        "[compare]\nprotocol = 'test'",
        "[compare]\nseeds = 10001",
        "[compare]\npublished = { file = 'a.csv' }",
        "[cost]\nprice_per_hour = -1.0",
    ] {
        assert!(!faults(&validator, text).is_empty(), "{text}");
    }
}

#[test]
fn grids_and_ranges_fit_nested_and_quoted() {
    let validator = validator();
    for text in [
        "[grid]\noptim.learning_rate = [1e-3, 1e-2]",
        "[grid.optim]\nlearning_rate = [1e-3, 1e-2]",
        "[grid]\n'optim.learning_rate' = [1e-3, 1e-2]",
        "[search]\ntrials = 2\n[search.ranges]\noptim.learning_rate = { log = [1e-4, 1e-1] }",
        "[search]\ntrials = 2\n[search.ranges]\n'optim.learning_rate' = { linear = [1e-4, 1e-1] }",
        "[search.ranges]\nmodel.hidden = { integer = [16, 256] }\n[search]\ntrials = 2",
        "[search]\ntrials = 2\nranges = { optim.optimizer = { choice = ['adam', 'sgd'] } }",
    ] {
        assert_eq!(faults(&validator, text), Vec::<String>::new(), "{text}");
        StudyConfig::read("test", text, &[]).unwrap();
    }
}

#[test]
fn every_setting_has_a_meaning_and_bounds() {
    fn look(path: &str, schema: &Value, found: &mut usize) {
        for (name, setting) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            // By reference, or of one of a table's many keys.
            if setting.get("$ref").is_none() && path != ".search.ranges" && path != ".grid" {
                assert!(setting["description"].is_string(), "{path}: {setting}");
                look(&path, setting, found);
            }
            let bounds = ["minimum", "exclusiveMinimum"];
            if matches!(setting["type"].as_str(), Some("integer" | "number")) {
                assert!(bounds.iter().any(|bound| setting[bound].is_number()), "{path}: {setting}");
                *found += 1;
            }
        }
    }
    let schema = schema();
    let mut numbers = 0;
    look("", &schema, &mut numbers);
    look("", &serde_json::json!({ "properties": schema["definitions"] }), &mut numbers);
    assert!(numbers > 30, "{numbers}");
    for setting in StudyConfig::settings() {
        let required = ["grid.KEY", "search.trials", "search.ranges.KEY", "cost.price_per_hour"];
        let explained = setting.default.is_some() || setting.meaning.contains("if not given");
        assert!(explained || required.contains(&setting.key.as_str()), "{setting:?}");
    }
}
