//! Tables that are damaged on purpose: each is refused with its file, line and remedy, or read as it was meant.

use slimgate_data::{Columns, DataConfig, Task, prepare};
use std::fs;
use tempfile::TempDir;

/// The outcome of reading one table: nothing, or what was said of it.
fn said(name: &str, content: &[u8], config: DataConfig) -> Option<String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let dataset = path.to_str().unwrap().to_owned();
    let config = DataConfig { dataset, context: Some(2), horizon: Some(1), ..config };
    let refusal = prepare(&config).err()?.to_string();
    Some(refusal.replace(&format!("{}/", folder.path().display()), ""))
}

/// Sixty days of one series, with another row in the place of one of them.
fn days(at: usize, row: &str) -> String {
    let rows =
        (1..=60).map(|day| if day == at { row.to_owned() } else { format!("{},{}", date(day), day % 7) });
    format!("ds,y\n{}\n", rows.collect::<Vec<_>>().join("\n"))
}

/// A day of January or February.
fn date(day: usize) -> String {
    format!("2024-{:02}-{:02}", 1 + (day - 1) / 31, 1 + (day - 1) % 31)
}

/// Twenty series of two classes, and more rows below them.
fn series(rows: &str) -> String {
    let others: String = (0..20).map(|at| format!("s{at},{},{at}\n", ["up", "down"][at % 2])).collect();
    format!("series,class,x\n{others}{rows}")
}

/// Checks that files are refused with a message that has these parts.
fn are_refused(cases: &[(&str, String, &[&str])]) {
    for (what, content, told) in cases {
        let said = said("a.csv", content.as_bytes(), DataConfig::default())
            .unwrap_or_else(|| panic!("{what} was read"));
        for part in *told {
            assert!(said.contains(part), "{what}: {part}\n{said}");
        }
    }
}

#[test]
fn damaged_numbers_and_rows_are_refused_with_their_place_and_a_remedy() {
    are_refused(&[
        ("a wrong delimiter", "series class x\na up 1\n".into(), &["a.csv:1: ", "series class x"]),
        (
            "decimal commas among points",
            "series;class;x\na;up;1,5\nb;down;2.5\n".into(),
            &["a.csv:3: \"2.5\"", "line 2", "write all with a point or all with a comma"],
        ),
        (
            "decimal commas between commas",
            series("s,up,1,5\n"),
            &["a.csv:22: 4 columns where 3 belong", "give every row the same columns"],
        ),
        (
            "decimal commas in quotes",
            series("s,up,\"1,5\"\n"),
            &["a.csv:22: \"1,5\" has a decimal comma", "1.5"],
        ),
        (
            "thousands",
            "ds;y\n1;1.234,5\n".into(),
            &["a.csv:2: \"1.234,5\"", "leave out those between thousands"],
        ),
        ("a ragged row", series("s,up\n"), &["a.csv:22: 2 columns where 3 belong"]),
        (
            "a word for no number",
            series("s,up,NaN\n"),
            &["a.csv:22: no number in column `x`; 1 value is missing in all", "fill in", "`data.missing`"],
        ),
        (
            "another word",
            series("s,up,n/a\n"),
            &["a.csv:22: no number in column `x`; 1 value is missing in all", "fill in", "`data.missing`"],
        ),
        ("text", series("s,up,warm\n"), &["a.csv:22: \"warm\" is not a number", "data.columns.ignore"]),
        (
            "a time twice",
            days(9, "2024-01-08,3"),
            &[
                "a.csv:10: 2024-01-08 comes twice in the table, in line 9, too (column `ds`)",
                "data.columns.series",
            ],
        ),
    ]);
}

