//! Findings about a folder of the user's own, before anything is trained on it.

mod channel;
mod dropped;
mod finding;
mod texts;

use crate::error::excerpt;
use crate::examples::{Labelled, locate};
use crate::file::Field;
use crate::preprocessing::Overflow;
use crate::recipe::Format;
use crate::{
    DataConfig, DataError, Protocol, Task, TestSet, Windows, find, labels, missing, validation_sequences,
};
use channel::Channel;
pub use finding::{FillValue, Finding};
use texts::left_out_of;
#[cfg(test)]
pub(crate) use texts::same_tokens;
pub(crate) use texts::several_lines;

/// A range that is so many times smaller than the numbers in it leaves `f32` no more than a thousand steps.
const SMALL_RANGE: f64 = 16_384.0;
/// The same of a channel that only rises, as time does.
const SMALL_RISE: f64 = 100.0;
/// The share from which a class outweighs the others.
const UNBALANCED: f64 = 0.8;
/// Fewer sequences make a validation set on which choices are largely chance: an accuracy has a standard error of more
/// than 5 points.
pub const FEW_VALIDATION_SEQUENCES: usize = 100;

/// The content of a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Its classes; none where it is asked for numbers.
    pub classes: Vec<ClassCount>,
    /// The channels of its series; none of texts.
    pub channels: Vec<ChannelRange>,
    /// Findings about its files.
    pub findings: Vec<Finding>,
}

/// The number of sequences of a class, or of steps, where these have classes.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassCount {
    /// Its name.
    pub name: String,
    /// In the training file.
    pub train: usize,
    /// In the test file.
    pub test: usize,
}

/// The training values of a channel, those far outside the rest left out.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelRange {
    /// Its name, or its number.
    pub name: String,
    /// The least of its values.
    pub least: f64,
    /// The greatest of them.
    pub most: f64,
    /// Those of its values that are missing, if any are.
    pub missing: Option<MissingValues>,
}

/// The missing values of a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct MissingValues {
    /// Their number in the training part.
    pub train: usize,
    /// Their number in the test part.
    pub test: usize,
    /// The file of the first.
    pub file: String,
    /// Its line.
    pub line: usize,
    /// Its place in the line, as messages call it.
    pub field: String,
}

impl MissingValues {
    /// Their number in both parts.
    pub fn values(&self) -> usize {
        self.train + self.test
    }
}

/// The training or the test part, with its files.
#[derive(Clone, Copy)]
pub(crate) struct PartOf<'a> {
    /// The file of all its sequences, or those of each.
    pub files: &'a [&'a str],
    /// The content of the first.
    pub bytes: &'a [u8],
    pub sequences: &'a [Labelled],
    /// The line of each step of these; empty where the file is read again to find it.
    pub lines: &'a [Vec<usize>],
}

impl<'a> PartOf<'a> {
    /// The file that a sequence is in.
    fn file(&self, sequence: usize) -> &'a str {
        self.files.get(sequence).unwrap_or(&self.files[0])
    }
}

/// The findings for a training as `config` says. Of a set of the catalog the split alone is looked at.
///
/// # Errors
/// An unknown data set, or a folder whose files cannot be used.
pub fn findings(config: &DataConfig) -> Result<Vec<Finding>, DataError> {
    let entry = find(config)?;
    let mut findings = entry.survey.as_ref().map_or_else(Vec::new, |survey| survey.findings.clone());
    missing::check(config, &entry)?;
    if let Some(survey) = &entry.survey {
        findings.extend(missing::finding(config, survey));
        findings.extend(windows_notice(entry.recipe.windows, config));
    }
    findings.extend(left_out_of(&entry, config.tokens)?);
    let sequences = validation_sequences(config)?;
    // One that is empty is refused.
    let few = (1..FEW_VALIDATION_SEQUENCES).contains(&sequences);
    // How far other scores are off is not known.
    let is_of_classes = entry.recipe.task == Task::Classification;
    if config.validation == Protocol::Validation && is_of_classes && few {
        findings.push(Finding::SmallValidation { sequences });
    }
    Ok(findings)
}

/// The windows of a forecast on data of the user's own that the settings do not say, in words.
fn windows_notice(usual: Option<Windows>, config: &DataConfig) -> Option<Finding> {
    let Windows { context, horizon, stride, season } = usual?;
    let settings = [
        ("context", config.context, context),
        ("horizon", config.horizon, horizon),
        ("stride", config.stride, stride),
        ("season", config.season, season),
    ];
    let settings = settings.into_iter().filter(|(_, given, _)| given.is_none());
    let settings: Vec<String> = settings.map(|(key, _, usual)| format!("data.{key} = {usual}")).collect();
    let told = || format!("windows are cut with {}, unless the settings say others", settings.join(", "));
    (!settings.is_empty()).then(|| Finding::Notice(told()))
}

