//! The certainty of a choice among settings.

use slimgate_statistics::{Choice, choose};

use super::simulate::Source;

/// True results of settings in points, and how far each spreads over seeds.
type Settings = [(f64, f64)];

const CASES: [(&str, &Settings); 4] = [
    ("all alike", &[(0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (0.0, 1.0)]),
    (
        "two alike, one bad, two collapse",
        &[(0.0, 1.0), (0.0, 1.0), (-2.0, 1.0), (-20.0, 10.0), (-40.0, 10.0)],
    ),
    ("one point apart", &[(0.0, 1.0), (-1.0, 1.0), (-2.0, 1.0), (-3.0, 1.0), (-4.0, 1.0)]),
    ("three points apart", &[(0.0, 1.0), (-3.0, 1.0), (-6.0, 1.0), (-9.0, 1.0), (-12.0, 1.0)]),
];

/// Scores of settings over seeds, with a part of each seed's own that is common to all settings.
fn explore(source: &mut Source, settings: &Settings, seeds: usize) -> Vec<Vec<f64>> {
    let of_seed: Vec<f64> = (0..seeds).map(|_| 2.0 * source.normal()).collect();
    let scores =
        |(truth, sd): &(f64, f64)| of_seed.iter().map(|seed| truth + seed + sd * source.normal()).collect();
    settings.iter().map(scores).collect()
}

fn best_mean(scores: &[Vec<f64>]) -> usize {
    let sum = |setting: &usize| scores[*setting].iter().sum::<f64>();
    (0..scores.len()).max_by(|a, b| sum(a).total_cmp(&sum(b))).unwrap()
}

pub fn repeats(simulations: usize) {
    println!("## A choice among five settings, and what is said of it\n");
    println!(
        "Seeds spread by 1 point. Repeated: another exploration of this size chooses the same setting.\n"
    );
    println!(
        "| settings | seeds | repeated, % | predicted, % | true regret, points | predicted, points | toss-up at 0.1, % |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, settings) in CASES {
        for seeds in [2, 3, 5] {
            let mut source = Source::new(109);
            let [mut repeated, mut predicted, mut regret, mut said, mut toss_up] = [0.0; 5];
            for simulation in 0..simulations {
                let found = choose(&explore(&mut source, settings, seeds), simulation as u64).unwrap();
                let again = best_mean(&explore(&mut source, settings, seeds));
                repeated += f64::from(u8::from(again == found.chosen));
                predicted += found.settings[found.chosen].again;
                regret -= settings[found.chosen].0;
                said += found.regret;
                toss_up += f64::from(u8::from(found.is_toss_up(found.chosen, 0.1)));
            }
            let each = simulations as f64;
            println!(
                "| {name} | {seeds} | {:.0} | {:.0} | {:.2} | {:.2} | {:.0} |",
                100.0 * repeated / each,
                100.0 * predicted / each,
                regret / each,
                said / each,
                100.0 * toss_up / each
            );
        }
    }
    println!();
}

/// The seeds that racing adds, from two for each setting up to ten, and the regret that is left.
pub fn races(simulations: usize) {
    println!("## Racing\n");
    println!("From three seeds for each of five settings up to ten, at a tolerance of 0.1 points.\n");
    println!(
        "| settings | trials, racing | regret, points | trials, ten seeds each | regret, points | regret of two seeds each |"
    );
    println!("|---|---|---|---|---|---|");
    for (name, settings) in CASES {
        let mut source = Source::new(110);
        let [mut trials, mut raced, mut all, mut two] = [0.0; 4];
        for simulation in 0..simulations {
            let scores = explore(&mut source, settings, 10);
            let first = |seeds: usize| scores.iter().map(|row| row[..seeds].to_vec()).collect::<Vec<_>>();
            let (chosen, used) = race(&scores, simulation as u64);
            trials += used as f64;
            raced -= settings[chosen].0;
            all -= settings[best_mean(&scores)].0;
            two -= settings[best_mean(&first(2))].0;
        }
        let each = simulations as f64;
        let [trials, raced, all, two] = [trials, raced, all, two].map(|sum| sum / each);
        println!("| {name} | {trials:.0} | {raced:.2} | 50 | {all:.2} | {two:.2} |");
    }
    println!();
}

/// The setting that a race chooses, and the number of trials that it takes.
fn race(scores: &[Vec<f64>], seed: u64) -> (usize, usize) {
    let mut seen: Vec<Vec<f64>> = scores.iter().map(|row| row[..3].to_vec()).collect();
    loop {
        let found: Choice = choose(&seen, seed).unwrap();
        let race = found.race(0.1);
        let trials = seen.iter().map(Vec::len).sum();
        if race.is_empty() || seen[found.chosen].len() == scores[0].len() {
            return (found.chosen, trials);
        }
        for setting in race {
            let next = seen[setting].len();
            seen[setting].push(scores[setting][next]);
        }
    }
}
