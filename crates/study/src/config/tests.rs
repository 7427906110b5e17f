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
