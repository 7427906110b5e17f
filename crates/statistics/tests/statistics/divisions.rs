//! Seeds that each divide the same sequences anew: the errors of the whole procedure, with learners whose results depend on
//! one another as those of real ones do.

use slimgate_statistics::*;

use crate::learners::{ALIKE, Learners, worse};
use crate::simulate::{Source, share};

const STUDIES: usize = 1_000;

/// Whether something is claimed at any of the looks, whenever one stops.
fn is_claimed(plan: &Plan, differences: &[f64], test_share: f64, p: fn(&Looked) -> f64) -> bool {
    plan.design.looks().iter().any(|look| {
        let standing = plan.settle(&[Differences::Divisions(&differences[..*look], test_share)]);
        standing[0].looked.is_some_and(|looked| p(&looked) < 0.05)
    })
}

fn plan(learners: Learners, margin: f64) -> Plan {
    let criteria = Criteria::new(margin, 1.0 / learners.tested as f64);
    Plan { design: Design::default(), criteria, futility: 0.0 }
}

#[test]
fn learners_that_are_alike_are_found_to_differ_in_hardly_any_study() {
    for learners in ALIKE {
        let mut source = Source::new(71);
        let plan = plan(learners, 0.05);
        let (claimed, error) = share(STUDIES, 0.05, || {
            let differences = learners.differences(&mut source, 20);
            is_claimed(&plan, &differences, learners.test_share(), |looked| looked.p_difference)
        });
        assert!(claimed < 0.05 + error, "{learners:?}: {claimed}");
    }
}

/// The margin is what the two are truly apart, over samples and divisions.
#[test]
fn learners_that_are_the_margin_apart_are_equivalent_in_hardly_any_study() {
    for learners in ALIKE.map(worse) {
        let mut source = Source::new(72);
        let of_samples: Vec<f64> = (0..8_000).map(|_| learners.differences(&mut source, 1)[0]).collect();
        let (truth, _) = mean_and_sd(&of_samples);
        assert!(truth < -0.02, "{truth}");
        let plan = plan(learners, -truth);
        let (claimed, error) = share(STUDIES, 0.05, || {
            let differences = learners.differences(&mut source, 20);
            is_claimed(&plan, &differences, learners.test_share(), |looked| looked.p_equivalence)
        });
        assert!(claimed < 0.05 + error, "{learners:?}: {claimed}");
    }
}

/// The reason for the correction: taken to be independent, divisions of one sample find differences that other samples do
/// not have.
#[test]
fn divisions_that_are_taken_for_independent_find_what_is_not_there() {
    let learners = ALIKE[2];
    let mut source = Source::new(73);
    let plan = plan(learners, 0.05);
    let (claimed, _) = share(STUDIES, 0.05, || {
        let differences = learners.differences(&mut source, 20);
        let standing = plan.settle(&[Differences::Seeds(&differences)]);
        standing[0].looked.unwrap().p_difference < 0.05
    });
    assert!(claimed > 0.15, "{claimed}");
}
