//! The mean difference over seeds and test items, both of which are samples.
//!
//! Every seed's model is tested on the same items, so a table of differences has a row for each seed and a column for
//! each item: seeds and items are *crossed*. The two-way random-effects model
//!
//! d = μ + seed + item + residual
//!
//! has three variances, estimated from the mean squares of the analysis of variance (Searle, Casella and McCulloch
//! 1992, chapter 4). With S seeds and I items, the variance of the mean is
//!
//! over seeds alone, the items being what they are: MS_seed/(SI), with S − 1 degrees of freedom, which is the paired t
//! test of the seeds' means; over both: (MS_seed + MS_item − MS_residual)/(SI), with Satterthwaite's degrees of freedom.
//!
//! Items of one group (sequences of one speaker, windows of one recording) are not independent: groups then take the
//! place of items, with the totals of their items' deviations, as in the linearised variance of a ratio (Cochran 1977,
//! section 6.3; Miller 2024 for evaluations). With groups of one item each, both are the same.

use super::interval::Estimate;
use super::sample::{critical, mean_and_sd};

/// An estimated variance of a mean, and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanError {
    /// Variance of the mean: the square of its standard error.
    pub variance: f64,
    /// Degrees of freedom of Student's t.
    pub degrees_of_freedom: f64,
}

/// A mean over a table of seeds and test items, with its variance for each of two populations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossedMean {
    /// The mean of all differences.
    pub mean: f64,
    /// Other seeds on the same items: the training procedure on this test set.
    pub seeds: MeanError,
    /// Other seeds on other items: the training procedure on new data.
    pub new_data: MeanError,
    /// The part of `new_data`'s variance that is due to items and that no number of seeds makes smaller; 0 where the
    /// estimate would be negative.
    pub items: f64,
}

impl CrossedMean {
    /// Intervals of the mean by Student's t: for other seeds on the same items, and for other seeds on other items.
    ///
    /// The second is never the narrower: with three or five seeds, their small variance may be an accident that makes it
    /// look better known than it is, and without this floor 92 of 100 intervals would hold the mean instead of 95.
    pub fn intervals(&self, confidence: f64) -> [Estimate; 2] {
        let tail = (1.0 - confidence) / 2.0;
        let same = self.seeds.half_width(tail);
        [same, same.max(self.new_data.half_width(tail))].map(|half_width| Estimate {
            value: self.mean,
            low: self.mean - half_width,
            high: self.mean + half_width,
            confidence,
        })
    }
}

impl MeanError {
    /// The distance from the mean that is exceeded on one side with probability `tail`.
    pub(super) fn half_width(&self, tail: f64) -> f64 {
        critical(self.degrees_of_freedom, tail) * self.variance.sqrt()
    }
}

/// The mean of a table of paired differences, variant − baseline: a row for each seed that both were trained with, a
/// column for each test item.
///
/// `groups` names the group of each item, by any number; empty if each item is by itself. `resolution` is the step
/// between possible means of a seed: their spread is taken to be at least half of it, as in
/// [`t_interval`](super::t_interval).
///
/// A negative estimate of a variance component counts as 0, so that the variance for new data is never less than that of
/// seeds alone or of items alone. `None` with fewer than two seeds or two items (groups), rows of different lengths, a
/// difference that is not finite, or no variance at all.
pub fn crossed_mean(
    differences: &[impl AsRef<[f64]>],
    groups: &[usize],
    resolution: f64,
) -> Option<CrossedMean> {
    combined(&[Table::new(differences, groups, resolution)?])
}

/// The difference of the means of two tables, variant − baseline, whose rows are results of seeds that have nothing in
/// common and may be of different numbers; the columns are the same test items. Otherwise as [`crossed_mean`].
///
/// Where seeds are common to both, pairs tell more: their differences leave out what the two share.
pub fn crossed_difference(
    variant: &[impl AsRef<[f64]>],
    baseline: &[impl AsRef<[f64]>],
    groups: &[usize],
    resolution: f64,
) -> Option<CrossedMean> {
    let baseline: Vec<Vec<f64>> =
        baseline.iter().map(|row| row.as_ref().iter().map(|result| -result).collect()).collect();
    let tables = [Table::new(variant, groups, resolution)?, Table::new(&baseline, groups, resolution)?];
    combined(&tables)
}

