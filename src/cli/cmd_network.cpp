#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "orrery/base/json_writer.h"
#include "orrery/base/nearest_name.h"
#include "orrery/base/unit.h"
#include "orrery/cli/command.h"
#include "orrery/cli/program.h"
#include "orrery/network/collectives.h"
#include "orrery/report/provenance_text.h"

namespace orrery {
namespace {

constexpr double kMicrosecond = 1e-6;
constexpr double kMostChips = 1e6;

/// One row of the answer.
struct Priced {
  std::string_view name;
  Bytes bytes;
  TransferCost cost;
  std::optional<BytesPerSecond> bus;  ///< of the library's collectives
};

/// What may be asked of an interconnect. Exchanges with experts take tokens in place of bytes.
struct Question {
  std::string_view name;
  std::optional<Collective> collective;
  TransferCost (*price)(const Interconnect& chips, Bytes bytes);
  TransferCost (Interconnect::*exchange)(const ExpertExchange& exchange) const;
  double bytes_per_element;

  bool is_of_experts() const { return exchange != nullptr; }
};

template <Collective Which>
TransferCost price_collective(const Interconnect& chips, Bytes bytes) {
  return chips.price(Which, bytes);
}

TransferCost price_point_to_point(const Interconnect& chips, Bytes bytes) {
  return chips.nodes() > 1 ? chips.point_to_point_between_nodes(bytes) : chips.point_to_point(bytes);
}

template <Collective Which>
constexpr Question question_of() {
  return {enum_name(Which), Which, price_collective<Which>, nullptr, 0};
}

constexpr Question kQuestions[] = {
    question_of<Collective::all_reduce>(),
    question_of<Collective::all_gather>(),
    question_of<Collective::reduce_scatter>(),
    question_of<Collective::all_to_all>(),
    {"point_to_point", {}, price_point_to_point, nullptr, 0},
    {"dispatch", {}, nullptr, &Interconnect::expert_dispatch, kDispatchBytesPerElement},
    {"combine", {}, nullptr, &Interconnect::expert_combine, kCombineBytesPerElement},
};

/// "64 MiB", or a plain number of bytes.
Result<Bytes> parse_bytes(const std::string& text) {
  if (const auto plain = parse_number(text); plain && *plain > 0) return Bytes(*plain);
  const auto value = parse_quantity(text, dimension_of(Bytes()));
  if (!value) return failure(fmt::format("'{}' is no size: {}", text, value.error().message));
  if (!(*value > 0)) return failure(fmt::format("'{}' is no size above 0", text));
  return Bytes(*value);
}

/// Reads the command line; the first problem is kept, so that a caller can read on and look once.
class Reader {
 public:
  explicit Reader(const Arguments& arguments) : arguments_(arguments) {}

  double count(std::string_view option, std::optional<double> absent = {}) {
    const auto text = arguments_.get(option);
    if (!text) {
      if (!absent) fail(fmt::format("network needs {}", option));
      return absent.value_or(1);
    }
    const auto value = parse_unsigned(*text);
    if (!value || *value == 0 || static_cast<double>(*value) > kMostChips) {
      fail(fmt::format("{}: '{}' is not a whole number from 1 to {:g}", option, *text, kMostChips));
      return 1;
    }
    return static_cast<double>(*value);
  }
  std::vector<Bytes> sizes() {
    if (const auto text = arguments_.get("--sweep")) return swept(*text);
    const auto text = arguments_.get("--bytes");
    if (!text) return fail("network needs --bytes or --sweep"), std::vector<Bytes>{};
    const auto bytes = parse_bytes(*text);
    if (!bytes) return fail("--bytes: " + bytes.error()), std::vector<Bytes>{};
    return {*bytes};
  }
  ExpertExchange exchange() {
    ExpertExchange exchange;
    exchange.tokens = count("--tokens");
    exchange.hidden_size = count("--hidden");
    exchange.experts = count("--experts");
    exchange.per_token = count("--topk");
    const std::string kernels = arguments_.get("--kernels").value_or("low-latency");
    if (kernels == enum_name(ExpertKernels::normal)) {
      exchange.kernels = ExpertKernels::normal;
      exchange.units = count("--units");
    } else if (kernels != enum_name(ExpertKernels::low_latency)) {
      fail(fmt::format("--kernels: '{}' is neither low-latency nor normal", kernels));
    }
    return exchange;
  }
  void fail(std::string problem) {
    if (!problem_) problem_ = std::move(problem);
  }
  const std::optional<std::string>& problem() const { return problem_; }

