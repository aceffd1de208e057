#pragma once

#include <array>
#include <cstdint>

#include "orrery/memory/controller_settings.h"

namespace orrery {

enum class PowerState { up, down, refreshing_itself };

/// In which power state each rank of a unit is, and when it may change it. A rank that is not up takes no command but
/// the one that wakes it.
class PowerStates {
 public:
  static constexpr int kMostRanks = 4;

  PowerStates(const DramDevice& device, const ControllerSettings& settings);

  /// Whether the controller ever saves power so; else nobody need tell of commands.
  bool is_used() const { return is_used_; }
  PowerState of(int rank) const { return states_[static_cast<std::size_t>(rank)]; }
  bool all_up() const { return asleep_ == 0; }

  void issued(DramCommand command, int rank, std::int64_t tick) {
    last_[static_cast<std::size_t>(rank)][static_cast<std::size_t>(command)] = tick;
  }
  /// The command that brings a rank closer to `wanted`: PDE, PDX, SRE or SRX. Pre: it is in another state, and has no
  /// open row where it is to refresh itself.
  DramCommand step(int rank, PowerState wanted) const;
  /// No earlier may that command come, as far as those before it are concerned.
  std::int64_t earliest(DramCommand command, int rank) const;
  void change(DramCommand command, int rank);

 private:
  using Row = std::array<std::int32_t, kDramCommands>;
  bool is_used_ = false;
  int asleep_ = 0;  // ranks that are not up
  std::array<PowerState, kMostRanks> states_{};
  std::array<std::array<std::int64_t, kDramCommands>, kMostRanks> last_;
  std::array<Row, kDramCommands> distance_{};  // [to][from], in the rank
};

}  // namespace orrery
