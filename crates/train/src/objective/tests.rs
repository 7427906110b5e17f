use slimgate_data::prepare;

use super::*;

fn objective(dataset: &str, loss: Option<Loss>) -> Objective {
    let changed = Config::default().changed(|config| {
        config.data.dataset = dataset.into();
        config.optim.loss = loss;
    });
    let config = changed.unwrap();
    Objective::new(&config, &prepare(&config.data).unwrap().preprocessing)
}

fn near(found: Tensor<1>, wanted: &[f32]) {
    let found: Vec<f32> = found.into_data().try_to_vec().unwrap();
    assert_eq!(found.len(), wanted.len());
    assert!(found.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 1e-6), "{found:?} {wanted:?}");
}

#[test]
fn cross_entropy_is_that_of_the_definition() {
    let device = Device::flex();
    let logits = Tensor::<2>::from_floats([[0.0, 0.0], [1.0, -1.0]], &device);
    near(cross_entropy(logits, Tensor::from_ints([0, 1], &device)), &[2f32.ln(), (1.0 + 2f32.exp()).ln()]);
}

#[test]
fn only_steps_with_a_label_have_a_loss() {
    let objective = objective("sensor-events", None);
    let classes = objective.outputs();
    let device = Device::flex();
    let outputs = Tensor::<2>::zeros([4, classes], &device);
    let targets = Targets::StepClasses(vec![None, Some(1), None, Some(0)]);
    let answers = objective.answered(outputs.clone(), &targets);
    assert_eq!(answers.dims(), [2, classes]);
    near(objective.losses(answers, &targets), &[(classes as f32).ln(); 2]);
    let none = Targets::StepClasses(vec![None; 4]);
    near(objective.losses(objective.answered(outputs, &none), &none), &[0.0]);
}

#[test]
fn losses_of_numbers_are_those_of_their_definitions() {
    let device = Device::flex();
    let targets = Targets::Numbers { values: vec![0.5, 3.0], width: 1 };
    let answers = || Tensor::<2>::zeros([2, 1], &device);
    for (loss, wanted) in
        [(Loss::Squared, [0.25, 9.0]), (Loss::Absolute, [0.5, 3.0]), (Loss::Huber, [0.125, 2.5])]
    {
        near(objective("beijing-air", Some(loss)).losses(answers(), &targets), &wanted);
    }
}

/// As `values_are_those_of_utilsforecast` in `slimgate-run` has them, of its first and third step.
#[test]
fn the_pinball_loss_is_the_mean_over_levels() {
    let objective = objective("household-power", None);
    let device = Device::flex();
    let answers = Tensor::<2>::from_floats([[6.0, 7.0, 8.0], [8.1, 8.5, 9.5]], &device);
    let targets = Targets::Numbers { values: vec![7.5, 8.0], width: 1 };
    let [one, three] = [0.15 + 0.25 + 0.05, 0.09 + 0.25 + 0.15].map(|sum: f32| sum / 3.0);
    near(objective.losses(answers, &targets), &[one, three]);
}

#[test]
fn a_metric_of_batches_is_that_of_all() {
    let objective = objective("beijing-air", None);
    let targets = |values: &[f32]| Targets::Numbers { values: values.to_vec(), width: 1 };
    let mut all = objective.tally();
    objective.add(&mut all, &[0.1, 0.2, 0.3], &targets(&[0.3, 0.3, -0.1]));
    let mut batches = objective.tally();
    objective.add(&mut batches, &[0.3], &targets(&[-0.1]));
    let mut rest = objective.tally();
    objective.add(&mut rest, &[0.1, 0.2], &targets(&[0.3, 0.3]));
    batches.merge(&rest);
    assert_eq!(batches.metrics(), all.metrics());
}

#[test]
fn choices_are_made_by_what_is_asked_for_or_the_first_that_has_a_value() {
    let chosen = |dataset: &str, metric: Option<&str>| {
        let changed = Config::default().changed(|config| {
            config.data.dataset = dataset.into();
            config.run.metric = metric.map(str::to_owned);
        });
        let config = changed.unwrap();
        let data = prepare(&config.data).unwrap();
        Objective::new(&config, &data.preprocessing).metric(&config, &data).map(|metric| metric.name)
    };
    assert_eq!(chosen("digits-rows", None).unwrap(), "accuracy");
    assert_eq!(chosen("sensor-events", None).unwrap(), "balanced accuracy");
    assert_eq!(chosen("beijing-air", Some("R²")).unwrap(), "R²");
    assert_eq!(chosen("household-power", None).unwrap(), "MASE");
    assert_eq!(chosen("household-power", Some("mase")).unwrap(), "MASE");
    for (dataset, metric) in [("sensor-events", "recall of event"), ("household-power", "coverage")] {
        let refusal = chosen(dataset, Some(metric)).unwrap_err().to_string();
        assert!(
            refusal.contains("which is perfect") && !refusal.contains(&format!(", {metric}")),
            "{refusal}"
        );
    }
    let refusal = chosen("beijing-air", Some("accuracy")).unwrap_err().to_string();
    assert!(refusal.contains("must be one of MAE, RMSE, R²"), "{refusal}");
}

