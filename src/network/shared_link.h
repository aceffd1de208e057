#pragma once

#include <cstdint>
#include <vector>

#include "orrery/base/quantity.h"
#include "orrery/base/sim_time.h"

namespace orrery {

/// A path whose transfers share its bandwidth in equal parts, as flows of equal round trip do: processor sharing.
/// With n transfers under way each gets the n-th part of the capacity, but no more than one may take.
///
/// All transfers progress alike, so only one figure grows, what each would have been served since the path was last
/// idle; a transfer ends when it has grown by its own bytes. Starting and ending cost log2(transfers).
/// Ends are rounded up to whole picoseconds. Not modelled: slow start, incast losses, priorities.
/// Source: Kleinrock, "Queueing Systems", vol. 2 (1976), section 4.4, egalitarian processor sharing.
class SharedLink {
 public:
  /// Bandwidth of all transfers together, and the most that one alone can take. Pre: both > 0.
  SharedLink(BytesPerSecond capacity, BytesPerSecond most_of_one);

  /// A transfer of `bytes` > 0 starts. Pre: `now` is not before any earlier call, nor after next_end().
  void start(std::uint32_t transfer, SimTime now, Bytes bytes);
  /// When the next transfer ends; never() without any.
  SimTime next_end() const { return next_end_; }
  /// Ends that transfer, at next_end(); of several, the one that started first. Returns its number.
  std::uint32_t end_next();

  std::size_t under_way() const { return flows_.size(); }
  /// Bytes of the transfers that have ended.
  Bytes ended_bytes() const { return Bytes(ended_bytes_); }
  /// The integral of the rate over time: what has flowed, with the parts of transfers under way.
  Bytes flowed_bytes() const { return Bytes(flowed_bytes_); }
  /// With at least one transfer under way.
  SimTime busy() const { return SimTime(busy_ps_); }

 private:
  struct Flow {
    double end;  ///< of `served_`
    std::uint64_t number;
    std::uint32_t transfer;
    double bytes;
  };
  static bool later(const Flow& a, const Flow& b) { return a.end != b.end ? a.end > b.end : a.number > b.number; }

  /// Bytes per picosecond of each transfer.
  double rate() const;
  void serve_until(std::int64_t now);
  void plan_next_end();

  double capacity_;
  double most_of_one_;
  std::vector<Flow> flows_;  ///< a heap
  double served_ = 0;        ///< bytes of each transfer since the path was idle
  std::int64_t now_ps_ = 0;
  SimTime next_end_ = SimTime::never();
  std::uint64_t started_ = 0;
  double ended_bytes_ = 0;
  double flowed_bytes_ = 0;
  std::int64_t busy_ps_ = 0;
};

}  // namespace orrery
