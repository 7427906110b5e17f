//! The procedure that was chosen: three variants, settled look by look.

use slimgate_statistics::{Criteria, Design, Differences, Finding, Looked, Plan, Prospect, Standing};

use super::methods::SCALES;
use super::simulate::Source;

const VARIANTS: usize = 3;

/// The distribution of results over seeds.
#[derive(Clone, Copy)]
pub enum Spread {
    /// Normal.
    Normal,
    /// Student's t with three degrees of freedom, scaled to the standard deviation asked for.
    HeavyTails,
    /// Normal, but one seed in ten, of any variant or the baseline, collapses: it loses six standard deviations.
    Collapse,
}

impl Spread {
    fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::HeavyTails => "t with 3 degrees of freedom",
            Self::Collapse => "one seed in ten collapses",
        }
    }

    /// A result with mean 0 and about this standard deviation, a collapse not counted.
    fn draw(self, source: &mut Source, sd: f64) -> f64 {
        let normal = source.normal();
        match self {
            Self::Normal => sd * normal,
            Self::HeavyTails => {
                let chi_squared: f64 = (0..3).map(|_| source.normal().powi(2)).sum();
                // The variance of t with three degrees of freedom is 3.
                sd * normal / (chi_squared / 3.0).sqrt() / 3f64.sqrt()
            }
            Self::Collapse if source.uniform() < 0.1 => sd * (normal - 6.0),
            Self::Collapse => sd * normal,
        }
    }

    /// Differences of the variants from one baseline under one seed; `sd` is that of a difference.
    fn differences(self, source: &mut Source, truth: f64, sd: f64) -> [f64; VARIANTS] {
        let each = sd / 2f64.sqrt();
        let baseline = self.draw(source, each);
        [(); VARIANTS].map(|()| truth + self.draw(source, each) - baseline)
    }
}

pub fn plan(futility: f64) -> Plan {
    Plan { design: Design::default(), criteria: Criteria::new(1.0, 0.0), futility }
}

/// Draws seeds look by look until every variant is settled or given up.
pub fn run(plan: &Plan, mut draw: impl FnMut() -> [f64; VARIANTS]) -> Vec<Standing> {
    let mut seeds = [(); VARIANTS].map(|()| Vec::new());
    let open = Standing { finding: Finding::Nothing, prospect: Prospect::Open, looked: None };
    let mut standing = vec![open; VARIANTS];
    let mut drawn = 0;
    for look in plan.design.looks() {
        while drawn < *look {
            let seed = draw();
            for (variant, seeds) in seeds.iter_mut().enumerate() {
                if standing[variant].prospect == Prospect::Open {
                    seeds.push(seed[variant]);
                }
            }
            drawn += 1;
        }
        standing = plan.settle(&seeds.each_ref().map(|seeds| Differences::Seeds(seeds)));
        if standing.iter().all(|standing| standing.prospect != Prospect::Open) {
            break;
        }
    }
    standing
}

fn looked(standing: &Standing) -> Looked {
    standing.looked.expect("all studies reach the first look")
}

/// Frequencies of findings, in % of variants, and seeds a variant.
fn tally(studies: usize, plan: &Plan, mut draw: impl FnMut() -> [f64; VARIANTS]) -> ([f64; 5], f64, f64) {
    let findings =
        [Finding::Equivalent, Finding::Better, Finding::NonInferior, Finding::Worse, Finding::Nothing];
    let (mut counts, mut seeds, mut baseline) = ([0.0; 5], 0.0, 0.0);
    for _ in 0..studies {
        let all = run(plan, &mut draw);
        for standing in &all {
            let at = findings.iter().position(|finding| *finding == standing.finding).unwrap();
            counts[at] += 100.0 / (studies * VARIANTS) as f64;
            seeds += looked(standing).seeds as f64 / (studies * VARIANTS) as f64;
        }
        baseline += all.iter().map(|s| looked(s).seeds).max().unwrap() as f64 / studies as f64;
    }
    (counts, seeds, baseline)
}

