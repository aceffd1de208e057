#pragma once

#include <string>

#include "orrery/base/json_writer.h"
#include "orrery/estimate/replay.h"
#include "orrery/report/text_table.h"

namespace orrery {

std::string replay_text(const ReplaySuite& suite, const TextStyle& style);
/// A section of docs/ACCURACY.md.
std::string replay_markdown(const ReplaySuite& suite);
std::string replay_json(const ReplaySuite& suite);

}  // namespace orrery
