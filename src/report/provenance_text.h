#pragma once

#include <span>
#include <string>

#include "orrery/base/json_writer.h"
#include "orrery/report/text_table.h"
#include "orrery/schema/entry.h"

namespace orrery {

/// The numbers that are announced and those that are assumed, each by its catalog entry; empty where there are none.
std::string weak_numbers_text(std::span<const ProvenanceItem> items, const TextStyle& style);

/// The lists `announced` and `assumed` of their paths. Pre: an object is open.
void write_weak_numbers(JsonWriter& json, std::span<const ProvenanceItem> items);

}  // namespace orrery
