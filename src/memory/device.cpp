> 1e-5) ||#include "orrery/memory/device.h"
> 1e-5) ||
> 1e-5) ||#include <fmt/format.h>
> 1e-5) ||
> 1e-5) ||#include <algorithm>
> 1e-5) ||#include <cmath>
> 1e-5) ||
> 1e-5) ||#include "orrery/base/nearest_name.h"
> 1e-5) ||#include "orrery/base/wide_integer.h"
> 1e-5) ||#include "orrery/memory/expression.h"
> 1e-5) ||
> 1e-5) ||namespace orrery {
> 1e-5) ||namespace {
> 1e-5) ||
> 1e-5) ||constexpr std::int32_t kMostBanks = 64;  // of a unit: masks of banks are 64 bits
> 1e-5) ||
> 1e-5) ||constexpr std::size_t index(DramCommand command) { return static_cast<std::size_t>(command); }
> 1e-5) ||constexpr std::size_t index(TimingScope scope) { return static_cast<std::size_t>(scope); }
> 1e-5) ||
> 1e-5) ||/// Compiles one part; reports through `diagnostics_`, and goes on as long as that makes sense.
> 1e-5) ||class DeviceCompiler {
> 1e-5) || public:
> 1e-5) ||  DeviceCompiler(const StandardRecord& standard, const MemoryPartRecord& part, const DeviceOptions& options,
> 1e-5) ||                 Diagnostics& diagnostics)
> 1e-5) ||      : standard_(standard), part_(part), options_(options), diagnostics_(diagnostics) {}
> 1e-5) ||
> 1e-5) ||  std::optional<DramDevice> compile() {
> 1e-5) ||    const std::size_t errors_before = diagnostics_.error_count();
> 1e-5) ||    take_organization();
> 1e-5) ||    take_clock();
> 1e-5) ||    take_timings();
> 1e-5) ||    if (diagnostics_.error_count() > errors_before) return std::nullopt;
> 1e-5) ||    take_commands();
> 1e-5) ||    take_constraints();
> 1e-5) ||    take_refresh();
> 1e-5) ||    check_contradictions();
> 1e-5) ||    device_.energy = part_.energy;
> 1e-5) ||    if (diagnostics_.error_count() > errors_before) return std::nullopt;
> 1e-5) ||    return std::move(device_);
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) || private:
> 1e-5) ||  void impossible(const Place& place, std::string message, std::string hint = {}) {
> 1e-5) ||    diagnostics_.error("impossible-physics", place, std::move(message), std::move(hint));
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  void take_organization() {
> 1e-5) ||    const PartOrganization& given = part_.organization;
> 1e-5) ||    device_.part = part_.header.id;
> 1e-5) ||    device_.standard = standard_.header.id;
> 1e-5) ||    device_.unit = standard_.unit;
> 1e-5) ||    device_.channels = given.channels.value;
> 1e-5) ||    device_.units_per_channel = given.units_per_channel.value;
> 1e-5) ||    device_.ranks = static_cast<std::int32_t>(options_.ranks.value_or(given.ranks.value));
> 1e-5) ||    device_.bank_groups = static_cast<std::int32_t>(given.bank_groups.value);
> 1e-5) ||    device_.banks_per_group = static_cast<std::int32_t>(given.banks_per_group.value);
> 1e-5) ||    device_.rows = given.rows.value;
> 1e-5) ||    device_.columns = static_cast<std::int32_t>(given.columns.value);
> 1e-5) ||    if (options_.height) take_height(*options_.height);
> 1e-5) ||    if (device_.banks() > kMostBanks) {
> 1e-5) ||      impossible(given.place, fmt::format("{} ranks of {} banks are more than the {} banks that a unit can have",
> 1e-5) ||                                          device_.ranks, device_.banks_per_rank(), kMostBanks));
> 1e-5) ||    }
> 1e-5) ||    device_.access_bytes = static_cast<std::int32_t>(standard_.access.value.si());
> 1e-5) ||    device_.data_pins = static_cast<std::int32_t>(standard_.data_pins.value);
> 1e-5) ||    device_.units_sharing_commands = static_cast<std::int32_t>(standard_.units_sharing_commands);
> 1e-5) ||    if (device_.units_per_channel < device_.units_sharing_commands) device_.units_sharing_commands = 1;
> 1e-5) ||    device_.data_clock = standard_.data_clock;
> 1e-5) ||    device_.stacked = given.dies_per_rank.has_value();
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  void take_height(std::int64_t height) {
> 1e-5) ||    const PartOrganization& given = part_.organization;
> 1e-5) ||    if (std::find(given.heights.begin(), given.heights.end(), height) == given.heights.end()) {
> 1e-5) ||      impossible(given.place, given.heights.empty()
> 1e-5) ||                                  ? fmt::format("{} is not a stack: it has no height", part_.header.id)
> 1e-5) ||                                  : fmt::format("{} is not made {} dies high, but {}", part_.header.id, height,
> 1e-5) ||                                                fmt::join(given.heights, ", ")));
> 1e-5) ||      return;
> 1e-5) ||    }
> 1e-5) ||    device_.ranks = static_cast<std::int32_t>(height / given.dies_per_rank->value);
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  void take_clock() {
> 1e-5) ||    const BytesPerSecond rate = options_.pin_rate.value_or(part_.pin_rate.value);
> 1e-5) ||    const double kbit = rate.si() * 8 / 1e3;
> 1e-5) ||    device_.rate_kbit_per_s = std::llround(kbit);
> 1e-5) ||    if (std::abs(kbit - static_cast<double>(device_.rate_kbit_per_s)) > 1e-5 || device_.rate_kbit_per_s <= 0) {
> 1e-5) ||      impossible(part_.pin_rate.place, fmt::format("{} is no whole number of kbit/s", to_text(rate)));
> 1e-5) ||    }
> 1e-5) ||    device_.transfers_per_clock = static_cast<std::int32_t>(standard_.transfers_per_clock.value);
> 1e-5) ||    device_.ticks_per_clock = static_cast<std::int32_t>(standard_.ticks_per_clock);
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  double clock_seconds() const {
> 1e-5) ||    return static_cast<double>(device_.transfers_per_clock) / (static_cast<double>(device_.rate_kbit_per_s) * 1e3);
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  std::int64_t clocks_of(const TimingValue& value) const {
> 1e-5) ||    std::int64_t clocks = value.clocks ? value.clocks->value : 0;
> 1e-5) ||    if (value.time) {
> 1e-5) ||      const double exact = value.time->value.si() / clock_seconds();
> 1e-5) ||      clocks = std::max(clocks, static_cast<std::int64_t>(std::ceil(exact - 1e-6)));
> 1e-5) ||    }
> 1e-5) ||    return clocks;
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  void take_timings() {
> 1e-5) ||    std::vector<std::string> names;
> 1e-5) ||    for (const auto& timing : standard_.timings) names.push_back(timing.name);
> 1e-5) ||    for (const auto& given : part_.timings) {
> 1e-5) ||      if (std::find(names.begin(), names.end(), given.name) != names.end()) continue;
> 1e-5) ||      diagnostics_.error("unknown-key", given.place,
> 1e-5) ||                         fmt::format("'{}' is not a timing of {}", given.name, standard_.header.id),
> 1e-5) ||                         did_you_mean(given.name, names));
> 1e-5) ||    }
> 1e-5) ||    for (const std::string& name : names) take_timing(name);
> 1e-5) ||    for (const auto& [name, clocks] : options_.timings) {
> 1e-5) ||      const auto found = std::find_if(device_.timings.begin(), device_.timings.end(),
> 1e-5) ||                                      [&](const auto& timing) { return timing.first == name; });
> 1e-5) ||      if (found == device_.timings.end()) {
> 1e-5) ||        diagnostics_.error("unknown-name", part_.header.place,
> 1e-5) ||                           fmt::format("'{}' is not a timing of {}", name, standard_.header.id),
> 1e-5) ||                           did_you_mean(name, names));
> 1e-5) ||      } else {
> 1e-5) ||        found->second = clocks;
> 1e-5) ||      }
> 1e-5) ||    }
> 1e-5) ||    names_ = device_.timings;
> 1e-5) ||    names_.emplace_back("nBL", standard_.burst_clocks.value);
> 1e-5) ||    names_.emplace_back("ranks", device_.ranks);
> 1e-5) ||    names_.emplace_back("bank_groups", device_.bank_groups);
> 1e-5) ||    names_.emplace_back("banks_per_group", device_.banks_per_group);
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  void take_timing(const std::string& name) {
> 1e-5) ||    const auto found = std::find_if(part_.timings.begin(), part_.timings.end(),
> 1e-5) ||                                    [&](const auto& timing) { return timing.name == name; });
> 1e-5) ||    if (found == part_.timings.end()) {
> 1e-5) ||      diagnostics_.error("missing-key", part_.header.place_of("timings"),
> 1e-5) ||                         fmt::format("the timing '{}', which {} needs, is missing", name, standard_.header.id));
> 1e-5) ||      return;
> 1e-5) ||    }
> 1e-5) ||    device_.timings.emplace_back(name, clocks_of(found->value));
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  void take_commands() {
> 1e-5) ||    for (const auto& [name, place, form] : standard_.commands) {
> 1e-5) ||      for (const auto& row : EnumNames<DramCommand>::kRows) {
> 1e-5) ||        if (row.name != name) continue;
> 1e-5) ||        device_.commands[index(row.value)] = {true, form.bus, static_cast<std::int32_t>(form.ticks), form.edge};
> 1e-5) ||      }
> 1e-5) ||    }
> 1e-5) ||    device_.burst_ticks = static_cast<std::int32_t>(standard_.burst_clocks.value) * device_.ticks_per_clock;
> 1e-5) ||    device_.read_latency = static_cast<std::int32_t>(device_.timing("CL")) * device_.ticks_per_clock;
> 1e-5) ||    device_.write_latency = static_cast<std::int32_t>(device_.timing("CWL")) * device_.ticks_per_clock;
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  std::optional<std::int64_t> clocks_of(const std::string& expression, const Place& place) {
> 1e-5) ||    const auto clocks = evaluate(expression, names_);
> 1e-5) ||    if (clocks) return *clocks;
> 1e-5) ||    diagnostics_.error("invalid-expression", place, fmt::format("{}: {}", expression, clocks.error()));
> 1e-5) ||    return std::nullopt;
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  /// From the first tick of one command to the first tick of the next, where clocks count from last to last.
> 1e-5) ||  std::int32_t ticks_between(DramCommand from, DramCommand to, std::int64_t clocks) const {
> 1e-5) ||    return static_cast<std::int32_t>(clocks * device_.ticks_per_clock + (device_.commands[index(from)].ticks - 1) -
> 1e-5) ||                                     (device_.commands[index(to)].ticks - 1));
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  void take_constraints() {
> 1e-5) ||    for (const TimingConstraint& constraint : standard_.constraints) {
> 1e-5) ||      const auto clocks = clocks_of(constraint.minimum, constraint.place);
> 1e-5) ||      if (!clocks) continue;
> 1e-5) ||      if (constraint.window) {
> 1e-5) ||        device_.activation_window = {constraint.scope, static_cast<std::int32_t>(*constraint.window),
> 1e-5) ||                                     ticks_between(DramCommand::ACT, DramCommand::ACT, *clocks)};
> 1e-5) ||        continue;
> 1e-5) ||      }
> 1e-5) ||      for (const DramCommand from : constraint.from) {
> 1e-5) ||        for (const DramCommand to : constraint.to) {
> 1e-5) ||          std::int32_t& distance = device_.distance[index(constraint.scope)][index(from)][index(to)];
> 1e-5) ||          distance = std::max(distance, ticks_between(from, to, *clocks));
> 1e-5) ||        }
> 1e-5) ||      }
> 1e-5) ||    }
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  void take_refresh() {
> 1e-5) ||    device_.usual_refresh = standard_.refresh.usual.value;
> 1e-5) ||    take_refresh(RefreshMode::all_bank, &standard_.refresh.all_bank);
> 1e-5) ||    take_refresh(RefreshMode::per_bank, standard_.refresh.per_bank ? &*standard_.refresh.per_bank : nullptr);
> 1e-5) ||    take_refresh(RefreshMode::same_bank, standard_.refresh.same_bank ? &*standard_.refresh.same_bank : nullptr);
> 1e-5) ||    if (!device_.refresh[static_cast<std::size_t>(device_.usual_refresh)]) {
> 1e-5) ||      impossible(standard_.refresh.usual.place,
> 1e-5) ||                 fmt::format("{} has no {} refresh", standard_.header.id, enum_name(device_.usual_refresh)));
> 1e-5) ||    }
> 1e-5) ||    for (const RefreshTemperature& step : standard_.refresh_temperatures) {
> 1e-5) ||      device_.hot_refresh.emplace_back(step.above_celsius.value, step.interval_factor.value);
> 1e-5) ||    }
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  void take_refresh(RefreshMode mode, const RefreshForm* form) {
> 1e-5) ||    if (form == nullptr) return;
> 1e-5) ||    const auto clocks = clocks_of(form->interval, form->place);
> 1e-5) ||    if (!clocks) return;
> 1e-5) ||    if (*clocks < 1) impossible(form->place, fmt::format("a refresh interval of {} clocks", *clocks));
> 1e-5) ||    device_.refresh[static_cast<std::size_t>(mode)] =
> 1e-5) ||        DeviceRefresh{form->command, static_cast<std::int32_t>(*clocks) * device_.ticks_per_clock,
> 1e-5) ||                      static_cast<std::int32_t>(form->postponed)};
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  /// Reports that `small` exceeds `large`, both in clocks, if the standard has both.
> 1e-5) ||  void require_order(std::string_view small, std::int64_t small_clocks, std::string_view large,
> 1e-5) ||                     std::int64_t large_clocks) {
> 1e-5) ||    if (small_clocks <= large_clocks) return;
> 1e-5) ||    impossible(place_of_timing(large),
> 1e-5) ||               fmt::format("{} is {} clocks, less than {}, which is {}", large, large_clocks, small, small_clocks));
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  const Place& place_of_timing(std::string_view name) const {
> 1e-5) ||    for (const auto& given : part_.timings) {
> 1e-5) ||      if (given.name == name) return given.place;
> 1e-5) ||    }
> 1e-5) ||    return part_.header.place_of("timings");
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  std::optional<std::int64_t> find(std::string_view name) const {
> 1e-5) ||    for (const auto& [known, clocks] : device_.timings) {
> 1e-5) ||      if (known == name) return clocks;
> 1e-5) ||    }
> 1e-5) ||    return std::nullopt;
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  void require_order(std::string_view small, std::string_view large) {
> 1e-5) ||    const auto a = find(small);
> 1e-5) ||    const auto b = find(large);
> 1e-5) ||    if (a && b) require_order(small, *a, large, *b);
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  void check_contradictions() {
> 1e-5) ||    const auto ras = find("RAS");
> 1e-5) ||    const auto rp = find("RP");
> 1e-5) ||    const auto rc = find("RC");
> 1e-5) ||    // Bins round tRAS, tRP and their sum to whole clocks one by one: one clock of difference is rounding.
> 1e-5) ||    if (ras && rp && rc) require_order("RAS + RP - 1", *ras + *rp - 1, "RC", *rc);
> 1e-5) ||    require_order("RRD_S", "FAW");
> 1e-5) ||    require_order("RRD_S", "RRD_L");
> 1e-5) ||    require_order("CCD_S", "CCD_L");
> 1e-5) ||    require_order("WTR_S", "WTR_L");
> 1e-5) ||    require_order("RFCpb", "RFCab");
> 1e-5) ||    require_order("RFCsb", "RFCab");
> 1e-5) ||    require_order("RFCab", "REFI");
> 1e-5) ||    require_order("RCDrd", "RAS");
> 1e-5) ||  }
> 1e-5) ||
> 1e-5) ||  const StandardRecord& standard_;
> 1e-5) ||  const MemoryPartRecord& part_;
> 1e-5) ||  const DeviceOptions& options_;
> 1e-5) ||  Diagnostics& diagnostics_;
> 1e-5) ||  DramDevice device_;
> 1e-5) ||  std::vector<std::pair<std::string, std::int64_t>> names_;
> 1e-5) ||};
> 1e-5) ||
> 1e-5) ||}  // namespace
> 1e-5) ||
> 1e-5) ||std::int64_t DramDevice::timing(std::string_view name) const {
> 1e-5) ||  const auto found = std::find_if(timings.begin(), timings.end(), [&](const auto& row) { return row.first == name; });
> 1e-5) ||  ORRERY_CHECK(found != timings.end());
> 1e-5) ||  return found->second;
> 1e-5) ||}
> 1e-5) ||
> 1e-5) ||SimTime DramDevice::time_of(std::int64_t ticks) const {
> 1e-5) ||  // ticks x transfers / (rate x ticks per clock), in picoseconds: 10^9 kbit make 10^12 bit.
> 1e-5) ||  const Int128 numerator = static_cast<Int128>(ticks) * transfers_per_clock * 1'000'000'000;
> 1e-5) ||  const Int128 denominator = static_cast<Int128>(rate_kbit_per_s) * ticks_per_clock;
> 1e-5) ||  return SimTime(static_cast<std::int64_t>((2 * numerator + denominator) / (2 * denominator)));
> 1e-5) ||}
> 1e-5) ||
> 1e-5) ||std::optional<DramDevice> compile_device(const StandardRecord& standard, const MemoryPartRecord& part,
> 1e-5) ||                                         const DeviceOptions& options, Diagnostics& diagnostics) {
> 1e-5) ||  return DeviceCompiler(standard, part, options, diagnostics).compile();
> 1e-5) ||}
> 1e-5) ||
> 1e-5) ||/// Reads every expression with 1 for every name: what cannot be read is wrong for every part.
> 1e-5) ||static void check_expressions(const StandardRecord& standard, Diagnostics& diagnostics) {
> 1e-5) ||  std::vector<std::pair<std::string, std::int64_t>> names;
> 1e-5) ||  for (const auto& timing : standard.timings) names.emplace_back(timing.name, 1);
> 1e-5) ||  for (const char* name : {"nBL", "ranks", "bank_groups", "banks_per_group"}) names.emplace_back(name, 1);
> 1e-5) ||  const auto check = [&](const std::string& expression, const Place& place) {
> 1e-5) ||    if (const auto value = evaluate(expression, names); !value) {
> 1e-5) ||      diagnostics.error("invalid-expression", place, fmt::format("{}: {}", expression, value.error()));
> 1e-5) ||    }
> 1e-5) ||  };
> 1e-5) ||  for (const TimingConstraint& constraint : standard.constraints) check(constraint.minimum, constraint.place);
> 1e-5) ||  check(standard.refresh.all_bank.interval, standard.refresh.all_bank.place);
> 1e-5) ||  for (const auto* form : {&standard.refresh.per_bank, &standard.refresh.same_bank}) {
> 1e-5) ||    if (*form) check((*form)->interval, (*form)->place);
> 1e-5) ||  }
> 1e-5) ||}
> 1e-5) ||
> 1e-5) ||void check_physics(const StandardRecord& standard, Diagnostics& diagnostics) {
> 1e-5) ||  check_expressions(standard, diagnostics);
> 1e-5) ||  std::vector<std::string> mnemonics;
> 1e-5) ||  for (const auto& row : EnumNames<DramCommand>::kRows) mnemonics.emplace_back(row.name);
> 1e-5) ||  for (const auto& command : standard.commands) {
> 1e-5) ||    if (std::find(mnemonics.begin(), mnemonics.end(), command.name) != mnemonics.end()) continue;
> 1e-5) ||    diagnostics.error("unknown-name", command.place, fmt::format("'{}' is not a DRAM command", command.name),
> 1e-5) ||                      did_you_mean(command.name, mnemonics));
> 1e-5) ||  }
> 1e-5) ||  for (std::size_t i = 1; i < standard.refresh_temperatures.size(); ++i) {
> 1e-5) ||    const auto& cooler = standard.refresh_temperatures[i - 1];
> 1e-5) ||    const auto& hotter = standard.refresh_temperatures[i];
> 1e-5) ||    if (cooler.above_celsius.value < hotter.above_celsius.value &&
> 1e-5) ||        cooler.interval_factor.value > hotter.interval_factor.value) {
> 1e-5) ||      continue;
> 1e-5) ||    }
> 1e-5) ||    diagnostics.error("impossible-physics", hotter.above_celsius.place,
> 1e-5) ||                      "hotter memory is refreshed more often: temperatures rise and factors fall");
> 1e-5) ||  }
> 1e-5) ||}
> 1e-5) ||
> 1e-5) ||void check_physics(const MemoryPartRecord& part, Diagnostics& diagnostics) {
> 1e-5) ||  if (part.energy) check_physics(*part.energy, diagnostics);
> 1e-5) ||  for (const auto& [name, place, value] : part.timings) {
> 1e-5) ||    if (!value.clocks && !value.time) {
> 1e-5) ||      diagnostics.error("missing-key", place, fmt::format("'{}' has neither clocks nor time", name));
> 1e-5) ||    }
> 1e-5) ||    if (value.low && value.high && *value.low > *value.high) {
> 1e-5) ||      diagnostics.error("impossible-physics", place, fmt::format("the range of '{}' is upside down", name));
> 1e-5) ||    }
> 1e-5) ||  }
> 1e-5) ||  const PartOrganization& organization = part.organization;
> 1e-5) ||  if (!organization.heights.empty() && !organization.dies_per_rank) {
> 1e-5) ||    diagnostics.error("missing-key", organization.place, "'dies_per_rank' is missing: heights are counted in it");
> 1e-5) ||    return;
> 1e-5) ||  }
> 1e-5) ||  for (const std::int64_t height : organization.heights) {
> 1e-5) ||    if (height > 0 && height % organization.dies_per_rank->value == 0) continue;
> 1e-5) ||    diagnostics.error("impossible-physics", organization.place,
> 1e-5) ||                      fmt::format("a height of {} dies is no whole number of stack ids of {}", height,
> 1e-5) ||                                  organization.dies_per_rank->value));
> 1e-5) ||  }
> 1e-5) ||}
> 1e-5) ||
> 1e-5) ||}  // namespace orrery
