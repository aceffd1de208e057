#pragma once

#include <functional>
#include <string>
#include <vector>

#include "orrery/cli/program.h"

namespace orrery {

/// One line of `orrery list KIND`.
struct NamedThing {
  std::string id;
  std::string name;
  std::string status;  ///< empty for what has none
};

/// Something that `orrery list` knows: a kind of the catalog, the policies, the shipped scenarios.
struct ListedKind {
  std::string name;
  std::string help;
  std::function<std::vector<std::string>()> ids;  ///< costs no more than reading a folder
};

/// Catalog kinds, then policy and scenario. Pre: `catalog` outlives the result.
std::vector<ListedKind> listed_kinds(const Catalog& catalog);

/// With names and statuses, which are read from the files.
std::vector<NamedThing> things_of(const ListedKind& kind, const Catalog& catalog);

/// The shipped scenarios, sorted, without ".yaml".
std::vector<std::string> shipped_scenarios(const Catalog& catalog);

/// Says that a kind does not exist, and which are near.
int refuse_kind(const Program& program, const std::string& word, const std::vector<std::string>& kinds);

}  // namespace orrery
