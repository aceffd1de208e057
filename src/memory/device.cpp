#include "orrery/memory/device.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "orrery/base/nearest_name.h"
#include "orrery/base/wide_integer.h"
#include "orrery/memory/expression.h"

namespace orrery {
namespace {

constexpr std::int32_t kMostBanks = 64;  // of a unit: masks of banks are 64 bits
constexpr double kSameBin = 0.03;        // rates so near to each other are one speed bin

/// Whether a timing is counted in clocks at every rate, as the lengths of bursts and commands are.
/// Source: JESD238B for CCD_S and PPD, JESD209-5B for AAD, WCKPST and nBL_max; CCD_R and CS are assumed.
bool is_of_protocol(std::string_view name) {
  constexpr std::string_view kNames[] = {"CCD_S", "CCD_R", "PPD", "AAD", "WCKPST", "nBL_max", "CS"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

constexpr std::size_t index(DramCommand command) { return static_cast<std::size_t>(command); }
constexpr std::size_t index(TimingScope scope) { return static_cast<std::size_t>(scope); }

/// Compiles one part; reports through `diagnostics_`, and goes on as long as that makes sense.
class DeviceCompiler {
 public:
  DeviceCompiler(const StandardRecord& standard, const MemoryPartRecord& part, const DeviceOptions& options,
                 Diagnostics& diagnostics)
      : standard_(standard), part_(part), options_(options), diagnostics_(diagnostics) {}

  std::optional<DramDevice> compile() {
    const std::size_t errors_before = diagnostics_.error_count();
    take_organization();
    take_clock();
    take_timings();
    if (diagnostics_.error_count() > errors_before) return std::nullopt;
    take_commands();
    take_constraints();
    take_refresh();
    check_contradictions();
    device_.energy = part_.energy;
    if (diagnostics_.error_count() > errors_before) return std::nullopt;
    return std::move(device_);
  }

 private:
  void impossible(const Place& place, std::string message, std::string hint = {}) {
    diagnostics_.error("impossible-physics", place, std::move(message), std::move(hint));
  }

  void take_organization() {
    const PartOrganization& given = part_.organization;
    device_.part = part_.header.id;
    device_.standard = standard_.header.id;
    device_.unit = standard_.unit;
    device_.channels = given.channels.value;
    device_.units_per_channel = given.units_per_channel.value;
    device_.ranks = static_cast<std::int32_t>(options_.ranks.value_or(given.ranks.value));
    device_.bank_groups = static_cast<std::int32_t>(given.bank_groups.value);
    device_.banks_per_group = static_cast<std::int32_t>(given.banks_per_group.value);
    device_.rows = given.rows.value;
    device_.columns = static_cast<std::int32_t>(given.columns.value);
    if (options_.height) take_height(*options_.height);
    if (device_.banks() > kMostBanks) {
      impossible(given.place, fmt::format("{} ranks of {} banks are more than the {} banks that a unit can have",
                                          device_.ranks, device_.banks_per_rank(), kMostBanks));
    }
    device_.access_bytes = static_cast<std::int32_t>(standard_.access.value.si());
    device_.data_pins = static_cast<std::int32_t>(standard_.data_pins.value);
    check_pins();
    device_.units_sharing_commands = static_cast<std::int32_t>(standard_.units_sharing_commands);
    if (device_.units_per_channel < device_.units_sharing_commands) device_.units_sharing_commands = 1;
    device_.data_clock = standard_.data_clock;
    device_.stacked = given.dies_per_rank.has_value();
  }

  void check_pins() {
    const std::int64_t needed = device_.channels * device_.units_per_channel * device_.data_pins;
    const std::int64_t given = part_.organization.data_pins.value;
    if (needed == given) return;
    impossible(part_.organization.place,
               fmt::format("{} channels of {} {}{} with {} pins each have {} data pins, and not {}", device_.channels,
                           device_.units_per_channel, device_.unit, device_.units_per_channel == 1 ? "" : "s",
                           device_.data_pins, needed, given),
               "correct the channels, or the pins");
  }

  void take_height(std::int64_t height) {
    const PartOrganization& given = part_.organization;
    if (std::find(given.heights.begin(), given.heights.end(), height) == given.heights.end()) {
      impossible(given.place, given.heights.empty()
                                  ? fmt::format("{} is not a stack: it has no height", part_.header.id)
                                  : fmt::format("{} is not made {} dies high, but {}", part_.header.id, height,
                                                fmt::join(given.heights, ", ")));
      return;
    }
    device_.ranks = static_cast<std::int32_t>(height / given.dies_per_rank->value);
  }

  void take_clock() {
    const BytesPerSecond rate = options_.pin_rate.value_or(part_.pin_rate.value);
    const double kbit = rate.si() * 8 / 1e3;
    device_.rate_kbit_per_s = std::llround(kbit);
    if (std::abs(kbit - static_cast<double>(device_.rate_kbit_per_s)) > 1e-5 || device_.rate_kbit_per_s <= 0) {
      impossible(part_.pin_rate.place, fmt::format("{} is no whole number of kbit/s", to_text(rate)));
    }
    device_.transfers_per_clock = static_cast<std::int32_t>(standard_.transfers_per_clock.value);
    device_.ticks_per_clock = static_cast<std::int32_t>(standard_.ticks_per_clock);
    const double ratio = rate / part_.pin_rate.value;
    if (std::abs(ratio - 1) > kSameBin) rate_over_bin_ = ratio;
  }

  double clock_seconds() const {
    return static_cast<double>(device_.transfers_per_clock) / (static_cast<double>(device_.rate_kbit_per_s) * 1e3);
  }

  static std::int64_t rounded_up(double clocks) { return static_cast<std::int64_t>(std::ceil(clocks - 1e-6)); }

  std::int64_t clocks_of(const std::string& name, const TimingValue& value) const {
    const std::int64_t clocks = value.clocks ? value.clocks->value : 0;
    if (value.time) return std::max(clocks, rounded_up(value.time->value.si() / clock_seconds()));
    return is_of_protocol(name) ? clocks : rounded_up(static_cast<double>(clocks) * rate_over_bin_);
  }

  void take_timings() {
    std::vector<std::string> names;
    for (const auto& timing : standard_.timings) names.push_back(timing.name);
    for (const auto& given : part_.timings) {
      if (std::find(names.begin(), names.end(), given.name) != names.end()) continue;
      diagnostics_.error("unknown-key", given.place,
                         fmt::format("'{}' is not a timing of {}", given.name, standard_.header.id),
                         did_you_mean(given.name, names));
    }
    for (const std::string& name : names) take_timing(name);
    for (const auto& [name, clocks] : options_.timings) {
      const auto found = std::find_if(device_.timings.begin(), device_.timings.end(),
                                      [&](const auto& timing) { return timing.first == name; });
      if (found == device_.timings.end()) {
        diagnostics_.error("unknown-name", part_.header.place,
                           fmt::format("'{}' is not a timing of {}", name, standard_.header.id),
                           did_you_mean(name, names));
      } else {
        found->second = clocks;
      }
    }
    names_ = device_.timings;
    names_.emplace_back("nBL", standard_.burst_clocks.value);
    names_.emplace_back("ranks", device_.ranks);
    names_.emplace_back("bank_groups", device_.bank_groups);
    names_.emplace_back("banks_per_group", device_.banks_per_group);
  }

  void take_timing(const std::string& name) {
    const auto found = std::find_if(part_.timings.begin(), part_.timings.end(),
                                    [&](const auto& timing) { return timing.name == name; });
    if (found == part_.timings.end()) {
      diagnostics_.error("missing-key", part_.header.place_of("timings"),
                         fmt::format("the timing '{}', which {} needs, is missing", name, standard_.header.id));
      return;
    }
    device_.timings.emplace_back(name, clocks_of(name, found->value));
  }

  void take_commands() {
    for (const auto& [name, place, form] : standard_.commands) {
      for (const auto& row : EnumNames<DramCommand>::kRows) {
        if (row.name != name) continue;
        device_.commands[index(row.value)] = {true, form.bus, static_cast<std::int32_t>(form.ticks), form.edge};
      }
    }
    device_.burst_ticks = static_cast<std::int32_t>(standard_.burst_clocks.value) * device_.ticks_per_clock;
    device_.read_latency = static_cast<std::int32_t>(device_.timing("CL")) * device_.ticks_per_clock;
    device_.write_latency = static_cast<std::int32_t>(device_.timing("CWL")) * device_.ticks_per_clock;
  }

  std::optional<std::int64_t> clocks_of(const std::string& expression, const Place& place) {
    const auto clocks = evaluate(expression, names_);
    if (clocks) return *clocks;
    diagnostics_.error("invalid-expression", place, fmt::format("{}: {}", expression, clocks.error()));
    return std::nullopt;
  }

  /// From the first tick of one command to the first tick of the next, where clocks count from last to last.
  std::int32_t ticks_between(DramCommand from, DramCommand to, std::int64_t clocks) const {
    return static_cast<std::int32_t>(clocks * device_.ticks_per_clock + (device_.commands[index(from)].ticks - 1) -
                                     (device_.commands[index(to)].ticks - 1));
  }

  void take_constraints() {
    for (const TimingConstraint& constraint : standard_.constraints) {
      const auto clocks = clocks_of(constraint.minimum, constraint.place);
      if (!clocks) continue;
      if (constraint.window) {
        device_.activation_window = {constraint.scope, static_cast<std::int32_t>(*constraint.window),
                                     ticks_between(DramCommand::ACT, DramCommand::ACT, *clocks)};
        continue;
      }
      for (const DramCommand from : constraint.from) {
        for (const DramCommand to : constraint.to) {
          std::int32_t& distance = device_.distance[index(constraint.scope)][index(from)][index(to)];
          distance = std::max(distance, ticks_between(from, to, *clocks));
        }
      }
    }
  }

  void take_refresh() {
    device_.usual_refresh = standard_.refresh.usual.value;
    take_refresh(RefreshMode::all_bank, &standard_.refresh.all_bank);
    take_refresh(RefreshMode::per_bank, standard_.refresh.per_bank ? &*standard_.refresh.per_bank : nullptr);
    take_refresh(RefreshMode::same_bank, standard_.refresh.same_bank ? &*standard_.refresh.same_bank : nullptr);
    if (!device_.refresh[static_cast<std::size_t>(device_.usual_refresh)]) {
      impossible(standard_.refresh.usual.place,
                 fmt::format("{} has no {} refresh", standard_.header.id, enum_name(device_.usual_refresh)));
    }
    for (const RefreshTemperature& step : standard_.refresh_temperatures) {
      device_.hot_refresh.emplace_back(step.above_celsius.value, step.interval_factor.value);
    }
  }

  void take_refresh(RefreshMode mode, const RefreshForm* form) {
    if (form == nullptr) return;
    const auto clocks = clocks_of(form->interval, form->place);
    if (!clocks) return;
    if (*clocks < 1) impossible(form->place, fmt::format("a refresh interval of {} clocks", *clocks));
    device_.refresh[static_cast<std::size_t>(mode)] =
        DeviceRefresh{form->command, static_cast<std::int32_t>(*clocks) * device_.ticks_per_clock,
                      static_cast<std::int32_t>(form->postponed)};
  }

  /// Reports that `small` exceeds `large`, both in clocks, if the standard has both.
  void require_order(std::string_view small, std::int64_t small_clocks, std::string_view large,
                     std::int64_t large_clocks) {
    if (small_clocks <= large_clocks) return;
    impossible(place_of_timing(large),
               fmt::format("{} is {} clocks, less than {}, which is {}", large, large_clocks, small, small_clocks));
  }

  const Place& place_of_timing(std::string_view name) const {
    for (const auto& given : part_.timings) {
      if (given.name == name) return given.place;
    }
    return part_.header.place_of("timings");
  }

  std::optional<std::int64_t> find(std::string_view name) const {
    for (const auto& [known, clocks] : device_.timings) {
      if (known == name) return clocks;
    }
    return std::nullopt;
  }

  void require_order(std::string_view small, std::string_view large) {
    const auto a = find(small);
    const auto b = find(large);
    if (a && b) require_order(small, *a, large, *b);
  }

  void check_contradictions() {
    const auto ras = find("RAS");
    const auto rp = find("RP");
    const auto rc = find("RC");
    // Bins round tRAS, tRP and their sum to whole clocks one by one: one clock of difference is rounding, and one more
    // where another rate rounds them again.
    if (ras && rp && rc) {
      const std::int64_t rounding = rate_over_bin_ == 1 ? 1 : 2;
      require_order(fmt::format("RAS + RP - {}", rounding), *ras + *rp - rounding, "RC", *rc);
    }
    require_order("RRD_S", "FAW");
    require_order("RRD_S", "RRD_L");
    require_order("CCD_S", "CCD_L");
    require_order("WTR_S", "WTR_L");
    require_order("RFCpb", "RFCab");
    require_order("RFCsb", "RFCab");
    require_order("RFCab", "REFI");
    require_order("RCDrd", "RAS");
  }

  const StandardRecord& standard_;
  const MemoryPartRecord& part_;
  const DeviceOptions& options_;
  Diagnostics& diagnostics_;
  DramDevice device_;
  double rate_over_bin_ = 1;  ///< 1 also where both are one speed bin
  std::vector<std::pair<std::string, std::int64_t>> names_;
};

}  // namespace

std::int64_t DramDevice::timing(std::string_view name) const {
  const auto found = std::find_if(timings.begin(), timings.end(), [&](const auto& row) { return row.first == name; });
  ORRERY_CHECK(found != timings.end());
  return found->second;
}

SimTime DramDevice::time_of(std::int64_t ticks) const {
  // ticks x transfers / (rate x ticks per clock), in picoseconds: 10^9 kbit make 10^12 bit.
  const Int128 numerator = static_cast<Int128>(ticks) * transfers_per_clock * 1'000'000'000;
  const Int128 denominator = static_cast<Int128>(rate_kbit_per_s) * ticks_per_clock;
  return SimTime(static_cast<std::int64_t>((2 * numerator + denominator) / (2 * denominator)));
}

std::optional<DramDevice> compile_device(const StandardRecord& standard, const MemoryPartRecord& part,
                                         const DeviceOptions& options, Diagnostics& diagnostics) {
  return DeviceCompiler(standard, part, options, diagnostics).compile();
}

/// Reads every expression with 1 for every name: what cannot be read is wrong for every part.
static void check_expressions(const StandardRecord& standard, Diagnostics& diagnostics) {
  std::vector<std::pair<std::string, std::int64_t>> names;
  for (const auto& timing : standard.timings) names.emplace_back(timing.name, 1);
  for (const char* name : {"nBL", "ranks", "bank_groups", "banks_per_group"}) names.emplace_back(name, 1);
  const auto check = [&](const std::string& expression, const Place& place) {
    if (const auto value = evaluate(expression, names); !value) {
      diagnostics.error("invalid-expression", place, fmt::format("{}: {}", expression, value.error()));
    }
  };
  for (const TimingConstraint& constraint : standard.constraints) check(constraint.minimum, constraint.place);
  check(standard.refresh.all_bank.interval, standard.refresh.all_bank.place);
  for (const auto* form : {&standard.refresh.per_bank, &standard.refresh.same_bank}) {
    if (*form) check((*form)->interval, (*form)->place);
  }
}

void check_physics(const StandardRecord& standard, Diagnostics& diagnostics) {
  check_expressions(standard, diagnostics);
  std::vector<std::string> mnemonics;
  for (const auto& row : EnumNames<DramCommand>::kRows) mnemonics.emplace_back(row.name);
  for (const auto& command : standard.commands) {
    if (std::find(mnemonics.begin(), mnemonics.end(), command.name) != mnemonics.end()) continue;
    diagnostics.error("unknown-name", command.place, fmt::format("'{}' is not a DRAM command", command.name),
                      did_you_mean(command.name, mnemonics));
  }
  for (std::size_t i = 1; i < standard.refresh_temperatures.size(); ++i) {
    const auto& cooler = standard.refresh_temperatures[i - 1];
    const auto& hotter = standard.refresh_temperatures[i];
    if (cooler.above_celsius.value < hotter.above_celsius.value &&
        cooler.interval_factor.value > hotter.interval_factor.value) {
      continue;
    }
    diagnostics.error("impossible-physics", hotter.above_celsius.place,
                      "hotter memory is refreshed more often: temperatures rise and factors fall");
  }
}

void check_physics(const MemoryPartRecord& part, Diagnostics& diagnostics) {
  if (part.energy) check_physics(*part.energy, diagnostics);
  for (const auto& [name, place, value] : part.timings) {
    if (!value.clocks && !value.time) {
      diagnostics.error("missing-key", place, fmt::format("'{}' has neither clocks nor time", name));
    }
    if (value.low && value.high && *value.low > *value.high) {
      diagnostics.error("impossible-physics", place, fmt::format("the range of '{}' is upside down", name));
    }
  }
  const PartOrganization& organization = part.organization;
  if (!organization.heights.empty() && !organization.dies_per_rank) {
    diagnostics.error("missing-key", organization.place, "'dies_per_rank' is missing: heights are counted in it");
    return;
  }
  for (const std::int64_t height : organization.heights) {
    if (height > 0 && height % organization.dies_per_rank->value == 0) continue;
    diagnostics.error("impossible-physics", organization.place,
                      fmt::format("a height of {} dies is no whole number of stack ids of {}", height,
                                  organization.dies_per_rank->value));
  }
}

}  // namespace orrery
