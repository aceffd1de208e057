#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orrery/chip/chip.h"
#include "orrery/operators/chip_facts.h"
#include "orrery/scenario/catalog.h"
#include "orrery/scenario/chip_memory.h"

namespace orrery {

/// The chips of a catalog by id and by the names that data sets give them. The memory of a chip is simulated when the
/// chip is first asked for, which takes some milliseconds; asking from several threads is fine.
class ChipTable {
 public:
  /// Reads every chip of the catalog; what is wrong with one is reported, the others are kept.
  static ChipTable read(const Catalog& catalog, Diagnostics& diagnostics);

  void add(ChipFacts facts, std::vector<std::string> aliases);
  /// The chip as simulations price it; null when its family could not be read. Pre: `facts` came from find().
  const Chip* chip(const ChipFacts& facts) const;
  /// Whether the chip's entry as a whole is assumed: nobody published its figures.
  bool is_assumed(const ChipFacts& facts) const;
  /// Where the numbers of the chip and of its family come from, and those of its link. Pre: as for chip().
  std::span<const ProvenanceItem> provenance(const ChipFacts& facts, bool with_link = false) const;
  /// By id or alias; null when there is none. Valid as long as the table.
  const ChipFacts* find(std::string_view name) const;
  /// " (did you mean 'h100-sxm'?)", or nothing.
  std::string hint(std::string_view name) const;

 private:
  /// What the catalog says of a chip, and, once it was asked for, what follows.
  struct Entry {
    std::optional<ChipRecord> record;  ///< none where the facts were given
    std::optional<ChipMemoryDevice> memory;
    std::optional<FamilyRecord> family;
    std::optional<LinkRecord> link;
    std::optional<ChipFacts> facts;
    std::optional<Chip> chip;
    std::vector<ProvenanceItem> provenance;  ///< that of the link last
    std::size_t provenance_without_link = 0;
  };
  struct SharedShares {
    std::mutex mutex;
    AchievableShareCache cache;
  };

  void compile(Entry& entry) const;
  const Entry* entry_of(const ChipFacts& facts) const;

  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;  ///< by id
  std::vector<std::pair<std::string, Entry*>> names_;
  std::unique_ptr<SharedShares> shares_ = std::make_unique<SharedShares>();
};

}  // namespace orrery
