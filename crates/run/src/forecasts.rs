//! Forecasts of the test part beside what was observed: `forecasts.csv`.

use std::path::Path;

use serde::{Deserialize, Serialize};
use slimgate_data::{Preprocessing, Sequence, units};

use crate::RunError;
use crate::metric::{Quantiles, by_level};
use crate::outcomes::rounded;
use crate::references::Repetition;

/// The lines of a file, unless a single forecast has more.
const MOST_LINES: usize = 1_000;

/// The steps of a [`Stretch`], unless a single forecast has more: of hours a week, which a small picture shows legibly.
const MOST_STEPS: usize = 168;

/// What a run forecasts of the test part, in the units of the data, beside what was observed there.
///
/// They are forecasts of the first series, from windows so far apart that each step is forecast once, by the same number
/// of steps ahead as in the scores. Of a long series they are its last steps: about a thousand lines, and a whole forecast
/// at least.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecasts(Vec<Forecast>);

/// The forecast of one target at one step: a line of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// The last step that it is made from, counted from 1 in the series.
    pub origin: usize,
    /// The step that is forecast, counted in the same way.
    pub step: usize,
    /// The channel that is forecast.
    pub target: String,
    /// What it came to.
    pub observed: f64,
    /// The lower bound of the interval, the first of [`LEVELS`](crate::metric::LEVELS); none where no quantile is forecast.
    #[serde(rename = "quantile_0.1")]
    pub lower: Option<f64>,
    /// The one number that is forecast: the median where quantiles are.
    pub forecast: f64,
    /// The upper bound of the interval, the last of the levels.
    #[serde(rename = "quantile_0.9")]
    pub upper: Option<f64>,
    /// The value of a season ago; none where the window is shorter than a season.
    pub seasonal_naive: Option<f64>,
}

/// The last steps of the first target: what a picture shows, step by step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// The channel that is forecast.
    pub target: String,
    /// Its unit, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The time from one step to the next, such as `hour`, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_unit: Option<String>,
    /// The steps, counted from 1 in the test part.
    pub steps: Vec<usize>,
    /// What was observed.
    pub observed: Vec<f64>,
    /// The forecasts.
    pub forecast: Vec<f64>,
    /// The bounds of the interval, lower and upper; empty where no quantiles are forecast.
    pub interval: [Vec<f64>; 2],
    /// The seasonal naive forecasts; empty where there are none.
    pub seasonal_naive: Vec<f64>,
}

