//! The columns of a table of the user's own: which of them tells series apart, which is time, and which are channels.

use crate::DataError;
use crate::error::excerpt;
use crate::labels::composed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The names that columns have in the field, in lower case, those that are looked for first before the others.
const SERIES: [&str; 4] = ["series", "unique_id", "series_id", "id"];
const TIME: [&str; 5] = ["ds", "time", "timestamp", "datetime", "date"];
const CLASS: [&str; 2] = ["class", "label"];
/// The column that is forecast beside one of [`SERIES`] or [`TIME`].
const TARGET: &str = "y";

/// The columns of a table of the user's own that are no channels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// Tells series apart; `series`, `unique_id`, `series_id` or `id` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// The time of a row; `ds`, `time`, `timestamp`, `datetime` or `date` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The class of a series, or of a row; `class` or `label` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Series of one group are in one part of the data, be it training, validation or test; none if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Columns that are not read; none if not given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

impl Columns {
    /// True if nothing is said of any column.
    pub fn is_default(&self) -> bool {
        *self == Columns::default()
    }

    /// Those that are named, each with the key of its setting.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let roles =
            [("series", &self.series), ("time", &self.time), ("class", &self.class), ("group", &self.group)];
        let roles = roles.into_iter().filter_map(|(key, name)| Some((key, name.as_deref()?)));
        roles.chain(self.ignore.iter().map(|name| ("ignore", name.as_str())))
    }

    /// The same with the names that the field uses filled in, spelt as in this header. Columns that are targets are not
    /// taken for anything else.
    ///
    /// # Errors
    /// A name that no column has, and a column that is two things.
    pub(crate) fn resolved(
        &self,
        header: &[String],
        targets: &[String],
        file: &str,
    ) -> Result<Columns, DataError> {
        let refused = |key: &'static str, found: &str, problem: String| DataError::ColumnSetting {
            file: file.into(),
            key,
            problem: format!("{:?}, {problem}", excerpt(found)),
            known: excerpt(&header.join(", ")),
        };
        let spelt = |key, name: &str| -> Result<String, DataError> {
            let column = place(header, name).ok_or_else(|| {
                let near = header.iter().find(|column| column.to_lowercase() == name.to_lowercase());
                let near = near.map_or_else(String::new, |near| format!(" (`{near}` is spelt otherwise)"));
                refused(key, name, format!("which no column is called{near}"))
            })?;
            Ok(header[column].clone())
        };
        let given = |key, name: &Option<String>| -> Result<Option<String>, DataError> {
            name.as_deref().map(|name| spelt(key, name)).transpose()
        };
        let mut columns = Columns {
            series: given("series", &self.series)?,
            time: given("time", &self.time)?,
            class: given("class", &self.class)?,
            group: given("group", &self.group)?,
            ignore: self.ignore.iter().map(|name| spelt("ignore", name)).collect::<Result<_, _>>()?,
        };
        let mut taken: Vec<&str> = Vec::new();
        for (key, name) in columns.named() {
            // A series may be a group of its own.
            if taken.contains(&name) && key != "group" {
                return Err(refused(key, name, "which is something else already".into()));
            }
            taken.push(name);
        }
        let is_free = |name: &&String| !taken.contains(&name.as_str()) && place(targets, name).is_none();
        let usual = |names: &[&str]| {
            let called =
                |name: &&str| header.iter().filter(is_free).find(|column| column.to_lowercase() == **name);
            names.iter().find_map(called).cloned()
        };
        let (series, time, class) = (usual(&SERIES), usual(&TIME), usual(&CLASS));
        columns.series = columns.series.take().or(series);
        columns.time = columns.time.take().or(time);
        columns.class = columns.class.take().or(class);
        Ok(columns)
    }

    /// The columns that are none of these, in the order of a header.
    pub(crate) fn others(&self, header: &[String]) -> Vec<String> {
        let is_named = |column: &String| self.named().any(|(_, name)| composed(name) == composed(column));
        header.iter().filter(|column| !is_named(column)).cloned().collect()
    }

    /// The column that is a target by its name alone, in a table that tells series or time by the names of the field.
    pub(crate) fn usual_target<'a>(&self, header: &'a [String]) -> Option<&'a String> {
        let is = |column: &Option<String>, names: &[&str]| {
            column.as_ref().is_some_and(|column| names.contains(&column.to_lowercase().as_str()))
        };
        let beside = is(&self.series, &["unique_id"]) || is(&self.time, &TIME);
        header.iter().find(|column| beside && column.to_lowercase() == TARGET)
    }
}

/// True if a column is called as times usually are.
pub(crate) fn is_time(column: &str) -> bool {
    TIME.contains(&column.to_lowercase().as_str())
}

/// The place of a name in a header, however its accents are encoded.
pub(crate) fn place(header: &[String], name: &str) -> Option<usize> {
    header.iter().position(|column| composed(column) == composed(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &str) -> Vec<String> {
        names.split(',').map(str::to_owned).collect()
    }

    fn resolved(columns: &Columns, names: &str) -> Columns {
        columns.resolved(&header(names), &[], "a").unwrap()
    }

    #[test]
    fn the_names_of_the_field_are_known_in_any_case() {
        for (names, series, time, class) in [
            ("series,class,x", Some("series"), None, Some("class")),
            ("unique_id,ds,y", Some("unique_id"), Some("ds"), None),
            ("ID,Timestamp,Label,value", Some("ID"), Some("Timestamp"), Some("Label")),
            ("id,series,x", Some("series"), None, None),
            ("x,y", None, None, None),
        ] {
            let found = resolved(&Columns::default(), names);
            let found = [found.series, found.time, found.class];
            assert_eq!(found.each_ref().map(Option::as_deref), [series, time, class], "{names}");
        }
    }

    #[test]
    fn what_is_given_comes_before_what_is_usual() {
        let given = Columns {
            series: Some("pump".into()),
            ignore: vec!["time".into(), "note".into()],
            ..Columns::default()
        };
        let found = resolved(&given, "id,pump,time,note,x");
        assert_eq!((found.series.as_deref(), found.time), (Some("pump"), None));
        assert_eq!(given.others(&header("id,pump,time,note,x")), ["id", "x"]);
    }

    #[test]
    fn a_target_is_nothing_else() {
        let found = Columns::default().resolved(&header("id,x,label"), &["label".into()], "a").unwrap();
        assert_eq!(found.class, None);
    }

    #[test]
    fn y_is_a_target_beside_the_names_that_go_with_it() {
        for (names, target) in
            [("unique_id,ds,y", Some("y")), ("ds,Y", Some("Y")), ("series,x,y", None), ("x,y", None)]
        {
            let header = header(names);
            let columns = Columns::default().resolved(&header, &[], "a").unwrap();
            assert_eq!(columns.usual_target(&header).map(String::as_str), target, "{names}");
        }
    }

    #[test]
    fn a_column_that_is_not_there_or_is_two_things_is_refused_by_its_key() {
        let refused =
            |columns: &Columns| columns.resolved(&header("Ds,x,y"), &[], "a").unwrap_err().to_string();
        let time = Columns { time: Some("ds".into()), ..Columns::default() };
        let message = refused(&time);
        assert!(
            message.contains("data.columns.time") && message.contains("`Ds` is spelt otherwise"),
            "{message}"
        );
        let twice = Columns { class: Some("x".into()), ignore: vec!["x".into()], ..Columns::default() };
        assert!(refused(&twice).contains("data.columns.ignore"), "{}", refused(&twice));
    }
}
