#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "orrery/base/quantity.h"
#include "orrery/base/sim_time.h"

namespace orrery {

/// Time on the radio, in ticks of 1/28 us: symbols and slots of every numerology are whole numbers of them, which they
/// are not of picoseconds. Source: TS 38.211, tables 4.2-1 and 4.3.2-1 (15 x 2^mu kHz, 14 symbols a slot, 1/2^mu ms).
using RadioTicks = std::int64_t;
inline constexpr RadioTicks kTicksPerMillisecond = 28'000;
inline constexpr int kSymbolsPerSlot = 14;
inline constexpr int kMostMu = 4;  ///< above it, symbols are no whole ticks

constexpr RadioTicks symbol_ticks(int mu) { return 2000 >> mu; }
constexpr RadioTicks slot_ticks(int mu) { return kTicksPerMillisecond >> mu; }
constexpr Hertz subcarrier_spacing(int mu) { return Hertz(15e3 * static_cast<double>(1 << mu)); }
constexpr double slots_per_second(int mu) { return 1000.0 * static_cast<double>(1 << mu); }

constexpr double milliseconds(double ticks) { return ticks / static_cast<double>(kTicksPerMillisecond); }
/// Rounded to the nearest picosecond. Pre: ticks >= 0 and fewer than 9 hours of them.
constexpr SimTime sim_time_of(RadioTicks ticks) { return SimTime((ticks * 250'000 + 3) / 7); }
/// Rounded to the nearest tick. Pre: 0 <= time < 9 hours.
RadioTicks ticks_of(Seconds time);

/// Frequency range 1 is below 7.125 GHz, range 2 from 24.25 GHz. Source: TS 38.101-1, table 5.1-1.
enum class FrequencyRange { FR1, FR2 };
/// Nothing between the ranges and beyond them.
std::optional<FrequencyRange> frequency_range(Hertz carrier);

/// One row of the table of transmission bandwidths.
struct BandwidthRow {
  FrequencyRange range;
  int mu;
  int megahertz;
  int resource_blocks;
};
/// N_RB of a carrier, by range, spacing and bandwidth. Source: TS 38.101-1 and 38.101-2, table 5.3.2-1.
std::span<const BandwidthRow> bandwidth_rows();
/// Nothing where the table has no such row.
std::optional<int> resource_blocks(FrequencyRange range, int mu, Hertz bandwidth);

}  // namespace orrery
