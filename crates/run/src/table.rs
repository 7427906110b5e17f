//! Tables of TOML by dotted keys.

use toml::{Table, Value};

use crate::ConfigError;

/// Reads `section.key=value`; a value that is not TOML is taken as text.
pub fn parse_setting(setting: &str) -> Result<(String, Value), ConfigError> {
    let (key, value) =
        setting.split_once('=').ok_or_else(|| ConfigError::NoAssignment(setting.to_owned()))?;
    let value = format!("value = {value}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    Ok((key.trim().to_owned(), value))
}

/// The table of TOML text called `name`, overridden by settings by their dotted keys.
///
/// # Errors
///
/// If the text is not TOML, or a key leads through something that is no table.
pub fn table_with(name: &str, text: &str, settings: &[(String, Value)]) -> Result<Table, ConfigError> {
    let mut table = text.parse::<Table>().map_err(|error| ConfigError::Syntax {
        name: name.to_owned(),
        problem: error.to_string().trim_end().to_owned(),
    })?;
    for section in ["", "grid."] {
        let names = ["model.variant", "model.gates"].map(|name| format!("{section}{name}"));
        if names.iter().all(|name| settings.iter().any(|(key, _)| key == name)) {
            return Err(ConfigError::TwoCells);
        }
    }
    for (key, value) in settings {
        override_key(&mut table, key, value.clone()).ok_or_else(|| ConfigError::unknown_key(key))?;
        // A cell is given by its name or by its terms: the later word replaces the earlier one.
        if let Some(section) = key.strip_suffix("model.variant") {
            take_out(&mut table, &format!("{section}model.gates"));
        } else if let Some(section) = key.strip_suffix("model.gates") {
            take_out(&mut table, &format!("{section}model.variant"));
        }
    }
    Ok(table)
}

fn override_key(table: &mut Table, key: &str, value: Value) -> Option<()> {
    // A quoted key of the text, such as `"optim.learning_rate"` in a study's grid, would stand beside this one.
    table.remove(key);
    let Some((section, name)) = key.split_once('.') else {
        table.insert(key.to_owned(), value);
        return Some(());
    };
    let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    override_key(inner.as_table_mut()?, name, value)
}

/// Removes a dotted key, also where it is quoted as a whole.
fn take_out(table: &mut Table, key: &str) {
    table.remove(key);
    if let Some((section, name)) = key.split_once('.')
        && let Some(inner) = table.get_mut(section).and_then(Value::as_table_mut)
    {
        take_out(inner, name);
    }
}

/// The values of a table by their keys `section.key`, whether it holds them nested or quoted as a whole; in its order.
pub fn by_key(table: Table) -> impl Iterator<Item = (String, Value)> {
    table.into_iter().flat_map(|(section, value)| match value {
        Value::Table(inner) if !section.contains('.') => {
            inner.into_iter().map(|(key, value)| (format!("{section}.{key}"), value)).collect()
        }
        value => vec![(section, value)],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_nested_or_quoted() {
        for text in ["x.y = { log = 1 }\nz = 2", "'x.y' = { log = 1 }\nz = 2", "z = 2\n[x]\ny = { log = 1 }"]
        {
            let mut values: Vec<(String, Value)> = by_key(text.parse().unwrap()).collect();
            values.sort_by(|a, b| a.0.cmp(&b.0));
            let inner = Value::Table(Table::from_iter([("log".to_owned(), Value::Integer(1))]));
            assert_eq!(values, [("x.y".to_owned(), inner), ("z".to_owned(), Value::Integer(2))], "{text}");
        }
    }
}
