"""The solvers, by the names that Farkas knows them by. Importing this imports no solver."""

from importlib import import_module

ADAPTERS = {
    "gurobipy": ("gurobi", "Gurobi"),
    "copt": ("copt", "Copt"),
    "cp-sat": ("cp_sat", "CpSat"),
    "glop": ("math_opt", "Glop"),
    "pdlp": ("math_opt", "Pdlp"),
    "cuopt": ("cuopt", "CuOpt"),
}


def make(name: str):
    module, kind = ADAPTERS[name]
    return getattr(import_module(f".{module}", __name__), kind)()
