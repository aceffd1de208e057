#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/schema/entry.h"

namespace orrery {

class Catalog;

/// One kind of catalog entry: its folder, its record and its checks.
struct CatalogKind {
  std::string_view name;
  std::string_view folder;  ///< in the catalog
  std::string_view help;
  const RecordType& (*record)();
  /// Reads one entry and reports everything that is wrong with it, references into `catalog` included.
  /// The result is what a reader sees: the entry written back with every status and source filled in.
  std::optional<Node> (*check)(const Node& node, std::string_view id, const Catalog& catalog, Diagnostics& diagnostics,
                               EntryHeader& header);
};
/// All kinds, in the order that `orrery list` prints.
std::span<const CatalogKind> catalog_kinds();
const CatalogKind* find_catalog_kind(std::string_view name);

/// One entry as read, with the statuses of its quantities.
template <class R>
struct CatalogEntry {
  R record;
  std::vector<ProvenanceItem> provenance;
};

/// The folder of facts: one sub-folder a kind, one file an entry.
class Catalog {
 public:
  explicit Catalog(std::string root) : root_(std::move(root)) {}
  const std::string& root() const { return root_; }

  /// Sorted ids of a kind; empty when there is no such folder.
  std::vector<std::string> ids(std::string_view kind) const;
  bool contains(std::string_view kind, const std::string& id) const;
  std::string path_of(std::string_view kind, const std::string& id) const;

  /// The entry, or nothing with every problem reported: dangling-reference at the reference, or what
  /// is wrong in the file. R is one of the records of catalog_kinds().
  template <class R>
  std::optional<CatalogEntry<R>> load(const AnyReference& reference, Diagnostics& diagnostics) const;

 private:
  std::string root_;
};

/// Reads an entry of a known kind from a tree; see CatalogKind::check.
template <class R>
std::optional<CatalogEntry<R>> read_entry(const Node& node, std::string_view kind, std::string_view id,
                                          Diagnostics& diagnostics);

/// Checks one file, a scenario or a catalog entry by its `kind`, completely. The result says whether
/// it is good. `id` of an entry must equal its file name.
bool check_file(const std::string& path, const Catalog& catalog, Diagnostics& diagnostics);

}  // namespace orrery
