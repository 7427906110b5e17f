//! The statistics held to references computed elsewhere, and to what they promise, by simulation.

mod calibration;
mod importance;
mod reference;
mod simulate;
