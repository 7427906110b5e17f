//! What a configuration may say, and what is said of one that says anything else.

use super::*;
use crate::parse_setting;

fn read(text: &str) -> Result<Config, ConfigError> {
    Config::read("test.toml", text, &[])
}

#[test]
fn an_empty_file_is_the_default_run() {
    assert_eq!(read("").unwrap(), Config::default());
}

#[test]
fn a_resolved_configuration_reads_back_as_itself() {
    let config = read("[optim]\nclip = 0.0\n[model]\ngates = 'i=hb,f=h,o=b'").unwrap();
    let text = toml::to_string(&config).unwrap();
    assert_eq!(read(&text).unwrap(), config);
}

#[test]
fn every_setting_has_its_key() {
    let mut fields = Vec::new();
    for section in ["data", "model", "optim", "run"] {
        // What reads a configuration names all that it knows, those with nothing by default as well.
        let odd = Table::from_iter([(section.to_owned(), Value::Table(toml::toml! { odd = 1 }))]);
        let refusal = Config::deserialize(odd).unwrap_err().to_string();
        let (_, expected) = refusal.split_once("expected one of ").expect(&refusal);
        // Where it is follows in another line.
        let names = expected.lines().next().unwrap().split('`').skip(1).step_by(2);
        fields.extend(names.map(|name| format!("{section}.{name}")));
    }
    fields.sort();
    let mut keys = Config::keys();
    keys.sort();
    assert_eq!(keys, fields);
}

#[test]
fn a_task_that_is_not_trained_is_refused_by_its_name() {
    for (text, task) in [
        ("data.dataset = 'household-power'", "forecast"),
        ("data.dataset = 'sensor-events'", "labelling"),
        ("data.dataset = 'beijing-air'", "regression"),
        ("data.dataset = './pumps'\ndata.task = 'regression'", "regression"),
    ] {
        let message = read(text).unwrap_err().to_string();
        assert!(
            message.contains(&format!("is for {task}")) && message.contains("slimgate data list"),
            "{message}"
        );
    }
    assert!(read("data.task = 'classification'").is_ok());
}

#[test]
fn channels_to_forecast_are_a_list_of_names() {
    assert!(read("[data]\ntargets = ['flow', 'pressure']").is_ok());
    for text in ["[data]\ntargets = 'flow'", "[data]\ntargets = [1]"] {
        let message = read(text).unwrap_err().to_string();
        assert!(message.contains("data.targets") && message.contains("list of names"), "{message}");
    }
    let config = read("[data]\nhorizon = 3").unwrap();
    assert!(config.without_effect()[0].contains("only to forecasts"));
    assert!(!toml::to_string(&Config::default()).unwrap().contains("targets"), "unset is not written");
}

#[test]
fn what_has_no_effect_is_said() {
    let idle = |text: &str| read(text).unwrap().without_effect();
    assert_eq!(idle(""), Vec::<String>::new());
    assert!(idle("[model]\ndropout = 0.1")[0].contains("model.dropout"));
    assert_eq!(idle("[model]\ndropout = 0.1\nlayers = 2"), Vec::<String>::new());
    assert!(idle("[optim]\nmomentum = 0.9\noptimizer = 'adam'")[0].contains("optim.momentum"));
    assert!(idle("[optim]\nfirst_epoch_rate = 0.1")[0].contains("optim.first_epoch_rate"));
}

#[test]
fn what_has_no_effect_on_the_data_set_is_said() {
    let idle = |setting: &str, dataset: &str| {
        read(&format!("{setting}\ndata.dataset = '{dataset}'")).unwrap().without_effect()
    };
    let standardize = "data.standardize = 'each-pixel'";
    assert_eq!(idle(standardize, "digits-rows"), Vec::<String>::new());
    for dataset in ["movie-snippets", "japanese-vowels"] {
        assert!(idle(standardize, dataset)[0].contains("data.standardize"), "{dataset}");
    }
    for (key, value) in [("embedding_initializer", "'uniform'"), ("embedding_dropout", "0.1")] {
        let setting = format!("model.{key} = {value}");
        assert_eq!(idle(&setting, "movie-snippets"), Vec::<String>::new());
        for dataset in ["digits-rows", "japanese-vowels"] {
            assert!(idle(&setting, dataset)[0].contains(key), "{dataset}");
        }
    }
}

