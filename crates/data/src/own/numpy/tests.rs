use crate::{DataConfig, DataError, Entry, Preprocessing, Task, find, prepare, read_inputs};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// The bytes of an array.
fn array(descr: &str, shape: &str, fortran: bool, data: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': ({shape}), }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

fn f64s(shape: &str, numbers: &[f64]) -> Vec<u8> {
    let data: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    array("<f8", shape, false, &data)
}

fn bytes(shape: &str, numbers: &[u8]) -> Vec<u8> {
    array("|u1", shape, false, numbers)
}

/// Four sequences of two steps of two channels.
fn x() -> Vec<u8> {
    f64s("4, 2, 2", &(0..16).map(f64::from).collect::<Vec<_>>())
}

fn y() -> Vec<u8> {
    bytes("4,", &[3, 7, 3, 7])
}

fn folder(files: &[(&str, &[u8])]) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let path = folder.path().to_str().unwrap().to_owned();
    (folder, path)
}

fn four(train: (&[u8], &[u8]), test: (&[u8], &[u8])) -> (TempDir, String) {
    folder(&[
        ("x_TRAIN.npy", train.0),
        ("y_train.npy", train.1),
        ("X_test.npy", test.0),
        ("y_test.npy", test.1),
    ])
}

fn zip(arrays: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in arrays {
        zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn entry(path: &str) -> Result<Arc<Entry>, DataError> {
    find(&DataConfig::of(path))
}

fn refusal(train: (&[u8], &[u8]), test: (&[u8], &[u8])) -> String {
    let (_kept, path) = four(train, test);
    entry(&path).err().unwrap().to_string()
}

#[test]
fn four_files_are_a_data_set() {
    let (_kept, path) = four((&x(), &y()), (&x(), &y()));
    let found = entry(&path).unwrap();
    assert_eq!((found.lengths, found.recipe.task), ((2, 2), Task::Classification));
    assert_eq!(
        (&found.recipe.classes[..], found.modality.channels()),
        (&["3".into(), "7".into()][..], Some(2))
    );
    assert_eq!(found.recipe.files().count(), 4);
    let prepared = prepare(&DataConfig { validation_fraction: 0.25, ..DataConfig::of(&path) }).unwrap();
    assert_eq!((prepared.train.len(), prepared.validation.len(), prepared.test.len()), (3, 1, 4));
}

#[test]
fn archives_are_a_data_set() {
    let (x, y) = (x(), y());
    let pair = zip(&[("X", &x), ("y", &y)]);
    let (_kept, path) = folder(&[("train.npz", &pair), ("test.npz", &pair)]);
    let found = entry(&path).unwrap();
    assert_eq!((found.recipe.train.sequences, found.recipe.test.sequences), (4, 4));
    let all = zip(&[
        ("X_train", &x),
        ("y_train", &y),
        ("X_test", &f64s("1, 2, 2", &[9.0; 4])),
        ("y_test", &bytes("1,", &[7])),
    ]);
    let (_kept, path) = folder(&[("pumps.npz", &all)]);
    for path in [path.clone(), format!("{path}/pumps.npz")] {
        let found = entry(&path).unwrap();
        assert_eq!((found.recipe.train.sequences, found.recipe.test.sequences), (4, 1));
        let prepared = prepare(&DataConfig { validation_fraction: 0.25, ..DataConfig::of(&path) }).unwrap();
        assert_eq!((prepared.train.len(), prepared.test.len()), (3, 1));
    }
    let (_kept, path) = folder(&[("pumps.npz", &pair)]);
    let found = entry(&path).unwrap();
    assert_eq!((found.recipe.train.sequences, found.recipe.test.sequences), (3, 1));
    let (_kept, path) = folder(&[("pumps.npz", &zip(&[("a", &x)]))]);
    let message = entry(&path).err().unwrap().to_string();
    assert!(message.contains("pumps.npz: it has no array \"x\" (but a)"), "{message}");
}

#[test]
fn floating_point_answers_are_numbers_unless_they_are_whole_and_few() {
    let task = |y: &[u8]| {
        let (_kept, path) = four((&x(), y), (&x(), y));
        entry(&path).map(|entry| (entry.recipe.task, entry.recipe.targets.len()))
    };
    assert_eq!(task(&f64s("4,", &[0.0, 1.0, 0.0, 1.0])).unwrap(), (Task::Classification, 0));
    assert_eq!(task(&f64s("4,", &[0.5, 1.0, 0.0, 1.0])).unwrap(), (Task::Regression, 1));
    assert_eq!(task(&f64s("4, 2", &[0.5; 8])).unwrap(), (Task::Regression, 2));
    let (_kept, path) = four((&x(), &y()), (&x(), &y()));
    let asked =
        DataConfig { task: Some(Task::Regression), validation_fraction: 0.25, ..DataConfig::of(&path) };
    assert_eq!(find(&asked).unwrap().recipe.targets, ["y"]);
    assert_eq!(prepare(&asked).unwrap().train.len(), 3);
    let marked = [0, 1, 1, 0, 0, 1, 1, 0];
    assert!(task(&f64s("4, 2", &marked.map(f64::from))).err().unwrap().to_string().contains("np.argmax"));
    let message = task(&bytes("4, 2", &marked)).err().unwrap().to_string();
    assert!(message.contains("y_train.npy: it has 2 numbers a sequence"), "{message}");
}

#[test]
fn any_dtype_byte_order_and_order_of_axes_is_the_same() {
    let values: Vec<u8> = (0..8).collect();
    let turned: Vec<u8> = vec![0, 4, 2, 6, 1, 5, 3, 7];
    let as_bytes = |of: &dyn Fn(u8) -> Vec<u8>, values: &[u8]| {
        values.iter().flat_map(|value| of(*value)).collect::<Vec<u8>>()
    };
    let shape = "2, 2, 2";
    let wanted = crate::format::numpy::series(&bytes(shape, &values), "a", 2).unwrap();
    assert_eq!(wanted, [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]);
    let cases = [
        array("|u1", shape, true, &turned),
        array(">f4", shape, false, &as_bytes(&|value| f32::from(value).to_be_bytes().to_vec(), &values)),
        array(">f8", shape, true, &as_bytes(&|value| f64::from(value).to_be_bytes().to_vec(), &turned)),
        array("<i2", shape, false, &as_bytes(&|value| i16::from(value).to_le_bytes().to_vec(), &values)),
        array(">i8", shape, false, &as_bytes(&|value| i64::from(value).to_be_bytes().to_vec(), &values)),
    ];
    for case in cases {
        assert_eq!(crate::format::numpy::series(&case, "a", 2).unwrap(), wanted);
    }
}

#[test]
fn texts_are_classes() {
    let wide: Vec<u8> = ["up", "é", "up", "é"]
        .iter()
        .flat_map(|name| (0..2).map(|at| name.chars().nth(at).map_or(0, u32::from)))
        .flat_map(u32::to_le_bytes)
        .collect();
    let y = array("<U2", "4,", false, &wide);
    let (_kept, path) = four((&x(), &y), (&x(), &y));
    assert_eq!(entry(&path).unwrap().recipe.classes, ["up", "é"]);
    let y = array("|S2", "4,", false, b"upa\0upa\0");
    let (_kept, path) = four((&x(), &y), (&x(), &y));
    assert_eq!(entry(&path).unwrap().recipe.classes, ["a", "up"]);
}

#[test]
fn what_cannot_be_used_is_named_with_its_file() {
    let (x, y) = (x(), y());
    let mut gap: Vec<f64> = (0..16).map(f64::from).collect();
    gap[13] = f64::NAN;
    let object = array("|O", "4, 2, 2", false, &[0; 64]);
    let half = array("<f2", "4, 2, 2", false, &[0; 32]);
    let huge = array("<f8", "4611686018427387904, 8, 2", false, &[0; 64]);
    let mut long = x.clone();
    long[8..10].copy_from_slice(&[0xff, 0xff]);
    for (bad, told) in [
        (f64s("4, 2, 2", &gap), "NaN at [3, 0, 1] is not a finite number"),
        (f64s("16,", &[1.0; 16]), "it has the shape [16], and series have [n, steps, channels]"),
        (object, "Python objects (dtype object)"),
        (half, "is not read; save float32"),
        (f64s("0, 2, 2", &[]), "it is empty"),
        (x[..x.len() - 1].to_vec(), "it is cut off"),
        (x[..20].to_vec(), "it is cut off"),
        (x[..7].to_vec(), "it is cut off"),
        (huge, "it is cut off"),
        (long, "its header is too long"),
        (b"series,class\n".to_vec(), "it is no array of NumPy"),
    ] {
        let message = refusal((&bad, &y), (&x, &y));
        assert!(message.contains("x_TRAIN.npy: ") && message.contains(told), "{message}");
    }
    let message = refusal((&x, &bytes("3,", &[1, 2, 1])), (&x, &y));
    assert!(message.contains("y_train.npy: it has the shape [3] for the 4 sequences"), "{message}");
    let message = refusal((&x, &y), (&f64s("4, 4, 1", &[1.0; 16]), &y));
    assert!(message.contains("X_test.npy: its test sequences have 4 steps of 1 channels"), "{message}");
    let message = refusal((&x, &y), (&x, &bytes("4,", &[3, 7, 3, 8])));
    assert!(message.contains("y_test.npy:4: ") && message.contains("\"8\""), "{message}");
    let message = refusal((&x, &bytes("4,", &[3; 4])), (&x, &y));
    assert!(message.contains("y_train.npy"), "{message}");
    let message = refusal((&x, &f64s("4,", &[0.5, f64::INFINITY, 1.0, 2.0])), (&x, &y));
    assert!(message.contains("y_train.npy: inf at [1] is not"), "{message}");
    let (_kept, path) = folder(&[("X_train.npy", &x), ("y_train.npy", &y)]);
    let message = entry(&path).err().unwrap().to_string();
    assert!(message.contains("has no X_test.npy, y_test.npy, but X_train.npy, y_train.npy"), "{message}");
    let (_kept, path) = folder(&[("pumps.npz", b"PK")]);
    let message = entry(&path).err().unwrap().to_string();
    assert!(message.contains("pumps.npz: it is no .npz file of NumPy"), "{message}");
}

#[test]
fn a_run_predicts_on_an_array() {
    let (kept, path) = four((&x(), &y()), (&x(), &y()));
    let config = DataConfig { validation_fraction: 0.25, ..DataConfig::of(&path) };
    let preprocessing: Preprocessing = prepare(&config).unwrap().preprocessing;
    let file: &Path = &kept.path().join("new.npy");
    fs::write(file, f64s("3, 2, 2", &[1.0; 12])).unwrap();
    let inputs = read_inputs(file, &preprocessing).unwrap();
    assert_eq!(inputs.sequences.len(), 3);
    assert!(inputs.sequences[2].name.ends_with("new.npy#3"));
    fs::write(file, f64s("3, 4", &[1.0; 12])).unwrap();
    let message = read_inputs(file, &preprocessing).unwrap_err().to_string();
    assert!(message.contains("new.npy: ") && message.contains("trained on 2"), "{message}");
}
