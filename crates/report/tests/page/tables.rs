//! Markdown and CSV.

use std::collections::BTreeMap;

use slimgate_study::StudySummary;

use crate::support::{self, runs_file, study_file};

/// The lines of a CSV file by column name.
fn lines(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().unwrap()
}

fn variants(study: &StudySummary) -> Vec<BTreeMap<String, String>> {
    lines(&study_file(study, "variants.csv"))
}

fn comparisons(study: &StudySummary) -> Vec<BTreeMap<String, String>> {
    lines(&study_file(study, "comparisons.csv"))
}

fn trials(study: &StudySummary) -> Vec<BTreeMap<String, String>> {
    lines(&study_file(study, "trials.csv"))
}

#[test]
fn there_is_a_line_for_each_variant_comparison_trial_and_epoch() {
    let study = support::study();
    assert_eq!(variants(&study).len(), 8);
    assert_eq!(comparisons(&study).len(), 6);
    assert_eq!(trials(&study).len(), study.trials.len());
    assert_eq!(lines(&runs_file(&support::runs(), "epochs.csv")).len(), 60);
}

#[test]
fn numbers_are_whole_and_what_is_not_there_is_empty() {
    let study = support::study();
    let lines = variants(&study);
    let first = &lines[0];
    assert_eq!(first["test"].parse::<f64>().unwrap(), study.tasks[0].variants[0].test.as_ref().unwrap().mean);
    assert_eq!(first["recurrent_parameters"], "15800");
    assert_eq!(first["epochs_to_95"], "3");
    assert_eq!(first["optim.learning_rate"], "0.003");
    let last = &lines[3];
    assert_eq!((last["reached_99"].as_str(), last["epochs_to_99"].as_str()), ("0", ""));
    let undefined = support::undefined();
    for line in [variants(&undefined), comparisons(&undefined)].concat() {
        assert!(!line.values().any(|value| ["NaN", "inf", "-inf"].contains(&value.as_str())), "{line:?}");
    }
}

