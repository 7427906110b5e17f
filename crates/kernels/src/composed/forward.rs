//! The forward pass.

use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

use super::algebra::{add, matmul, stack};
use super::terms::PartTerms;
use super::{Saved, TimeSteps, masked, select};
use crate::ops::Arguments;

/// See [`crate::ops::RecurrentKernel::forward`].
pub(crate) fn forward<B: Backend>(arguments: &Arguments<B>, keep: bool) -> (FloatTensor<B>, Saved<B>) {
    let steps = TimeSteps::new(arguments);
    let parts = PartTerms::of_all(arguments);
    let multiplies_h = parts.iter().any(|part| part.hidden.is_some());
    let (mut h, mut c) = (arguments.h0.clone(), arguments.c0.clone());
    let mut outputs = if arguments.every_step { vec![h.clone(); steps.count] } else { Vec::new() };
    let mut saved = Saved { hidden: Vec::new(), cell: Vec::new(), parts: Vec::new() };

    for t in steps.order() {
        let h_read = masked::<B>(h.clone(), arguments);
        let uh = multiplies_h.then(|| matmul::<B>(h_read.clone(), arguments.weights.hidden.clone()));
        let values = parts.each_ref().map(|part| part.value(t, &h_read, uh.as_ref()));
        let [i, f, o, g] = &values;

        let g = parts[3].broadcast(g, &h);
        let mut c_next = add::<B>(f.times(c.clone()), i.times(g));
        if let Some(clip) = arguments.spec.clip {
            c_next = B::float_clamp(c_next, (-clip).into(), clip.into());
        }
        let h_next = o.times(B::float_tanh(c_next.clone()));

        let masks = steps.masks(t);
        let (h_before, c_before) = (h, c);
        h = select::<B>(masks.as_ref(), h_next, h_before.clone());
        c = select::<B>(masks.as_ref(), c_next, c_before.clone());
        if arguments.every_step {
            outputs[t] = h.clone();
        }
        if keep {
            saved.hidden.push(h_before);
            saved.cell.push(c_before);
            saved.parts.push(values);
        }
    }
    if keep {
        saved.cell.push(c.clone());
    }
    if !arguments.every_step {
        outputs.push(h);
    }
    outputs.push(c);
    (stack::<B>(outputs), saved)
}
