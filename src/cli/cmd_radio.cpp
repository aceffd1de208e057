#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "orrery/base/json_writer.h"
#include "orrery/base/nearest_name.h"
#include "orrery/base/percentiles.h"
#include "orrery/base/unit.h"
#include "orrery/cli/command.h"
#include "orrery/cli/program.h"
#include "orrery/cli/radio_sharing.h"
#include "orrery/network/radio_pings.h"
#include "orrery/report/provenance_text.h"

namespace orrery {
namespace {

constexpr std::int64_t kMostUsers = 100'000;
constexpr std::int64_t kMostPackets = 100'000'000;
constexpr double kMostLoad = 0.95;        // beyond it, what others do is all that counts
constexpr double kMostControlUse = 0.95;  // beyond it, queues grow for longer than a run lasts
constexpr double kMostBulkUse = 0.95;     // as well
constexpr std::int64_t kBulkTransfers = 20'000;
constexpr double kMegabit = 1e6 / 8;

/// The command line, apart from the cell.
struct RadioRequest {
  PingQuestion pings;
  std::optional<Grant> grant;
  std::optional<Seconds> sr_period;
  std::optional<std::int64_t> pdcch_per_slot;
  std::optional<BulkQuestion> bulk;
  bool streams = false;
};

Result<std::int64_t> whole(const Arguments& arguments, std::string_view option, std::int64_t absent,
                           std::int64_t most) {
  const auto text = arguments.get(option);
  if (!text) return absent;
  const auto value = parse_unsigned(*text);
  if (!value || *value == 0 || *value > static_cast<unsigned long long>(most)) {
    return failure(fmt::format("{}: '{}' is not a whole number from 1 to {}", option, *text, most));
  }
  return static_cast<std::int64_t>(*value);
}

Result<Seconds> duration(std::string_view option, const std::string& text) {
  const auto value = parse_quantity(text, dimension_of(Seconds()));
  if (!value) return failure(fmt::format("{}: {}", option, value.error().message));
  if (!(*value > 0)) return failure(fmt::format("{}: '{}' is no time above 0", option, text));
  return Seconds(*value);
}

Result<Grant> grant_of(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& row : EnumNames<Grant>::kRows) {
    if (row.name == text) return row.value;
    names.emplace_back(row.name);
  }
  const std::string nearest = did_you_mean(text, names);
  return failure(fmt::format("--grant: there is no '{}' ({})", text,
                             nearest.empty() ? fmt::format("{}", fmt::join(names, ", ")) : nearest));
}

/// The bulk transfers of the command line, if any.
Result<std::optional<BulkQuestion>> bulk_of(const Arguments& arguments, const PingQuestion& pings) {
  const auto size = arguments.get("--bulk");
  const auto rate = arguments.get("--bulk-rate");
  if (!size && !rate) return std::nullopt;
  if (!size || !rate) return failure("--bulk and --bulk-rate come together");
  const auto bytes = parse_quantity(*size, dimension_of(Bytes()));
  if (!bytes) return failure("--bulk: " + bytes.error().message);
  const auto often = parse_quantity(*rate, dimension_of(Hertz()));
  if (!often) return failure("--bulk-rate: " + often.error().message);
  if (!(*bytes >= 1) || !(*often > 0)) return failure("--bulk and --bulk-rate are above 0");
  return BulkQuestion{Bytes(*bytes), Hertz(*often), kBulkTransfers, pings.load, pings.seed};
}

Result<RadioRequest> read_request(const Arguments& arguments) {
  RadioRequest request;
  const auto users = whole(arguments, "--users", 1, kMostUsers);
  if (!users) return failure(users.error());
  const auto packets = whole(arguments, "--packets", 1'000'000, kMostPackets);
  if (!packets) return failure(packets.error());
  request.pings.users = *users;
  request.pings.packets = *packets;
  if (const auto text = arguments.get("--gap")) {
    const auto gap = duration("--gap", *text);
    if (!gap) return failure(gap.error());
    request.pings.gap = *gap;
  }
  if (const auto text = arguments.get("--load")) {
    const auto load = parse_number(*text);
    if (!load || *load < 0 || *load > kMostLoad) {
      return failure(fmt::format("--load: '{}' is no share from 0 to {}", *text, kMostLoad));
    }
    request.pings.load = *load;
  }
  if (const auto text = arguments.get("--seed")) {
    const auto seed = parse_unsigned(*text);
    if (!seed) return failure("--seed: " + seed.error());
    request.pings.seed = *seed;
  }
  if (const auto text = arguments.get("--grant")) {
    const auto grant = grant_of(*text);
    if (!grant) return failure(grant.error());
    request.grant = *grant;
  }
  if (const auto text = arguments.get("--sr-period")) {
    const auto period = duration("--sr-period", *text);
    if (!period) return failure(period.error());
    request.sr_period = *period;
  }
  if (arguments.has("--pdcch")) {
    const auto entries = whole(arguments, "--pdcch", 1, 1000);
    if (!entries) return failure(entries.error());
    request.pdcch_per_slot = *entries;
  }
  const auto bulk = bulk_of(arguments, request.pings);
  if (!bulk) return failure(bulk.error());
  request.bulk = *bulk;
  request.streams = arguments.has("--streams");
  return request;
}

/// One kind of delay, in ms.
struct DelayRow {
  std::string_view name;
  double mean, p50, p90, p95, p99;
};

DelayRow summary(std::string_view name, std::vector<double>& ticks) {
  const double mean = std::accumulate(ticks.begin(), ticks.end(), 0.0) / static_cast<double>(ticks.size());
  Percentiles percentiles(ticks);
  const auto at = [&](double fraction) { return milliseconds(percentiles.at(fraction)); };
  const double p50 = at(0.5);
  const double p90 = at(0.9);
  const double p95 = at(0.95);
  return {name, milliseconds(mean), p50, p90, p95, at(0.99)};
}

/// A part of the mean delay of one way, in ms.
struct PartRow {
  std::string_view name;
  double up;
  double down;
};

std::vector<PartRow> parts_of(const PingDelays& delays, std::int64_t packets) {
  const auto mean = [&](RadioTicks sum) {
    return milliseconds(static_cast<double>(sum) / static_cast<double>(packets));
  };
  const PacketTimes& up = delays.up_sums;
  const PacketTimes& down = delays.down_sums;
  return {{"sender's stack", mean(up.processed), mean(down.processed)},
          {"scheduling request", mean(up.requested - up.processed), mean(down.requested - down.processed)},
          {"buffer status report", mean(up.reported - up.requested), mean(down.reported - down.requested)},
          {"grant and data", mean(up.first_sent - up.reported), mean(down.first_sent - down.reported)},
          {"repeats", mean(up.last_sent - up.first_sent), mean(down.last_sent - down.first_sent)},
          {"receiver's stack", mean(up.done - up.last_sent), mean(down.done - down.last_sent)}};
}

/// Everything that is printed.
struct RadioAnswer {
  std::vector<DelayRow> delays;
  std::vector<PartRow> parts;
  std::vector<double> round_trips;  ///< ticks
  double control_use = 0;
  double core_ms = 0;
};

RadioAnswer answer(const RadioCell& cell, const RadioRecord& record, const PingQuestion& question) {
  PingDelays delays = carry_pings(cell, question);
  RadioAnswer result;
  result.parts = parts_of(delays, question.packets);
  result.control_use = control_use(cell, question);
  result.core_ms = record.core_round_trip.value.si() * 1e3;
  result.delays = {summary("up", delays.up), summary("down", delays.down), summary("round trip", delays.round_trip)};
  DelayRow with_core = result.delays.back();
  with_core.name = "with core";
  for (double* figure : {&with_core.mean, &with_core.p50, &with_core.p90, &with_core.p95, &with_core.p99}) {
    *figure += result.core_ms;
  }
  result.delays.push_back(with_core);
  result.round_trips = std::move(delays.round_trip);
  return result;
}

std::string ms_text(double ms) { return fmt::format("{:.2f}", ms); }
std::string rate_text(BytesPerSecond rate) { return fmt::format("{:.1f}", rate.si() / kMegabit); }

std::string head_text(const RadioCell& cell, const RadioRecord& record, const PingQuestion& question) {
  const RadioTiming& timing = cell.calendar().timing();
  const std::string pattern = record.tdd ? record.tdd->value : std::string(enum_name(record.duplexing));
  std::string text = fmt::format("{}: {:g} MHz", record.header.name, record.bandwidth.value.si() / 1e6);
  if (cell.carries_data()) text += fmt::format(" of {} resource blocks", cell.resource_blocks());
  text += fmt::format(", {}, slots of {:g} ms\n", pattern, milliseconds(static_cast<double>(timing.pattern.slot())));
  text += fmt::format("Grant: {}", enum_name(timing.grant));
  if (timing.grant == Grant::sr || timing.grant == Grant::sr_bsr) {
    text += fmt::format(", a request every {:g} ms", record.sr_period.value.si() * 1e3);
  }
  return text + fmt::format("; {} user{}, {:g} % of slots filled by others, {} packets, seed {}\n\n", question.users,
                            question.users == 1 ? "" : "s", 100 * question.load, question.packets, question.seed);
}

std::string rates_text(const RadioCell& cell, const RadioRecord& record, const TextStyle& style) {
  TextTable table({"Mbit/s", "down", "up"});
  if (cell.carries_data()) {
    table.add(
        {"peak by TS 38.306", rate_text(cell.peak(Direction::downlink)), rate_text(cell.peak(Direction::uplink))});
    table.add({"every slot full", rate_text(cell.highest_rate(Direction::downlink)),
               rate_text(cell.highest_rate(Direction::uplink))});
    for (const auto& quality : cell.qualities()) {
      table.add({fmt::format("one user at CQI {}", quality.cqi), rate_text(cell.rate_at_quality(quality.cqi)), "-"});
    }
  }
  const auto measured = [](const auto& rate) { return rate ? rate_text(rate->value) : std::string("-"); };
  if (record.measured && (record.measured->downlink || record.measured->uplink)) {
    table.add({"measured mean", measured(record.measured->downlink), measured(record.measured->uplink)});
  }
  return table.render(style) + "\n";
}

std::string delays_text(const RadioAnswer& given, const RadioRecord& record, const TextStyle& style) {
  TextTable table({"ms", "mean", "p50", "p90", "p95", "p99"});
  for (const DelayRow& row : given.delays) {
    table.add({std::string(row.name), ms_text(row.mean), ms_text(row.p50), ms_text(row.p90), ms_text(row.p95),
               ms_text(row.p99)});
  }
  std::string text = table.render(style);
  if (record.measured && record.measured->round_trip) {
    const double measured = record.measured->round_trip->value.si() * 1e3;
    text += fmt::format("Measured mean round trip: {:.2f} ms; computed with core {:+.1f} %\n", measured,
                        100 * (given.delays.back().mean / measured - 1));
  }
  TextTable parts({"part of the mean, ms", "up", "down"});
  for (const PartRow& row : given.parts) parts.add({std::string(row.name), ms_text(row.up), ms_text(row.down)});
  return text + "\n" + parts.render(style) +
         fmt::format("Control channel: {:.2g} % of its entries taken\n\n", 100 * given.control_use);
}

/// Shares of round trips in steps, up to what nearly all stay below.
std::string picture(const RadioAnswer& given, const TextStyle& style) {
  constexpr int kRows = 12;
  constexpr double kWidest = 50;
  const auto [lowest, highest] = std::minmax_element(given.round_trips.begin(), given.round_trips.end());
  const double low = std::floor(milliseconds(*lowest));
  const double high = std::min(milliseconds(*highest), given.delays[2].p99 * 1.1);
  const double step = std::max(1.0, std::ceil((high - low) / kRows));
  std::vector<double> shares(kRows + 1, 0);
  const double each = 1 / static_cast<double>(given.round_trips.size());
  for (const double ticks : given.round_trips) {
    shares[static_cast<std::size_t>(std::min<double>(kRows, (milliseconds(ticks) - low) / step))] += each;
  }
  const double largest = *std::max_element(shares.begin(), shares.end());
  std::string text = "Round trips by length, without core\n";
  double sum = 0;
  for (int row = 0; row <= kRows; ++row) {
    const double share = shares[static_cast<std::size_t>(row)];
    sum += share;
    const auto length = static_cast<std::size_t>(std::lround(kWidest * share / largest));
    std::string bar;
    for (std::size_t i = 0; i < length; ++i) bar += style.unicode ? "\u2588" : "#";
    const std::string bounds = row == kRows ? fmt::format("{:g} ms and more", low + row * step)
                                            : fmt::format("{:g} to {:g} ms", low + row * step, low + (row + 1) * step);
    text += fmt::format("{:>15}  {:5.1f} %  {:5.1f} %  {}\n", bounds, 100 * share, 100 * sum, bar);
    if (sum > 1 - each / 2) break;
  }
  return text + "\n";
}

void write_rates(JsonWriter& json, const RadioCell& cell) {
  json.key("rates_Mbit_per_s");
  json.begin_object();
  json.field("peak_downlink", cell.peak(Direction::downlink).si() / kMegabit);
  json.field("peak_uplink", cell.peak(Direction::uplink).si() / kMegabit);
  json.field("full_downlink", cell.highest_rate(Direction::downlink).si() / kMegabit);
  json.field("full_uplink", cell.highest_rate(Direction::uplink).si() / kMegabit);
  for (const auto& quality : cell.qualities()) {
    json.field(fmt::format("downlink_at_cqi_{}", quality.cqi), cell.rate_at_quality(quality.cqi).si() / kMegabit);
  }
  json.end_object();
}

std::string json_of(const RadioAnswer& given, const RadioCell& cell, const RadioRecord& record,
                    const RadioRequest& request, const std::optional<BulkAnswer>& bulk,
                    std::span<const ProvenanceItem> provenance) {
  const PingQuestion& question = request.pings;
  JsonWriter json;
  json.begin_object();
  json.field("schema_version", 1);
  json.field("cell", record.header.id);
  json.field("grant", enum_name(cell.calendar().timing().grant));
  json.field("sr_period_ms", record.sr_period.value.si() * 1e3);
  json.field("users", question.users);
  json.field("gap_s", question.gap.si());
  json.field("load", question.load);
  json.field("packets", question.packets);
  json.field("seed", question.seed);
  if (cell.carries_data()) write_rates(json, cell);
  json.key("delays_ms");
  json.begin_object();
  for (const DelayRow& row : given.delays) {
    std::string name(row.name);
    std::replace(name.begin(), name.end(), ' ', '_');
    json.key(name);
    json.begin_object();
    json.field("mean", row.mean);
    json.field("p50", row.p50);
    json.field("p90", row.p90);
    json.field("p95", row.p95);
    json.field("p99", row.p99);
    json.end_object();
  }
  json.end_object();
  json.key("parts_of_mean_ms");
  json.begin_array();
  for (const PartRow& row : given.parts) {
    json.begin_object();
    json.field("part", row.name);
    json.field("up", row.up);
    json.field("down", row.down);
    json.end_object();
  }
  json.end_array();
  json.field("control_use", given.control_use);
  if (request.streams) streams_json(json, cell, question.seed);
  if (bulk) bulk_json(json, *bulk);
  if (record.measured && record.measured->round_trip) {
    json.field("measured_round_trip_ms", record.measured->round_trip->value.si() * 1e3);
  }
  write_weak_numbers(json, provenance);
  json.end_object();
  return json.text();
}

}  // namespace

