//! The question that is asked of a data set.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The question that is asked of each sequence of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// The class of the whole sequence.
    #[default]
    Classification,
    /// The class of each step.
    Labelling,
    /// A number, or several, that belong to the whole sequence.
    Regression,
    /// The next steps of some channels of a longer series.
    Forecast,
}

impl Task {
    /// Its name, as `data.task` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Task::Classification => "classification",
            Task::Labelling => "labelling",
            Task::Regression => "regression",
            Task::Forecast => "forecast",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_written_by_its_name() {
        for task in [Task::Classification, Task::Labelling, Task::Regression, Task::Forecast] {
            assert_eq!(serde_json::to_string(&task).unwrap(), format!("\"{task}\""));
        }
    }
}
