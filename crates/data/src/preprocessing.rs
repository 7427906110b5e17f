//! The preparation that is learned from the training set and applied to every sequence.

use crate::answers::Answers;
use crate::error::excerpt;
use crate::examples::{Answer, Example, Raw};
use crate::format::table::SERIES;
use crate::missing::{Filling, LastSeen};
use crate::own::whole_path;
use crate::recipe::{File, Format, Modality};
use crate::standardizer::Standardizer;
use crate::vocabulary::{PADDING, UNKNOWN, Vocabulary};
use crate::{
    Columns, DataConfig, DataError, Entry, Keep, Layout, Missing, Pad, Presence, Sequence, Standardize,
    Steps, Target, Task, TokenRule, Windows, catalog,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;

/// Everything needed to turn a file's content into what a run's model reads. It is fitted once, on the
/// training set, and stored with the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    dataset: String,
    classes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_length: Option<NonZeroUsize>,
    #[serde(default)]
    keep: Keep,
    #[serde(default)]
    pad: Pad,
    /// Of a folder of the user's own; a set of the catalog never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own: Option<OwnData>,
    #[serde(default, skip_serializing_if = "Answers::is_class")]
    answers: Answers,
    transform: Transform,
}

/// The record of a folder of the user's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnData {
    /// The names of the channels, where the files have names for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    channels: Vec<String>,
    /// The columns that are no channels, of a table whose columns were told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    columns: Option<Columns>,
    /// The sha256 of each file.
    sha256: BTreeMap<String, String>,
    /// The whole path of the folder when it was last trained on; its files count, not this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

/// The way from content to steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Transform {
    /// Pixels in an order, with one mean and one deviation for all of them, or for each.
    Image { layout: Layout, scale: Standardizer<f32> },
    /// Channels, each with its own mean and deviation, of numbers that are rounded to `f32` before they are
    /// standardised: those of the catalog, on which recorded results rest, and those of folders in earlier runs.
    Series { scale: Standardizer<f32> },
    /// The same of numbers that are rounded after it, so that an offset takes no digits away.
    PreciseSeries {
        scale: Standardizer<f64>,
        /// The rule for missing values, which comes first; none where they are refused, as in earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filling: Option<Filling>,
    },
    /// Tokens as their ids. One that does not say how tokens are found is of a version that had one rule.
    Text {
        #[serde(default, skip_serializing_if = "is_default")]
        tokens: TokenRule,
        vocabulary: Vocabulary,
    },
}

/// A number that is too large to compute with once it is standardised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Overflow {
    /// The sequence among those that were given, counted from 0 as the rest is.
    pub sequence: usize,
    pub step: usize,
    pub channel: usize,
}

/// The input of a model at each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Numbers.
    Values {
        /// Their number.
        channels: usize,
    },
    /// One token.
    Tokens {
        /// The number of token ids, padding (0) and unknown (1) included: the rows of an embedding.
        vocabulary: usize,
    },
}

