//! Grouping by a key, in the order in which keys first come.

use std::collections::HashMap;
use std::hash::Hash;

/// The values in groups of one key.
pub(crate) fn grouped<T, K: Eq + Hash>(
    values: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> Vec<Vec<T>> {
    let mut places: HashMap<K, usize> = HashMap::new();
    let mut groups: Vec<Vec<T>> = Vec::new();
    for value in values {
        let place = *places.entry(key(&value)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(value),
            None => groups.push(vec![value]),
        }
    }
    groups
}
