#include "orrery/cli/program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "orrery/base/json_writer.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
}

bool speaks_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (const auto locale = environment(name)) {
      return locale->find("UTF-8") != std::string::npos || locale->find("utf8") != std::string::npos;
    }
  }
  return false;
}

/// Whether a folder has a sub-folder of a kind.
bool holds_catalog(const std::string& folder) {
  std::error_code error;
  for (const CatalogKind& kind : catalog_kinds()) {
    if (fs::is_directory(fs::path(folder) / kind.name, error)) return true;
  }
  return false;
}

Result<Catalog> catalog_at(const std::string& folder, std::string_view given_by) {
  if (holds_catalog(folder)) return Catalog(folder);
  return failure(fmt::format("{} is no catalog: '{}' has no folder chip, model, ...", given_by, folder));
}

}  // namespace

Surroundings look_around() {
  Surroundings result;
  result.catalog = environment("ORRERY_CATALOG");
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  result.style.color = terminal && !environment("NO_COLOR") && environment("TERM").value_or("dumb") != "dumb";
  result.style.unicode = terminal && speaks_utf8();
  result.shows_progress = ::isatty(STDERR_FILENO) == 1;
  return result;
}

Result<Catalog> Program::open_catalog() const {
  if (catalog_option_) return catalog_at(*catalog_option_, "--catalog");
  if (surroundings_.catalog) return catalog_at(*surroundings_.catalog, "$ORRERY_CATALOG");
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const char* place : {"../catalog", "../share/orrery/catalog"}) {
    const std::string folder = (here / place).lexically_normal().string();
    if (!here.empty() && holds_catalog(folder)) return Catalog(folder);
  }
  return failure(fmt::format("no catalog lies beside the program in {}; name one with --catalog DIR or $ORRERY_CATALOG",
                             here.string()));
}

int Program::print(std::string_view text) const {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return kAnswered;
  return fail(fmt::format("cannot write to stdout: {}", std::strerror(errno)));
}

void Program::note(std::string_view text) const { fmt::print(stderr, "{}\n", text); }

int Program::fail(std::string_view message) const {
  fmt::print(stderr, "error: {}\n", message);
  return kFailed;
}

int Program::refuse(std::string_view message, std::string_view hint) const {
  fmt::print(stderr, "error: {}\n", message);
  if (!hint.empty()) fmt::print(stderr, "      help: {}\n", hint);
  return kWrongUsage;
}

int Program::report(const Diagnostics& diagnostics, bool json) const {
  int code = diagnostics.has_errors() ? kInvalidInput : kAnswered;
  if (json) {
    JsonWriter writer;
    writer.begin_array();
    for (const Diagnostic& diagnostic : diagnostics.sorted()) to_json(diagnostic, writer);
    writer.end_array();
    if (const int printed = print(writer.text()); printed != kAnswered) code = printed;
  } else {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics.sorted()) text += to_text(diagnostic);
    std::fputs(text.c_str(), stderr);
  }
  return code;
}

}  // namespace orrery
