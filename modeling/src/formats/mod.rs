//! File formats, each read from untrusted bytes by safe code and written by streaming.
