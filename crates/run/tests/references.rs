//! References on data sets that ship, scored by the metrics of their tasks: the way that any answer is scored.

use slimgate_data::{DataConfig, Prepared, Preprocessing, Sequence, Target, prepare};
use slimgate_run::metric::{ClassCounts, ForecastErrors, NumberErrors, Quantiles};
use slimgate_run::metric::{LEVELS, Metric, forecast, regression};
use slimgate_run::references::{LinearModel, Repetition, Smoothing, mean, scored};

fn prepared(dataset: &str) -> Prepared {
    prepare(&DataConfig { dataset: dataset.into(), ..DataConfig::default() }).unwrap()
}

/// The errors of forecasts, in the units of the data.
fn forecast_errors(
    preprocessing: &Preprocessing,
    windows: &[Sequence],
    mut answer: impl FnMut(&Sequence) -> Vec<f32>,
) -> ForecastErrors {
    let mut errors = ForecastErrors::new(preprocessing.naive_errors(), Quantiles::new(&[]));
    for window in windows {
        let truths = preprocessing.in_units(window.target.numbers().unwrap());
        let answers = preprocessing.in_units(&answer(window));
        for (at, (truth, answer)) in truths.into_iter().zip(answers).enumerate() {
            errors.add(at % preprocessing.targets().len(), truth, answer, &[]);
        }
    }
    errors
}

/// numpy 2.4.6, pandas 3.1.1 and, for the linear model, scikit-learn 1.9.1:
/// ```python
/// import numpy as np, pandas as pd
/// from sklearn.linear_model import Ridge
/// tr, te = [pd.read_csv(f"datasets/household-power/{p}.csv.gz").values for p in ("train", "test")]
/// n = len(tr) - round(len(tr) * 0.1)
/// fit, m, s = tr[:n], tr[:n].mean(0), tr[:n].std(0)
/// scale = np.abs(fit[168:, 0] - fit[:-168, 0]).mean()
/// win = lambda a: [(a[i:i+168], a[i+168:i+192, 0]) for i in range(0, len(a) - 191, 6)]
/// W, line = win(te), np.arange(1, 25) / 167
/// x = lambda w: np.array([((x - m) / s).ravel() for x, _ in w])
/// y = lambda w: np.array([y for _, y in w])
/// ridge = min((Ridge(alpha=a * len(win(fit))).fit(x(win(fit)), y(win(fit))) for a in (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)),
///     key=lambda r: ((r.predict(x(win(tr[n:]))) - y(win(tr[n:]))) ** 2).sum())
/// for p in [np.array([np.repeat(c[-1, 0], 24) for c, _ in W]), np.array([c[:24, 0] for c, _ in W]),
///           np.array([c[-1, 0] + (c[-1, 0] - c[0, 0]) * line for c, _ in W]), y(win(fit)).mean(0) + 0 * y(W),
///           ridge.predict(x(W))]:
///     print(np.abs(p - y(W)).mean() / scale, np.abs(p - y(W)).mean(), np.sqrt(((p - y(W)) ** 2).mean()))
/// ```
#[test]
fn forecasts_of_household_power_score_as_elsewhere() {
    let Prepared { preprocessing, train, validation, test, .. } = prepared("household-power");
    let repeated = |rule: Repetition| {
        forecast_errors(&preprocessing, &test, |window| rule.forecast(window, &preprocessing).unwrap())
    };
    let constant = mean(&train);
    let linear = LinearModel::fit(&train, &validation, preprocessing.outputs()).unwrap();
    let all = [
        (repeated(Repetition::Naive), [1.32946160511286, 0.846075770796975, 1.1368443898846052]),
        (repeated(Repetition::SeasonalNaive), [0.996661380939097, 0.6342801047120418, 0.9262241645654763]),
        (repeated(Repetition::Drift), [1.365515614354066, 0.8690207159851328, 1.1634220260508636]),
        (
            forecast_errors(&preprocessing, &test, |_| constant.clone()),
            [1.0812055106898204, 0.6880843962162936, 0.875987306291001],
        ),
        (
            forecast_errors(&preprocessing, &test, |window| linear.answer(&window.features)),
            [0.8412680440719668, 0.5353870364497131, 0.7215954221131957],
        ),
    ];
    for (errors, wanted) in all {
        for (found, wanted) in errors.values().into_iter().zip(wanted) {
            assert!((found.unwrap() - wanted).abs() < 1e-6, "{found:?}, {wanted}");
        }
    }
}

