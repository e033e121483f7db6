/* A library that has the functions of Gurobi's C interface which the adapter calls, and solves nothing: it writes each call
 * with all its arguments to the file TRANSCRIPT, and answers for two known models, told apart by their size. */

#include <stdio.h>
#include <string.h>

typedef struct { int started; } Env;
typedef struct { Env env; int n, m, terminated, status; int (*callback)(void *, void *, int, void *); void *data; } Model;

static FILE *out;

static void say(const char *name) {
  if (!out) out = fopen(TRANSCRIPT, "a");
  fprintf(out, "%s", name);
}
static void end(void) { fprintf(out, "\n"); fflush(out); }
static void text(const char *v) { fprintf(out, " %s", v ? v : "null"); }
static void number(double v) { fprintf(out, " %g", v); }
static void numbers(const double *v, int n) {
  fprintf(out, " [");
  if (!v) fprintf(out, "null");
  for (int i = 0; v && i < n; i++) fprintf(out, i ? " %g" : "%g", v[i]);
  fprintf(out, "]");
}
static void ints(const int *v, int n) {
  fprintf(out, " [");
  if (!v) fprintf(out, "null");
  for (int i = 0; v && i < n; i++) fprintf(out, i ? " %d" : "%d", v[i]);
  fprintf(out, "]");
}
static void letters(const char *v, int n) { fprintf(out, " %.*s", v ? n : 4, v ? v : "null"); }

static Env the_env;
static const char *error = "";

void GRBversion(int *major, int *minor, int *technical) { *major = MAJOR; *minor = 0; *technical = 3; }
int GRBemptyenvinternal(Env **env, int major, int minor, int technical) {
  say("emptyenv"); number(major); number(minor); number(technical); end();
  *env = &the_env;
  return 0;
}
int GRBstartenv(Env *env) { say("startenv"); end(); env->started = 1; return 0; }
void GRBfreeenv(Env *env) { say("freeenv"); end(); env->started = 0; }
const char *GRBgeterrormsg(Env *env) { (void)env; return error; }

int GRBloadmodel(Env *env, Model **model, const char *name, int n, int m, int sense, double constant, double *cost,
                 char *senses, double *sides, int *starts, int *counts, int *rows, double *values, double *lower,
                 double *upper, char *kinds, char **column_names, char **row_names) {
  static Model models[64];
  static int used;
  if (!env->started || used == 64) { error = "not started, or too many models"; return 10001; }
  *model = &models[used++];
  memset(*model, 0, sizeof **model);
  (*model)->n = n;
  (*model)->m = m;
  if (n > 2000) return 0;
  int entries = counts[n - 1] + starts[n - 1];
  say("loadmodel"); text(name); number(n); number(m); number(sense); number(constant); numbers(cost, n);
  letters(senses, m); numbers(sides, m); ints(starts, n); ints(counts, n); ints(rows, entries); numbers(values, entries);
  numbers(lower, n); numbers(upper, n); letters(kinds, n); text((char *)column_names); text((char *)row_names); end();
  return 0;
}
int GRBfreemodel(Model *model) { if (model->n <= 2000) { say("freemodel"); end(); } model->n = 0; return 0; }
Env *GRBgetenv(Model *model) { return &model->env; }
int GRBupdatemodel(Model *model) { (void)model; say("update"); end(); return 0; }
int GRBreset(Model *model, int all) { (void)model; say("reset"); number(all); end(); return 0; }
void GRBterminate(Model *model) { model->terminated = 1; }

int GRBaddsos(Model *model, int sets, int members, int *types, int *begins, int *columns, double *weights) {
  (void)model; say("addsos"); number(sets); number(members); ints(types, sets); ints(begins, sets);
  ints(columns, members); numbers(weights, members); end();
  return 0;
}
int GRBaddgenconstrIndicator(Model *model, const char *name, int column, int active, int count, const int *columns,
                             const double *values, char sense, double side) {
  (void)model; say("indicator"); text(name); number(column); number(active); ints(columns, count);
  numbers(values, count); letters(&sense, 1); number(side); end();
  return 0;
}
int GRBaddqpterms(Model *model, int count, int *first, int *second, double *values) {
  (void)model; say("qpterms"); ints(first, count); ints(second, count); numbers(values, count); end();
  return 0;
}
int GRBaddqconstr(Model *model, int linear, int *columns, double *values, int count, int *first, int *second,
                  double *factors, char sense, double side, const char *name) {
  (void)model; say("qconstr"); ints(columns, linear); numbers(values, linear); ints(first, count); ints(second, count);
  numbers(factors, count); letters(&sense, 1); number(side); text(name); end();
  return 0;
}

