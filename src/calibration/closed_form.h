#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "orrery/base/result.h"
#include "orrery/chip/chip.h"

namespace orrery {

/// The text of a column, as a data set or a command line gives it; nothing when it is not there.
using CellLookup = std::function<std::optional<std::string>(std::string_view column)>;

/// One operator as simulations price it, by the closed forms of Chip. The columns are those of the data.
struct ClosedForm {
  std::string_view kind;
  std::span<const std::string_view> columns;  ///< all that it reads
  std::string_view help;
  Result<KernelCost> (*price)(const Chip& chip, const CellLookup& cells);
};

/// gemm and its kin, attention, MoE and all-reduce, and what no table measures: element-wise passes, embedding,
/// output layer and sampling. In the order of the reference; one row each in closed_form.cpp.
std::span<const ClosedForm> closed_forms();
/// Null where simulations have no such operator: collectives other than all-reduce.
const ClosedForm* find_closed_form(std::string_view kind);

}  // namespace orrery