/// statsforecast 2.1.1, with `fit` and `te` as above but of their first column alone. (Its seasonal model drops what comes
/// before the last whole season; each step of the season by itself does not.) Its naive, seasonal naive and drift forecasts
/// of each context score as above, too (`Naive()`, `SeasonalNaive(168)`, `RandomWalkWithDrift()`).
/// ```python
/// from statsforecast.models import SimpleExponentialSmoothing as Simple
/// def squares(a, x): # of errors one step ahead
///     fitted = Simple(a / 100).forecast(y=x, h=1, fitted=True)["fitted"]
///     return ((x - fitted)[1:] ** 2).sum()
/// a = min(range(1, 101), key=lambda a: squares(a, fit)) # 94
/// b = min(range(1, 101), key=lambda b: sum(squares(b, fit[i::168]) for i in range(168))) # 24
/// def ahead(a, x, season):
///     each = (x[(len(x) + k) % season :: season] for k in range(24))
///     return [Simple(a / 100).forecast(y=x, h=1)["mean"][0] for x in each]
/// for a, season in (a, 1), (b, 168):
///     p = np.array([ahead(a, te[:o], season) for o in range(168, len(te) - 23, 6)])
///     print(np.abs(p - y(W)).mean() / scale, np.abs(p - y(W)).mean(), np.sqrt(((p - y(W)) ** 2).mean()))
/// ```
#[test]
fn smoothed_forecasts_of_household_power_score_as_those_of_statsforecast() {
    let Prepared { preprocessing, series, test, .. } = prepared("household-power");
    for (season, part, wanted) in [
        (1, 0.94, [1.318705511361546, 0.8392305409111259, 1.1251460664339419]),
        (168, 0.24, [0.8271685033531366, 0.526414020805117, 0.7447433552729581]),
    ] {
        let model = Smoothing::fit(&series.train, 1, season);
        assert_eq!(model.parts(), [part]);
        let mut forecasts = model.of_series(&series.test, &preprocessing).into_iter();
        let errors = forecast_errors(&preprocessing, &test, |_| forecasts.next().unwrap());
        assert!(forecasts.next().is_none(), "one for each window");
        for (found, wanted) in errors.values().into_iter().zip(wanted) {
            assert!((found.unwrap() - wanted).abs() < 1e-6, "{found:?}, {wanted}");
        }
    }
}

#[test]
fn the_weather_says_more_of_dust_than_its_mean() {
    let Prepared { preprocessing, train, validation, test, .. } = prepared("beijing-air");
    let errors = |answer: &dyn Fn(&Sequence) -> Vec<f32>| {
        let mut errors = NumberErrors::new(&preprocessing.target_means());
        for sequence in &test {
            let [truth, answer] = [sequence.target.numbers().unwrap(), &answer(sequence)]
                .map(|numbers| preprocessing.in_units(numbers));
            errors.add(&truth, &answer);
        }
        errors
    };
    let constant = mean(&train);
    assert!(errors(&|_| constant.clone()).r_squared().unwrap().abs() < 0.01);
    let linear = LinearModel::fit(&train, &validation, preprocessing.outputs()).unwrap();
    let explained = errors(&|sequence| linear.answer(&sequence.features)).r_squared().unwrap();
    assert!((0.3..0.9).contains(&explained), "{explained}");
}

