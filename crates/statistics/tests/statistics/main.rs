//! The statistics against references computed elsewhere, and their calibration by simulation.

mod calibration;
mod importance;
mod reference;
mod simulate;
