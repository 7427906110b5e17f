//! Simulations behind `docs/statistics-of-studies.md`: the methods that were weighed for adding seeds until a comparison
//! is settled, the errors of the one chosen, the coverage of intervals for new data, seeds that divide the same sequences
//! anew, and the certainty of a choice.
//!
//! ```sh
//! cargo run --release -p slimgate-statistics --example simulate -- 4000
//! ```
//!
//! The number is that of simulated studies for each figure; all are drawn from fixed seeds.

mod choosing;
mod divisions;
mod items;
#[path = "../../tests/statistics/lan_demets.rs"]
#[allow(dead_code)]
mod lan_demets;
#[path = "../../tests/statistics/learners.rs"]
mod learners;
mod methods;
mod procedure;
#[path = "../../tests/statistics/simulate.rs"]
#[allow(dead_code)]
mod simulate;

fn main() {
    let studies = match std::env::args().nth(1).map(|number| number.parse()) {
        None => 4_000,
        Some(Ok(studies)) => studies,
        Some(Err(_)) => {
            eprintln!("usage: simulate [STUDIES]");
            std::process::exit(2);
        }
    };
    println!("# Simulated studies\n\n{studies} studies a figure; margin 1 point, α 5 %.\n");
    methods::errors(10 * studies);
    methods::seeds(studies);
    procedure::verdicts(studies);
    procedure::false_verdicts(studies);
    procedure::futility(studies);
    procedure::reused_seeds(studies);
    items::coverage(studies);
    items::verdicts(studies / 2);
    divisions::errors(studies);
    choosing::repeats(studies / 4);
    choosing::races(studies / 4);
}
