//! Pictures and pages from a run or a study.