/// The largest standard error that an accuracy on so many sequences can have: that of one half.
pub fn standard_error(sequences: usize) -> f64 {
    0.5 / (sequences.max(1) as f64).sqrt()
}

impl Survey {
    /// The value that keeps a model from learning from the training file, if there is one; from both files where the test
    /// set is drawn from them.
    pub fn hiding_value(&self, test: TestSet) -> Option<&FillValue> {
        let hides = |fill: &FillValue| fill.hides || (test == TestSet::Drawn && fill.would_hide);
        self.findings.iter().find_map(|finding| match finding {
            Finding::FillValue(fill) if hides(fill) => Some(fill),
            _ => None,
        })
    }

    pub(crate) fn of(
        format: &Format,
        channels: Option<usize>,
        classes: &[String],
        train: PartOf,
        test: PartOf,
    ) -> Result<Survey, DataError> {
        let counts = class_counts(classes, format, train.sequences, test.sequences);
        let mut findings = Vec::new();
        if !counts.is_empty() {
            findings.extend(class_finding(&counts, train.sequences.len()));
        }
        findings.extend(label_findings(&counts));
        let mut ranges = Vec::new();
        if let Some(channels) = channels {
            let names = channel_names(format, channels);
            for (at, channel) in survey(channels, train.sequences).into_iter().enumerate() {
                let (fills, least, most) = fill_values(&channel, at, format, train, true)?;
                findings.extend(channel_finding(&names[at], least, most, channel.only_rises()));
                findings.extend(fills);
                let name = names[at].trim_start_matches("column ").trim_matches('`').to_owned();
                let missing = missing_values(&channel, at, format, train)?;
                ranges.push(ChannelRange { name, least, most, missing });
            }
            for (at, channel) in survey(channels, test.sequences).into_iter().enumerate() {
                findings.extend(fill_values(&channel, at, format, test, false)?.0);
                let missing = missing_values(&channel, at, format, test)?;
                ranges[at].missing = in_both(ranges[at].missing.take(), missing);
            }
        }
        for part in [train, test] {
            let texts = part.sequences.iter().filter_map(|one| Some((one.line, one.raw.text()?)));
            findings.extend(several_lines(part.file(0), texts));
        }
        Ok(Survey { classes: counts, channels: ranges, findings })
    }
}

fn class_counts(
    classes: &[String],
    format: &Format,
    train: &[Labelled],
    test: &[Labelled],
) -> Vec<ClassCount> {
    let count = |sequences: &[Labelled]| {
        let mut counts = vec![0; classes.len()];
        for sequence in sequences {
            if let Some(class) = labels::find(classes, &sequence.class, format.any_case()) {
                counts[class] += 1;
            }
        }
        counts
    };
    let counts = count(train).into_iter().zip(count(test)).zip(classes);
    counts.map(|((train, test), name)| ClassCount { name: name.clone(), train, test }).collect()
}

/// The number of steps of each class in the training and the test part; those without a class are of none.
pub(crate) fn class_counts_of_steps(classes: &[String], parts: [&[(String, usize)]; 2]) -> Vec<ClassCount> {
    let [train, test] = parts.map(|steps| {
        let mut counts = vec![0; classes.len()];
        for at in steps.iter().filter_map(|(class, _)| labels::find(classes, class, false)) {
            counts[at] += 1;
        }
        counts
    });
    let counts = train.into_iter().zip(test).zip(classes);
    counts.map(|((train, test), name)| ClassCount { name: name.clone(), train, test }).collect()
}

/// The finding that the classes of so many training sequences look like measurements, if they do.
pub(crate) fn measured<S: AsRef<str>>(classes: &[S], sequences: usize) -> Option<Finding> {
    let names: Vec<&str> = classes.iter().map(AsRef::as_ref).collect();
    look_measured(&names, sequences).then(|| Finding::NumericClasses {
        classes: names.len(),
        sequences,
        examples: examples(&names),
    })
}

/// The first of some classes.
fn examples(classes: &[&str]) -> String {
    let shown = classes.iter().take(3).map(|name| excerpt(name)).collect::<Vec<_>>().join(", ");
    if classes.len() > 3 { shown + ", …" } else { shown }
}

fn class_finding(classes: &[ClassCount], sequences: usize) -> Option<Finding> {
    let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    if let Some(finding) = measured(&names, sequences) {
        return Some(finding);
    }
    let single: Vec<&str> =
        classes.iter().filter(|class| class.train == 1).map(|class| class.name.as_str()).collect();
    if !single.is_empty() {
        return Some(Finding::SingleSequences { classes: single.len(), examples: examples(&single) });
    }
    let largest = classes.iter().max_by_key(|class| class.train)?;
    let share = largest.train as f64 / sequences as f64;
    (share >= UNBALANCED).then(|| Finding::Unbalanced { class: largest.name.clone(), share })
}

