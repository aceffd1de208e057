#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "orrery/base/json_writer.h"
#include "orrery/base/nearest_name.h"
#include "orrery/base/unit.h"
#include "orrery/cli/command.h"
#include "orrery/cli/program.h"
#include "orrery/network/access_record.h"
#include "orrery/network/network_budget.h"
#include "orrery/network/wan.h"
#include "orrery/report/provenance_text.h"
#include "orrery/scenario/radio_access.h"

namespace orrery {
namespace {

constexpr double kMostTokens = 1e9;
constexpr Bytes kLargestRequest{1e10};

double ms(Seconds time) { return time.si() * 1e3; }
std::string ms_text(Seconds time) { return fmt::format("{:.2f}", ms(time)); }

/// Entries and numbers of the command line; the first problem is kept.
class WanDesk {
 public:
  WanDesk(const Arguments& arguments, const Catalog& catalog, Diagnostics& diagnostics)
      : arguments_(arguments), catalog_(catalog), diagnostics_(diagnostics) {}

  const std::optional<std::string>& problem() const { return problem_; }
  const Catalog& catalog() const { return catalog_; }
  std::vector<ProvenanceItem>& provenance() { return provenance_; }
  bool is_good() const { return !problem_ && !diagnostics_.has_errors(); }

  template <class R>
  std::optional<R> load(std::string_view kind, const std::string& id) {
    if (!catalog_.contains(kind, id)) {
      const std::string nearest = did_you_mean(id, catalog_.ids(kind));
      fail(fmt::format("there is no {} '{}' ({})", kind, id,
                       nearest.empty() ? fmt::format("`orrery list {}` prints the ids", kind) : nearest));
      return std::nullopt;
    }
    auto entry = catalog_.load<R>(AnyReference{id, {}}, diagnostics_);
    if (!entry) return std::nullopt;
    provenance_.insert(provenance_.end(), entry->provenance.begin(), entry->provenance.end());
    return std::move(entry->record);
  }
  /// The entry of an option; the only one of its kind where the option is absent.
  template <class R>
  std::optional<R> load_option(std::string_view kind, std::string_view option) {
    if (const auto id = arguments_.get(option)) return load<R>(kind, *id);
    const std::vector<std::string> ids = catalog_.ids(kind);
    if (ids.size() == 1) return load<R>(kind, ids.front());
    fail(fmt::format("the catalog has {} entries of kind {}: name one with {}", ids.size(), kind, option));
    return std::nullopt;
  }
  template <int... E>
  std::optional<Quantity<E...>> quantity(std::string_view option, Quantity<E...> /*like*/) {
    const auto text = arguments_.get(option);
    if (!text) return std::nullopt;
    const auto value = parse_quantity(*text, Dimension{E...});
    if (!value) {
      fail(fmt::format("{}: {}", option, value.error().message));
    } else if (!(*value > 0)) {
      fail(fmt::format("{}: '{}' is not above 0", option, *text));
    } else {
      return Quantity<E...>(*value);
    }
    return std::nullopt;
  }
  std::optional<std::int64_t> count(std::string_view option) {
    const auto text = arguments_.get(option);
    if (!text) return std::nullopt;
    const auto value = parse_unsigned(*text);
    if (value && *value > 0 && static_cast<double>(*value) <= kMostTokens) return static_cast<std::int64_t>(*value);
    fail(fmt::format("{}: '{}' is not a whole number from 1 to {:g}", option, *text, kMostTokens));
    return std::nullopt;
  }
  bool has(std::string_view option) const { return arguments_.has(option); }
  std::optional<std::string> get(std::string_view option) const { return arguments_.get(option); }
  void fail(std::string problem) {
    if (!problem_) problem_ = std::move(problem);
  }

