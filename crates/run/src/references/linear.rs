//! A linear model of the same inputs, fitted by ridge regression (A. E. Hoerl and R. W. Kennard 1970, "Ridge Regression:
//! Biased Estimation for Nonorthogonal Problems", Technometrics 12).

use nalgebra::{DMatrix, DVector};
use slimgate_data::{Sequence, Steps, Target};

/// The most inputs of a linear model: its equations take their square in memory, and their cube in time.
const MOST_INPUTS: usize = 1_536;
/// Rows that are multiplied at a time.
const ROWS: usize = 512;

/// The reason for which there is no linear model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinearError {
    /// Steps are tokens.
    #[error("a linear model reads numbers, and the steps of these sequences are tokens")]
    Tokens,
    /// More inputs than can be solved for.
    #[error("a linear model of {inputs} inputs is too large: {MOST_INPUTS} are the most")]
    TooWide {
        /// The numbers of the longest sequence.
        inputs: usize,
    },
    /// Nothing to fit to.
    #[error("there is no answer to fit a linear model to")]
    NoAnswer,
    /// Equations without a single solution.
    #[error("the equations of the linear model have no single solution: give a larger penalty")]
    Singular,
}

/// The inputs of a linear model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inputs {
    /// All numbers of a sequence, those of a short one after zeros, which are the mean of the training data.
    Sequence(usize),
    /// The numbers of one step, without those before it.
    Step(usize),
}

impl Inputs {
    fn of(train: &[Sequence]) -> Result<Inputs, LinearError> {
        let Some(first) = train.first() else { return Err(LinearError::NoAnswer) };
        let Steps::Values { channels, .. } = first.features else { return Err(LinearError::Tokens) };
        let longest = train.iter().map(|sequence| sequence.features.len()).max().unwrap_or(0);
        let inputs = match first.target {
            Target::StepClasses(_) => Inputs::Step(channels),
            Target::Class(_) | Target::Numbers(_) => Inputs::Sequence(longest * channels),
        };
        if inputs.width() > MOST_INPUTS {
            return Err(LinearError::TooWide { inputs: inputs.width() });
        }
        Ok(inputs)
    }

    fn width(self) -> usize {
        let (Inputs::Sequence(width) | Inputs::Step(width)) = self;
        width
    }

    /// The rows that a sequence has: one, or one a step. Of a sequence longer than any in training, the end counts.
    fn rows(self, features: &Steps) -> Vec<Vec<f32>> {
        let Steps::Values { values, .. } = features else { return Vec::new() };
        match self {
            Inputs::Step(width) => values.chunks_exact(width).map(<[f32]>::to_vec).collect(),
            Inputs::Sequence(width) => {
                let kept = &values[values.len().saturating_sub(width)..];
                let mut row = vec![0.0; width - kept.len()];
                row.extend_from_slice(kept);
                vec![row]
            }
        }
    }
}

/// A row of inputs with its answer.
struct Row {
    inputs: Vec<f32>,
    answer: Vec<f32>,
    /// How much it counts.
    weight: f64,
}

/// The rows that a task has in sequences.
struct Rows {
    inputs: Inputs,
    outputs: usize,
    /// Of each class of steps; empty of another task, where each row counts as one.
    weights: Vec<f64>,
}

impl Rows {
    /// Where steps have classes, all classes count the same together: among squares of a rare one and a frequent one, the
    /// rare one would not be seen.
    fn of(train: &[Sequence], outputs: usize) -> Result<Rows, LinearError> {
        let inputs = Inputs::of(train)?;
        let mut members = vec![0.0; outputs];
        for sequence in train {
            if let Target::StepClasses(classes) = &sequence.target {
                classes.iter().flatten().for_each(|class| members[*class] += 1.0);
            }
        }
        let all: f64 = members.iter().sum();
        let present = members.iter().filter(|count| **count > 0.0).count() as f64;
        let weights = match inputs {
            Inputs::Step(_) => members.iter().map(|count| all / (present * f64::max(*count, 1.0))).collect(),
            Inputs::Sequence(_) => Vec::new(),
        };
        Ok(Rows { inputs, outputs, weights })
    }

    /// Those of a sequence that have an answer.
    fn answered(&self, sequence: &Sequence) -> Vec<Row> {
        let rows = self.inputs.rows(&sequence.features).into_iter();
        let of_class = |class: usize| (0..self.outputs).map(|at| f32::from(u8::from(at == class))).collect();
        match &sequence.target {
            Target::Class(class) => {
                rows.map(|inputs| Row { inputs, answer: of_class(*class), weight: 1.0 }).collect()
            }
            Target::Numbers(numbers) => {
                rows.map(|inputs| Row { inputs, answer: numbers.clone(), weight: 1.0 }).collect()
            }
            Target::StepClasses(classes) => {
                let labelled = rows.zip(classes).filter_map(|(inputs, class)| Some((inputs, (*class)?)));
                let row = |(inputs, class): (Vec<f32>, usize)| Row {
                    inputs,
                    answer: of_class(class),
                    weight: self.weights[class],
                };
                labelled.map(row).collect()
            }
        }
    }
}

/// The equations of ridge regression, from which models of any penalty follow.
pub struct NormalEquations {
    rows: Rows,
    input_mean: DVector<f64>,
    output_mean: DVector<f64>,
    /// Σ x xᵀ of centred inputs.
    gram: DMatrix<f64>,
    /// Σ x yᵀ of both centred.
    moments: DMatrix<f64>,
}

