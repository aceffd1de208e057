#include "orrery/calibration/minimiser.h"

#include <nlopt.h>

#include <memory>

#include "orrery/base/result.h"

namespace orrery {
namespace {

using Function = std::function<double(std::span<const double>)>;

double call(unsigned count, const double* at, double* /*gradient*/, void* function) {
  return (*static_cast<const Function*>(function))({at, count});
}

}  // namespace

Minimum minimise(const Function& function, std::vector<double> start, std::span<const double> steps, int most_calls,
                 double tolerance) {
  Minimum minimum{std::move(start), 0};
  const std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)> optimiser(
      nlopt_create(NLOPT_LN_SBPLX, static_cast<unsigned>(minimum.at.size())), nlopt_destroy);
  ORRERY_CHECK(optimiser != nullptr && steps.size() == minimum.at.size());
  // NLopt takes a pointer to what it only passes back.
  nlopt_set_min_objective(optimiser.get(), call, const_cast<Function*>(&function));
  nlopt_set_initial_step(optimiser.get(), steps.data());
  nlopt_set_xtol_abs1(optimiser.get(), tolerance);
  nlopt_set_maxeval(optimiser.get(), most_calls);
  nlopt_optimize(optimiser.get(), minimum.at.data(), &minimum.value);
  return minimum;
}

}  // namespace orrery
