//! The HTML, read as text.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::support::{self, runs_page, study_page};

/// Every kind of page.
static PAGES: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    vec![
        ("whole", study_page(&support::study())),
        ("waiting", study_page(&support::waiting())),
        ("baseline alone", study_page(&support::baseline_alone())),
        ("one seed", study_page(&support::one_seed())),
        ("undefined", study_page(&support::undefined())),
        ("published", study_page(&support::chosen_on_test())),
        ("hostile", study_page(&support::hostile())),
        ("runs", runs_page(&support::runs())),
        ("one run", runs_page(&support::runs()[..1])),
    ]
});

/// Every text between two markers.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).map(|rest| rest.split(end).next().unwrap()).collect()
}

/// The visible text: no tags, no style, no script.
fn seen(page: &str) -> String {
    let body = page.split("<body>").nth(1).unwrap().split("<script>").next().unwrap();
    body.split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn no_page_shows_what_is_no_number() {
    for (name, page) in PAGES.iter() {
        let seen = support::without_nan_in_words(&seen(page));
        for word in ["NaN", "None", "Some(", "inf ", "null"] {
            assert!(!seen.contains(word), "{name} shows {word}");
        }
        for number in ["NaN", "inf"] {
            assert!(!page.contains(&format!("=\"{number}")), "{name} draws at {number}");
            for attribute in ["d", "points", "transform"] {
                let places = between(page, &format!(" {attribute}=\""), "\"");
                assert!(places.iter().all(|place| !place.contains(number)), "{name} draws to {number}");
            }
        }
    }
}

#[test]
fn every_id_comes_once_and_every_reference_has_its_id() {
    for (name, page) in PAGES.iter() {
        let ids = between(page, " id=\"", "\"");
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), unique.len(), "{name} uses an id twice");
        let references =
            between(page, "aria-labelledby=\"", "\"").into_iter().flat_map(str::split_whitespace);
        let links = between(page, "href=\"#", "\"");
        let clips = between(page, "url(#", ")");
        for reference in references.chain(links).chain(clips) {
            assert!(unique.contains(&reference), "{name} refers to {reference}, which is not there");
        }
    }
}

#[test]
fn every_picture_says_what_it_shows() {
    let page = study_page(&support::study());
    let pictures = between(&page, "<svg ", "</svg>");
    assert!(pictures.len() >= 13, "only {} pictures", pictures.len());
    for picture in pictures {
        assert!(picture.starts_with("role=\"img\" aria-labelledby=\""));
        assert!(!between(picture, "<title id=", "</title>")[0].is_empty());
        let description = between(picture, "<desc id=", "</desc>")[0];
        assert!(description.len() > 40, "{description}");
    }
}

#[test]
fn headings_skip_no_level_and_there_is_one_title() {
    for (name, page) in PAGES.iter() {
        let levels: Vec<u32> =
            page.match_indices("<h").filter_map(|(at, _)| page[at + 2..at + 3].parse().ok()).collect();
        assert_eq!(levels[0], 1, "{name}");
        assert_eq!(levels.iter().filter(|&&level| level == 1).count(), 1, "{name}");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{name}: {levels:?}");
    }
}

#[test]
fn every_table_has_a_caption_and_its_headings_have_a_scope() {
    for (name, page) in PAGES.iter() {
        for table in between(page, "<table", "</table>") {
            assert!(table.contains("<caption id="), "{name}");
            let headings = table.matches("<th").count() - table.matches("<thead").count();
            assert_eq!(headings, table.matches("scope=\"").count(), "{name}");
        }
    }
}

#[test]
fn the_answer_comes_first_then_tables_then_pictures_then_trials_then_the_environment() {
    let page = study_page(&support::study());
    let chapters: Vec<String> = between(&page, "<h2 id=", "</h2>")
        .into_iter()
        .map(|heading| heading.split_once('>').unwrap().1.to_owned())
        .collect();
    assert_eq!(
        chapters,
        [
            "Answer",
            "Results: digits-rows",
            "Results: japanese-vowels",
            "All tasks together",
            "Pictures: digits-rows",
            "Pictures: japanese-vowels",
            "Comparison with published figures",
            "Trials",
            "Cost",
            "Environment and commands",
        ]
    );
}

