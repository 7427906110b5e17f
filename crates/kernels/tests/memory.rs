//! Memory does not grow from call to call. Alone in its process, because it measures the memory of the whole process.
#![cfg(target_os = "linux")]

use burn::tensor::{Device, Distribution, Tensor};
use slimgate_kernels::{Recurrence, State, Weights, recurrence};

fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn a_thousand_calls_leave_nothing_behind() {
    let device = Device::flex().autodiff();
    let matrix = |shape| Tensor::<2>::random(shape, Distribution::Normal(0.0, 0.1), &device).require_grad();
    let weights = Weights {
        input: Some(matrix([4, 160])),
        hidden: Some(matrix([40, 160])),
        diagonal: None,
        bias: Some(Tensor::zeros([160], &device).require_grad()),
    };
    let x = Tensor::<3>::random([40, 50, 4], Distribution::Normal(0.0, 1.0), &device);
    let spec = Recurrence::new("xhb".parse().unwrap());
    let call = || {
        let (outputs, _) = recurrence(x.clone().into(), &weights, State::zeros(40, 40, &device), None, &spec);
        drop(outputs.sum().backward());
    };

    (0..100).for_each(|_| call());
    let before = resident();
    (0..1000).for_each(|_| call());
    // A call works with about 3 MB; had each leaked a thousandth of that, this would be 3 MB.
    let grown = resident().saturating_sub(before);
    assert!(grown < 2 << 20, "a thousand calls left {grown} bytes behind");
}
