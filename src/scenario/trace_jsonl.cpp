#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <span>

#include "orrery/scenario/trace_rows.h"

namespace orrery {
namespace {

namespace json = simdjson::ondemand;

static_assert(kTracePadding >= simdjson::SIMDJSON_PADDING);

/// What is wrong with a row, and where.
struct RowProblem {
  std::string_view where;
  std::string message;
};
using Trouble = std::optional<RowProblem>;

RowProblem broken(std::string_view line, simdjson::error_code error) {
  const bool cut = error == simdjson::INCOMPLETE_ARRAY_OR_OBJECT || error == simdjson::UNCLOSED_STRING;
  return {line, cut ? "the row is not a whole JSON object: a bracket, brace or quote is missing"
                    : "the row is not a JSON object"};
}

Trouble trouble(std::string_view where, std::string message) {
  return message.empty() ? Trouble() : RowProblem{where, std::move(message)};
}

struct Key {
  std::string_view name;
  bool required;
};

/// A value of a row: as JSON, as it is written, and the line that it stands in.
struct Value {
  json::value json;
  std::string_view text;
  std::string_view line;
};

/// Reads rows of known keys, each at most once; other keys are passed over.
class RowReader {
 public:
  /// Calls `read` with the number of each known key and its value.
  template <class Read>
  Trouble read(std::string_view line, std::span<const Key> keys, Read&& read_value) {
    const simdjson::padded_string_view padded(line.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING);
    json::document document;
    if (const auto error = parser_.iterate(padded).get(document); error != simdjson::SUCCESS)
      return broken(line, error);
    json::object object;
    if (const auto error = document.get_object().get(object); error != simdjson::SUCCESS) return broken(line, error);
    std::uint32_t seen = 0;
    for (auto item : object) {
      json::field field;
      if (const auto error = std::move(item).get(field); error != simdjson::SUCCESS) return broken(line, error);
      const json::raw_json_string name = field.key();
      const auto key =
          std::find_if(keys.begin(), keys.end(), [&](const Key& known) { return name.unsafe_is_equal(known.name); });
      if (key == keys.end()) continue;
      const std::string_view text = trim_blanks(field.value().raw_json_token());
      const auto index = static_cast<std::size_t>(key - keys.begin());
      if ((seen >> index & 1) != 0) return RowProblem{text, fmt::format("'{}' is given twice", key->name)};
      seen |= 1U << index;
      if (auto problem = read_value(index, Value{field.value(), text, line})) return problem;
    }
    const char* behind = nullptr;
    if (document.current_location().get(behind) == simdjson::SUCCESS) {
      return RowProblem{line.substr(static_cast<std::size_t>(behind - line.data())), "this follows the end of the row"};
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i].required && (seen >> i & 1) == 0) {
        return RowProblem{line, fmt::format("the row has no '{}'", keys[i].name)};
      }
    }
    return std::nullopt;
  }

 private:
  json::parser parser_;
};

/// Reads a list of whole numbers; `what` each of them is, for a message.
Trouble read_ids(Value& value, std::string_view key, std::string_view what, std::vector<std::uint64_t>& ids) {
  ids.clear();
  json::array array;
  if (value.json.get_array().get(array) != simdjson::SUCCESS) {
    return RowProblem{value.text, fmt::format("'{}' is not a list", key)};
  }
  for (auto item : array) {
    json::value id;
    if (const auto error = item.get(id); error != simdjson::SUCCESS) return broken(value.line, error);
    const std::string_view id_text = trim_blanks(id.raw_json_token());
    std::uint64_t number = 0;
    if (id.get_uint64().get(number) != simdjson::SUCCESS) {
      return RowProblem{id_text, fmt::format("{} is not the id of a {}, a whole number", quoted_text(id_text), what)};
    }
    ids.push_back(number);
  }
  return std::nullopt;
}

struct Row {
  TraceTime time;
  std::string_view time_text;
  std::int32_t input = 0;
  std::int32_t output = 0;
};