impl Preprocessing {
    /// Learns from training examples alone. Cutting comes first: what no model sees is not measured.
    ///
    /// # Errors
    /// Channels to forecast that there are not.
    pub(crate) fn fit(entry: &Entry, config: &DataConfig, train: &[&Example]) -> Result<Self, DataError> {
        let DataConfig { max_length, keep, pad, .. } = *config;
        let raws = || train.iter().map(|example| &example.raw);
        let transform = match entry.modality {
            Modality::Image { layout } => {
                let order = layout.order();
                let pixels = raws().filter_map(Raw::pixels);
                let images = pixels.map(|pixels| {
                    let kept = kept_steps(pixels, layout.channels(), keep, max_length);
                    order[kept].iter().map(|place| pixels[*place]).collect()
                });
                let scale = match config.standardize.unwrap_or(Standardize::Together) {
                    Standardize::Together => Standardizer::fit(1, images),
                    // Each pixel is to the standardizer what a channel is: the image is one step of that many.
                    Standardize::EachPixel => {
                        let steps = keep.range(order.len() / layout.channels(), max_length);
                        Standardizer::fit(steps.len() * layout.channels(), images)
                    }
                };
                Transform::Image { layout, scale }
            }
            Modality::Series { channels } => {
                let series = raws().filter_map(Raw::values);
                let series = series.map(|values| &values[kept_steps(values, channels, keep, max_length)]);
                if entry.set.presence() == Presence::Own || entry.recipe.task != Task::Classification {
                    precise(entry, config, channels, series)?
                } else {
                    Transform::Series { scale: Standardizer::fit(channels, series.map(single)) }
                }
            }
            Modality::Text => {
                let texts = raws().filter_map(Raw::text);
                let kept = |len| keep.range(len, max_length);
                let tokens = config.tokens.unwrap_or(entry.tokens());
                Transform::Text {
                    tokens,
                    vocabulary: Vocabulary::fit(texts, tokens, kept, config.vocabulary),
                }
            }
        };
        let scale = if let Transform::PreciseSeries { scale, .. } = &transform { Some(scale) } else { None };
        Ok(Self {
            dataset: entry.name.clone(),
            classes: entry.recipe.classes.clone(),
            max_length: max_length.and_then(NonZeroUsize::new),
            keep,
            pad,
            own: (entry.set.presence() == Presence::Own).then(|| OwnData::of(entry)),
            answers: Answers::fit(entry, config, train, scale)?,
            transform,
        })
    }

    /// The data set it was fitted on.
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// The question that is asked of each sequence.
    pub fn task(&self) -> Task {
        self.answers.task()
    }

    /// The names of the numbers that are predicted: of regression those of a sequence, of a forecast the channels.
    pub fn targets(&self) -> &[String] {
        self.answers.numbers().map_or(&[], |(targets, _)| targets)
    }

    /// The places of the channels that are forecast among all channels.
    pub fn target_channels(&self) -> &[usize] {
        if let Answers::Following { places, .. } = &self.answers { places } else { &[] }
    }

    /// The windows of a forecast.
    pub fn windows(&self) -> Option<Windows> {
        if let Answers::Following { windows, .. } = &self.answers { Some(*windows) } else { None }
    }

    /// The numbers that a model answers with, to a sequence or, of labelling, to each of its steps: one a class, one a
    /// target, or of a forecast `horizon × targets`, the targets of a step together.
    pub fn outputs(&self) -> usize {
        match self.task() {
            Task::Classification | Task::Labelling => self.classes.len(),
            Task::Regression | Task::Forecast => {
                self.targets().len() * self.windows().map_or(1, |windows| windows.horizon)
            }
        }
    }

    /// Standardised numbers that were predicted, shaped `[.., targets]`, in the units of the data. None of a task that
    /// predicts no numbers.
    pub fn in_units(&self, numbers: &[f32]) -> Vec<f64> {
        self.answers.numbers().map_or_else(Vec::new, |(_, scale)| scale.restore(numbers))
    }

    /// The mean of each target in the training data, in its unit.
    pub fn target_means(&self) -> Vec<f64> {
        self.answers.numbers().map_or_else(Vec::new, |(_, scale)| scale.means())
    }

    /// The mean absolute error of the seasonal naive forecast of each target in the training part, in its unit; see
    /// [`seasonal_naive_error`](crate::seasonal_naive_error).
    pub fn naive_errors(&self) -> &[Option<f64>] {
        if let Answers::Following { naive_errors, .. } = &self.answers { naive_errors } else { &[] }
    }

    /// The names of the classes, in the order of their labels.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The input of a model at each step.
    pub fn input(&self) -> InputKind {
        match &self.transform {
            Transform::Image { layout, .. } => InputKind::Values { channels: layout.channels() },
            Transform::Series { scale } => InputKind::Values { channels: scale.channels() },
            Transform::PreciseSeries { scale, .. } => InputKind::Values { channels: scale.channels() },
            Transform::Text { vocabulary, .. } => InputKind::Tokens { vocabulary: vocabulary.size() },
        }
    }