/// The analysis of variance of one table.
struct Table {
    mean: f64,
    seeds: MeanError,
    residual: MeanError,
    /// Deviation of each item, or group: their mean is 0.
    items: Vec<f64>,
}

impl Table {
    fn new(rows: &[impl AsRef<[f64]>], groups: &[usize], resolution: f64) -> Option<Self> {
        let rows: Vec<&[f64]> = rows.iter().map(AsRef::as_ref).collect();
        let columns = rows.first()?.len();
        let is_table = rows.iter().all(|row| row.len() == columns && row.iter().all(|d| d.is_finite()));
        if rows.len() < 2 || !is_table || !(groups.is_empty() || groups.len() == columns) {
            return None;
        }
        let group_of = numbered(groups, columns);
        let count = group_of.iter().max()? + 1;
        if count < 2 {
            return None;
        }
        let means: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / columns as f64).collect();
        let (mean, sd) = mean_and_sd(&means);
        let deviations: Vec<Vec<f64>> =
            rows.iter().zip(&means).map(|(row, mean)| totals(row, *mean, &group_of, count)).collect();
        let seeds = rows.len() as f64;
        let of_item = |item: usize| deviations.iter().map(|row| row[item]).sum::<f64>() / seeds;
        let items: Vec<f64> = (0..count).map(of_item).collect();
        let squares =
            |row: &Vec<f64>| row.iter().zip(&items).map(|(d, item)| (d - item).powi(2)).sum::<f64>();
        let degrees_of_freedom = (seeds - 1.0) * (count - 1) as f64;
        let mean_square = deviations.iter().map(squares).sum::<f64>() / degrees_of_freedom;
        Some(Self {
            mean,
            seeds: MeanError {
                variance: sd.max(resolution / 2.0).powi(2) / seeds,
                degrees_of_freedom: seeds - 1.0,
            },
            residual: MeanError { variance: mean_square / (seeds * count as f64), degrees_of_freedom },
            items,
        })
    }
}

/// The number of each item's group, counted from 0 in order of appearance.
fn numbered(groups: &[usize], items: usize) -> Vec<usize> {
    if groups.is_empty() {
        return (0..items).collect();
    }
    let mut numbers = std::collections::HashMap::new();
    groups
        .iter()
        .map(|group| {
            let next = numbers.len();
            *numbers.entry(*group).or_insert(next)
        })
        .collect()
}

/// Total deviation of each group's items from the row's mean, in units in which the average group has one item.
fn totals(row: &[f64], mean: f64, group_of: &[usize], groups: usize) -> Vec<f64> {
    let scale = groups as f64 / row.len() as f64;
    let mut totals = vec![0.0; groups];
    for (difference, group) in row.iter().zip(group_of) {
        totals[*group] += (difference - mean) * scale;
    }
    totals
}

/// The sum of the tables' means, each over its own seeds and all over the same items.
fn combined(tables: &[Table]) -> Option<CrossedMean> {
    let count = tables[0].items.len();
    if tables.iter().any(|table| table.items.len() != count) {
        return None;
    }
    let square = |item: usize| tables.iter().map(|table| table.items[item]).sum::<f64>().powi(2);
    let groups = count as f64;
    let items = MeanError {
        variance: (0..count).map(square).sum::<f64>() / ((groups - 1.0) * groups),
        degrees_of_freedom: groups - 1.0,
    };
    let residuals: Vec<MeanError> = tables.iter().map(|table| table.residual).collect();
    let residual: f64 = residuals.iter().map(|residual| residual.variance).sum();
    let over_seeds: Vec<MeanError> = tables.iter().map(|table| table.seeds).collect();
    let seeds = satterthwaite(over_seeds.iter().map(|part| part.variance).sum(), &over_seeds);
    let both = satterthwaite(
        seeds.variance + items.variance - residual,
        &[over_seeds, residuals, vec![items]].concat(),
    );
    let larger = |a: MeanError, b: MeanError| if b.variance > a.variance { b } else { a };
    let new_data = larger(larger(seeds, items), both);
    (new_data.variance > 0.0).then(|| CrossedMean {
        mean: tables.iter().map(|table| table.mean).sum(),
        seeds,
        new_data,
        items: (items.variance - residual).max(0.0),
    })
}

