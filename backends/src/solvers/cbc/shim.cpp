// CBC and Clp behind the C interface of shim.h: message handlers, event handlers, a heuristic that hands points in, and a
// fence around every exception. It decides nothing; what the statuses mean is judged on the other side.
#include "shim.h"

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <CbcConfig.h>
#include <CbcEventHandler.hpp>
#include <CbcHeuristic.hpp>
#include <CbcModel.hpp>
#include <CbcSolver.hpp>
#include <ClpEventHandler.hpp>
#include <ClpSimplex.hpp>
#include <ClpSolve.hpp>
#include <CoinError.hpp>
#include <CglPreProcess.hpp>
#include <CoinMessageHandler.hpp>
#include <CoinTime.hpp>
#include <OsiClpSolverInterface.hpp>

namespace {

// Bit of CbcModel::specialOptions in the small searches that heuristics run; what they find is not the problem's.
const int IN_SMALL_SEARCH = 2048;
// Bit of those that restart the whole search in a smaller problem; what they find is the problem's.
const int IN_RESTART = 67108864;
// What follows the search (the way back through preprocessing) may take this long after a stop.
const double GRACE_SECONDS = 0.5;
const double NO_BOUND = 1.0e45;
const int LOG_LEVEL = 1;
// Bit of OsiClpSolverInterface::specialOptions that keeps it from shrinking LPs before it solves them again: in 1.17 that
// runs into an assertion of its own (OsiClpSolverInterface.cpp:7521) where rows are empty or have one free column left.
const unsigned int NO_CRUNCH = 2048;

struct Context {
  const farkas_listener *listener;
  int columns = 0;
  farkas_mip_result *mip = nullptr;
  std::atomic<bool> searching{false};
  std::atomic<bool> cut_short{false};
  std::atomic<bool> over{false};
  std::atomic<double> over_at{0.0};
  std::vector<int> original;  // of the preprocessed problem's columns
  CoinMessageHandler *log = nullptr;

  bool stop() const { return listener->stop(listener->user) != 0; }
  void search_is_over() {
    over_at = CoinGetTimeOfDay();
    over = true;
  }
  bool stop_lp() const { return stop() && (!over || CoinGetTimeOfDay() - over_at > GRACE_SECONDS); }
  // The problem's column of each of the model's, -1 where there is none.
  std::vector<int> columns_of(const CbcModel &model) const {
    std::vector<int> column(model.getNumCols(), -1);
    CglPreProcess *process = (model.specialOptions() & IN_RESTART) != 0 ? model.preProcess() : nullptr;
    const int *map = process ? process->originalColumns() : model.originalColumns();
    if (!map && model.getNumCols() != columns) return column;
    for (int j = 0; j < model.getNumCols(); j++) {
      int here = map ? map[j] : j;
      if (process) here = here >= 0 && here < static_cast<int>(original.size()) ? original[here] : -1;
      if (here >= 0 && here < columns) column[j] = here;
    }
    return column;
  }
  void phase(const char *name) const { listener->phase(listener->user, name); }
};

class Log : public CoinMessageHandler {
public:
  explicit Log(const Context *context) : context_(context) { setLogLevel(LOG_LEVEL); }
  Log(const Log &) = default;
  CoinMessageHandler *clone() const override { return new Log(*this); }
  int print() override {
    const char *line = messageBuffer();
    while (line && *line) {  // one message may hold several lines
      const char *end = std::strchr(line, '\n');
      std::string one = end ? std::string(line, end) : std::string(line);
      if (!one.empty()) context_->listener->log(context_->listener->user, one.c_str());
      line = end ? end + 1 : nullptr;
    }
    return 0;
  }

private:
  const Context *context_;
};

// Solves LPs again without shrinking them first. CBC sets the bit anew in places, so it is put in before each.
class Whole : public OsiClpSolverInterface {
public:
  OsiSolverInterface *clone(bool copy = true) const override { return copy ? new Whole(*this) : new Whole(); }
  void resolve() override {
    setSpecialOptions(specialOptions() | NO_CRUNCH);
    OsiClpSolverInterface::resolve();
  }
};

// Ends a simplex or barrier run. Inside a search CBC may take the unfinished LP for an infeasible one: that is told.
class LpEvents : public ClpEventHandler {
public:
  explicit LpEvents(Context *context) : context_(context) {}
  LpEvents(const LpEvents &) = default;
  ClpEventHandler *clone() const override { return new LpEvents(*this); }
  int event(Event which) override {
    switch (which) {
    case endOfIteration:
    case endOfFactorization:
    case endOfValuesPass:
      break;
    default:
      return -1;
    }
    if (!context_->stop_lp()) return -1;
    if (context_->searching) context_->cut_short = true;
    return 0;
  }

private:
  Context *context_;
};

class SearchEvents : public CbcEventHandler {
public:
  SearchEvents(Context *context, CbcModel *model) : CbcEventHandler(model), context_(context) {}
  SearchEvents(const SearchEvents &) = default;
  CbcEventHandler *clone() const override { return new SearchEvents(*this); }

