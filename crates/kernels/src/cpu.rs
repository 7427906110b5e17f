//! The fused kernel behind the CPU backends: tensors to slices and back.
#![allow(deprecated)] // Burn deprecates `NdArray`; it stays for as long as the pinned release carries it.

use std::sync::Arc;

use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::{Device, FloatTensor};
use burn::backend::{Backend, Flex, NdArray, TensorMetadata, try_read_sync};
use burn::tensor::{Bytes, DType, TensorData};

use crate::fused::{self, Keep, Operands, Steps};
use crate::ops::{Arguments, Gradients, RecurrentKernel};

/// A tensor's numbers where they lie.
struct Numbers {
    bytes: Arc<Bytes>,
    start: usize,
    strides: Vec<usize>,
}

impl Numbers {
    fn slice(&self) -> &[f32] {
        &bytemuck::cast_slice(&self.bytes)[self.start..]
    }

    /// As a `[steps, batch, width]` tensor.
    fn steps(&self, width: usize) -> Steps<'_> {
        Steps { numbers: self.slice(), step_stride: self.strides[0], row_stride: self.strides[1], width }
    }
}

/// A backend whose tensors lie in the memory of this process.
trait InMemory: Backend {
    /// A tensor's numbers, moved only where its rows are not contiguous.
    fn steps(tensor: &FloatTensor<Self>) -> Numbers;

    /// A tensor's numbers in order.
    fn contiguous(tensor: &FloatTensor<Self>) -> Numbers;
}

impl InMemory for Flex {
    fn steps(tensor: &FloatTensor<Self>) -> Numbers {
        let layout = tensor.layout();
        // Rows of one number are contiguous whatever the stride that Burn leaves them.
        let in_rows = layout.strides().last() == Some(&1) || layout.shape().last() == Some(&1);
        if !(layout.has_positive_strides() && in_rows) {
            return Self::contiguous(tensor);
        }
        Numbers {
            bytes: tensor.data_arc(),
            start: layout.start_offset(),
            strides: layout.strides().iter().map(|&stride| stride as usize).collect(),
        }
    }

    fn contiguous(tensor: &FloatTensor<Self>) -> Numbers {
        Self::steps(&tensor.to_contiguous())
    }
}

impl InMemory for NdArray {
    fn steps(tensor: &FloatTensor<Self>) -> Numbers {
        Self::contiguous(tensor)
    }

    fn contiguous(tensor: &FloatTensor<Self>) -> Numbers {
        let data = try_read_sync(Self::float_into_data(tensor.clone()))
            .expect("memory is read at once")
            .expect("a tensor in memory can be read");
        let (bytes, shape, _) = data.into_parts();
        let mut strides = vec![1; shape.num_dims()];
        for dim in (1..strides.len()).rev() {
            strides[dim - 1] = strides[dim] * shape[dim];
        }
        Numbers { bytes: Arc::new(bytes), start: 0, strides }
    }
}

/// All operands as [`Numbers`].
struct Held {
    x: Numbers,
    input: Numbers,
    hidden: Numbers,
    diagonal: Numbers,
    bias: Numbers,
    h0: Numbers,
    c0: Numbers,
    dropout: Option<Numbers>,
    /// Of `x`: steps, batch, width; and the hidden units.
    sizes: [usize; 4],
}

impl Held {
    fn new<B: InMemory>(arguments: &Arguments<B>) -> Held {
        let [steps, batch, inputs] = arguments.x.shape().dims();
        let [_, units] = arguments.h0.shape().dims();
        Held {
            x: B::steps(&arguments.x),
            input: B::contiguous(&arguments.input),
            hidden: B::contiguous(&arguments.hidden),
            diagonal: B::contiguous(&arguments.diagonal),
            bias: B::contiguous(&arguments.bias),
            h0: B::contiguous(&arguments.h0),
            c0: B::contiguous(&arguments.c0),
            dropout: arguments.drops.then(|| B::contiguous(&arguments.dropout)),
            sizes: [steps, batch, inputs, units],
        }
    }

    fn operands(&self) -> Operands<'_> {
        let [steps, batch, inputs, units] = self.sizes;
        Operands {
            x: self.x.steps(inputs),
            input: self.input.slice(),
            hidden: self.hidden.slice(),
            diagonal: self.diagonal.slice(),
            bias: self.bias.slice(),
            h0: self.h0.slice(),
            c0: self.c0.slice(),
            dropout: self.dropout.as_ref().map(Numbers::slice),
            steps,
            batch,
            units,
        }
    }
}

/// The fused kernel takes numbers of single precision.
impl<B: InMemory> RecurrentKernel for B {
    fn fused_forward(arguments: &Arguments<B>, keep: Keep) -> Option<(FloatTensor<B>, fused::Trace)> {
        if arguments.x.dtype() != DType::F32 {
            return None;
        }
        let held = Held::new(arguments);
        let (packed, trace) = fused::forward(held.operands(), &arguments.spec, keep, arguments.every_step);
        let [steps, batch, _, units] = held.sizes;
        let rows = if arguments.every_step { steps + 1 } else { 2 };
        let packed = tensor::<B, 3>(packed, [batch, rows, units], &arguments.x.device());
        Some((B::float_swap_dims(packed, 0, 1), trace))
    }

    fn fused_backward(
        arguments: &Arguments<B>,
        trace: &fused::Trace,
        output: FloatTensor<B>,
        wants_x: bool,
    ) -> Gradients<B> {
        let held = Held::new(arguments);
        let [steps, batch, inputs, units] = held.sizes;
        let output = B::steps(&output);
        let gradients = fused::backward(
            held.operands(),
            &arguments.spec,
            trace,
            output.steps(units),
            arguments.every_step,
            wants_x,
        );
        let device = arguments.x.device();
        let matrix = |numbers: Vec<f32>, rows: usize| {
            let columns = numbers.len() / rows;
            (columns > 0).then(|| tensor::<B, 2>(numbers, [rows, columns], &device))
        };
        let vector = |numbers: Vec<f32>| {
            let length = numbers.len();
            (length > 0).then(|| tensor::<B, 1>(numbers, [length], &device))
        };
        Gradients {
            x: wants_x.then(|| {
                B::float_swap_dims(tensor::<B, 3>(gradients.x, [batch, steps, inputs], &device), 0, 1)
            }),
            input: matrix(gradients.input, inputs),
            hidden: matrix(gradients.hidden, units),
            diagonal: vector(gradients.diagonal),
            bias: vector(gradients.bias),
            h0: tensor::<B, 2>(gradients.h0, [batch, units], &device),
            c0: tensor::<B, 2>(gradients.c0, [batch, units], &device),
        }
    }
}

fn tensor<B: Backend, const D: usize>(
    numbers: Vec<f32>,
    shape: [usize; D],
    device: &Device<B>,
) -> FloatTensor<B> {
    B::float_from_data(TensorData::new(numbers, shape), device)
}
