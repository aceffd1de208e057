#include "orrery/report/provenance_text.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace orrery {
namespace {

constexpr std::size_t kWidth = 112;

/// "chip/h100-sxm" and "memory.reserved". An id may hold dots: a key begins with a letter, a part of an id after a
/// dot with a digit.
std::pair<std::string, std::string> entry_and_key(const std::string& path) {
  std::size_t dot = path.find('.', path.find('/'));
  while (dot + 1 < path.size() && path[dot + 1] >= '0' && path[dot + 1] <= '9') dot = path.find('.', dot + 1);
  if (dot >= path.size()) return {path, ""};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

}  // namespace

std::string weak_numbers_text(std::span<const ProvenanceItem> items, const TextStyle& style) {
  std::string text;
  for (const Status status : {Status::announced, Status::assumed}) {
    std::map<std::string, std::vector<std::string>> by_entry;
    for (const ProvenanceItem& item : items) {
      if (item.status != status) continue;
      const auto [entry, key] = entry_and_key(item.path);
      by_entry[entry].push_back(key);
    }
    if (by_entry.empty()) continue;
    text += colored(status == Status::announced ? "Announced, not measured" : "Assumed", TextColor::yellow, style);
    text += ", by catalog entry (values: `orrery show KIND ID`)\n";
    for (const auto& [entry, keys] : by_entry) {
      std::string line = "  " + entry + ":";
      for (const std::string& key : keys) {
        if (line.size() + key.size() + 1 > kWidth) {
          text += line + '\n';
          line = "   ";
        }
        line += ' ' + key;
      }
      text += line + '\n';
    }
  }
  return text;
}

void write_weak_numbers(JsonWriter& json, std::span<const ProvenanceItem> items) {
  for (const Status status : {Status::announced, Status::assumed}) {
    json.key(enum_name(status));
    json.begin_array();
    for (const ProvenanceItem& item : items) {
      if (item.status == status) json.value(item.path);
    }
    json.end_array();
  }
}

}  // namespace orrery
