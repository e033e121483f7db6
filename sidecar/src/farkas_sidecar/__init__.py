"""Solvers with a Python interface as backends of Farkas: `python -m farkas_sidecar NAME`, started by `farkas`."""