#[test]
fn a_table_without_a_comparison_has_its_heads() {
    let text = study_file(&support::baseline_alone(), "comparisons.csv");
    assert!(text.starts_with("task,variant,baseline,"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

/// Scripts read columns by these names.
#[test]
fn the_columns_of_variants_have_names_that_stay() {
    let text = study_file(&support::study(), "variants.csv");
    assert_eq!(
        text.lines().next().unwrap(),
        "task,variant,gates,hidden,recurrent_parameters,parameters,protocol,\
         test,test_deviation,test_low,test_high,test_seeds,\
         validation,validation_deviation,validation_low,validation_high,validation_seeds,\
         last,last_deviation,last_low,last_high,last_seeds,trivial,p_above_trivial,\
         complete,running,waiting,interrupted,pruned,diverged,failed,collapsed,still_improving,diverged_at_chosen,\
         seconds_per_epoch,peak_memory_bytes,training_step_ms,prediction_ms,batch_prediction_ms,\
         usable_low,usable_high,usable_decades,reached_95,epochs_to_95,seconds_to_95,\
         reached_99,epochs_to_99,seconds_to_99,optim.learning_rate"
    );
}

#[test]
fn csv_says_on_which_set_figures_are_chosen() {
    let study = support::chosen_on_test();
    let first = &variants(&study)[0];
    assert_eq!(first["protocol"], "published");
    assert!(first.contains_key("best_chosen_on_test") && !first.contains_key("validation"));
    assert!(trials(&study)[0].contains_key("best_chosen_on_test"));
}

#[test]
fn what_diverged_at_the_chosen_settings_has_a_column_of_its_own() {
    let line = &variants(&support::study())[3];
    assert_eq!((line["diverged"].as_str(), line["diverged_at_chosen"].as_str()), ("4", "3"));
}

#[test]
fn a_name_comes_back_from_csv_as_it_was() {
    assert_eq!(trials(&support::hostile())[0]["trial"], support::HOSTILE);
    assert_eq!(variants(&support::hostile())[0]["gates"], support::HOSTILE);
}

#[test]
fn a_spreadsheet_takes_no_name_for_a_formula() {
    let mut study = support::study();
    study.tasks[0].name = "=1+1".into();
    study.tasks[1].variants[0].gates = "-".into();
    let lines = variants(&study);
    assert_eq!(lines[0]["task"], "'=1+1");
    assert_eq!(lines[4]["gates"], "-");
}

/// Names that could be read as a number, a heading's mark or a formula.
const MISLEADING: [&str; 3] = ["#1", "1e3", "=2"];

fn runs_with_misleading_names() -> Vec<slimgate_report::Run> {
    let mut runs = support::runs();
    runs[2] = runs[0].clone();
    for (run, name) in runs.iter_mut().zip(MISLEADING) {
        run.name = name.to_owned();
        // A setting in which they differ.
        run.settings.insert("run.name".into(), name.into());
    }
    runs
}

#[test]
fn a_name_that_looks_like_a_number_is_text_on_every_page() {
    let runs = runs_with_misleading_names();
    let text = runs_file(&runs, "report.md");
    let mut lines = text.lines();
    assert!(lines.any(|line| line == r"| setting | \#1 | 1e3 | =2 |"), "{text}");
    assert_eq!(lines.next(), Some("| --- | --- | --- | --- |"), "names over columns of text");
    let page = support::runs_page(&runs);
    for name in MISLEADING {
        assert!(
            page.contains(&format!("<th class=\"\" scope=\"col\">{name}</th>")),
            "{name} over a column of text"
        );
        assert!(page.contains(&format!("<th class=\"\" scope=\"row\">{name}</th>")), "{name} names a row");
        assert!(
            page.contains(&format!("<th class=\"number\" scope=\"col\">{name}</th>")),
            "{name} over numbers"
        );
    }
}

#[test]
fn a_name_that_looks_like_a_number_is_quoted_in_csv() {
    let text = runs_file(&runs_with_misleading_names(), "epochs.csv");
    let begin = |start: &str| text.lines().any(|line| line.starts_with(start));
    assert!(begin("#1,1,") && begin("\"1e3\",1,") && begin("'=2,1,"), "{text}");
    assert_eq!(lines(&text).iter().filter(|line| line["run"] == "1e3").count(), 30);
    let mut study = support::study();
    let chosen = &mut study.tasks[0].variants[0].chosen;
    chosen.insert("model.gates".into(), "1".into());
    let line = study_file(&study, "variants.csv").lines().nth(1).unwrap().to_owned();
    assert!(line.ends_with(",\"1\",0.003"), "a word is quoted, a rate is not: {line}");
}

#[test]
fn markdown_says_what_the_page_says() {
    let text = study_file(&support::study(), "report.md");
    let page = support::study_page(&support::study());
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
        study_file(&support::study(), "report.md"),
        study_file(&support::hostile(), "report.md"),
        study_file(&support::waiting(), "report.md"),
        runs_file(&support::runs(), "report.md"),
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
        assert!(!support::without_nan_in_words(&text).contains("NaN"));
        // Fenced text is for a terminal.
        let outside: String = text.split("```").step_by(2).collect();
        assert!(!outside.contains("<script>"));
    }
}

#[test]
fn a_run_is_repeated_in_the_folder_for_runs_under_a_name_that_it_can_have() {
    let mut runs = support::runs();
    runs.truncate(2);
    // As the program names two runs whose folders have the same name.
    for (run, path) in runs.iter_mut().zip(["a/one", "studies/digits/trials/one"]) {
        (run.name, run.path) = (path.into(), path.into());
    }
    let text = runs_file(&runs, "report.md");
    for command in [
        "slimgate train a/one/config.toml --name one-again --out runs",
        "slimgate train studies/digits/trials/one/config.toml --name one-2-again --out runs",
    ] {
        assert!(text.lines().any(|line| line == command), "{text}");
    }
}

#[test]
fn p_values_are_named_by_what_they_are_evidence_for() {
    let text = study_file(&support::study(), "report.md");
    let heads = "| variant | p, difference (t test) | adjusted | p, Wilcoxon | p, equivalence (TOST) | adjusted | \
                 p, non-inferiority | adjusted |";
    assert!(text.lines().any(|line| line == heads), "{text}");
}