  CbcAction event(CbcEvent which) override {
    if (model_ && (model_->specialOptions() & IN_SMALL_SEARCH) == 0 && !model_->parentModel()) {
      if (model_->messageHandler() != context_->log) model_->passInMessageHandler(context_->log);  // a restart's own
      context_->log->setLogLevel(LOG_LEVEL);  // the small searches share it, and silence it
      tell(which);
      if (which == endSearch) context_->search_is_over();  // what follows solves the best point's LP again
    }
    return context_->stop() ? stop : noAction;
  }
  CbcAction event(CbcEvent, void *) override { return context_->stop() ? stop : noAction; }

private:
  void tell(CbcEvent which) {
    const farkas_listener *listener = context_->listener;
    if (!context_->cut_short) {
      double bound = model_->getBestPossibleObjValue();
      listener->progress(listener->user, std::fabs(bound) < NO_BOUND ? bound : -std::numeric_limits<double>::infinity(),
                         model_->getNodeCount(), model_->getIterationCount());
    }
    if (which == solution || which == heuristicSolution) incumbent();
  }

  void incumbent() {
    const double *found = model_->bestSolution();
    if (!found) return;
    std::vector<int> column = context_->columns_of(*model_);
    std::vector<double> values(context_->columns, std::nan(""));
    for (size_t j = 0; j < column.size(); j++) {
      if (column[j] >= 0) values[column[j]] = found[j];
    }
    context_->listener->incumbent(context_->listener->user, model_->getObjValue(), values.data());
  }

  Context *context_;
};

// Hands points found elsewhere to the search, when they fit the preprocessed problem.
class Offered : public CbcHeuristic {
public:
  Offered(Context *context, CbcModel &model) : CbcHeuristic(model), context_(context) {
    setHeuristicName("offered");
    setWhen(3);
  }
  Offered(const Offered &) = default;
  CbcHeuristic *clone() const override { return new Offered(*this); }
  void resetModel(CbcModel *model) override { model_ = model; }
  void setModel(CbcModel *model) override { model_ = model; }
  bool shouldHeurRun(int) override { return true; }

