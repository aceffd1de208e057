#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/memory/device.h"
#include "orrery/memory/patterns.h"
#include "orrery/memory/unit_engine.h"
#include "orrery/schema/visit.h"

// Parts of the catalog, compiled, and what tests run on them. Tests run from the root of the repository.
namespace orrery {

inline std::string text_of(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) text += to_text(diagnostic) + "\n";
  return text;
}

/// A record of a catalog file, which is valid.
template <class Record>
Record catalog_record(const std::string& path) {
  Diagnostics diagnostics;
  const auto node = parse_yaml_file(path, diagnostics);
  auto record = node ? read_record<Record>(*node, diagnostics) : std::optional<Record>();
  EXPECT_TRUE(record.has_value()) << path << "\n" << text_of(diagnostics);
  return record.value_or(Record{});
}
inline MemoryPartRecord catalog_part(std::string_view id) {
  return catalog_record<MemoryPartRecord>("catalog/memory/" + std::string(id) + ".yaml");
}
inline StandardRecord catalog_standard(std::string_view id) {
  return catalog_record<StandardRecord>("catalog/memory/standards/" + std::string(id) + ".yaml");
}

inline DramDevice catalog_device(std::string_view part_id, const DeviceOptions& options = {}) {
  const MemoryPartRecord part = catalog_part(part_id);
  Diagnostics diagnostics;
  auto device = compile_device(catalog_standard(part.standard.id), part, options, diagnostics);
  EXPECT_TRUE(device.has_value()) << text_of(diagnostics);
  return std::move(device).value_or(DramDevice{});
}

/// The parts with the values of Ramulator's presets: the seven test devices of the memory reference.
inline constexpr std::string_view kRamulatorParts[] = {
    "ramulator2-ddr4-2400", "ramulator2-ddr5-4800",   "ramulator2-hbm2-2000",  "ramulator2-hbm3-6400",
    "ramulator2-hbm4-8000", "ramulator2-lpddr5-6400", "ramulator2-gddr6-14000"};

/// A pattern on one unit of a device, by the default mapping.
inline std::unique_ptr<AccessSource> accesses_of(std::string_view pattern, const DramDevice& device,
                                                 const PatternOptions& options) {
  const auto mapping = AddressMapping::parse("default", device, 1);
  EXPECT_TRUE(mapping) << (mapping ? "" : mapping.error());
  auto source = make_access_pattern(pattern, device, *mapping, options);
  EXPECT_TRUE(source) << (source ? "" : source.error());
  return std::move(*source);
}

/// What a unit makes of a pattern; `outstanding` 0: only the ticks of the accesses hold them back.
inline UnitActivity activity_of(std::string_view pattern, const DramDevice& device, const ControllerSettings& settings,
                                const PatternOptions& options, std::int64_t outstanding = 64,
                                CommandSink* sink = nullptr) {
  const auto checked = check_settings(device, settings);
  EXPECT_TRUE(checked) << (checked ? "" : checked.error());
  return simulate_unit(device, settings, {outstanding}, *accesses_of(pattern, device, options), sink);
}

/// Share of the peak, in percent.
inline double percent_of_peak(const UnitActivity& activity) {
  return 100.0 * static_cast<double>(activity.data_ticks) / static_cast<double>(activity.end_tick);
}

/// Keeps all commands.
class CommandList final : public CommandSink {
 public:
  void issued(const IssuedCommand& command) override { commands.push_back(command); }
  std::vector<IssuedCommand> commands;
};

}  // namespace orrery
