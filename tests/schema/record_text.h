#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "orrery/base/diagnostic.h"
#include "orrery/schema/visit.h"

namespace orrery {

/// The record of a tree that is known to be well-formed.
template <class R>
R record_of(const std::optional<Node>& node, Diagnostics& diagnostics) {
  auto record = node ? read_record<R>(*node, diagnostics) : std::nullopt;
  std::string messages;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) messages += to_text(diagnostic);
  EXPECT_TRUE(record) << messages;
  return record ? *record : R{};
}

/// A record from YAML that is known to be well-formed.
template <class R>
R record_from(const std::string& yaml) {
  Diagnostics diagnostics;
  return record_of<R>(parse_yaml(std::make_shared<SourceText>("text", yaml), diagnostics), diagnostics);
}

/// The same from a file. Tests run from the repository root.
template <class R>
R record_in(const std::string& path) {
  Diagnostics diagnostics;
  return record_of<R>(parse_yaml_file(path, diagnostics), diagnostics);
}

}  // namespace orrery
