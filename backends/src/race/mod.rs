//! Several solvers on one problem: who runs, who found what, when it is over.
