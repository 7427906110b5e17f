//! The colour, marker and dash of each variant: the same in every picture of a page, and never the colour alone.

use kuva::plot::scatter::MarkerShape;
use slimgate_study::StudySummary;

/// The colours of Okabe and Ito, which colour-blind readers can tell apart, by their names in the style sheet. The
/// first is the text colour, for the baseline.
const COLORS: [&str; 8] = [
    "var(--black)",
    "var(--blue)",
    "var(--vermillion)",
    "var(--green)",
    "var(--purple)",
    "var(--orange)",
    "var(--sky)",
    "var(--yellow)",
];

const MARKERS: [MarkerShape; 7] = [
    MarkerShape::Circle,
    MarkerShape::Square,
    MarkerShape::Triangle,
    MarkerShape::Diamond,
    MarkerShape::TriangleDown,
    MarkerShape::Star,
    MarkerShape::Pentagon,
];

const DASHES: [Option<&str>; 5] = [None, Some("7 3"), Some("2 3"), Some("9 3 2 3"), Some("14 4")];

/// The style in which one variant is drawn.
#[derive(Clone, Copy, Debug)]
pub struct VariantStyle {
    /// Its colour, as CSS.
    pub color: &'static str,
    /// Its marker.
    pub marker: MarkerShape,
    /// The dashes of its line; `None` for a solid one.
    pub dash: Option<&'static str>,
}

/// The styles of all variants of a page.
#[derive(Debug)]
pub struct VariantStyles {
    names: Vec<String>,
}

impl VariantStyles {
    /// Styles for a study: the baseline first, the others in the order of the tasks.
    pub fn of(summary: &StudySummary) -> VariantStyles {
        let variants =
            summary.tasks.iter().flat_map(|task| &task.variants).map(|variant| variant.name.as_str());
        VariantStyles::named(std::iter::once(summary.baseline.as_str()).chain(variants))
    }

    /// Styles for the given names, in this order.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> VariantStyles {
        let mut styles = VariantStyles { names: vec![] };
        for name in names {
            if !styles.names.iter().any(|known| known == name) {
                styles.names.push(name.to_owned());
            }
        }
        styles
    }

    /// The style of a variant. The numbers of colours, markers and dashes are pairwise coprime, so that no two of 280
    /// variants look the same.
    pub fn style(&self, name: &str) -> VariantStyle {
        let index = self.names.iter().position(|known| known == name).unwrap_or(self.names.len());
        VariantStyle {
            color: COLORS[index % COLORS.len()],
            marker: MARKERS[index % MARKERS.len()],
            dash: DASHES[index % DASHES.len()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_of_many_variants_look_the_same() {
        let names: Vec<String> = (0..40).map(|index| format!("variant {index}")).collect();
        let styles = VariantStyles::named(names.iter().map(String::as_str));
        let seen: std::collections::BTreeSet<_> = names
            .iter()
            .map(|name| styles.style(name))
            .map(|style| format!("{} {:?} {:?}", style.color, style.marker, style.dash))
            .collect();
        assert_eq!(seen.len(), names.len());
    }

    #[test]
    fn a_name_that_comes_again_keeps_its_style() {
        let styles = VariantStyles::named(["lstm", "lstm1", "lstm", "lstm2"]);
        assert_eq!(styles.style("lstm2").color, COLORS[2]);
    }
}
