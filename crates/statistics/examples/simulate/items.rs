//! Intervals for new test items.

use slimgate_statistics::{Differences, Estimate, crossed_mean};

use super::procedure::plan;
use super::simulate::Source;

/// Right and wrong answers: a variant and the baseline differ on some items for good, and on others seed by seed.
///
/// An item has a chance to be answered rightly, of its own for either side; `apart` says how far the two chances are
/// apart, in logits, `seeds` how far seeds differ.
struct Answers {
    items: usize,
    group: usize,
    apart: f64,
    seeds: f64,
}

impl Answers {
    fn draw(&self, source: &mut Source, seeds: usize) -> (Vec<Vec<f64>>, Vec<usize>) {
        let groups: Vec<usize> = (0..self.items).map(|item| item / self.group).collect();
        let of_group: Vec<[f64; 2]> = groups.iter().map(|_| [source.normal(), source.normal()]).collect();
        let own: Vec<[f64; 2]> = groups
            .iter()
            .map(|group| {
                let ease = 2.0 + 1.5 * source.normal();
                let mut side = |at: usize| {
                    let shared = if self.group > 1 { of_group[*group][at] } else { source.normal() };
                    ease + self.apart * shared
                };
                [side(0), side(1)]
            })
            .collect();
        let row = |source: &mut Source| {
            let shift = [self.seeds * source.normal(), self.seeds * source.normal()];
            let mut right = |logit: f64| f64::from(u8::from(source.uniform() < 1.0 / (1.0 + (-logit).exp())));
            own.iter().map(|[a, b]| right(a + shift[0]) - right(b + shift[1])).collect()
        };
        ((0..seeds).map(|_| row(source)).collect(), groups)
    }
}

fn holds(interval: Estimate) -> bool {
    interval.low < 0.0 && 0.0 < interval.high
}

/// Coverage of 95 % intervals of a true difference of 0.
pub fn coverage(simulations: usize) {
    println!("## Coverage of 95 % intervals for new data, in %\n");
    println!(
        "Answers right or wrong; variant and baseline are alike in the population. The true difference over other"
    );
    println!("seeds alone is another one in each test set: their interval is not meant to cover 0.\n");
    println!(
        "| seeds | items | groups of | sides apart by | seeds apart by | seeds and items | ignoring groups | seeds alone |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let scales = [(0.0, 0.0), (0.0, 0.3), (1.0, 0.0), (1.0, 0.3)];
    for (seeds, items, group) in
        [(3, 100, 1), (5, 100, 1), (5, 500, 1), (10, 500, 1), (5, 500, 10), (10, 500, 10)]
    {
        for (apart, of_seeds) in scales {
            let mut source = Source::new(107);
            let answers = Answers { items, group, apart, seeds: of_seeds };
            let mut held = [0usize; 3];
            for _ in 0..simulations {
                let (rows, groups) = answers.draw(&mut source, seeds);
                let found = crossed_mean(&rows, &groups, 1.0 / items as f64).expect("a floor of the spread");
                let single = crossed_mean(&rows, &[], 1.0 / items as f64).expect("a floor of the spread");
                held[0] += usize::from(holds(found.intervals(0.95)[1]));
                held[1] += usize::from(holds(single.intervals(0.95)[1]));
                held[2] += usize::from(holds(found.intervals(0.95)[0]));
            }
            let held =
                held.map(|held| format!(" {:.1} |", 100.0 * held as f64 / simulations as f64)).concat();
            println!("| {seeds} | {items} | {group} | {apart} | {of_seeds} |{held}");
        }
    }
    println!();
}

/// False claims of the whole procedure over looks when verdicts are to hold for new data.
pub fn verdicts(studies: usize) {
    println!("## Studies with a false difference, in %, when seeds are added in looks\n");
    println!(
        "One variant, which is like the baseline in the population; 200 items, seeds apart by 0.2 logits.\n"
    );
    println!("| sides apart by | seeds and items | seeds alone |\n|---|---|---|");
    let mut plan = plan(0.1);
    plan.criteria.margin = 0.01;
    plan.criteria.resolution = 1.0 / 200.0;
    for apart in [0.0, 0.5, 1.0] {
        let mut source = Source::new(108);
        let answers = Answers { items: 200, group: 1, apart, seeds: 0.2 };
        let mut claimed = [0usize; 2];
        for _ in 0..studies {
            let (rows, _) = answers.draw(&mut source, plan.design.maximum());
            let means: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / 200.0).collect();
            let claims = |at: &dyn Fn(usize) -> f64| plan.design.looks().iter().any(|look| at(*look) < 0.05);
            let p = |differences: Differences| plan.settle(&[differences])[0].looked.unwrap().p_difference;
            claimed[0] += usize::from(claims(&|look| p(Differences::Items(&rows[..look], &[]))));
            claimed[1] += usize::from(claims(&|look| p(Differences::Seeds(&means[..look]))));
        }
        let [items, seeds] = claimed.map(|claimed| 100.0 * claimed as f64 / studies as f64);
        println!("| {apart} | {items:.1} | {seeds:.1} |");
    }
    println!();
}
