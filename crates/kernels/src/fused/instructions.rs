//! The instruction set that the kernel uses.

use std::sync::OnceLock;

#[cfg(not(target_arch = "x86_64"))]
use pulp::Arch;
use pulp::{Scalar, Simd, WithSimd};

/// The environment variable that names an instruction set (`avx512`, `avx2`, `neon` or `portable`) to use instead of
/// the best that the machine has. One that the machine lacks is skipped.
const CHOICE: &str = "SLIMGATE_SIMD";

#[derive(Clone, Copy)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// The set that `pulp` detects: NEON on ARM.
    #[cfg(not(target_arch = "x86_64"))]
    Found(Arch),
    Portable,
}

impl Instructions {
    #[cfg(target_arch = "x86_64")]
    fn find() -> Instructions {
        let choice = std::env::var(CHOICE).unwrap_or_default();
        let avx512 = pulp::x86::V4::try_new().map(Instructions::Avx512);
        let avx2 = pulp::x86::V3::try_new().map(Instructions::Avx2);
        match choice.as_str() {
            "portable" => None,
            "avx2" => avx2,
            _ => avx512.or(avx2),
        }
        .unwrap_or(Instructions::Portable)
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn find() -> Instructions {
        match std::env::var(CHOICE).as_deref() {
            Ok("portable") => Instructions::Portable,
            _ => Instructions::Found(Arch::new()),
        }
    }
}

fn found() -> Instructions {
    static FOUND: OnceLock<Instructions> = OnceLock::new();
    *FOUND.get_or_init(Instructions::find)
}

/// The name of the instruction set that the kernel uses; rounding differs between sets.
pub fn instruction_set() -> &'static str {
    match found() {
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512(_) => "avx512",
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2(_) => "avx2",
        #[cfg(target_arch = "aarch64")]
        Instructions::Found(Arch::Neon(_)) => "neon",
        #[cfg(not(target_arch = "x86_64"))]
        Instructions::Found(_) => "portable",
        Instructions::Portable => "portable",
    }
}

/// Runs `work`, compiled for the instruction set that the kernel uses.
pub fn dispatch<W: WithSimd>(work: W) -> W::Output {
    match found() {
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512(simd) => Simd::vectorize(simd, work),
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2(simd) => Simd::vectorize(simd, work),
        #[cfg(not(target_arch = "x86_64"))]
        Instructions::Found(arch) => arch.dispatch(work),
        Instructions::Portable => Simd::vectorize(Scalar, work),
    }
}