  int solution(double &best, double *values) override {
    if (!model_ || (model_->specialOptions() & IN_SMALL_SEARCH) != 0 || model_->parentModel()) return 0;
    std::vector<double> point(context_->columns);
    if (!context_->listener->offered(context_->listener->user, point.data())) return 0;
    const OsiSolverInterface *solver = model_->continuousSolver() ? model_->continuousSolver() : model_->solver();
    std::vector<int> column = context_->columns_of(*model_);
    std::vector<double> here(solver->getNumCols());
    if (column.size() != here.size()) return 0;
    for (size_t j = 0; j < here.size(); j++) {
      if (column[j] < 0) return 0;
      here[j] = point[column[j]];
    }
    double objective = 0.0;
    if (!fits(*solver, here, objective) || objective >= best) return 0;
    best = objective;
    std::copy(here.begin(), here.end(), values);
    return 1;
  }

private:
  static bool fits(const OsiSolverInterface &solver, std::vector<double> &point, double &objective) {
    const double tolerance = 1.0e-6;
    double offset = 0.0;
    solver.getDblParam(OsiObjOffset, offset);
    objective = -offset;
    const double *lower = solver.getColLower(), *upper = solver.getColUpper(), *cost = solver.getObjCoefficients();
    for (size_t j = 0; j < point.size(); j++) {
      if (solver.isInteger(static_cast<int>(j))) point[j] = std::floor(point[j] + 0.5);
      if (point[j] < lower[j] - tolerance || point[j] > upper[j] + tolerance) return false;
      objective += cost[j] * point[j];
    }
    objective *= solver.getObjSense();
    std::vector<double> activity(solver.getNumRows());
    solver.getMatrixByCol()->times(point.data(), activity.data());
    for (int i = 0; i < solver.getNumRows(); i++) {
      double low = solver.getRowLower()[i], high = solver.getRowUpper()[i];
      if (activity[i] < low - tolerance * std::fmax(1.0, std::fabs(low))) return false;
      if (activity[i] > high + tolerance * std::fmax(1.0, std::fabs(high))) return false;
    }
    return true;
  }

