//! The loss and the answers of a task: the one place that knows what the outputs of a network mean.

mod answer;

use std::sync::Arc;

use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use slimgate_data::{Prepared, Preprocessing, Protocol, Sequence, Target, Targets, Task, Windows};
use slimgate_models::Readout;
use slimgate_run::metric::{
    Alarm, LEVELS, Metric, Quantiles, Scored, Tally, Threshold, check_choice, choice, choices,
};
use slimgate_run::words::{counted, percent_to};
use slimgate_run::{AlarmAnswer, Calibration, ClassWeights, Config, ConfigError, Loss, MetricValue};

pub use answer::Answer;

/// The question that a network is trained to answer.
#[derive(Clone, Debug)]
pub(crate) struct Objective {
    preprocessing: Arc<Preprocessing>,
    loss: Loss,
    quantiles: Quantiles,
    /// Of each class in the loss; empty where all are 1.
    class_weights: Vec<f32>,
    /// The class that is an alarm, if one is.
    alarm: Option<Alarm>,
}

impl Objective {
    pub fn new(config: &Config, preprocessing: &Preprocessing) -> Objective {
        let loss = config.optim.loss.unwrap_or(Loss::of_task(preprocessing.task()));
        let levels: &[f64] = if loss == Loss::Pinball { &LEVELS } else { &[] };
        Objective {
            preprocessing: Arc::new(preprocessing.clone()),
            loss,
            quantiles: Quantiles::new(levels),
            class_weights: Vec::new(),
            alarm: alarm(config, preprocessing),
        }
    }

    /// With a threshold of alarms that was chosen before, if a class is one.
    pub fn with_threshold(self, threshold: Option<Threshold>) -> Objective {
        Objective { alarm: self.alarm.map(|alarm| Alarm { threshold, ..alarm }), ..self }
    }

    /// The class that is an alarm, if one is.
    pub fn alarm(&self) -> Option<Alarm> {
        self.alarm
    }

    /// With the class weights that the configuration asks for, of a training set.
    pub fn weighted(self, config: &Config, train: &[Sequence]) -> Objective {
        let class_weights = match config.optim.class_weights {
            Some(ClassWeights::Balanced) => balanced(train, self.preprocessing.classes().len()),
            None => Vec::new(),
        };
        Objective { class_weights, ..self }
    }

    /// The states that answers are read from.
    pub fn readout(&self) -> Readout {
        match self.preprocessing.task() {
            Task::Labelling => Readout::EveryStep,
            Task::Classification | Task::Regression | Task::Forecast => Readout::Last,
        }
    }

    /// The width of the head: the numbers of an answer, with one of each level where quantiles are forecast.
    pub fn outputs(&self) -> usize {
        self.preprocessing.outputs() * self.quantiles.levels().len().max(1)
    }

    /// Nothing summed yet, of the task's metrics.
    pub fn tally(&self) -> Tally {
        Tally::new(&self.preprocessing, &self.quantiles).with_alarm(self.alarm)
    }

    /// The answers that have a truth: all, or those of the steps with a label.
    pub fn answered(&self, outputs: Tensor<2>, targets: &Targets) -> Tensor<2> {
        match targets {
            Targets::StepClasses(classes) if classes.iter().any(Option::is_none) => {
                let labelled = (0..classes.len()).filter(|at| classes[*at].is_some());
                let rows: Vec<i32> = labelled.map(|at| at as i32).collect();
                let rows = if rows.is_empty() { vec![0] } else { rows };
                let rows = Tensor::from_data(TensorData::new(rows.clone(), [rows.len()]), &outputs.device());
                outputs.select(0, rows)
            }
            _ => outputs,
        }
    }

    /// The loss of each answer that has a truth, `[answers]`. They stay apart because Burn's metric weights a batch by how
    /// many it has, and the last one of an epoch may be smaller. A batch without any label has one loss, 0.
    ///
    /// # Panics
    /// If the truths are not known.
    pub fn losses(&self, answers: Tensor<2>, targets: &Targets) -> Tensor<1> {
        let device = answers.device();
        match targets {
            Targets::Classes(classes) => self.of_classes(answers, classes.iter().copied()),
            Targets::StepClasses(classes) if classes.iter().all(Option::is_none) => {
                answers.sum().mul_scalar(0.0)
            }
            Targets::StepClasses(classes) => self.of_classes(answers, classes.iter().flatten().copied()),
            Targets::Numbers { values, width } => {
                let rows = values.len() / width;
                let truths = TensorData::new(values.clone(), [rows, *width]);
                self.of_numbers(answers, Tensor::from_data(truths, &device))
            }
            Targets::Unknown => panic!("a loss needs truths"),
        }
    }