#[test]
fn an_event_that_is_rare_is_found_by_recall_and_not_by_accuracy() {
    let Prepared { preprocessing, train, validation, test, .. } = prepared("sensor-events");
    let classes = preprocessing.outputs();
    let counts = |answer: &dyn Fn(&Sequence) -> Vec<usize>| {
        let mut counts = ClassCounts::new(classes);
        for sequence in &test {
            let Target::StepClasses(truths) = &sequence.target else { panic!("steps have classes") };
            let answered = truths.iter().zip(answer(sequence));
            answered
                .filter_map(|(truth, answer)| Some(((*truth)?, answer)))
                .for_each(|(t, a)| counts.add(t, a));
        }
        counts
    };
    let constant = counts(&|sequence| vec![0; sequence.features.len()]);
    assert_eq!(constant.members(), [9_426, 32]);
    assert!(constant.accuracy().unwrap() > 0.99 && constant.balanced_accuracy() == Some(0.5));
    let linear = LinearModel::fit(&train, &validation, classes).unwrap();
    let found = counts(&|sequence| {
        let scores = linear.answer(&sequence.features);
        scores.chunks(classes).map(|scores| usize::from(scores[1] > scores[0])).collect()
    });
    assert!(found.balanced_accuracy().unwrap() > 0.9, "{found:?}");
}

/// Names and scores of the references on the household's test part.
fn household(change: impl FnOnce(&mut DataConfig), metric: &Metric) -> Vec<(String, f64)> {
    let mut config = DataConfig { dataset: "household-power".into(), ..DataConfig::default() };
    change(&mut config);
    let found = scored(&prepare(&config).unwrap(), metric, &Quantiles::new(&LEVELS));
    found.into_iter().map(|reference| (reference.answer, reference.score)).collect()
}

/// By the definitions, in plain Python: windows and scale as above, `a[k - 168 + h % 168]` of the whole test part where
/// there is such a step and else `a[k - 1]`, and of the pinball loss the quantiles of numpy, by hour ahead, of the errors
/// in the training part, or of its windows themselves.
#[test]
fn the_trivial_forecast_is_the_best_repetition_or_constant() {
    let all = forecast(0.8);
    let [mase, _, rmse, pinball, coverage] = &all[..] else { panic!("a forecast has several metrics") };
    let found = |context: usize, horizon: usize, metric: &Metric, wanted: &[(&str, f64)]| {
        let change = |config: &mut DataConfig| {
            (config.context, config.horizon) = (Some(context), Some(horizon));
        };
        let found = household(change, metric);
        assert_eq!(found[0].0, wanted[0].0, "the best is first: {found:?}");
        for (name, score) in wanted {
            let own =
                found.iter().find(|(own, _)| own == name).unwrap_or_else(|| panic!("{name}: {found:?}"));
            assert!((own.1 - score).abs() < 1e-6, "{own:?}, {score}");
        }
    };
    // A context of two days hides the season from a model, and not from the repetition that it is held to.
    let seasonal = ("seasonal naive", 1.0147084047168051);
    found(48, 24, mase, &[seasonal, ("naive", 1.3367049925658978)]);
    // An hour ahead, the last value is nearer than that of a week ago.
    found(168, 1, mase, &[("naive", 0.761867115220897), ("seasonal naive", 0.9670725855644866)]);
    found(168, 24, rmse, &[("mean", 0.875987306291001), ("seasonal naive", 0.9262241645654763)]);
    let constant = "quantiles of the training part";
    found(168, 24, pinball, &[(constant, 0.2133217544114812), ("seasonal naive", 0.21995949486135277)]);
    found(168, 1, pinball, &[("naive", 0.16507910879629653), (constant, 0.19936765046296273)]);
    found(48, 24, pinball, &[(constant, 0.21377703672475123), ("seasonal naive", 0.22357378817687884)]);
    assert_eq!(household(|_| (), coverage), [], "of an interval nothing is known");
}

#[test]
fn the_best_constant_depends_on_the_error() {
    let data = prepared("beijing-air");
    let first = |metric: &Metric| scored(&data, metric, &Quantiles::new(&[]))[0].answer.clone();
    assert_eq!(regression().iter().map(first).collect::<Vec<_>>(), ["median", "mean", "mean"]);
}
