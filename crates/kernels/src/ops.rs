//! The operation as a Burn backend extension.
//!
//! All tensors are time-major here (`[steps, batch, width]`), so that a step is one contiguous block.
//!
//! # The packed output
//!
//! A node of Burn's graph has one output, so the states are joined into one tensor of rows `[batch, n]`:
//!
//! | `every_step` | rows | first rows | last row |
//! |---|---|---|---|
//! | yes | `steps + 1` | `h` after each step, in time order | `c` after the last step computed |
//! | no | 2 | `h` after the last step computed | `c` after the last step computed |
//!
//! Its gradient has the same rows. The fused kernel writes the output as `[batch, rows, n]`.
#![allow(deprecated)] // Burn deprecates `NdArray`; the pinned release still has it.

use std::sync::Arc;

#[cfg(feature = "ndarray")]
use burn::backend::NdArray;
#[cfg(feature = "cubecl")]
use burn::backend::fusion::{Fusion, FusionBackend};
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Backend, BackendTensor, Dispatch, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind,
    ExtensionType, Flex, backend_extension,
};
#[cfg(feature = "cubecl")]
use burn_cubecl::CubeBackend;

use crate::composed;
use crate::fused::{self, Keep};
use crate::{Recurrence, Weights};

/// The arguments of the operation, as primitives of a backend; shapes as in [`Weights::shapes`], `x` time-major.
///
/// Burn's macro routes bare tensors only, so a term that the cell does not keep is replaced by a one-element constant
/// that is never read.
#[derive(Clone, Debug, ExtensionType)]
pub(crate) struct Arguments<B: Backend> {
    pub x: FloatTensor<B>,
    #[extension_type]
    pub weights: PrimitiveWeights<B>,
    pub h0: FloatTensor<B>,
    pub c0: FloatTensor<B>,
    pub dropout: FloatTensor<B>,
    /// True if `dropout` is a mask, not a placeholder.
    pub drops: bool,
    /// True if the hidden states after every step are wanted, not only the last: see [the packed output](crate::ops).
    pub every_step: bool,
    /// See [`crate::Sequences::lengths`].
    pub lengths: Option<Vec<usize>>,
    pub spec: Recurrence,
}

/// The weights as primitives of a backend.
pub(crate) type PrimitiveWeights<B> = Weights<FloatTensor<B>>;

// Burn's macro derives it only for structs whose fields are written as `FloatTensor<B>`.
impl<B: Backend> ExtensionType<B> for PrimitiveWeights<B> {
    type Target = PrimitiveWeights<Dispatch>;

    fn map_to_dispatch<F>(self, map_kind: F, autodiff: DispatchAutodiffContext) -> Self::Target
    where
        F: Fn(BackendTensor<B>) -> DispatchTensorKind,
    {
        self.map(|tensor| DispatchTensor { kind: map_kind(BackendTensor::Float(tensor)), autodiff })
    }

    fn map_from_dispatch<F>(target: Self::Target, unwrap_kind: F) -> Self
    where
        F: Fn(DispatchTensor) -> BackendTensor<B>,
    {
        target.map(|tensor| unwrap_kind(tensor).float())
    }

    fn routing_tensor(target: &Self::Target) -> Option<&DispatchTensor> {
        Some(&target.input)
    }

    fn routing_float_tensor(target: &Self::Target) -> Option<&DispatchTensor> {
        Some(&target.input)
    }

    fn autodiff_context(target: &Self::Target) -> DispatchAutodiffContext {
        let contexts = target.as_ref().map(|tensor| tensor.autodiff).into_array();
        contexts.into_iter().fold(DispatchAutodiffContext::Disabled, DispatchAutodiffContext::merge)
    }
}

/// The gradients of a loss with respect to [`Arguments`], each present if its argument is.
pub(crate) struct Gradients<B: Backend> {
    /// Also absent if not requested.
    pub x: Option<FloatTensor<B>>,
    pub weights: Weights<Option<FloatTensor<B>>>,
    pub h0: FloatTensor<B>,
    pub c0: FloatTensor<B>,
}

/// Activations saved for the backward pass.
#[derive(Clone, Debug)]
pub(crate) enum Saved<B: Backend> {
    Composed(composed::Saved<B>),
    Fused(Arc<fused::Saved>),
}

/// A backend with the forward and the backward pass of the recurrence.
///
/// The composition of Burn's operations works on every backend; one whose tensors the fused kernel can access passes it
/// those that it supports.
pub(crate) trait RecurrentKernel: Backend {
    /// [`forward`](Self::forward) by the fused kernel, if it supports such tensors.
    fn fused_forward(_: &Arguments<Self>, _: Keep) -> Option<(FloatTensor<Self>, fused::Saved)> {
        None
    }

    /// [`backward`](Self::backward) from what [`fused_forward`](Self::fused_forward) saved.
    fn fused_backward(
        _: &Arguments<Self>,
        _: &fused::Saved,
        _: FloatTensor<Self>,
        _wants_x: bool,
    ) -> Gradients<Self> {
        unreachable!("this backend saves nothing of the fused kernel")
    }

    /// Returns [the packed output](crate::ops), `[rows, batch, n]`.
    fn forward(arguments: &Arguments<Self>, keep: Keep) -> (FloatTensor<Self>, Saved<Self>) {
        if let Some((packed, saved)) = Self::fused_forward(arguments, keep) {
            return (packed, Saved::Fused(Arc::new(saved)));
        }
        let (packed, saved) = composed::forward::<Self>(arguments, keep != Keep::Nothing);
        (packed, Saved::Composed(saved))
    }

    /// Back-propagation through time: from the gradient of the packed output to those of the arguments.
    fn backward(
        arguments: &Arguments<Self>,
        saved: Saved<Self>,
        output: FloatTensor<Self>,
        wants_x: bool,
    ) -> Gradients<Self> {
        match saved {
            Saved::Fused(saved) => Self::fused_backward(arguments, &saved, output, wants_x),
            Saved::Composed(saved) => composed::backward::<Self>(arguments, saved, output, wants_x),
        }
    }
}

/// The differentiable operation; Burn routes it to the backend that the tensors live on.
#[backend_extension(
    Flex,
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cubecl"),
    Fusion: cfg(feature = "cubecl"),
    Autodiff
)]
pub(crate) trait RecurrentOps: Backend {
    /// [`RecurrentKernel::forward`] as one operation, returning the packed output.
    #[fusion(default)]
    fn recurrence(#[extension_type] arguments: Arguments<Self>) -> FloatTensor<Self> {
        composed::forward::<Self>(&arguments, false).0
    }
}

#[cfg(feature = "cubecl")]
impl RecurrentKernel for CubeBackend {}
#[cfg(feature = "cubecl")]
impl<B: FusionBackend> RecurrentKernel for Fusion<B> {}

impl RecurrentOps for Flex {
    fn recurrence(arguments: Arguments<Self>) -> FloatTensor<Self> {
        Self::forward(&arguments, Keep::Nothing).0
    }
}

#[cfg(feature = "ndarray")]
impl RecurrentOps for NdArray {
    fn recurrence(arguments: Arguments<Self>) -> FloatTensor<Self> {
        Self::forward(&arguments, Keep::Nothing).0
    }
}

#[cfg(feature = "cubecl")]
impl RecurrentOps for CubeBackend {}
