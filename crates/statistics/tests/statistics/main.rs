//! The statistics against references computed elsewhere, and their calibration by simulation.

mod calibration;
mod choice;
mod crossed;
mod importance;
mod lan_demets;
mod reference;
mod sequential;
mod simulate;
