#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "orrery/memory/device.h"

namespace orrery {

enum class PowerState { up, down, refreshing_itself };

/// When a unit may fall asleep and wake up. All of its ranks do so together, each by a command of its own.
class PowerStates {
 public:
  explicit PowerStates(const DramDevice& device) {
    using enum DramCommand;
    for (int i = 0; i < kDramCommands; ++i) {
      const auto command = static_cast<DramCommand>(i);
      to_power_down_[at(command)] = distance(device, command, PDE);
      to_self_refresh_[at(command)] = distance(device, command, SRE);
      after_power_down_ = std::max(after_power_down_, distance(device, PDX, command));
      after_self_refresh_ = std::max(after_self_refresh_, distance(device, SRX, command));
    }
    least_power_down_ = distance(device, PDE, PDX);
    least_self_refresh_ = distance(device, SRE, SRX);
  }

  PowerState state() const { return state_; }
  void issued(DramCommand command, std::int64_t tick) {
    may_power_down_ = std::max(may_power_down_, tick + to_power_down_[at(command)]);
    may_refresh_itself_ = std::max(may_refresh_itself_, tick + to_self_refresh_[at(command)]);
  }
  std::int64_t power_down_from() const { return may_power_down_; }
  std::int64_t self_refresh_from() const { return may_refresh_itself_; }
  void slept(PowerState state, int rank, std::int64_t tick) {
    state_ = state;
    since_[static_cast<std::size_t>(rank)] = tick;
  }
  std::int64_t since(int rank) const { return since_[static_cast<std::size_t>(rank)]; }
  /// The least tick of the command that wakes a rank.
  std::int64_t wakes_from(int rank) const {
    return since(rank) + (state_ == PowerState::down ? least_power_down_ : least_self_refresh_);
  }
  /// From that command to any other.
  std::int64_t wakes_for() const { return state_ == PowerState::down ? after_power_down_ : after_self_refresh_; }
  void woke() { state_ = PowerState::up; }

 private:
  static std::size_t at(DramCommand command) { return static_cast<std::size_t>(command); }
  static std::int32_t distance(const DramDevice& device, DramCommand from, DramCommand to) {
    std::int32_t longest = 0;
    for (const auto& scope : device.distance) longest = std::max(longest, scope[at(from)][at(to)]);
    return longest;
  }

  std::array<std::int32_t, kDramCommands> to_power_down_{}, to_self_refresh_{};
  std::int32_t after_power_down_ = 0, after_self_refresh_ = 0;
  std::int32_t least_power_down_ = 0, least_self_refresh_ = 0;
  PowerState state_ = PowerState::up;
  std::int64_t may_power_down_ = 0, may_refresh_itself_ = 0;
  std::array<std::int64_t, 4> since_{};
};

}  // namespace orrery
