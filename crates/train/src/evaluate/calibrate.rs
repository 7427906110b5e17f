//! The calibration of a saved run's quantiles, on the validation set.

use slimgate_data::{Batch, Sequence};
use slimgate_run::Calibration;

use super::{SavedRun, read, require_finite};
use crate::TrainError;
use crate::loader::SequenceBatch;

impl SavedRun {
    /// Measures the distances by which its quantiles are to be moved on the windows of a validation set, and records them
    /// in the run folder. There are none where these are too few.
    ///
    /// # Errors
    ///
    /// If the device cannot compute, the model has no answer to a window, or the folder cannot be written.
    pub(crate) fn calibrate(&self, validation: &[Sequence]) -> Result<(), TrainError> {
        let objective = self.objective();
        let mut numbers = Vec::with_capacity(validation.len() * objective.outputs());
        for sequences in self.batches(validation, |sequence| sequence.features.len())? {
            let batch = Batch::collate(&sequences.iter().collect::<Vec<_>>());
            let batch = SequenceBatch::new(batch, &self.device);
            let outputs = self.network.forward(batch.features, batch.lengths.as_deref());
            numbers.extend(read::<1>(objective.summed(outputs))?);
        }
        let window = |at: usize| format!("sequence {} of the validation set", at / objective.outputs() + 1);
        require_finite(&numbers, self.epoch, window)?;
        let answers = numbers.chunks_exact(objective.outputs());
        let truths = validation.iter().filter_map(|window| window.target.numbers());
        let windows: Vec<(&[f32], &[f32])> = truths.zip(answers).collect();
        let targets = self.preprocessing.targets().len();
        match Calibration::fit(self.epoch, objective.quantiles(), targets, &windows) {
            Some(calibration) => Ok(self.folder.record_calibration(&calibration)?),
            None => Ok(()),
        }
    }

    /// Answers as read from the device, of one sequence or of several, with their quantiles moved where the run is
    /// calibrated.
    pub(super) fn calibrated(&self, answers: Vec<f32>) -> Vec<f32> {
        match &self.calibration {
            Some(calibration) => {
                let of_one = answers.chunks_exact(calibration.numbers());
                of_one.flat_map(|answer| calibration.applied(answer)).collect()
            }
            None => answers,
        }
    }
}

#[cfg(test)]
mod tests {
    use slimgate_data::{Input, prepare};
    use slimgate_run::{Config, RunFolder, RunSummary, Status, StopFlag};
    use tempfile::TempDir;

    use super::*;
    use crate::objective::Objective;
    use crate::{Answer, CheckpointChoice, Display, ResumeOptions, resume, train};

    /// The configuration of a run of seconds, in a folder.
    fn config(out: &TempDir, settings: &str) -> Config {
        let written = format!(
            "data.dataset = 'household-power'\ndata.train_limit = 120\nmodel.hidden = 4\noptim.epochs = 2\n\
             run.threads = 1\nrun.name = 'one'\nrun.out = '{}'\n{settings}",
            out.path().display()
        );
        Config::read("test.toml", &written, &[]).unwrap()
    }

    fn trained(out: &TempDir, settings: &str, until: Option<usize>) -> (RunFolder, RunSummary) {
        train(config(out, settings), until, &StopFlag::default(), Display::Quiet, |_| ()).unwrap()
    }

    fn resumed(folder: &RunFolder) -> RunSummary {
        let (options, stop) = (ResumeOptions::default(), StopFlag::default());
        resume(folder.path(), &options, None, &stop, Display::Quiet, |_| ()).unwrap().1
    }

    fn saved(folder: &RunFolder, checkpoint: CheckpointChoice) -> SavedRun {
        SavedRun::open(folder.path(), checkpoint, None).unwrap()
    }

