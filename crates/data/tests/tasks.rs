//! Data sets that ask for something else than the class of a sequence.

use slimgate_data::{
    Batch, DataConfig, DataError, Pad, Prepared, Preprocessing, Target, Targets, Task, Windows, prepare,
    prepare_with, validation_sequences,
};

fn config(dataset: &str) -> DataConfig {
    DataConfig { dataset: dataset.into(), ..DataConfig::default() }
}

#[test]
fn household_power_is_forecast() {
    let config = config("household-power");
    let data = prepare(&config).unwrap();
    let preprocessing = &data.preprocessing;
    assert_eq!(preprocessing.task(), Task::Forecast);
    assert_eq!(preprocessing.targets(), ["global_active_power"]);
    assert_eq!(preprocessing.windows(), Some(Windows { context: 168, horizon: 24, stride: 6, season: 168 }));
    // Of 12,456 hours 1,246 are held out, and of each part a window takes 192.
    assert_eq!(data.train.len(), (12_456 - 1_246 - 192) / 6 + 1);
    assert_eq!((data.validation.len(), data.test.len()), ((1_246 - 192) / 6 + 1, (3_624 - 192) / 6 + 1));
    assert_eq!(validation_sequences(&config).unwrap(), data.validation.len());
    // In kilowatts: the first hours of 2009 that are forecast, from the table that ships.
    let back = preprocessing.in_units(data.test[0].target.numbers().unwrap());
    assert!((preprocessing.target_means()[0] - 1.1).abs() < 0.1);
    assert!(back.iter().all(|power| (0.0..7.0).contains(power)), "{back:?}");
    // A season of 24 has a larger error, which is why the recipe says 168.
    let daily = prepare(&DataConfig { season: Some(24), ..config }).unwrap();
    let [weekly, daily] = [preprocessing, &daily.preprocessing].map(|data| data.naive_errors()[0].unwrap());
    assert!(weekly < daily, "{weekly} {daily}");
    let batch = Batch::collate(&data.test.iter().take(3).collect::<Vec<_>>());
    let Targets::Numbers { values, width } = batch.targets else { panic!("a forecast is of numbers") };
    assert_eq!((width, preprocessing.outputs(), values.len()), (24, 24, 72));
}

#[test]
fn sensor_events_are_labelled_step_by_step() {
    let Prepared { preprocessing, train, validation, test, .. } = prepare(&config("sensor-events")).unwrap();
    assert_eq!((preprocessing.task(), preprocessing.outputs()), (Task::Labelling, 2));
    assert_eq!((train.len() + validation.len(), test.len()), (395, 396));
    let events = |sequences: &[slimgate_data::Sequence]| {
        let classes = sequences.iter().flat_map(|sequence| match &sequence.target {
            Target::StepClasses(classes) => {
                assert_eq!(classes.len(), sequence.features.len());
                classes
            }
            other => panic!("{other:?}"),
        });
        classes.filter(|class| **class == Some(1)).count()
    };
    assert_eq!((events(&train) + events(&validation), events(&test)), (117, 32));
    assert!(events(&validation) > 0, "what is rare is in the validation set, too");
}

#[test]
fn the_labels_of_steps_are_cut_and_padded_with_them() {
    let config = DataConfig { max_length: Some(30), pad: Pad::Start, ..config("sensor-events") };
    let data = prepare(&config).unwrap();
    for sequence in data.train.iter().chain(&data.test) {
        let Target::StepClasses(classes) = &sequence.target else { panic!("steps have classes") };
        assert_eq!((sequence.features.len(), classes.len()), (30, 30));
        assert!(classes[..6].iter().all(Option::is_none) && classes[29].is_some());
    }
}

#[test]
fn fine_dust_is_a_number_a_day() {
    let config = config("beijing-air");
    let data = prepare(&config).unwrap();
    let preprocessing = &data.preprocessing;
    assert_eq!((preprocessing.task(), preprocessing.outputs()), (Task::Regression, 1));
    assert_eq!(preprocessing.targets(), ["pm25"]);
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (1226, 136, 360));
    let numbers = |sequences: &[slimgate_data::Sequence]| -> Vec<f32> {
        sequences.iter().flat_map(|sequence| sequence.target.numbers().unwrap()).copied().collect()
    };
    let train = numbers(&data.train);
    let mean = train.iter().sum::<f32>() / train.len() as f32;
    let variance = train.iter().map(|number| (number - mean).powi(2)).sum::<f32>() / train.len() as f32;
    assert!(
        mean.abs() < 1e-4 && (variance - 1.0).abs() < 1e-3,
        "standardised on the training set: {mean} {variance}"
    );
    // The first of January 2014, as the table has it.
    let first = preprocessing.in_units(&numbers(&data.test[..1]))[0];
    assert!((first - 53.42).abs() < 1e-4, "{first}");
}

#[test]
fn a_stored_preprocessing_prepares_the_same_sets() {
    for dataset in ["household-power", "sensor-events", "beijing-air"] {
        let config = config(dataset);
        let first = prepare(&config).unwrap();
        let text = serde_json::to_string(&first.preprocessing).unwrap();
        let stored: Preprocessing = serde_json::from_str(&text).unwrap();
        let again = prepare_with(&config, &stored, None).unwrap();
        assert_eq!(again.preprocessing, first.preprocessing);
        assert!(
            again.train == first.train && again.validation == first.validation && again.test == first.test
        );
        // One of another task, or without a scale for its numbers, is refused.
        let start = text.find("\"answers\"").unwrap();
        let end = text.find("\"transform\"").unwrap();
        let forged: Preprocessing = serde_json::from_str(&(text[..start].to_owned() + &text[end..])).unwrap();
        let refused = prepare_with(&config, &forged, None);
        assert!(matches!(refused, Err(DataError::OtherPreprocessing { .. })), "{dataset}");
    }
}

#[test]
fn another_task_than_that_of_the_data_set_is_refused() {
    let asked = |dataset: &str, task| prepare(&DataConfig { task: Some(task), ..config(dataset) });
    assert!(asked("beijing-air", Task::Regression).is_ok());
    let message = asked("beijing-air", Task::Forecast).unwrap_err().to_string();
    assert!(message.contains("data.task") && message.contains("for regression"), "{message}");
    assert!(asked("digits-rows", Task::Labelling).is_err());
}
