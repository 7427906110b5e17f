//! The peak rate of a core: a loop of independent fused multiply-adds.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use pulp::{Simd, WithSimd};
use slimgate_kernels::fused::dispatch;

use crate::middle;

/// Enough sums to hide the latency of one, in half of the registers.
const SUMS: usize = 10;
const TURNS: usize = 100_000;

struct Loop;

impl WithSimd for Loop {
    type Output = f64;

    /// Floating-point operations.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let [factor, term] = [0.999, 0.001].map(|number: f32| black_box(simd.splat_f32s(number)));
        let mut sums = [simd.splat_f32s(1.0); SUMS];
        for _ in 0..TURNS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f32s(*sum, factor, term);
            }
        }
        black_box(sums);
        (2 * S::F32_LANES * SUMS * TURNS) as f64
    }
}

/// The current rate of a core in GFLOP/s while `cores` of them run this: other users of the machine leave more or less
/// of it.
pub fn gflops(cores: usize) -> f64 {
    // The kernel's workers spin for a millisecond before they sleep.
    thread::sleep(Duration::from_millis(2));
    let rate = || {
        let start = Instant::now();
        dispatch(Loop) / start.elapsed().as_secs_f64() / 1e9
    };
    let rates: Vec<f64> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..cores).map(|_| scope.spawn(|| middle((0..50).map(|_| rate()).collect()))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a loop ends")).collect()
    });
    rates.iter().sum::<f64>() / cores as f64
}
