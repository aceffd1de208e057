#pragma once

#include <string>
#include <vector>

#include "orrery/base/result.h"
#include "orrery/network/delay_mixture.h"
#include "orrery/network/wan_record.h"

namespace orrery {

/// Looks round trips up in a table of regions.
class Wan {
 public:
  /// Pre: check_physics found no error. Keeps a reference.
  explicit Wan(const WanRecord& record) : record_(&record) {}

  std::vector<std::string> regions() const;
  /// As measured from `from`. Fails, naming both, where the table does not have the pair, or does not know a region.
  Result<Seconds> round_trip_p95(const std::string& from, const std::string& to) const;
  /// A constant share of the 95th percentile, and a lognormal above it that meets the percentile.
  DelayMixture round_trips(Seconds p95) const;

  /// A way over a third region that is shorter than the direct one.
  struct Detour {
    std::string from, via, to;
    Seconds direct, over_via;
  };
  std::vector<Detour> detours() const;

 private:
  const Sourced<Seconds>* find(const std::string& from, const std::string& to) const;

  const WanRecord* record_;
};

}  // namespace orrery
