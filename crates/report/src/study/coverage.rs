//! What the intervals of forecasts hold.

use slimgate_run::words::{MISSING, percent_to};
use slimgate_study::{Coverage, TaskSummary};

use crate::table::{Column, Table};

/// A row for each variant that forecasts intervals; none where none does.
pub(crate) fn coverage(task: &TaskSummary) -> Option<Table> {
    let aim = task.variants.iter().find_map(|variant| variant.coverage.as_ref())?.aim;
    let caption = format!(
        "Coverage on {}: the share of what came between the lowest and the highest quantile, the mean over the seeds; {} is \
         what they are for. Calibrated: the quantiles were moved by what they were off by on the validation set.",
        task.name,
        percent_to(aim, 0)
    );
    let columns = [
        Column::text("variant"),
        Column::number("test coverage"),
        Column::number("before calibration"),
        Column::number("calibrated"),
    ];
    let mut table = Table::new(caption, columns);
    for variant in &task.variants {
        let of =
            |cell: &dyn Fn(&Coverage) -> String| variant.coverage.as_ref().map_or(MISSING.to_owned(), cell);
        table.row(vec![
            variant.name.as_str().into(),
            of(&|coverage| percent_to(coverage.share, 1)).into(),
            of(&|coverage| match coverage.calibrated {
                0 => MISSING.to_owned(),
                _ => percent_to(coverage.before_calibration, 1),
            })
            .into(),
            of(&|coverage| format!("{} of {}", coverage.calibrated, coverage.seeds)).into(),
        ]);
    }
    Some(table)
}
