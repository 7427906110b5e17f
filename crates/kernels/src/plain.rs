//! The reference implementation: the recurrence as the papers write it, slow and readable.

use burn::tensor::{Tensor, activation};
use slimgate_gates::{Gate, GateActivation, Part};

use crate::{Recurrence, Sequences, State, TensorWeights, Weights};

/// The same as [`crate::recurrence`], step by step, differentiated by Burn.
pub fn recurrence(
    sequences: Sequences,
    weights: &TensorWeights,
    state: State,
    dropout: Option<Tensor<2>>,
    spec: &Recurrence,
) -> (Tensor<3>, State) {
    let Sequences { x, lengths } = sequences;
    let [batch, steps, inputs] = x.dims();
    let lengths = lengths.unwrap_or(vec![steps; batch]);
    let mut outputs = vec![state.hidden.clone(); steps];
    let mut now = state;

    let order: Vec<usize> = if spec.reverse { (0..steps).rev().collect() } else { (0..steps).collect() };
    for t in order {
        let x_t = x.clone().slice([0..batch, t..t + 1]).reshape([batch, inputs]);
        let next = step(x_t, weights, now.clone(), dropout.as_ref(), spec);

        let active: Vec<f32> = lengths.iter().map(|&length| if t < length { 1.0 } else { 0.0 }).collect();
        let active = Tensor::<1>::from_floats(active.as_slice(), &x.device()).unsqueeze_dim(1);
        let select = |new: Tensor<2>, old: Tensor<2>| active.clone() * new + (1.0 - active.clone()) * old;
        now = State { hidden: select(next.hidden, now.hidden), cell: select(next.cell, now.cell) };

        outputs[t] = now.hidden.clone();
    }
    (Tensor::stack(outputs, 1), now)
}

/// One step of the cell, `x: [batch, m]`.
fn step(
    x: Tensor<2>,
    weights: &TensorWeights,
    State { hidden: h, cell: c }: State,
    dropout: Option<&Tensor<2>>,
    spec: &Recurrence,
) -> State {
    let h = match dropout {
        Some(mask) => h * mask.clone(),
        None => h,
    };
    let z = |part| pre_activation(part, &x, &h, weights, spec);
    let gate = |part| match (spec.cell.gate(part), spec.gate_activation) {
        (Gate::Constant(value), _) => c.full_like(value),
        (_, GateActivation::Logistic) => activation::sigmoid(z(part)),
        (_, GateActivation::HardSigmoid) => activation::hard_sigmoid(z(part), 0.2, 0.5),
    };

    let i = gate(Part::Input);
    let f = gate(Part::Forget);
    let o = gate(Part::Output);
    let g = z(Part::Candidate).tanh();
    let c = f * c.clone() + i * g;
    let c = match spec.clip {
        Some(clip) => c.clamp(-clip, clip),
        None => c,
    };
    State { hidden: o * c.clone().tanh(), cell: c }
}

/// `z = W x + U h + u ⊙ h + b`, of the terms that the part keeps.
fn pre_activation(
    part: Part,
    x: &Tensor<2>,
    h: &Tensor<2>,
    weights: &TensorWeights,
    spec: &Recurrence,
) -> Tensor<2> {
    let [_, n] = h.dims();
    let blocks = Weights::blocks(&spec.cell, part);
    let mut z = h.zeros_like();
    if let Some(block) = blocks.input {
        z = z + x.clone().matmul(columns(weights.input.as_ref(), block, n));
    }
    if let Some(block) = blocks.hidden {
        z = z + h.clone().matmul(columns(weights.hidden.as_ref(), block, n));
    }
    if let Some(block) = blocks.diagonal {
        z = z + h.clone() * entries(weights.diagonal.as_ref(), block, n);
    }
    if let Some(block) = blocks.bias {
        z = z + entries(weights.bias.as_ref(), block, n);
    }
    z
}

fn columns(weight: Option<&Tensor<2>>, block: usize, n: usize) -> Tensor<2> {
    let weight = weight.expect("the cell keeps this weight").clone();
    let [rows, _] = weight.dims();
    weight.slice([0..rows, block * n..(block + 1) * n])
}

fn entries(vector: Option<&Tensor<1>>, block: usize, n: usize) -> Tensor<2> {
    vector.expect("the cell keeps this vector").clone().narrow(0, block * n, n).unsqueeze()
}