static const char *const parameters[] = {
    "1FeasibilityX", "1InfUnbdInfo", "1LogToConsole", "1MIPFocus", "1Method", "1NonConvex", "1Presolve", "1Seed",
    "1SolutionLimit", "1Threads", "1DualReductions", "2Cutoff", "2FeasibilityTol", "2Heuristics", "2IntFeasTol", "2MIPGap",
    "2MIPGapAbs", "2MemLimit", "2NodeLimit", "2OptimalityTol", "2TimeLimit", "3LogFile", "3TuneCriterion"};
enum { PARAMETERS = sizeof parameters / sizeof *parameters };

int GRBgetparamtype(Env *env, const char *name) {
  (void)env;
  for (int i = 0; i < PARAMETERS; i++)
    if (!strcmp(parameters[i] + 1, name)) return parameters[i][0] - '0';
  return -1;
}
int GRBgetnumparams(Env *env) { (void)env; return PARAMETERS; }
int GRBgetparamname(Env *env, int i, const char **name) { (void)env; *name = parameters[i] + 1; return 0; }
int GRBresetparams(Env *env) { (void)env; say("resetparams"); end(); return 0; }
static int set(Env *env, const char *name, int type) {
  if (GRBgetparamtype(env, name) == type) return 0;
  error = "no such parameter of this type";
  return 10007;
}
int GRBsetintparam(Env *env, const char *name, int v) { say("int"); text(name); number(v); end(); return set(env, name, 1); }
int GRBsetdblparam(Env *env, const char *name, double v) {
  if (strcmp(name, "TimeLimit")) { say("dbl"); text(name); number(v); end(); }
  if (v < 0) { error = "out of range"; return 10008; }
  return set(env, name, 2);
}
int GRBsetstrparam(Env *env, const char *name, const char *v) { say("str"); text(name); text(v); end(); return set(env, name, 3); }

int GRBsetcallbackfunc(Model *model, int (*callback)(void *, void *, int, void *), void *data) {
  model->callback = callback;
  model->data = data;
  return 0;
}

/* What the callback is told: figures of the place it is called at. */
typedef struct { double bound, nodes; } Moment;
static const double first_point[] = {1, 5, 0, 1}, best_point[] = {0, 0, 4, 1};

int GRBcbget(void *data, int place, int what, void *result) {
  Moment *moment = data;
  if (place == 6 && what == 6001) *(const char **)result = "Fake log\n";
  else if (place == 3 && what == 3001) *(double *)result = moment->bound;
  else if (place == 3 && what == 3002) *(double *)result = moment->nodes;
  else if (place == 3 && what == 3006) *(double *)result = 7;
  else if (place == 2 && what == 2000) *(double *)result = 5;
  else if (place == 4 && what == 4001) memcpy(result, first_point, sizeof first_point);
  else if (place == 4 && what == 4002) *(double *)result = 11.5;
  else return 10011;
  return 0;
}
int GRBcbsolution(void *data, const double *point, double *objective) {
  (void)data; say("cbsolution"); numbers(point, 4); end();
  *objective = 12.5;
  return 0;
}

int GRBoptimize(Model *model) {
  if (model->n > 2000) { error = "Model too large for size-limited license"; return 10010; }
  say("optimize"); end();
  model->terminated = 0;
  model->status = 2;
  static const struct { int place; Moment moment; } lp[] = {{6, {0, 0}}, {2, {0, 0}}}, mip[] = {
      {6, {0, 0}}, {1, {0, 0}}, {3, {1e100, 0}}, {3, {20, 0}}, {4, {0, 0}}, {5, {0, 0}}, {3, {12.5, 3}}};
  int count = model->n == 4 ? 7 : 2;
  for (int i = 0; i < count; i++) {
    Moment moment = model->n == 4 ? mip[i].moment : lp[i].moment;
    model->callback(model, &moment, model->n == 4 ? mip[i].place : lp[i].place, model->data);
    if (model->terminated) { model->status = 11; return 0; }
  }
  return 0;
}

