//! Money.

use serde::{Deserialize, Serialize};

/// What a variant costs, in the study's currency.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cost {
    /// The currency.
    pub currency: String,
    /// One training.
    pub training: f64,
    /// All trainings of a year.
    pub trainings_a_year: f64,
    /// All predictions of a year.
    pub predictions_a_year: f64,
    /// What is saved a year against the baseline, where that has a cost.
    pub saved_a_year: Option<f64>,
}

/// An amount of money, with as many decimals as a small one needs to show two digits; a dash where there is none.
pub fn money(amount: impl Into<Option<f64>>) -> String {
    let Some(amount) = amount.into() else { return "–".to_owned() };
    let sign = if amount < 0.0 { "−" } else { "" };
    let size = amount.abs();
    let decimals = if size == 0.0 || size >= 0.1 { 2 } else { (1.0 - size.log10().floor()) as usize };
    format!("{sign}{size:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::money;

    #[test]
    fn small_amounts_are_seen() {
        assert_eq!(money(1234.5), "1234.50");
        assert_eq!(money(0.0), "0.00");
        assert_eq!(money(-0.001234), "−0.0012");
        assert_eq!(money(3.4e-9), "0.0000000034");
    }

    #[test]
    fn what_is_not_known_is_a_dash() {
        assert_eq!(money(None::<f64>), "–");
        assert_eq!(money(Some(1.0)), "1.00");
    }
}