    #[test]
    fn a_run_is_calibrated_at_its_end_and_only_its_best_epoch_is() {
        let out = tempfile::tempdir().unwrap();
        let (folder, summary) = trained(&out, "", Some(1));
        assert_eq!(summary.status, Status::Interrupted);
        assert!(saved(&folder, CheckpointChoice::Best).calibration.is_none(), "it goes on");
        let best = resumed(&folder).best.unwrap().epoch;
        let run = saved(&folder, CheckpointChoice::Best);
        let calibration = run.calibration.as_ref().unwrap();
        assert_eq!((calibration.epoch, calibration.by_step), (best, true));
        assert!(saved(&folder, CheckpointChoice::Epoch(3 - best)).calibration.is_none());
        // As if it had been killed between its last epoch and its summary.
        let ended = folder.summary().unwrap().unwrap();
        let written = folder.read("calibration.json").unwrap();
        std::fs::remove_file(folder.file("calibration.json")).unwrap();
        folder.write_summary(&RunSummary { status: Status::Running, ..ended }).unwrap();
        resumed(&folder);
        assert_eq!(folder.read("calibration.json").unwrap(), written);

        // What a version without calibration trained answers as it did.
        let evaluated = run.evaluate(None).unwrap().evaluation;
        std::fs::remove_file(folder.file("calibration.json")).unwrap();
        let before = saved(&folder, CheckpointChoice::Best).evaluate(None).unwrap().evaluation;
        assert_eq!(evaluated.coverage_before_calibration, before.coverage().map(|(_, share)| share));
        assert_eq!((before.coverage_before_calibration, before.loss), (None, evaluated.loss));
        assert_eq!(before.score, evaluated.score, "the median stays");
        assert_ne!(before.coverage(), evaluated.coverage());
        assert_eq!(resumed(&folder).status, Status::Complete);
        assert!(!folder.file("calibration.json").exists(), "a run that is complete stays as it is");
    }

    /// The calibration windows themselves have the coverage that they were made for; predictions are moved as well.
    #[test]
    fn intervals_hold_their_share_of_what_they_were_calibrated_on() {
        let out = tempfile::tempdir().unwrap();
        let (folder, _) = trained(&out, "", None);
        let run = saved(&folder, CheckpointChoice::Best);
        let validation = prepare(&run.config.data).unwrap().validation;
        let input = |(at, window): (usize, &Sequence)| Input {
            name: at.to_string(),
            own: 0..window.features.len(),
            first_step: 1,
            steps: window.features.clone(),
        };
        let inputs: Vec<Input> = validation.iter().enumerate().map(input).collect();
        let (mut inside, mut all) = (0, 0);
        for (window, prediction) in validation.iter().zip(run.predict(&inputs).unwrap()) {
            let truths = run.preprocessing.in_units(window.target.numbers().unwrap());
            for (truth, answer) in truths.iter().zip(&prediction.answers) {
                let Answer::Numbers(levels) = answer else { panic!("a forecast is numbers") };
                assert!(levels.is_sorted(), "{levels:?}");
                inside += usize::from((levels[0] - 1e-5..=levels[2] + 1e-5).contains(truth));
                all += 1;
            }
        }
        let share = inside as f64 / all as f64;
        let most = 0.8 + 2.0 / validation.len() as f64;
        assert!((0.8..=most).contains(&share), "{share} of {} windows", validation.len());
    }

    #[test]
    fn the_reason_for_which_nothing_is_calibrated_is_said() {
        let out = tempfile::tempdir().unwrap();
        let said = |settings: &str, windows: usize| {
            let config = config(&out, settings);
            let data = prepare(&config.data).unwrap();
            let objective = Objective::new(&config, &data.preprocessing);
            let metric = objective.metric(&config, &data).unwrap();
            (objective.calibrates(&config, windows), objective.warnings(&config, &metric, windows))
        };
        assert_eq!(said("", 4), (true, Vec::new()));
        assert_eq!(said("run.calibrate = false", 3), (false, Vec::new()));
        assert_eq!(said("optim.loss = 'absolute'", 3), (false, Vec::new()));
        let (calibrates, few) = said("", 3);
        assert!(!calibrates && few[0].contains("3 windows") && few[0].contains("80 % takes 4"), "{few:?}");
        let (calibrates, published) = said("data.validation = 'test'", 900);
        assert!(!calibrates && published[0].contains("is the test set"), "{published:?}");
    }
}
