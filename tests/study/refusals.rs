//! Studies that cannot be run, or have nowhere to write.

use std::thread::sleep;
use std::time::Duration;

use super::small;
use crate::support::{Workspace, on_a_small_disk, said};

#[test]
fn a_study_that_cannot_be_run_is_refused_before_anything_is_made() {
    let here = Workspace::new();
    for (text, told) in [
        ("[grid]\noptim.lerning_rate = [1]", "did you mean `optim.learning_rate`?"),
        ("[grid]\nmodel.variant = ['lstm', 'lstmX']", "did you mean `lstm"),
        ("[grid]\noptim.learning_rate = 1", "[grid] takes lists of values"),
        ("[grid]\noptim.learning_rate = [2.0]", "`optim.learning_rate = 2"),
        ("[grid]\noptim.learning_rate = []", "has no values"),
        ("[grid]\nmodel.variant = ['lstm', 'lstm2']\nrun.name = ['a']", "set by the study itself"),
        ("[compare]\nmargn = 1", "margn"),
        ("[compare]\nmargin = -1.0", "compare.margin"),
        ("[compare]\nmargins = 1", "did you mean `compare.margin`?"),
        ("[compare]\nbaseline = 'lstm9'", "not one of the variants"),
        ("[comparre]\nmargin = 1.0", "did you mean [compare]?"),
        ("variants = ['lstm']", "`variants` outside a section (did you mean `variant` in [grid.model]?)"),
        ("hidden = 4", "(did you mean `hidden` in [model]?)"),
        ("seeds = 4", "(did you mean `seeds` in [compare]?)"),
        ("[compare]\nwiden = 'maybe'", "`compare.widen = maybe` cannot be used: must be `true` or `false`\n"),
        (
            "[compare]\nprotocol = 'publish'",
            "`compare.protocol` cannot be `publish` (did you mean `published`?); it must be one of validation, published\n",
        ),
        ("[grid]\nrun.seed = [1.5]", "each must be a whole number from 0"),
        ("[grid]\nrun.seed = [1, 1]", "lists a value twice"),
        ("[grid]\nmodel.variant = [1, 'lstm']", "each must be text"),
        ("[compare]\nmatch = 'parameters'\n[grid]\nmodel.hidden = [4, 8]", "it chooses `model.hidden`"),
        (
            "[search]\ntrials = 5\n[search.ranges]\noptim.schedule = { choice = ['constant', 'cosin', 'linear'] }",
            "did you mean `cosine`?",
        ),
        ("[compare.published]\nfile = 'nowhere.csv'\ntask = 'imdb'", "nowhere.csv"),
        ("[search]\ntrials = 5", "search.ranges"),
        ("[grid]\nmodel.variant = ['lstm', 'xhb', 'lstm1']", "`lstm` and `xhb` are the same cell"),
        ("[grid]\nmodel.variant = ['lstm3']\n[compare]\nbaseline = 'lstm'", "not one of the variants"),
        ("[compare]\nseeds = 1000000000000", "from 1 to 10000"),
        ("[search]\ntrials = 5\n[search.ranges]\noptim.learning_rate = { log = [0.0, 1.0] }", "log = [1e-5"),
        ("[search]\ntrials = 5\n[search.ranges]\nrun.seed = { integer = [1, 9] }", "list it under [grid]"),
        (
            "[search]\ntrials = 5\n[search.ranges]\ndata.dataset = { choice = ['digits-rows', 'japanese-vowels'] }",
            "`data.dataset` cannot be searched: list it under [grid]",
        ),
        (
            "[search]\ntrials = 5\n[search.ranges]\ndata.train_limit = { integer = [20, 60] }",
            "`data.train_limit` cannot be searched",
        ),
        (
            "[search]\ntrials = 5\n[search.ranges]\ndata.seed = { integer = [1, 9] }",
            "`data.seed` cannot be searched",
        ),
        (
            "[search]\ntrials = 5\n[search.ranges]\ndata.validation_fraction = { linear = [0.1, 0.5] }",
            "`data.validation_fraction` cannot be searched",
        ),
        // Its square is 0 in 64 bits.
        (
            "[search]\ntrials = 5\nprune = 'halving'\nreduction = 4294967296\n[search.ranges]\n\
             optim.learning_rate = { log = [1e-4, 1e-1] }",
            "from 2 to 1000",
        ),
        ("[grid]\nrun.seed = [1, 2, 3]\n[compare]\nseeds = 2", "[grid] lists 3 seeds"),
        ("[optim", "not valid TOML"),
    ] {
        assert_refused(&here, text, told);
    }
    assert!(here.refuse("compare nowhere.toml").contains("nowhere.toml"));
    assert!(here.refuse("status .").contains("is not a study folder"));
}

