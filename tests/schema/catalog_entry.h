#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "orrery/schema/entry.h"

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

}  // namespace orrery
