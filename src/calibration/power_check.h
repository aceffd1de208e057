#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/calibration/chip_table.h"
#include "orrery/calibration/evaluate.h"
#include "orrery/calibration/measurement_table.h"
#include "orrery/chip/chip_record.h"
#include "orrery/chip/family_record.h"

namespace orrery {

/// What decides the board power of one chip; nan where the chip has no such arithmetic.
struct PowerFacts {
  double static_W = 0;  ///< while kernels run, whatever they do
  double limit_W = 0;
  double memory_J_per_byte = 0;
  double bf16_J_per_flop = 0;
  double fp8_J_per_flop = std::numeric_limits<double>::quiet_NaN();
  double fp4_J_per_flop = std::numeric_limits<double>::quiet_NaN();
};
PowerFacts power_facts(const ChipRecord& chip, const FamilyRecord& family);

/// What one call of an operator does.
struct OperatorWork {
  double flops = 0;
  double bytes = 0;  ///< between the chip and its memory
};

/// Mean board power while calls that do `work` in `seconds` each repeat: static power and the energy of the work, at
/// most the limit, to which a capped chip slows down.
/// Source: section 8.2 of the operator reference. Pre: seconds > 0.
/// Valid: bf16 products on B200. Prefill attention and experts are predicted 25 to 50 % too low there.
double predicted_power_W(const PowerFacts& facts, const OperatorWork& work, double flop_J, double seconds);

/// One measured power and its prediction.
struct PowerRow {
  int line = 0;
  std::string op;
  std::string dtype;
  double latency_us = 0;
  double measured_W = 0;
  double predicted_W = 0;
  bool matrix_bound = false;  ///< arithmetic takes more energy than memory traffic
};

/// Predicts the rows of `gpu` in a table with the columns of power.csv, from the work and the measured time. Rows that
/// cannot be read go to `problems`. Fails when a column is missing.
Result<std::vector<PowerRow>> evaluate_power(const MeasurementTable& table, std::string_view gpu,
                                             const PowerFacts& facts, std::vector<RowProblem>& problems);

/// Errors of the rows of one operator, dtype and bound.
struct PowerSummary {
  std::string op;
  std::string dtype;
  bool matrix_bound = false;
  ErrorSummary errors;
};

/// By operator, dtype and bound, of the calls that last `least_us` or longer: the meter averages over 100 ms, and
/// readings of calls under about 300 us are smeared by what ran before.
std::vector<PowerSummary> summarise_power(const std::vector<PowerRow>& rows, double least_us);

/// How well the board power of one chip is predicted.
struct PowerAccuracy {
  std::string file;
  std::string chip;
  std::size_t rows = 0;                 ///< of the chip, that could be used
  double least_us = 0;                  ///< shorter calls are left out
  std::vector<PowerSummary> summaries;  ///< see summarise_power
};

/// Judges every chip of FOLDER/power.csv.gz or power.csv; nothing, and no problem, where the folder has none.
std::vector<PowerAccuracy> evaluate_power(const std::string& folder, const Catalog& catalog, const ChipTable& chips,
                                          std::vector<RowProblem>& problems, Diagnostics& diagnostics);

}  // namespace orrery
