//! The backward pass: back-propagation through time.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use slimgate_gates::Part;

use super::algebra::{add, concat, matmul, mul, reshape, rows, stack};
use super::terms::{PartTerms, lower_equal_zero, tanh_backward};
use super::{Saved, TimeSteps, Value, masked, select};
use crate::Weights;
use crate::ops::{Arguments, Gradients};

/// See [`crate::ops::RecurrentKernel::backward`].
pub(crate) fn backward<B: Backend>(
    arguments: &Arguments<B>,
    saved: Saved<B>,
    output: FloatTensor<B>,
    wants_x: bool,
) -> Gradients<B> {
    let spec = &arguments.spec;
    let steps = TimeSteps::new(arguments);
    let parts = PartTerms::of_all(arguments);
    let mut collected = Collected::new(&saved);
    let zeros = |like: &FloatTensor<B>| B::float_zeros(like.shape(), &like.device(), like.dtype().into());

    // dh and dc: the gradients of the state after the step, from all later steps.
    let (mut dh, mut dc) = match arguments.every_step {
        true => (zeros(&arguments.h0), rows::<B>(&output, steps.count)),
        false => (rows::<B>(&output, 0), rows::<B>(&output, 1)),
    };
    for (k, &t) in steps.order().iter().enumerate().rev() {
        let [i, f, o, g] = &saved.parts[k];
        let c_before = &saved.cell[k];
        let c = &saved.cell[k + 1];
        let g = parts[3].broadcast(g, c);

        if arguments.every_step {
            dh = add::<B>(dh, rows::<B>(&output, t));
        }
        let masks = steps.masks(t);
        let of_ended =
            |d: &FloatTensor<B>| masks.as_ref().map(|(_, ended)| mul::<B>(ended.clone(), d.clone()));
        let (dh_ended, dc_ended) = (of_ended(&dh), of_ended(&dc));
        dh = select::<B>(masks.as_ref(), dh, zeros(c));
        dc = select::<B>(masks.as_ref(), dc, zeros(c));

        // h = o ⊙ tanh(c)
        let tanh_c = B::float_tanh(c.clone());
        let d_output = mul::<B>(dh.clone(), tanh_c.clone());
        dc = add::<B>(dc, tanh_backward::<B>(&tanh_c, o.times(dh)));
        if let Some(clip) = spec.clip {
            let room = B::float_add_scalar(B::float_neg(B::float_abs(c.clone())), clip.into());
            dc = B::float_mask_fill(dc, lower_equal_zero::<B>(room), 0f32.into());
        }

        // c = f ⊙ c' + i ⊙ g
        let d_parts =
            [mul::<B>(dc.clone(), g), mul::<B>(dc.clone(), c_before.clone()), d_output, i.times(dc.clone())];
        let dz = collected.step(&parts, &saved.parts[k], d_parts);

        dc = add_some::<B>(f.times(dc), dc_ended);
        dh = add_some::<B>(through_hidden(arguments, &parts, &dz, &zeros(c)), dh_ended);
    }

    let h_before = in_time_order(saved.hidden, spec.reverse);
    let (x, weights) = collected.inputs_and_weights(arguments, &parts, stack::<B>(h_before), wants_x);
    Gradients { x, weights, h0: dh, c0: dc }
}

/// The gradient of `h'` from those of the pre-activations.
fn through_hidden<B: Backend>(
    arguments: &Arguments<B>,
    parts: &[PartTerms<B>; 4],
    dz: &[Option<FloatTensor<B>>; 4],
    zeros: &FloatTensor<B>,
) -> FloatTensor<B> {
    let of_matrix = |p: usize| parts[p].hidden.and(dz[p].clone());
    let through_matrix = concat::<B>((0..4).filter_map(of_matrix).collect(), 1)
        .map(|dz| matmul::<B>(dz, B::float_transpose(arguments.weights.hidden.clone())));
    let through_diagonal = (0..4).filter_map(|p| Some(mul::<B>(parts[p].diagonal.clone()?, dz[p].clone()?)));

    let total = through_matrix.into_iter().chain(through_diagonal).reduce(add::<B>);
    // The gates read mask ⊙ h', so the mask applies to the gradient of h' too.
    total.map_or_else(|| zeros.clone(), |total| masked::<B>(total, arguments))
}

/// The gradients of the pre-activations, collected over the steps.
struct Collected<B: Backend> {
    /// For each varying part: one tensor per step, the last step computed first.
    varying: [Vec<FloatTensor<B>>; 4],
    /// For each fixed part: the sum over steps of the gradient of its value, and the value. The derivative of its
    /// activation is the same at every step, so it is applied once, to the sum, in
    /// [`inputs_and_weights`](Self::inputs_and_weights).
    fixed: [Option<(FloatTensor<B>, FloatTensor<B>)>; 4],
}