    /// The rule by which the tokens of its texts are found; none where its sequences are not texts.
    pub fn tokens(&self) -> Option<TokenRule> {
        match &self.transform {
            Transform::Text { tokens, .. } => Some(*tokens),
            Transform::Image { .. } | Transform::Series { .. } | Transform::PreciseSeries { .. } => None,
        }
    }

    /// The numbers of a step as files have it; none of text.
    pub(crate) fn channels(&self) -> Option<usize> {
        match (self.filling(), self.input()) {
            (Some(filling), _) => Some(filling.channels()),
            (None, InputKind::Values { channels }) => Some(channels),
            (None, InputKind::Tokens { .. }) => None,
        }
    }

    /// The rule for missing values; none where they are refused.
    pub(crate) fn filling(&self) -> Option<&Filling> {
        if let Transform::PreciseSeries { filling, .. } = &self.transform { filling.as_ref() } else { None }
    }

    /// Turns the next step of a series into one, with what is missing filled in from the steps before it. None where missing
    /// values are refused, and no other step matters.
    pub(crate) fn next(&self, step: &Raw, last: &mut Option<LastSeen>) -> Option<Result<Steps, Overflow>> {
        let (Transform::PreciseSeries { scale, filling: Some(filling) }, Raw::Values(step)) =
            (&self.transform, step)
        else {
            return None;
        };
        let filled = filling.next(step, last.get_or_insert_with(|| filling.begin()));
        let standardised = scale.apply(&filled).map_err(|channel| Overflow { sequence: 0, step: 0, channel });
        Some(standardised.map(|values| Steps::Values { values, channels: scale.channels() }))
    }

    pub(crate) fn transform(&self) -> &Transform {
        &self.transform
    }

    /// The names of the channels, where there is one for each: the files of a run may have been changed by hand.
    pub(crate) fn channel_names(&self) -> Option<&[String]> {
        let names = match &self.own {
            Some(own) => own.channels.as_slice(),
            None => catalog().iter().find(|entry| entry.name == self.dataset)?.channel_names(),
        };
        (self.channels() == Some(names.len())).then_some(names)
    }

    /// The columns that are no channels, of a table of the user's own whose columns were told apart.
    pub(crate) fn columns(&self) -> Option<&Columns> {
        self.own.as_ref()?.columns.as_ref()
    }

    /// True if it was fitted on a folder of the user's own.
    pub(crate) fn is_of_own_data(&self) -> bool {
        self.own.is_some()
    }

    /// The whole path of the folder of the user's own that it was last trained on, where it is known.
    pub(crate) fn place(&self) -> Option<&str> {
        self.own.as_ref()?.place.as_deref()
    }

    /// The same, of a folder that is now where `entry` was read.
    pub(crate) fn at(mut self, entry: &Entry) -> Self {
        if let Some(own) = &mut self.own {
            own.place = whole_path(&entry.name);
        }
        self
    }

    /// The name of a file of the user's own that is not the one that it was fitted on.
    pub(crate) fn changed_file(&self, entry: &Entry) -> Option<String> {
        let own = self.own.as_ref()?;
        // One file alone may have another name where it was moved to.
        let alone = || own.sha256.values().next().filter(|_| own.sha256.len() == 1);
        let known = |file: &File| own.sha256.get(&file.name).or_else(alone);
        let changed = |file: &&File| known(file) != Some(&file.sha256);
        let is_gone = |name: &&String| entry.recipe.files().all(|file| file.name != **name);
        let gone = || own.sha256.keys().find(|name| own.sha256.len() > 1 && is_gone(name)).cloned();
        entry.recipe.files().find(changed).map(|file| file.name.clone()).or_else(gone)
    }