#[test]
fn names_are_text_and_never_markup() {
    let page = study_page(&support::hostile());
    assert_eq!(page.matches("<script>").count(), 1, "only the page's own");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    // A dollar sign does not start a formula in a picture either.
    assert!(!page.contains("x²"));
}

#[test]
fn a_page_needs_nothing_but_itself() {
    for (name, page) in PAGES.iter() {
        for outside in ["http://", "https://", "@import", "src=", "@font-face", "<link rel=\"stylesheet"] {
            assert!(!page.contains(outside), "{name} holds {outside}");
        }
    }
}

#[test]
fn a_page_is_the_same_each_time() {
    assert_eq!(study_page(&support::study()), study_page(&support::study()));
}

#[test]
fn what_is_not_there_yet_is_said() {
    let waiting = study_page(&support::waiting());
    assert!(waiting.contains("No trial is complete yet (48 trials: 48 waiting)."));
    assert!(waiting.contains("Nothing to plot yet"));
    assert!(waiting.contains("Too few pairs for a test"));
    assert!(waiting.contains("No run has been evaluated on its test set yet."));
    assert!(study_page(&support::one_seed()).contains("Too few pairs for a test"));
    assert!(study_page(&support::one_seed()).contains("on which lstm has not been evaluated"));
    assert!(runs_page(&support::runs()).contains("begun is not complete"));
}

#[test]
fn a_baseline_alone_is_compared_with_nothing() {
    let page = study_page(&support::baseline_alone());
    assert!(page.contains("No comparison: lstm is the only variant."));
    assert!(!study_page(&support::waiting()).contains("No comparison"));
}

#[test]
fn a_run_without_a_data_set_is_a_run_all_the_same() {
    let mut run = support::runs().remove(0);
    assert!(runs_page(std::slice::from_ref(&run)).contains(">1 training run on digits-rows.<"));
    run.settings.remove("data.dataset");
    assert!(runs_page(&[run]).contains(">1 training run.<"));
}

#[test]
fn figures_that_were_chosen_on_the_test_set_say_so_wherever_they_are() {
    let page = study_page(&support::chosen_on_test());
    assert!(page.contains("optimistically biased: the epoch and settings were selected on the test set"));
    for chapter in page.split("<h2 ").skip(1) {
        let title = chapter.split_once('>').unwrap().1.split('<').next().unwrap();
        if title.starts_with("Results")
            || title.starts_with("Pictures")
            || title == "Trials"
            || title == "All tasks together"
            || title.starts_with("Beside")
        {
            assert!(chapter.contains("chosen on the test set"), "{title} does not say so");
        }
    }
    assert!(!seen(&page).contains("validation"), "nothing is validated there");
    assert!(!study_page(&support::study()).contains("chosen on the test set"));
}

#[test]
fn beside_published_figures_it_is_said_which_accuracy_is_measured() {
    let page = study_page(&support::study());
    assert!(page.contains("measured validation accuracy"));
    assert!(page.contains("does not show whether the published figures were reproduced"));
    let page = study_page(&support::chosen_on_test());
    assert!(page.contains("measured test accuracy, chosen on the test set"));
    assert!(!page.contains("does not show whether the published figures were reproduced"));
}

#[test]
fn importances_say_how_well_they_are_known() {
    let page = study_page(&support::study());
    assert!(page.contains("the standard deviation is ±4.20 points of validation accuracy across settings"));
    assert!(page.contains("and ±0.40 across seeds at the same settings"));
    assert!(page.contains(" The random forest behind these importances has an out-of-bag R² of 83 %."));
    assert!(
        page.contains(
            " Unreliable: the random forest behind these importances has an out-of-bag R² of 31 %."
        )
    );
    let model = |oob_r2: Option<f64>| {
        let mut study = support::study();
        study.tasks.truncate(1);
        study.tasks[0].importances.as_mut().unwrap().oob_r2 = oob_r2;
        study_page(&study)
    };
    assert!(model(Some(-0.2)).contains("an out-of-bag R² of −20 %"));
    assert!(model(None).contains("the shares are exact for what was tried"));
}

