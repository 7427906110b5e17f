//! The recurrence against its plain twin, against finite differences, and against other ways to compute the same
//! numbers.

mod case;
mod edges;
mod finite_differences;
mod instruction_sets;
mod resources;
mod sequences;
mod sizes;
mod twin;
