//! Points drawn from ranges. A draw is a function of the search's seed, its index and, for a sampler that learns,
//! of the results before it; so a study that continues draws what it would have drawn.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use toml::Value;

use crate::trial::{Settings, number};
use crate::{Range, Sampler, Search};

/// TPE draws per round: within a round it sees no results of that round, so that several trials can run at once; fixed,
/// so that the draws do not depend on the machine.
pub(super) const DRAWS_PER_ROUND: usize = 4;

/// Draws before the estimator has enough to go by.
const FIRST: usize = 2 * DRAWS_PER_ROUND;

/// The `index`th point of a variant.
pub(super) fn point(
    search: &Search,
    ranges: &BTreeMap<String, Range>,
    variant: &str,
    index: usize,
    scored: &[(Settings, f64)],
) -> Settings {
    let drawn = ranges.iter().enumerate().map(|(dimension, (key, range))| {
        let value = match search.sampler {
            Sampler::Tpe if index >= FIRST && !scored.is_empty() => {
                let mut rng = generator(search.seed, &format!("{variant} {key}"), index);
                estimate(key, range, scored, &mut rng)
            }
            // The same points for every variant: they start from the same footing.
            Sampler::Random => value(range, uniform(&mut generator(search.seed, key, index))),
            Sampler::QuasiRandom | Sampler::Tpe => value(
                range,
                f64::from(sobol_burley::sample(index as u32, dimension as u32, search.seed as u32)),
            ),
        };
        (key.clone(), value)
    });
    drawn.collect()
}

/// A generator for one draw of one setting.
fn generator(seed: u64, purpose: &str, index: usize) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(Sha256::digest(format!("{seed} {purpose} {index}")).into())
}

/// A number from 0 to below 1.
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// The value of a range at a share of it, from 0 to 1.
pub(super) fn value(range: &Range, share: f64) -> Value {
    match range {
        Range::Log([low, high]) => Value::Float(rounded((low.ln() + share * (high / low).ln()).exp())),
        Range::Linear([low, high]) => Value::Float(rounded(low + share * (high - low))),
        Range::Integer([low, high]) => {
            let width = (high - low + 1) as f64;
            Value::Integer((low + (share * width) as i64).min(*high))
        }
        Range::Choice(values) => {
            values[((share * values.len() as f64) as usize).min(values.len() - 1)].clone()
        }
    }
}

/// Three significant digits: finer differences do not matter, and people read these numbers.
fn rounded(number: f64) -> f64 {
    format!("{number:.2e}").parse().expect("a formatted number reads back")
}

/// The place of a value in the space that the estimator works in: logarithms, numbers, or places in a list.
fn coordinate(range: &Range, value: &Value) -> Option<f64> {
    let number = number(value);
    match range {
        Range::Log(_) => number.map(f64::ln),
        Range::Linear(_) | Range::Integer(_) => number,
        Range::Choice(values) => values.iter().position(|known| known == value).map(|place| place as f64),
    }
}

