#pragma once

#include <optional>
#include <string_view>
#include <type_traits>

#include "orrery/schema/types.h"

namespace orrery {

/// Builds a RecordType by running a record's `visit` once over a dummy value.
///
/// A record is a struct with, beside it,
///   constexpr RecordName record_name(const R*) { return {"Chip", "One accelerator"}; }
///   template <class Visitor> void visit(Visitor& v, R& r) { v.required("key", r.member, "help", range); ... }
class Describer {
 public:
  Describer(RecordType& type, const void* record) : type_(type), base_(static_cast<const char*>(record)) {}

  template <class M>
  void required(std::string_view key, M& member, std::string_view help, Range range = {}) {
    add(key, member, help, type_of<M>(), true, range);
  }
  template <class M>
  void optional(std::string_view key, std::optional<M>& member, std::string_view help, Range range = {}) {
    add(key, member, help, type_of<std::optional<M>>(), false, range);
  }
  /// A list or named list that may be left out, which then is empty.
  template <class M>
  void optional_list(std::string_view key, M& member, std::string_view help) {
    add(key, member, help, type_of<M>(), false, {});
  }
  /// The member that keeps the place of the record, for messages about it as a whole.
  void place(Place& member) { type_.place_offset = reinterpret_cast<const char*>(&member) - base_; }
  /// The member that keeps the places of its keys.
  void key_places(KeyPlaces& member) { type_.key_places_offset = reinterpret_cast<const char*>(&member) - base_; }

 private:
  template <class M>
  void add(std::string_view key, M& member, std::string_view help, const Type& type, bool required, Range range) {
    const auto offset = static_cast<std::size_t>(reinterpret_cast<const char*>(&member) - base_);
    type_.fields.push_back({key, help, &type, offset, required, range});
  }

  RecordType& type_;
  const char* base_;
};

template <class R>
const RecordType& record_type() {
  static const RecordType type = [] {
    RecordType described;
    const RecordName name = record_name(static_cast<const R*>(nullptr));
    described.name = name.name;
    described.help = name.help;
    R dummy{};
    Describer describer(described, &dummy);
    visit(describer, dummy);
    return described;
  }();
  return type;
}

/// Reads a record; every problem is reported. Returns nothing when there was one.
template <class R>
std::optional<R> read_record(const Node& node, Diagnostics& diagnostics, bool ignore_unknown_keys = false) {
  R record{};
  ReadContext context{diagnostics, ignore_unknown_keys};
  if (!record_type<R>().read(node, &record, context)) return std::nullopt;
  return record;
}

template <class R>
Node write_record(const R& record) {
  return record_type<R>().write(&record);
}

}  // namespace orrery
