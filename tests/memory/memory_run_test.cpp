#include "orrery/memory/memory_run.h"

#include <gtest/gtest.h>

#include <numeric>

#include "catalog_devices.h"
#include "orrery/memory/ai_patterns.h"
#include "orrery/memory/in_band_ecc.h"

namespace orrery {
namespace {

constexpr std::int64_t kUnits = 12;  // of three packages of four channels: no power of two

class MemoryRun : public testing::Test {
 protected:
  MemoryQuestion question(UnitSources sources, int threads = 1) const {
    MemoryQuestion question{device_, default_settings(device_), {32}, {}, std::move(sources), {}, threads};
    question.units.resize(kUnits);
    std::iota(question.units.begin(), question.units.end(), 0);
    question.check = true;
    return question;
  }
  UnitSources gather() const {
    return [this](std::int64_t unit) {
      return *make_kv_gather({2048, 2048, 16, 500, 100'000}, {device_, mapping_, unit});
    };
  }
  UnitSources weights() const {
    return [this](std::int64_t unit) { return *make_weight_stream({1 << 24}, {device_, mapping_, unit}); };
  }
  static void expect_equal(const MemoryAnswer& a, const MemoryAnswer& b) {
    EXPECT_EQ(a.end_tick, b.end_tick);
    EXPECT_EQ(a.reads, b.reads);
    EXPECT_EQ(a.row_hits, b.row_hits);
    EXPECT_EQ(a.commands, b.commands);
    EXPECT_EQ(a.latency, b.latency);
    EXPECT_EQ(a.energy->total().si(), b.energy->total().si());
    EXPECT_EQ(a.rules.size(), b.rules.size());
  }

  DramDevice device_ = catalog_device("lpddr5x-8533");
  AddressMapping mapping_ = *AddressMapping::parse("default", device_, kUnits);
};

TEST_F(MemoryRun, GivesTheSameOnOneThreadAndOnTwo) {
  expect_equal(answer(question(gather(), 1)), answer(question(gather(), 2)));
}

TEST_F(MemoryRun, UnitsTogetherAreTheSumOfUnitsAlone) {
  for (const UnitSources& sources : {gather(), weights()}) {
    const MemoryAnswer together = answer(question(sources));
    std::int64_t reads = 0, tests = 0;
    double joules = 0;
    std::int64_t end = 0;
    for (std::int64_t unit = 0; unit < kUnits; ++unit) {
      MemoryQuestion one = question(sources);
      one.units = {unit};
      const MemoryAnswer alone = answer(one);
      reads += alone.reads;
      joules += alone.energy->total().si();
      end = std::max(end, alone.end_tick);
      for (const RuleReport& rule : alone.rules) tests += rule.evaluated;
    }
    EXPECT_EQ(together.reads, reads);
    EXPECT_EQ(together.end_tick, end);
    EXPECT_NEAR(together.energy->total().si() / joules, 1, 1e-12);
    std::int64_t tests_together = 0;
    for (const RuleReport& rule : together.rules) tests_together += rule.evaluated;
    EXPECT_EQ(tests_together, tests);
    EXPECT_EQ(together.violations(), 0);
  }
}

TEST_F(MemoryRun, ThePowerOfAllWindowsIsTheEnergyOfTheCounters) {
  MemoryQuestion asked = question(gather());
  asked.power_window_ticks = 1000;
  const MemoryAnswer answered = answer(asked);
  ASSERT_GT(answered.power.size(), 3U);
  double joules = 0;
  for (const PowerWindow& window : answered.power) joules += window.energy.total().si();
  EXPECT_NEAR(joules / answered.energy->total().si(), 1, 1e-9);
}

TEST_F(MemoryRun, BurstsOfErrorCorrectionAreNoPayload) {
  const DramDevice data = *InBandEcc::data_part(device_);
  const AddressMapping mapping = *AddressMapping::parse("default", data, kUnits);
  const MemoryAnswer answered = answer(question([&](std::int64_t unit) {
    return std::make_unique<InBandEcc>(*make_weight_stream({1 << 20}, {data, mapping, unit}), device_);
  }));
  EXPECT_EQ(answered.payload_bursts(), (1 << 20) / device_.access_bytes);
  EXPECT_NEAR(static_cast<double>(answered.overhead) / static_cast<double>(answered.payload_bursts()), 1.0 / 7, 0.01);
}

}  // namespace
}  // namespace orrery
