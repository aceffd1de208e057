#pragma once

#include <optional>

#include "orrery/chip/chip_record.h"
#include "orrery/memory/device.h"

namespace orrery {

/// One package of the memory of a chip, at the chip's pin rate and height. Reports impossible-physics where the
/// packages together do not give the chip's peak bandwidth within 1 %, beside what compile_device reports.
/// Pre: the chip names the part, and check_physics found nothing in any of the records.
std::optional<DramDevice> attach_memory(const ChipMemory& memory, const StandardRecord& standard,
                                        const MemoryPartRecord& part, Diagnostics& diagnostics);

/// Units of all packages. Pre: as for attach_memory.
std::int64_t memory_units(const ChipMemory& memory, const DramDevice& device);

}  // namespace orrery
