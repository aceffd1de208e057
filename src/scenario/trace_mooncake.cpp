#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "orrery/scenario/trace_rows.h"

namespace orrery {
namespace {

namespace json = simdjson::ondemand;

static_assert(kTracePadding >= simdjson::SIMDJSON_PADDING);

constexpr std::int64_t kMillisecond = 1'000'000'000;  // in picoseconds
constexpr std::int64_t kLastPicosecond = static_cast<std::int64_t>(kLongestSimTime.si()) * 1000 * kMillisecond;
constexpr std::size_t kFewestTicks = 10;
constexpr std::int64_t kJitter = 500;  // a tick may be late or early by the interval over this

constexpr std::string_view kKeys[] = {"timestamp", "input_length", "output_length", "hash_ids"};
constexpr std::size_t kHashIds = 3;

struct Row {
  TraceTime time;
  std::string_view time_text;
  std::int32_t input = 0;
  std::int32_t output = 0;
};

/// What is wrong with a row, and where.
struct RowProblem {
  std::string_view where;
  std::string message;
};

RowProblem broken(std::string_view line, simdjson::error_code error) {
  const bool cut = error == simdjson::INCOMPLETE_ARRAY_OR_OBJECT || error == simdjson::UNCLOSED_STRING;
  return {line, cut ? "the row is not a whole JSON object: a bracket, brace or quote is missing"
                    : "the row is not a JSON object"};
}

/// One id for each block of the prompt. They are checked here, and kept by nobody yet.
std::optional<RowProblem> check_hash_ids(json::value value, std::string_view text, std::string_view line) {
  json::array ids;
  if (value.get_array().get(ids) != simdjson::SUCCESS) return RowProblem{text, "'hash_ids' is not a list"};
  for (auto item : ids) {
    json::value id;
    if (const auto error = item.get(id); error != simdjson::SUCCESS) return broken(line, error);
    const std::string_view id_text = trim_blanks(id.raw_json_token());
    std::uint64_t ignored = 0;
    if (id.get_uint64().get(ignored) != simdjson::SUCCESS) {
      return RowProblem{id_text, fmt::format("{} is not the id of a block, a whole number", quoted(id_text))};
    }
  }
  return std::nullopt;
}

class RowReader {
 public:
  std::optional<RowProblem> read(std::string_view line, Row& row) {
    const simdjson::padded_string_view padded(line.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING);
    json::document document;
    if (const auto error = parser_.iterate(padded).get(document); error != simdjson::SUCCESS)
      return broken(line, error);
    json::object object;
    if (const auto error = document.get_object().get(object); error != simdjson::SUCCESS) return broken(line, error);
    bool seen[std::size(kKeys)] = {};
    for (auto item : object) {
      json::field field;
      if (const auto error = std::move(item).get(field); error != simdjson::SUCCESS) return broken(line, error);
      const json::raw_json_string name = field.key();
      const auto* key = std::find_if(std::begin(kKeys), std::end(kKeys),
                                     [&](std::string_view known) { return name.unsafe_is_equal(known); });
      if (key == std::end(kKeys)) continue;
      const std::string_view text = trim_blanks(field.value().raw_json_token());
      const auto index = static_cast<std::size_t>(key - std::begin(kKeys));
      if (seen[index]) return RowProblem{text, fmt::format("'{}' is given twice", *key)};
      seen[index] = true;
      if (index == kHashIds) {
        if (auto problem = check_hash_ids(field.value(), text, line)) return problem;
      } else if (std::string message = read_number(index, text, row); !message.empty()) {
        return RowProblem{text, std::move(message)};
      }
    }
    const char* behind = nullptr;
    if (document.current_location().get(behind) == simdjson::SUCCESS) {
      return RowProblem{line.substr(static_cast<std::size_t>(behind - line.data())), "this follows the end of the row"};
    }
    for (std::size_t i = 0; i < std::size(kKeys); ++i) {
      if (!seen[i]) return RowProblem{line, fmt::format("the row has no '{}'", kKeys[i])};
    }
    return std::nullopt;
  }

 private:
  static std::string read_number(std::size_t index, std::string_view text, Row& row) {
    if (index != 0) return read_tokens(text, index == 1 ? row.input : row.output);
    row.time_text = text;
    return read_milliseconds(text, row.time);
  }

  json::parser parser_;
};

std::int64_t nearest_multiple(std::int64_t value, std::int64_t interval) {
  return (value + interval / 2) / interval * interval;
}

/// The interval at which the clock of a trace ticks, or 0 where it shows none: the greatest step that
/// divides every time, or, for a clock that is a little early or late, the step that is most frequent
/// between neighbouring ticks, if every time lies within a 500th of it of one of its multiples.
/// Fewer than 10 ticks, or no two requests in one, are no evidence of a coarse clock.
std::int64_t tick_interval(const std::vector<std::int64_t>& times) {
  std::int64_t divisor = 0;
  std::vector<std::int64_t> steps;
  for (std::size_t i = 1; i < times.size(); ++i) {
    divisor = std::gcd(divisor, times[i]);
    if (times[i] != times[i - 1]) steps.push_back(times[i] - times[i - 1]);
  }
  if (times.empty() || steps.size() + 1 < kFewestTicks || steps.size() + 1 == times.size()) return 0;
  divisor = std::gcd(divisor, times.front());
  // A tick that reaches beyond the longest run cannot be spread.
  const std::int64_t widest = kLastPicosecond - times.back();
  if (divisor > kMillisecond) return divisor <= widest ? divisor : 0;
  std::sort(steps.begin(), steps.end());
  std::int64_t interval = 0;
  std::ptrdiff_t most = 0;
  for (auto first = steps.begin(); first != steps.end();) {
    const auto last = std::upper_bound(first, steps.end(), *first);
    if (last - first > most) {
      most = last - first;
      interval = *first;
    }
    first = last;
  }
  if (interval <= kMillisecond || interval > widest) return 0;
  const bool fits = std::all_of(times.begin(), times.end(), [&](std::int64_t time) {
    return std::abs(time - nearest_multiple(time, interval)) <= interval / kJitter;
  });
  return fits ? interval : 0;
}

/// Puts request i of the k of a tick at (i + 0.5) / k of the interval that begins with the tick:
/// left on their tick they would be bursts that nobody sent.
void spread(std::vector<std::int64_t>& times, std::int64_t interval) {
  for (std::size_t first = 0; first < times.size();) {
    const std::int64_t tick = nearest_multiple(times[first], interval);
    std::size_t last = first;
    while (last < times.size() && nearest_multiple(times[last], interval) == tick) ++last;
    const auto count = static_cast<double>(last - first);
    for (std::size_t i = first; i < last; ++i) {
      const double share = (static_cast<double>(i - first) + 0.5) / count;
      times[i] = tick + static_cast<std::int64_t>(share * static_cast<double>(interval));
    }
    first = last;
  }
}

}  // namespace

/// Source: github.com/kvcache-ai/Mooncake, FAST25-release/traces.
void read_mooncake_rows(TraceLines& lines, TraceBuilder& builder) {
  RowReader reader;
  do {
    Row row;
    if (auto problem = reader.read(lines.line(), row)) {
      builder.reject(problem->where, std::move(problem->message));
    } else {
      builder.add(row.time, row.time_text, row.input, row.output);
    }
  } while (lines.next());
  // Only the whole trace shows how its clock ticks: a limit is applied after this.
  const std::int64_t interval = tick_interval(builder.requests().arrival_ps);
  if (interval == 0) return;
  spread(builder.requests().arrival_ps, interval);
  builder.set_spread_interval(SimTime(interval));
}

}  // namespace orrery
