//! Fuzz target: any text given as a cell is parsed or refused. As a test, it runs the files in `__fuzz__` and a second
//! of random bytes; `CONTRIBUTING.md` says how to run it for longer.

use slimgate_gates::{Cell, Sizes, equations};

#[test]
fn fuzz_gate_terms() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(text) = str::from_utf8(bytes) else { return };
        match text.parse::<Cell>() {
            Ok(cell) => {
                assert_eq!(cell.to_string().parse::<Cell>().unwrap(), cell);
                assert!(cell.parameters(Sizes { inputs: 3, hidden: 5 }) > 0);
                assert!(!equations(&cell).is_empty());
            }
            Err(error) => {
                assert!(error.at.start <= error.at.end && error.at.end <= text.len());
                assert!(!error.to_string().is_empty());
            }
        }
    });
}
