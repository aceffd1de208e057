#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "orrery/base/result.h"

namespace orrery {

/// Whether a content starts as gzip does.
bool is_gzip(std::string_view content);

/// Unpacks gzip: one member or several in a row; zero bytes after the last one are padding.
/// Fails, with the reason, when the content is truncated, corrupt, followed by anything else, or
/// unpacks to more than `most_bytes`.
/// Source: RFC 1952.
Result<std::string> inflate_gzip(std::string_view compressed, std::size_t most_bytes);

/// The content of a file, unpacked where its name ends in .gz or it starts as gzip does.
/// Fails as read_file and inflate_gzip do.
Result<std::string> read_unpacked_file(const std::string& path, std::size_t most_bytes);

}  // namespace orrery
