//! Processes that host solvers, so that a crash, a print or a hang costs one lane.
