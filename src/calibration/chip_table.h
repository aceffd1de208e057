#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orrery/chip/chip.h"
#include "orrery/operators/chip_facts.h"
#include "orrery/scenario/catalog.h"

namespace orrery {

/// The chips of a catalog by id and by the names that data sets give them.
class ChipTable {
 public:
  /// Reads every chip of the catalog; what is wrong with one is reported, the others are kept.
  static ChipTable read(const Catalog& catalog, Diagnostics& diagnostics);

  void add(ChipFacts facts, std::vector<std::string> aliases);
  /// The chip as simulations price it; null when its family could not be read. Pre: `facts` came from find().
  const Chip* chip(const ChipFacts& facts) const;
  /// Whether the chip's entry as a whole is assumed: nobody published its figures.
  bool is_assumed(const ChipFacts& facts) const { return assumed_.contains(facts.id); }
  /// Where the numbers of the chip and of its family come from, and those of its link. Pre: as for chip().
  std::span<const ProvenanceItem> provenance(const ChipFacts& facts, bool with_link = false) const;
  /// By id or alias; null when there is none. Valid as long as the table.
  const ChipFacts* find(std::string_view name) const;
  /// " (did you mean 'h100-sxm'?)", or nothing.
  std::string hint(std::string_view name) const;

 private:
  std::vector<std::unique_ptr<const ChipFacts>> chips_;
  std::map<std::string, Chip, std::less<>> compiled_;  ///< by id
  struct Provenance {
    std::vector<ProvenanceItem> items;  ///< those of the link last
    std::size_t without_link = 0;
  };
  std::map<std::string, Provenance, std::less<>> provenance_;
  std::set<std::string, std::less<>> assumed_;  ///< ids
  std::vector<std::pair<std::string, const ChipFacts*>> names_;
};

}  // namespace orrery