  Context *context_;
};

// CbcMain1 takes a plain function; it calls it on the thread that called CbcMain1.
thread_local Context *current = nullptr;

int hear(CbcModel *model, int where) {
  Context *context = current;
  if (!context || !model) return 0;
  farkas_mip_result *result = context->mip;
  switch (where) {
  case 1: {  // the root relaxation is solved
    auto *solver = dynamic_cast<OsiClpSolverInterface *>(model->solver());
    if (solver) result->root = solver->getModelPtr()->status();
    context->searching = true;
    context->phase("presolve");
    break;
  }
  case 2:  // preprocessing is done
    if (model->status() == 0 && model->secondaryStatus() == 1) result->reduced_to_none = 1;
    break;
  case 3:
    context->original = context->columns_of(*model);
    context->phase("search");
    break;
  case 4: {  // the search is over
    context->log->setLogLevel(LOG_LEVEL);
    result->status = model->status();
    result->secondary = model->secondaryStatus();
    double bound = model->getBestPossibleObjValue();
    if (std::fabs(bound) < NO_BOUND) result->bound = bound;
    result->nodes = model->getNodeCount();
    result->iterations = model->getIterationCount();
    result->cut_short = context->cut_short;
    context->searching = false;
    context->search_is_over();
    break;
  }
  default:
    break;
  }
  return 0;
}

std::vector<double> coin(const double *bounds, int count) {
  std::vector<double> copy(bounds, bounds + count);
  for (double &bound : copy) {
    if (std::isinf(bound)) bound = bound > 0 ? COIN_DBL_MAX : -COIN_DBL_MAX;
  }
  return copy;
}

void write(char *message, const char *text) { std::snprintf(message, FARKAS_MESSAGE_BYTES, "%s", text); }

// Runs `work`; an exception becomes a message.
template <typename Work> int fenced(char *message, Work work) {
  try {
    work();
    return 0;
  } catch (const CoinError &error) {
    write(message, (error.className() + "::" + error.methodName() + ": " + error.message()).c_str());
  } catch (const std::exception &error) {
    write(message, error.what());
  } catch (...) {
    write(message, "an unknown C++ exception");
  }
  return 1;
}

void solve_mip(const farkas_problem &problem, const char *const *arguments, int count, Context &context,
               farkas_mip_result &result) {
  Log log(&context), root_log(&context);  // two, since CBC sets the levels of its own and its solver's apart
  context.log = &log;
  Whole solver;
  auto lower = coin(problem.lower, problem.columns), upper = coin(problem.upper, problem.columns);
  auto row_lower = coin(problem.row_lower, problem.rows), row_upper = coin(problem.row_upper, problem.rows);
  solver.loadProblem(problem.columns, problem.rows, problem.starts, problem.indices, problem.values, lower.data(),
                     upper.data(), problem.cost, row_lower.data(), row_upper.data());
  solver.setObjSense(1.0);
  solver.setDblParam(OsiObjOffset, -problem.offset);
  for (int j = 0; j < problem.columns; j++) {
    if (problem.integer && problem.integer[j]) solver.setInteger(j);
  }
  solver.passInMessageHandler(&root_log);
  CbcModel model(solver);
  model.passInMessageHandler(&log);
  CbcSolverUsefulData data;
  CbcMain0(model, data);
  data.noPrinting_ = false;
  auto *root = dynamic_cast<OsiClpSolverInterface *>(model.solver());
  model.passInMessageHandler(&log);  // CbcMain0 puts the default back in places
  model.solver()->passInMessageHandler(&root_log);
  LpEvents lp_events(&context);
  root->getModelPtr()->passInEventHandler(&lp_events);
  SearchEvents events(&context, &model);
  model.passInEventHandler(&events);
  Offered offered(&context, model);
  model.addHeuristic(&offered, "offered");

  std::vector<const char *> argv{"cbc"};
  argv.insert(argv.end(), arguments, arguments + count);
  argv.push_back("-solve");
  argv.push_back("-quit");
  context.phase("root");
  current = &context;
  CbcMain1(static_cast<int>(argv.size()), argv.data(), model, hear, data);
  current = nullptr;
  if (result.status < 0 && result.root < 0) result.root = root->getModelPtr()->status();
  result.cut_short = result.cut_short || context.cut_short;
  if (model.bestSolution() && model.getMinimizationObjValue() < 1.0e50) {
    std::copy(model.bestSolution(), model.bestSolution() + problem.columns, result.point);
    result.has_point = 1;
  }
}

void apply(ClpSimplex &model, const farkas_lp_options &options) {
  if (options.settings == 0) return;
  std::vector<CbcOrClpParam> table;
  establishParams(table);
  for (int k = 0; k < options.settings; k++) {
    CbcOrClpParam &parameter = table.at(options.setting_index[k]);
    if (parameter.type() <= 100)
      parameter.setDoubleParameter(&model, options.setting_value[k]);
    else
      parameter.setIntParameter(&model, static_cast<int>(options.setting_value[k]));
  }
}

void run(ClpSimplex &model, const farkas_lp_options &options) {
  if (options.method != FARKAS_BARRIER && (options.has_basis || !options.presolve)) {
    if (options.method == FARKAS_PRIMAL)
      model.primal(0);
    else
      model.dual(0);
    return;
  }
  ClpSolve how;
  switch (options.method) {
  case FARKAS_DUAL: how.setSolveType(ClpSolve::useDual); break;
  case FARKAS_PRIMAL: how.setSolveType(ClpSolve::usePrimal); break;
  case FARKAS_BARRIER: how.setSolveType(ClpSolve::useBarrier); break;
  default: how.setSolveType(ClpSolve::automatic); break;
  }
  how.setPresolveType(options.presolve ? ClpSolve::presolveOn : ClpSolve::presolveOff);
  model.initialSolve(how);
}

void solve_lp(const farkas_problem &problem, const farkas_lp_options &options, Context &context,
              farkas_lp_result &result) {
  Log log(&context);
  ClpSimplex model;
  model.passInMessageHandler(&log);
  model.setLogLevel(LOG_LEVEL);
  // Clp makes infinity its own while it copies (`ClpModel::gutsOfLoadModel`); Osi does not.
  model.loadProblem(problem.columns, problem.rows, problem.starts, problem.indices, problem.values, problem.lower,
                    problem.upper, problem.cost, problem.row_lower, problem.row_upper);
  model.setOptimizationDirection(1.0);
  model.setObjectiveOffset(-problem.offset);
  model.setPrimalTolerance(options.primal_tolerance);
  model.setDualTolerance(options.dual_tolerance);
  LpEvents events(&context);
  model.passInEventHandler(&events);
  model.setPerturbation(50);  // automatic, as the clp command has it; the class has none
  if (!options.scaling) model.scaling(0);
  apply(model, options);
  if (options.has_basis) {
    for (int j = 0; j < problem.columns; j++)
      model.setColumnStatus(j, static_cast<ClpSimplex::Status>(result.column_status[j]));
    for (int i = 0; i < problem.rows; i++)
      model.setRowStatus(i, static_cast<ClpSimplex::Status>(result.row_status[i]));
  }
  run(model, options);
  result.status = model.status();
  result.secondary = model.secondaryStatus();
  result.objective = model.objectiveValue();
  result.iterations = model.numberIterations();
  std::copy(model.primalColumnSolution(), model.primalColumnSolution() + problem.columns, result.point);
  std::copy(model.dualRowSolution(), model.dualRowSolution() + problem.rows, result.multipliers);
  std::copy(model.dualColumnSolution(), model.dualColumnSolution() + problem.columns, result.reduced_costs);
  const unsigned char *status = model.statusArray();  // the columns', then the rows'; the low three bits, as in getColumnStatus
  for (int j = 0; j < problem.columns; j++) result.column_status[j] = status[j] & 7;
  for (int i = 0; i < problem.rows; i++) result.row_status[i] = status[problem.columns + i] & 7;
  std::unique_ptr<double[]> farkas(model.infeasibilityRay());
  if (farkas) {
    std::copy(farkas.get(), farkas.get() + problem.rows, result.farkas);
    result.has_farkas = 1;
  }
  std::unique_ptr<double[]> ray(model.unboundedRay());
  if (ray) {
    std::copy(ray.get(), ray.get() + problem.columns, result.ray);
    result.has_ray = 1;
  }
}

std::string words_of(const CbcOrClpParam &parameter) {
  std::string words;
  for (const std::string &word : parameter.definedKeywords()) words += (words.empty() ? "" : " ") + word;
  return words;
}

}  // namespace

