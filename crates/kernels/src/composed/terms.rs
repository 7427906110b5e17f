//! The terms of a part of the cell: from `x` and `h'` to its pre-activation and its value.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::Shape;
use slimgate_gates::{Gate, GateActivation, Part};

use super::Value;
use super::algebra::{add, columns, matmul, mul, reshape, rows};
use crate::Weights;
use crate::ops::Arguments;

/// The kept terms of one part, with everything that does not depend on the previous step precomputed.
pub(super) struct PartTerms<B: Backend> {
    pub part: Part,
    activation: GateActivation,
    /// `W x` for all steps, plus the bias if there is one: `[steps, batch, n]`.
    input: Option<FloatTensor<B>>,
    /// The block of `U h'` that belongs to this part.
    pub hidden: Option<usize>,
    /// `u`, as `[1, n]`.
    pub diagonal: Option<FloatTensor<B>>,
    /// `b` as `[1, n]`, unless it is already part of the input product.
    bias: Option<FloatTensor<B>>,
    /// The value, if it is the same at every step and for every sequence.
    fixed: Option<Value<B>>,
    size: [usize; 2],
}

impl<B: Backend> PartTerms<B> {
    /// The terms of all four parts, in the order of [`slimgate_gates::PARTS`].
    pub fn of_all(arguments: &Arguments<B>) -> [PartTerms<B>; 4] {
        let [steps, batch, inputs] = arguments.x.shape().dims();
        let [_, n] = arguments.h0.shape().dims();
        let cell = &arguments.spec.cell;
        let products = Weights::parts(cell).input.first().map(|_| {
            let x = reshape::<B, 2>(arguments.x.clone(), [steps * batch, inputs]);
            matmul::<B>(x, arguments.weights.input.clone())
        });
        slimgate_gates::PARTS.map(|part| {
            let blocks = Weights::blocks(cell, part);
            let vector = |packed: &FloatTensor<B>, block: Option<usize>| {
                let row = reshape::<B, 2>(packed.clone(), [1, packed.shape().num_elements()]);
                block.map(|block| columns::<B>(&row, block, n))
            };
            let mut bias = vector(&arguments.weights.bias, blocks.bias);
            let input = blocks.input.map(|block| {
                let product =
                    columns::<B>(products.as_ref().expect("the cell keeps input weights"), block, n);
                let sum = match bias.take() {
                    Some(bias) => add::<B>(product, bias),
                    None => product,
                };
                reshape::<B, 3>(sum, [steps, batch, n])
            });
            let mut terms = PartTerms {
                part,
                activation: arguments.spec.gate_activation,
                input,
                hidden: blocks.hidden,
                diagonal: vector(&arguments.weights.diagonal, blocks.diagonal),
                bias,
                fixed: None,
                size: [batch, n],
            };
            terms.fixed = terms.fixed_value(cell.gate(part));
            terms
        })
    }

    /// True if the part has one value for all steps and sequences.
    pub fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }

    /// The activation at step `t`, from `h'` and `U h'`.
    pub fn value(&self, t: usize, h: &FloatTensor<B>, uh: Option<&FloatTensor<B>>) -> Value<B> {
        if let Some(fixed) = &self.fixed {
            return fixed.clone();
        }
        let n = self.size[1];
        let terms = [
            self.input.as_ref().map(|input| rows::<B>(input, t)),
            self.hidden.and_then(|block| Some(columns::<B>(uh?, block, n))),
            self.diagonal.as_ref().map(|u| mul::<B>(u.clone(), h.clone())),
            self.bias.clone(),
        ];
        let z = terms.into_iter().flatten().reduce(add::<B>).expect("a varying part has a term");
        Value::Tensor(self.activate(z))
    }

    fn activate(&self, z: FloatTensor<B>) -> FloatTensor<B> {
        match (self.part, self.activation) {
            (Part::Candidate, _) => B::float_tanh(z),
            (_, GateActivation::Logistic) => B::sigmoid(z),
            (_, GateActivation::HardSigmoid) => B::hard_sigmoid(z, 0.2f32.into(), 0.5f32.into()),
        }
    }

    fn fixed_value(&self, gate: Gate) -> Option<Value<B>> {
        if let Gate::Constant(value) = gate {
            return Some(Value::Constant(value));
        }
        let varies = self.input.is_some() || self.hidden.is_some() || self.diagonal.is_some();
        match (&self.bias, self.part) {
            _ if varies => None,
            (Some(bias), _) => Some(Value::Tensor(self.activate(bias.clone()))),
            (None, Part::Candidate) => Some(Value::Constant(0.0)),
            (None, _) => Some(Value::Constant(0.5)),
        }
    }

    /// The gradient of the pre-activation, from the activation's value and gradient.
    pub fn activation_backward(&self, value: &FloatTensor<B>, gradient: FloatTensor<B>) -> FloatTensor<B> {
        match (self.part, self.activation) {
            (Part::Candidate, _) => tanh_backward::<B>(value, gradient),
            (_, GateActivation::Logistic) => B::sigmoid_backward(value.clone(), gradient),
            (_, GateActivation::HardSigmoid) => {
                // The slope is 0.2 where the value was not clamped, that is, where s (1 - s) > 0.
                let inside = mul::<B>(value.clone(), super::one_minus::<B>(value.clone()));
                let clamped = lower_equal_zero::<B>(inside);
                let sloped = B::float_mul_scalar(gradient, 0.2f32.into());
                B::float_mask_fill(sloped, clamped, 0f32.into())
            }
        }
    }

    /// Expands a value to a full `[batch, n]` tensor.
    pub fn broadcast(&self, value: &Value<B>, like: &FloatTensor<B>) -> FloatTensor<B> {
        match value {
            Value::Tensor(tensor) => B::float_expand(tensor.clone(), Shape::from(self.size)),
            Value::Constant(value) => {
                B::float_full(Shape::from(self.size), (*value).into(), &like.device(), like.dtype().into())
            }
        }
    }
}

/// `gradient ⊙ (1 - y²)`, where `y` is a tanh.
pub(super) fn tanh_backward<B: Backend>(y: &FloatTensor<B>, gradient: FloatTensor<B>) -> FloatTensor<B> {
    mul::<B>(gradient, super::one_minus::<B>(mul::<B>(y.clone(), y.clone())))
}

/// A mask of the elements that are not above zero.
pub(super) fn lower_equal_zero<B: Backend>(a: FloatTensor<B>) -> burn::backend::tensor::BoolTensor<B> {
    let dtype = burn::backend::get_or_init_device_settings::<B>(&a.device()).bool_dtype;
    B::float_lower_equal_elem(a, 0f32.into(), dtype)
}
