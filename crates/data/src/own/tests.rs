use super::*;
use tempfile::TempDir;

fn entry(path: &str) -> Result<Arc<Entry>, DataError> {
    super::entry(&DataConfig::of(path))
}

/// A folder with these files, and its path.
fn folder(files: &[(&str, &str)]) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let path = folder.path().to_str().unwrap().to_owned();
    (folder, path)
}

const TRAIN: &str = "series,class,x,y\na,up,1,2\na,up,3,4\nb,down,5,6\n";
const TEST: &str = "y,x,series,class\n1,2,a,up\n";

#[test]
fn a_path_is_a_folder_and_a_word_is_not() {
    for path in ["./pumps", "data/pumps", "/data/pumps", "..", ".", "pumps/", "..\\pumps", ".pumps"] {
        assert!(is_folder(path), "{path}");
    }
    for name in ["pumps", "digits-rows", "", "a.b"] {
        assert!(!is_folder(name), "{name}");
    }
}

#[test]
fn a_folder_is_called_by_its_own_name() {
    for (dataset, name) in [
        ("digits-rows", "digits-rows"),
        ("./pumps", "pumps"),
        ("../data/pumps/", "pumps"),
        ("/data/pumps", "pumps"),
        ("./.pumps", "pumps"),
        ("./pumps.csv", "pumps"),
        ("/data/pumps.tsv.gz", "pumps"),
        ("/", "data"),
    ] {
        assert_eq!(short_name(dataset), name);
    }
    // The tests of a crate run in its folder.
    assert_eq!(short_name("src/."), "src");
    assert_eq!(short_name("src/format/.."), "src");
}

#[test]
fn an_entry_says_of_a_folder_what_a_recipe_says_of_a_set() {
    let (_kept, path) = folder(&[("train.csv", TRAIN), ("test.csv", TEST)]);
    let found = entry(&path).unwrap();
    assert_eq!((&found.name, found.lengths), (&path, (1, 2)));
    assert_eq!(found.modality, Modality::Series { channels: 2 });
    assert_eq!(found.channel_names(), ["x", "y"]);
    assert_eq!(found.recipe.classes, ["down", "up"]);
    assert_eq!((found.recipe.train.sequences, found.recipe.test.sequences), (2, 1));
    let File { name, bytes, sha256 } = &found.recipe.test.files[0];
    assert_eq!((name.as_str(), *bytes), ("test.csv", TEST.len()));
    assert_eq!(*sha256, checksum::of(TEST.as_bytes()));
    found.require().unwrap();
}

#[test]
fn a_folder_is_read_again_only_when_it_has_changed() {
    let (_kept, path) = folder(&[("train.csv", TRAIN), ("test.csv", TEST)]);
    let first = entry(&path).unwrap();
    assert!(Arc::ptr_eq(&first, &entry(&path).unwrap()));
    fs::write(Path::new(&path).join("test.csv"), format!("{TEST}3,4,b,down\n")).unwrap();
    assert_eq!(entry(&path).unwrap().recipe.test.sequences, 2);
    let refused = first.set.read(&first.recipe.test.files[0]);
    assert!(matches!(refused, Err(DataError::ChangedMeanwhile { .. })));
}

#[test]
fn an_entry_that_is_out_of_date_and_not_used_is_freed() {
    let (_kept, path) = folder(&[("train.csv", TRAIN), ("test.csv", TEST)]);
    let first = Arc::downgrade(&entry(&path).unwrap());
    assert!(first.upgrade().is_some());
    fs::write(Path::new(&path).join("test.csv"), format!("{TEST}3,4,b,down\n")).unwrap();
    entry(&path).unwrap();
    assert!(first.upgrade().is_none());
}

#[test]
fn a_class_that_is_only_tested_is_named_with_its_line() {
    let test = format!("{TEST}1,2,b,left\n");
    let (_kept, path) = folder(&[("train.csv", TRAIN), ("test.csv", test.as_str())]);
    let message = entry(&path).err().unwrap().to_string();
    assert!(message.contains("test.csv:3: ") && message.contains("\"left\""), "{message}");
}

#[test]
fn numbers_that_are_only_tested_raise_the_question_of_measurements() {
    let rows = |from: f64| {
        let row = |number: u32| format!("s{number},{:.2},1\n", from + f64::from(number) * 0.37);
        "series,class,x\n".to_owned() + &(0..40).map(row).collect::<String>()
    };
    let (train, test) = (rows(20.0), rows(20.1));
    let (_kept, path) = folder(&[("train.csv", train.as_str()), ("test.csv", test.as_str())]);
    let message = entry(&path).err().unwrap().to_string();
    let told = "test.csv:2: no training sequence is of class \"20.10\": 40 classes among 40 training sequences are \
                numbers (20.00, 20.37, 20.74, …) and look like measurements";
    assert!(message.contains(told), "{message}");
    // A name among them is only a class without sequences.
    let test = test.replace("20.10", "warm");
    let (_kept, path) = folder(&[("train.csv", train.as_str()), ("test.csv", test.as_str())]);
    assert!(matches!(entry(&path).err().unwrap(), DataError::UntrainedClass { line: 2, .. }));
}

