#include "orrery/model/engine_layout.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace orrery {

Result<void> check_layout(const ModelRecord& model, const EngineLayout& layout) {
  const std::string& id = model.header.id;
  const auto divides = [&](std::int64_t count) { return count % layout.tensor == 0; };
  const auto refuse = [&](std::string_view what, std::int64_t count) -> Result<void> {
    return failure(fmt::format("{} {} of {} do not divide among {} ranks", count, what, id, layout.tensor));
  };
  if (!divides(model.query_heads)) return refuse("query heads", model.query_heads);
  // With fewer KV heads than ranks, each is held by an equal number of ranks.
  if (!model.latent_attention && !divides(model.kv_heads) && layout.tensor % model.kv_heads != 0) {
    return refuse("KV heads", model.kv_heads);
  }
  if (model.linear_attention && !divides(model.linear_attention->key_heads)) {
    return refuse("key heads of linear attention", model.linear_attention->key_heads);
  }
  if (model.linear_attention && !divides(model.linear_attention->value_heads)) {
    return refuse("value heads of linear attention", model.linear_attention->value_heads);
  }
  if (!divides(model.intermediate_size)) return refuse("columns of the MLP", model.intermediate_size);
  if (layout.pipeline > model.layers) {
    return failure(fmt::format("{} layers of {} cannot make {} stages", model.layers, id, layout.pipeline));
  }
  if (!model.experts) {
    if (layout.data > 1) {
      return failure(fmt::format("{} has no experts that data-parallel groups could share", id));
    }
    if (layout.expert > 1) return failure(fmt::format("{} has no experts to spread", id));
    return {};
  }
  const ExpertsRecord& experts = *model.experts;
  if (!divides(experts.shared_intermediate_size)) {
    return refuse("columns of the shared experts", experts.shared_intermediate_size);
  }
  if (layout.stage_chips() % layout.expert != 0) {
    return failure(fmt::format("experts of {} on {} chips each cannot be spread over {}", id, layout.stage_chips(),
                               layout.expert));
  }
  if (experts.count % layout.expert != 0) {
    return failure(fmt::format("{} experts of {} do not divide among {} chips", experts.count, id, layout.expert));
  }
  if (experts.intermediate_size % layout.expert_tensor() != 0) {
    return failure(fmt::format("{} columns of an expert of {} do not divide among {} chips", experts.intermediate_size,
                               id, layout.expert_tensor()));
  }
  return {};
}

EngineLayout nearest_layout(const ModelRecord& model, const EngineLayout& layout, std::int64_t most) {
  if (check_layout(model, layout)) return layout;
  constexpr std::array kNumbers = {&EngineLayout::expert, &EngineLayout::tensor, &EngineLayout::data,
                                   &EngineLayout::pipeline};
  EngineLayout alone = layout;  // as dense models are laid out
  alone.data = 1;
  alone.expert = 1;
  if (!model.experts && check_layout(model, alone)) return alone;
  for (const EngineLayout& start : {layout, alone}) {
    for (std::int64_t distance = 1; distance < most; ++distance) {
      for (const auto number : kNumbers) {
        for (const std::int64_t value : {start.*number - distance, start.*number + distance}) {
          EngineLayout other = start;
          other.*number = value;
          if (value >= 1 && value <= most && check_layout(model, other)) return other;
        }
      }
    }
  }
  return layout;
}

}  // namespace orrery
