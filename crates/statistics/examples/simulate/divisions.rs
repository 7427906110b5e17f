//! Seeds that each divide the same sequences anew.

use slimgate_statistics::{Criteria, Design, Differences, Looked, Plan, Prospect, mean_and_sd};

use super::learners::{ALIKE, worse};
use super::simulate::Source;

/// Studies, in %, with a false claim over the looks, by the corrected test and by one that takes seeds to be independent.
pub fn errors(studies: usize) {
    println!("## Studies with a false claim, in %, when each seed divides the sequences anew\n");
    println!(
        "Two linear learners of two classes, trained on the rest of the sample; seeds are added in looks until the claim is"
    );
    println!(
        "settled. A difference where both are alike; equivalence where the variant is as much worse as the margin, which is"
    );
    println!("told in points. Independent: the same with Student's t, as though divisions shared nothing.\n");
    println!(
        "| sequences | tested | seeds apart by | difference | independent | margin | equivalence | independent | settled, % |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for alike in ALIKE {
        let mut source = Source::new(111);
        let apart = worse(alike);
        let of_samples: Vec<f64> = (0..20 * studies).map(|_| apart.differences(&mut source, 1)[0]).collect();
        let margin = -mean_and_sd(&of_samples).0;
        let criteria = Criteria::new(margin, 1.0 / alike.tested as f64);
        let plan = Plan { design: Design::default(), criteria, futility: 0.1 };
        let (mut different, mut equivalent, mut settled) = ([0usize; 2], [0usize; 2], 0);
        for _ in 0..studies {
            let differences = alike.differences(&mut source, plan.design.maximum());
            for (corrected, count) in [true, false].into_iter().zip(&mut different) {
                let (looked, prospect) = ended(&plan, &differences, alike.test_share(), corrected);
                *count += usize::from(looked.p_difference < 0.05);
                settled += usize::from(corrected && prospect == Prospect::Settled);
            }
            let differences = apart.differences(&mut source, plan.design.maximum());
            for (corrected, count) in [true, false].into_iter().zip(&mut equivalent) {
                let (looked, _) = ended(&plan, &differences, apart.test_share(), corrected);
                *count += usize::from(looked.p_equivalence < 0.05);
            }
        }
        let percent = |count: usize| format!("{:.1}", 100.0 * count as f64 / studies as f64);
        println!(
            "| {} | {} | {} | {} | {} | {:.1} | {} | {} | {} |",
            alike.sequences,
            alike.tested,
            alike.seeds,
            percent(different[0]),
            percent(different[1]),
            100.0 * margin,
            percent(equivalent[0]),
            percent(equivalent[1]),
            percent(settled),
        );
    }
    println!();
}

/// The look at which a study ends, and how.
fn ended(plan: &Plan, differences: &[f64], test_share: f64, corrected: bool) -> (Looked, Prospect) {
    let at = |look: &usize| {
        let seeds = &differences[..*look];
        let differences =
            if corrected { Differences::Divisions(seeds, test_share) } else { Differences::Seeds(seeds) };
        let standing = plan.settle(&[differences])[0];
        (standing.looked.expect("the spread has a floor"), standing.prospect)
    };
    let looks = plan.design.looks();
    let over = looks.iter().map(at).find(|(_, prospect)| *prospect != Prospect::Open);
    over.expect("at the last look nothing is open")
}
