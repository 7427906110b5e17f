//! Forecasts of the test part to look at.

use slimgate_run::metric::Metric;
use slimgate_run::{RunFolder, Stretch};

use crate::{SeedResult, StudyError, StudyFolder, TaskSummary, VariantForecast, VariantSummary};

/// The last steps of the test part as the baseline forecasts them, and as another variant does: the one that is `named`, or
/// else the best of the others on the test set. Both by the first seed that they have forecasts of; nothing where there is
/// none, as of other tasks and in trials of version 0.1.0.
pub(super) fn forecasts(
    folder: &StudyFolder,
    metric: &Metric,
    named: Option<&str>,
    task: &TaskSummary,
) -> Result<Vec<VariantForecast>, StudyError> {
    let Some((baseline, others)) = task.variants.split_first() else { return Ok(Vec::new()) };
    let tested =
        others.iter().filter_map(|variant| Some((variant, metric.merit(variant.test.as_ref()?.mean))));
    let best = tested.max_by(|one, other| one.1.total_cmp(&other.1)).map(|(variant, _)| variant);
    let other = others.iter().find(|variant| Some(variant.name.as_str()) == named).or(best);
    let shown: Vec<&VariantSummary> = std::iter::once(baseline).chain(other).collect();
    for SeedResult { seed, .. } in &baseline.seeds {
        let of_seed = |variant: &&VariantSummary| {
            let of_variant = variant.seeds.iter().find(|own| own.seed == *seed);
            let stretch = of_variant.map(|own| stretch(folder, task, own)).transpose()?.flatten();
            let forecast = |stretch| VariantForecast { variant: variant.name.clone(), seed: *seed, stretch };
            Ok(stretch.map(forecast))
        };
        let found: Vec<Option<VariantForecast>> =
            shown.iter().map(of_seed).collect::<Result<_, StudyError>>()?;
        if let Some(found) = found.into_iter().collect() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn stretch(
    folder: &StudyFolder,
    task: &TaskSummary,
    seed: &SeedResult,
) -> Result<Option<Stretch>, StudyError> {
    let forecasts = RunFolder::open(&folder.run(&seed.trial))?.forecasts()?;
    Ok(forecasts.map(|forecasts| forecasts.stretch(&task.dataset)))
}
