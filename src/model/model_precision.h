#pragma once

#include "orrery/chip/precision.h"

namespace orrery {

/// Number formats of one deployment. Embeddings, the router and the output layer stay bf16.
struct ModelPrecision {
  Precision weights = Precision::bf16;      ///< of attention, dense MLP and shared experts
  Precision experts = Precision::bf16;      ///< of routed experts; unused by dense models
  Precision activations = Precision::bf16;  ///< entering the matrix products
  Precision kv_cache = Precision::bf16;
};

}  // namespace orrery
