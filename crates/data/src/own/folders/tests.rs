use crate::{Columns, check_unchanged, file::pack};
use crate::{
    DataConfig, DataError, Entry, Finding, Preprocessing, Task, find, findings, prepare, read_inputs,
};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A folder with these files, and its path.
fn folder(files: &[(String, String)]) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        write(folder.path(), name, content.as_bytes());
    }
    let path = folder.path().to_str().unwrap().to_owned();
    (folder, path)
}

fn write(folder: &Path, name: &str, content: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A series of one step more than its number.
fn series(number: usize) -> String {
    let rows = (0..=number).map(|step| format!("{},{}\n", number * 10 + step, step % 3));
    "pressure,flow\n".to_owned() + &rows.collect::<String>()
}

/// So many series in each of two classes.
fn classes(part: &str, count: usize) -> Vec<(String, String)> {
    let name = |number: usize| {
        let class = if number.is_multiple_of(2) { "sound" } else { "leaking" };
        format!("{part}{class}/pump-{number}.csv")
    };
    (0..2 * count).map(|number| (name(number), series(number))).collect()
}

fn entry(path: &str) -> Result<Arc<Entry>, DataError> {
    find(&DataConfig::of(path))
}

fn refusal(files: &[(String, String)]) -> String {
    let (_kept, path) = folder(files);
    entry(&path).err().unwrap().to_string()
}

/// A class folder of ten files, of which the one of this name is another.
fn with(name: &str, content: &str) -> Vec<(String, String)> {
    let mut files = classes("", 5);
    files.retain(|(known, _)| known != name);
    files.push((name.into(), content.into()));
    files
}

#[test]
fn a_folder_is_a_class_and_a_file_a_series() {
    let (_kept, path) = folder(&classes("", 10));
    let found = entry(&path).unwrap();
    assert_eq!((found.lengths, found.recipe.task), ((1, 20), Task::Classification));
    assert_eq!(found.recipe.classes, ["leaking", "sound"]);
    assert_eq!(found.channel_names(), ["pressure", "flow"]);
    assert_eq!((found.recipe.train.sequences, found.recipe.test.sequences), (16, 4));
    assert!(found.is_divided());
    let names: Vec<&str> = found.recipe.test.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("sound/")).count(), 2, "{names:?}");
    let split = "folders without a test part: 20 % of the series, drawn once, in the proportions of their classes are the \
                 test set";
    assert_eq!(found.recipe.split, split);
    let prepared = prepare(&DataConfig { validation_fraction: 0.25, ..DataConfig::of(&path) }).unwrap();
    assert_eq!((prepared.train.len(), prepared.validation.len(), prepared.test.len()), (12, 4, 4));
    // What a file has is what is tested on, and its folder is the answer.
    for (file, sequence) in found.recipe.test.files.iter().zip(&prepared.test) {
        let input = read_inputs(&Path::new(&path).join(&file.name), &prepared.preprocessing).unwrap();
        assert_eq!(input.sequences[0].steps, sequence.features);
        let class = usize::from(file.name.starts_with("sound/"));
        assert_eq!(sequence.target.class(), Some(class), "{}", file.name);
    }
}

#[test]
fn parts_are_folders_above_those_of_classes() {
    let mut files = classes("Train/", 4);
    files.extend(classes("test/", 2));
    let (kept, path) = folder(&files);
    write(kept.path(), "test/sound/pump-9.csv.gz", &pack(b"flow,pressure\n0,90\n1,91\n"));
    let found = entry(&path).unwrap();
    assert_eq!((found.recipe.train.sequences, found.recipe.test.sequences), (8, 5));
    assert!(!found.is_divided());
    let prepared = prepare(&DataConfig { validation_fraction: 0.25, ..DataConfig::of(&path) }).unwrap();
    assert_eq!((prepared.train.len(), prepared.test.len()), (6, 5));
    // The columns may stand in any order.
    write(kept.path(), "new.csv", b"pressure,flow\n90,0\n91,1\n");
    let new = read_inputs(&kept.path().join("new.csv"), &prepared.preprocessing).unwrap();
    assert_eq!(new.sequences[0].steps, prepared.test[4].features);
    // A class may be called as a part is.
    let (_kept, path) = folder(
        &["train/1.csv", "train/2.csv", "bus/1.csv", "bus/2.csv"].map(|name| (name.into(), series(3))),
    );
    assert_eq!(entry(&path).unwrap().recipe.classes, ["bus", "train"]);
}

