//! Many runs compared.

pub mod statistics;