/// Spreads an id over 64 bits; equal seeds and ids give equal keys.
std::uint64_t mix(std::uint64_t seed, std::uint64_t id) {
  std::uint64_t x = (seed ^ id) + 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// ---- Mooncake ------------------------------------------------------------------------------

constexpr Key kMooncakeKeys[] = {
    {"timestamp", true}, {"input_length", true}, {"output_length", true}, {"hash_ids", true}};
constexpr std::int32_t kMooncakeBlock = 512;  // tokens of one id

class MooncakeRows {
 public:
  explicit MooncakeRows(std::string_view name) {
    for (const char c : name) seed_ = mix(seed_, static_cast<unsigned char>(c));
  }

  Trouble read(std::string_view line, Row& row) {
    std::string_view ids_text;
    auto problem = reader_.read(line, kMooncakeKeys, [&](std::size_t key, Value value) -> Trouble {
      switch (key) {
        case 0:
          row.time_text = value.text;
          return trouble(value.text, read_milliseconds(value.text, row.time));
        case 1:
          return trouble(value.text, read_tokens(value.text, row.input));
        case 2:
          return trouble(value.text, read_tokens(value.text, row.output));
        default:
          ids_text = value.text;
          return read_ids(value, kMooncakeKeys[key].name, "block", ids_);
      }
    });
    if (problem) return problem;
    const std::int64_t most = (row.input + kMooncakeBlock - 1) / kMooncakeBlock;
    if (std::ssize(ids_) > most) {
      return RowProblem{ids_text, fmt::format("'hash_ids' has {} ids, and {} tokens are {} block{} of {}", ids_.size(),
                                              row.input, most, most == 1 ? "" : "s", kMooncakeBlock)};
    }
    return std::nullopt;
  }

  /// Ids name the prompt's content from its first token on; where there are too few, the rest is not known.
  void add_keys(const Row& row, RequestTable& requests) {
    std::uint64_t key = seed_;  // ids of different traces have nothing in common
    for (std::uint64_t& id : ids_) id = key = mix(key, id);
    const std::int64_t known = std::min<std::int64_t>(row.input, std::ssize(ids_) * kMooncakeBlock);
    requests.add_keys(ids_, static_cast<std::int32_t>(known), kMooncakeBlock);
  }

 private:
  RowReader reader_;
  std::uint64_t seed_ = 0;
  std::vector<std::uint64_t> ids_;
};

// ---- LLMServingSim -------------------------------------------------------------------------

constexpr Key kServingSimKeys[] = {{"input_toks", true},
                                   {"output_toks", true},
                                   {"arrival_time_ns", true},
                                   {"input_tok_ids", false},
                                   {"output_tok_ids", false}};
constexpr std::size_t kTokensPerKey = 16;

class ServingSimRows {
 public:
  Trouble read(std::string_view line, Row& row) {
    std::string_view texts[std::size(kServingSimKeys)];
    prompt_.clear();
    answer_.clear();
    auto problem = reader_.read(line, kServingSimKeys, [&](std::size_t key, Value value) -> Trouble {
      texts[key] = value.text;
      switch (key) {
        case 0:
          return trouble(value.text, read_tokens(value.text, row.input));
        case 1:
          return trouble(value.text, read_tokens(value.text, row.output));
        case 2:
          row.time_text = value.text;
          return trouble(value.text, read_nanoseconds(value.text, row.time));
        default:
          return read_ids(value, kServingSimKeys[key].name, "token", key == 3 ? prompt_ : answer_);
      }
    });
    if (problem) return problem;
    if (auto wrong = check_ids(texts[3], 3, prompt_, row.input)) return wrong;
    return check_ids(texts[4], 4, answer_, row.output);
  }

  /// The content of the prompt, and of the answer where both are told.
  void add_keys(const Row&, RequestTable& requests) {
    if (!prompt_.empty()) prompt_.insert(prompt_.end(), answer_.begin(), answer_.end());
    keys_.clear();
    std::uint64_t key = 0;
    for (std::size_t begin = 0; begin < prompt_.size(); begin += kTokensPerKey) {
      const std::size_t end = std::min(begin + kTokensPerKey, prompt_.size());
      key = mix(key, end - begin);
      for (std::size_t i = begin; i < end; ++i) key = mix(key, prompt_[i]);
      keys_.push_back(key);
    }
    requests.add_keys(keys_, static_cast<std::int32_t>(prompt_.size()), kTokensPerKey);
  }

 private:
  static Trouble check_ids(std::string_view text, std::size_t key, const std::vector<std::uint64_t>& ids,
                           std::int32_t tokens) {
    if (text.empty() || std::ssize(ids) == tokens) return std::nullopt;
    return RowProblem{text, fmt::format("'{}' has {} ids, and '{}' says {}", kServingSimKeys[key].name, ids.size(),
                                        kServingSimKeys[key - 3].name, tokens)};
  }

  RowReader reader_;
  std::vector<std::uint64_t> prompt_;
  std::vector<std::uint64_t> answer_;
  std::vector<std::uint64_t> keys_;
};

template <class Rows>
void read_rows(Rows rows, TraceLines& lines, TraceBuilder& builder) {
  do {
    Row row;
    if (auto problem = rows.read(lines.line(), row)) {
      builder.reject(problem->where, std::move(problem->message));
    } else if (builder.add(row.time, row.time_text, row.input, row.output)) {
      rows.add_keys(row, builder.requests());
    }
  } while (lines.next());
}

}  // namespace

/// Source: github.com/kvcache-ai/Mooncake, FAST25-release/traces.
void read_mooncake_rows(TraceLines& lines, std::string_view name, TraceBuilder& builder) {
  read_rows(MooncakeRows(name), lines, builder);
  // Only the whole trace shows how its clock ticks: a limit is applied after this.
  builder.set_spread_interval(spread_over_ticks(builder.requests().arrival_ps));
}

/// Source: github.com/casys-kaist/LLMServingSim, workloads.
void read_serving_sim_rows(TraceLines& lines, TraceBuilder& builder) { read_rows(ServingSimRows(), lines, builder); }

}  // namespace orrery