#[test]
fn whole_groups_are_divided() {
    let files: Vec<(String, String)> = (0..12)
        .map(|number| {
            let class = ["up", "down"][number % 2];
            (format!("{class}/{number}.csv"), format!("x,site\n1,{0}\n{number},{0}\n", number / 3))
        })
        .collect();
    let (_kept, path) = folder(&files);
    let columns = Columns { group: Some("site".into()), ..Columns::default() };
    let found = find(&DataConfig { columns: columns.clone(), ..DataConfig::of(&path) }).unwrap();
    assert_eq!(found.recipe.groups, ["0", "1", "2", "3"]);
    let site = |name: &str| {
        let number = name.rsplit('/').next().unwrap().trim_end_matches(".csv").parse::<usize>();
        number.unwrap() / 3
    };
    let sites = |part: &crate::SetFiles| part.files.iter().map(|file| site(&file.name)).collect::<Vec<_>>();
    let (train, test) = (sites(&found.recipe.train), sites(&found.recipe.test));
    assert!(!test.is_empty() && train.iter().all(|site| !test.contains(site)), "{train:?} {test:?}");
    // Of given parts, no group is in both.
    let mut parts: Vec<(String, String)> =
        files.iter().map(|(name, text)| (format!("train/{name}"), text.clone())).collect();
    parts.push(("test/up/a.csv".into(), "x,site\n1,3\n".into()));
    let (_kept, path) = folder(&parts);
    let message = find(&DataConfig { columns, ..DataConfig::of(&path) }).err().unwrap().to_string();
    assert!(message.contains("test/up/a.csv:2: the group \"3\" is in the training file"), "{message}");
}

#[test]
fn what_cannot_be_used_is_named_with_its_file() {
    for (name, content, told) in [
        ("sound/pump-4.csv", "pressure\n1\n", "sound/pump-4.csv:1: no column \"flow\"; give the channels"),
        (
            "sound/pump-4.csv",
            "pressure,flow,x\n1,2,3\n",
            "sound/pump-4.csv:1: the column \"x\" is no channel",
        ),
        ("sound/pump-4.csv", "pressure,flow\n1,2\n1,high\n", "sound/pump-4.csv:3: \"high\" is not a number"),
        ("sound/pump-4.csv", "pressure,flow\n", "sound/pump-4.csv:1: a sequence without a single step"),
        ("sound/pump-4.csv", "", "sound/pump-4.csv is empty"),
        ("leaking/pump-1.csv", "1,2\n3,4\n", "leaking/pump-1.csv:1: the first row holds numbers"),
        ("leaking/pump-1.csv", "class,x\nup,1\n", "`data.columns.ignore = [\"class\"]`"),
        ("leaking/pump-1.csv", "id,x\n1,1\n", "the column \"id\" is taken for the series of a row"),
        ("leaking/pump-1.tsv", "pressure\tflow\n1\t2\n", "has two files of one series, leaking/pump-1.tsv"),
    ] {
        let message = refusal(&with(name, content));
        assert!(message.contains(told), "{message}");
    }
    let mut several = with("sound/pump-4.csv", "pressure\n1\n");
    several.push(("sound/pump-6.csv".into(), "flow\n1\n".into()));
    let message = refusal(&several);
    assert!(message.contains("the columns of sound/pump-6.csv differ, too"), "{message}");
    assert!(message.ends_with("pressure, flow, as in leaking/pump-1.csv"), "{message}");
    let one: Vec<_> = classes("", 3).into_iter().filter(|(name, _)| name.starts_with("sound")).collect();
    assert!(refusal(&one).contains("every sequence is of class \"sound\""));
}

#[test]
fn parts_that_do_not_fit_are_named() {
    let message = refusal(&classes("train/", 2));
    assert!(message.contains("has train with folders of classes and no test with such: put"), "{message}");
    let mut files = classes("train/", 2);
    files.extend(classes("test/", 2));
    files.push(("test/stray.csv".into(), series(1)));
    assert!(refusal(&files).contains("has a table in no folder of a class, test/stray.csv"));
    files.pop();
    files.push(("test/worn/pump-9.csv".into(), series(1)));
    let message = refusal(&files);
    assert!(
        message.contains("test/worn/pump-9.csv:2: no training sequence is of class \"worn\""),
        "{message}"
    );
}

#[test]
fn settings_that_ask_for_something_else_are_refused() {
    let (_kept, path) = folder(&classes("", 5));
    let asked = DataConfig { task: Some(Task::Forecast), ..DataConfig::of(&path) };
    assert!(find(&asked).err().unwrap().to_string().contains("`data.task` is forecast"));
    let asked = DataConfig { targets: Some(vec!["flow".into()]), ..DataConfig::of(&path) };
    assert!(find(&asked).err().unwrap().to_string().contains("`data.targets` names numbers"));
    let ignored = Columns { ignore: vec!["flow".into()], ..Columns::default() };
    let found = find(&DataConfig { columns: ignored, ..DataConfig::of(&path) }).unwrap();
    assert_eq!(found.channel_names(), ["pressure"]);
}

