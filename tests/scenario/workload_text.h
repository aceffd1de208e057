#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "orrery/base/diagnostic.h"
#include "orrery/scenario/workload_record.h"

namespace orrery {

/// A record from YAML that is known to be well-formed.
template <class R>
R record_from(const std::string& yaml) {
  Diagnostics diagnostics;
  const auto node = parse_yaml(std::make_shared<SourceText>("text", yaml), diagnostics);
  auto record = node ? read_record<R>(*node, diagnostics) : std::nullopt;
  std::string messages;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) messages += to_text(diagnostic);
  EXPECT_TRUE(record) << messages;
  return record ? *record : R{};
}

/// The profile of an entry of the catalog. Tests run from the repository root.
inline WorkloadProfileRecord catalog_profile(const std::string& id) {
  Diagnostics diagnostics;
  const auto node = parse_yaml_file("catalog/workload/" + id + ".yaml", diagnostics);
  auto record = node ? read_record<WorkloadProfileRecord>(*node, diagnostics) : std::nullopt;
  EXPECT_TRUE(record) << id;
  return record ? *record : WorkloadProfileRecord{};
}

/// The same of a daily curve.
inline DailyCurveRecord catalog_curve(const std::string& id) {
  Diagnostics diagnostics;
  const auto node = parse_yaml_file("catalog/daily-curve/" + id + ".yaml", diagnostics);
  auto record = node ? read_record<DailyCurveRecord>(*node, diagnostics) : std::nullopt;
  EXPECT_TRUE(record) << id;
  return record ? *record : DailyCurveRecord{};
}

}  // namespace orrery