int GRBgetintattr(Model *model, const char *name, int *value) {
  if (!strcmp(name, "Status")) *value = model->status;
  else if (!strcmp(name, "SolCount")) *value = 1;
  else if (!strcmp(name, "BarIterCount")) *value = 0;
  else { error = name; return 10004; }
  return 0;
}
int GRBgetdblattr(Model *model, const char *name, double *value) {
  int first = model->status == 11;
  if (!strcmp(name, "ObjVal")) *value = model->n == 4 ? (first ? 11.5 : 12.5) : 10;
  else if (!strcmp(name, "ObjBound")) *value = first ? 20 : 12.5;
  else if (!strcmp(name, "NodeCount")) *value = 3;
  else if (!strcmp(name, "IterCount")) *value = 7;
  else { error = name; return 10004; }
  return 0;
}
static int copy(double *to, const double *from, int len, int first, int expected) {
  if (first != 0 || len != expected) { error = "wrong range of an attribute"; return 10008; }
  memcpy(to, from, len * sizeof *to);
  return 0;
}
int GRBgetdblattrarray(Model *model, const char *name, int first, int len, double *values) {
  static const double x[] = {2, -1, 0}, pi[] = {2, 0, -0.5, 0}, rc[] = {0, 0, 2};
  if (!strcmp(name, "X") && model->n == 4) return copy(values, model->status == 11 ? first_point : best_point, len, first, 4);
  if (!strcmp(name, "X")) return copy(values, x, len, first, 3);
  if (!strcmp(name, "Pi")) return copy(values, pi, len, first, 4);
  if (!strcmp(name, "RC")) return copy(values, rc, len, first, 3);
  error = name;
  return 10004;
}

/* Of each size the first model has a conflict, and those after it are feasible. */
int GRBcomputeIIS(Model *model) {
  static int asked[8];
  say("computeIIS"); end();
  if (!asked[model->n]++) return 0;
  error = "Cannot compute IIS on a feasible model";
  return 10015;
}
typedef struct { const char *name; int lp[4], of_lp, mip[4], of_mip; } Part;
static const Part conflict[] = {
    {"IISConstr", {1, 0, 1, 0}, 4, {1, 1, 0}, 3}, {"IISLB", {0, 0, 1}, 3, {1, 0, 0, 1}, 4},
    {"IISUB", {0, 1, 0}, 3, {1, 1, 1, 1}, 4}, {"IISQConstr", {0}, 0, {0, 1}, 2}, {"IISGenConstr", {0}, 0, {1}, 1}};

int GRBgetintattrarray(Model *model, const char *name, int first, int len, int *values) {
  for (unsigned i = 0; i < sizeof conflict / sizeof *conflict; i++) {
    const Part *part = &conflict[i];
    if (strcmp(name, part->name)) continue;
    if (first != 0 || len != (model->n == 4 ? part->of_mip : part->of_lp)) { error = "wrong range of a conflict"; return 10008; }
    memcpy(values, model->n == 4 ? part->mip : part->lp, len * sizeof *values);
    return 0;
  }
  static const int columns[] = {0, 0, -1}, rows[] = {-1, 0, -1, 0};
  int is_row = !strcmp(name, "CBasis");
  if (first != 0 || len != (is_row ? model->m : model->n)) { error = "wrong range of a basis"; return 10008; }
  memcpy(values, is_row ? rows : columns, len * sizeof *values);
  return 0;
}
int GRBsetdblattrarray(Model *model, const char *name, int first, int len, double *values) {
  (void)model; say("set"); text(name); number(first); numbers(values, len); end();
  return 0;
}
int GRBsetintattrarray(Model *model, const char *name, int first, int len, int *values) {
  (void)model; say("set"); text(name); number(first); ints(values, len); end();
  return 0;
}
