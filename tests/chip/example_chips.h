#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../schema/catalog_entry.h"
#include "orrery/chip/chip.h"

namespace orrery {

inline Chip catalog_chip(const std::string& id) {
  const auto chip = catalog_entry<ChipRecord>("chip", id);
  return Chip(chip, catalog_entry<FamilyRecord>("family", chip.family.id));
}

/// H100 SXM as the reference values assume it: round datasheet figures and no energy, so that no power limit acts.
inline ChipRecord reference_h100() {
  auto chip = catalog_entry<ChipRecord>("chip", "h100-sxm");
  chip.dense_peak.bf16->value = FlopsPerSecond(989e12);
  chip.memory.bandwidth.value = BytesPerSecond(3350e9);
  return chip;
}
inline FamilyRecord without_energy(FamilyRecord family) {
  family.energy.memory.value = JoulesPerByte(0);
  family.energy.bf16.value = JoulesPerFlop(0);
  if (family.energy.fp8) family.energy.fp8->value = JoulesPerFlop(0);
  if (family.energy.int8) family.energy.int8->value = JoulesPerFlop(0);
  if (family.energy.fp4) family.energy.fp4->value = JoulesPerFlop(0);
  return family;
}
inline FamilyRecord reference_hopper() { return without_energy(catalog_entry<FamilyRecord>("family", "hopper")); }

inline double microseconds(Seconds time) { return time.si() * 1e6; }

inline const std::vector<std::string>& catalog_chip_ids() {
  static const std::vector<std::string> ids = {"a100-sxm-80gb", "b200-sxm", "h100-sxm", "h200-sxm",
                                               "l40s",          "mi300x",   "rtx-4090", "rtx-pro-6000"};
  return ids;
}
inline const std::vector<std::string>& catalog_family_ids() {
  static const std::vector<std::string> ids = {"ada",   "ada-geforce", "ampere", "blackwell", "blackwell-workstation",
                                               "cdna3", "hopper"};
  return ids;
}

}  // namespace orrery
