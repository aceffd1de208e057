#pragma once

#include <optional>
#include <string>

#include "orrery/model/model_record.h"

namespace orrery {

/// Whether a document looks like a Hugging Face config.json: a mapping that names its `architectures`.
bool is_hugging_face_config(const Node& node);

/// The model that a Hugging Face config.json describes. Known are the decoders of Llama, Mistral, Mixtral, Qwen2,
/// Qwen3, Qwen3-MoE, Qwen3-Next, Qwen3.5, DeepSeek-V3 and V3.2, GLM-5, Kimi-K2.5, MiniMax-M2 and gpt-oss; of a model
/// with a vision encoder the text_config alone is read. Keys that do not change shapes are passed over; those of linear
/// or sparse attention are refused where the architecture is not known to have it. An explicit head_dim wins over
/// hidden_size / num_attention_heads; keys that the file leaves out take the value that the architecture's own
/// configuration class gives them. `id` becomes the id and name of the entry.
/// Fails: unknown-name (another architecture, a variant that is not modelled), missing-key, wrong-type,
/// invalid-number, out-of-range.
std::optional<ModelRecord> read_hugging_face_config(const Node& node, const std::string& id, Diagnostics& diagnostics);

}  // namespace orrery
