// A C interface to what farkas-cbc needs of CBC and Clp; CBC's own C interface can neither stop a running solve nor hand
// incumbents in or out. No exception leaves a function, and nothing is kept after it returns. Objectives are minimised.
#ifndef FARKAS_CBC_SHIM_H
#define FARKAS_CBC_SHIM_H

#ifdef __cplusplus
extern "C" {
#endif

// A problem as borrowed arrays: n columns, m rows, the matrix by columns. Infinity is IEEE's.
struct farkas_problem {
  int columns, rows;
  const int *starts;        // n + 1
  const int *indices;       // rows of the nonzeros
  const double *values;
  const double *cost;       // n, to be minimised
  double offset;            // constant of the objective
  const double *lower, *upper;          // n
  const double *row_lower, *row_upper;  // m
  const unsigned char *integer;         // n, not zero for an integer column; null for none
};

// What is called while a solve runs, from several threads where CBC has several.
struct farkas_listener {
  void *user;
  void (*log)(void *user, const char *line);
  // Not zero to end the solve.
  int (*stop)(void *user);
  // A new incumbent: n values, NaN where preprocessing has removed the column.
  void (*incumbent)(void *user, double objective, const double *values);
  // bound is -infinity while there is none.
  void (*progress)(void *user, double bound, long long nodes, long long iterations);
  void (*phase)(void *user, const char *name);
  // Writes n values of a point found elsewhere and returns 1, or returns 0.
  int (*offered)(void *user, double *values);
};

enum { FARKAS_MESSAGE_BYTES = 256 };

// How a branch and bound ended.
struct farkas_mip_result {
  int failed;            // an exception was caught; message says which
  int root;              // Clp's status of the root relaxation, -1 when it was not reached
  int reduced_to_none;   // preprocessing found that nothing is feasible
  int status, secondary; // CBC's, -1 when its search was not reached
  int cut_short;         // an LP was ended by `stop` inside the search: the statuses and the bound mean nothing
  double bound;          // -infinity without one
  long long nodes, iterations;
  int has_point;
  double *point;         // n, filled when has_point
  char message[FARKAS_MESSAGE_BYTES];
};

// Runs CbcMain1 with the arguments, each one a command or its value. CBC keeps global state: never two at once.
void farkas_solve_mip(const struct farkas_problem *problem, const char *const *arguments, int count,
                      const struct farkas_listener *listener, struct farkas_mip_result *result);

enum farkas_lp_method { FARKAS_AUTOMATIC, FARKAS_DUAL, FARKAS_PRIMAL, FARKAS_BARRIER };

struct farkas_lp_options {
  int method;    // farkas_lp_method
  int presolve;  // not zero: reduce first
  int scaling;   // zero: take the numbers as they are
  double primal_tolerance, dual_tolerance;
  int has_basis;   // column_status and row_status of the result hold a basis to start from
  int settings;    // how many of Clp's own parameters follow
  const int *setting_index;      // position in the parameter table
  const double *setting_value;
};

// How a linear program ended. The arrays are the caller's: n or m entries.
struct farkas_lp_result {
  int failed;
  int status, secondary;  // Clp's
  double objective;
  long long iterations;
  double *point;          // n
  double *multipliers;    // m
  double *reduced_costs;  // n
  unsigned char *column_status, *row_status;  // Clp's codes
  double *farkas;         // m, filled when has_farkas
  double *ray;            // n, filled when has_ray
  int has_farkas, has_ray;
  char message[FARKAS_MESSAGE_BYTES];
};

void farkas_solve_lp(const struct farkas_problem *problem, const struct farkas_lp_options *options,
                     const struct farkas_listener *listener, struct farkas_lp_result *result);

// CBC's parameter table, entry by entry: `visit` gets the position, the name, the type (as in CbcOrClpParam.hpp), the
// limits of a number, and the words of a choice separated by spaces. Returns 0, or 1 when an exception was caught.
int farkas_parameters(void *user, void (*visit)(void *user, int index, const char *name, int type, double least,
                                                double most, const char *words));

// "2.10.8"
const char *farkas_cbc_version(void);

#ifdef __cplusplus
}
#endif
#endif
