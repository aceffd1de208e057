#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ctime>
#include <numeric>

#include "orrery/base/file.h"
#include "orrery/cli/memory_patterns.h"
#include "orrery/cli/memory_request.h"
#include "orrery/cli/program.h"
#include "orrery/memory/in_band_ecc.h"
#include "orrery/memory/memory_run.h"
#include "orrery/report/memory_report.h"
#include "orrery/scenario/chip_memory.h"

namespace orrery {
namespace {

constexpr double kCurveLoads[] = {0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.94, 0.97, 1.0};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// A part of the catalog, compiled for the question.
struct LoadedPart {
  AskedPart asked;
  DramDevice device;
};

/// Answers one command line. What fails is reported through `diagnostics`, or returned as a text.
class MemoryDesk {
 public:
  MemoryDesk(const MemoryRequest& request, const Catalog& catalog, Diagnostics& diagnostics)
      : request_(request), catalog_(catalog), diagnostics_(diagnostics) {}

  bool load() {
    for (const AskedPart& asked : request_.parts) take_part(asked);
    if (request_.model) {
      if (auto entry = catalog_.load<ModelRecord>(AnyReference{*request_.model, {}}, diagnostics_)) {
        model_ = std::move(entry->record);
      }
    }
    return !diagnostics_.has_errors();
  }
  const std::vector<LoadedPart>& parts() const { return parts_; }
  const std::vector<ProvenanceItem>& provenance() const { return provenance_; }
  /// Of the last run, as CSV.
  const std::string& commands() const { return commands_; }

  /// One part under one pattern, or under the trace.
  Result<MemoryRow> ask(const LoadedPart& part, const std::string& pattern, std::optional<double> load) {
    MemoryRow row;
    row.part = part.asked.text;
    row.pattern = request_.trace.value_or(pattern);
    row.device = part.device;
    row.load = load;
    row.checked = request_.check;
    row.units_of_memory = part.device.units() * request_.packages;
    const bool over_all = request_.trace || is_over_all_units(pattern);
    auto data = part.device;
    if (request_.in_band_ecc) {
      auto smaller = InBandEcc::data_part(part.device);
      if (!smaller) return failure("--in-band-ecc: " + smaller.error());
      data = std::move(*smaller);
    }
    const auto mapping = AddressMapping::parse(request_.mapping, data, over_all ? row.units_of_memory : 1);
    if (!mapping) return failure("--mapping: " + mapping.error());
    row.mapping = mapping->text();
    const auto settings = settings_for(part.device);
    if (!settings) return failure(settings.error());
    row.settings = *settings;
    row.injection.outstanding = load ? 0 : request_.outstanding;
    if (auto energy = EnergyModel::from(part.device)) {
      row.activation_clamped = energy->activation_clamped();
      row.energy_low = energy->low();
      row.energy_high = energy->high();
    }
    return request_.trace ? run_trace(std::move(row), part.device, *mapping)
                          : run_pattern(std::move(row), part.device, *mapping, pattern);
  }

 private:
  void take_part(const AskedPart& asked) {
    const auto loaded = load_part(AnyReference{asked.id, {}}, catalog_, diagnostics_);
    if (!loaded) return;
    DeviceOptions options;
    options.height = asked.height;
    options.ranks = request_.ranks;
    options.pin_rate = request_.pin_rate;
    options.timings = request_.timings;
    auto device = compile_device(loaded->standard, loaded->part, options, diagnostics_);
    if (!device) return;
    provenance_.insert(provenance_.end(), loaded->provenance.begin(), loaded->provenance.end());
    parts_.push_back({asked, std::move(*device)});
  }

  Result<ControllerSettings> settings_for(const DramDevice& device) const {
    const SchedulingPolicy policy = request_.policy.value_or(SchedulingPolicy::row_hit_first);
    ControllerSettings settings =
        policy == SchedulingPolicy::row_hit_first ? default_settings(device) : ramulator2_settings(policy);
    settings.read_entries = settings.write_entries = static_cast<std::int32_t>(request_.queue);
    if (request_.page) settings.page = *request_.page;
    if (request_.refresh && policy == SchedulingPolicy::row_hit_first) {
      set_refresh(settings, device, *request_.refresh);
    } else if (request_.refresh) {
      settings.refresh = *request_.refresh;
    }
    const auto ticks = [&](Seconds time) { return static_cast<std::int32_t>(time.si() / device.tick_seconds()) + 1; };
    if (request_.power_down_after) settings.power_down_after = ticks(*request_.power_down_after);
    if (request_.self_refresh_after) settings.self_refresh_after = ticks(*request_.self_refresh_after);
    if (request_.activations_per_management) {
      settings.activations_per_management = static_cast<std::int32_t>(*request_.activations_per_management);
    }
    if (request_.celsius) {
      for (const auto& [above, factor] : device.hot_refresh) {
        if (*request_.celsius > above) settings.refresh_interval_factor = factor;
      }
    }
    if (const auto good = check_settings(device, settings); !good) return failure(good.error());
    return settings;
  }

  Result<MemoryRow> run_pattern(MemoryRow row, const DramDevice& device, const AddressMapping& mapping,
                                const std::string& pattern) {
    PatternInput input;
    input.blocks = request_.requests;
    input.load = row.load;
    input.seed = request_.seed;
    input.stride = request_.stride;
    input.write_share = request_.write_share;
    input.model = model_ ? &*model_ : nullptr;
    const auto make = [&](std::int64_t unit) { return make_unit_source(pattern, device, mapping, unit, input); };
    if (const auto first = make(0); !first) return failure(first.error());
    const bool all = request_.all_units && mapping.units() > 1;
    return run(std::move(row), all ? mapping.units() : 1,
               [&](std::int64_t unit) { return with_ecc(*make(unit), device); });
  }