    /// True if it can be applied to a data set's content and has its classes.
    pub(crate) fn fits(&self, entry: &Entry) -> bool {
        let same_modality = match (&self.transform, &entry.modality) {
            (Transform::Image { layout, .. }, Modality::Image { layout: wanted }) => layout == wanted,
            (Transform::Series { scale }, Modality::Series { channels }) => scale.channels() == *channels,
            (Transform::PreciseSeries { .. }, Modality::Series { channels }) => {
                self.channels() == Some(*channels)
            }
            (Transform::Text { .. }, Modality::Text) => true,
            _ => false,
        };
        same_modality && self.classes == entry.recipe.classes && self.answers.fit_to(entry)
    }

    /// Turns content into steps.
    pub(crate) fn apply<'a>(&self, raws: impl IntoIterator<Item = &'a Raw>) -> Result<Vec<Steps>, Overflow> {
        let order = self.order();
        let steps = |(sequence, raw)| self.steps(raw, sequence, order.as_deref());
        raws.into_iter().enumerate().map(steps).collect()
    }

    /// Turns examples into sequences. Each is dropped once it has become one: of a large set, there is no
    /// room for much more than one copy.
    pub(crate) fn sequences(
        &self,
        examples: impl Iterator<Item = Example>,
    ) -> Result<Vec<Sequence>, Overflow> {
        let order = self.order();
        let sequence = |(sequence, Example { raw, answer, .. })| {
            let features = self.steps(&raw, sequence, order.as_deref())?;
            let target = self.target(answer).map_err(|channel| Overflow { sequence, step: 0, channel })?;
            Ok(Sequence { features, target })
        };
        examples.enumerate().map(sequence).collect()
    }

    /// The answer to a sequence; the classes of its steps are cut and padded as the steps are.
    fn target(&self, answer: Answer) -> Result<Target, usize> {
        Ok(match self.answers.target(answer)? {
            Target::StepClasses(classes) => {
                let kept = classes[self.kept(classes.len())].to_vec();
                let most = self.max_length.map_or(0, NonZeroUsize::get);
                Target::StepClasses(self.pad.apply(kept, most, None))
            }
            target => target,
        })
    }

    /// The distance of a number of a series from the mean of its channel, in standard deviations.
    pub(crate) fn deviation(&self, channel: usize, number: f64) -> Option<f64> {
        match &self.transform {
            Transform::Series { scale } => Some(scale.deviation(channel, number)),
            Transform::PreciseSeries { scale, .. } => Some(scale.deviation(channel, number)),
            Transform::Image { .. } | Transform::Text { .. } => None,
        }
    }

    /// True if sequences are cut or padded to a length.
    pub(crate) fn has_length(&self) -> bool {
        self.max_length.is_some()
    }

    /// The steps that are kept of so many.
    pub(crate) fn kept(&self, steps: usize) -> Range<usize> {
        self.keep.range(steps, self.max_length.map(NonZeroUsize::get))
    }

    /// The steps of padding before so many that are kept.
    pub(crate) fn padding_before(&self, kept: usize) -> usize {
        let missing = self.max_length.map_or(0, NonZeroUsize::get).saturating_sub(kept);
        if self.pad == Pad::Start { missing } else { 0 }
    }

    fn order(&self) -> Option<Vec<usize>> {
        match self.transform {
            Transform::Image { layout, .. } => Some(layout.order()),
            _ => None,
        }
    }

    fn steps(&self, raw: &Raw, sequence: usize, order: Option<&[usize]>) -> Result<Steps, Overflow> {
        let most = self.max_length.map(NonZeroUsize::get);
        let (standardised, before) = match (&self.transform, raw) {
            (Transform::Image { layout, scale }, Raw::Pixels(pixels)) => {
                let kept = kept_steps(pixels, layout.channels(), self.keep, most);
                let order = order.expect("an image has an order");
                let pixels: Vec<f32> = order[kept.clone()].iter().map(|place| pixels[*place]).collect();
                (scale.apply(&pixels), kept.start / layout.channels())
            }
            (Transform::Series { scale }, Raw::Values(values)) => {
                let kept = kept_steps(values, scale.channels(), self.keep, most);
                (scale.apply(&single(&values[kept.clone()])), kept.start / scale.channels())
            }
            (Transform::PreciseSeries { scale, filling }, Raw::Values(values)) => {
                let channels = filling.as_ref().map_or(scale.channels(), Filling::channels);
                let kept = kept_steps(values, channels, self.keep, most);
                let (first, values) = (kept.start / channels, &values[kept]);
                let filled = filling.as_ref().map(|filling| filling.fill(values));
                (scale.apply(filled.as_deref().unwrap_or(values)), first)
            }
            (Transform::Text { tokens, vocabulary }, Raw::Text(text)) => {
                return Ok(self.token_ids(*tokens, vocabulary, text));
            }
            _ => unreachable!("a preprocessing meets content of its own modality only"),
        };
        let InputKind::Values { channels } = self.input() else { unreachable!("values have channels") };
        match standardised {
            Ok(values) => {
                let values = self.pad.apply(values, most.unwrap_or(0) * channels, 0.0);
                Ok(Steps::Values { values, channels })
            }
            Err(at) => Err(Overflow { sequence, step: before + at / channels, channel: at % channels }),
        }
    }

    fn token_ids(&self, tokens: TokenRule, vocabulary: &Vocabulary, text: &str) -> Steps {
        let most = self.max_length.map(NonZeroUsize::get);
        let text = tokens.normal(text);
        let words = tokens.split(&text);
        let kept = &words[self.keep.range(words.len(), most)];
        let ids: Vec<u32> = kept.iter().map(|word| vocabulary.token_id(word)).collect();
        let ids = if ids.is_empty() { vec![UNKNOWN] } else { ids };
        Steps::Tokens(self.pad.apply(ids, most.unwrap_or(0), PADDING))
    }
}