/// One setting by the tree-structured Parzen estimator.
fn estimate(key: &str, range: &Range, scored: &[(Settings, f64)], rng: &mut ChaCha8Rng) -> Value {
    let (estimator, span) = match range {
        Range::Log([low, high]) => (tpe::parzen_estimator(), tpe::range(low.ln(), high.ln())),
        Range::Linear([low, high]) => (tpe::parzen_estimator(), tpe::range(*low, *high)),
        Range::Integer([low, high]) => (tpe::parzen_estimator(), tpe::range(*low as f64, *high as f64 + 1.0)),
        Range::Choice(values) => (tpe::histogram_estimator(), tpe::categorical_range(values.len())),
    };
    let span = span.expect("ranges were checked");
    let mut optimizer = tpe::TpeOptimizer::new(estimator, span);
    for (settings, score) in scored {
        let at = settings.get(key).and_then(|value| coordinate(range, value));
        // Rounding may have put a value just outside; the estimator minimises.
        if let Some(at) = at {
            let inside = at.clamp(span.start(), span.start() + span.width() * (1.0 - 1e-12));
            let _ = optimizer.tell(inside, -score);
        }
    }
    let Ok(drawn) = optimizer.ask(rng);
    match range {
        Range::Log(_) => Value::Float(rounded(drawn.exp())),
        Range::Linear(_) => Value::Float(rounded(drawn)),
        Range::Integer([low, high]) => Value::Integer((drawn.floor() as i64).clamp(*low, *high)),
        Range::Choice(values) => values[(drawn as usize).min(values.len() - 1)].clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(sampler: Sampler) -> Search {
        Search {
            trials: 40,
            seed: 3,
            ..toml::from_str(&format!("trials = 40\nsampler = '{}'", name(sampler))).unwrap()
        }
    }

    fn name(sampler: Sampler) -> &'static str {
        match sampler {
            Sampler::QuasiRandom => "quasi-random",
            Sampler::Random => "random",
            Sampler::Tpe => "tpe",
        }
    }

    fn ranges() -> BTreeMap<String, Range> {
        BTreeMap::from([
            ("optim.learning_rate".to_owned(), Range::Log([1e-5, 1e-1])),
            ("model.hidden".to_owned(), Range::Integer([16, 64])),
            ("optim.optimizer".to_owned(), Range::Choice(vec!["adam".into(), "sgd".into()])),
        ])
    }

    fn rate(settings: &Settings) -> f64 {
        settings["optim.learning_rate"].as_float().unwrap()
    }

    #[test]
    fn variants_are_tried_at_the_same_points() {
        for sampler in [Sampler::Random, Sampler::QuasiRandom] {
            let at = |variant| {
                (0..20)
                    .map(|index| point(&search(sampler), &ranges(), variant, index, &[]))
                    .collect::<Vec<_>>()
            };
            assert_eq!(at("lstm"), at("lstm3"));
        }
    }

    #[test]
    fn every_decade_of_a_logarithmic_range_gets_its_share() {
        for sampler in [Sampler::Random, Sampler::QuasiRandom] {
            let mut decades = [0; 4];
            for index in 0..400 {
                let rate = rate(&point(&search(sampler), &ranges(), "lstm", index, &[]));
                assert!((1e-5..=1e-1).contains(&rate));
                decades[((rate.log10() + 5.0) as usize).min(3)] += 1;
            }
            assert!(decades.iter().all(|&count| count > 70), "{decades:?}");
        }
    }

    #[test]
    fn every_value_of_a_list_and_both_ends_of_whole_numbers_are_drawn() {
        let points: Vec<_> =
            (0..400).map(|index| point(&search(Sampler::Random), &ranges(), "lstm", index, &[])).collect();
        for wanted in [Value::Integer(16), Value::Integer(64)] {
            assert!(points.iter().any(|point| point["model.hidden"] == wanted), "{wanted}");
        }
        assert!(points.iter().any(|point| point["optim.optimizer"] == Value::from("sgd")));
    }

    #[test]
    fn the_sampler_that_learns_looks_where_it_was_good() {
        let search = search(Sampler::Tpe);
        let mut scored = Vec::new();
        for index in 0..40 {
            let settings = point(&search, &ranges(), "lstm", index, &scored);
            let score = -(rate(&settings).log10() + 2.5).abs();
            scored.push((settings, score));
        }
        let late =
            scored[20..].iter().filter(|(settings, _)| (rate(settings).log10() + 2.5).abs() < 0.75).count();
        // Random draws would put 7 or 8 of 20 there.
        assert!(late >= 13, "{late}");
    }

    #[test]
    fn a_draw_depends_on_its_index_and_the_results_alone() {
        let scored: Vec<_> = (0..12)
            .map(|index| (point(&search(Sampler::Random), &ranges(), "lstm", index, &[]), index as f64))
            .collect();
        let draw = || point(&search(Sampler::Tpe), &ranges(), "lstm", 12, &scored);
        assert_eq!(draw(), draw());
    }
}
