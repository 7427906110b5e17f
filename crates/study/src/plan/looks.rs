//! Seeds that are added to a comparison, look by look, until it is decided.

use super::{Group, Planner};
use crate::analysis::outlooks;
use crate::{Outlook, StudyError};

impl Planner<'_> {
    /// Adds the seeds of the next look to each variant on a task that more seeds may still settle, and to the baseline as
    /// many as any variant has. All wait for the last of a look, so that a plan does not depend on who was faster.
    pub(super) fn look(&mut self, groups: &mut [Group]) -> Result<(), StudyError> {
        let looks = self.config.looks();
        if looks.len() < 2 {
            return Ok(());
        }
        let mut at = vec![0; groups.len()];
        while groups.iter().all(|group| group.work.is_empty()) && groups[0].chosen.is_some() {
            let mut added = false;
            for (index, outlook) in self.outlooks(groups)?.into_iter().enumerate() {
                let of = index + 1;
                if outlook == Some(Outlook::Open) && at[of] + 1 < looks.len() {
                    at[of] += 1;
                    added = true;
                    self.compare(&mut groups[of], looks[at[of]])?;
                }
            }
            if !added {
                break;
            }
            let most = at.iter().copied().max().unwrap_or(0);
            at[0] = most;
            self.compare(&mut groups[0], looks[most])?;
        }
        Ok(())
    }

    /// The use of more seeds to each variant but the baseline. A plan is made again whenever a trial ends, and all trials of
    /// the look are at their end: what follows from them is worked out once.
    fn outlooks(&mut self, groups: &[Group]) -> Result<Vec<Option<Outlook>>, StudyError> {
        let last = |group: &Group| Some(group.chosen.as_ref()?.trials.last()?.id.clone());
        let look: Vec<Option<String>> = groups.iter().map(last).collect();
        if let Some(known) = self.records.outlooks.get(&look) {
            return Ok(known.clone());
        }
        let found = outlooks(self.config, groups, self.records)?;
        self.records.outlooks.insert(look, found.clone());
        Ok(found)
    }
}