#[test]
fn what_is_no_series_is_left_out_with_a_word() {
    let mut files = classes("", 5);
    for name in ["sound/notes.txt", "docs/a.md", "sound/.hidden", ".git/a.csv", "README.md"] {
        files.push((name.into(), series(1)));
    }
    let (_kept, path) = folder(&files);
    assert_eq!(entry(&path).unwrap().recipe.classes, ["leaking", "sound"]);
    let told = findings(&DataConfig::of(&path)).unwrap();
    let left_out = Finding::LeftOut { files: 2, example: "docs".into() };
    assert!(told.contains(&left_out), "{told:?}");
    assert!(
        left_out.to_string().starts_with("2 items among the folders of classes are not read, such as docs")
    );
}

#[test]
fn times_rise_within_a_file() {
    let timed = |from: u32| format!("ds,x\n2024-03-0{from},1\n2024-03-0{},2\n", from + 1);
    let mut files: Vec<(String, String)> =
        (1..9).map(|day| (format!("{}/{day}.csv", ["up", "down"][day as usize % 2]), timed(day))).collect();
    let (_kept, path) = folder(&files);
    let found = entry(&path).unwrap();
    assert_eq!(
        (found.channel_names(), found.columns().unwrap().time.as_deref()),
        (&["x".into()][..], Some("ds"))
    );
    assert!(found.summary.contains("with `ds` for time"), "{}", found.summary);
    files.push(("up/9.csv".into(), "ds,x\n2024-03-02,1\n2024-03-01,2\n".into()));
    assert!(refusal(&files).contains("up/9.csv:3: "));
}

#[test]
fn a_missing_or_a_large_value_is_named_with_its_file() {
    let (_kept, path) = folder(&with("sound/pump-4.csv", "pressure,flow\n1,2\n3,\n"));
    let message = prepare(&DataConfig::of(&path)).unwrap_err().to_string();
    assert!(message.contains("sound/pump-4.csv:3: no number in column `flow`"), "{message}");
    let rule = crate::Missing::Linear;
    prepare(&DataConfig { missing: Some(rule), validation_fraction: 0.25, ..DataConfig::of(&path) }).unwrap();
    let mut parts = classes("train/", 5);
    parts.extend(classes("test/", 1));
    let (kept, path) = folder(&parts);
    write(kept.path(), "test/sound/pump-0.csv", b"pressure,flow\n1,2\n1e300,3\n");
    let message = prepare(&DataConfig { validation_fraction: 0.25, ..DataConfig::of(&path) }).unwrap_err();
    assert!(message.to_string().contains("test/sound/pump-0.csv:3: "), "{message}");
}

#[test]
fn a_run_knows_its_files_and_predicts_on_one_or_a_folder_of_them() {
    let (kept, path) = folder(&classes("", 5));
    let config = DataConfig { validation_fraction: 0.25, ..DataConfig::of(&path) };
    let stored: Preprocessing = prepare(&config).unwrap().preprocessing;
    check_unchanged(&config, &stored, None).unwrap();

    let new = TempDir::new().unwrap();
    for (name, content) in [("b.csv", series(2)), ("a.csv", series(4)), (".DS_Store", String::new())] {
        write(new.path(), name, content.as_bytes());
    }
    let all = read_inputs(new.path(), &stored).unwrap().sequences;
    let found: Vec<(bool, usize)> =
        all.iter().map(|input| (input.name.ends_with("a.csv"), input.steps.len())).collect();
    assert_eq!(found, [(true, 5), (false, 3)]);
    // A table of several has the usual column.
    write(new.path(), "c.csv", b"series,flow,pressure\none,1,2\ntwo,3,4\n");
    assert_eq!(read_inputs(&new.path().join("c.csv"), &stored).unwrap().sequences.len(), 2);
    write(new.path(), "d.csv", b"flow\n1\n");
    let message = read_inputs(new.path(), &stored).unwrap_err().to_string();
    assert!(message.contains("d.csv:1: no column \"pressure\""), "{message}");
    let empty = TempDir::new().unwrap();
    assert!(matches!(read_inputs(empty.path(), &stored), Err(DataError::NoFiles { .. })));

    fs::remove_file(kept.path().join("sound/pump-4.csv")).unwrap();
    let gone = check_unchanged(&config, &stored, None);
    assert!(matches!(gone, Err(DataError::ChangedData { .. })), "{gone:?}");
    write(kept.path(), "sound/pump-4.csv", series(4).as_bytes());
    check_unchanged(&config, &stored, None).unwrap();
    write(kept.path(), "sound/pump-40.csv", series(4).as_bytes());
    assert!(matches!(check_unchanged(&config, &stored, None), Err(DataError::ChangedData { .. })));
}