fn is_default(tokens: &TokenRule) -> bool {
    *tokens == TokenRule::default()
}

impl OwnData {
    fn of(entry: &Entry) -> OwnData {
        let sha256 = |file: &File| (file.name.clone(), file.sha256.clone());
        OwnData {
            columns: entry.columns().cloned().map(|columns| match &entry.recipe.format {
                // Where a file is a series, one to predict on may have several.
                Format::ClassFolders { .. } => Columns { series: Some(SERIES.into()), ..columns },
                _ => columns,
            }),
            channels: entry.channel_names().to_vec(),
            sha256: entry.recipe.files().map(sha256).collect(),
            place: whole_path(&entry.name),
        }
    }
}

/// The way of series whose numbers are rounded last, with the rule for missing values if there is one.
fn precise<'a>(
    entry: &Entry,
    config: &DataConfig,
    channels: usize,
    series: impl Iterator<Item = &'a [f64]> + Clone,
) -> Result<Transform, DataError> {
    let rule =
        config.missing.filter(|rule| *rule != Missing::Refuse && entry.set.presence() == Presence::Own);
    let Some(rule) = rule else {
        let scale = Standardizer::fit(channels, series.map(<[f64]>::to_vec));
        return Ok(Transform::PreciseSeries { scale, filling: None });
    };
    let (filling, scale) = Filling::fit(rule, channels, series).map_err(|channel| {
        let name = entry.channel_names().get(channel).map(|name| format!("column `{}`", excerpt(name)));
        let channel = name.unwrap_or_else(|| format!("channel {}", channel + 1));
        DataError::NeverSeen { file: entry.name.clone(), channel }
    })?;
    Ok(Transform::PreciseSeries { scale, filling: Some(filling) })
}

/// The places of the values that are kept: those of `most` steps at one end.
fn kept_steps<T>(values: &[T], channels: usize, keep: Keep, most: Option<usize>) -> Range<usize> {
    let steps = keep.range(values.len() / channels, most);
    steps.start * channels..steps.end * channels
}

/// Numbers rounded to single precision.
fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

#[cfg(test)]
mod tests;