#[test]
fn files_that_are_missing_or_too_many_are_named_with_what_to_put_there() {
    let cases: [(&[&str], &str); 11] = [
        (&[], "has no train.csv and test.csv: put"),
        (&["a.dat", "b.txt"], "has no train.csv and test.csv, but a.dat, b.txt: put"),
        (
            &["a.csv", "b.tsv"],
            "has no train.csv and test.csv, and more than one table, but a.csv, b.tsv: put",
        ),
        (&["a", "b", "c", "d"], "has no train.csv and test.csv, but a, b, c, …: put"),
        (&["TEST.ts"], "has TEST.ts and no TRAIN.ts"),
        (&["A_Train.ts.gz"], "has A_Train.ts.gz and no A_test.ts.gz"),
        (
            &["train.csv", "train.csv.gz", "test.csv"],
            "has files of more than one data set, train.csv, train.csv.gz, test.csv",
        ),
        (&["train.csv"], "has train.csv and no test.csv"),
        (&["test.ts"], "has test.ts and no train.ts"),
        (&["train.csv", "test.ts"], "has files of more than one data set, train.csv, test.ts"),
        (&["train.csv", "test.csv", "train.ts", "test.ts"], "has files of more than one data set"),
    ];
    for (names, problem) in cases {
        let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, TRAIN)).collect();
        let (_kept, path) = folder(&files);
        let message = entry(&path).err().unwrap().to_string();
        assert!(message.contains(&path) && message.contains(problem), "{message}");
        assert!(message.contains("\n  series,class,pressure,flow\n"), "{message}");
    }
}

#[test]
fn the_files_of_an_archive_have_its_name() {
    let series = "@univariate true\n@classLabel true a b\n@data\n1,2:a\n3:b\n";
    for (files, lengths) in [
        (["Pumps_TRAIN.ts", "Pumps_TEST.ts"], (1, 2)),
        (["Pumps_TRAIN.tsv", "Pumps_TEST.tsv"], (2, 3)),
        (["train.tsv", "test.tsv"], (2, 3)),
    ] {
        let rows = if files[0].ends_with("tsv") { "1\t2\t3\t4\n2\t5\t6\tNaN\n" } else { series };
        let (_kept, path) =
            folder(&[(files[0], rows), (files[1], rows), ("README.md", ""), ("other.csv", "")]);
        let found = entry(&path).unwrap();
        assert_eq!((found.lengths, found.recipe.train.sequences), (lengths, 2));
        assert_eq!(found.recipe.train.files[0].name, files[0]);
    }
    for files in [
        ["Pumps_TRAIN.TS", "Pumps_TEST.TS"],
        ["Pumps_train.ts", "Pumps_test.ts"],
        ["TRAIN.ts", "TEST.ts"],
        ["train.ts.gz", "test.ts"],
    ] {
        let (_kept, path) = folder(&[(files[0], series), (files[1], series)]);
        assert_eq!(entry(&path).unwrap().lengths, (1, 2), "{files:?}");
    }
    let (_kept, path) = folder(&[("train.csv.gz", ""), ("test.csv.gz", "")]);
    for (name, text) in [("train.csv.gz", TRAIN), ("test.csv.gz", TEST)] {
        fs::write(Path::new(&path).join(name), file::pack(text.as_bytes())).unwrap();
    }
    let packed = entry(&path).unwrap();
    assert_eq!((packed.lengths, packed.recipe.test.files[0].name.as_str()), ((1, 2), "test.csv.gz"));
    let (_kept, path) = folder(&[("A_TRAIN.ts", series), ("B_TEST.ts", series)]);
    let message = entry(&path).err().unwrap().to_string();
    assert!(message.contains("files of more than one data set, A_TRAIN.ts, B_TEST.ts"), "{message}");
    let (_kept, path) = folder(&[("A_TRAIN.ts", series)]);
    let message = entry(&path).err().unwrap().to_string();
    assert!(message.contains("has A_TRAIN.ts and no A_TEST.ts"), "{message}");
}

#[test]
fn a_class_of_another_spelling_is_the_same_in_both_files() {
    let (train, test) = ("series,class,x\na,1,1\nb,0,2\nc,1.0,3\n", "series,class,x\na,1e0,1\nb,0.0,2\n");
    let (_kept, path) = folder(&[("train.csv", train), ("test.csv", test)]);
    assert_eq!(entry(&path).unwrap().recipe.classes, ["0", "1"]);
    let archive = |names: &str, class: &str| format!("@classLabel true {names}\n@data\n1:{class}\n2:b\n");
    let (train, test) = (archive("Rest b", "rest"), archive("REST b", "rest"));
    let (_kept, path) = folder(&[("train.ts", train.as_str()), ("test.ts", test.as_str())]);
    assert_eq!(entry(&path).unwrap().recipe.classes, ["Rest", "b"]);
    let (train, test) = (archive("caf\u{e9} b", "cafe\u{301}"), archive("cafe\u{301} b", "caf\u{e9}"));
    let (_kept, path) = folder(&[("train.ts", train.as_str()), ("test.ts", test.as_str())]);
    assert_eq!(entry(&path).unwrap().recipe.classes, ["b", "caf\u{e9}"]);
}

#[test]
fn a_folder_that_is_none_is_named() {
    let (_kept, path) = folder(&[("train.ts", TRAIN)]);
    for (name, problem) in [("train.ts", "is a file, and no table"), ("pumps", "is not there")] {
        let path = format!("{path}/{name}");
        let message = entry(&path).err().unwrap().to_string();
        assert!(message.contains(&path) && message.contains(problem), "{message}");
    }
}

/// A build that reads them has tests of its own.
#[test]
#[cfg(not(feature = "parquet"))]
fn a_parquet_table_is_refused_with_the_command_that_builds_its_reader() {
    let (_kept, path) = folder(&[("demand.parquet", "PAR1")]);
    for path in [path.clone(), format!("{path}/demand.parquet")] {
        let message = entry(&path).err().unwrap().to_string();
        let told = "demand.parquet: this build does not read Parquet; build it with `cargo build --release --features parquet`";
        assert!(message.contains(told), "{message}");
    }
}