impl Forecasts {
    /// Of the windows of a test part, of which `answer` gives what a model answers to each, with a number for each of the
    /// quantiles. None where the task is no forecast or there is no window.
    pub fn of<'a>(
        preprocessing: &Preprocessing,
        test: &[Sequence],
        quantiles: &Quantiles,
        answer: impl Fn(usize) -> &'a [f32],
    ) -> Option<Forecasts> {
        let windows = preprocessing.windows()?;
        let places = windows.places(test, preprocessing.target_channels());
        let most = MOST_LINES / (windows.horizon * preprocessing.targets().len());
        let chosen = windows.apart(&places, most.max(1));
        let lines = chosen.into_iter().flat_map(|at| {
            let origin = places[at].start + windows.context;
            window(
                preprocessing,
                &test[at],
                origin,
                by_level(preprocessing, quantiles, answer(at)),
                quantiles,
            )
        });
        let lines: Vec<Forecast> = lines.collect();
        (!lines.is_empty()).then_some(Forecasts(lines))
    }

    /// The last steps of the first target, by whole forecasts, of a data set that may have units.
    pub fn stretch(&self, dataset: &str) -> Stretch {
        let target = &self.0[0].target;
        let lines: Vec<&Forecast> = self.0.iter().filter(|line| line.target == *target).collect();
        let mut shown = 0;
        for window in lines.chunk_by(|one, other| one.origin == other.origin).rev() {
            if shown > 0 && shown + window.len() > MOST_STEPS {
                break;
            }
            shown += window.len();
        }
        let shown = &lines[lines.len() - shown..];
        let all = |number: fn(&Forecast) -> Option<f64>| {
            shown.iter().map(|line| number(line)).collect::<Option<Vec<f64>>>().unwrap_or_default()
        };
        let units = units(dataset);
        Stretch {
            target: target.clone(),
            unit: units.channels.get(target).cloned(),
            step_unit: units.step,
            steps: shown.iter().map(|line| line.step).collect(),
            observed: all(|line| Some(line.observed)),
            forecast: all(|line| Some(line.forecast)),
            interval: [all(|line| line.lower), all(|line| line.upper)],
            seasonal_naive: all(|line| line.seasonal_naive),
        }
    }

    pub(crate) fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for line in &self.0 {
            writer.serialize(line).expect("memory takes every line");
        }
        writer.into_inner().expect("memory takes every line")
    }

    /// From the text of the file at `path`.
    pub(crate) fn from_csv(path: &Path, text: &str) -> Result<Forecasts, RunError> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let lines: Result<Vec<Forecast>, csv::Error> = reader.deserialize().collect();
        let lines = lines.map_err(|problem| RunError::damaged(path, problem))?;
        let numbers = |line: &Forecast| {
            [Some(line.observed), line.lower, Some(line.forecast), line.upper, line.seasonal_naive]
        };
        if lines.is_empty() || !lines.iter().flat_map(numbers).flatten().all(f64::is_finite) {
            return Err(RunError::damaged(path, "it has no line, or one with what is no number"));
        }
        Ok(Forecasts(lines))
    }
}

