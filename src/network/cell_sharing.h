#pragma once

#include <cstdint>
#include <vector>

#include "orrery/network/radio_cell.h"

namespace orrery {

/// A bulk transfer to a user of a cell: a photo, a file, a film.
struct CellTransfer {
  Seconds start;
  Bytes bytes;
  int cqi = 0;  ///< of its user, over the whole transfer
};

// How long transfers take that share a cell downlink, by two views of the same rules: users under way get equal shares
// of the slots (what proportional fair scheduling gives in the long run), each at the rate of its channel quality times
// the gain of so many users, and others have filled `load` of the slots. Transfers come in the order of their starts;
// the result is in their order. Pre: starts ascend, bytes > 0, cell.carries_data(), 0 <= load < 1.

/// Slot by slot: blocks of a slot are split among the users under way, the odd ones go round, and each share carries
/// what its transport block holds. Idle stretches are skipped.
std::vector<Seconds> transfer_times_by_slots(const RadioCell& cell, const std::vector<CellTransfer>& transfers,
                                             double load, std::uint64_t seed);
/// Processor sharing of air time: no slots, log2(transfers) steps for each.
/// Source: Kleinrock, "Queueing Systems", vol. 2 (1976), section 4.4.
/// Valid: transfers of many slots; shorter ones wait for their slot, which this view does not see.
std::vector<Seconds> transfer_times_by_sharing(const RadioCell& cell, const std::vector<CellTransfer>& transfers,
                                               double load);

/// Mean time of a transfer when the gain of many users is left out: its own time alone over the share of the cell that
/// is free. Pre: rho < 1, with the background load. Source: as above, egalitarian processor sharing.
constexpr Seconds mean_sharing_time(Seconds alone, double rho) { return alone / (1 - rho); }

/// Transfers of one size that start at random, users of the cell's mix of channel qualities.
std::vector<CellTransfer> random_transfers(const RadioCell& cell, std::int64_t count, Bytes bytes, Hertz rate,
                                           std::uint64_t seed);
/// The share of the cell that such transfers take one after the other, without background load.
double transfer_load(const RadioCell& cell, Bytes bytes, Hertz rate);

}  // namespace orrery
