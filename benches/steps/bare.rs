//! The kernel alone, on slices.

use std::hint::black_box;
use std::time::Duration;

use slimgate_gates::{Cell, Hidden, variant};
use slimgate_kernels::fused::{Keep, Operands, TimeMajor, backward, forward};
use slimgate_kernels::{Recurrence, Weights};

use crate::Shape;

fn cell(name: &str) -> Cell {
    variant(name).expect("a name").cell()
}

/// Floating-point operations of the matrix products: `W x` and `U h` in the forward pass; in the backward pass, the
/// gradients of both matrices and of `h`.
pub fn operations(name: &str, shape: Shape, batch: usize, trains: bool) -> f64 {
    let (cell, n) = (cell(name), shape.hidden);
    let input = shape.inputs * n * cell.reading_input().len();
    let hidden = n * n * cell.reading_hidden(Hidden::Full).len();
    let of_row = if trains { 2 * input + 3 * hidden } else { input + hidden };
    (2 * shape.steps * batch * of_row) as f64
}

/// One forward pass of the kernel, and a backward pass if it `trains`.
pub fn call(name: &str, shape: Shape, batch: usize, trains: bool) -> impl FnMut() -> Duration {
    let cell = cell(name);
    let (m, n) = (shape.inputs, shape.hidden);
    let mut state = 1u32;
    let mut numbers = move |count: usize| -> Vec<f32> {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| 0.1 * next()).collect()
    };
    let x = numbers(batch * shape.steps * m);
    let shapes = Weights::shapes(&cell, m, n);
    let counts = shapes.map_both(
        |matrix| matrix.map_or(0, |[rows, columns]| rows * columns),
        |vector| vector.map_or(0, |[length]| length),
    );
    let weights = counts.map(&mut numbers);
    let gradient = numbers(2 * batch * n);
    let zeros = vec![0.0; batch * n];
    let spec = Recurrence::new(cell);
    move || {
        let operands = Operands {
            x: TimeMajor { values: &x, step_stride: m, row_stride: shape.steps * m, width: m },
            weights: weights.as_ref().map(Vec::as_slice),
            h0: &zeros,
            c0: &zeros,
            dropout: None,
            lengths: None,
            steps: shape.steps,
            batch,
            units: n,
        };
        let keep = if trains { Keep::Steps } else { Keep::Nothing };
        let (output, trace) = forward(operands, &spec, keep, false);
        black_box(output);
        if trains {
            let gradient = TimeMajor { values: &gradient, step_stride: batch * n, row_stride: n, width: n };
            let wants_x = shape.words.is_some();
            black_box(backward(operands, &spec, &trace, gradient, false, wants_x));
        }
        Duration::ZERO
    }
}
