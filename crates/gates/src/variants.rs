//! The named cells.

use thiserror::Error;

use crate::Cell;

/// A named cell: one row of [`VARIANTS`].
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// The name used on the command line and in files.
    pub name: &'static str,
    /// Another name for the same cell, by what it leaves out.
    pub alias: Option<&'static str>,
    /// Its gate terms in the written form.
    pub form: &'static str,
    /// Its source.
    pub source: &'static str,
}

impl Variant {
    /// The cell that the row describes.
    pub fn cell(&self) -> Cell {
        self.form.parse().expect("a test parses every row of the table")
    }
}

const LU: &str = "Lu 2016; Lu and Salem 2017";
const MASK: &str = "one of the eight uniform masks";
const LATER: &str = "Akandeh and Salem 2017 to 2019";

const fn row(name: &'static str, alias: &'static str, form: &'static str, source: &'static str) -> Variant {
    let alias = if alias.is_empty() { None } else { Some(alias) };
    Variant { name, alias, form, source }
}

/// Every named cell: the published four, the rest of the eight uniform masks, the later family.
pub const VARIANTS: [Variant; 16] = [
    row("lstm", "", "xhb", "the standard LSTM without peepholes"),
    row("lstm1", "no-input", "hb", LU),
    row("lstm2", "hidden-only", "h", LU),
    row("lstm3", "bias-only", "b", LU),
    row("no-bias", "", "xh", MASK),
    row("no-hidden", "", "xb", MASK),
    row("input-only", "", "x", MASK),
    row("no-signal", "", "-", MASK),
    row("lstm4", "", "d", LATER),
    row("lstm5", "", "db", LATER),
    row("lstm4a", "", "i=d,f=0.96,o=1", LATER),
    row("lstm5a", "", "i=db,f=0.96,o=1", LATER),
    row("lstm6", "", "i=1,f=0.4,o=1", LATER),
    row("lstm10", "", "i=d,f=d,o=d,c=xdb", LATER),
    row("lstm11", "", "i=db,f=db,o=db,c=xdb", LATER),
    row("lstm-c6", "", "i=1,f=0.4,o=1,c=xdb", "Akandeh and Salem; candidate inferred"),
];

/// Error for a name that no variant has.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("there is no variant `{name}`{}; `slimgate variants` lists them all", did_you_mean(suggestions))]
pub struct UnknownVariant {
    /// The requested name.
    pub name: String,
    /// Similar names that may have been meant.
    pub suggestions: Vec<&'static str>,
}

/// Looks up a variant by its name or alias, ignoring case and accepting `_` for `-`.
pub fn variant(name: &str) -> Result<&'static Variant, UnknownVariant> {
    let wanted = name.to_lowercase().replace('_', "-");
    VARIANTS
        .iter()
        .find(|row| row.name == wanted || row.alias == Some(&wanted))
        .ok_or_else(|| UnknownVariant { name: name.to_owned(), suggestions: similar_names(&wanted) })
}

/// The name of a cell, if it has one.
pub fn name_of(cell: &Cell) -> Option<&'static str> {
    VARIANTS.iter().find(|row| row.cell() == *cell).map(|row| row.name)
}

/// The most similar name, if one is similar enough to have been meant. For `lstm` followed by anything else, all
/// variants with such a name: the most similar one would be `lstm`, the standard cell, which is a different model.
fn similar_names(wanted: &str) -> Vec<&'static str> {
    let names = || VARIANTS.iter().flat_map(|row| [Some(row.name), row.alias]).flatten();
    if wanted.starts_with("lstm") {
        return names().filter(|name| *name != "lstm" && name.starts_with("lstm")).collect();
    }
    let likeness = names().map(|name| (strsim::jaro_winkler(wanted, name), name));
    let nearest = likeness.filter(|&(likeness, _)| likeness > 0.7).max_by(|a, b| a.0.total_cmp(&b.0));
    nearest.map(|(_, name)| name).into_iter().collect()
}

fn did_you_mean(suggestions: &[&str]) -> String {
    let quoted: Vec<String> = suggestions.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => format!(" (did you mean {last}?)"),
        Some((last, others)) => format!(" (did you mean {} or {last}?)", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_parses_and_no_two_rows_are_the_same_cell() {
        for (index, row) in VARIANTS.iter().enumerate() {
            let cell = row.cell();
            assert_eq!(name_of(&cell), Some(row.name));
            assert_eq!(cell.to_string(), row.form, "{} is not in its shortest form", row.name);
            assert!(VARIANTS[..index].iter().all(|earlier| earlier.cell() != cell));
        }
    }

    #[test]
    fn the_eight_uniform_masks_are_all_there() {
        for form in ["xhb", "xh", "xb", "hb", "x", "h", "b", "-"] {
            assert!(name_of(&form.parse().unwrap()).is_some(), "{form} has no name");
        }
    }

    #[test]
    fn an_alias_is_the_same_cell() {
        assert_eq!(variant("no-input").unwrap().name, "lstm1");
        assert_eq!(variant("LSTM_C6").unwrap().name, "lstm-c6");
    }

    #[test]
    fn an_unknown_name_offers_the_nearest() {
        let error = variant("lsmt2").unwrap_err();
        assert_eq!(error.suggestions, ["lstm2"]);
        assert_eq!(
            error.to_string(),
            "there is no variant `lsmt2` (did you mean `lstm2`?); `slimgate variants` lists them all"
        );
        let error = variant("transformer").unwrap_err();
        assert!(error.suggestions.is_empty() && !error.to_string().contains("did you mean"));
    }

    #[test]
    fn an_unknown_number_offers_the_numbered_variants_and_not_the_standard_cell() {
        for name in ["lstm9", "LSTM_9", "lstm22"] {
            let error = variant(name).unwrap_err();
            assert_eq!(error.suggestions.len(), 11);
            assert!(!error.suggestions.contains(&"lstm"));
            assert!(error.to_string().contains("did you mean `lstm1`, `lstm2`, "), "{error}");
            assert!(error.to_string().contains(" or `lstm-c6`?"), "{error}");
        }
    }
}
