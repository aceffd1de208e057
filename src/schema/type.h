#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orrery/base/unit.h"
#include "orrery/schema/attribution.h"
#include "orrery/schema/node.h"

namespace orrery {

struct RecordType;

/// The values that make sense for a number or quantity, both ends included, in SI.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  Dimension dimension{};

  bool contains(double value) const { return value >= low && value <= high; }
  bool is_open() const { return low == -std::numeric_limits<double>::infinity() && high == -low; }
  /// "1 GB/s to 100 TB/s"; "at least 1".
  std::string to_text() const;
};

template <int... E>
Range in_range(Quantity<E...> low, Quantity<E...> high) {
  return {low.si(), high.si(), Dimension{E...}};
}
inline Range in_range(double low, double high) { return {low, high, {}}; }
inline Range at_least(double low) { return {low, std::numeric_limits<double>::infinity(), {}}; }

/// Told of every sourced value and every reference inside a record, in file order.
class RecordWalker {
 public:
  virtual ~RecordWalker() = default;
  /// `path` is dotted: "memory.bandwidth".
  virtual void sourced(const std::string& path, Attribution& attribution) = 0;
  virtual void reference(const std::string& path, std::string_view kind, AnyReference& reference) = 0;
};

struct ReadContext {
  Diagnostics& diagnostics;
  bool ignore_unknown_keys = false;  ///< for formats that are not ours: a Hugging Face config.json
};

/// How values of one C++ type are read, written and described. All are immutable and live for ever.
class Type {
 public:
  virtual ~Type() = default;
  /// Fills `*value`. Every problem goes to the diagnostics; the result says whether there was none.
  virtual bool read(const Node& node, void* value, const Range& range, ReadContext& context) const = 0;
  virtual Node write(const void* value) const = 0;
  /// For the reference page: "quantity, as in TB/s".
  virtual std::string description() const = 0;
  /// JSON Schema 2020-12 of the value; records refer to "#/$defs/NAME".
  virtual void schema(JsonWriter& json) const = 0;
  virtual void walk(void*, const std::string&, RecordWalker&) const {}
  /// Records that the value may hold, for the schema's $defs and the reference page.
  virtual const RecordType* record() const { return nullptr; }
  /// Optional values that are absent are left out when writing.
  virtual bool is_absent(const void*) const { return false; }
};

/// One key of a record.
struct Field {
  std::string_view key;
  std::string_view help;
  const Type* type = nullptr;
  std::size_t offset = 0;
  bool required = true;
  Range range;

  void* in(void* record) const { return static_cast<char*>(record) + offset; }
  const void* in(const void* record) const { return static_cast<const char*>(record) + offset; }
};

/// Where the value of each key of a record stands, for messages about values that keep no place themselves.
using KeyPlaces = std::vector<std::pair<std::string_view, Place>>;

/// A record as its `visit` describes it: the one place that names its keys. Reading, writing, the
/// JSON Schema, the reference page and did-you-mean all come from here.
struct RecordType {
  std::string_view name;
  std::string_view help;
  std::vector<Field> fields;
  std::ptrdiff_t place_offset = -1;
  std::ptrdiff_t key_places_offset = -1;

  bool read(const Node& node, void* record, ReadContext& context) const;
  Node write(const void* record) const;
  void walk(void* record, const std::string& path, RecordWalker& walker) const;
  std::vector<std::string> keys() const;
};

/// A complete JSON Schema 2020-12 document for files that hold this record.
std::string json_schema(const RecordType& record, std::string_view title);
/// A Markdown page: one table of keys per record reached from here.
std::string reference_page(const RecordType& record, std::string_view title);

}  // namespace orrery
