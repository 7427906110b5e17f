//! Numbers to predict on that lie far from those that a run was trained on.

use crate::Preprocessing;
use crate::file::count;
use crate::inputs::Found;
use std::collections::BTreeMap;

/// The most standard deviations from the mean of its channel at which a number may be a measurement. The survey of
/// training data asks for twenty ranges of the other values, and a range is at least two deviations; runs store no
/// ranges.
const FAR: f64 = 50.0;
/// The most channels that are named.
const SHOWN: usize = 5;

/// A warning for each channel in which numbers lie far from the training data: the model was never shown their like.
pub(crate) fn warnings(all: &[Found], file: &str, preprocessing: &Preprocessing) -> Vec<String> {
    // By channel: the first of them, and how many others there are.
    let mut channels: BTreeMap<usize, (String, usize)> = BTreeMap::new();
    for found in all {
        for (step, channel, value) in found.numbers(preprocessing) {
            let far = |deviations: &f64| deviations.abs() > FAR;
            let Some(deviations) = preprocessing.deviation(channel, value).filter(far) else { continue };
            let first = || {
                let (line, field) = found.place(step, channel, preprocessing);
                let off = deviations.abs();
                let off = if off < 1e6 { format!("{off:.0}") } else { format!("{off:.0e}") };
                format!(
                    "{file}:{line}: {value:?} ({field}) is {off} standard deviations from the mean of the training data"
                )
            };
            channels.entry(channel).and_modify(|(_, others)| *others += 1).or_insert_with(|| (first(), 0));
        }
    }
    let unnamed = channels.len().saturating_sub(SHOWN);
    let warning = |(at, (first, others)): (usize, (String, usize))| {
        let others = match others {
            0 => String::new(),
            others => {
                format!(", with {} of this channel more than {FAR} away", count(others, "other number"))
            }
        };
        let more = match unnamed {
            1.. if at + 1 == SHOWN => {
                format!("; there are such numbers in {}, too", count(unnamed, "other channel"))
            }
            _ => String::new(),
        };
        format!(
            "{first}{others}: the answer to such a sequence is a guess; if it stands for what is missing, fill that in or \
             leave the sequence out{more}"
        )
    };
    channels.into_values().enumerate().take(SHOWN).map(warning).collect()
}
