#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "orrery/base/diagnostic.h"
#include "orrery/base/result.h"
#include "orrery/cli/exit_code.h"
#include "orrery/report/text_table.h"
#include "orrery/scenario/catalog.h"

namespace orrery {

/// What the process around a command is like.
struct Surroundings {
  std::optional<std::string> catalog;  ///< $ORRERY_CATALOG
  TextStyle style;                     ///< of stdout
  bool shows_progress = false;         ///< stderr is a terminal
};
Surroundings look_around();

/// Output, catalog and error texts, for all commands.
class Program {
 public:
  explicit Program(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}
  const Surroundings& surroundings() const { return surroundings_; }
  void set_catalog_option(std::string folder) { catalog_option_ = std::move(folder); }

  /// The catalog of --catalog, of the environment, or beside the program; fails when there is none.
  Result<Catalog> open_catalog() const;
  /// The shipped scenarios: they lie beside the catalog.
  static std::string scenarios_folder(const Catalog& catalog) { return catalog.root() + "/../scenarios"; }

  /// Writes the result to stdout. Returns kAnswered, or kFailed when that cannot be done.
  int print(std::string_view text) const;
  /// A remark on stderr.
  void note(std::string_view text) const;
  /// Says on stderr what failed; returns kFailed.
  int fail(std::string_view message) const;
  /// Says on stderr what is wrong with the command line; returns kWrongUsage.
  int refuse(std::string_view message, std::string_view hint = {}) const;
  /// All findings: text on stderr, or a JSON array on stdout. Returns kInvalidInput when there are errors.
  int report(const Diagnostics& diagnostics, bool json) const;

 private:
  Surroundings surroundings_;
  std::optional<std::string> catalog_option_;
};

}  // namespace orrery
