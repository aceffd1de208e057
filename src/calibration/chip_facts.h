#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orrery/calibration/operator_form.h"
#include "orrery/scenario/catalog.h"

namespace orrery {

/// What operator forms may know of one chip of the catalog.
ChipFacts chip_facts(const ChipRecord& chip);

/// The chips of a catalog by id and by the names that data sets give them.
class ChipTable {
 public:
  /// Reads every chip of the catalog; what is wrong with one is reported, the others are kept.
  static ChipTable read(const Catalog& catalog, Diagnostics& diagnostics);

  void add(ChipFacts facts, std::vector<std::string> aliases);
  /// By id or alias; null when there is none. Valid as long as the table.
  const ChipFacts* find(std::string_view name) const;
  /// " (did you mean 'h100-sxm'?)", or nothing.
  std::string hint(std::string_view name) const;

 private:
  std::vector<std::unique_ptr<const ChipFacts>> chips_;
  std::vector<std::pair<std::string, const ChipFacts*>> names_;
};

}  // namespace orrery
