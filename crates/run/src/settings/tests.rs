//! The values that a configuration may have, and the messages about any other.

use slimgate_data::DataConfig;

use super::*;
use crate::metric::AlarmRule;
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
    for section in ["data", "model", "optim", "alarm", "run"] {
        // What reads a configuration names all that it knows, those with nothing by default as well.
        let odd = Table::from_iter([(section.to_owned(), Value::Table(toml::toml! { odd = 1 }))]);
        let refusal = WrittenConfig::deserialize(odd).unwrap_err().to_string();
        let (_, expected) = refusal.split_once("expected one of ").expect(&refusal);
        // Where it is follows in another line.
        let names = expected.lines().next().unwrap().split('`').skip(1).step_by(2);
        fields.extend(names.map(|name| format!("{section}.{name}")));
    }
    fields.sort();
    let mut keys: Vec<&str> = Config::settings().iter().map(|setting| setting.key.as_str()).collect();
    keys.sort();
    assert_eq!(keys, fields);
}

#[test]
fn a_loss_that_the_task_cannot_be_learned_with_is_refused() {
    for (dataset, loss, remedy) in [
        ("digits-rows", "squared", "classes are learned with `cross-entropy`"),
        ("sensor-events", "pinball", "classes are learned with `cross-entropy`"),
        ("beijing-air", "cross-entropy", "numbers are learned with `squared`, `absolute` or `huber`"),
        ("household-power", "cross-entropy", "forecasts are learned with `pinball`"),
    ] {
        let text = format!("data.dataset = '{dataset}'\noptim.loss = '{loss}'");
        let message = read(&text).unwrap_err().to_string();
        assert!(message.contains("optim.loss") && message.contains(remedy), "{message}");
    }
    assert!(read("data.dataset = 'household-power'\noptim.loss = 'squared'").is_ok());
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
fn alarms_need_a_class_and_one_way_to_a_threshold() {
    for (keys, remedy) in [
        ("miss_cost = 5.0", "`alarm.miss_cost = 5` cannot be used: it needs `alarm.class`"),
        (
            "class = '3'",
            "it needs `alarm.miss_cost` and `alarm.false_alarm_cost`, or `alarm.false_alarm_rate`",
        ),
        ("class = '3'\nfalse_alarm_cost = 1.0", "the costs are given together"),
        ("class = '3'\nmiss_cost = 5.0\nfalse_alarm_rate = 0.1", "take one of them out"),
        (
            "class = '3'\nmiss_cost = 5.0\nfalse_alarm_cost = 1.0\nfalse_alarm_rate = 0.1",
            "chosen by costs or by a rate",
        ),
        ("class = '3'\nmiss_cost = 0.0\nfalse_alarm_cost = 1.0", "alarm.miss_cost"),
        ("class = '3'\nfalse_alarm_rate = 1.0", "alarm.false_alarm_rate"),
    ] {
        let message = read(&format!("[alarm]\n{keys}")).unwrap_err().to_string();
        assert!(message.contains(remedy), "{message}");
    }
    let rule = |keys: &str| read(&format!("[alarm]\nclass = '3'\n{keys}")).unwrap().alarm.rule();
    assert_eq!(rule("false_alarm_rate = 0.0"), Some(AlarmRule::FalseAlarmRate(0.0)));
    let costs = rule("miss_cost = 50.0\nfalse_alarm_cost = 2.0");
    assert_eq!(costs, Some(AlarmRule::Costs { miss: 50.0, false_alarm: 2.0 }));
    assert_eq!(Config::default().alarm.rule(), None);
    assert!(!toml::to_string(&Config::default()).unwrap().contains("alarm"), "unset is not written");
}

#[test]
fn only_a_class_of_the_data_is_an_alarm() {
    let config = read("[alarm]\nclass = 'failure'\nfalse_alarm_rate = 0.1").unwrap();
    let classes = ["sound", "failing"].map(str::to_owned);
    let message = config.check_alarm_class(&classes).unwrap_err().to_string();
    assert!(
        message.ends_with("`failure`, which the data does not have; its classes are sound and failing"),
        "{message}"
    );
    assert!(config.check_alarm_class(&["failure".to_owned()]).is_ok());
    let message = read("[data]\ndataset = 'beijing-air'\n[alarm]\nclass = 'a'\nfalse_alarm_rate = 0.1");
    assert!(message.unwrap_err().to_string().contains("the task has no classes; take [alarm] out"));
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
fn calibration_is_of_quantiles_and_not_written_where_nobody_asks() {
    let idle = |text: &str| read(text).unwrap().without_effect();
    let asked = "run.calibrate = false\ndata.dataset = 'household-power'";
    assert_eq!(idle(asked), Vec::<String>::new());
    for other in ["run.calibrate = true", &format!("{asked}\noptim.loss = 'absolute'")] {
        assert!(idle(other)[0].contains("run.calibrate"), "{other}");
    }
    assert!(!toml::to_string(&Config::default()).unwrap().contains("calibrate"), "trials keep their ids");
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
            Err(ConfigError::Setting(SettingError::UnknownKey { nearest, .. })) => {
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
    assert_eq!(config.cell_name(), "lstm2");
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
    for setting in Config::settings() {
        for choice in setting.choices() {
            let mut settings = vec![(setting.key.clone(), Value::String(choice.clone()))];
            if setting.key == "data.pad" {
                settings.push(("data.max_length".to_owned(), Value::Integer(10)));
            }
            if setting.key == "optim.loss" {
                let dataset = if choice == "cross-entropy" { "digits-rows" } else { "household-power" };
                settings.push(("data.dataset".to_owned(), Value::String(dataset.to_owned())));
            }
            Config::read("test.toml", "", &settings).unwrap();
        }
    }
}

#[test]
fn every_setting_has_a_meaning_a_default_and_bounds() {
    for Setting { key, default, allowed, meaning, .. } in Config::settings() {
        assert!(!meaning.is_empty(), "{key}");
        assert!(default.is_some() || meaning.contains("if not given"), "{key}: {meaning}");
        // The only number that may be any.
        assert_eq!(allowed.contains("finite"), key == "model.forget_bias", "{key}: {allowed}");
    }
}

#[test]
fn defaults_and_allowed_values_are_those_of_the_fields() {
    let of = |key: &str| Config::setting(key).unwrap();
    assert_eq!(of("optim.learning_rate").default, Some(Value::Float(3e-3)));
    assert_eq!(of("optim.learning_rate").allowed, "above 0 and at most 1");
    assert_eq!(of("optim.final_learning_rate").allowed, "from 0 to 1");
    assert_eq!(of("optim.clip").allowed, "a number from 0");
    assert_eq!(of("optim.epsilon").allowed, "a number above 0");
    assert_eq!(of("model.dropout").allowed, "at least 0 and below 1");
    assert_eq!(of("model.variant").default, Some(Value::String("lstm1".into())));
    assert_eq!(of("model.hidden").allowed, "a whole number from 1 to 16384");
    assert_eq!(of("model.recompute").allowed, "`true` or `false`");
    assert_eq!(of("optim.epochs").allowed, "a whole number from 1");
    assert_eq!(of("optim.early_stopping").default, None);
    assert_eq!(of("data.pad").allowed, "none, start, end");
    assert_eq!(of("data.validation").allowed, "held-out, test");
    assert_eq!(of("data.validation").default, Some(Value::String("held-out".into())));
    assert_eq!(of("run.seed").allowed, "a whole number from 0 to 9223372036854775807");
}

#[test]
fn a_configuration_that_is_changed_is_checked_again() {
    let config = read("model.variant = 'lstm'").unwrap();
    let changed = config.changed(|config| config.model.variant = Some("lstm3".into())).unwrap();
    assert_eq!((config.cell_name().as_str(), changed.cell_name().as_str()), ("lstm", "lstm3"));
    let refused = config.changed(|config| config.optim.epochs = 0).unwrap_err().to_string();
    assert_eq!(refused, "`optim.epochs = 0` cannot be used: must be a whole number from 1");
    let refused = config
        .changed(|config| config.data = DataConfig { validation_fraction: f64::NAN, ..config.data.clone() });
    assert!(refused.unwrap_err().to_string().contains("data.validation_fraction"));
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
        let error = read(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{key} = ")), "{text}: {error}");
    }
}
