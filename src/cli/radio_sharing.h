#pragma once

#include <optional>
#include <string>

#include "orrery/base/json_writer.h"
#include "orrery/network/cell_sharing.h"
#include "orrery/network/control_channel.h"
#include "orrery/report/text_table.h"

namespace orrery {

/// Bulk transfers of one size that start at random in a cell.
struct BulkQuestion {
  Bytes bytes;
  Hertz rate;
  std::int64_t transfers = 0;
  double load = 0;
  std::uint64_t seed = 1;
};

/// The time of such transfers by both views, in ms.
struct BulkAnswer {
  double rho = 0;  ///< of the cell, background load included
  double slots_p50, slots_p95;
  double sharing_p50, sharing_p95;
};
/// Pre: bulk_use(...) < 1.
BulkAnswer carry_bulk(const RadioCell& cell, const BulkQuestion& question);
/// Of the cell: what the transfers take one after the other, and the background load.
double bulk_use(const RadioCell& cell, const BulkQuestion& question);

std::string bulk_text(const BulkAnswer& answer, const BulkQuestion& question, const TextStyle& style);
void bulk_json(JsonWriter& json, const BulkAnswer& answer);

/// Token streams that the control channel carries, by tokens of a packet: the limit, and what a run of the queue finds.
std::string streams_text(const RadioCell& cell, std::uint64_t seed, const TextStyle& style);
void streams_json(JsonWriter& json, const RadioCell& cell, std::uint64_t seed);

}  // namespace orrery
