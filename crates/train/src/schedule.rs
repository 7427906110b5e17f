//! Learning rates over time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use burn::lr_scheduler::constant::ConstantLr;
use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::exponential::ExponentialLrSchedulerConfig;
use burn::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::lr_scheduler::noam::NoamLrSchedulerConfig;
use burn::lr_scheduler::step::StepLrSchedulerConfig;
use burn::lr_scheduler::{LrScheduler, LrSchedulerRecord};
use slimgate_run::{OptimConfig, Schedule};

/// The training loss of the last complete epoch, shared between what measures it and the schedule that
/// depends on it. NaN before the first.
#[derive(Clone, Debug)]
pub(crate) struct LastLoss(Arc<AtomicU64>);

impl LastLoss {
    pub fn new(loss: Option<f64>) -> LastLoss {
        LastLoss(Arc::new(AtomicU64::new(loss.unwrap_or(f64::NAN).to_bits())))
    }

    pub fn set(&self, loss: f64) {
        self.0.store(loss.to_bits(), Ordering::Relaxed);
    }

    fn get(&self) -> Option<f64> {
        let loss = f64::from_bits(self.0.load(Ordering::Relaxed));
        (!loss.is_nan()).then_some(loss)
    }
}

/// `η = η0 · exp(C)`, where `C` is the training loss of the last epoch, up to a cap (Lu 2016).
#[derive(Clone, Debug)]
struct ExpLoss {
    base: f64,
    first_epoch: f64,
    cap: f64,
    loss: LastLoss,
}

impl LrScheduler for ExpLoss {
    fn step(&mut self) -> f64 {
        match self.loss.get() {
            Some(loss) => (self.base * loss.exp()).min(self.cap),
            None => self.first_epoch,
        }
    }

    // The loss is in the run's recorded metrics, from which a resumed run takes it.
    fn to_record(&self) -> LrSchedulerRecord {
        LrSchedulerRecord::new()
    }

    fn load_record(&mut self, _: LrSchedulerRecord) {}
}

/// The schedule of a run whose epochs have `steps` optimizer steps.
///
/// # Errors
///
/// A value that Burn refuses, with Burn's message.
pub(crate) fn schedule(
    optim: &OptimConfig,
    steps: usize,
    loss: LastLoss,
) -> Result<ModuleLrScheduler, String> {
    let rate = optim.learning_rate;
    let all_steps = optim.epochs * steps;
    match optim.schedule {
        Schedule::Constant => Ok(ConstantLr::new(rate).into()),
        Schedule::Linear => LinearLrSchedulerConfig::new(rate, optim.final_learning_rate, all_steps).init(),
        Schedule::Cosine => CosineAnnealingLrSchedulerConfig::new(rate, all_steps)
            .with_min_lr(optim.final_learning_rate)
            .init(),
        Schedule::Exponential => {
            ExponentialLrSchedulerConfig::new(rate, optim.gamma.powf(1.0 / steps as f64)).init()
        }
        Schedule::Step => {
            StepLrSchedulerConfig::new(rate, optim.step_epochs * steps).with_gamma(optim.gamma).init()
        }
        // Burn's rate at its highest, after the warm-up, is factor / √(model size · warm-up steps).
        Schedule::Noam => NoamLrSchedulerConfig::new(rate * (optim.warmup_steps as f64).sqrt())
            .with_warmup_steps(optim.warmup_steps)
            .with_model_size(1)
            .init(),
        Schedule::ExpLoss => Ok(ModuleLrScheduler::new(ExpLoss {
            base: rate,
            first_epoch: optim.first_epoch_rate.unwrap_or(rate),
            cap: optim.max_learning_rate,
            loss,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rate at each of the first `count` steps, with 10 steps an epoch and 4 epochs.
    fn rates(schedule_kind: Schedule, count: usize) -> Vec<f64> {
        let optim = OptimConfig {
            schedule: schedule_kind,
            learning_rate: 0.1,
            gamma: 0.5,
            step_epochs: 2,
            warmup_steps: 20,
            epochs: 4,
            ..Default::default()
        };
        let mut schedule = schedule(&optim, 10, LastLoss::new(None)).unwrap();
        (0..count).map(|_| schedule.step().base()).collect()
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn schedules_start_and_end_where_they_should() {
        assert!(rates(Schedule::Constant, 40).iter().all(|&rate| rate == 0.1));
        let linear = rates(Schedule::Linear, 41);
        assert!(near(linear[0], 0.1) && near(linear[20], 0.05) && near(linear[40], 0.0));
        let cosine = rates(Schedule::Cosine, 41);
        assert!(near(cosine[0], 0.1) && near(cosine[20], 0.05) && near(cosine[40], 0.0));
        let exponential = rates(Schedule::Exponential, 21);
        assert!(near(exponential[0], 0.1) && near(exponential[10], 0.05) && near(exponential[20], 0.025));
        let step = rates(Schedule::Step, 21);
        assert!(near(step[0], 0.1) && near(step[19], 0.1) && near(step[20], 0.05));
    }

    #[test]
    fn noam_is_at_its_highest_after_the_warm_up() {
        let noam = rates(Schedule::Noam, 40);
        assert!(near(noam[19], 0.1));
        assert!(noam.iter().all(|&rate| rate <= 0.1 + 1e-9));
    }

    #[test]
    fn exp_loss_follows_the_last_loss_up_to_its_cap() {
        let optim = OptimConfig {
            schedule: Schedule::ExpLoss,
            learning_rate: 0.001,
            max_learning_rate: 0.005,
            first_epoch_rate: Some(0.002),
            ..Default::default()
        };
        let loss = LastLoss::new(None);
        let mut schedule = schedule(&optim, 10, loss.clone()).unwrap();
        assert_eq!(schedule.step().base(), 0.002);
        loss.set(0.5);
        assert!(near(schedule.step().base(), 0.001 * 0.5f64.exp()));
        loss.set(100.0);
        assert_eq!(schedule.step().base(), 0.005);
    }
}