/// A variance that is a sum or difference of independent estimates, with degrees of freedom by Satterthwaite (1946).
fn satterthwaite(variance: f64, parts: &[MeanError]) -> MeanError {
    let squares: f64 = parts.iter().map(|part| part.variance.powi(2) / part.degrees_of_freedom).sum();
    let degrees_of_freedom = if squares > 0.0 { (variance.powi(2) / squares).max(1.0) } else { 1.0 };
    MeanError { variance, degrees_of_freedom }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [[f64; 5]; 3] =
        [[1.0, 0.0, 2.0, -1.0, 1.0], [2.0, 1.0, 1.0, 0.0, 3.0], [0.0, 0.0, 1.0, -2.0, 1.0]];

    #[track_caller]
    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }

    #[test]
    fn nothing_is_said_of_what_is_no_table() {
        let none: [[f64; 2]; 0] = [];
        assert_eq!(crossed_mean(&none, &[], 0.0), None);
        assert_eq!(crossed_mean(&[[1.0, 0.0]], &[], 0.0), None, "one seed");
        assert_eq!(crossed_mean(&[[1.0], [0.0]], &[], 0.0), None, "one item");
        assert_eq!(crossed_mean(&[vec![1.0, 0.0], vec![1.0]], &[], 0.0), None, "rows of different lengths");
        assert_eq!(crossed_mean(&[[1.0, 0.0], [f64::NAN, 0.0]], &[], 0.0), None);
        assert_eq!(crossed_mean(&[[1.0, 0.0], [0.0, 1.0]], &[7, 7], 0.0), None, "one group");
        assert_eq!(crossed_mean(&[[1.0, 0.0], [0.0, 1.0]], &[7], 0.0), None, "a group for one of two items");
        assert_eq!(crossed_mean(&[[1.0, 1.0], [1.0, 1.0]], &[], 0.0), None, "no variance");
    }

    #[test]
    fn over_seeds_alone_it_is_the_paired_t_test_of_their_means() {
        let found = crossed_mean(&TABLE, &[], 0.0).unwrap();
        let (mean, sd) = mean_and_sd(&[0.6, 1.4, 0.0]);
        close(found.mean, mean);
        close(found.seeds.variance, sd.powi(2) / 3.0);
        assert_eq!(found.seeds.degrees_of_freedom, 2.0);
    }

    /// The lines that made these figures (statsmodels 0.15.0):
    ///
    /// ```python
    /// table = [[1, 0, 2, -1, 1], [2, 1, 1, 0, 3], [0, 0, 1, -2, 1]]
    /// data = pandas.DataFrame([dict(d=d, seed=s, item=i, all=0) for s, row in enumerate(table) for i, d in enumerate(row)])
    /// ms = anova_lm(ols("d ~ C(seed) + C(item)", data).fit()).mean_sq.values  # 2.466667 3.333333 0.383333
    /// (ms[0] + ms[1] - ms[2]) / 15, (ms[1] - ms[2]) / 15
    /// (ms[0] + ms[1] - ms[2]) ** 2 / (ms[0] ** 2 / 2 + ms[1] ** 2 / 4 + ms[2] ** 2 / 8)
    /// ```
    ///
    /// REML finds the same: 0.600931 is the standard error of the intercept by `mixedlm("d ~ 1", data, groups="all",
    /// re_formula="0", vc_formula={"seed": "0 + C(seed)", "item": "0 + C(item)"}).fit().bse_fe`.
    #[test]
    fn statsmodels_agrees() {
        let found = crossed_mean(&TABLE, &[], 0.0).unwrap();
        close(found.new_data.variance, 0.361_111_111_111_111);
        close(found.new_data.degrees_of_freedom, 5.025_424_484_819_648);
        close(found.items, 0.196_666_666_666_666_7);
        assert!((found.new_data.variance.sqrt() - 0.600_931).abs() < 1e-5);
    }

    #[test]
    fn groups_of_one_item_each_change_nothing_and_twins_count_once() {
        let alone = crossed_mean(&TABLE, &[], 0.0).unwrap();
        assert_eq!(crossed_mean(&TABLE, &[9, 3, 4, 1, 0], 0.0), Some(alone));
        let twins = TABLE.map(|row| row.iter().flat_map(|d| [*d, *d]).collect::<Vec<f64>>());
        let found = crossed_mean(&twins, &[0, 0, 1, 1, 2, 2, 3, 3, 4, 4], 0.0).unwrap();
        close(found.new_data.variance, alone.new_data.variance);
        close(found.new_data.degrees_of_freedom, alone.new_data.degrees_of_freedom);
        assert!(crossed_mean(&twins, &[], 0.0).unwrap().new_data.variance < alone.new_data.variance);
    }

    /// Large groups weigh more, as their items do in the mean; equal differences everywhere leave no variance.
    #[test]
    fn unequal_groups_alone_are_no_variance() {
        let found = crossed_mean(&[[1.0; 6], [1.2; 6], [0.7; 6]], &[0, 0, 0, 0, 1, 2], 0.0).unwrap();
        close(found.items, 0.0);
        close(found.new_data.variance, found.seeds.variance);
    }

    /// Items on which the seeds agree by chance more than they would without any common cause.
    #[test]
    fn a_negative_component_takes_nothing_off_the_other() {
        let found = crossed_mean(&[[1.0, 0.0, 2.0], [0.0, 2.0, 1.0], [2.0, 1.0, 0.5]], &[], 0.0).unwrap();
        assert_eq!((found.items, found.new_data), (0.0, found.seeds));
    }

    /// The seeds agree on every mean, and only the items vary.
    #[test]
    fn without_any_spread_of_seeds_items_are_left() {
        let found = crossed_mean(&[[1.0, 0.0, 2.0], [1.0, 0.0, 2.0]], &[], 0.0).unwrap();
        assert_eq!(found.seeds.variance, 0.0);
        close(found.new_data.variance, 1.0 / 3.0);
        close(found.new_data.degrees_of_freedom, 2.0);
        let floored = crossed_mean(&[[1.0, 0.0, 2.0], [1.0, 0.0, 2.0]], &[], 0.1).unwrap();
        close(floored.seeds.variance, 0.05f64.powi(2) / 2.0);
    }

    /// Differences of tables whose rows are the same in all but a constant have as much variance over items as pairs.
    #[test]
    fn tables_of_their_own_seeds_share_their_items() {
        let baseline: Vec<Vec<f64>> = vec![vec![0.2, 0.1, 0.4, 0.3], vec![0.3, 0.1, 0.5, 0.3]];
        let variant: Vec<Vec<f64>> = (0..3)
            .map(|seed| baseline[0].iter().map(|result| result + 0.01 * f64::from(seed)).collect())
            .collect();
        let found = crossed_difference(&variant, &baseline, &[], 0.0).unwrap();
        let mean = |rows: &[Vec<f64>]| rows.iter().flatten().sum::<f64>() / (4 * rows.len()) as f64;
        close(found.mean, mean(&variant) - mean(&baseline));
        assert!(found.items < 1e-3, "the items do nearly the same to both");
        assert_eq!(crossed_difference(&variant, &[[0.1, 0.2], [0.2, 0.3]], &[], 0.0), None);
    }
}
