#pragma once

#include "orrery/chip/precision.h"

namespace orrery {

/// C[m, n] = A[m, k] B[k, n]; A holds activations, B weights, C is bf16. In elements, all >= 1.
struct GemmShape {
  double m = 0;
  double n = 0;
  double k = 0;
  Precision weights = Precision::bf16;
  Precision activations = Precision::bf16;
};

/// Attention heads on one chip, after tensor parallelism.
struct AttentionShape {
  double query_heads = 0;
  double kv_heads = 0;
  double head_size = 0;
  Precision kv_cache = Precision::bf16;
};

/// Latent attention on one chip: the compressed vector is shared by all heads and kept whole.
struct LatentAttentionShape {
  double query_heads = 0;
  double kv_rank = 0;
  double nope_head_size = 0;
  double rope_head_size = 0;
  double value_head_size = 0;
  Precision kv_cache = Precision::bf16;
};

/// The indexer of sparse attention: `heads` queries score one cached key per token, without values.
struct IndexerShape {
  double heads = 0;
  double head_size = 0;
  double key_bytes = 0;  ///< of one key, scales included
};

/// How tokens spread over experts.
enum class Routing {
  balanced,  ///< as few experts as hold the token copies evenly: benchmarks
  random,    ///< independent choices: served traffic
};

/// The routed experts of one layer.
struct ExpertsShape {
  double tokens = 0;  ///< entering the layer, over the whole expert-parallel group
  double hidden_size = 0;
  double intermediate_size = 0;  ///< of one expert on this chip
  double count = 0;              ///< experts of the layer
  double per_token = 0;
  double gemms_per_expert = 3;  ///< 3 gated, 2 not
  double expert_parallel = 1;
  Routing routing = Routing::random;
  Precision weights = Precision::bf16;
  Precision activations = Precision::bf16;
};

}  // namespace orrery
