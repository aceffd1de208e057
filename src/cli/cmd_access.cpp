#include <fmt/format.h>

#include <cmath>

#include "orrery/base/json_writer.h"
#include "orrery/base/nearest_name.h"
#include "orrery/base/unit.h"
#include "orrery/cli/command.h"
#include "orrery/cli/program.h"
#include "orrery/network/access_record.h"
#include "orrery/report/provenance_text.h"

namespace orrery {
namespace {

constexpr double kMillisecond = 1e-3;
constexpr double kMegabit = 1e6 / 8;
constexpr double kFractions[] = {0.5, 0.9, 0.95, 0.99};
constexpr double kSteps[] = {1, 2, 3, 5, 10, 20, 50, 100, 250, 500};  // ms, of the picture

std::string text_of(const AccessRecord& record, const DelayMixture& delays, const TextStyle& style) {
  TextTable table({"ms", "mean", "p50", "p90", "p95", "p99"});
  std::vector<std::string> cells{"round trip", fmt::format("{:.2f}", delays.mean().si() / kMillisecond)};
  for (const double fraction : kFractions) {
    cells.push_back(fmt::format("{:.2f}", delays.percentile(fraction).si() / kMillisecond));
  }
  table.add(std::move(cells));
  std::string text = fmt::format("{}: {:g} Mbit/s down, {:g} Mbit/s up\n\n", record.header.name,
                                 record.downlink.value.si() / kMegabit, record.uplink.value.si() / kMegabit);
  text += table.render(style) + "\nRound trips up to a length\n";
  for (const double step : kSteps) {
    constexpr double kWidest = 50;
    const double share = delays.share_up_to(Seconds(step * kMillisecond));
    std::string bar;
    for (std::int64_t i = 0; i < std::llround(kWidest * share); ++i) bar += style.unicode ? "\u2588" : "#";
    text += fmt::format("{:>6g} ms  {:5.1f} %  {}\n", step, 100 * share, bar);
  }
  return text + "\n";
}

std::string json_of(const AccessRecord& record, const DelayMixture& delays,
                    std::span<const ProvenanceItem> provenance) {
  JsonWriter json;
  json.begin_object();
  json.field("schema_version", 1);
  json.field("access", record.header.id);
  json.key("round_trip_ms");
  json.begin_object();
  json.field("mean", delays.mean().si() / kMillisecond);
  for (const double fraction : kFractions) {
    json.field(fmt::format("p{:g}", 100 * fraction), delays.percentile(fraction).si() / kMillisecond);
  }
  json.end_object();
  json.field("downlink_Mbit_per_s", record.downlink.value.si() / kMegabit);
  json.field("uplink_Mbit_per_s", record.uplink.value.si() / kMegabit);
  write_weak_numbers(json, provenance);
  json.end_object();
  return json.text();
}

}  // namespace

int command_access(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const std::string id = *arguments.get("ID");
  if (!catalog->contains("access", id)) {
    const std::string nearest = did_you_mean(id, catalog->ids("access"));
    return program.refuse(fmt::format("there is no access '{}'", id),
                          nearest.empty() ? "`orrery list access` prints the ids" : nearest);
  }
  Diagnostics diagnostics;
  const auto entry = catalog->load<AccessRecord>(AnyReference{id, {}}, diagnostics);
  if (!entry) return program.report(diagnostics, false);
  const DelayMixture delays = round_trips(entry->record);
  if (arguments.has("--json")) return program.print(json_of(entry->record, delays, entry->provenance));
  const TextStyle& style = program.surroundings().style;
  return program.print(text_of(entry->record, delays, style) + weak_numbers_text(entry->provenance, style));
}

}  // namespace orrery
