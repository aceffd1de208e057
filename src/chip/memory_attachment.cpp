#include "orrery/chip/memory_attachment.h"

#include <fmt/format.h>

#include <cmath>

namespace orrery {
namespace {

constexpr double kPeakTolerance = 0.01;  // datasheets round

}  // namespace

std::int64_t memory_units(const ChipMemory& memory, const DramDevice& device) {
  return memory.packages->value * device.units();
}

std::optional<DramDevice> attach_memory(const ChipMemory& memory, const StandardRecord& standard,
                                        const MemoryPartRecord& part, Diagnostics& diagnostics) {
  DeviceOptions options;
  options.pin_rate = memory.pin_rate->value;
  if (memory.height) options.height = memory.height->value;
  auto device = compile_device(standard, part, options, diagnostics);
  if (!device) return std::nullopt;
  const BytesPerSecond peak(static_cast<double>(memory_units(memory, *device)) * device->peak_bytes_per_second());
  if (std::abs(memory.bandwidth.value / peak - 1) > kPeakTolerance) {
    diagnostics.error(
        "impossible-physics", memory.bandwidth.place,
        fmt::format("{} packages of {} at {:.4g} Gbit/s a pin give {}, not {}", memory.packages->value, part.header.id,
                    memory.pin_rate->value.si() * 8e-9, to_text(peak), to_text(memory.bandwidth.value)),
        "packages, pin_rate and bandwidth must go together");
    return std::nullopt;
  }
  return device;
}

}  // namespace orrery
