#include "orrery/network/wan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "orrery/base/nearest_name.h"
#include "orrery/base/unit.h"

namespace orrery {
namespace {

constexpr double kNormalAt95 = 1.6448536269514722;  // the standard normal's 95th percentile

std::string milliseconds_text(Seconds time) { return fmt::format("{:g} ms", time.si() * 1e3); }

}  // namespace

std::vector<std::string> Wan::regions() const {
  std::vector<std::string> ids;
  for (const auto& region : record_->regions) ids.push_back(region.name);
  return ids;
}

const Sourced<Seconds>* Wan::find(const std::string& from, const std::string& to) const {
  for (const auto& row : record_->round_trips) {
    if (row.name != from) continue;
    for (const auto& end : row.value.p95) {
      if (end.name == to) return &end.value;
    }
  }
  return nullptr;
}

Result<Seconds> Wan::round_trip_p95(const std::string& from, const std::string& to) const {
  const std::vector<std::string> known = regions();
  for (const std::string* region : {&from, &to}) {
    if (std::find(known.begin(), known.end(), *region) != known.end()) continue;
    const std::string nearest = did_you_mean(*region, known);
    return failure(fmt::format("{} has no region '{}' on the way from {} to {}{}", record_->header.id, *region, from,
                               to, nearest.empty() ? "" : fmt::format(" ({})", nearest)));
  }
  const Sourced<Seconds>* found = find(from, to);
  if (found == nullptr) {
    return failure(fmt::format("{} has no round trip measured from {} to {}", record_->header.id, from, to));
  }
  return found->value;
}

DelayMixture Wan::round_trips(Seconds p95) const {
  const double share = record_->constant_share.value;
  const double sigma = record_->jitter_sigma.value;
  return DelayMixture({{1, share * p95, (1 - share) * p95 * std::exp(-kNormalAt95 * sigma), sigma}});
}

std::vector<Wan::Detour> Wan::detours() const {
  std::vector<Detour> list;
  for (const auto& row : record_->round_trips) {
    for (const auto& first : row.value.p95) {
      for (const auto& direct : row.value.p95) {
        const Sourced<Seconds>* second = first.name == direct.name ? nullptr : find(first.name, direct.name);
        if (second == nullptr) continue;
        const Seconds sum = first.value.value + second->value;
        if (sum < direct.value.value) list.push_back({row.name, first.name, direct.name, direct.value.value, sum});
      }
    }
  }
  return list;
}

void check_physics(const WanRecord& wan, Diagnostics& diagnostics) {
  const std::vector<std::string> known = Wan(wan).regions();
  const std::size_t errors_before = diagnostics.error_count();
  const auto check = [&](const std::string& region, const Place& place) {
    if (std::find(known.begin(), known.end(), region) != known.end()) return;
    diagnostics.error("unknown-name", place, fmt::format("'{}' is not among the regions", region),
                      did_you_mean(region, known));
  };
  for (const auto& row : wan.round_trips) {
    check(row.name, row.place);
    for (const auto& end : row.value.p95) {
      check(end.name, end.place);
      if (end.name == row.name) {
        diagnostics.error("impossible-physics", end.place, fmt::format("a way from {} to itself", row.name));
      }
    }
  }
  if (diagnostics.error_count() > errors_before) return;
  const std::vector<Wan::Detour> detours = Wan(wan).detours();
  if (static_cast<std::int64_t>(detours.size()) == wan.detours) return;
  std::string message = fmt::format("{} ways over a third region are shorter than the direct one, and not {}",
                                    detours.size(), wan.detours);
  if (!detours.empty()) {
    const Wan::Detour& first = detours.front();
    message += fmt::format("; the first is from {} over {} to {}, {} against {}", first.from, first.via, first.to,
                           milliseconds_text(first.over_via), milliseconds_text(first.direct));
  }
  diagnostics.warning("triangle-violation", wan.header.place_of("detours"), std::move(message),
                      "percentiles of different paths need not add up: correct the table, or the count");
}

}  // namespace orrery
