//! Methods of looking at results while seeds are being added, by the levels that they test at.

use slimgate_statistics::{Design, mean_and_sd};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::lan_demets;
use super::simulate::Source;

/// A method: the looks, and the level of a one-sided p value at each for an error of α in all.
struct Method {
    name: &'static str,
    looks: Vec<usize>,
    levels: Box<dyn Fn(f64) -> Vec<f64>>,
}

fn shares(name: &'static str, looks: &[usize], power: f64) -> Method {
    let design = Design::new(looks.to_vec(), power).unwrap();
    let levels = move |alpha| (0..design.looks().len()).map(|look| alpha * design.share(look)).collect();
    Method { name, looks: looks.to_vec(), levels: Box::new(levels) }
}

fn lan_demets(name: &'static str, looks: &[usize], spent: fn(f64, f64) -> f64) -> Method {
    let of = looks.to_vec();
    let levels = move |alpha| lan_demets::levels(&of, |share| spent(alpha, share));
    Method { name, looks: looks.to_vec(), levels: Box::new(levels) }
}

/// The confidence sequence of a mean of normal numbers with unknown variance, by a normal mixture over the standardised
/// difference with variance `mixed` (Wang and Ramdas 2024; the Bayes factor of Gönen et al. 2005): from every look,
/// valid at all of them. Two-sided at 2α, of which each side has α.
fn anytime(name: &'static str, mixed: f64) -> Method {
    let looks: Vec<usize> = (3..=20).collect();
    let of = looks.clone();
    let level = move |seeds: usize, alpha: f64| {
        let n = seeds as f64;
        let shrunk = 1.0 + n * mixed;
        let evidence = (shrunk / (2.0 * alpha).powi(2)).powf(1.0 / n);
        if evidence >= shrunk {
            return 0.0;
        }
        let t = ((n - 1.0) * (evidence - 1.0) / (1.0 - evidence / shrunk)).sqrt();
        StudentsT::new(0.0, 1.0, n - 1.0).unwrap().sf(t)
    };
    let levels = move |alpha| of.iter().map(|seeds| level(*seeds, alpha)).collect();
    Method { name, looks, levels: Box::new(levels) }
}

fn methods() -> Vec<Method> {
    let each: Vec<usize> = (3..=20).collect();
    let obrien_fleming = |alpha, share| lan_demets::obrien_fleming(alpha)(share);
    let pocock = |alpha, share| lan_demets::pocock(alpha)(share);
    let squares = |alpha, share| lan_demets::power(alpha, 2.0)(share);
    let (four, five) = ([5, 8, 12, 20], [5, 8, 12, 16, 20]);
    vec![
        shares("one look at 10", &[10], 1.0),
        shares("one look at 20", &[20], 1.0),
        shares("shares, p = 1, 5 8 12 20", &four, 1.0),
        shares("shares, p = 2, 5 8 12 20", &four, 2.0),
        shares("shares, p = 3, 5 8 12 20", &four, 3.0),
        shares("shares, p = 2, 5 10 20", &[5, 10, 20], 2.0),
        shares("shares, p = 2, 3 5 8 12 20", &[3, 5, 8, 12, 20], 2.0),
        shares("shares, p = 2, 5 8 12 16 20", &five, 2.0),
        shares("shares, p = 2, 5 8 12 20 30", &[5, 8, 12, 20, 30], 2.0),
        lan_demets("Lan-DeMets, p = 2, 5 8 12 20", &four, squares),
        lan_demets("Lan-DeMets, O'Brien-Fleming, 5 8 12 20", &four, obrien_fleming),
        lan_demets("Lan-DeMets, Pocock, 5 8 12 20", &four, pocock),
        lan_demets("Lan-DeMets, Pocock, 3 4 … 20", &each, pocock),
        anytime("confidence sequence, 3 4 … 20, mixed over 0.3", 0.3),
        anytime("confidence sequence, 3 4 … 20, mixed over 1", 1.0),
        anytime("confidence sequence, 3 4 … 20, mixed over 3", 3.0),
    ]
}

/// Mean and t of "the mean is 0" at each look.
struct Path {
    means: Vec<f64>,
    errors: Vec<f64>,
}

