//! The recurrence against its plain twin, against finite differences, and against what a walk over sequences means.

mod case;
mod edges;
mod finite_differences;
mod instruction_sets;
mod resources;
mod sequences;
mod sizes;
mod twin;
