#include "orrery/cli/memory_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <initializer_list>

#include "orrery/base/nearest_name.h"
#include "orrery/base/unit.h"

namespace orrery {
namespace {

constexpr std::int64_t kMostRequests = 10'000'000'000;
constexpr std::int64_t kMostClocks = 1'000'000;
constexpr std::int64_t kMostRequestsOfCommands = 10'000'000;  // their lines are held in memory until the run is over
constexpr Seconds kShortestIdleness{1e-9};
constexpr Seconds kLongestIdleness{0.1};  // ticks of every part fit 32 bits

/// Reads options; the first problem is kept, so that a caller can read on and look once.
class Reader {
 public:
  explicit Reader(const Arguments& arguments) : arguments_(arguments) {}

  void count(std::string_view option, std::int64_t& value, std::int64_t most, std::int64_t least = 1) {
    const auto text = arguments_.get(option);
    if (!text) return;
    const auto number = parse_integer(*text);
    if (!number || *number < least || *number > most) {
      return fail(fmt::format("{}: '{}' is not a whole number from {} to {}", option, *text, least, most));
    }
    value = *number;
  }
  void count(std::string_view option, std::optional<std::int64_t>& value, std::int64_t most) {
    if (!arguments_.has(option)) return;
    value = 1;
    count(option, *value, most);
  }
  template <class Q>
  void quantity(std::string_view option, std::optional<Q>& value, Q low, Q high) {
    const auto text = arguments_.get(option);
    if (!text) return;
    const auto si = parse_quantity(*text, dimension_of(Q()));
    if (!si) return fail(fmt::format("{}: {}", option, si.error().message));
    if (*si < low.si() || *si > high.si()) {
      return fail(fmt::format("{}: '{}' is not from {} to {}", option, *text, to_text(low), to_text(high)));
    }
    value = Q(*si);
  }
  void number(std::string_view option, std::optional<double>& value, double low, double high) {
    const auto text = arguments_.get(option);
    if (!text) return;
    const auto given = parse_number(*text);
    if (!given || *given < low || *given > high) {
      return fail(fmt::format("{}: '{}' is not a number from {:g} to {:g}", option, *text, low, high));
    }
    value = *given;
  }
  template <class E>
  void word(std::string_view option, std::optional<E>& value) {
    const auto text = arguments_.get(option);
    if (!text) return;
    std::vector<std::string> names;
    for (const auto& row : EnumNames<E>::kRows) {
      if (row.name == *text) value = row.value;
      names.emplace_back(row.name);
    }
    if (!value) {
      const std::string nearest = did_you_mean(*text, names);
      fail(fmt::format("{}: '{}' is not one of: {}{}", option, *text, fmt::join(names, ", "),
                       nearest.empty() ? "" : "; " + nearest));
    }
  }
  void timings(std::vector<std::pair<std::string, std::int64_t>>& timings) {
    for (const std::string& text : arguments_.all("--timing")) {
      const std::size_t equals = text.find('=');
      const auto clocks = parse_integer(text.substr(std::min(text.size(), equals + 1)));
      if (equals == std::string::npos || equals == 0 || !clocks || *clocks < 0 || *clocks > kMostClocks) {
        return fail(fmt::format("--timing: '{}' does not have the form NAME=CLOCKS, as in FAW=20", text));
      }
      const std::string name = text.substr(0, equals);
      if (std::any_of(timings.begin(), timings.end(), [&](const auto& timing) { return timing.first == name; })) {
        return fail(fmt::format("--timing gives {} twice", name));
      }
      timings.emplace_back(name, *clocks);
    }
  }
  void fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  const std::string& problem() const { return problem_; }