  std::unique_ptr<AccessSource> with_ecc(std::unique_ptr<AccessSource> data, const DramDevice& device) const {
    if (!request_.in_band_ecc) return data;
    return std::make_unique<InBandEcc>(std::move(data), device);
  }

  Result<MemoryRow> run_trace(MemoryRow row, const DramDevice& device, const AddressMapping& mapping) {
    const auto trace = read_memory_trace(*request_.trace, device, mapping, request_.trace_format, diagnostics_);
    if (!trace) return failure("");
    if (trace->has_cycles && !request_.outstanding_given) row.injection.outstanding = 0;
    return run(std::move(row), mapping.units(), [&](std::int64_t unit) {
      return std::make_unique<ListSource>(trace->units[static_cast<std::size_t>(unit)]);
    });
  }

  Result<MemoryRow> run(MemoryRow row, std::int64_t units, const UnitSources& sources) {
    MemoryQuestion question{row.device,       row.settings,   row.injection,   {}, sources, {},
                            request_.threads, request_.check, request_.toggle, 0};
    question.units.resize(static_cast<std::size_t>(units));
    std::iota(question.units.begin(), question.units.end(), 0);
    if (request_.power_out) {
      question.power_window_ticks =
          std::max<std::int64_t>(1, static_cast<std::int64_t>(request_.power_window.si() / row.device.tick_seconds()));
    }
    CommandLines commands(row.device);
    if (request_.commands_out) {
      question.sinks = [&](std::int64_t unit) { return commands.of_unit(unit); };
    }
    const double before = cpu_seconds();
    row.answer = answer(question);
    row.cpu_s = cpu_seconds() - before;
    commands_ = commands.text();
    return row;
  }

  /// The commands of one unit after the other.
  class CommandLines final : public CommandSink {
   public:
    explicit CommandLines(const DramDevice& device) : device_(device) {}
    CommandSink* of_unit(std::int64_t unit) {
      unit_ = unit;
      return this;
    }
    void issued(const IssuedCommand& command) override { text_ += command_csv_line(device_, unit_, command); }
    const std::string& text() const { return text_; }

   private:
    const DramDevice& device_;
    std::int64_t unit_ = 0;
    std::string text_ = command_csv_head();
  };

  const MemoryRequest& request_;
  const Catalog& catalog_;
  Diagnostics& diagnostics_;
  std::vector<LoadedPart> parts_;
  std::optional<ModelRecord> model_;
  std::vector<ProvenanceItem> provenance_;
  std::string commands_;
};

/// Whether refreshes are late because, as the controller says itself, there are more of them than it can make room for.
bool is_only_late(const MemoryRow& row) {
  return row.refreshes_behind() > 0 &&
         std::all_of(row.answer.rules.begin(), row.answer.rules.end(),
                     [](const auto& rule) { return rule.violations == 0 || rule.rule.starts_with("refresh-"); });
}

int finish(const std::vector<MemoryRow>& rows, const MemoryRequest& request, const MemoryDesk& desk, bool json,
           Program& program) {
  if (request.commands_out) {
    const auto written = write_file_atomically(*request.commands_out, desk.commands());
    if (!written) return program.fail(written.error());
  }
  if (request.power_out) {
    if (!rows.front().answer.energy) {
      return program.fail(fmt::format("--power-out: {} has no energies in the catalog", rows.front().part));
    }
    const auto written = write_file_atomically(*request.power_out, power_csv(rows.front()));
    if (!written) return program.fail(written.error());
  }
  const TextStyle& style = program.surroundings().style;
  const std::string text = json            ? memory_json(rows, desk.provenance())
                           : request.curve ? memory_curve_text(rows, desk.provenance(), style)
                                           : memory_text(rows, desk.provenance(), style);
  if (const int code = program.print(text); code != kAnswered) return code;
  for (const MemoryRow& row : rows) {
    if (row.answer.violations() == 0) continue;
    if (is_only_late(row)) {
      return program.fail(fmt::format("{}, {}: its banks are too busy to be refreshed in time", row.part, row.pattern));
    }
    return program.fail("internal error: the controller broke a rule of the standard");
  }
  return kAnswered;
}

}  // namespace

int command_memory(const Arguments& arguments, Program& program) {
  const auto request = read_memory_request(arguments);
  if (!request) return program.refuse(request.error());
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  Diagnostics diagnostics;
  MemoryDesk desk(*request, *catalog, diagnostics);
  if (!desk.load()) return program.report(diagnostics, false);
  std::vector<MemoryRow> rows;
  for (const LoadedPart& part : desk.parts()) {
    for (const std::string& pattern : request->patterns) {
      std::vector<std::optional<double>> loads{request->load};
      if (request->curve) loads.assign(std::begin(kCurveLoads), std::end(kCurveLoads));
      for (const auto& load : loads) {
        if (program.surroundings().shows_progress) {
          program.note(fmt::format("{}, {}{}", part.asked.text, request->trace.value_or(pattern),
                                   load ? fmt::format(" at {:g} %", 100 * *load) : ""));
        }
        auto row = desk.ask(part, pattern, load);
        if (diagnostics.has_errors()) return program.report(diagnostics, false);
        if (!row) return program.refuse(row.error());
        rows.push_back(std::move(*row));
      }
    }
  }
  return finish(rows, *request, desk, arguments.has("--json"), program);
}

}  // namespace orrery
