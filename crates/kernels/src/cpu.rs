//! The fused kernel behind the CPU backends: tensors to slices and back.
#![allow(deprecated)] // Burn deprecates `NdArray`; the pinned release still has it.

use std::sync::Arc;

use burn::backend::tensor::{Device, FloatTensor};
use burn::backend::{Backend, Flex, TensorMetadata};
#[cfg(feature = "ndarray")]
use burn::backend::{NdArray, ops::FloatTensorOps, try_read_sync};
use burn::tensor::{Bytes, DType, TensorData};

use crate::Weights;
use crate::fused::{self, Keep, Operands, TimeMajor};
use crate::ops::{Arguments, Gradients, RecurrentKernel};

/// A tensor's values, in place in host memory.
struct HostTensor {
    bytes: Arc<Bytes>,
    start: usize,
    strides: Vec<usize>,
}

impl HostTensor {
    fn values(&self) -> &[f32] {
        &bytemuck::cast_slice(&self.bytes)[self.start..]
    }

    /// As a `[steps, batch, width]` tensor.
    fn time_major(&self, width: usize) -> TimeMajor<'_> {
        let [step_stride, row_stride] = [self.strides[0], self.strides[1]];
        TimeMajor { values: self.values(), step_stride, row_stride, width }
    }
}

/// A backend whose tensors are in the memory of this process.
trait InMemory: Backend {
    /// A tensor's values, copied only if its rows are not contiguous.
    fn rows(tensor: &FloatTensor<Self>) -> HostTensor;

    /// A tensor's values, contiguous and in order.
    fn contiguous(tensor: &FloatTensor<Self>) -> HostTensor;
}

impl InMemory for Flex {
    fn rows(tensor: &FloatTensor<Self>) -> HostTensor {
        let layout = tensor.layout();
        // Rows of one value are contiguous, whatever their stride.
        let in_rows = layout.strides().last() == Some(&1) || layout.shape().last() == Some(&1);
        if !(layout.has_positive_strides() && in_rows) {
            return Self::contiguous(tensor);
        }
        HostTensor {
            bytes: tensor.data_arc(),
            start: layout.start_offset(),
            strides: layout.strides().iter().map(|&stride| stride as usize).collect(),
        }
    }

    fn contiguous(tensor: &FloatTensor<Self>) -> HostTensor {
        Self::rows(&tensor.to_contiguous())
    }
}

#[cfg(feature = "ndarray")]
impl InMemory for NdArray {
    fn rows(tensor: &FloatTensor<Self>) -> HostTensor {
        Self::contiguous(tensor)
    }

    fn contiguous(tensor: &FloatTensor<Self>) -> HostTensor {
        let data = try_read_sync(Self::float_into_data(tensor.clone()))
            .expect("memory is read at once")
            .expect("a tensor in memory can be read");
        let (bytes, shape, _) = data.into_parts();
        let mut strides = vec![1; shape.num_dims()];
        for dim in (1..strides.len()).rev() {
            strides[dim - 1] = strides[dim] * shape[dim];
        }
        HostTensor { bytes: Arc::new(bytes), start: 0, strides }
    }
}

/// All operands, in host memory.
struct HostOperands {
    x: HostTensor,
    weights: Weights<HostTensor>,
    h0: HostTensor,
    c0: HostTensor,
    dropout: Option<HostTensor>,
    /// Steps, batch and width of `x`, and the number of hidden units.
    sizes: [usize; 4],
}

impl HostOperands {
    fn new<B: InMemory>(arguments: &Arguments<B>) -> HostOperands {
        let [steps, batch, inputs] = arguments.x.shape().dims();
        let [_, units] = arguments.h0.shape().dims();
        HostOperands {
            x: B::rows(&arguments.x),
            weights: arguments.weights.as_ref().map(B::contiguous),
            h0: B::contiguous(&arguments.h0),
            c0: B::contiguous(&arguments.c0),
            dropout: arguments.drops.then(|| B::contiguous(&arguments.dropout)),
            sizes: [steps, batch, inputs, units],
        }
    }

    fn operands<'a>(&'a self, lengths: Option<&'a [usize]>) -> Operands<'a> {
        let [steps, batch, inputs, units] = self.sizes;
        Operands {
            x: self.x.time_major(inputs),
            weights: self.weights.as_ref().map(HostTensor::values),
            h0: self.h0.values(),
            c0: self.c0.values(),
            dropout: self.dropout.as_ref().map(HostTensor::values),
            lengths,
            steps,
            batch,
            units,
        }
    }
}

/// The fused kernel takes only single-precision values.
impl<B: InMemory> RecurrentKernel for B {
    fn fused_forward(arguments: &Arguments<B>, keep: Keep) -> Option<(FloatTensor<B>, fused::Saved)> {
        if arguments.x.dtype() != DType::F32 {
            return None;
        }
        let host = HostOperands::new(arguments);
        let operands = host.operands(arguments.lengths.as_deref());
        let (packed, saved) = fused::forward(operands, &arguments.spec, keep, arguments.every_step);
        let [steps, batch, _, units] = host.sizes;
        let rows = if arguments.every_step { steps + 1 } else { 2 };
        let packed = tensor::<B, 3>(packed, [batch, rows, units], &arguments.x.device());
        Some((B::float_swap_dims(packed, 0, 1), saved))
    }

    fn fused_backward(
        arguments: &Arguments<B>,
        saved: &fused::Saved,
        output: FloatTensor<B>,
        wants_x: bool,
    ) -> Gradients<B> {
        let host = HostOperands::new(arguments);
        let [steps, batch, inputs, units] = host.sizes;
        let output = B::rows(&output);
        let gradients = fused::backward(
            host.operands(arguments.lengths.as_deref()),
            &arguments.spec,
            saved,
            output.time_major(units),
            arguments.every_step,
            wants_x,
        );
        let device = arguments.x.device();
        let shapes = Weights::shapes(&arguments.spec.cell, inputs, units);
        Gradients {
            x: wants_x.then(|| {
                B::float_swap_dims(tensor::<B, 3>(gradients.x, [batch, steps, inputs], &device), 0, 1)
            }),
            weights: shapes.zip(gradients.weights).map_both(
                |(shape, values)| Some(tensor::<B, 2>(values, shape?, &device)),
                |(shape, values)| Some(tensor::<B, 1>(values, shape?, &device)),
            ),
            h0: tensor::<B, 2>(gradients.h0, [batch, units], &device),
            c0: tensor::<B, 2>(gradients.c0, [batch, units], &device),
        }
    }
}

fn tensor<B: Backend, const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &Device<B>,
) -> FloatTensor<B> {
    B::float_from_data(TensorData::new(values, shape), device)
}