 private:
  const Arguments& arguments_;
  std::string problem_;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::vector<AskedPart> read_parts(const std::string& text, Reader& reader) {
  std::vector<AskedPart> parts;
  for (const std::string& word : split(text)) {
    const std::size_t colon = word.find(':');
    AskedPart part{word, word.substr(0, colon), std::nullopt};
    if (colon != std::string::npos) {
      const auto height = parse_integer(word.substr(colon + 1));
      if (!height || *height < 1)
        reader.fail(fmt::format("'{}' has no height after its colon, as in hbm3e-9200:12", word));
      part.height = height.value_or(1);
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

void read_files(const Arguments& arguments, MemoryRequest& request, Reader& reader) {
  request.trace = arguments.get("--trace");
  reader.word("--trace-format", request.trace_format);
  request.commands_out = arguments.get("--commands-out");
  request.power_out = arguments.get("--power-out");
  std::optional<Seconds> window;
  reader.quantity("--power-window", window, Seconds(1e-9), Seconds(1));
  if (window) request.power_window = *window;
}

bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code none;
  return std::filesystem::weakly_canonical(a, none) == std::filesystem::weakly_canonical(b, none);
}

/// Combinations that would leave an option without effect.
void check_together(const Arguments& arguments, const MemoryRequest& request, Reader& reader) {
  const auto exclude = [&](std::string_view a, std::string_view b) {
    if (arguments.has(a) && arguments.has(b)) reader.fail(fmt::format("{} and {} exclude each other", a, b));
  };
  exclude("--trace", "--pattern");
  exclude("--trace", "--load");
  exclude("--trace", "--requests");
  exclude("--trace", "--curve");
  exclude("--trace", "--in-band-ecc");
  exclude("--load", "--outstanding");
  exclude("--curve", "--load");
  exclude("--curve", "--outstanding");
  exclude("--curve", "--commands-out");
  exclude("--curve", "--power-out");
  const bool several = request.parts.size() * request.patterns.size() > 1;
  for (const std::string_view option : {"--curve", "--commands-out", "--power-out"}) {
    if (several && arguments.has(option)) reader.fail(fmt::format("{} needs one part and one pattern", option));
  }
  if (request.commands_out && request.requests > kMostRequestsOfCommands) {
    reader.fail(fmt::format("--commands-out takes at most {} --requests", kMostRequestsOfCommands));
  }
  if (arguments.has("--power-window") && !request.power_out) reader.fail("--power-window needs --power-out");
  if (arguments.has("--trace-format") && !request.trace) reader.fail("--trace-format needs --trace");
  for (const std::string_view option : {"--model", "--stride", "--write-share", "--seed", "--all-units"}) {
    if (request.trace && arguments.has(option)) reader.fail(fmt::format("{} is of patterns, not of a trace", option));
  }
  const auto needs_pattern = [&](std::string_view option, std::initializer_list<std::string_view> patterns) {
    if (request.trace || !arguments.has(option)) return;
    const bool used = std::any_of(request.patterns.begin(), request.patterns.end(), [&](const std::string& pattern) {
      return std::find(patterns.begin(), patterns.end(), pattern) != patterns.end();
    });
    if (!used)
      reader.fail(fmt::format("{} has no effect on {}: it is of the pattern{} {}", option,
                              fmt::join(request.patterns, ", "), patterns.size() == 1 ? "" : "s",
                              fmt::join(patterns, ", ")));
  };
  needs_pattern("--stride", {"strided"});
  needs_pattern("--write-share", {"weights_and_appends"});
  needs_pattern("--model", {"weight_stream", "kv_gather", "expert_fetch", "weights_and_appends"});
  for (const AskedPart& part : request.parts) {
    if (part.height && request.ranks) {
      reader.fail(
          fmt::format("--ranks and the height of {} exclude each other: the height says how many stack ids "
                      "there are",
                      part.text));
    }
  }
  const std::array files{std::pair{"--trace", request.trace}, std::pair{"--commands-out", request.commands_out},
                         std::pair{"--power-out", request.power_out}};
  for (std::size_t a = 0; a < files.size(); ++a) {
    for (std::size_t b = a + 1; b < files.size(); ++b) {
      if (files[a].second && files[b].second && is_same_file(*files[a].second, *files[b].second)) {
        reader.fail(fmt::format("{} and {} are the same file", files[a].first, files[b].first));
      }
    }
  }
}

}  // namespace

Result<MemoryRequest> read_memory_request(const Arguments& arguments) {
  Reader reader(arguments);
  MemoryRequest request;
  request.parts = read_parts(*arguments.get("PARTS"), reader);
  request.patterns = split(arguments.get("--pattern").value_or("stream"));
  reader.count("--requests", request.requests, kMostRequests);
  reader.count("--outstanding", request.outstanding, 4096);
  request.outstanding_given = arguments.has("--outstanding");
  reader.count("--queue", request.queue, 4096);
  reader.count("--stride", request.stride, kMostRequests);
  reader.count("--packages", request.packages, 4096);
  reader.count("--ranks", request.ranks, 4);
  reader.count("--manage-after", request.activations_per_management, kMostRequests);
  reader.number("--load", request.load, 1e-6, 4);
  reader.number("--write-share", request.write_share, 0, 0.99);
  reader.number("--temperature", request.celsius, -50, 200);
  std::optional<double> toggle;
  reader.number("--toggle", toggle, 0, 1);
  request.toggle = toggle.value_or(request.toggle);
  reader.word("--policy", request.policy);
  reader.word("--page", request.page);
  reader.word("--refresh", request.refresh);
  reader.quantity("--pin-rate", request.pin_rate, BytesPerSecond(1e7), BytesPerSecond(1e11));
  reader.quantity("--power-down", request.power_down_after, kShortestIdleness, kLongestIdleness);
  reader.quantity("--self-refresh", request.self_refresh_after, kShortestIdleness, kLongestIdleness);
  reader.timings(request.timings);
  std::int64_t threads = 1;
  reader.count("--threads", threads, 256);
  request.threads = static_cast<int>(threads);
  std::int64_t seed = 0;
  reader.count("--seed", seed, INT64_MAX, 0);
  request.seed = static_cast<std::uint64_t>(seed);
  request.model = arguments.get("--model");
  request.mapping = arguments.get("--mapping").value_or(request.mapping);
  request.all_units = arguments.has("--all-units");
  request.in_band_ecc = arguments.has("--in-band-ecc");
  request.curve = arguments.has("--curve");
  request.check = arguments.has("--check");
  read_files(arguments, request, reader);
  check_together(arguments, request, reader);
  if (!reader.problem().empty()) return failure(reader.problem());
  return request;
}

}  // namespace orrery
