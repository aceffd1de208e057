#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "checked_run.h"

// Many short runs of different kinds, which between them bring every rule to its limit.
namespace orrery {

/// Accesses to a few places of a unit, at random.
struct NarrowShape {
  std::int32_t ranks = 1;
  std::int32_t groups = 1;
  std::int32_t banks = 1;  ///< of a group
  std::int32_t rows = 1;
  std::int32_t writes_of_8 = 0;
  std::int32_t run = 1;        ///< accesses to one row in turn
  std::int64_t gap_ticks = 0;  ///< between two runs, at most
};

class NarrowSource final : public AccessSource {
 public:
  NarrowSource(const DramDevice& device, const NarrowShape& shape, std::int64_t count, std::uint64_t seed)
      : shape_(shape), columns_(device.columns), left_(count), draw_(splitmix64_start(seed)) {
    shape_.ranks = std::min(shape_.ranks, device.ranks);
    shape_.groups = std::min(shape_.groups, device.bank_groups);
    shape_.banks = std::min(shape_.banks, device.banks_per_group);
  }

  std::size_t next(std::span<MemoryAccess> accesses) override {
    std::size_t filled = 0;
    for (; filled < accesses.size() && left_ > 0; ++filled, --left_) {
      if (left_of_run_ == 0) start_run();
      --left_of_run_;
      access_.column = static_cast<std::int32_t>(splitmix64(draw_++) % static_cast<std::uint64_t>(columns_));
      accesses[filled] = access_;
    }
    return filled;
  }

 private:
  int below(std::int64_t limit) { return static_cast<int>(splitmix64(draw_++) % static_cast<std::uint64_t>(limit)); }
  void start_run() {
    left_of_run_ = 1 + below(shape_.run);
    access_.rank = static_cast<std::uint8_t>(below(shape_.ranks));
    access_.group = static_cast<std::uint8_t>(below(shape_.groups));
    access_.bank = static_cast<std::uint8_t>(below(shape_.banks));
    access_.row = below(shape_.rows);
    access_.write = below(8) < shape_.writes_of_8;
    if (shape_.gap_ticks > 0) access_.tick += below(shape_.gap_ticks + 1);
  }

  NarrowShape shape_;
  std::int32_t columns_;
  std::int64_t left_;
  std::uint64_t draw_;
  std::int32_t left_of_run_ = 0;
  MemoryAccess access_;
};

struct Trial {
  ControllerSettings settings;
  NarrowShape shape;
  std::int64_t outstanding = 64;
  std::uint64_t seed = 0;
};

/// With each refresh mode and page policy; `count` of them.
inline std::vector<Trial> trials_of(const DramDevice& device, int count) {
  constexpr std::int32_t kFew[] = {1, 2, 64};
  constexpr std::int32_t kWrites[] = {0, 2, 4, 8};
  constexpr std::int32_t kRuns[] = {1, 3, 20};
  constexpr std::int64_t kGaps[] = {0, 0, 30, 300};
  const std::vector<RefreshMode> modes = refresh_modes(device);
  const bool managed = device.commands[static_cast<std::size_t>(DramCommand::RFMab)].exists;
  std::vector<Trial> trials;
  for (int i = 0; i < count; ++i) {
    std::uint64_t draw = splitmix64(static_cast<std::uint64_t>(i) + 1'000'000);
    const auto pick = [&]<class T>(std::span<const T> choices) {
      const T choice = choices[draw % choices.size()];
      draw = splitmix64(draw);
      return choice;
    };
    const auto few = [&] { return pick(std::span<const std::int32_t>(kFew)); };
    Trial trial;
    trial.seed = static_cast<std::uint64_t>(i);
    trial.shape.ranks = few();
    trial.shape.groups = few();
    trial.shape.banks = few();
    trial.shape.rows = few();
    trial.shape.writes_of_8 = pick(std::span<const std::int32_t>(kWrites));
    trial.shape.run = pick(std::span<const std::int32_t>(kRuns));
    trial.shape.gap_ticks = pick(std::span<const std::int64_t>(kGaps)) * device.ticks_per_clock;
    trial.settings = i % 4 == 3 ? ramulator2_settings(SchedulingPolicy::ramulator2) : default_settings(device);
    trial.settings.takes_turns = false;
    set_refresh(trial.settings, device, modes[static_cast<std::size_t>(i) % modes.size()]);
    if (i % 4 == 3) trial.settings.postponed = 0;  // on time, as Ramulator
    trial.settings.page = pick(std::span<const PagePolicy>(kPagePolicies));
    if (i % 2 == 0) trial.settings.postponed = 0;
    if (managed && i % 5 == 0) trial.settings.activations_per_management = 8;
    if (i % 6 == 1) trial.settings.power_down_after = 40;
    if (i % 12 == 7) trial.settings.self_refresh_after = 100;
    constexpr std::int64_t kOutstanding[] = {1, 4, 64, 64};
    trial.outstanding = pick(std::span<const std::int64_t>(kOutstanding));
    trials.push_back(trial);
  }
  return trials;
}

inline UnitActivity activity_of(const Trial& trial, const DramDevice& device, std::int64_t accesses,
                                CommandSink* sink) {
  NarrowSource source(device, trial.shape, accesses, trial.seed);
  return simulate_unit(device, trial.settings, {trial.outstanding}, source, sink);
}

}  // namespace orrery
