#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "orrery/chip/chip.h"

namespace orrery {

inline std::string all_messages(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& one : diagnostics.sorted()) text += to_text(one) + "\n";
  return text;
}

/// Codes of all findings, in order of place.
inline std::vector<std::string> codes(const Diagnostics& diagnostics) {
  std::vector<std::string> codes;
  for (const Diagnostic& one : diagnostics.sorted()) codes.push_back(one.code);
  return codes;
}

/// A catalog entry with its attribution resolved; the test fails when anything is reported.
template <class R>
R catalog_entry(const std::string& kind, const std::string& id) {
  Diagnostics diagnostics;
  std::vector<ProvenanceItem> items;
  R record{};
  if (const auto node = parse_yaml_file("catalog/" + kind + "/" + id + ".yaml", diagnostics)) {
    if (auto read = read_record<R>(*node, diagnostics)) {
      record = *read;
      resolve_attribution(record.header, record_type<R>(), &record, diagnostics, items);
    }
  }
  EXPECT_FALSE(diagnostics.has_errors()) << all_messages(diagnostics);
  EXPECT_EQ(record.header.id, id);
  EXPECT_EQ(record.header.kind, kind);
  return record;
}

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
  family.energy.link.value = JoulesPerByte(0);
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
