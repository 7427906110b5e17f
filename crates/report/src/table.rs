//! A table with a caption, independent of its format.

/// A table. Its first column names the rows.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its caption.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
    /// True if a reader may sort its rows.
    pub sortable: bool,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its heading.
    pub head: String,
    /// The kind of its cells.
    pub kind: Kind,
}

/// The kind of the cells of a column, which no text decides: a run may be called `1e3`, a class `#1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Words and names.
    Text,
    /// Numbers, which are aligned to the right.
    Number,
}

/// A cell of a table.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// The number it is sorted by, if any.
    pub sort: Option<f64>,
    /// The darkness of its background, from 0 to 1, if the table is a picture too.
    pub shade: Option<f64>,
}

impl Table {
    /// A table without rows.
    pub fn new(caption: impl Into<String>, columns: impl Into<Vec<Column>>) -> Table {
        Table { caption: caption.into(), columns: columns.into(), rows: vec![], sortable: false }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "{}", self.caption);
        self.rows.push(cells);
    }

    /// Leaves out the columns that are empty in every row; `None` if only the names remain.
    pub fn without_empty_columns(mut self) -> Option<Table> {
        let says = |index: usize| self.rows.iter().any(|row| row[index].text != slimgate_run::words::MISSING);
        let keep: Vec<bool> = (0..self.columns.len()).map(|index| index == 0 || says(index)).collect();
        let mut kept = keep.iter();
        self.columns.retain(|_| *kept.next().expect("as many as columns"));
        for row in &mut self.rows {
            let mut kept = keep.iter();
            row.retain(|_| *kept.next().expect("as many as columns"));
        }
        (self.columns.len() > 1).then_some(self)
    }
}

impl Column {
    /// A column of words or names.
    pub fn text(head: impl Into<String>) -> Column {
        Column { head: head.into(), kind: Kind::Text }
    }

    /// A column of numbers.
    pub fn number(head: impl Into<String>) -> Column {
        Column { head: head.into(), kind: Kind::Number }
    }

    /// True if it holds numbers.
    pub fn is_numeric(&self) -> bool {
        self.kind == Kind::Number
    }
}

impl Cell {
    /// A cell that is sorted by a number.
    pub fn number(text: impl Into<String>, sort: f64) -> Cell {
        Cell { text: text.into(), sort: sort.is_finite().then_some(sort), shade: None }
    }

    /// A cell with a shaded background.
    pub fn shaded(text: impl Into<String>, shade: f64) -> Cell {
        let shade = if shade.is_finite() { shade.clamp(0.0, 1.0) } else { 0.0 };
        Cell { text: text.into(), sort: None, shade: Some(shade) }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { text, ..Cell::default() }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        text.to_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, Table};

    #[test]
    fn a_table_of_which_only_the_names_are_left_is_none() {
        let mut table = Table::new(
            "Made up",
            [Column::text("variant"), Column::number("accuracy"), Column::number("time")],
        );
        table.row(vec![
            "lstm".into(),
            slimgate_run::words::MISSING.into(),
            slimgate_run::words::MISSING.into(),
        ]);
        assert!(table.clone().without_empty_columns().is_none());
        table.rows[0][2] = "1 s".into();
        assert_eq!(table.without_empty_columns().unwrap().columns.len(), 2);
    }
}