    fn of_classes(&self, logits: Tensor<2>, classes: impl Iterator<Item = usize>) -> Tensor<1> {
        let device = logits.device();
        let classes: Vec<i32> = classes.map(|class| class as i32).collect();
        let losses = cross_entropy(logits, indices(&classes, &device));
        if self.class_weights.is_empty() {
            return losses;
        }
        let weights: Vec<f32> = classes.iter().map(|class| self.class_weights[*class as usize]).collect();
        let size = [weights.len()];
        losses * Tensor::from_data(TensorData::new(weights, size), &device)
    }

    /// The mean over the numbers of each answer, `[batch]`.
    fn of_numbers(&self, answers: Tensor<2>, truths: Tensor<2>) -> Tensor<1> {
        let [rows, width] = truths.dims();
        let losses = match self.loss {
            Loss::Pinball => {
                let levels = self.quantiles.levels();
                let answers: Tensor<3> = answers.reshape([rows, width, levels.len()]);
                let errors = truths.reshape([rows, width, 1]).expand([rows, width, levels.len()]) - answers;
                let levels: Vec<f32> = levels.iter().map(|level| *level as f32).collect();
                let size = [1, 1, levels.len()];
                let levels = Tensor::<3>::from_data(TensorData::new(levels, size), &errors.device());
                // Level times error above 0, less (1 - level) times error below.
                let above = errors.clone().clamp_min(0.0);
                let loss: Tensor<3> = above - errors * levels.mul_scalar(-1.0).add_scalar(1.0);
                loss.mean_dim(2).reshape([rows, width])
            }
            Loss::Absolute => (truths - answers).abs(),
            Loss::Huber => {
                let size = (truths - answers).abs();
                let near = size.clone().clamp_max(1.0);
                // Half the square up to 1, and size - 1/2 beyond it.
                near.clone() * (size - near.mul_scalar(0.5))
            }
            Loss::Squared | Loss::CrossEntropy => (truths - answers).square(),
        };
        losses.mean_dim(1).reshape([rows])
    }

    /// Sums answers that are read from the device: of classes the places of the largest outputs, each with the probability
    /// of the alarm class where there is one, else the outputs.
    pub fn add(&self, tally: &mut Tally, answers: &[f32], targets: &Targets) {
        match targets {
            Targets::Classes(classes) => self.add_classes(tally, answers, classes.iter().copied()),
            Targets::StepClasses(classes) => {
                self.add_classes(tally, answers, classes.iter().flatten().copied());
            }
            Targets::Numbers { values, width } => {
                let rows = values.chunks_exact(*width).zip(answers.chunks_exact(self.outputs()));
                rows.for_each(|(truths, answers)| tally.add_numbers(truths, answers));
            }
            Targets::Unknown => (),
        }
    }

    fn add_classes(&self, tally: &mut Tally, answers: &[f32], classes: impl Iterator<Item = usize>) {
        for (class, answer) in classes.zip(answers.chunks_exact(self.numbers_a_class())) {
            tally.add_class(class, answer[0] as usize);
            if let Some(score) = answer.get(1) {
                tally.add_score(class, *score);
            }
        }
    }

    /// The numbers that are read from the device of an answer that is a class.
    fn numbers_a_class(&self) -> usize {
        if self.alarm.is_some() { 2 } else { 1 }
    }

    /// The numbers, read from the device as [`summed`](Self::summed) has them, that answer one sequence.
    pub fn answers_to(&self, target: &Target) -> usize {
        match target {
            Target::Class(_) => self.numbers_a_class(),
            Target::StepClasses(classes) => classes.iter().flatten().count() * self.numbers_a_class(),
            Target::Numbers(_) => self.outputs(),
        }
    }

    /// The sums of the answers to one sequence.
    pub fn tally_of(&self, answers: &[f32], target: &Target) -> Tally {
        let mut tally = self.tally();
        match target {
            Target::Class(class) => self.add_classes(&mut tally, answers, [*class].into_iter()),
            Target::StepClasses(classes) => {
                self.add_classes(&mut tally, answers, classes.iter().flatten().copied());
            }
            Target::Numbers(truths) => tally.add_numbers(truths, answers),
        }
        tally
    }

