//! What is found once, when a study begins, and kept in its folder.

use std::path::Path;

use slimgate_train::{Interrupter, TrainError};

use crate::analysis::published;
use crate::space::{Space, hidden_sizes};
use crate::{Sizes, StudyConfig, StudyError, StudyFolder};

/// The study with all that is found once and kept, and its folder. Everything is checked before anything is written.
pub(crate) fn settle(
    path: &Path,
    mut config: StudyConfig,
    interrupter: &Interrupter,
) -> Result<(StudyFolder, StudyConfig, Space), StudyError> {
    let figures = published::figures(path, &config)?;
    if let Some(by) = config.compare.matched {
        config.compare.hidden.clear();
        let tasks = Space::new(&config)?.tasks;
        let known = sizes_in(path, &config);
        config.compare.hidden = hidden_sizes(&config, &tasks, by, known)?;
    }
    let mut space = Space::new(&config)?;
    space.require_data()?;
    if interrupter.should_stop() {
        return Err(TrainError::Interrupted.into());
    }
    let folder = StudyFolder::create(path)?;
    let _claim = folder.wait_for("study")?;
    if config.compare.matched.is_some() {
        // Of two processes that measured at the same time, the first decides.
        for (task, sizes) in sizes_in(path, &config) {
            config.compare.hidden.entry(task).or_default().extend(sizes);
        }
        space = Space::new(&config)?;
    }
    if let (Some(published), Some(figures)) = (&mut config.compare.published, figures) {
        published.file = folder.keep_figures(&figures)?;
    }
    folder.write_config(&config)?;
    Ok((folder, config, space))
}

/// The hidden sizes that the study in a folder has, where they are those of this study.
fn sizes_in(path: &Path, config: &StudyConfig) -> Sizes {
    let earlier = StudyFolder::open(path).and_then(|folder| folder.config());
    let same = |earlier: &StudyConfig| {
        earlier.compare.matched == config.compare.matched
            && earlier.base == config.base
            && earlier.compare.baseline == config.compare.baseline
    };
    earlier.ok().filter(same).map(|earlier| earlier.compare.hidden).unwrap_or_default()
}
