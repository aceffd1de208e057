#pragma once

#include <cstdint>

#include "orrery/memory/device.h"

namespace orrery {

/// Which waiting request a controller serves next.
enum class SchedulingPolicy { row_hit_first, ramulator2, ramulator2_row_hit };
template <>
struct EnumNames<SchedulingPolicy> {
  static constexpr EnumRow<SchedulingPolicy> kRows[] = {
      {SchedulingPolicy::row_hit_first, "row-hit-first",
       "open rows first, then the oldest; a row is closed when nobody waits for it, or somebody waited too long"},
      {SchedulingPolicy::ramulator2, "ramulator2", "the oldest ready command, as FRFCFS of Ramulator 2.1"},
      {SchedulingPolicy::ramulator2_row_hit, "ramulator2-row-hit",
       "the same, but a row stays open for those who came first, as FRFCFS-RowHit"},
  };
};

/// What becomes of a row after an access.
enum class PagePolicy { open, closed, adaptive };
template <>
struct EnumNames<PagePolicy> {
  static constexpr EnumRow<PagePolicy> kRows[] = {
      {PagePolicy::open, "open", "rows stay open until another one is needed"},
      {PagePolicy::closed, "closed", "the last access that waits for a row closes it"},
      {PagePolicy::adaptive, "adaptive", "closed in banks whose last accesses needed other rows, open in others"},
  };
};

/// The rules of one memory controller. Times in ticks of its device.
struct ControllerSettings {
  SchedulingPolicy policy = SchedulingPolicy::row_hit_first;
  PagePolicy page = PagePolicy::open;
  RefreshMode refresh = RefreshMode::all_bank;
  std::int32_t read_entries = 64;
  std::int32_t write_entries = 64;
  double write_high = 0.8;              ///< share of write entries above which writes are served
  double write_low = 0.2;               ///< share below which reads are served again
  std::int32_t age_cap = 0;             ///< after so long a request may close a row that others want; row_hit_first
  std::int32_t postponed = 0;           ///< refreshes that may be owed while requests wait, or be ahead after idleness
  double refresh_interval_factor = 1;   ///< below 1 in hot memory
  bool combines = true;                 ///< a read is answered, and a write taken in, by a waiting write of its place
  bool takes_turns = true;              ///< units that share command buses use every second slot each
  std::int32_t turn = 0;                ///< which slot this unit has
  std::int32_t power_down_after = 0;    ///< idle ticks before power-down; 0: never
  std::int32_t self_refresh_after = 0;  ///< idle ticks before self-refresh; 0: never
  std::int32_t activations_per_management = 0;  ///< of a bank before it gets an RFM; 0: none
};

/// What the default controller does with this device: row_hit_first, the usual refresh of the standard with its
/// postponing, an age cap of 2 us.
ControllerSettings default_settings(const DramDevice& device);
/// Changes the refresh, and postpones as much as the standard allows, less what it takes to be in time.
void set_refresh(ControllerSettings& settings, const DramDevice& device, RefreshMode mode);
/// FRFCFS (or FRFCFS-RowHit) of Ramulator 2.1: refreshes on time, buses of one unit alone.
ControllerSettings ramulator2_settings(SchedulingPolicy policy);

/// Why the device cannot be driven so, listing what it can: a refresh mode it does not have, a power state or
/// refresh management without the commands for it, queues that hold nothing, watermarks out of order.
Result<void> check_settings(const DramDevice& device, const ControllerSettings& settings);

}  // namespace orrery
