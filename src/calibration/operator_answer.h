#pragma once

#include <optional>
#include <string>
#include <vector>

#include "orrery/calibration/chip_table.h"
#include "orrery/calibration/closed_form.h"
#include "orrery/operators/predictor.h"

namespace orrery {

/// What is known of one call of one operator on one chip.
struct OperatorAnswer {
  Prediction prediction;
  std::vector<TimeTerm> terms;       ///< of the calibrated form; empty where none speaks of the chip
  std::string limit;                 ///< its largest term, or what limits the closed form
  std::vector<std::string> entries;  ///< of the catalog, that the prediction rests on
  double roofline_us = 0;
  std::optional<KernelCost> simulated;  ///< by the closed form that simulations use; nothing where they have none
  std::string no_simulation;            ///< why not
  std::span<const ProvenanceItem> provenance;  ///< of the numbers of chip and family
  Joules energy;                               ///< of the chip, over the predicted time; 0 without `simulated`
  double share_of_light() const { return roofline_us / prediction.us; }
  Watts power() const { return energy / Seconds(prediction.us * 1e-6); }
};

/// Answers for operators by the form that was calibrated on measurements, where one speaks of the chip, and by the
/// closed form of the simulations. Chips of class systolic and compressed operands have the closed form only, with a
/// band of a factor of two: nobody measured such kernels.
class OperatorDesk {
 public:
  /// Pre: all outlive the desk. `form` may be null for operators that no table measures, and then `closed` is not.
  OperatorDesk(const OperatorForm* form, const ClosedForm* closed, const ChipTable& chips, const Predictor& predictor)
      : form_(form), closed_(closed), chips_(chips), predictor_(predictor) {}

  /// Columns that it may read, in order, each once.
  std::vector<std::string> columns() const;
  /// Those of them that must be there for this chip and dtype.
  bool is_calibrated_for(const ChipFacts& chip, const std::optional<std::string>& dtype) const;
  /// `benchmark_hot`: see OperatorForm::time_us. Fails with the reason.
  Result<OperatorAnswer> answer(const std::string& chip, const CellLookup& cells, bool benchmark_hot) const;

 private:
  Result<OperatorAnswer> calibrated(const std::string& chip, const CellLookup& cells, bool benchmark_hot) const;
  Result<OperatorAnswer> closed_only(const ChipFacts& chip, const KernelCost& cost, const CellLookup& cells) const;

  const OperatorForm* form_;
  const ClosedForm* closed_;
  const ChipTable& chips_;
  const Predictor& predictor_;
};

}  // namespace orrery