impl NormalEquations {
    /// Sums up training sequences to which there are so many numbers as answer: classes are answered by a 1 among zeros.
    /// The inputs are all numbers of a sequence or, where steps have classes, those of the step alone.
    ///
    /// # Errors
    /// Sequences of tokens, of more than 4,096 numbers, or without an answer.
    pub fn new(train: &[Sequence], outputs: usize) -> Result<NormalEquations, LinearError> {
        let rows = Rows::of(train, outputs)?;
        let width = rows.inputs.width();
        let (mut input_mean, mut output_mean) = (DVector::zeros(width), DVector::zeros(outputs));
        let mut weights = 0.0;
        for row in train.iter().flat_map(|sequence| rows.answered(sequence)) {
            let add = |sums: &mut DVector<f64>, numbers: &[f32]| {
                sums.iter_mut()
                    .zip(numbers)
                    .for_each(|(sum, number)| *sum += row.weight * f64::from(*number));
            };
            add(&mut input_mean, &row.inputs);
            add(&mut output_mean, &row.answer);
            weights += row.weight;
        }
        if weights == 0.0 {
            return Err(LinearError::NoAnswer);
        }
        input_mean /= weights;
        output_mean /= weights;
        let (gram, moments) = (DMatrix::zeros(width, width), DMatrix::zeros(width, outputs));
        let mut equations = NormalEquations { rows, input_mean, output_mean, gram, moments };
        for sequences in train.chunks(ROWS) {
            let rows: Vec<Row> =
                sequences.iter().flat_map(|sequence| equations.rows.answered(sequence)).collect();
            rows.chunks(ROWS).for_each(|rows| equations.add(rows));
        }
        Ok(equations)
    }

    fn add(&mut self, rows: &[Row]) {
        let centred = |number: f32, mean: f64, weight: f64| weight.sqrt() * (f64::from(number) - mean);
        let inputs = DMatrix::from_fn(self.input_mean.len(), rows.len(), |at, row| {
            centred(rows[row].inputs[at], self.input_mean[at], rows[row].weight)
        });
        let outputs = DMatrix::from_fn(rows.len(), self.output_mean.len(), |row, at| {
            centred(rows[row].answer[at], self.output_mean[at], rows[row].weight)
        });
        self.gram.gemm(1.0, &inputs, &inputs.transpose(), 1.0);
        self.moments.gemm(1.0, &inputs, &outputs, 1.0);
    }

    /// The model whose weights w minimise Σ (answer - w·input)² + penalty |w|², which leaves the offset alone. Where steps
    /// have classes, the squares of each class count the same together.
    ///
    /// # Errors
    /// Equations without a single solution, which a penalty above 0 keeps from happening.
    pub fn solve(&self, penalty: f64) -> Result<LinearModel, LinearError> {
        let mut gram = self.gram.clone();
        for at in 0..gram.nrows() {
            gram[(at, at)] += penalty;
        }
        let weights = gram.cholesky().ok_or(LinearError::Singular)?.solve(&self.moments);
        let offset = &self.output_mean - weights.tr_mul(&self.input_mean);
        Ok(LinearModel { inputs: self.rows.inputs, weights, offset })
    }
}

/// Sums of weighted inputs.
pub struct LinearModel {
    inputs: Inputs,
    /// `[inputs, outputs]`.
    weights: DMatrix<f64>,
    offset: DVector<f64>,
}

impl LinearModel {
    /// The penalties that [`fit`](Self::fit) tries, times the number of training sequences.
    const PENALTIES: [f64; 6] = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0];

    /// Fits models of several penalties to the training set, and keeps the one that is off by least on the validation
    /// set, in squares.
    ///
    /// # Errors
    /// As [`NormalEquations::new`].
    pub fn fit(
        train: &[Sequence],
        validation: &[Sequence],
        outputs: usize,
    ) -> Result<LinearModel, LinearError> {
        let equations = NormalEquations::new(train, outputs)?;
        let mut best: Option<(f64, LinearModel)> = None;
        for penalty in Self::PENALTIES {
            let model = equations.solve(penalty * train.len() as f64)?;
            let error = model.squared_error(validation, &equations.rows);
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, model));
            }
        }
        best.map(|(_, model)| model).ok_or(LinearError::NoAnswer)
    }

    /// The answer to a sequence: of classes a score each, the largest being the answer; of numbers the numbers. Where
    /// steps have classes, those of each step, shaped `[steps, classes]`. Empty of tokens.
    pub fn answer(&self, features: &Steps) -> Vec<f32> {
        self.inputs.rows(features).iter().flat_map(|row| self.answer_row(row)).collect()
    }

    fn answer_row(&self, row: &[f32]) -> Vec<f32> {
        let row = DVector::from_iterator(row.len(), row.iter().map(|number| f64::from(*number)));
        let answer = self.weights.tr_mul(&row) + &self.offset;
        answer.iter().map(|number| *number as f32).collect()
    }

    fn squared_error(&self, sequences: &[Sequence], rows: &Rows) -> f64 {
        let error = |row: Row| {
            let pairs = self.answer_row(&row.inputs).into_iter().zip(row.answer);
            row.weight * pairs.map(|(answer, truth)| f64::from(answer - truth).powi(2)).sum::<f64>()
        };
        sequences.iter().flat_map(|sequence| rows.answered(sequence)).map(error).sum()
    }
}

#[cfg(test)]
mod tests;