#[test]
fn damaged_times_and_tables_are_refused_with_their_place_and_a_remedy() {
    are_refused(&[
        (
            "times that go back",
            days(9, "2024-01-02,3"),
            &[
                "a.csv:10: 2024-01-02 in the table comes after 2024-01-08 (line 9) (column `ds`)",
                "sort the rows",
            ],
        ),
        (
            "a gap",
            days(9, "2024-01-10,3").replace("\n2024-01-10,3\n2024-01-10,3", "\n2024-01-10,3"),
            &[
                "a.csv:10: one row of the table",
                "between 2024-01-08 (line 9) and 2024-01-10",
                "fill in",
                "data.columns.ignore",
            ],
        ),
        (
            "an odd step",
            days(9, "2024-01-09 12:00,3"),
            &[
                "a.csv:10: the table has an odd step from 2024-01-08 (line 9) to 2024-01-09 12:00",
                "steps of day",
            ],
        ),
        (
            "a time of another kind",
            days(9, "9,3"),
            &["a.csv:10: \"9\" is of another form than the first time"],
        ),
        (
            "what is no time",
            days(9, "9 Jan,3"),
            &["a.csv:10: \"9 Jan\" is no time (column `ds`)", "2024-03-31"],
        ),
        ("unequal channels", series("s,up,1,2,3\n"), &["a.csv:22: 5 columns where 3 belong"]),
        (
            "one class",
            "series,class,x\na,up,1\nb,up,2\n".into(),
            &["a.csv: every sequence is of class \"up\"", "at least two"],
        ),
        ("no header", "1,2,3\n4,5,6\n".into(), &["a.csv:1: the first row holds numbers", "column names"]),
        ("an empty file", String::new(), &["a.csv is empty"]),
        (
            "one row to forecast",
            "ds,y\n1,2\n".into(),
            &["a.csv holds too few rows of a series to be divided"],
        ),
        ("a header alone", "series,class,x\n".into(), &["a.csv has no sequence in it"]),
        (
            "no answer",
            "series,x\na,1\n".into(),
            &["a.csv:1: there is no column `class` among series, x", "data.targets"],
        ),
        (
            "one series",
            "series,class,x\na,up,1\na,up,2\n".into(),
            &["a.csv holds too few series to be divided", "data.columns.series"],
        ),
    ]);
}

#[test]
fn what_only_looks_damaged_is_read() {
    let plain = series("");
    for (what, content) in [
        ("a mark in front", format!("\u{feff}{plain}")),
        ("lines as Windows ends them", plain.replace('\n', "\r\n")),
        ("lines as they ended of old", plain.replace('\n', "\r")),
        ("semicolons", plain.replace(',', ";")),
        (
            "semicolons and decimal commas",
            plain.replace(',', ";").replace("\n", ",5\n").replacen("x,5", "x", 1),
        ),
        ("tabs", plain.replace(',', "\t")),
        ("bars", plain.replace(',', "|")),
        ("a line for Excel", format!("sep=;\n{}", plain.replace(',', ";"))),
        ("days without a gap", days(99, "")),
    ] {
        assert_eq!(said("a.csv", content.as_bytes(), DataConfig::default()), None, "{what}");
    }
    assert_eq!(said("a.tsv", plain.replace(',', "\t").as_bytes(), DataConfig::default()), None);
}

#[test]
fn settings_that_do_not_fit_a_table_are_named() {
    let columns = |change: &dyn Fn(&mut Columns)| {
        let mut columns = Columns::default();
        change(&mut columns);
        DataConfig { columns, ..DataConfig::default() }
    };
    let targets = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let table = "unique_id,ds,y,note\na,1,2,x\na,2,3,x\n";
    for (config, content, told) in [
        (
            columns(&|columns| columns.time = Some("day".into())),
            table,
            "`data.columns.time` has \"day\", which no column",
        ),
        (columns(&|columns| columns.ignore = vec!["Note".into()]), table, "(`note` is spelt otherwise)"),
        (
            DataConfig { targets: targets(&["z"]), ..DataConfig::default() },
            table,
            "`data.targets` has \"z\", which is no",
        ),
        (
            DataConfig { targets: targets(&["y", "y"]), ..DataConfig::default() },
            table,
            "a column that is there twice",
        ),
        (
            DataConfig { targets: Some(Vec::new()), ..DataConfig::default() },
            "a\n1\n",
            "`data.targets` is an empty list",
        ),
        (
            DataConfig { task: Some(Task::Forecast), ..DataConfig::default() },
            "a,b\n1,2\n",
            "name it with `data.targets`",
        ),
        (
            DataConfig { task: Some(Task::Labelling), ..DataConfig::default() },
            "a,b\n1,2\n",
            "there is no column `class`",
        ),
        (
            DataConfig { targets: targets(&["x"]), ..DataConfig::default() },
            "series,class,x\na,up,1\n",
            "give `data.task`",
        ),
        (DataConfig::default(), "id,ds,y\n1,1,2\n2,2,3\n", "every row has another \"id\""),
        (columns(&|columns| columns.class = Some("x".into())), "id,x,z\na,,1\n", "the column `x` is empty"),
    ] {
        let said = said("a.csv", content.as_bytes(), config).unwrap_or_else(|| panic!("{told}"));
        assert!(said.contains(told), "{told}\n{said}");
    }
}
