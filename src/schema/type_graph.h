#pragma once

#include <vector>

#include "orrery/schema/type.h"

namespace orrery {

/// The record itself and every record that its fields lead to, each once, in the order met.
std::vector<const RecordType*> records_reached_from(const RecordType& record);

}  // namespace orrery