    /// The answers to one sequence of a set, from the numbers [`summed`](Self::summed) has of them, as alarms; none where no
    /// class is one.
    pub fn alarms_of(&self, answers: &[f32], sequence: usize, target: &Target) -> Vec<AlarmAnswer> {
        let Some(alarm) = self.alarm else { return Vec::new() };
        let answer = |((step, class), numbers): ((Option<usize>, usize), &[f32])| AlarmAnswer {
            sequence,
            step,
            scored: Scored { score: numbers[1], is_alarm: class == alarm.class },
        };
        let rows = answers.chunks_exact(self.numbers_a_class());
        match target {
            Target::Class(class) => [(None, *class)].into_iter().zip(rows).map(answer).collect(),
            Target::StepClasses(classes) => {
                let labelled =
                    classes.iter().enumerate().filter_map(|(step, class)| Some((Some(step), (*class)?)));
                labelled.zip(rows).map(answer).collect()
            }
            Target::Numbers(_) => Vec::new(),
        }
    }

    /// The quantiles of a forecast; none where one number is.
    pub fn quantiles(&self) -> &Quantiles {
        &self.quantiles
    }

    /// What [`add`](Self::add) sums, on the device still.
    pub fn summed(&self, answers: Tensor<2>) -> Tensor<1> {
        match self.preprocessing.task() {
            Task::Classification | Task::Labelling => {
                let largest: Tensor<2> = answers.clone().argmax(1).float();
                let numbers = match self.alarm {
                    Some(Alarm { class, .. }) => {
                        Tensor::cat(vec![largest, softmax(answers, 1).narrow(1, class, 1)], 1)
                    }
                    None => largest,
                };
                numbers.reshape([-1])
            }
            Task::Regression | Task::Forecast => answers.reshape([-1]),
        }
    }

    /// True if the quantiles of a run with so many validation windows are calibrated once it has trained.
    pub fn calibrates(&self, config: &Config, validation: usize) -> bool {
        let wanted = self.quantiles.interval().is_some() && config.run.calibrate.unwrap_or(true);
        wanted && self.cannot_calibrate(config, validation).is_none()
    }

    /// The reason why quantiles stay as they are, though nobody asked for that.
    fn cannot_calibrate(&self, config: &Config, validation: usize) -> Option<String> {
        let (share, least) = (self.quantiles.interval()?, Calibration::least_windows(&self.quantiles)?);
        let reason = match config.data.validation {
            _ if config.run.calibrate == Some(false) => return None,
            // The coverage there would be seen beforehand.
            Protocol::Published => "the validation set is the test set".to_owned(),
            Protocol::Validation if validation < least => format!(
                "the validation set has {}, and an interval of {} takes {least} at least",
                counted(validation, "window", "windows"),
                percent_to(share, 0)
            ),
            Protocol::Validation => return None,
        };
        Some(format!("quantiles are not calibrated: {reason}"))
    }

    /// What is missing where a forecast cannot be held to what it usually is.
    pub fn warnings(&self, config: &Config, metric: &Metric, validation: usize) -> Vec<String> {
        let Some(Windows { context, season, .. }) = self.preprocessing.windows() else { return Vec::new() };
        let first = &self.tally().metrics()[choice(self.preprocessing.task())].metric;
        let no_reference = (season > context).then(|| {
            format!(
                "`data.season` is {season} steps and `data.context` {context}: the model sees no whole season, and is held \
                 to the seasonal naive forecast, which does"
            )
        });
        let other_metric = (config.run.metric.is_none() && *first.name != metric.name).then(|| {
            format!(
                "{} has no value on this data, whose training part is no longer than `data.season`, {season} steps, or \
                 never changes over one; choices are made by {}",
                first.name, metric.name
            )
        });
        no_reference
            .into_iter()
            .chain(other_metric)
            .chain(self.cannot_calibrate(config, validation))
            .collect()
    }

