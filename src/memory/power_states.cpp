#include "orrery/memory/power_states.h"

#include <algorithm>

namespace orrery {
namespace {

using enum DramCommand;

constexpr std::int64_t kLongAgo = -1'000'000'000'000;

}  // namespace

PowerStates::PowerStates(const DramDevice& device, const ControllerSettings& settings)
    : is_used_(settings.power_down_after > 0 || settings.self_refresh_after > 0) {
  for (auto& rank : last_) rank.fill(kLongAgo);
  for (const DramCommand to : {PDE, PDX, SRE, SRX}) {
    for (std::size_t from = 0; from < kDramCommands; ++from) {
      for (const TimingScope scope : {TimingScope::bank, TimingScope::group, TimingScope::rank, TimingScope::unit}) {
        std::int32_t& distance = distance_[static_cast<std::size_t>(to)][from];
        distance =
            std::max(distance, device.distance[static_cast<std::size_t>(scope)][from][static_cast<std::size_t>(to)]);
      }
    }
  }
}

DramCommand PowerStates::step(int rank, PowerState wanted) const {
  switch (of(rank)) {
    case PowerState::down:
      return PDX;
    case PowerState::refreshing_itself:
      return SRX;
    case PowerState::up:
      break;
  }
  return wanted == PowerState::down ? PDE : SRE;
}

std::int64_t PowerStates::earliest(DramCommand command, int rank) const {
  const Row& distance = distance_[static_cast<std::size_t>(command)];
  const auto& last = last_[static_cast<std::size_t>(rank)];
  std::int64_t tick = kLongAgo;
  for (std::size_t from = 0; from < kDramCommands; ++from) {
    if (distance[from] > 0) tick = std::max(tick, last[from] + distance[from]);
  }
  return tick;
}

void PowerStates::change(DramCommand command, int rank) {
  PowerState& state = states_[static_cast<std::size_t>(rank)];
  const bool was_up = state == PowerState::up;
  state = command == PDE ? PowerState::down : command == SRE ? PowerState::refreshing_itself : PowerState::up;
  asleep_ += (was_up ? 1 : 0) - (state == PowerState::up ? 1 : 0);
}

}  // namespace orrery
