#pragma once

#include <optional>
#include <string>
#include <utility>

#include "orrery/base/diagnostic.h"
#include "orrery/schema/enum_names.h"

namespace orrery {

/// Where a number comes from, strongest first. A result is as weak as the weakest it rests on.
enum class Status { measured, datasheet, fitted, announced, estimated, assumed };

template <>
struct EnumNames<Status> {
  static constexpr EnumRow<Status> kRows[] = {
      {Status::measured, "measured", "read off real hardware or a real run"},
      {Status::datasheet, "datasheet", "published by the maker for a product on sale"},
      {Status::fitted, "fitted", "a model constant fitted to measurements"},
      {Status::announced, "announced", "said by a vendor, no product checked"},
      {Status::estimated, "estimated", "derived from other figures or a press report"},
      {Status::assumed, "assumed", "our choice, named so that it can be overridden"},
  };
};

/// The origin of one quantity. Status and source are filled in from the entry when absent.
struct Attribution {
  std::optional<Status> status;
  std::string source;  ///< a key of the entry's `sources`
  std::string note;
  Place place;         ///< of the value
  Place source_place;  ///< of its own `source`
};

/// A value together with its origin. In YAML either the plain value, which then takes the entry's
/// status and source, or {value, status, source, note}.
template <class T>
struct Sourced : Attribution {
  T value{};

  Sourced() = default;
  explicit Sourced(T v, Status s = Status::assumed) : value(std::move(v)) { status = s; }
  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }
};

/// The id of another entry of the catalog, with the place that named it.
struct AnyReference {
  std::string id;
  Place place;
};
/// The same, typed by a tag with `static constexpr std::string_view kName`, the catalog kind.
template <class Kind>
struct Reference : AnyReference {};

/// A value under a name that the author chose: a pool, a service, a source.
template <class T>
struct Named {
  std::string name;
  Place place;
  T value{};
};

}  // namespace orrery
