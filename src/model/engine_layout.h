#pragma once

#include <cstdint>

#include "orrery/base/result.h"
#include "orrery/model/model_record.h"

namespace orrery {

/// How the chips of one engine share a model.
///
/// `pipeline` stages hold the layers one after the other, each on tensor x data chips. Within a stage, `data` groups of
/// `tensor` chips each attend to requests of their own, every layer cut over the chips of the group; routed experts lie
/// on all chips of the stage: spread over `expert` of them, each expert cut over the others.
struct EngineLayout {
  std::int64_t tensor = 1;
  std::int64_t pipeline = 1;
  std::int64_t data = 1;
  std::int64_t expert = 1;

  std::int64_t stage_chips() const { return tensor * data; }
  std::int64_t chips() const { return stage_chips() * pipeline; }
  /// Chips that share each expert.
  std::int64_t expert_tensor() const { return stage_chips() / expert; }
  /// Schedulers of one engine: a group of chips with requests of its own, and for each stage of a pipeline a part of
  /// these requests, so that all stages have work.
  std::int64_t lanes() const { return data * pipeline; }
};

/// Fails, with the reason, unless heads, widths, layers and experts of the model divide among the chips.
/// Pre: all counts >= 1.
Result<void> check_layout(const ModelRecord& model, const EngineLayout& layout);

/// A layout near to one that does not work: with one number changed to the nearest smaller or larger one, up to `most`
/// and the smaller one first; failing that, without groups and spread experts as well. The layout itself where it works
/// or nothing does.
EngineLayout nearest_layout(const ModelRecord& model, const EngineLayout& layout, std::int64_t most);

}  // namespace orrery
