#include "orrery/cli/memory_patterns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "orrery/base/nearest_name.h"
#include "orrery/memory/ai_patterns.h"
#include "orrery/memory/patterns.h"

namespace orrery {
namespace {

constexpr std::int64_t kBlockBytes = 64;
constexpr std::int64_t kBytesPerElement = 2;  // bf16
constexpr std::int64_t kTokensPerPage = 16;
constexpr std::int64_t kMatricesPerExpert = 3;  // gate, up and down

/// A pattern over all units, made for one of them.
struct AiRow {
  std::string_view name;
  bool needs_model;
  Result<std::unique_ptr<AccessSource>> (*make)(const MemoryUnit& unit, const PatternInput& input,
                                                const AiPatternOptions& options);
};

/// So many blocks of each unit, as far as the memory reaches.
std::int64_t bytes_asked_for(const MemoryUnit& unit, const PatternInput& input) {
  const std::int64_t all = unit.mapping.bytes();
  return input.blocks > all / kBlockBytes / unit.mapping.units() ? all
                                                                 : input.blocks * kBlockBytes * unit.mapping.units();
}

Result<std::unique_ptr<AccessSource>> weight_stream(const MemoryUnit& unit, const PatternInput& input,
                                                    const AiPatternOptions& options) {
  return make_weight_stream({bytes_asked_for(unit, input)}, unit, options);
}

struct TokenBytes {
  std::int64_t key = 0;
  std::int64_t value = 0;
  std::int64_t both() const { return key + value; }
};

/// Of one layer.
TokenBytes token_bytes(const ModelRecord& model) {
  if (model.latent_attention) {
    return {(model.latent_attention->kv_rank + model.latent_attention->rope_head_size) * kBytesPerElement, 0};
  }
  const std::int64_t bytes = model.kv_heads * model.head_size * kBytesPerElement;
  return {bytes, bytes};
}

Result<std::unique_ptr<AccessSource>> kv_gather(const MemoryUnit& unit, const PatternInput& input,
                                                const AiPatternOptions& options) {
  const TokenBytes token = token_bytes(*input.model);
  const std::int64_t page = kTokensPerPage * token.both();
  const std::int64_t pages = std::max<std::int64_t>(1, bytes_asked_for(unit, input) / page);
  return make_kv_gather({token.key, token.value, kTokensPerPage, pages, unit.mapping.bytes() / page}, unit, options);
}

Result<std::unique_ptr<AccessSource>> expert_fetch(const MemoryUnit& unit, const PatternInput& input,
                                                   const AiPatternOptions& options) {
  if (!input.model->experts) return failure(fmt::format("expert_fetch: {} has no experts", input.model->header.id));
  const std::int64_t matrix = input.model->hidden_size * input.model->experts->intermediate_size * kBytesPerElement;
  const std::int64_t expert = kMatricesPerExpert * matrix;
  const std::int64_t fetches = std::max<std::int64_t>(1, bytes_asked_for(unit, input) / expert);
  const std::int64_t experts = std::min(input.model->experts->count, unit.mapping.bytes() / expert);
  if (experts < 1) return failure("expert_fetch: the memory is smaller than one expert; --packages adds more");
  return make_expert_fetch({matrix, kMatricesPerExpert, fetches, experts}, unit, options);
}

Result<std::unique_ptr<AccessSource>> weights_and_appends(const MemoryUnit& unit, const PatternInput& input,
                                                          const AiPatternOptions& options) {
  if (!input.write_share)
    return failure("weights_and_appends needs --write-share, the share of bursts that are writes");
  const TokenBytes token = token_bytes(*input.model);
  const std::int64_t half = unit.mapping.bytes() / 2;
  const std::int64_t weights = std::min(bytes_asked_for(unit, input), half);
  return make_weights_and_appends({weights, token.key, half, *input.write_share}, unit, options);
}

constexpr AiRow kAiRows[] = {
    {"weight_stream", false, weight_stream},
    {"kv_gather", true, kv_gather},
    {"expert_fetch", true, expert_fetch},
    {"weights_and_appends", true, weights_and_appends},
};

const AiRow* find_ai_row(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kAiRows), std::end(kAiRows), [&](const auto& row) { return row.name == name; });
  return found == std::end(kAiRows) ? nullptr : found;
}

}  // namespace

bool is_over_all_units(std::string_view pattern) { return find_ai_row(pattern) != nullptr; }

std::vector<std::string> pattern_names() {
  std::vector<std::string> names;
  for (const AccessPattern& pattern : access_patterns()) names.emplace_back(pattern.name);
  for (const AiRow& row : kAiRows) names.emplace_back(row.name);
  return names;
}

Result<std::unique_ptr<AccessSource>> make_unit_source(std::string_view pattern, const DramDevice& device,
                                                       const AddressMapping& mapping, std::int64_t unit,
                                                       const PatternInput& input) {
  const std::vector<std::string> names = pattern_names();
  if (std::find(names.begin(), names.end(), pattern) == names.end()) {
    const std::string nearest = did_you_mean(std::string(pattern), names);
    return failure(fmt::format("--pattern: there is no '{}': {}{}", pattern, fmt::join(names, ", "),
                               nearest.empty() ? "" : "; " + nearest));
  }
  if (const AiRow* row = find_ai_row(pattern)) {
    if (row->needs_model && input.model == nullptr) return failure(fmt::format("{} needs --model", pattern));
    return row->make({device, mapping, unit}, input, {.first_byte = 0, .load = input.load, .seed = input.seed});
  }
  return make_access_pattern(pattern, device, mapping,
                             {.blocks = input.blocks, .load = input.load, .seed = input.seed, .stride = input.stride});
}

}  // namespace orrery