extern "C" {

void farkas_solve_mip(const farkas_problem *problem, const char *const *arguments, int count,
                      const farkas_listener *listener, farkas_mip_result *result) {
  Context context;
  context.listener = listener;
  context.columns = problem->columns;
  context.mip = result;
  result->failed = fenced(result->message, [&] { solve_mip(*problem, arguments, count, context, *result); });
  current = nullptr;
}

void farkas_solve_lp(const farkas_problem *problem, const farkas_lp_options *options, const farkas_listener *listener,
                     farkas_lp_result *result) {
  Context context;
  context.listener = listener;
  context.columns = problem->columns;
  result->failed = fenced(result->message, [&] { solve_lp(*problem, *options, context, *result); });
}

int farkas_parameters(void *user, void (*visit)(void *, int, const char *, int, double, double, const char *)) {
  char message[FARKAS_MESSAGE_BYTES];
  return fenced(message, [&] {
    std::vector<CbcOrClpParam> table;
    establishParams(table);
    for (size_t k = 0; k < table.size(); k++) {
      const CbcOrClpParam &parameter = table[k];
      int type = parameter.type();
      double least = 0.0, most = 0.0;
      if (type > 0 && type <= 100) {
        least = parameter.lowerDoubleValue();
        most = parameter.upperDoubleValue();
      } else if (type > 100 && type <= 200) {
        least = parameter.lowerIntValue();
        most = parameter.upperIntValue();
      }
      visit(user, static_cast<int>(k), parameter.name().c_str(), type, least, most, words_of(parameter).c_str());
    }
  });
}

const char *farkas_cbc_version(void) { return CBC_VERSION; }

}  // extern "C"
