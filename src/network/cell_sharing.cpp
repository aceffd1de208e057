#include "orrery/network/cell_sharing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <queue>

#include "orrery/base/random_stream.h"
#include "orrery/network/filled_slots.h"
#include "orrery/network/transport_block.h"

namespace orrery {
namespace {

constexpr double kBitsPerByte = 8;

/// Bits of one slot for a user of a quality who gets so many resource blocks, without the gain of many users.
class SlotBits {
 public:
  explicit SlotBits(const RadioCell& cell) : cell_(cell), kept_(kQualities * static_cast<std::size_t>(columns()), -1) {}

  std::int64_t of(std::int64_t slot, int cqi, int blocks) {
    const SlotPattern& pattern = cell_.calendar().timing().pattern;
    const std::int64_t position = slot % pattern.slots();
    const std::size_t index = static_cast<std::size_t>(cqi - 1) * static_cast<std::size_t>(columns()) +
                              static_cast<std::size_t>(position * (cell_.resource_blocks() + 1) + blocks);
    std::int64_t& bits = kept_[index];
    if (bits < 0) {
      const int elements = data_elements(pattern, slot, Direction::downlink, cell_.overhead());
      bits = transport_block_bits({elements, blocks,
                                   cqi_table(cell_.downlink_modulation())[static_cast<std::size_t>(cqi - 1)],
                                   cell_.downlink_layers()});
    }
    return bits;
  }

 private:
  static constexpr std::size_t kQualities = 15;
  std::int64_t columns() const { return cell_.calendar().timing().pattern.slots() * (cell_.resource_blocks() + 1); }

  const RadioCell& cell_;
  std::vector<std::int64_t> kept_;
};

}  // namespace

std::vector<Seconds> transfer_times_by_slots(const RadioCell& cell, const std::vector<CellTransfer>& transfers,
                                             double load, std::uint64_t seed) {
  struct Flow {
    std::size_t index;
    double bits;  ///< left
  };
  const SlotPattern& pattern = cell.calendar().timing().pattern;
  const FilledSlots filled(load, seed);
  SlotBits slot_bits(cell);
  std::vector<Seconds> times(transfers.size());
  std::vector<Flow> flows;
  std::size_t next = 0;
  for (std::int64_t slot = 0; next < transfers.size() || !flows.empty(); ++slot) {
    if (flows.empty()) slot = std::max(slot, pattern.slot_from(ticks_of(transfers[next].start)));
    slot = pattern.downlink_from(slot);
    for (; next < transfers.size() && ticks_of(transfers[next].start) <= pattern.start_of(slot); ++next) {
      flows.push_back({next, transfers[next].bytes.si() * kBitsPerByte});
    }
    if (filled.has(slot, Direction::downlink) || flows.empty()) continue;
    const auto users = static_cast<std::int64_t>(flows.size());
    const double gain = cell.multi_user_gain(static_cast<double>(users));
    const std::int64_t blocks = cell.resource_blocks() / users;
    const std::int64_t odd = cell.resource_blocks() % users;
    const SimTime end = sim_time_of(pattern.start_of(slot) + pattern.downlink_symbols(slot) * pattern.symbol());
    for (std::int64_t i = 0; i < users; ++i) {
      Flow& flow = flows[static_cast<std::size_t>((i + slot) % users)];  // the first ones get an odd block
      const auto share = static_cast<int>(blocks + (i < odd ? 1 : 0));
      flow.bits -= gain * static_cast<double>(slot_bits.of(slot, transfers[flow.index].cqi, share));
      if (flow.bits <= 0) times[flow.index] = end.seconds() - transfers[flow.index].start;
    }
    std::erase_if(flows, [](const Flow& flow) { return flow.bits <= 0; });
  }
  return times;
}

std::vector<Seconds> transfer_times_by_sharing(const RadioCell& cell, const std::vector<CellTransfer>& transfers,
                                               double load) {
  using Flow = std::pair<double, std::size_t>;  // the service at which it ends, and its number
  std::array<double, 15> rates{};
  for (int cqi = 1; cqi <= 15; ++cqi) rates[static_cast<std::size_t>(cqi - 1)] = cell.rate_at_quality(cqi).si();
  std::vector<Seconds> times(transfers.size());
  std::priority_queue<Flow, std::vector<Flow>, std::greater<>> flows;
  double now = 0;
  double served = 0;  // air time that each flow would have got since the beginning
  std::size_t next = 0;
  while (next < transfers.size() || !flows.empty()) {
    const auto users = static_cast<double>(flows.size());
    const double rate = flows.empty() ? 0 : cell.multi_user_gain(users) * (1 - load) / users;
    const double end = flows.empty() ? INFINITY : now + (flows.top().first - served) / rate;
    const double start = next < transfers.size() ? transfers[next].start.si() : INFINITY;
    const double until = std::min(start, end);
    served += rate * (until - now);
    now = until;
    if (end <= start) {
      const std::size_t index = flows.top().second;
      flows.pop();
      times[index] = Seconds(now) - transfers[index].start;
    } else {
      const CellTransfer& transfer = transfers[next];
      flows.push({served + transfer.bytes.si() / rates[static_cast<std::size_t>(transfer.cqi - 1)], next++});
    }
  }
  return times;
}

std::vector<CellTransfer> random_transfers(const RadioCell& cell, std::int64_t count, Bytes bytes, Hertz rate,
                                           std::uint64_t seed) {
  RandomStream starts(seed, "network", "transfer starts");
  RandomStream qualities(seed, "network", "transfer qualities");
  std::vector<CellTransfer> transfers;
  Seconds start;
  for (std::int64_t i = 0; i < count; ++i) {
    start += starts.exponential() / rate;
    double left = qualities.uniform();
    int cqi = cell.qualities().back().cqi;
    for (const auto& quality : cell.qualities()) {
      if (left < quality.share) {
        cqi = quality.cqi;
        break;
      }
      left -= quality.share;
    }
    transfers.push_back({start, bytes, cqi});
  }
  return transfers;
}

double transfer_load(const RadioCell& cell, Bytes bytes, Hertz rate) {
  Seconds air_time;
  for (const auto& quality : cell.qualities()) air_time += quality.share * (bytes / cell.rate_at_quality(quality.cqi));
  return air_time * rate;
}

}  // namespace orrery
