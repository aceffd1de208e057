#pragma once

#include <cstdint>

#include "orrery/base/quantity.h"
#include "orrery/model/engine_layout.h"
#include "orrery/model/model_precision.h"
#include "orrery/model/model_record.h"

namespace orrery {

// What one chip of an engine holds; `ranks`: those that share a layer. Pre for all: check_physics found nothing and
// check_layout passes.

/// Weights. Embeddings, router and norms are bf16; the query and KV compressions of latent attention
/// and the router are held by every rank. Of a pipeline, the chip of a stage with most layers, and one
/// of the two tables of words.
Bytes weight_bytes_per_chip(const ModelRecord& model, const ElementBytes& bytes, const EngineLayout& layout);

/// KV cache of one token over all layers. KV heads are replicated when there are fewer than ranks; a latent vector
/// is held whole by every rank. Windowed layers count in full: engines that keep one pool of blocks for all layers
/// do not free what a window has passed, and one that does needs less. Layers of linear attention have no cache; the
/// keys of an indexer are held whole by every rank, too.
Bytes kv_bytes_per_token(const ModelRecord& model, const ElementBytes& bytes, std::int64_t ranks);

/// What the layers of linear attention keep of one sequence, however long it is: a matrix per value head, in fp32,
/// as Qwen3.5's config.json asks (mamba_ssm_dtype) and vLLM follows (pull request 34489): rounding to bf16 at every
/// token would add up. The last inputs of the convolution, 2 % more, are not counted. 0 for other models.
Bytes state_bytes_per_sequence(const ModelRecord& model, std::int64_t ranks);

/// Activations alive at once, per token of a step: residual and hidden state beside the widest MLP stage in bf16.
/// Source: the tensors of a gated MLP and of a fused expert kernel with its per-expert copies.
Bytes activation_bytes_per_token(const ModelRecord& model, std::int64_t ranks);

/// Logits of `sequences` sequences while sampling: fp32, and one copy of them. Every rank holds the whole vocabulary.
Bytes logits_bytes(const ModelRecord& model, std::int64_t sequences);

}  // namespace orrery