impl Path {
    fn draw(source: &mut Source, looks: &[usize], truth: f64, sd: f64) -> Self {
        let last = *looks.last().unwrap();
        let seeds: Vec<f64> = (0..last).map(|_| truth + sd * source.normal()).collect();
        let (mut means, mut errors) = (Vec::new(), Vec::new());
        for look in looks {
            let (mean, sd) = mean_and_sd(&seeds[..*look]);
            means.push(mean);
            errors.push(sd / (*look as f64).sqrt());
        }
        Self { means, errors }
    }
}

/// The values that t has to exceed at each look.
fn critical(method: &Method, alpha: f64) -> Vec<f64> {
    let value = |(look, level): (&usize, f64)| {
        let student = StudentsT::new(0.0, 1.0, *look as f64 - 1.0).unwrap();
        if level > 0.0 { -student.inverse_cdf(level) } else { f64::INFINITY }
    };
    method.looks.iter().zip((method.levels)(alpha)).map(value).collect()
}

/// The frequency with which a true null hypothesis is rejected at some look, over α.
pub fn errors(simulations: usize) {
    println!("## Errors of one one-sided t test over all looks, as a part of the α promised\n");
    println!("| method | α = 5 % | α = 5 %/3 | α = 2.5 %/3 |\n|---|---|---|---|");
    for method in methods() {
        let mut source = Source::new(101);
        let alphas = [0.05, 0.05 / 3.0, 0.025 / 3.0];
        let critical = alphas.map(|alpha| critical(&method, alpha));
        let mut crossed = [0.0; 3];
        for _ in 0..simulations {
            let path = Path::draw(&mut source, &method.looks, 0.0, 1.0);
            for (crossed, critical) in crossed.iter_mut().zip(&critical) {
                let at = |look: usize| path.means[look] > critical[look] * path.errors[look];
                *crossed += f64::from(u8::from((0..critical.len()).any(at)));
            }
        }
        let parts: Vec<f64> = (0..3).map(|i| crossed[i] / simulations as f64 / alphas[i]).collect();
        println!("| {} | {:.2} | {:.2} | {:.2} |", method.name, parts[0], parts[1], parts[2]);
    }
    let error = |alpha: f64| (1.0 / (alpha * simulations as f64)).sqrt();
    println!("\nStandard errors: {:.2}, {:.2}, {:.2}.\n", error(0.05), error(0.05 / 3.0), error(0.025 / 3.0));
}

/// Scales of a study's differences: standard deviation and true difference, in points.
pub const SCALES: [(f64, f64); 9] = [
    (0.5, 0.0),
    (0.5, 0.5),
    (0.5, 1.5),
    (1.0, 0.0),
    (1.0, 0.5),
    (1.0, 1.5),
    (2.0, 0.0),
    (2.0, 0.5),
    (2.0, 1.5),
];

/// Expected seeds, and the frequency of being settled, of one of three variants (at a third of α).
pub fn seeds(simulations: usize) {
    println!("## Seeds until settled, and settled in % of studies\n");
    println!(
        "One of three variants, at a third of α; none is given up. Settled: equivalent, better or worse.\n"
    );
    print!("| method |");
    SCALES.iter().for_each(|(sd, truth)| print!(" SD {sd}, diff. {truth} |"));
    println!(" mean |\n|---|{}---|", "---|".repeat(SCALES.len()));
    for method in methods() {
        let equivalence = critical(&method, 0.05 / 3.0);
        let difference = critical(&method, 0.025 / 3.0);
        let mut all = 0.0;
        print!("| {} |", method.name);
        for (sd, truth) in SCALES {
            let mut source = Source::new(102);
            let (mut seeds, mut settled) = (0.0, 0.0);
            for _ in 0..simulations {
                let path = Path::draw(&mut source, &method.looks, truth, sd);
                let settles = |look: &usize| {
                    let (mean, error) = (path.means[*look].abs(), path.errors[*look]);
                    1.0 - mean > equivalence[*look] * error || mean > difference[*look] * error
                };
                let look = (0..method.looks.len()).find(settles);
                seeds += method.looks[look.unwrap_or(method.looks.len() - 1)] as f64;
                settled += f64::from(u8::from(look.is_some()));
            }
            let simulations = simulations as f64;
            all += seeds / simulations / SCALES.len() as f64;
            print!(" {:.1} ({:.0}) |", seeds / simulations, 100.0 * settled / simulations);
        }
        println!(" {all:.1} |");
    }
    println!();
}
