//! Texts in all scripts: a model learns what distinguishes them, and says what it does not know.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::checkpoints::recorded;
use crate::support::{Workspace, assert_says, lines};

/// Settings of a run on `./texts` that learns two kinds of text.
const RUN: &str = "train --no-tui --dataset ./texts --hidden 8 --epochs 40 --learning-rate 1e-2 --batch-size 8 \
                   --threads 1 --set model.embedding=8";

/// Makes `./texts`: 60 texts to train on and 20 to test on, of two classes in turn; `{n}` is the text's number in the
/// training file, and nothing in the test file.
fn texts(here: &Workspace, [positive, negative]: [&str; 2]) {
    let table = |count: usize, numbered: bool| {
        let row = |number: usize| {
            let (class, text) = [("positive", positive), ("negative", negative)][number % 2];
            let number = if numbered { number.to_string() } else { String::new() };
            format!("{class},{}\n", text.replace("{n}", &number))
        };
        "class,text\n".to_owned() + &(0..count).map(row).collect::<String>()
    };
    fs::create_dir_all(here.path("texts")).unwrap();
    here.write("texts/train.csv", table(60, true));
    here.write("texts/test.csv", table(20, false));
}

fn accuracy(here: &Workspace, run: &str) -> f64 {
    let evaluation: Value = serde_json::from_str(&here.succeed(&format!("evaluate {run} --json"))).unwrap();
    evaluation["accuracy"].as_f64().unwrap()
}

#[test]
fn what_sets_texts_apart_is_learned_in_any_script() {
    let here = Workspace::new();
    for (name, pair) in [
        ("hindi", ["बहुत अच्छी फिल्म", "बहुत बुरी फिल्म"]),
        // They differ only in a vowel sign.
        ("signs", ["फिल्म की", "फिल्म का"]),
        ("cjk", ["这部电影很好看{n}", "这部电影很难看{n}"]),
        ("emoji", ["😀 👍", "😡 👎"]),
        ("joined", ["👩\u{200d}💻 here", "👩\u{200d}🚒 here"]),
        ("cpp", ["C++ rocks", "C rocks"]),
        ("sharp", ["I write C#", "I write C"]),
        ("thai", ["หนังดี{n}", "หนังแย่{n}"]),
        ("smiles", ["fine :-)", "fine :-("]),
    ] {
        texts(&here, pair);
        here.succeed(&format!("{RUN} --name {name}"));
        assert_eq!(accuracy(&here, &format!("runs/{name}")), 1.0, "{name}");
    }
}

#[test]
fn scripts_without_spaces_can_be_read_by_characters() {
    let here = Workspace::new();
    // A word that is new in every text, distinguished by its last letter.
    texts(&here, ["wort{n}a", "wort{n}b"]);
    here.succeed(&format!("{RUN} --set data.tokens=characters --name one"));
    assert_eq!(accuracy(&here, "runs/one"), 1.0);
    let refusal = here.refuse(&format!("{RUN} --set data.tokens=charakters --name two"));
    assert_says(&refusal, &["data.tokens", "did you mean", "characters"]);
}

/// A letter with an accent can be written as one character or as two.
#[test]
fn the_form_of_a_word_does_not_matter() {
    let here = Workspace::new();
    texts(&here, ["bel \u{e9}t\u{e9}", "triste hiver"]);
    here.succeed(&format!("{RUN} --name one"));
    here.write("one.txt", "bel \u{e9}t\u{e9}\nBEL E\u{301}TE\u{301}\nbel ete\n");
    let said = lines(&here.succeed("predict runs/one --json --input one.txt"));
    assert_eq!(said[0]["probabilities"], said[1]["probabilities"]);
    assert_ne!(said[0]["probabilities"], said[2]["probabilities"]);
}

#[test]
fn texts_of_unknown_words_are_warned_of() {
    let here = Workspace::new();
    texts(&here, ["good film", "bad film"]);
    here.write(
        "texts/test.csv",
        "class,text\npositive,good film\nnegative,ein langer Krimi\nnegative,Kino\n",
    );
    let figures = ["warning: of 2 of the 3 test texts", "(67 % of all words are not)", "data.tokens"];
    let said = here.run(&format!("{RUN} --name one"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_says(&said.err, &figures);
    assert_says(&here.run("evaluate runs/one").err, &figures);
    assert_says(&here.run("data show ./texts").out, &figures);

    here.write("new.txt", "good film\nzwei Stunden\n");
    let said = here.run("predict runs/one --input new.txt");
    assert_says(&said.err, &["warning: of 1 of the 2 given texts", "(50 % of all words", "new.txt:2"]);
    here.write("new.txt", "good film\nbad film\n");
    assert_eq!(here.run("predict runs/one --input new.txt").err, "");
}

/// Vocabularies of earlier versions consisted of runs of letters and digits.
#[test]
fn a_run_of_an_earlier_version_keeps_its_rule() {
    let here = Workspace::new();
    recorded(&here, "words-0.1");
    here.write("new.txt", "this film, a++ movie\nthis #film a movie\n");
    let said = lines(&here.succeed("predict runs/old --json --input new.txt"));
    assert_eq!(said[0]["probabilities"], said[1]["probabilities"]);
    here.succeed("train --no-tui --resume runs/old --epochs 3");
    assert!(!here.read("runs/old/preprocessing.json").contains("\"tokens\""));
}

#[test]
fn a_study_of_an_earlier_version_goes_on_by_its_rule() {
    let here = Workspace::new();
    texts(&here, ["C++ rocks", "C rocks"]);
    let study = "
        data.dataset = './texts'
        model = { hidden = 3, embedding = 3 }
        optim.epochs = 1
        [grid]
        model.variant = ['lstm', 'lstm3']
        [compare]
        seeds = 2";
    here.write("old.toml", study);
    here.succeed("compare old.toml --set data.tokens=alphanumeric");
    // As an earlier version would have written it.
    let mut written = vec![here.path("studies/old/study.toml")];
    let trials = || -> BTreeSet<_> {
        let folders =
            fs::read_dir(here.path("studies/old/trials")).unwrap().map(|trial| trial.unwrap().path());
        folders.filter(|trial| trial.join("config.toml").exists()).collect()
    };
    let before = trials();
    written.extend(before.iter().map(|trial| trial.join("config.toml")));
    for file in &written {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains("tokens = \"alphanumeric\"\n"), "{text}");
        fs::write(file, text.replace("tokens = \"alphanumeric\"\n", "")).unwrap();
    }
    for trial in &before {
        here.forget_what_it_was_begun_with(trial.to_str().unwrap());
    }

    here.succeed("compare old.toml --seeds 3");
    let after = trials();
    assert!(after.is_superset(&before) && after.len() == before.len() + 2, "{before:?}\n{after:?}");
    for trial in after {
        let preprocessing = fs::read_to_string(trial.join("preprocessing.json")).unwrap();
        assert!(!preprocessing.contains("\"tokens\"") && !preprocessing.contains("c++"), "{preprocessing}");
    }
    // A new one finds words by the new rule.
    here.succeed("compare old.toml --out studies/new");
    let trial = fs::read_dir(here.path("studies/new/trials")).unwrap().next().unwrap().unwrap().path();
    assert!(fs::read_to_string(trial.join("preprocessing.json")).unwrap().contains("c++"));
}
