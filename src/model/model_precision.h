#pragma once

#include "orrery/chip/chip.h"

namespace orrery {

/// Number formats of one deployment. Embeddings and the router stay bf16, and so does the output layer, but for a
/// chip whose own compression covers it.
struct ModelPrecision {
  Precision weights = Precision::bf16;      ///< of attention, dense MLP and shared experts
  Precision experts = Precision::bf16;      ///< of routed experts; unused by dense models
  Precision activations = Precision::bf16;  ///< entering the matrix products
  Precision kv_cache = Precision::bf16;
};

/// Bytes per element of what a model keeps in memory.
struct ElementBytes {
  double weights = 2;
  double experts = 2;
  double output_layer = 2;
  double kv_cache = 2;
};
/// Pre: check_precision(chip, model, precision) passes.
inline ElementBytes element_bytes(const Chip& chip, const ModelPrecision& precision) {
  return {chip.weight_bytes(precision.weights), chip.weight_bytes(precision.experts),
          chip.weight_bytes(chip.output_layer_precision(precision.weights)), chip.kv_cache_bytes(precision.kv_cache)};
}

}  // namespace orrery
