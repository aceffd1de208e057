#pragma once

#include <string>
#include <string_view>

#include "orrery/base/result.h"

namespace orrery {

/// The whole content of a file. Fails with the reason (absent, a directory, no permission).
Result<std::string> read_file(const std::string& path);

/// Writes beside the target, flushes to disk, then renames: after a crash, a full disk or two writers at
/// once the target holds either its old or a complete new content.
Result<void> write_file_atomically(const std::string& path, std::string_view content);

}  // namespace orrery