    /// The metric that choices are made by: the one that is asked for, or the task's first that has a value on the data.
    ///
    /// # Errors
    /// One that the task does not have or that choices cannot be made by, or that no answer has a value of on the training
    /// or the validation set.
    pub fn metric(&self, config: &Config, data: &Prepared) -> Result<Metric, ConfigError> {
        let task = self.preprocessing.task();
        let rule = config.alarm.rule();
        config.run.metric.as_ref().map_or(Ok(()), |wanted| check_choice(wanted, task, rule))?;
        self.check_alarms(config, data)?;
        let [train, validation] = [&data.train, &data.validation].map(|part| self.of_truths(part));
        let metrics = validation.iter().zip(&train);
        let choices = choices(task, rule);
        let usable: Vec<_> = metrics
            .filter(|(one, other)| one.value.is_some() && other.value.is_some())
            .filter(|(one, _)| choices.contains(&one.metric.name))
            .collect();
        let name = |value: &MetricValue| value.metric.name.clone();
        let found = match &config.run.metric {
            Some(wanted) => usable.iter().find(|(value, _)| value.metric.name.eq_ignore_ascii_case(wanted)),
            None => {
                let first = name(&validation[choice(task)]);
                usable.iter().find(|(value, _)| value.metric.name == first).or(usable.first())
            }
        };
        found.map(|(value, _)| Metric { resolution: None, ..value.metric.clone() }).ok_or_else(|| {
            let metric = config.run.metric.clone().unwrap_or_else(|| name(&validation[0]));
            let problem = "which has no value on the training or the validation set";
            let choices: Vec<String> = usable.iter().map(|(value, _)| name(value)).collect();
            ConfigError::Metric { metric, problem, choices: choices.join(", ") }
        })
    }

    /// Refuses a training or a validation set of which all is an alarm, or nothing: there, no threshold can be chosen.
    fn check_alarms(&self, config: &Config, data: &Prepared) -> Result<(), ConfigError> {
        let (Some(alarm), Some(class)) = (self.alarm, &config.alarm.class) else { return Ok(()) };
        for (set, sequences) in [("training", &data.train), ("validation", &data.validation)] {
            let members = members(sequences, self.preprocessing.classes().len());
            let (alarms, all): (u32, u32) = (members[alarm.class], members.iter().sum());
            if alarms == 0 || alarms == all {
                let remedy = "take more data, or a larger `data.validation_fraction`";
                let (class, all) = (class.clone(), alarms > 0);
                return Err(ConfigError::OneSidedAlarm { set, class, all, remedy });
            }
        }
        Ok(())
    }

    /// The metrics of answers that are the truth.
    fn of_truths(&self, sequences: &[Sequence]) -> Vec<MetricValue> {
        let mut tally = self.tally();
        let levels = self.quantiles.levels().len().max(1);
        let add = |tally: &mut Tally, class: usize| {
            tally.add_class(class, class);
            if let Some(alarm) = self.alarm {
                tally.add_score(class, f32::from(u8::from(class == alarm.class)));
            }
        };
        for sequence in sequences {
            match &sequence.target {
                Target::Class(class) => add(&mut tally, *class),
                Target::StepClasses(classes) => {
                    classes.iter().flatten().for_each(|class| add(&mut tally, *class));
                }
                Target::Numbers(numbers) => {
                    let answers: Vec<f32> =
                        numbers.iter().flat_map(|number| std::iter::repeat_n(*number, levels)).collect();
                    tally.add_numbers(numbers, &answers);
                }
            }
        }
        tally.metrics()
    }
}

/// The class that a configuration says is an alarm, among those of the data.
fn alarm(config: &Config, preprocessing: &Preprocessing) -> Option<Alarm> {
    let named = config.alarm.class.as_ref()?;
    let class = preprocessing.classes().iter().position(|class| class == named)?;
    Some(Alarm { class, rule: config.alarm.rule()?, threshold: None })
}

/// The sequences, or labelled steps, of each class.
fn members(sequences: &[Sequence], classes: usize) -> Vec<u32> {
    let mut members = vec![0_u32; classes];
    for sequence in sequences {
        match &sequence.target {
            Target::Class(class) => members[*class] += 1,
            Target::StepClasses(classes) => classes.iter().flatten().for_each(|class| members[*class] += 1),
            Target::Numbers(_) => (),
        }
    }
    members
}

/// All members ÷ (classes that have any × members) of each class, over sequences or steps.
fn balanced(train: &[Sequence], classes: usize) -> Vec<f32> {
    let members = members(train, classes);
    let all: f64 = members.iter().copied().map(f64::from).sum();
    let present = members.iter().filter(|count| **count > 0).count() as f64;
    members.iter().map(|count| (all / (present * f64::from((*count).max(1)))) as f32).collect()
}

fn indices(numbers: &[i32], device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new(numbers.to_vec(), [numbers.len()]), device)
}

/// `-log softmax(logits)[target]` of each row, `[rows]`.
fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [rows, _] = logits.dims();
    log_softmax(logits, 1).gather(1, targets.unsqueeze_dim(1)).reshape([rows]).neg()
}

#[cfg(test)]
mod tests;
