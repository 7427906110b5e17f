//! Markdown and CSV.

use slimgate_report::{comparisons_csv, epochs_csv, runs_markdown, study_markdown, trials_csv, variants_csv};

use crate::support;

/// The lines of a CSV file by the names of their columns.
fn lines(text: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().unwrap()
}

#[test]
fn there_is_a_line_for_each_variant_comparison_trial_and_epoch() {
    let study = support::study();
    assert_eq!(lines(&variants_csv(&study)).len(), 8);
    assert_eq!(lines(&comparisons_csv(&study)).len(), 6);
    assert_eq!(lines(&trials_csv(&study)).len(), study.trials.len());
    assert_eq!(lines(&epochs_csv(&support::runs())).len(), 60);
}

#[test]
fn numbers_are_whole_and_what_is_not_there_is_empty() {
    let study = support::study();
    let first = &lines(&variants_csv(&study))[0];
    assert_eq!(first["test"].parse::<f64>().unwrap(), study.tasks[0].variants[0].test.as_ref().unwrap().mean);
    assert_eq!(first["recurrent_parameters"], "15800");
    assert_eq!(first["epochs_to_95"], "3");
    assert_eq!(first["optim.learning_rate"], "0.003");
    let last = &lines(&variants_csv(&study))[3];
    assert_eq!((last["reached_99"].as_str(), last["epochs_to_99"].as_str()), ("0", ""));
    for text in [variants_csv(&support::undefined()), comparisons_csv(&support::undefined())] {
        for line in lines(&text) {
            assert!(!line.values().any(|value| ["NaN", "inf", "-inf"].contains(&value.as_str())), "{line:?}");
        }
    }
}

#[test]
fn an_empty_study_has_tables_with_heads_only() {
    for text in
        [variants_csv(&support::empty()), comparisons_csv(&support::empty()), trials_csv(&support::empty())]
    {
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn csv_says_on_which_part_figures_are_chosen() {
    let study = support::chosen_on_test();
    let variants = lines(&variants_csv(&study));
    assert_eq!(variants[0]["protocol"], "published");
    assert!(variants[0].contains_key("best_chosen_on_test") && !variants[0].contains_key("validation"));
    assert!(lines(&trials_csv(&study))[0].contains_key("best_chosen_on_test"));
}

#[test]
fn what_diverged_at_the_chosen_settings_has_a_column_of_its_own() {
    let line = &lines(&variants_csv(&support::study()))[3];
    assert_eq!((line["diverged"].as_str(), line["diverged_at_chosen"].as_str()), ("4", "3"));
}

#[test]
fn a_name_comes_back_from_csv_as_it_was() {
    assert_eq!(lines(&trials_csv(&support::hostile()))[0]["trial"], support::HOSTILE);
    assert_eq!(lines(&variants_csv(&support::hostile()))[0]["gates"], support::HOSTILE);
}

#[test]
fn a_spreadsheet_takes_no_name_for_a_formula() {
    let mut study = support::study();
    study.tasks[0].name = "=1+1".into();
    study.tasks[1].variants[0].gates = "-".into();
    assert_eq!(lines(&variants_csv(&study))[0]["task"], "'=1+1");
    assert_eq!(lines(&variants_csv(&study))[4]["gates"], "-");
}

#[test]
fn markdown_says_what_the_page_says() {
    let text = study_markdown(&support::study());
    let page = slimgate_report::study_page(&support::study());
    for line in text.lines().filter_map(|line| line.strip_prefix("## ")) {
        assert!(page.contains(&format!(">{line}</h2>")), "{line}");
    }
    assert_eq!(text.matches("\n| --- |").count(), page.matches("<table").count());
    assert!(text.contains("**Use lstm1:"));
    assert!(text.contains("> **Note:** Importances on japanese-vowels:"));
}

#[test]
fn every_row_of_a_markdown_table_has_as_many_cells_as_its_head() {
    for text in [
        study_markdown(&support::study()),
        study_markdown(&support::hostile()),
        study_markdown(&support::empty()),
        runs_markdown(&support::runs()),
    ] {
        let mut cells = None;
        for line in text.lines() {
            if !line.starts_with('|') {
                cells = None;
                continue;
            }
            let here = line.replace("\\|", "").matches('|').count();
            assert_eq!(*cells.get_or_insert(here), here, "{line}");
        }
        assert!(!text.contains("NaN"));
        // Within a fence it is what a terminal gets.
        let outside: String = text.split("```").step_by(2).collect();
        assert!(!outside.contains("<script>"));
    }
}
