#include "orrery/cli/radio_sharing.h"

#include <fmt/format.h>

#include <tuple>

#include "orrery/base/percentiles.h"
#include "orrery/base/unit.h"

namespace orrery {
namespace {

constexpr std::int64_t kStreamIntervals[] = {1, 4, 16};
constexpr double kTokensPerSecond = 20;  // of one stream: faster than people read
constexpr Seconds kRun(20);              // of the queue

std::pair<double, double> median_and_tail(const std::vector<Seconds>& times) {
  std::vector<double> ms;
  ms.reserve(times.size());
  for (const Seconds time : times) ms.push_back(time.si() * 1e3);
  Percentiles percentiles(ms);
  const double p50 = percentiles.at(0.5);
  return {p50, percentiles.at(0.95)};
}

/// One row of the streams.
struct StreamRow {
  StreamLoad load;
  double limit;
  std::int64_t steady;
};

std::vector<StreamRow> stream_rows(const RadioCell& cell, std::uint64_t seed) {
  std::vector<StreamRow> rows;
  for (const bool acknowledged : {false, true}) {
    for (const std::int64_t interval : kStreamIntervals) {
      const StreamLoad load{kTokensPerSecond, interval, acknowledged};
      rows.push_back({load, streams_at_control_limit(cell, load), steady_streams(cell, load, kRun, seed)});
    }
  }
  return rows;
}

}  // namespace

double bulk_use(const RadioCell& cell, const BulkQuestion& question) {
  return transfer_load(cell, question.bytes, question.rate) + question.load;
}

BulkAnswer carry_bulk(const RadioCell& cell, const BulkQuestion& question) {
  const auto transfers = random_transfers(cell, question.transfers, question.bytes, question.rate, question.seed);
  BulkAnswer answer{};
  answer.rho = bulk_use(cell, question);
  std::tie(answer.slots_p50, answer.slots_p95) =
      median_and_tail(transfer_times_by_slots(cell, transfers, question.load, question.seed));
  std::tie(answer.sharing_p50, answer.sharing_p95) =
      median_and_tail(transfer_times_by_sharing(cell, transfers, question.load));
  return answer;
}

std::string bulk_text(const BulkAnswer& answer, const BulkQuestion& question, const TextStyle& style) {
  TextTable table({fmt::format("{} transfers of {}, {:g}/s, ms", question.transfers, to_text(question.bytes, 3),
                               question.rate.si()),
                   "p50", "p95"});
  table.add({"slot by slot", fmt::format("{:.2f}", answer.slots_p50), fmt::format("{:.2f}", answer.slots_p95)});
  table.add(
      {"processor sharing", fmt::format("{:.2f}", answer.sharing_p50), fmt::format("{:.2f}", answer.sharing_p95)});
  table.add({"difference", fmt::format("{:+.1f} %", 100 * (answer.sharing_p50 / answer.slots_p50 - 1)),
             fmt::format("{:+.1f} %", 100 * (answer.sharing_p95 / answer.slots_p95 - 1))});
  return table.render(style) +
         fmt::format("The cell is {:.0f} % busy, without the gain of many users\n\n", 100 * answer.rho);
}

void bulk_json(JsonWriter& json, const BulkAnswer& answer) {
  json.key("bulk_ms");
  json.begin_object();
  json.field("cell_use", answer.rho);
  json.field("slots_p50", answer.slots_p50);
  json.field("slots_p95", answer.slots_p95);
  json.field("sharing_p50", answer.sharing_p50);
  json.field("sharing_p95", answer.sharing_p95);
  json.end_object();
}

std::string streams_text(const RadioCell& cell, std::uint64_t seed, const TextStyle& style) {
  TextTable table(
      {"tokens of a packet", "streams at the control limit", "in a run of the queue", "token/s of the cell"});
  for (const StreamRow& row : stream_rows(cell, seed)) {
    table.add({fmt::format("{}{}", row.load.stream_interval, row.load.acknowledged ? ", acknowledged" : ""),
               fmt::format("{:.0f}", row.limit), std::to_string(row.steady),
               fmt::format("{:.0f}", static_cast<double>(row.steady) * row.load.tokens_per_second)});
  }
  return table.render(style) + fmt::format("Streams of {:g} token/s, {} entries a slot, {:g} slots/s for control\n\n",
                                           kTokensPerSecond, cell.pdcch_per_slot(), cell.control_slots_per_second());
}

void streams_json(JsonWriter& json, const RadioCell& cell, std::uint64_t seed) {
  json.key("streams");
  json.begin_array();
  for (const StreamRow& row : stream_rows(cell, seed)) {
    json.begin_object();
    json.field("tokens_per_s", row.load.tokens_per_second);
    json.field("stream_interval", row.load.stream_interval);
    json.field("acknowledged", row.load.acknowledged);
    json.field("streams_at_control_limit", row.limit);
    json.field("streams_in_run", row.steady);
    json.end_object();
  }
  json.end_array();
}

}  // namespace orrery
