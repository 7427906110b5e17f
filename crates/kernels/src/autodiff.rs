//! The operation as one node of the autodiff graph.

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as NodeGradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use crate::fused::Keep;
use crate::ops::{Arguments, Gradients, RecurrentKernel, RecurrentOps, Saved};

#[derive(Debug)]
struct RecurrenceBackward;

impl<B: RecurrentKernel> Backward<B, 7> for RecurrenceBackward {
    type State = (Arguments<B>, Saved<B>);

    fn backward(self, ops: Ops<Self::State, 7>, node_gradients: &mut NodeGradients, _: &mut Checkpointer) {
        let output = node_gradients.consume::<B>(&ops.node);
        let (arguments, saved) = ops.state;
        let wants_x = ops.parents[0].is_some();
        let Gradients { x, weights, h0, c0 } = B::backward(&arguments, saved, output, wants_x);
        let [w, u, diagonal, b] = weights.into_array();
        let gradients = [x, w, u, diagonal, b, Some(h0), Some(c0)];
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                node_gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: RecurrentKernel, C: CheckpointStrategy> RecurrentOps for Autodiff<B, C> {
    fn recurrence(arguments: Arguments<Self>) -> FloatTensor<Self> {
        let Arguments { x, weights, h0, c0, dropout, drops, every_step, lengths, spec } = arguments;
        let [w, u, diagonal, b] = weights.as_ref().into_array();
        let parents = [&x, w, u, diagonal, b, &h0, &c0].map(|tensor| tensor.node());
        let arguments = Arguments::<B> {
            x: x.into_primitive(),
            weights: weights.map(|weight| weight.into_primitive()),
            h0: h0.into_primitive(),
            c0: c0.into_primitive(),
            dropout: dropout.into_primitive(),
            drops,
            every_step,
            lengths,
            spec,
        };
        match RecurrenceBackward.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                let keep = if arguments.spec.recompute { Keep::Checkpoints } else { Keep::Steps };
                let (packed, saved) = B::forward(&arguments, keep);
                node.finish((arguments, saved), packed)
            }
            OpsKind::UnTracked(node) => node.finish(B::forward(&arguments, Keep::Nothing).0),
        }
    }
}
