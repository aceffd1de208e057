#pragma once

#include <vector>

#include "orrery/base/random_stream.h"
#include "orrery/base/wide_integer.h"
#include "orrery/network/retransmissions.h"
#include "orrery/network/slot_calendar.h"

namespace orrery {

/// A delay as a mixture of uniform stretches, with exact moments and percentiles, and draws in a few nanoseconds.
class DelayDistribution {
 public:
  struct Stretch {
    double weight = 0;  ///< they are scaled to a sum of 1
    double low = 0;     ///< ticks
    double width = 0;   ///< ticks
  };
  /// Pre: at least one stretch of weight > 0; none is negative.
  explicit DelayDistribution(std::vector<Stretch> stretches);

  double mean() const;
  /// The share of delays up to `ticks`.
  double share_up_to(double ticks) const;
  /// Pre: 0 < fraction < 1.
  double percentile(double fraction) const;
  /// Walker's alias method: one draw of the stream. Source: Walker, ACM TOMS 3 (1977).
  double draw(RandomStream& stream) const {
    const std::uint64_t bits = stream.next();
    const auto scaled = static_cast<Int128>(bits) * static_cast<Int128>(columns_.size());
    const Column& column = columns_[static_cast<std::size_t>(scaled >> 64)];
    const double rest = static_cast<double>(static_cast<std::uint64_t>(scaled) >> 11) * 0x1p-53;
    return rest < column.split ? column.low + rest * column.slope
                               : column.other_low + (rest - column.split) * column.other_slope;
  }
  const std::vector<Stretch>& stretches() const { return stretches_; }

 private:
  struct Column {
    double split, low, slope, other_low, other_slope;
  };
  void build_columns();

  std::vector<Stretch> stretches_;
  std::vector<Column> columns_;
};

// One-way delays of an idle cell when packets arrive at any time, in ticks. What a packet meets depends only on the
// slot that its arrival makes it wait for, so each slot of the calendar's period and each number of lost transmissions
// gives one uniform stretch of one slot's width: an exact form, not a sample.
DelayDistribution downlink_delays(const SlotCalendar& calendar, const Retransmissions& errors);
DelayDistribution uplink_delays(const SlotCalendar& calendar, const Retransmissions& errors);

/// Where the mean delay of one way goes, in ticks; the parts add up to the mean of the distribution.
struct MeanParts {
  double sender = 0;   ///< its stack
  double request = 0;  ///< scheduling request
  double report = 0;   ///< buffer status report
  double data = 0;     ///< grant and first transmission
  double repeats = 0;
  double receiver = 0;  ///< its stack

  double total() const { return sender + request + report + data + repeats + receiver; }
};
MeanParts downlink_parts(const SlotCalendar& calendar, const Retransmissions& errors);
MeanParts uplink_parts(const SlotCalendar& calendar, const Retransmissions& errors);

}  // namespace orrery