/// Classes whose names may not be what was meant.
pub(crate) fn label_findings(classes: &[ClassCount]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    let groups = labels::look_alikes(&names);
    if !groups.is_empty() {
        let shown = groups
            .iter()
            .take(3)
            .map(|group| group.iter().map(|name| with_code_points(name)).collect::<Vec<_>>().join(" and "));
        let more = if groups.len() > 3 { ", …" } else { "" };
        let examples = shown.collect::<Vec<_>>().join(", ") + more;
        findings.push(Finding::AlikeClasses { classes: groups.iter().map(Vec::len).sum(), examples });
    }
    let missing: Vec<&ClassCount> = classes.iter().filter(|class| labels::is_missing(&class.name)).collect();
    if !missing.is_empty() {
        let names = missing.iter().map(|class| format!("{:?}", class.name));
        let examples = names.collect::<Vec<_>>().join(" or ");
        let sequences = missing.iter().map(|class| class.train).sum();
        findings.push(Finding::MissingClasses { examples, sequences });
    }
    findings
}

/// A class as a message can show it, with the characters that a reader cannot see or tell from others.
fn with_code_points(class: &str) -> String {
    let deceptive = labels::deceptive(class);
    if deceptive.is_empty() {
        excerpt(class)
    } else {
        format!("{} with {}", excerpt(class), deceptive.join(", "))
    }
}

/// True if classes look like measurements: numbers with fractions, or about as many of them as there are sequences,
/// or, where they are not counted through, a fifth as many.
fn look_measured(classes: &[&str], sequences: usize) -> bool {
    let Some(numbers) = classes.iter().map(|class| labels::number(class)).collect::<Option<Vec<f64>>>()
    else {
        return false;
    };
    let (count, first, last) = (numbers.len(), numbers[0], numbers[numbers.len() - 1]);
    let whole = numbers.iter().all(|number| number.fract() == 0.0);
    let counted_through = whole && last - first == (count - 1) as f64;
    match (whole, counted_through) {
        (false, _) => count > 2,
        (true, true) => count > 10 && 2 * sequences < 3 * count,
        (true, false) => count > 10 && sequences < 5 * count,
    }
}

/// The channels as messages call them.
fn channel_names(format: &Format, channels: usize) -> Vec<String> {
    match format.channel_names() {
        Some(names) => names.iter().map(|name| format!("column `{}`", excerpt(name))).collect(),
        None => (1..=channels).map(|channel| format!("channel {channel}")).collect(),
    }
}

fn survey(channels: usize, sequences: &[Labelled]) -> Vec<Channel> {
    let mut surveyed: Vec<Channel> = (0..channels).map(|_| Channel::new()).collect();
    for (at, sequence) in sequences.iter().enumerate() {
        let values = sequence.raw.values().unwrap_or_default();
        for (place, value) in values.iter().enumerate() {
            let before = place.checked_sub(channels).map(|before| values[before]);
            surveyed[place % channels].add(*value, before, at, place / channels);
        }
    }
    surveyed
}

/// The fill values of a channel, and the least and the greatest of the rest.
fn fill_values(
    channel: &Channel,
    at: usize,
    format: &Format,
    part: PartOf,
    training: bool,
) -> Result<(Vec<Finding>, f64, f64), DataError> {
    let (outliers, least, most) = channel.outliers();
    let finding = |outlier: &channel::Outlier| {
        let channel::Extreme { value, count, sequence, step } = outlier.extreme;
        let (line, field) = place(format, part, Overflow { sequence, step, channel: at })?;
        let file = part.file(sequence);
        let (hides, would_hide) = (outlier.hides && training, outlier.hides && !training);
        let fill = FillValue { file: file.into(), line, field, value, count, least, most, hides, would_hide };
        Ok(Finding::FillValue(fill))
    };
    let findings = outliers.iter().map(finding).collect::<Result<_, DataError>>()?;
    Ok((findings, least, most))
}

/// The line of a value, and its place in that line as messages call it.
fn place(format: &Format, part: PartOf, place: Overflow) -> Result<(usize, String), DataError> {
    match (part.lines.get(place.sequence), format.channel_names()) {
        (Some(lines), Some(channels)) => {
            Ok((lines[place.step], Field::Column(&channels[place.channel]).to_string()))
        }
        _ => locate(format, part.bytes, part.file(0), part.sequences[place.sequence].line, place),
    }
}

/// The missing values of a channel of a part, counted as those of a training part.
fn missing_values(
    channel: &Channel,
    at: usize,
    format: &Format,
    part: PartOf,
) -> Result<Option<MissingValues>, DataError> {
    let Some((train, (sequence, step))) = channel.missing() else { return Ok(None) };
    let (line, field) = place(format, part, Overflow { sequence, step, channel: at })?;
    Ok(Some(MissingValues { train, test: 0, file: part.file(sequence).to_owned(), line, field }))
}

