#pragma once

#include <string_view>

namespace orrery {

/// One allowed word of an enumeration.
template <class E>
struct EnumRow {
  E value;
  std::string_view name;
  std::string_view help;
};

/// Specialised per enumeration with `static constexpr EnumRow<E> kRows[]`: the words that the reader
/// accepts, the writer prints and the schema lists.
template <class E>
struct EnumNames;

template <class E>
constexpr std::string_view enum_name(E value) {
  for (const auto& row : EnumNames<E>::kRows) {
    if (row.value == value) return row.name;
  }
  return "?";
}

}  // namespace orrery
