#include "orrery/memory/controller_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace orrery {
namespace {

constexpr double kAgeCapSeconds = 2e-6;

bool has(const DramDevice& device, DramCommand command) {
  return device.commands[static_cast<std::size_t>(command)].exists;
}

}  // namespace

ControllerSettings default_settings(const DramDevice& device) {
  ControllerSettings settings;
  settings.age_cap = static_cast<std::int32_t>(kAgeCapSeconds / device.tick_seconds());
  set_refresh(settings, device, device.usual_refresh);
  return settings;
}

void set_refresh(ControllerSettings& settings, const DramDevice& device, RefreshMode mode) {
  settings.refresh = mode;
  const auto& refresh = device.refresh[static_cast<std::size_t>(mode)];
  const std::int32_t allowed = refresh ? refresh->postponed : 0;
  // Closing the banks takes time when a refresh must come, and single banks must come in short order.
  settings.postponed = mode == RefreshMode::all_bank ? std::max(0, allowed - 1) : allowed / 2;
}

ControllerSettings ramulator2_settings(SchedulingPolicy policy) {
  ControllerSettings settings;
  settings.policy = policy;
  settings.takes_turns = false;
  return settings;
}

Result<void> check_settings(const DramDevice& device, const ControllerSettings& settings) {
  if (settings.refresh != RefreshMode::none && !device.refresh[static_cast<std::size_t>(settings.refresh)]) {
    std::vector<std::string_view> modes{enum_name(RefreshMode::none)};
    for (const auto& row : EnumNames<RefreshMode>::kRows) {
      if (device.refresh[static_cast<std::size_t>(row.value)]) modes.push_back(row.name);
    }
    return failure(fmt::format("{} has no {} refresh, but: {}", device.standard, enum_name(settings.refresh),
                               fmt::join(modes, ", ")));
  }
  if (const auto& refresh = device.refresh[static_cast<std::size_t>(settings.refresh)]) {
    const auto command = static_cast<std::size_t>(refresh->command);
    const double interval = refresh->interval * settings.refresh_interval_factor;
    for (const TimingScope scope : {TimingScope::rank, TimingScope::unit}) {
      const std::int32_t distance = device.distance[static_cast<std::size_t>(scope)][command][command];
      if (interval >= distance) continue;
      return failure(fmt::format("{} cannot be refreshed {} every {:g} ticks: two {} are {} apart", device.part,
                                 enum_name(settings.refresh), interval, enum_name(refresh->command), distance));
    }
  }
  if (settings.activations_per_management > 0 && !has(device, DramCommand::RFMab) && !has(device, DramCommand::RFMpb)) {
    return failure(fmt::format("{} has no refresh management", device.standard));
  }
  if (settings.power_down_after > 0 && !has(device, DramCommand::PDE)) {
    return failure(fmt::format("{} has no power-down", device.standard));
  }
  if (settings.self_refresh_after > 0 && !has(device, DramCommand::SRE)) {
    return failure(fmt::format("{} has no self-refresh", device.standard));
  }
  if (settings.read_entries < 1 || settings.write_entries < 1 || settings.read_entries > 4096 ||
      settings.write_entries > 4096) {
    return failure("a queue has 1 to 4096 entries");
  }
  if (!(0 <= settings.write_low && settings.write_low < settings.write_high && settings.write_high < 1)) {
    return failure("watermarks are shares of the write queue: 0 <= low < high < 1");
  }
  if (!(settings.refresh_interval_factor > 0 && settings.refresh_interval_factor <= 1)) {
    return failure("the factor of the refresh interval lies above 0 and is at most 1");
  }
  return {};
}

}  // namespace orrery
