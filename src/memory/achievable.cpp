#include "orrery/memory/achievable.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "orrery/memory/address_mapping.h"
#include "orrery/memory/ai_patterns.h"
#include "orrery/memory/patterns.h"
#include "orrery/memory/unit_engine.h"

namespace orrery {
namespace {

constexpr std::int64_t kBlocks = 8192;      // a few refresh intervals of every standard
constexpr std::int64_t kOutstanding = 128;  // bursts: more than any unit needs to be saturated
constexpr std::int64_t kBlockBytes = 64;
constexpr std::int64_t kTokensPerPage = 16;
constexpr std::int64_t kKeyBytesPerToken = 2048;
constexpr std::int64_t kRunsOfPages = 2;  // keys and values

/// Where share of the data bus of one unit is busy, once it has begun.
double busy_share(const DramDevice& device, const ControllerSettings& settings, AccessSource& source) {
  const UnitActivity activity = simulate_unit(device, settings, {kOutstanding}, source);
  return static_cast<double>(activity.data_ticks) / static_cast<double>(activity.end_tick);
}

class ShareFinder {
 public:
  ShareFinder(const DramDevice& device, std::int64_t units)
      : device_(device),
        mapping_(*AddressMapping::parse("default", device, units)),
        unit_mapping_(mapping_.within_unit()),
        settings_(saturating_settings(device)),
        unrefreshed_(settings_) {
    set_refresh(unrefreshed_, device, RefreshMode::none);
  }

  AchievableShares find() const {
    AchievableShares shares;
    shares[static_cast<std::size_t>(AccessKind::weight_stream)] = of_pattern("stream", "stream");
    shares[static_cast<std::size_t>(AccessKind::mixed)] = of_pattern("turnaround", "stream");
    const auto gather = [&] { return kv_gather(); };
    shares[static_cast<std::size_t>(AccessKind::kv_gather)] = from(gather, gather);
    return shares;
  }

 private:
  AchievableShare of_pattern(std::string_view name, std::string_view reads_only) const {
    const auto make = [&](std::string_view pattern) {
      return *make_access_pattern(pattern, device_, unit_mapping_, {.blocks = kBlocks});
    };
    return from([&] { return make(name); }, [&] { return make(reads_only); });
  }

  /// Pages are chosen from the whole memory, so that all units are asked for as often as in use.
  std::unique_ptr<AccessSource> kv_gather() const {
    const std::int64_t page_bytes = kTokensPerPage * kKeyBytesPerToken;
    const std::int64_t pages_in_all = mapping_.bytes() / (kRunsOfPages * page_bytes);
    const std::int64_t pages = kBlocks * kBlockBytes * mapping_.units() / (kRunsOfPages * page_bytes);
    return *make_kv_gather({kKeyBytesPerToken, kKeyBytesPerToken, kTokensPerPage, pages, pages_in_all},
                           {device_, mapping_, 0});
  }

  template <class Make, class MakeReads>
  AchievableShare from(Make make, MakeReads make_reads) const {
    const double reads = busy_share(device_, unrefreshed_, *make_reads());
    const double all = busy_share(device_, unrefreshed_, *make());
    const double refreshed = busy_share(device_, settings_, *make());
    // A loss that happens to put requests into a better order counts as none.
    return {reads, std::min(1.0, all / reads), std::min(1.0, refreshed / all)};
  }

  const DramDevice& device_;
  AddressMapping mapping_;
  AddressMapping unit_mapping_;
  ControllerSettings settings_;
  ControllerSettings unrefreshed_;
};

std::string content_of(const DramDevice& device, std::int64_t units) {
  std::string text = fmt::format("{} {} {} {} {} {} {} {} {}", device.standard, units, device.ranks, device.bank_groups,
                                 device.banks_per_group, device.rows, device.columns, device.rate_kbit_per_s,
                                 device.units_sharing_commands);
  for (const auto& [name, clocks] : device.timings) text += fmt::format(" {}={}", name, clocks);
  return text;
}

}  // namespace

ControllerSettings saturating_settings(const DramDevice& device) {
  ControllerSettings settings = default_settings(device);
  settings.postponed = 0;  // in the long run what was postponed is made up for
  return settings;
}

AchievableShares achievable_shares(const DramDevice& device, std::int64_t units) {
  return ShareFinder(device, units).find();
}

const AchievableShares& AchievableShareCache::of(const DramDevice& device, std::int64_t units) {
  const auto [place, is_new] = shares_.try_emplace(content_of(device, units));
  if (is_new) place->second = achievable_shares(device, units);
  return place->second;
}

}  // namespace orrery
