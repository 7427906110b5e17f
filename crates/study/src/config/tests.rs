use super::*;

#[test]
fn published_figures_are_named_from_the_file_of_the_study() {
    for (written, found) in
        [("../figures.csv", "/studies/mine/../figures.csv"), ("/figures.csv", "/figures.csv")]
    {
        let text = format!("[compare]\npublished = {{ file = '{written}', task = 'imdb' }}");
        let mut config = StudyConfig::read("test", &text, &[]).unwrap();
        config.find_published(Path::new("/studies/mine")).unwrap();
        assert_eq!(config.compare.published.unwrap().file, found);
    }
}

#[test]
fn a_value_of_another_kind_is_refused_with_the_values_that_the_setting_takes() {
    for (text, told) in [
        ("hidden = 5", "`compare.hidden = 5` cannot be used: must be whole numbers"),
        ("hidden = { digits = 5 }", "must be whole numbers"),
        ("widen = 'maybe'", "`compare.widen = maybe` cannot be used: must be `true` or `false`"),
        ("retries = -1", "`compare.retries = -1` cannot be used: must be a whole number from 0"),
        ("published = 'a.csv'", "`compare.published = a.csv` cannot be used: must be { file, task }"),
    ] {
        let refusal = StudyConfig::read("test", &format!("[compare]\n{text}"), &[]).unwrap_err();
        assert!(refusal.to_string().contains(told), "{refusal}");
    }
}

#[test]
fn a_seed_that_leaves_no_room_for_further_ones_is_refused() {
    let read = |seed: i64| StudyConfig::read("test", &format!("[grid]\nrun.seed = [{seed}]"), &[]);
    for seed in [-1, i64::MAX, 9_000_000_000_000_000_001] {
        let refusal = read(seed).unwrap_err().to_string();
        assert!(
            refusal.contains("`run.seed` cannot be used: each must be a whole number from 0 to 9"),
            "{refusal}"
        );
    }
    let last = read(9_000_000_000_000_000_000).unwrap().replicate(1000);
    assert!(last.seeds()[0] > 9_000_000_000_000_000_000);
    assert!(crate::space::Space::new(&last).is_ok());
}

#[test]
fn several_metrics_are_no_part_of_a_study() {
    for text in [
        "[grid]\nrun.metric = ['accuracy', 'balanced accuracy']",
        "[search]\ntrials = 2\n[search.ranges]\nrun.metric = { choice = ['accuracy', 'macro-F1'] }",
    ] {
        let refusal = StudyConfig::read("test", text, &[]).unwrap_err().to_string();
        assert!(refusal.contains("`run.metric` cannot be used") && refusal.contains("in [run]"), "{refusal}");
    }
    assert!(StudyConfig::read("test", "[grid]\nrun.metric = ['accuracy']", &[]).is_ok());
}

#[test]
fn what_is_wrong_in_the_file_of_a_studys_folder_names_the_file() {
    let read = |text: &str, settings: &[(String, Value)]| {
        StudyConfig::read_recorded("study/study.toml", text, settings).unwrap_err().to_string()
    };
    for wrong in ["[compare]\nmargin = -1", "[grid]\nrun.seed = 1", "[comparison]\nmargin = 1", "x"] {
        let told = read(wrong, &[]);
        assert_eq!(told.matches("study/study.toml").count(), 1, "{told}");
    }
    let told = read("", &[("compare.margin".to_owned(), Value::Float(-1.0))]);
    assert!(!told.contains("study.toml"), "{told}");
}
