//! The trials of a study: searched settings, several data sets, matched sizes.

use serde_json::Value;

use super::{SHARED, small};
use crate::support::Workspace;

#[test]
fn a_search_gives_every_variant_as_many_draws_and_prunes_within_them() {
    let here = Workspace::new();
    for (sampler, prune) in [("quasi-random", "halving"), ("random", "median"), ("tpe", "never")] {
        let study = format!(
            "[data]
            dataset = 'japanese-vowels'
            [model]
            hidden = 12
            [optim]
            epochs = 9
            [grid]
            model.variant = ['lstm', 'lstm2']
            [search]
            sampler = '{sampler}'
            prune = '{prune}'
            trials = 9
            [search.ranges]
            optim.learning_rate = {{ log = [1e-4, 1e-1] }}
            optim.batch_size = {{ choice = [8, 16, 32] }}"
        );
        here.write("search.toml", study);
        here.succeed(&format!("compare search.toml --out {sampler}"));
        let summary = here.json(&format!("{sampler}/summary.json"));
        for variant in ["lstm", "lstm2"] {
            // Of the draws; another seed compares the best of them.
            let of_variant = |trial: &&Value| trial["variant"] == variant && trial["seed"] == 1;
            let all: Vec<&Value> = summary["trials"].as_array().unwrap().iter().filter(of_variant).collect();
            assert_eq!(all.len(), 9, "{sampler}");
            let pruned = all.iter().filter(|trial| trial["state"] == "pruned").count();
            assert_eq!(pruned > 0, prune != "never", "{sampler}: {pruned}");
            assert!(
                all.iter().all(|trial| trial["state"] != "pruned" || trial["epochs"].as_u64().unwrap() < 9)
            );
        }
        assert!(!summary["tasks"][0]["importances"]["effects"].as_array().unwrap().is_empty());
    }
}

#[test]
fn data_sets_are_ranked_together_and_amounts_of_one_are_not() {
    let here = Workspace::new();
    let study = format!(
        "{}
        [grid]
        data.train_limit = [40, 80, 120]
        model.variant = ['lstm', 'lstm3', 'i=xhb,f=hb,o=b']
        run.seed = [1, 2]",
        SHARED.replace("train_limit = 60", "")
    );
    here.write("amounts.toml", study);
    here.succeed("compare amounts.toml");
    let summary = here.json("studies/amounts/summary.json");
    assert_eq!(summary["tasks"].as_array().unwrap().len(), 3);
    assert_eq!(summary["tasks"][1]["name"], "japanese-vowels, train_limit 80");
    // Different amounts of one data set are not a sample of data sets.
    assert!(summary["across"].is_null());

    here.write(
        "sets.toml",
        here.read("amounts.toml")
            .replace("train_limit = [40, 80, 120]", "dataset = ['japanese-vowels', 'digits-rows']"),
    );
    here.succeed("compare sets.toml --set data.train_limit=60");
    let summary = here.json("studies/sets/summary.json");
    assert_eq!(summary["across"]["variants"].as_array().unwrap().len(), 3);
    assert!(summary["across"]["critical_difference"].as_f64().unwrap() > 0.0);
}

#[test]
fn sizes_can_be_matched_by_parameters_or_time() {
    let here = Workspace::new();
    here.write("small.toml", small());
    for by in ["parameters", "time"] {
        here.succeed(&format!(
            "compare small.toml --set compare.match={by} --out {by} --set model.hidden=40"
        ));
        let summary = here.json(&format!("{by}/summary.json"));
        let hidden = |index: usize| summary["tasks"][0]["variants"][index]["hidden"].as_u64().unwrap();
        assert_eq!(hidden(0), 40);
        let study = here.read(&format!("{by}/study.toml"));
        assert!(
            study.contains(&format!("lstm3 = {}", hidden(1))),
            "the size is found once and kept: {study}"
        );
    }
    let summary = here.json("parameters/summary.json");
    assert!(summary["tasks"][0]["variants"][1]["hidden"].as_u64().unwrap() > 40, "slimmer gates, more units");
    let ratio = summary["tasks"][0]["comparisons"][0]["parameters_ratio"].as_f64().unwrap();
    assert!((ratio - 1.0).abs() < 0.05, "{ratio}");

    // A size that a new search would not find stays when trials get another number of threads.
    let size = summary["tasks"][0]["variants"][1]["hidden"].as_u64().unwrap();
    let (found, other) = (format!("lstm3 = {size}"), format!("lstm3 = {}", size + 1));
    here.write("parameters/study.toml", here.read("parameters/study.toml").replace(&found, &other));
    here.succeed("compare parameters --set run.threads=2");
    assert!(here.read("parameters/study.toml").contains(&other));
}

#[test]
fn sizes_are_matched_on_each_data_set_and_for_variants_that_come_later() {
    let here = Workspace::new();
    let study = format!(
        "{}
        [grid]
        data.dataset = ['japanese-vowels', 'digits-rows']
        model.variant = ['lstm', 'lstm3']
        [compare]
        match = 'parameters'",
        SHARED.replace("hidden = 4", "hidden = 20")
    );
    here.write("sizes.toml", study);
    here.succeed("compare sizes.toml");
    let size = |task: usize, variant: usize| {
        let summary = here.json("studies/sizes/summary.json");
        summary["tasks"][task]["variants"][variant]["hidden"].as_u64().unwrap()
    };
    let of_vowels = size(0, 1);
    assert_ne!(of_vowels, size(1, 1), "12 and 28 channels make other sizes equal");
    here.succeed("compare studies/sizes --variants lstm lstm3 lstm2");
    assert_eq!((size(0, 1), size(0, 0)), (of_vowels, 20));
    assert!(size(0, 2) > 20, "the new variant is matched too");
}