fn with_alarm(dataset: &str, keys: &str) -> (Config, Result<Metric, String>) {
    let text = format!("[data]\ndataset = '{dataset}'\n{keys}");
    let config = Config::read("test", &text, &[]).unwrap();
    let data = prepare(&config.data).unwrap();
    let metric = Objective::new(&config, &data.preprocessing).metric(&config, &data);
    (config, metric.map_err(|error| error.to_string()))
}

#[test]
fn alarms_have_metrics_to_choose_by() {
    let costs = "[alarm]\nclass = 'event'\nmiss_cost = 50.0\nfalse_alarm_cost = 1.0\n[run]\nmetric = ";
    for name in ["cost", "Average precision", "balanced accuracy"] {
        let found = with_alarm("sensor-events", &format!("{costs}'{name}'")).1;
        assert_eq!(found.unwrap().name, name.to_lowercase());
    }
    let refusal = with_alarm("sensor-events", &format!("{costs}'missed alarms'")).1.unwrap_err();
    assert!(refusal.contains("which is perfect where every answer is an alarm"), "{refusal}");
    let few = "train_limit = 4\n[alarm]\nclass = 'event'\nfalse_alarm_rate = 0.1";
    let refusal = with_alarm("sensor-events", few).1.unwrap_err();
    assert!(refusal.contains("set nothing is of the class `event`"), "{refusal}");
    let refusal = with_alarm("sensor-events", "[run]\nmetric = 'cost'").1.unwrap_err();
    assert!(refusal.contains("which there is only with `alarm.class`"), "{refusal}");
}

/// What is read from the device is the class and the probability of an alarm, of each labelled step.
#[test]
fn answers_are_scored_by_the_probability_of_the_alarm_class() {
    let (config, _) = with_alarm("sensor-events", "[alarm]\nclass = 'event'\nfalse_alarm_rate = 0.5");
    let preprocessing = prepare(&config.data).unwrap().preprocessing;
    let event = preprocessing.classes().iter().position(|class| class == "event").unwrap();
    let threshold = Threshold::between(0.4, 0.2);
    let objective = Objective::new(&config, &preprocessing).with_threshold(Some(threshold));
    let device = Device::flex();
    let row = |probability: f32| {
        let mut row = [(1.0 - probability).ln(); 2];
        row[event] = probability.ln();
        row
    };
    let outputs = Tensor::<2>::from_floats([0.25, 0.5, 0.75, 0.4].map(row), &device);
    let classes = vec![Some(event), None, Some(1 - event), Some(event)];
    let targets = Targets::StepClasses(classes.clone());
    let numbers = objective.summed(objective.answered(outputs, &targets)).into_data();
    let numbers: Vec<f32> = numbers.try_to_vec().unwrap();
    let wanted = [(1 - event, 0.25), (event, 0.75), (1 - event, 0.4)];
    for (found, (class, score)) in numbers.chunks_exact(2).zip(wanted) {
        assert!(found[0] == class as f32 && (found[1] - score).abs() < 1e-6, "{numbers:?}");
    }
    let target = Target::StepClasses(classes);
    assert_eq!(objective.answers_to(&target), numbers.len());
    let mut tally = objective.tally();
    objective.add(&mut tally, &numbers, &targets);
    assert_eq!(tally.metrics(), objective.tally_of(&numbers, &target).metrics());
    let value = |name: &str| {
        let found = tally.metrics().into_iter().find(|found| found.metric.name == name);
        found.unwrap().value
    };
    assert_eq!(
        (value("missed alarms"), value("false alarms"), value("accuracy")),
        (Some(0.5), Some(1.0), Some(0.0))
    );
    let alarms = objective.alarms_of(&numbers, 7, &target);
    let steps: Vec<_> =
        alarms.iter().map(|one| (one.sequence, one.step.unwrap(), one.scored.is_alarm)).collect();
    assert_eq!(steps, [(7, 0, true), (7, 2, false), (7, 3, true)]);
    let answer = &objective.answers(&row(0.4).map(f32::exp), 0..1)[0];
    assert!(matches!(answer, Answer::Class { alarm: Some(true), .. }), "{answer:?}");
}
