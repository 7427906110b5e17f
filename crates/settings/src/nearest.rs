//! The word that was meant.

use crate::{Setting, SettingError};

/// The least similarity of words of which one may be a slip for the other.
const SIMILAR: f64 = 0.75;

/// The most similar of some words, if one is similar enough to have been meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let similar = known.into_iter().map(|known| (strsim::jaro_winkler(word, known), known));
    let similar = similar.filter(|&(similarity, _)| similarity > SIMILAR);
    similar.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// The most similar known key; a key without its section is looked for in every section.
fn nearest_key(key: &str, settings: &[Setting]) -> Option<String> {
    let wanted = key.rsplit('.').next().unwrap_or(key);
    settings
        .iter()
        .map(|setting| {
            let known = setting.key.as_str();
            let name = known.split_once('.').map_or(known, |(_, name)| name);
            // Many know `learning_rate` as `lr`.
            let initials: String = name.split('_').filter_map(|word| word.chars().next()).collect();
            let similarity = if wanted == initials { 1.0 } else { strsim::jaro_winkler(wanted, name) };
            // The section only decides between names: whole keys are alike already where they share it.
            (similarity, strsim::jaro_winkler(key, known), known)
        })
        .filter(|&(similarity, ..)| similarity > SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .map(|(.., known)| known.to_owned())
}

impl SettingError {
    /// The error of a key that none of the settings has, with the nearest one that there is.
    pub fn unknown_key(key: &str, settings: &[Setting]) -> SettingError {
        SettingError::UnknownKey { key: key.to_owned(), nearest: nearest_key(key, settings) }
    }
}