/// The missing values of a channel in the training part and in the test part.
fn in_both(train: Option<MissingValues>, test: Option<MissingValues>) -> Option<MissingValues> {
    let values = test.as_ref().map_or(0, MissingValues::values);
    match train {
        Some(train) => Some(MissingValues { test: values, ..train }),
        None => test.map(|test| MissingValues { train: 0, test: values, ..test }),
    }
}

fn channel_finding(channel: &str, least: f64, most: f64, rises: bool) -> Option<Finding> {
    let channel = channel.to_owned();
    if least == most {
        return Some(Finding::Constant { channel, value: least });
    }
    let offset = least.abs().max(most.abs()) / (most - least);
    let limit = if rises { SMALL_RISE } else { SMALL_RANGE };
    (offset > limit).then_some(Finding::Offset { channel, least, most, rises })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(names: &[(&str, usize)]) -> Option<Finding> {
        let counts: Vec<ClassCount> = names
            .iter()
            .map(|(name, train)| ClassCount { name: (*name).to_owned(), train: *train, test: 1 })
            .collect();
        class_finding(&counts, names.iter().map(|(_, train)| train).sum())
    }

    fn numbers(numbers: impl Iterator<Item = f64>, sequences: usize) -> bool {
        let names: Vec<String> = numbers.map(|number| number.to_string()).collect();
        look_measured(&names.iter().map(String::as_str).collect::<Vec<_>>(), sequences)
    }

    #[test]
    fn classes_that_look_like_measurements_are_questioned() {
        assert!(numbers((0..40).map(|number| f64::from(number) * 0.29 - 5.0), 40));
        assert!(numbers([0.5, 1.0, 1.5].into_iter(), 300));
        assert!(numbers((20..60).map(|age| f64::from(age * age)), 150));
        assert!(numbers((0..40).map(f64::from), 40));
    }

    #[test]
    fn numbered_classes_are_not() {
        assert!(!numbers((0..10).map(f64::from), 10));
        assert!(!numbers((1..=52).map(f64::from), 104));
        assert!(!numbers([-1.0, 1.0].into_iter(), 40));
        assert!(!numbers([0.5, 1.5].into_iter(), 40));
        assert!(!look_measured(&["a", "1.5", "2.5"], 3));
    }

    #[test]
    fn few_sequences_of_a_class_and_many_of_one_are_told() {
        assert_eq!(classes(&[("a", 20), ("b", 20)]), None);
        let single = classes(&[("a", 20), ("b", 1), ("c", 1)]);
        assert!(matches!(single, Some(Finding::SingleSequences { classes: 2, .. })), "{single:?}");
        let unbalanced = classes(&[("a", 95), ("b", 5)]);
        assert_eq!(unbalanced, Some(Finding::Unbalanced { class: "a".into(), share: 0.95 }));
    }

    #[test]
    fn labels_that_differ_little_or_stand_for_nothing_are_told() {
        let told = |names: &[&str]| {
            let count = |name: &&str| ClassCount { name: (*name).to_owned(), train: 10, test: 5 };
            label_findings(&names.iter().map(count).collect::<Vec<_>>())
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&["no", "yes", "0", "1"]), [""; 0]);
        let alike = told(&["False", "True", "false", "true"]);
        assert!(
            alike[0].starts_with("4 classes differ from one another only in case, leading zeros or"),
            "{alike:?}"
        );
        assert!(alike[0].contains("(False and false, True and true)") && alike.len() == 1, "{alike:?}");
        assert!(told(&["01", "1", "2"])[0].contains("(01 and 1)"));
        assert!(told(&["a", "a\u{200b}"])[0].contains("(a and a\u{200b} with U+200B)"));
        assert!(told(&["A", "\u{ff21}"])[0].contains("(A and \u{ff21} with U+FF21)"));
        let missing = told(&["1", "2", "NaN", "nan"]);
        assert!(missing[0].contains("(NaN and nan)"), "{missing:?}");
        assert!(
            missing[1].starts_with("20 training sequences are of class \"NaN\" or \"nan\""),
            "{missing:?}"
        );
    }

    #[test]
    fn a_small_range_far_from_zero_is_told() {
        let found = |least, most, rises| channel_finding("x", least, most, rises).is_some();
        assert!(found(1_700_000_001.0, 1_700_000_036.0, true));
        assert!(found(1_700_000_000.0, 1_700_144_000.0, true));
        assert!(found(5_800_000.0, 5_800_100.0, false));
        assert!(!found(1.0, 36.0, true) && !found(101_300.0, 101_400.0, false) && !found(-1.0, 1.0, false));
    }
}
