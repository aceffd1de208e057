#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "orrery/base/diagnostic.h"
#include "orrery/fleet/daily_curve_record.h"

namespace orrery {

/// What stands for a curve that is known to be well-formed: its keys behind the header of an entry.
inline DailyCurveRecord curve_from(const std::string& keys) {
  Diagnostics diagnostics;
  const std::string yaml = "id: text\nkind: daily-curve\nname: Text\nstatus: assumed\n" + keys;
  const auto node = parse_yaml(std::make_shared<SourceText>("text", yaml), diagnostics);
  auto record = node ? read_record<DailyCurveRecord>(*node, diagnostics) : std::nullopt;
  std::string messages;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) messages += to_text(diagnostic);
  EXPECT_TRUE(record) << messages;
  return record ? *record : DailyCurveRecord{};
}

/// A curve of the catalog. Tests run from the repository root.
inline DailyCurveRecord catalog_curve(const std::string& id) {
  Diagnostics diagnostics;
  const auto node = parse_yaml_file("catalog/daily-curve/" + id + ".yaml", diagnostics);
  auto record = node ? read_record<DailyCurveRecord>(*node, diagnostics) : std::nullopt;
  EXPECT_TRUE(record) << id;
  return record ? *record : DailyCurveRecord{};
}

inline Seconds hours(double hours) { return Seconds(3600 * hours); }

}  // namespace orrery
