#include "orrery/report/memory_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "orrery/base/json_writer.h"
#include "orrery/report/provenance_text.h"

namespace orrery {
namespace {

constexpr double kGiga = 1e9;
constexpr double kPico = 1e-12;

std::string nanoseconds_text(double ns) { return fmt::format("{:.{}f}", ns, ns < 100 ? 1 : 0); }

std::string energy_text(const MemoryRow& row) {
  const auto energy = row.picojoules_per_bit();
  return energy ? fmt::format("{:.2f}", *energy) : "-";
}

/// "1 of 512 pseudo channels": what stands for the whole.
std::string scope_text(const MemoryRow& row) {
  if (row.answer.units == row.units_of_memory) {
    return fmt::format("{} {}{}", row.units_of_memory, row.device.unit, row.units_of_memory == 1 ? "" : "s");
  }
  return fmt::format("{} of {} {}s, which stands for all", row.answer.units, row.units_of_memory, row.device.unit);
}

std::string setting_text(const MemoryRow& row) {
  std::string text =
      fmt::format("{}: {}; {}, {} pages, {} refresh", row.part, scope_text(row), enum_name(row.settings.policy),
                  enum_name(row.settings.page), enum_name(row.settings.refresh));
  if (row.settings.refresh_interval_factor != 1) {
    text += fmt::format(" {:g} times as often", 1 / row.settings.refresh_interval_factor);
  }
  if (row.load) {
    text += fmt::format("; {:g} % of the peak asked for", 100 * *row.load);
  } else if (row.injection.outstanding > 0) {
    text += fmt::format("; {} read{} of a {} under way", row.injection.outstanding,
                        row.injection.outstanding == 1 ? "" : "s", row.device.unit);
  }
  text += fmt::format("\n  mapping {}", row.mapping);
  if (row.answer.overhead > 0) {
    text += fmt::format("\n  {:.1f} % of the bursts carry error correction", 100 * row.overhead_share());
  }
  if (row.answer.answered_in_queue() > 0) {
    text += fmt::format("\n  {} of {} bursts met a waiting write of their place in the queue and moved no data",
                        row.answer.answered_in_queue(), row.answer.bursts());
  }
  if (row.answer.waiting_writes() > 0) {
    text += fmt::format("\n  {} of {} bursts are writes that still wait in the queue, and do not count",
                        row.answer.waiting_writes(), row.answer.bursts());
  }
  if (row.refreshes_behind() > 0) {
    text += fmt::format("\n  refresh falls behind: {} more are owed at a time than the standard allows",
                        row.refreshes_behind());
  }
  if (row.activation_clamped) text += "\n  the currents leave nothing for activations: their energy counts as 0";
  if (row.energy_low != 1 || row.energy_high != 1) {
    text += fmt::format("\n  energy is known within {:g} to {:g} times", row.energy_low, row.energy_high);
  }
  return text + "\n";
}

std::string check_text(const MemoryRow& row, const TextStyle& style) {
  std::int64_t evaluated = 0;
  for (const RuleReport& rule : row.answer.rules) evaluated += rule.evaluated;
  if (row.answer.violations() == 0) {
    return fmt::format("{}, {}: {}, {} tests of {} rules\n", row.part, row.pattern,
                       colored("no rule broken", TextColor::green, style), evaluated, row.answer.rules.size());
  }
  std::string text;
  for (const RuleReport& rule : row.answer.rules) {
    if (rule.violations == 0) continue;
    text += fmt::format("{}, {}: {} {} times, first: {}\n", row.part, row.pattern,
                        colored(rule.rule, TextColor::red, style), rule.violations, rule.first);
  }
  return text;
}

void write_energy(const MemoryRow& row, JsonWriter& json) {
  if (!row.answer.energy) return;
  const EnergyBreakdown& energy = *row.answer.energy;
  json.key("energy_J");
  json.begin_object();
  json.field("total", energy.total().si());
  json.field("activation", energy.activation.si());
  json.field("read", energy.read.si());
  json.field("write", energy.write.si());
  json.field("refresh", energy.refresh.si());
  json.field("background", energy.background.si());
  json.field("power_down", energy.power_down.si());
  json.field("self_refresh", energy.self_refresh.si());
  json.field("io", energy.io.si());
  json.end_object();
  json.field("energy_low", row.energy_low);
  json.field("energy_high", row.energy_high);
  json.field("activation_clamped", row.activation_clamped);
}

void write_latency(const MemoryRow& row, JsonWriter& json) {
  const LatencyCounts& latency = row.answer.latency;
  json.key("latency_ns");
  json.begin_object();
  json.field("mean", row.device.nanoseconds(latency.mean()));
  json.field("p50", row.device.nanoseconds(latency.quantile(0.5)));
  json.field("p99", row.device.nanoseconds(latency.quantile(0.99)));
  json.field("max", row.device.nanoseconds(static_cast<double>(latency.largest())));
  json.end_object();
}

void write_rules(const MemoryRow& row, JsonWriter& json) {
  json.key("rules");
  json.begin_array();
  for (const RuleReport& rule : row.answer.rules) {
    if (rule.evaluated == 0) continue;
    json.begin_object();
    json.field("rule", rule.rule);
    json.field("evaluated", rule.evaluated);
    json.field("violations", rule.violations);
    json.field("smallest_slack_ticks", rule.smallest_slack);
    if (!rule.first.empty()) json.field("first", rule.first);
    json.end_object();
  }
  json.end_array();
}

void write_setting(const MemoryRow& row, JsonWriter& json) {
  json.field("part", row.part);
  json.field("pattern", row.pattern);
  json.field("unit", row.device.unit);
  json.field("units", row.answer.units);
  json.field("units_of_memory", row.units_of_memory);
  json.field("policy", enum_name(row.settings.policy));
  json.field("page", enum_name(row.settings.page));
  json.field("refresh", enum_name(row.settings.refresh));
  json.field("mapping", row.mapping);
  if (row.load) {
    json.field("load", *row.load);
  } else {
    json.field("outstanding", row.injection.outstanding);
  }
}

void write_row(const MemoryRow& row, JsonWriter& json) {
  write_setting(row, json);
  json.field("bandwidth_GBps", row.memory_bytes_per_second() / kGiga);
  json.field("bandwidth_pct", 100 * row.share_of_peak());
  json.field("peak_GBps", row.memory_peak() / kGiga);
  write_latency(row, json);
  json.field("row_hit_pct", 100 * row.row_hit_share());
  if (const auto energy = row.picojoules_per_bit()) json.field("energy_pJ_per_bit", *energy);
  write_energy(row, json);
  json.field("requests", row.answer.bursts());
  json.field("waiting_writes", row.answer.waiting_writes());
  if (row.answer.overhead > 0) json.field("ecc_bursts", row.answer.overhead);
  json.field("ticks", row.answer.end_tick);
  json.field("simulated_s", row.seconds());
  json.field("refreshes_behind", row.refreshes_behind());
  json.field("forwarded", row.answer.forwarded);
  json.field("merged", row.answer.merged);
  json.key("commands");
  json.begin_object();
  for (const auto& command : EnumNames<DramCommand>::kRows) {
    const std::int64_t count = row.answer.commands[static_cast<std::size_t>(command.value)];
    if (count > 0) json.field(command.name, count);
  }
  json.end_object();
  json.field("cpu_s", row.cpu_s);
  if (row.checked) {
    json.field("violations", row.answer.violations());
    write_rules(row, json);
  }
}

/// Latency upwards, bandwidth to the right.
class CurvePlot {
 public:
  explicit CurvePlot(std::span<const MemoryRow> rows) {
    for (const MemoryRow& row : rows) highest_ = std::max(highest_, mean_ns(row));
    lines_.assign(kHeight, std::string(kWidth, ' '));
    for (const MemoryRow& row : rows) put(row);
  }
  std::string text() const {
    std::string text = fmt::format("{:>9} ns\n", nanoseconds_text(highest_));
    for (const std::string& line : lines_) {
      text += fmt::format("{:>9} |{}\n", "", line.substr(0, line.find_last_not_of(' ') + 1));
    }
    text += fmt::format("{:>9} +{}\n{:>10} 0 %{:>{}}\n", "0", std::string(kWidth, '-'), "", "100 % of the pin rate",
                        kWidth - 3);
    return text;
  }

