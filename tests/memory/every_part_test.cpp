// Tests that each part of the catalog gets by being there: no row has to be added for a new one.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "catalog_devices.h"
#include "orrery/memory/achievable.h"
#include "orrery/memory/memory_run.h"

namespace orrery {
namespace {

std::vector<std::string> part_ids() {
  std::vector<std::string> ids;
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(ORRERY_SOURCE_DIR) / "catalog/memory";
  for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
    if (file.path().extension() == ".yaml") ids.push_back(file.path().stem().string());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

class EveryPart : public testing::TestWithParam<std::string> {
 protected:
  static constexpr std::int64_t kBlocks = 3000;

  std::int64_t violations(const DramDevice& device, const ControllerSettings& settings, std::string_view pattern) {
    MemoryQuestion question{device, settings, {64}, {0, 1}, {}, {}};
    question.units.resize(static_cast<std::size_t>(device.units_sharing_commands));
    question.check = true;
    question.sources = [&](std::int64_t) { return accesses_of(pattern, device, {.blocks = kBlocks}); };
    const MemoryAnswer answered = answer(question);
    for (const RuleReport& rule : answered.rules) {
      if (rule.violations > 0) ADD_FAILURE() << pattern << ": " << rule.rule << ": " << rule.first;
    }
    return answered.violations();
  }
};

TEST_P(EveryPart, IsDrivenLegallyUnderEveryPatternRefreshAndPagePolicy) {
  const DramDevice device = catalog_device(GetParam());
  for (const auto& mode : EnumNames<RefreshMode>::kRows) {
    for (const auto& page : EnumNames<PagePolicy>::kRows) {
      ControllerSettings settings = default_settings(device);
      set_refresh(settings, device, mode.value);
      settings.page = page.value;
      if (!check_settings(device, settings)) continue;
      for (const AccessPattern& pattern : access_patterns()) {
        EXPECT_EQ(violations(device, settings, pattern.name), 0) << mode.name << " refresh, " << page.name << " pages";
      }
    }
  }
}

TEST_P(EveryPart, IsDrivenLegallyAtEveryHeightThatItHas) {
  const MemoryPartRecord part = catalog_part(GetParam());
  for (const std::int64_t height : part.organization.heights) {
    DeviceOptions options;
    options.height = height;
    const DramDevice device = catalog_device(GetParam(), options);
    EXPECT_EQ(violations(device, default_settings(device), "random"), 0) << height << " dies high";
  }
}

TEST_P(EveryPart, GivesSharesOfItsPinRateThatArePossible) {
  const DramDevice device = catalog_device(GetParam());
  for (const AchievableShare& share : achievable_shares(device, device.units())) {
    EXPECT_GT(share.of_pin_rate(), 0.3);
    EXPECT_LE(share.of_pin_rate(), 1);
  }
}

TEST_P(EveryPart, NamesTimingsWhoseValuesLieInTheirRanges) {
  const MemoryPartRecord part = catalog_part(GetParam());
  const DramDevice device = catalog_device(GetParam());
  const double clock = device.tick_seconds() * device.ticks_per_clock;
  for (const auto& timing : part.timings) {
    const double seconds = static_cast<double>(device.timing(timing.name)) * clock;
    EXPECT_GE(seconds, timing.value.low.value_or(Seconds(0)).si() - clock) << timing.name;
    EXPECT_LE(seconds, timing.value.high.value_or(Seconds(1)).si() + clock) << timing.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryPart, testing::ValuesIn(part_ids()), [](const auto& info) {
  std::string name;
  for (const char c : info.param) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace orrery
