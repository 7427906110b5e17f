//! The statistics against references computed elsewhere, and their calibration by simulation.

mod calibration;
mod choice;
mod crossed;
mod divisions;
mod importance;
mod lan_demets;
mod learners;
mod reference;
mod sequential;
mod simulate;