/// The lines of one window, whose forecasts begin after `origin`; `levels` are its answers, those of each level apart.
fn window(
    preprocessing: &Preprocessing,
    window: &Sequence,
    origin: usize,
    levels: Vec<Vec<f64>>,
    quantiles: &Quantiles,
) -> Vec<Forecast> {
    let targets = preprocessing.targets();
    let observed = preprocessing.in_units(window.target.numbers().unwrap_or_default());
    let naive = Repetition::SeasonalNaive.forecast(window, preprocessing);
    let naive = naive.map(|numbers| preprocessing.in_units(&numbers));
    let bound = |level: Option<&Vec<f64>>, at: usize| {
        level.filter(|_| quantiles.interval().is_some()).map(|numbers| rounded(numbers[at]))
    };
    let line = |(at, observed): (usize, f64)| Forecast {
        origin,
        step: origin + at / targets.len() + 1,
        target: targets[at % targets.len()].clone(),
        observed: rounded(observed),
        lower: bound(levels.first(), at),
        forecast: rounded(levels[quantiles.middle()][at]),
        upper: bound(levels.last(), at),
        seasonal_naive: naive.as_ref().map(|numbers| rounded(numbers[at])),
    };
    observed.into_iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use slimgate_data::{DataConfig, Prepared, prepare};

    use super::*;
    use crate::metric::LEVELS;

    fn household(change: impl FnOnce(&mut DataConfig)) -> Prepared {
        let mut config = DataConfig { dataset: "household-power".into(), ..DataConfig::default() };
        change(&mut config);
        prepare(&config).unwrap()
    }

    /// Forecasts that are the truth, less and more by one deviation.
    fn around_the_truth(data: &Prepared) -> Forecasts {
        let around = |window: &Sequence| -> Vec<f32> {
            window
                .target
                .numbers()
                .unwrap()
                .iter()
                .flat_map(|number| [number - 1.0, *number, number + 1.0])
                .collect()
        };
        let answers: Vec<Vec<f32>> = data.test.iter().map(around).collect();
        Forecasts::of(&data.preprocessing, &data.test, &Quantiles::new(&LEVELS), |at| &answers[at]).unwrap()
    }

    #[test]
    fn each_of_the_last_steps_is_forecast_once_in_the_unit_of_the_data() {
        let Forecasts(lines) = around_the_truth(&household(|_| ()));
        // 41 days of 24 hours, the last of which ends with the file; windows start every 6 hours.
        assert_eq!(lines.len(), 41 * 24);
        let last = lines.last().unwrap();
        assert_eq!((last.origin, last.step), (3600, 3624));
        assert!(lines.windows(2).all(|pair| pair[0].step + 1 == pair[1].step));
        // The last line of test.csv, and the one of a week before it.
        let deviation = last.upper.unwrap() - last.forecast;
        assert!((last.observed - LAST).abs() < 1e-6 && (last.forecast - LAST).abs() < 1e-6, "{last:?}");
        assert!((last.seasonal_naive.unwrap() - WEEK_BEFORE).abs() < 1e-6, "{last:?}");
        assert!(
            (last.forecast - last.lower.unwrap() - deviation).abs() < 1e-6 && deviation > 0.5,
            "{last:?}"
        );
    }

    const LAST: f64 = 1.342;
    const WEEK_BEFORE: f64 = 0.44;

    #[test]
    fn forecasts_survive_being_written() {
        let data = household(|config| {
            config.targets = Some(vec!["voltage".into(), "global_intensity".into()]);
            config.season = Some(1000);
        });
        let forecasts = around_the_truth(&data);
        assert_eq!(forecasts.0.len(), 20 * 24 * 2);
        assert!(
            forecasts.0.iter().all(|line| line.seasonal_naive.is_none()),
            "a season is longer than a window"
        );
        let text = String::from_utf8(forecasts.to_csv()).unwrap();
        let header =
            format!("origin,step,target,observed,quantile_{},forecast,quantile_{},", LEVELS[0], LEVELS[2]);
        assert!(text.starts_with(&header), "{}", &text[..200]);
        assert_eq!(Forecasts::from_csv(Path::new("run/forecasts.csv"), &text).unwrap(), forecasts);
        let stretch = forecasts.stretch("household-power");
        assert_eq!((stretch.target.as_str(), stretch.unit.as_deref()), ("voltage", Some("V")));
        assert_eq!((stretch.steps.len(), stretch.steps.last()), (168, Some(&3624)));
        assert!(stretch.seasonal_naive.is_empty() && stretch.interval[1].len() == 168);
    }

    #[test]
    fn a_forecast_longer_than_the_file_may_be_is_there_as_a_whole() {
        let data = household(|config| config.horizon = Some(1010));
        let answers: Vec<&[f32]> = data.test.iter().map(|window| window.target.numbers().unwrap()).collect();
        let one_number = Quantiles::new(&[]);
        let forecasts =
            Forecasts::of(&data.preprocessing, &data.test, &one_number, |at| answers[at]).unwrap();
        assert_eq!((forecasts.0.len(), forecasts.0[0].lower), (1010, None));
        let stretch = forecasts.stretch("./own");
        assert_eq!((stretch.steps.len(), stretch.unit, stretch.step_unit), (1010, None, None));
        assert!(stretch.interval[0].is_empty() && stretch.seasonal_naive.len() == 1010);
    }

    #[test]
    fn other_tasks_have_none_and_a_damaged_file_is_refused() {
        let data = prepare(&DataConfig { dataset: "beijing-air".into(), ..DataConfig::default() }).unwrap();
        assert_eq!(Forecasts::of(&data.preprocessing, &data.test, &Quantiles::new(&[]), |_| &[]), None);
        let header = "origin,step,target,observed,quantile_0.1,forecast,quantile_0.9,seasonal_naive\n";
        for rest in ["", "1,2,a,1.0,,NaN,,\n", "1,2,a,,,1.0,,\n", "1,2\n"] {
            let read = Forecasts::from_csv(Path::new("run/forecasts.csv"), &format!("{header}{rest}"));
            let message = read.unwrap_err().to_string();
            assert!(message.starts_with("run/forecasts.csv is not usable"), "{message}");
            assert!(message.ends_with("write it again: slimgate evaluate run"), "{message}");
        }
    }
}