 private:
  std::vector<Bytes> swept(const std::string& text) {
    const std::size_t dots = text.find("..");
    const auto low = parse_bytes(text.substr(0, dots));
    const auto high = dots == std::string::npos ? low : parse_bytes(text.substr(dots + 2));
    std::vector<Bytes> sizes;
    if (dots == std::string::npos || !low || !high || *high < *low) {
      fail(fmt::format("--sweep: '{}' does not have the form LOW..HIGH", text));
      return sizes;
    }
    for (Bytes size = *low; size <= *high; size = 2 * size) sizes.push_back(size);
    return sizes;
  }

  const Arguments& arguments_;
  std::optional<std::string> problem_;
};

/// A link of the catalog, with where its numbers come from. Nothing after a problem was told.
std::optional<LinkRecord> load_link(const Catalog& catalog, const std::string& id, Reader& reader,
                                    Diagnostics& diagnostics, std::vector<ProvenanceItem>& provenance) {
  if (!catalog.contains("link", id)) {
    const std::string nearest = did_you_mean(id, catalog.ids("link"));
    reader.fail(
        fmt::format("there is no link '{}' ({})", id, nearest.empty() ? "`orrery list link` prints the ids" : nearest));
    return std::nullopt;
  }
  auto entry = catalog.load<LinkRecord>(AnyReference{id, {}}, diagnostics);
  if (!entry) return std::nullopt;
  provenance.insert(provenance.end(), entry->provenance.begin(), entry->provenance.end());
  return std::move(entry->record);
}

/// How chips are joined, by the command line. Nothing after a problem was told.
std::optional<Interconnect> read_interconnect(const Arguments& arguments, const Catalog& catalog, Reader& reader,
                                              Diagnostics& diagnostics, std::vector<ProvenanceItem>& provenance) {
  auto link = load_link(catalog, *arguments.get("LINK"), reader, diagnostics, provenance);
  if (!link) return std::nullopt;
  InterconnectShape shape;
  const bool is_network = link->reach == LinkReach::network;
  shape.ranks = reader.count("--ranks", is_network ? std::optional(1.0) : std::nullopt);
  shape.nodes = reader.count("--nodes", 1.0);
  if (is_network && shape.ranks > 1) {
    reader.fail(fmt::format("{} joins nodes: for several chips of each, name their link and --between {}",
                            link->header.id, link->header.id));
  }
  if (shape.ranks * shape.nodes < 2) reader.fail("one chip alone has nobody to talk to: --ranks or --nodes");
  if (const auto text = arguments.get("--bandwidth")) {
    const auto rate = parse_quantity(*text, dimension_of(BytesPerSecond()));
    if (!rate || !(*rate > 0)) reader.fail(fmt::format("--bandwidth: '{}' is no rate, as in '192 GB/s'", *text));
    if (rate) shape.bandwidth = BytesPerSecond(*rate);
  }
  if (is_network) {
    shape.network = link;
    if (shape.bandwidth) shape.network->bandwidth.value = *shape.bandwidth;
  } else if (const auto between = arguments.get("--between")) {
    shape.network = load_link(catalog, *between, reader, diagnostics, provenance);
    if (shape.network && shape.network->reach != LinkReach::network) {
      reader.fail(fmt::format("--between: {} joins the chips of one node, not nodes", *between));
    }
  } else if (shape.nodes > 1) {
    reader.fail("several nodes need --between: `orrery list link` prints the links");
  }
  if (reader.problem() || diagnostics.has_errors()) return std::nullopt;
  shape.link = std::move(*link);
  return Interconnect(std::move(shape));
}

std::vector<const Question*> chosen(const Arguments& arguments, Reader& reader) {
  std::vector<const Question*> list;
  std::vector<std::string> names;
  const auto name = arguments.get("--collective");
  for (const Question& question : kQuestions) {
    names.emplace_back(question.name);
    if (name ? *name == question.name : !question.is_of_experts()) list.push_back(&question);
  }
  if (list.empty()) {
    const std::string nearest = did_you_mean(*name, names);
    reader.fail(fmt::format("--collective: there is no '{}' ({})", *name,
                            nearest.empty() ? fmt::format("{}", fmt::join(names, ", ")) : nearest));
  }
  return list;
}

std::vector<Priced> price_all(const Interconnect& chips, std::span<const Question* const> asked,
                              std::span<const Bytes> sizes, const std::optional<ExpertExchange>& exchange) {
  std::vector<Priced> rows;
  for (const Question* question : asked) {
    if (question->is_of_experts()) {
      ExpertExchange given = *exchange;
      given.bytes_per_element = question->bytes_per_element;
      const Bytes buffer(given.tokens * given.per_token * given.hidden_size * given.bytes_per_element);
      rows.push_back({question->name, buffer, (chips.*question->exchange)(given), {}});
      continue;
    }
    for (const Bytes bytes : sizes) {
      Priced row{question->name, bytes, question->price(chips, bytes), {}};
      if (question->collective) row.bus = bus_bandwidth(*question->collective, bytes, chips.ranks(), row.cost.time);
      rows.push_back(row);
    }
  }
  return rows;
}

std::string text_of(std::span<const Priced> rows, const Interconnect& chips, const TextStyle& style) {
  TextTable table({"collective", "bytes", "us", "bus bandwidth", "of the wire", "sent", "to other nodes", "energy",
                   "limit", "kernel"});
  for (const Priced& row : rows) {
    const TransferCost& cost = row.cost;
    table.add({std::string(row.name), to_text(row.bytes, 4), fmt::format("{:.4g}", cost.time.si() / kMicrosecond),
               row.bus ? to_text(*row.bus, 3) : "-", fmt::format("{:.0f} %", 100 * (chips.wire_time(cost) / cost.time)),
               to_text(cost.sent(), 4), chips.nodes() > 1 ? to_text(cost.network_bytes, 4) : "-",
               to_text(cost.energy, 3), std::string(enum_name(cost.limit)), std::string(enum_name(cost.way))});
  }
  return table.render(style);
}

std::string json_of(std::span<const Priced> rows, const Interconnect& chips, const Arguments& arguments,
                    std::span<const ProvenanceItem> provenance) {
  JsonWriter json;
  json.begin_object();
  json.field("schema_version", 1);
  json.field("link", *arguments.get("LINK"));
  if (const auto between = arguments.get("--between")) json.field("between", *between);
  json.field("nodes", chips.nodes());
  json.field("ranks_per_node", chips.ranks() / chips.nodes());
  json.key("results");
  json.begin_array();
  for (const Priced& row : rows) {
    json.begin_object();
    json.field("collective", row.name);
    json.field("bytes", row.bytes.si());
    json.field("time_us", row.cost.time.si() / kMicrosecond);
    if (row.bus) json.field("bus_bandwidth_B_per_s", row.bus->si());
    json.field("share_of_wire", chips.wire_time(row.cost) / row.cost.time);
    json.field("sent_bytes", row.cost.sent().si());
    json.field("network_bytes", row.cost.network_bytes.si());
    json.field("energy_J", row.cost.energy.si());
    json.field("limit", enum_name(row.cost.limit));
    json.field("kernel", enum_name(row.cost.way));
    json.end_object();
  }
  json.end_array();
  write_weak_numbers(json, provenance);
  json.end_object();
  return json.text();
}

}  // namespace

int command_network(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  Reader reader(arguments);
  Diagnostics diagnostics;
  std::vector<ProvenanceItem> provenance;
  const auto asked = chosen(arguments, reader);
  const bool of_experts = std::any_of(asked.begin(), asked.end(), [](const auto* one) { return one->is_of_experts(); });
  std::optional<ExpertExchange> exchange;
  if (of_experts) exchange = reader.exchange();
  const std::vector<Bytes> sizes = of_experts ? std::vector<Bytes>{} : reader.sizes();
  const auto chips = read_interconnect(arguments, *catalog, reader, diagnostics, provenance);
  if (diagnostics.has_errors()) return program.report(diagnostics, false);
  if (reader.problem()) return program.refuse(*reader.problem());
  const std::vector<Priced> rows = price_all(*chips, asked, sizes, exchange);
  if (arguments.has("--json")) return program.print(json_of(rows, *chips, arguments, provenance));
  const TextStyle& style = program.surroundings().style;
  return program.print(text_of(rows, *chips, style) + weak_numbers_text(provenance, style));
}

}  // namespace orrery