#[test]
fn a_validation_set_against_the_protocol_is_refused() {
    let here = Workspace::new();
    for (text, told) in [
        ("[data]\nvalidation = 'test'", "[compare] protocol = \"published\""),
        ("[grid]\ndata.validation = ['held-out', 'test']", "`data.validation = \"test\"`"),
        (
            "[search]\ntrials = 5\n[search.ranges]\ndata.validation = { choice = ['held-out', 'test'] }",
            "`data.validation = \"test\"`",
        ),
        (
            "[data]\nvalidation = 'held-out'\n[compare]\nprotocol = 'published'",
            "`data.validation = \"held-out\"`",
        ),
    ] {
        assert_refused(&here, text, told);
    }
}

/// Holds that a study is refused with these words, before anything is made.
fn assert_refused(here: &Workspace, text: &str, told: &str) {
    here.write("wrong.toml", text);
    let refusal = here.refuse("compare wrong.toml");
    assert!(refusal.contains(told), "{text}\n{refusal}");
    assert!(!here.path("studies").exists(), "{text}");
}

#[test]
fn data_that_cannot_be_prepared_is_refused_before_anything_is_made() {
    let here = Workspace::new();
    for (setting, told) in
        [("data.validation_fraction=1.5", "data.validation_fraction"), ("data.pad=end", "data.max_length")]
    {
        let refusal = here.refuse(&format!("compare --set {setting}"));
        assert!(refusal.contains(told), "{setting}\n{refusal}");
        assert!(!here.path("studies").exists(), "{setting}");
    }
}

#[test]
fn fewer_seeds_than_the_grid_has_are_refused() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let refusal = here.refuse("compare small.toml --seeds 1");
    assert!(refusal.contains("is 1, but [grid] lists 2 seeds"), "{refusal}");
}

#[test]
fn a_folder_of_another_study_is_not_written_over() {
    let here = Workspace::new();
    here.write("small.toml", small());
    here.run("compare small.toml --out study");
    let before = here.read("study/study.toml");
    let refusal = here.refuse("compare small.toml --set model.hidden=5 --out study");
    assert!(refusal.contains("differs in model.hidden") && refusal.contains("--out"), "{refusal}");
    let refusal = here.refuse("compare small.toml --set compare.protocol=published --out study");
    assert!(refusal.contains("differs in compare.protocol"), "{refusal}");
    assert_eq!(here.read("study/study.toml"), before);
    // More values of a compared setting extend the same study.
    here.run("compare small.toml --variants lstm lstm2 lstm3 --set run.threads=2 --out study");
}

#[test]
fn a_folder_whose_study_cannot_be_read_is_not_written_over() {
    let here = Workspace::new();
    here.write("small.toml", small());
    std::fs::create_dir(here.path("study")).unwrap();
    for damaged in ["[data", "[compare]\nmargin = -1.0\n"] {
        here.write("study/study.toml", damaged);
        let refusal = here.refuse("compare small.toml --out study");
        assert!(refusal.contains("study/study.toml"), "{refusal}");
        assert_eq!(here.read("study/study.toml"), damaged);
    }
}

#[test]
fn of_two_studies_that_begin_in_one_folder_the_later_is_refused() {
    let here = Workspace::new();
    here.write("small.toml", small());
    std::fs::create_dir_all(here.path("study/queue")).unwrap();
    let lease = here.write("study/queue/study.lease", "another process's");
    let mut process = here.command("compare small.toml --out study").spawn().unwrap();
    // It makes this folder once it has found no other study.
    while !here.path("study/trials").exists() {
        assert_eq!(process.try_wait().unwrap(), None);
        sleep(Duration::from_millis(20));
    }
    here.write("study/study.toml", small().replace("hidden = 4", "hidden = 5"));
    std::fs::remove_file(lease).unwrap();
    let said = said(process.wait_with_output().unwrap());
    assert_eq!(said.code, Some(2), "{}\n{}", said.out, said.err);
    assert!(said.err.contains("differs in model.hidden"), "{}", said.err);
}

#[test]
fn a_disk_that_fills_up_stops_the_study_with_one_message() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let full = on_a_small_disk(&here, "192k", "$slimgate compare ../small.toml --out study");
    assert_eq!(full.code, Some(2), "{}\n{}", full.out, full.err);
    let messages = full.err.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(messages.count(), 1, "{}", full.err);
    assert!(full.err.contains("free some space"), "{}", full.err);
}

#[test]
fn a_folder_that_is_read_only_is_told_at_once() {
    let here = Workspace::new();
    here.write("small.toml", small());
    let refused = on_a_small_disk(
        &here,
        "4m",
        "mount -o remount,ro tmpfs . && $slimgate compare ../small.toml --out study",
    );
    assert_eq!(refused.code, Some(2), "{}\n{}", refused.out, refused.err);
    assert!(refused.err.contains("cannot create study/trials"), "{}", refused.err);
}
