//! Settings as their types describe them.
//!
//! A setting is a field with a doc comment (its meaning), a default, and bounds in a `schemars` attribute. All else is
//! read out of the JSON Schema that follows from the type: the list that people read, and the check of keys and values.
//!
//! | module | holds |
//! |---|---|
//! | `schema` | the schema of a type |
//! | `setting` | the settings of a schema, each with its meaning, default and allowed values |
//! | `values` | the values that a setting takes: their check, and their words |
//! | `nearest` | the word that was meant |
//! | `error` | a key or a value that cannot be used |

mod error;
mod nearest;
mod schema;
mod setting;
mod values;

pub use error::SettingError;
pub use nearest::nearest;
pub use schema::schema_of;
pub use setting::{Setting, check, settings_of};