#[test]
fn what_diverged_is_counted_at_the_chosen_settings() {
    assert!(study_page(&support::study()).contains(">3 of 5<"));
}

#[test]
fn amounts_of_one_data_set_are_not_tested_together() {
    let mut study = support::study();
    study.across = None;
    assert!(!study_page(&study).contains("All tasks together"));
    study.tasks.iter_mut().for_each(|task| task.source = "digits".into());
    assert!(study_page(&study).contains("No test across tasks: several of them use the same data"));
}

#[test]
fn runs_that_were_chosen_on_the_test_set_are_named() {
    let mut runs = support::runs();
    assert!(!runs_page(&runs).contains("optimistically biased"));
    runs[1].settings.insert("data.validation".into(), "test".into());
    let page = runs_page(&runs);
    assert!(page.contains("The validation set of digits-rows-lstm1 is the test set."));
    assert!(page.contains("optimistically biased: the epoch and settings were selected on the test set"));
}

#[test]
fn a_variant_has_the_same_colour_in_every_picture() {
    let page = study_page(&support::study());
    let colours = |name: &str| -> Vec<String> {
        // In a legend, each name is followed by its marker.
        let label = format!(" text-anchor=\"start\">{name}</text>");
        between(&page, "<svg ", "</svg>")
            .into_iter()
            .filter_map(|picture| picture.split_once(label.as_str())?.1.split_once("var(--"))
            .map(|(_, colour)| colour.split(')').next().unwrap().to_owned())
            .collect()
    };
    // Curves, rates and both trade-offs of two tasks.
    assert_eq!(colours("lstm1"), ["blue"; 8]);
    assert_eq!(colours("lstm2"), ["vermillion"; 8]);
}

#[test]
fn a_mean_of_some_of_the_seeds_says_of_how_many() {
    assert!(!study_page(&support::study()).contains(" of 5 seeds)"));
    let mut study = support::study();
    study.tasks[0].variants[1].test.as_mut().unwrap().values.truncate(2);
    let page = study_page(&study);
    assert!(page.contains("97.10 % (96.84 to 97.36) (2 of 5 seeds)<"), "in the table");
    assert!(page.contains("97.10 % (2 of 5 seeds)"), "in what a picture is described with");
}

#[test]
fn tests_that_are_awaited_leave_the_study_incomplete() {
    let mut study = support::study();
    assert!(!study_page(&study).contains("is not complete"));
    study.tasks[1].variants[0].seeds[4].test = None;
    let page = study_page(&study);
    assert!(page.contains("not complete; still to be tested: 1 of 5 seeds of lstm on japanese-vowels."));
    let left_out = "Left out of the ranking: japanese-vowels (1 of 5 seeds of lstm is still to be tested).";
    assert!(page.contains(left_out));
    assert!(!study_page(&support::study()).contains("Left out"));
}

#[test]
fn what_is_saved_against_nothing_known_is_a_dash() {
    let mut study = support::study();
    study.tasks.truncate(1);
    for variant in &mut study.tasks[0].variants {
        variant.cost.as_mut().unwrap().saved_a_year = None;
    }
    let page = study_page(&study);
    let costs = page.split("Cost on digits-rows").nth(1).unwrap().split("</table>").next().unwrap();
    assert_eq!(costs.matches(">–</td>").count(), 4);
}

#[test]
fn published_figures_name_the_settings_that_the_best_trial_had() {
    assert!(!study_page(&support::study()).contains("other settings"));
    let mut study = support::study();
    study.published[0].settings.insert("optim.schedule".into(), "cosine".into());
    let page = study_page(&study);
    assert!(page.contains("other settings") && page.contains("optim.schedule = cosine"));
    assert!(page.contains("for the best of the trials at that learning rate"));
}
