//! The composed implementation matches the fused kernel, on the CPU and on the GPU.

use burn::backend::tensor::{Device, FloatTensor};
use burn::backend::{Backend, Flex, try_read_sync};
use burn::tensor::TensorData;
use slimgate_gates::GateActivation;

use super::{backward, forward};
use crate::fused::Keep;
use crate::ops::{Arguments, RecurrentKernel};
use crate::{Recurrence, Weights};

const STEPS: usize = 3;
const BATCH: usize = 2;
const INPUTS: usize = 2;
const UNITS: usize = 3;

/// Arguments with patternless values, and a gradient of the output.
fn call<B: Backend>(
    spec: Recurrence,
    lengths: Option<Vec<usize>>,
    drops: bool,
    every_step: bool,
    device: &Device<B>,
) -> (Arguments<B>, FloatTensor<B>) {
    let mut salt = 0.0;
    let mut tensor = |shape: &[usize]| {
        salt += 1.0;
        let count = shape.iter().product();
        let numbers: Vec<f32> = (0..count).map(|index| (index as f32 * 1.7 + salt).sin()).collect();
        B::float_from_data(TensorData::new(numbers, shape.to_vec()), device)
    };
    let arguments = Arguments {
        x: tensor(&[STEPS, BATCH, INPUTS]),
        weights: Weights::shapes(&spec.cell, INPUTS, UNITS)
            .map_both(|shape| shape.unwrap_or([1; 2]).to_vec(), |shape| shape.unwrap_or([1]).to_vec())
            .map(|shape| tensor(&shape)),
        h0: tensor(&[BATCH, UNITS]),
        c0: tensor(&[BATCH, UNITS]),
        dropout: tensor(&[BATCH, UNITS]),
        drops,
        every_step,
        lengths,
        spec,
    };
    let output = tensor(&[if every_step { STEPS + 1 } else { 2 }, BATCH, UNITS]);
    (arguments, output)
}

/// The packed output and all gradients, computed by the backend's own kernel.
fn by_kernel<B: RecurrentKernel>(
    (arguments, output): (Arguments<B>, FloatTensor<B>),
) -> Vec<Option<Vec<f32>>> {
    let (packed, saved) = B::forward(&arguments, Keep::Steps);
    numbers::<B>(packed, B::backward(&arguments, saved, output, true))
}

/// The same, computed by the composed implementation.
fn composed<B: Backend>((arguments, output): (Arguments<B>, FloatTensor<B>)) -> Vec<Option<Vec<f32>>> {
    let (packed, saved) = forward::<B>(&arguments, true);
    numbers::<B>(packed, backward::<B>(&arguments, saved, output, true))
}

fn numbers<B: Backend>(packed: FloatTensor<B>, gradients: crate::ops::Gradients<B>) -> Vec<Option<Vec<f32>>> {
    let crate::ops::Gradients { x, weights, h0, c0 } = gradients;
    let [w, u, diagonal, b] = weights.into_array();
    let read = |tensor| try_read_sync(B::float_into_data(tensor)).unwrap().unwrap().try_to_vec().unwrap();
    let all = [Some(packed), x, w, u, diagonal, b, Some(h0), Some(c0)];
    all.into_iter().map(|tensor| tensor.map(read)).collect()
}

fn assert_near(a: &[Option<Vec<f32>>], b: &[Option<Vec<f32>>], what: &str) {
    for (a, b) in a.iter().zip(b) {
        let zeros = |other: &Option<Vec<f32>>| vec![0.0; other.as_ref().map_or(0, Vec::len)];
        let (a, b) = (a.clone().unwrap_or_else(|| zeros(b)), b.clone().unwrap_or_else(|| zeros(a)));
        assert_eq!(a.len(), b.len(), "{what}");
        let near = a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5 * (1.0 + b.abs()));
        assert!(near, "{what}: {a:?} is not {b:?}");
    }
}

#[test]
fn on_the_cpu_for_every_kind_of_cell_and_all_options() {
    let cells = ["xhb", "xh", "xb", "hb", "x", "h", "b", "-", "i=db,f=xd,o=-,c=xb", "i=x,f=0.9,o=h,c=d"];
    for cell in cells {
        for index in 0..64 {
            let bit = |place: u32| index >> place & 1 == 1;
            let spec = Recurrence {
                gate_activation: if bit(0) { GateActivation::HardSigmoid } else { GateActivation::Logistic },
                clip: bit(1).then_some(0.3),
                reverse: bit(2),
                ..Recurrence::new(cell.parse().unwrap())
            };
            let lengths = bit(3).then(|| vec![3, 2]);
            let call = || call::<Flex>(spec, lengths.clone(), bit(4), bit(5), &Default::default());
            assert_near(
                &composed::<Flex>(call()),
                &by_kernel::<Flex>(call()),
                &format!("{spec:?} {index:b}"),
            );
        }
    }
}

/// The first launches on a software driver take a minute or two.
#[test]
#[cfg(feature = "wgpu")]
fn on_a_gpu_with_and_without_fusion_of_operations() {
    use burn::backend::{WgpuDevice, fusion::Fusion};
    use burn_cubecl::{CubeBackend, CubeDevice};

    let simple = Recurrence::new("i=xhb,f=hb,o=db".parse().unwrap());
    let all =
        Recurrence { gate_activation: GateActivation::HardSigmoid, clip: Some(0.3), reverse: true, ..simple };
    for (spec, lengths, drops, every_step) in
        [(simple, None, false, true), (all, Some(vec![3, 2]), true, false)]
    {
        let flex = by_kernel::<Flex>(call(spec, lengths.clone(), drops, every_step, &Default::default()));
        let gpu = CubeDevice::Wgpu(WgpuDevice::default());
        let without = by_kernel::<CubeBackend>(call(spec, lengths.clone(), drops, every_step, &gpu));
        assert_near(&without, &flex, &format!("{spec:?} without fusion"));
        let with = by_kernel::<Fusion<CubeBackend>>(call(spec, lengths.clone(), drops, every_step, &gpu));
        assert_near(&with, &flex, &format!("{spec:?} with fusion"));
    }
}