 private:
  static constexpr std::size_t kWidth = 64;
  static constexpr std::size_t kHeight = 16;
  static double mean_ns(const MemoryRow& row) { return row.device.nanoseconds(row.answer.latency.mean()); }
  void put(const MemoryRow& row) {
    const auto x = static_cast<std::size_t>(std::lround(std::clamp(row.share_of_peak(), 0.0, 1.0) * (kWidth - 1)));
    const auto y = static_cast<std::size_t>(std::lround(mean_ns(row) / highest_ * (kHeight - 1)));
    lines_[kHeight - 1 - std::min(y, kHeight - 1)][x] = '*';
  }
  double highest_ = 1;
  std::vector<std::string> lines_;
};

}  // namespace

double MemoryRow::row_hit_share() const {
  return answer.columns == 0 ? 0 : static_cast<double>(answer.row_hits) / static_cast<double>(answer.columns);
}

std::int64_t MemoryRow::refreshes_behind() const {
  const auto& refresh = device.refresh[static_cast<std::size_t>(settings.refresh)];
  return refresh ? std::max<std::int64_t>(0, answer.most_refreshes_owed - std::max(1, refresh->postponed)) : 0;
}

std::optional<double> MemoryRow::picojoules_per_bit() const {
  if (!answer.energy || answer.payload_bursts() == 0) return std::nullopt;
  return joules_per_bit(*answer.energy, Bytes(payload_bytes())) / kPico;
}

std::string memory_text(std::span<const MemoryRow> rows, std::span<const ProvenanceItem> provenance,
                        const TextStyle& style) {
  TextTable table({"part", "pattern", "GB/s", "of pin rate", "mean ns", "p50", "p99", "max", "row hits", "pJ/bit"}, 2);
  for (const MemoryRow& row : rows) {
    const LatencyCounts& latency = row.answer.latency;
    const auto ns = [&](double ticks) { return nanoseconds_text(row.device.nanoseconds(ticks)); };
    const bool moved = row.answer.payload_bursts() > 0;
    table.add({row.part, row.pattern, moved ? fmt::format("{:.4g}", row.memory_bytes_per_second() / kGiga) : "-",
               moved ? fmt::format("{:.1f} %", 100 * row.share_of_peak()) : "-", ns(latency.mean()),
               ns(latency.quantile(0.5)), ns(latency.quantile(0.99)), ns(static_cast<double>(latency.largest())),
               fmt::format("{:.1f} %", 100 * row.row_hit_share()), energy_text(row)});
  }
  std::string text = table.render(style) + "\n";
  std::string last;
  for (const MemoryRow& row : rows) {
    const std::string setting = setting_text(row);
    if (setting != last) text += setting;
    last = setting;
  }
  for (const MemoryRow& row : rows) {
    if (row.checked) text += check_text(row, style);
  }
  return text + weak_numbers_text(provenance, style);
}

std::string memory_json(std::span<const MemoryRow> rows, std::span<const ProvenanceItem> provenance) {
  JsonWriter json;
  json.begin_object();
  json.field("schema_version", 1);
  if (rows.size() == 1) {
    write_row(rows.front(), json);
  } else {
    json.key("results");
    json.begin_array();
    for (const MemoryRow& row : rows) {
      json.begin_object();
      write_row(row, json);
      json.end_object();
    }
    json.end_array();
  }
  write_weak_numbers(json, provenance);
  json.end_object();
  return json.text();
}

std::string memory_curve_text(std::span<const MemoryRow> rows, std::span<const ProvenanceItem> provenance,
                              const TextStyle& style) {
  TextTable table({"asked for", "GB/s", "of pin rate", "mean ns", "p99 ns"});
  for (const MemoryRow& row : rows) {
    table.add({fmt::format("{:g} %", 100 * *row.load), fmt::format("{:.4g}", row.memory_bytes_per_second() / kGiga),
               fmt::format("{:.1f} %", 100 * row.share_of_peak()),
               nanoseconds_text(row.device.nanoseconds(row.answer.latency.mean())),
               nanoseconds_text(row.device.nanoseconds(row.answer.latency.quantile(0.99)))});
  }
  MemoryRow first = rows.front();
  first.load.reset();
  first.injection.outstanding = 0;
  return table.render(style) + "\n" + CurvePlot(rows).text() + "\n" + setting_text(first) +
         weak_numbers_text(provenance, style);
}

std::string command_csv_head() { return "clock,command,channel,unit,rank,group,bank,row,column\n"; }

std::string command_csv_line(const DramDevice& device, std::int64_t unit, const IssuedCommand& command) {
  const bool of_bank = command.command != DramCommand::PREab && command.command != DramCommand::REFab &&
                       command.command != DramCommand::RFMab && command.command < DramCommand::PDE;
  const bool of_row =
      command.command == DramCommand::ACT || command.command == DramCommand::ACT2 || is_column(command.command);
  std::string line = fmt::format("{:g},{},{},{},{},", static_cast<double>(command.tick) / device.ticks_per_clock,
                                 enum_name(command.command), unit / device.units_per_channel,
                                 unit % device.units_per_channel, command.rank);
  line += of_bank ? fmt::format("{},{},", command.group, command.bank) : ",,";
  line += of_row ? fmt::format("{},", command.row) : ",";
  if (is_column(command.command)) line += fmt::format("{}", command.column);
  return line + "\n";
}

std::string power_csv(const MemoryRow& row) {
  const double units = static_cast<double>(row.units_of_memory) / static_cast<double>(row.answer.units);
  std::string text =
      "from_us,to_us,total_W,activation_W,read_W,write_W,refresh_W,background_W,power_down_W,"
      "self_refresh_W,io_W\n";
  const double tick = row.device.tick_seconds();
  for (const PowerWindow& window : row.answer.power) {
    const double seconds = static_cast<double>(window.to - window.from) * tick;
    if (seconds <= 0) continue;
    const EnergyBreakdown& energy = window.energy;
    text += fmt::format("{:.6g},{:.6g}", static_cast<double>(window.from) * tick * 1e6,
                        static_cast<double>(window.to) * tick * 1e6);
    for (const Joules part : {energy.total(), energy.activation, energy.read, energy.write, energy.refresh,
                              energy.background, energy.power_down, energy.self_refresh, energy.io}) {
      text += fmt::format(",{:.6g}", units * part.si() / seconds);
    }
    text += "\n";
  }
  return text;
}

}  // namespace orrery