#[test]
fn an_unknown_key_offers_the_nearest() {
    for (text, wanted) in [
        ("[optim]\nlerning_rate = 1", Some("optim.learning_rate")),
        ("[model]\nepochs = 1", Some("optim.epochs")),
        ("hidden = 10", Some("model.hidden")),
        ("[optim]\nlr = 1", Some("optim.learning_rate")),
        ("bs = 1", Some("optim.batch_size")),
        ("[rnu]\nseed = 1", Some("run.seed")),
        ("[optim]\nqqq = 1", None),
        ("[zzz]\nqqq = 1", None),
    ] {
        match read(text) {
            Err(ConfigError::UnknownKey { nearest, .. }) => {
                assert_eq!(nearest.as_deref(), wanted, "{text}")
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_setting_overrides_the_file() {
    let over = [parse_setting("model.hidden=7").unwrap(), parse_setting("model.gates=h").unwrap()];
    let config = Config::read("test.toml", "[model]\nhidden = 5\nvariant = 'lstm'", &over).unwrap();
    assert_eq!(config.model.hidden, 7);
    assert_eq!(config.model.cell_name().unwrap(), "lstm2");
}

#[test]
fn cells_replace_those_of_either_form_wherever_they_stand() {
    let over = [("grid.model.variant".to_owned(), Value::String("lstm".to_owned()))];
    for text in ["[grid]\nmodel.gates = ['hb']", "[grid]\n'model.gates' = ['hb']"] {
        let table = table_with("test.toml", text, &over).unwrap();
        assert_eq!(toml::to_string(&table).unwrap(), "[grid.model]\nvariant = \"lstm\"\n");
    }
}

#[test]
fn every_choice_that_is_offered_can_be_used() {
    // The tasks that are not trained yet are refused by another test.
    for (key, choices) in CHOICES.into_iter().filter(|(key, _)| *key != "data.task") {
        for choice in choices {
            let mut settings = vec![(key.to_owned(), Value::String((*choice).to_owned()))];
            if key == "data.pad" {
                settings.push(("data.max_length".to_owned(), Value::Integer(10)));
            }
            Config::read("test.toml", "", &settings).unwrap();
        }
    }
}

#[test]
fn every_number_is_bounded() {
    for (key, example) in Config::examples() {
        // The data crate checks its own.
        if example.is_float() && !key.starts_with("data.") {
            assert!(bound(key).is_some(), "{key}");
        }
    }
}

#[test]
fn data_that_cannot_be_prepared_is_refused() {
    for (text, named) in [
        ("data.validation_fraction = 1.5", "data.validation_fraction"),
        ("data.validation_fraction = 0.0", "data.validation_fraction"),
        ("data.pad = 'end'", "data.max_length"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(named), "{text}: {error}");
    }
}

#[test]
fn an_unknown_choice_offers_the_nearest() {
    let error = read("optim.schedule = 'cosin'").unwrap_err().to_string();
    assert!(error.contains("did you mean `cosine`?"), "{error}");
    let error = Backend::named("wgp").unwrap_err().to_string();
    assert!(error.contains("did you mean `wgpu`?"), "{error}");
}

#[test]
fn a_value_of_the_wrong_type_is_told_what_it_should_be() {
    for (text, wanted) in [
        ("model.hidden = -3", "`model.hidden = -3` cannot be used: must be a whole number from 1 to 16384"),
        ("optim.epochs = 'x'", "`optim.epochs = x` cannot be used: must be a whole number from 1"),
        ("run.threads = 1.5", "`run.threads = 1.5` cannot be used: must be a whole number from 0 to 1024"),
        ("optim.clip = 'no'", "`optim.clip = no` cannot be used: must be a number from 0"),
        ("model.bidirectional = 1", "`model.bidirectional = 1` cannot be used: must be `true` or `false`"),
        ("run.name = 5", "`run.name = 5` cannot be used: must be text"),
    ] {
        assert_eq!(read(text).unwrap_err().to_string(), wanted);
    }
    read("run.threads = 0\noptim.clip = 5").unwrap();
}

#[test]
fn sizes_and_rates_that_cannot_be_used_name_their_key() {
    for text in [
        "model.hidden = 0",
        "model.layers = 0",
        "optim.learning_rate = 0.0",
        "optim.learning_rate = -1.0",
        "optim.learning_rate = nan",
        "optim.batch_size = 0",
        "optim.epochs = 0",
        "model.dropout = 1.0",
        "optim.clip = -1.0",
        "optim.early_stopping = 0",
        "run.name = 'a/b'",
    ] {
        let key = text.split(' ').next().unwrap();
        match read(text) {
            Err(ConfigError::Value { key: named, .. }) => assert_eq!(named, key),
            other => panic!("{text}: {other:?}"),
        }
    }
}