int command_radio(const Arguments& arguments, Program& program) {
  const auto request = read_request(arguments);
  if (!request) return program.refuse(request.error());
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const std::string id = *arguments.get("CELL");
  if (!catalog->contains("radio", id)) {
    const std::string nearest = did_you_mean(id, catalog->ids("radio"));
    return program.refuse(fmt::format("there is no radio '{}'", id),
                          nearest.empty() ? "`orrery list radio` prints the ids" : nearest);
  }
  Diagnostics diagnostics;
  auto entry = catalog->load<RadioRecord>(AnyReference{id, {}}, diagnostics);
  if (!entry) return program.report(diagnostics, false);
  RadioRecord& record = entry->record;
  if (request->grant) record.grant.value = *request->grant;
  if (request->sr_period) record.sr_period.value = *request->sr_period;
  if (request->pdcch_per_slot) record.pdcch_per_slot.value = *request->pdcch_per_slot;
  const auto cell = RadioCell::compile(record, diagnostics);
  if (!cell) return program.refuse(diagnostics.sorted().front().message);  // only the options can have done it
  const PingQuestion& question = request->pings;
  if (const double use = control_use(*cell, question); use > kMostControlUse) {
    return program.refuse(fmt::format("{} users take {:.0f} % of the control channel; a run needs {:.0f} % or less",
                                      question.users, 100 * use, 100 * kMostControlUse),
                          "fewer --users or a longer --gap");
  }
  std::optional<BulkAnswer> bulk;
  if (request->bulk) {
    if (!cell->carries_data()) return program.refuse(fmt::format("--bulk: block sizes of {} are not described", id));
    if (const double use = bulk_use(*cell, *request->bulk); use > kMostBulkUse) {
      return program.refuse(fmt::format("--bulk takes the cell to {:.0f} %; a run needs {:.0f} % or less", 100 * use,
                                        100 * kMostBulkUse));
    }
    bulk = carry_bulk(*cell, *request->bulk);
  }
  const RadioAnswer given = answer(*cell, record, question);
  if (arguments.has("--json")) {
    return program.print(json_of(given, *cell, record, *request, bulk, entry->provenance));
  }
  const TextStyle& style = program.surroundings().style;
  return program.print(
      head_text(*cell, record, question) + rates_text(*cell, record, style) + delays_text(given, record, style) +
      picture(given, style) + (request->streams ? streams_text(*cell, question.seed, style) : "") +
      (bulk ? bulk_text(*bulk, *request->bulk, style) : "") + weak_numbers_text(entry->provenance, style));
}

}  // namespace orrery