pub fn verdicts(studies: usize) {
    println!("## The default design: looks at 5, 8, 12 and 20, p = 2, given up below a chance of 10 %\n");
    println!(
        "Three variants with the same true difference, which share α by Holm. Findings in % of variants.\n"
    );
    println!(
        "| SD | difference | equivalent | better | non-inferior | worse | nothing | seeds a variant | seeds of the baseline |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut source = Source::new(103);
    let negative = SCALES.iter().filter(|(_, truth)| *truth > 0.0).map(|(sd, truth)| (*sd, -truth));
    for (sd, truth) in SCALES.into_iter().chain(negative) {
        let (counts, seeds, baseline) =
            tally(studies, &plan(0.1), || Spread::Normal.differences(&mut source, truth, sd));
        let counts = counts.map(|count| format!(" {count:.1} |")).concat();
        println!("| {sd} | {truth} |{counts} {seeds:.1} | {baseline:.1} |");
    }
    println!();
}

/// Studies, in %, in which something that is not so is claimed of any of the three variants.
pub fn false_verdicts(studies: usize) {
    println!("## Studies with a false claim about any of three variants, in %\n");
    println!(
        "Equivalence and non-inferiority where the difference is minus the margin; a difference where there is none;"
    );
    println!("and intervals (95 % over all looks and variants) that miss the truth.\n");
    println!(
        "| results | SD | equivalence | non-inferiority | difference | interval |\n|---|---|---|---|---|---|"
    );
    let plan = plan(0.1);
    for spread in [Spread::Normal, Spread::HeavyTails, Spread::Collapse] {
        for sd in [0.25, 0.5, 1.0, 2.0] {
            let mut source = Source::new(104);
            let mut counts = [0usize; 4];
            for _ in 0..studies {
                let at_margin = run(&plan, || spread.differences(&mut source, -1.0, sd));
                let at_zero = run(&plan, || spread.differences(&mut source, 0.0, sd));
                let misses = |standing: &Standing| {
                    let interval = looked(standing).same_items.difference;
                    interval.low > 0.0 || interval.high < 0.0
                };
                counts[0] += usize::from(at_margin.iter().any(|s| looked(s).p_equivalence < 0.05));
                counts[1] += usize::from(at_margin.iter().any(|s| looked(s).p_noninferiority < 0.05));
                counts[2] += usize::from(at_zero.iter().any(|s| looked(s).p_difference < 0.05));
                counts[3] += usize::from(at_zero.iter().any(misses));
            }
            let counts = counts.map(|count| format!(" {:.1} |", 100.0 * count as f64 / studies as f64));
            println!("| {} | {sd} |{}", spread.name(), counts.concat());
        }
    }
    println!("\nStandard error at 5 %: {:.1}.\n", 100.0 * (0.05 * 0.95 / studies as f64).sqrt());
}

pub fn futility(studies: usize) {
    println!("## Giving up\n");
    println!(
        "Seeds a variant, and variants settled in %, if those with a smaller chance to be settled are given up.\n"
    );
    print!("| chance |");
    SCALES.iter().for_each(|(sd, truth)| print!(" SD {sd}, diff. {truth} |"));
    println!("\n|---|{}", "---|".repeat(SCALES.len()));
    for chance in [0.0, 0.05, 0.1, 0.2, 0.3] {
        print!("| {chance} |");
        for (sd, truth) in SCALES {
            let mut source = Source::new(105);
            let (counts, seeds, _) =
                tally(studies, &plan(chance), || Spread::Normal.differences(&mut source, truth, sd));
            print!(" {seeds:.1} ({:.0}) |", counts[0] + counts[1] + counts[3]);
        }
        println!();
    }
    println!();
}

/// The error of comparing over the seeds that the settings were chosen by.
pub fn reused_seeds(studies: usize) {
    println!("## Seeds that settings were chosen by, compared once more\n");
    println!(
        "Each variant is chosen from settings of one true result, minus the margin below that of the baseline (of one"
    );
    println!(
        "setting), by its mean over exploring seeds; validation and test results of a seed correlate by 0.7."
    );
    println!("Studies in % with a false non-inferiority, SD 1.\n");
    println!("| settings | exploring seeds | these are compared, too | only others are |\n|---|---|---|---|");
    for (settings, exploring) in [(3, 2), (5, 2), (15, 2), (15, 5)] {
        let mut source = Source::new(106);
        let mut claimed = [0usize; 2];
        for _ in 0..studies {
            let leads = [(); VARIANTS].map(|()| chosen_lead(&mut source, settings, exploring));
            for (reused, claimed) in [true, false].into_iter().zip(&mut claimed) {
                let mut seed = 0;
                let standing = run(&plan(0.1), || {
                    let baseline = source.normal();
                    let result = |lead: &Vec<f64>| match lead.get(seed).filter(|_| reused) {
                        Some(lead) => 0.7 * lead + 0.51f64.sqrt() * source.normal(),
                        None => source.normal(),
                    };
                    let differences =
                        leads.each_ref().map(result).map(|own| (own - baseline) / 2f64.sqrt() - 1.0);
                    seed += 1;
                    differences
                });
                *claimed += usize::from(standing.iter().any(|s| looked(s).p_noninferiority < 0.05));
            }
        }
        let [reused, others] = claimed.map(|claimed| 100.0 * claimed as f64 / studies as f64);
        println!("| {settings} | {exploring} | {reused:.1} | {others:.1} |");
    }
    println!();
}

/// The validation results, seed by seed in standard deviations, of the best of several settings that are all alike.
fn chosen_lead(source: &mut Source, settings: usize, exploring: usize) -> Vec<f64> {
    let results = (0..settings).map(|_| (0..exploring).map(|_| source.normal()).collect::<Vec<f64>>());
    let sum = |results: &Vec<f64>| results.iter().sum::<f64>();
    results.max_by(|a, b| sum(a).total_cmp(&sum(b))).unwrap()
}
