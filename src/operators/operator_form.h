#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/base/result.h"
#include "orrery/operators/chip_facts.h"

namespace orrery {

/// A constant of a form. Fits work on its logarithm.
struct ConstantSpec {
  std::string_view name;
  std::string_view unit;  ///< as printed: "us", "cycles", "1"
  double prior = 1;       ///< where nothing is known; also the start of a fit
  double low = 0;         ///< sane range; a fit is pushed back into it
  double high = 0;
  std::string_view help;
  /// Over which chips a prior for an unseen chip is pooled: all chips, or those of its matrix class.
  enum class Pooling { all, matrix_class } pooling = Pooling::all;
};

/// One term of a prediction, for `orrery op`.
struct TimeTerm {
  std::string_view name;
  double us = 0;
};

/// Numbers that describe one call of an operator: columns of the data, in an order that the form fixes.
using Shape = std::array<double, 12>;

/// One kind of operator as a closed formula of shape, chip and constants. Pure and immutable; one file
/// each, one row in operator_forms().
class OperatorForm {
 public:
  virtual ~OperatorForm() = default;

  /// The KIND of `orrery predict KIND`, and the name of the data file without .csv.gz.
  virtual std::string_view kind() const = 0;
  virtual std::span<const std::string_view> columns() const = 0;  ///< columns that fill the Shape, in order
  /// Text columns that make the family, joined by "/": which kernels share constants, such as a dtype, or a
  /// dtype and a kernel. Points of one kind are fitted apart by family.
  virtual std::span<const std::string_view> family_columns() const = 0;
  virtual std::span<const ConstantSpec> constants(std::string_view family) const = 0;
  /// Fails, with the reason, when the form cannot speak of this shape, family or chip.
  virtual Result<void> accepts(const Shape& shape, std::string_view family, const ChipFacts& chip) const = 0;
  /// Whether the operands cannot have stayed in the cache: the rows that accuracy is scored on apart.
  virtual bool is_cold(const Shape& shape, std::string_view family, const ChipFacts& chip) const = 0;
  /// Microseconds; `constants` in the order of constants(family). With `benchmark_hot`, as the benchmarks
  /// measured it, reuse of the cache included; without, as a served model sees it.
  /// Pre: accepts(). `terms`, if given, receives the parts.
  virtual double time_us(const Shape& shape, std::string_view family, const ChipFacts& chip,
                         std::span<const double> constants, bool benchmark_hot,
                         std::vector<TimeTerm>* terms = nullptr) const = 0;
  /// The columns of the data that hold measured times. With several, every row of the data is several
  /// points, and the family gets the text column `phase` to tell them apart: the name without "_us".
  /// The prediction of the row is their sum.
  virtual std::span<const std::string_view> measured_columns() const {
    static constexpr std::string_view kLatency[] = {"latency_us"};
    return kLatency;
  }
  /// The number that a cell of `column` stands for. Override it where a text has a place on a scale, as the
  /// skew of a distribution has, or where an empty cell means something. Fails with the reason.
  virtual Result<double> number_of(std::string_view column, std::string_view text) const;
  /// The family whose constants serve where nothing was ever fitted for `family`; empty: none does.
  virtual std::string_view fallback_family(std::string_view /*family*/) const { return {}; }
  /// The plain roofline, max(FLOPs / peak, bytes / bandwidth), as a baseline.
  virtual double roofline_us(const Shape& shape, std::string_view family, const ChipFacts& chip) const = 0;
};

/// Constants of one family for chips of one matrix class, in the order of the form's specs.
using Constants = std::vector<double>;

/// The specs' own priors: what is known before any measurement.
Constants specified_priors(const OperatorForm& form, std::string_view family);

/// All forms; see forms/table.cpp.
std::span<const OperatorForm* const> operator_forms();
const OperatorForm* find_operator_form(std::string_view kind);

}  // namespace orrery