impl<B: Backend> Collected<B> {
    fn new(saved: &Saved<B>) -> Self {
        let steps = saved.parts.len();
        Collected { varying: [(); 4].map(|_| Vec::with_capacity(steps)), fixed: [None, None, None, None] }
    }

    /// Adds one step; returns the gradients of the pre-activations of the varying parts.
    fn step(
        &mut self,
        parts: &[PartTerms<B>; 4],
        values: &[Value<B>; 4],
        gradients: [FloatTensor<B>; 4],
    ) -> [Option<FloatTensor<B>>; 4] {
        let mut dz = [None, None, None, None];
        for (p, gradient) in gradients.into_iter().enumerate() {
            let Value::Tensor(value) = &values[p] else { continue };
            if parts[p].is_fixed() {
                let sum = match self.fixed[p].take() {
                    Some((sum, _)) => add::<B>(sum, gradient),
                    None => gradient,
                };
                self.fixed[p] = Some((sum, value.clone()));
            } else {
                let dz_part = parts[p].activation_backward(value, gradient);
                self.varying[p].push(dz_part.clone());
                dz[p] = Some(dz_part);
            }
        }
        dz
    }

    /// The gradients of the inputs, if wanted, and of the weights: one product over all steps for each kind of weight.
    fn inputs_and_weights(
        self,
        arguments: &Arguments<B>,
        parts: &[PartTerms<B>; 4],
        h_before: FloatTensor<B>,
        wants_x: bool,
    ) -> (Option<FloatTensor<B>>, Weights<Option<FloatTensor<B>>>) {
        let spec = &arguments.spec;
        let [steps, batch, inputs] = arguments.x.shape().dims();
        let [_, n] = arguments.h0.shape().dims();
        let flat = |tensor: FloatTensor<B>, width: usize| reshape::<B, 2>(tensor, [steps * batch, width]);
        let over_rows = |tensor: FloatTensor<B>| B::float_sum_dim(tensor, 0);

        let fixed = self.fixed;
        let varying = self.varying.map(|backwards| {
            // The backward pass visits the steps of a reversed recurrence in time order.
            let steps = in_time_order(backwards, !spec.reverse);
            (!steps.is_empty()).then(|| flat(stack::<B>(steps), n))
        });
        let of = |kept: &[Part]| {
            let all = parts.iter().zip(&varying);
            all.filter(|(part, _)| kept.contains(&part.part)).filter_map(|(_, dz)| dz.clone()).collect()
        };
        let kept = Weights::parts(&spec.cell);

        let h_read = match arguments.drops {
            true => mul::<B>(h_before, reshape::<B, 3>(arguments.dropout.clone(), [1, batch, n])),
            false => h_before,
        };
        let h_read = flat(h_read, n);
        let x = flat(arguments.x.clone(), inputs);
        let dz_input = concat::<B>(of(&kept.input), 1);
        let dz_hidden = concat::<B>(of(&kept.hidden), 1);
        let diagonal: Vec<FloatTensor<B>> = of(&kept.diagonal);
        let diagonal = diagonal.into_iter().map(|dz| over_rows(mul::<B>(dz, h_read.clone()))).collect();
        let bias = kept.bias.into_iter().map(|part| {
            let p = part as usize;
            match (&varying[p], &fixed[p]) {
                (Some(dz), _) => over_rows(dz.clone()),
                (None, Some((sum, value))) => parts[p].activation_backward(value, over_rows(sum.clone())),
                (None, None) => unreachable!("a part with a bias is varying or fixed"),
            }
        });
        let as_vector = |row: FloatTensor<B>| {
            let length = row.shape().num_elements();
            reshape::<B, 1>(row, [length])
        };

        let dx = dz_input.clone().filter(|_| wants_x).map(|dz| {
            let dx = matmul::<B>(dz, B::float_transpose(arguments.weights.input.clone()));
            reshape::<B, 3>(dx, [steps, batch, inputs])
        });
        let weights = Weights {
            input: dz_input.map(|dz| matmul::<B>(B::float_transpose(x), dz)),
            hidden: dz_hidden.map(|dz| matmul::<B>(B::float_transpose(h_read), dz)),
            diagonal: concat::<B>(diagonal, 1).map(as_vector),
            bias: concat::<B>(bias.collect(), 1).map(as_vector),
        };
        (dx, weights)
    }
}

fn in_time_order<T>(mut steps: Vec<T>, reversed: bool) -> Vec<T> {
    if reversed {
        steps.reverse();
    }
    steps
}

fn add_some<B: Backend>(a: FloatTensor<B>, b: Option<FloatTensor<B>>) -> FloatTensor<B> {
    match b {
        Some(b) => add::<B>(a, b),
        None => a,
    }
}