 private:
  const Arguments& arguments_;
  const Catalog& catalog_;
  Diagnostics& diagnostics_;
  std::vector<ProvenanceItem> provenance_;
  std::optional<std::string> problem_;
};

/// The path of a request from a user over an access network and the WAN.
struct Journey {
  std::string access;  ///< name
  NetworkBudget budget;
  std::optional<TokenStream> stream;
  JoulesPerByte energy_per_byte;  ///< of all links
  DollarsPerByte price_per_byte;
};

/// A user in a cell.
void take_cell(WanDesk& desk, const std::string& id, Diagnostics& diagnostics, Journey& journey, PathRequest& path) {
  const auto record = desk.load<RadioRecord>("radio", id);
  if (!record) return;
  const auto given = radio_access(*record, desk.catalog(), desk.provenance(), diagnostics);
  if (!given) return;
  if (!given->uplink) return desk.fail(fmt::format("{} has neither block sizes nor a measured uplink", id));
  const RadioCell& cell = given->cell;
  path.access_up = radio_stages(uplink_parts(cell.calendar(), cell.errors()), "up");
  path.access_down = radio_stages(downlink_parts(cell.calendar(), cell.errors()), "down");
  path.core = record->core_round_trip.value;
  path.uplink = *given->uplink;
  if (const auto quiet = desk.quantity("--quiet", Seconds())) {
    path.before = state_delay(*record, given->anchor, *quiet, Direction::uplink);
  }
  if (const auto thinking = desk.quantity("--server-time", Seconds())) {
    path.answering = state_delay(*record, given->anchor, *thinking, Direction::downlink);
  }
  journey.access = record->header.name;
  journey.energy_per_byte = journey.energy_per_byte + record->energy_per_byte.value;
}

/// A user at home.
void take_access(WanDesk& desk, const std::string& id, Journey& journey, PathRequest& path) {
  const auto record = desk.load<AccessRecord>("access", id);
  if (!record) return;
  const Seconds way = round_trips(*record).mean() / 2;
  path.access_up = {{"access up", way}};
  path.access_down = {{"access down", way}};
  path.uplink = record->uplink.value;
  journey.access = record->header.name;
  journey.energy_per_byte = journey.energy_per_byte + record->energy_per_byte.value;
}

std::optional<Journey> travel(WanDesk& desk, const Wan& wan, const WanRecord& record, Seconds p95,
                              Diagnostics& diagnostics) {
  const auto cell = desk.get("--cell");
  const auto access = desk.get("--access");
  if (!cell && !access) {
    for (const char* option : {"--request", "--tokens", "--stream-interval", "--quiet", "--server-time", "--new"}) {
      if (desk.has(option)) desk.fail(fmt::format("{} belongs to a user: --cell or --access says where", option));
    }
    return std::nullopt;
  }
  if (cell && access) return desk.fail("a user is in a cell or at home: --cell or --access, not both"), std::nullopt;
  if (access && (desk.has("--quiet") || desk.has("--server-time"))) {
    return desk.fail("--quiet and --server-time are of users in a cell, who sleep"), std::nullopt;
  }
  Journey journey;
  PathRequest path;
  path.wan = wan.round_trips(p95).mean();
  path.new_connection = desk.has("--new");
  const auto request = desk.quantity("--request", Bytes());
  if (!request) return desk.fail("a user needs --request, as in '6 kB'"), std::nullopt;
  if (*request > kLargestRequest) return desk.fail("--request is at most 10 GB"), std::nullopt;
  path.request = *request;
  const auto transport = desk.load_option<TransportRecord>("transport", "--transport");
  journey.energy_per_byte = record.energy_per_byte.value;
  journey.price_per_byte = record.price_per_byte.value;
  if (cell) take_cell(desk, *cell, diagnostics, journey, path);
  if (access) take_access(desk, *access, journey, path);
  if (!desk.is_good() || !transport) return std::nullopt;
  journey.budget = time_to_first_token(*transport, path);
  if (const auto tokens = desk.count("--tokens")) {
    const auto interval = desk.count("--stream-interval").value_or(1);
    journey.stream = token_stream(*transport, *tokens, interval);
  }
  return journey;
}

std::string journey_text(const Journey& journey, const TextStyle& style) {
  std::string text = fmt::format("\n{}: time to first token without the server's own\n", journey.access);
  TextTable table({"part", "ms"});
  for (const auto& part : journey.budget.parts) {
    if (part.time > SimTime(0)) table.add({std::string(part.name), ms_text(part.time.seconds())});
  }
  table.add({"total", ms_text(journey.budget.total().seconds())});
  text += table.render(style);
  if (journey.stream) {
    const Bytes bytes = journey.stream->bytes;
    text += fmt::format("Answer: {} packets, {}, {:.3g} USD between regions, {:.3g} mJ on all links\n",
                        journey.stream->packets, to_text(bytes, 4), (bytes * journey.price_per_byte).si(),
                        (bytes * journey.energy_per_byte).si() * 1e3);
  }
  return text;
}

void journey_json(JsonWriter& json, const Journey& journey) {
  json.field("access", journey.access);
  json.key("network_ttft_parts_ps");
  json.begin_array();
  for (const auto& part : journey.budget.parts) {
    json.begin_object();
    json.field("part", part.name);
    json.field("ps", part.time.ps());
    json.end_object();
  }
  json.end_array();
  json.field("network_ttft_ps", journey.budget.total().ps());
  if (!journey.stream) return;
  json.field("stream_packets", journey.stream->packets);
  json.field("stream_bytes", journey.stream->bytes.si());
  json.field("stream_price_usd", (journey.stream->bytes * journey.price_per_byte).si());
  json.field("stream_energy_J", (journey.stream->bytes * journey.energy_per_byte).si());
}

std::string matrix_text(const Wan& wan, const WanRecord& record, const TextStyle& style) {
  std::vector<std::string> head{"to, ms"};
  for (const auto& row : record.round_trips) head.push_back(row.name);
  TextTable table(head);
  for (const std::string& to : wan.regions()) {
    std::vector<std::string> cells{to};
    for (const auto& row : record.round_trips) {
      const auto found = wan.round_trip_p95(row.name, to);
      cells.push_back(found ? fmt::format("{:g}", ms(*found)) : "-");
    }
    table.add(std::move(cells));
  }
  std::string text = table.render(style) + "95th percentiles of round trips, from the region above to the one beside\n";
  const auto detours = wan.detours();
  if (!detours.empty())
    text += colored("Shorter over a third region, as measured on different paths", TextColor::yellow, style) + "\n";
  for (const Wan::Detour& detour : detours) {
    text += fmt::format("  {} to {}: {:g} ms, over {} {:g} ms\n", detour.from, detour.to, ms(detour.direct), detour.via,
                        ms(detour.over_via));
  }
  return text;
}

std::string matrix_json(const WanRecord& record, const Wan& wan, std::span<const ProvenanceItem> provenance) {
  JsonWriter json;
  json.begin_object();
  json.field("schema_version", 1);
  json.field("table", record.header.id);
  json.key("round_trip_p95_ms");
  json.begin_object();
  for (const auto& row : record.round_trips) {
    json.key(row.name);
    json.begin_object();
    for (const auto& end : row.value.p95) json.field(end.name, ms(end.value.value));
    json.end_object();
  }
  json.end_object();
  json.field("detours", wan.detours().size());
  write_weak_numbers(json, provenance);
  json.end_object();
  return json.text();
}

int print_pair(WanDesk& desk, const WanRecord& record, const Wan& wan, Program& program, Diagnostics& diagnostics) {
  const std::string from = *desk.get("FROM");
  const std::string to = *desk.get("TO");
  const auto p95 = wan.round_trip_p95(from, to);
  if (!p95) return program.refuse(p95.error());
  const DelayMixture delays = wan.round_trips(*p95);
  const auto journey = travel(desk, wan, record, *p95, diagnostics);
  if (diagnostics.has_errors()) return program.report(diagnostics, false);
  if (desk.problem()) return program.refuse(*desk.problem());
  if (desk.has("--json")) {
    JsonWriter json;
    json.begin_object();
    json.field("schema_version", 1);
    json.field("from", from);
    json.field("to", to);
    json.key("round_trip_ms");
    json.begin_object();
    json.field("mean", ms(delays.mean()));
    json.field("p50", ms(delays.percentile(0.5)));
    json.field("p95", ms(delays.percentile(0.95)));
    json.field("p99", ms(delays.percentile(0.99)));
    json.end_object();
    if (journey) journey_json(json, *journey);
    write_weak_numbers(json, desk.provenance());
    json.end_object();
    return program.print(json.text());
  }
  const TextStyle& style = program.surroundings().style;
  TextTable table({"round trip, ms", "mean", "p50", "p95", "p99"});
  table.add({fmt::format("{} to {}", from, to), ms_text(delays.mean()), ms_text(delays.percentile(0.5)),
             ms_text(delays.percentile(0.95)), ms_text(delays.percentile(0.99))});
  return program.print(table.render(style) + (journey ? journey_text(*journey, style) : "") + "\n" +
                       weak_numbers_text(desk.provenance(), style));
}

}  // namespace

int command_wan(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  Diagnostics diagnostics;
  WanDesk desk(arguments, *catalog, diagnostics);
  const auto record = desk.load_option<WanRecord>("wan", "--table");
  if (diagnostics.has_errors()) return program.report(diagnostics, false);
  if (!record) return program.refuse(*desk.problem());
  const Wan wan(*record);
  if (arguments.has("FROM") != arguments.has("TO")) return program.refuse("wan takes two regions, or none for all");
  if (arguments.has("FROM")) return print_pair(desk, *record, wan, program, diagnostics);
  for (const char* option : {"--cell", "--access", "--request"}) {
    if (arguments.has(option)) return program.refuse(fmt::format("{} needs two regions", option));
  }
  if (arguments.has("--json")) return program.print(matrix_json(*record, wan, desk.provenance()));
  return program.print(matrix_text(wan, *record, program.surroundings().style));
}

}  // namespace orrery
