#include "orrery/model/hugging_face.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "orrery/base/nearest_name.h"
#include "orrery/model/hugging_face_config.h"

namespace orrery {
namespace {

/// Fills what one family of architectures adds to the common shape.
class ConfigReader {
 public:
  ConfigReader(const HuggingFaceConfig& config, const Node& node, Diagnostics& diagnostics)
      : config_(config), node_(node), diagnostics_(diagnostics) {}

  ModelRecord record() const {
    ModelRecord model;
    model.layers = config_.num_hidden_layers;
    model.hidden_size = config_.hidden_size;
    model.query_heads = config_.num_attention_heads;
    model.kv_heads = config_.num_key_value_heads.value_or(config_.num_attention_heads);
    model.head_size = config_.head_dim.value_or(config_.hidden_size / config_.num_attention_heads);
    model.vocabulary = config_.vocab_size;
    model.context_limit = config_.max_position_embeddings;
    model.tied_embeddings = config_.tie_word_embeddings.value_or(false);  // false in all of these classes
    return model;
  }

  void plain(ModelRecord& model) { model.intermediate_size = config_.intermediate_size; }

  void mistral(ModelRecord& model) {
    plain(model);
    add_window(model);
  }

  void qwen(ModelRecord& model) {
    plain(model);
    refuse_qwen_windows();
  }

  void mixtral(ModelRecord& model) {
    add_window(model);
    add_experts(model, needed(config_.num_local_experts, "num_local_experts"), config_.intermediate_size);
  }

  void minimax(ModelRecord& model) {
    const auto& types = config_.attn_type_list;
    if (std::any_of(types.begin(), types.end(), [](std::int64_t type) { return type != 1; })) {
      refuse("attn_type_list", "layers of lightning attention");
    }
    add_experts(model, needed(config_.num_local_experts, "num_local_experts"), config_.intermediate_size);
  }

  void qwen_experts(ModelRecord& model) {
    refuse_qwen_windows();
    if (config_.decoder_sparse_step.value_or(1) != 1) refuse("decoder_sparse_step", "experts in some layers only");
    if (!config_.mlp_only_layers.empty()) refuse("mlp_only_layers", "experts in some layers only");
    add_experts(model, needed(config_.num_experts, "num_experts"),
                needed(config_.moe_intermediate_size, "moe_intermediate_size"));
  }

  void qwen_hybrid(ModelRecord& model) {
    plain(model);
    add_linear_attention(model);
  }

  void qwen_hybrid_experts(ModelRecord& model) {
    qwen_experts(model);
    model.experts->shared_intermediate_size =
        needed(config_.shared_expert_intermediate_size, "shared_expert_intermediate_size");
    model.experts->shared_count = model.experts->shared_intermediate_size == 0 ? 0 : 1;
    add_linear_attention(model);
  }

  void gpt_oss(ModelRecord& model) {
    add_experts(model, needed(config_.num_local_experts, "num_local_experts"), config_.intermediate_size);
    const std::int64_t window = needed(config_.sliding_window, "sliding_window");
    model.sliding_window = SlidingWindowRecord{window, full_attention_every("sliding_attention")};
  }

  void deepseek_sparse(ModelRecord& model) {
    deepseek(model);
    const auto& types = config_.indexer_types;
    if (std::any_of(types.begin(), types.end(), [](const std::string& type) { return type != "full"; })) {
      refuse("indexer_types", "layers that share an indexer");
    }
    if (config_.index_topk_freq.value_or(1) != 1) refuse("index_topk_freq", "layers that share an indexer");
    SparseAttentionRecord sparse;
    sparse.tokens = needed(config_.index_topk, "index_topk");
    sparse.index_heads = needed(config_.index_n_heads, "index_n_heads");
    sparse.index_head_size = needed(config_.index_head_dim, "index_head_dim");
    sparse.place = node_.place;
    model.sparse_attention = sparse;
  }

  /// Refuses kinds of attention that the file asks for and its architecture is not known to have.
  void refuse_what_was_not_read(const ModelRecord& model) {
    if (config_.index_topk && !model.sparse_attention) refuse("index_topk", "sparse attention in this architecture");
    if (config_.linear_num_value_heads && !model.linear_attention) {
      refuse("linear_num_value_heads", "linear attention in this architecture");
    }
    const auto& types = config_.layer_types;
    const bool linear = std::find(types.begin(), types.end(), "linear_attention") != types.end();
    if (linear && !model.linear_attention) refuse("layer_types", "linear attention in this architecture");
  }

  void deepseek(ModelRecord& model) {
    if (config_.moe_layer_freq.value_or(1) != 1) refuse("moe_layer_freq", "experts in some layers only");
    const std::int64_t dense_width = config_.intermediate_size;
    const std::int64_t width = needed(config_.moe_intermediate_size, "moe_intermediate_size");
    add_experts(model, needed(config_.n_routed_experts, "n_routed_experts"), width);
    model.experts->shared_count = config_.n_shared_experts.value_or(0);
    model.experts->shared_intermediate_size = model.experts->shared_count * width;
    model.experts->first_dense_layers = needed(config_.first_k_dense_replace, "first_k_dense_replace");
    model.intermediate_size = model.experts->first_dense_layers == 0 ? 0 : dense_width;
    LatentAttentionRecord latent;
    latent.query_rank = config_.q_lora_rank.value_or(0);  // null: queries are not compressed
    latent.kv_rank = needed(config_.kv_lora_rank, "kv_lora_rank");
    latent.nope_head_size = needed(config_.qk_nope_head_dim, "qk_nope_head_dim");
    latent.rope_head_size = needed(config_.qk_rope_head_dim, "qk_rope_head_dim");
    latent.value_head_size = needed(config_.v_head_dim, "v_head_dim");
    model.latent_attention = latent;
    model.head_size = latent.value_head_size;
  }

 private:
  void add_window(ModelRecord& model) {
    if (config_.sliding_window) model.sliding_window = SlidingWindowRecord{*config_.sliding_window, 0};
  }

  void refuse_qwen_windows() {
    if (config_.use_sliding_window.value_or(false)) refuse("use_sliding_window", "windows on the upper layers only");
  }

  void add_linear_attention(ModelRecord& model) {
    LinearAttentionRecord linear;
    linear.key_heads = needed(config_.linear_num_key_heads, "linear_num_key_heads");
    linear.value_heads = needed(config_.linear_num_value_heads, "linear_num_value_heads");
    linear.key_head_size = needed(config_.linear_key_head_dim, "linear_key_head_dim");
    linear.value_head_size = needed(config_.linear_value_head_dim, "linear_value_head_dim");
    linear.full_attention_every = config_.layer_types.empty()
                                      ? needed(config_.full_attention_interval, "full_attention_interval")
                                      : full_attention_every("linear_attention");
    linear.place = node_.place;
    if (linear.full_attention_every < 2) refuse("layer_types", "layers of one kind only");
    model.linear_attention = linear;
    model.attention_output_gate = config_.attn_output_gate.value_or(true);  // true in all of these classes
  }

  /// Every layer has experts, so that no dense MLP remains.
  void add_experts(ModelRecord& model, std::int64_t count, std::int64_t width) {
    ExpertsRecord experts;
    experts.count = count;
    experts.per_token = needed(config_.num_experts_per_tok, "num_experts_per_tok");
    experts.intermediate_size = width;
    experts.place = node_.place;
    model.experts = experts;
    model.intermediate_size = 0;
  }

  /// Which n makes every n-th layer attend to all tokens, as `layer_types` lists them.
  std::int64_t full_attention_every(std::string_view other) {
    const auto& types = config_.layer_types;
    const auto first = std::find(types.begin(), types.end(), "full_attention");
    const std::int64_t every = first == types.end() ? 0 : first - types.begin() + 1;
    bool regular = static_cast<std::int64_t>(types.size()) == config_.num_hidden_layers;
    for (std::size_t i = 0; i < types.size(); ++i) {
      const bool full = every != 0 && (static_cast<std::int64_t>(i) + 1) % every == 0;
      regular = regular && types[i] == (full ? "full_attention" : other);
    }
    if (!regular) refuse("layer_types", "layers that do not alternate regularly");
    return every;
  }

  std::int64_t needed(const OptionalCount& value, std::string_view key) {
    if (value) return *value;
    diagnostics_.error("missing-key", node_.place, fmt::format("'{}' is missing from this config.json", key));
    return 1;
  }

  void refuse(std::string_view key, std::string_view what) {
    const Node* value = node_.find(key);
    diagnostics_.error("unknown-name", value == nullptr ? node_.place : value->place,
                       fmt::format("'{}' asks for {}, which is not modelled", key, what));
  }

  const HuggingFaceConfig& config_;
  const Node& node_;
  Diagnostics& diagnostics_;
};

struct Architecture {
  std::string_view name;
  void (ConfigReader::*fill)(ModelRecord&);
  bool experts_only = false;
};
constexpr Architecture kArchitectures[] = {
    {"DeepseekV32ForCausalLM", &ConfigReader::deepseek_sparse},
    {"DeepseekV3ForCausalLM", &ConfigReader::deepseek},
    {"GlmMoeDsaForCausalLM", &ConfigReader::deepseek_sparse},
    {"GptOssForCausalLM", &ConfigReader::gpt_oss},
    {"KimiK25ForConditionalGeneration", &ConfigReader::deepseek},
    {"LlamaForCausalLM", &ConfigReader::plain},
    {"MiniMaxM2ForCausalLM", &ConfigReader::minimax},
    {"MistralForCausalLM", &ConfigReader::mistral},
    {"MixtralForCausalLM", &ConfigReader::mixtral},
    {"Qwen2ForCausalLM", &ConfigReader::qwen},
    {"Qwen3ForCausalLM", &ConfigReader::qwen},
    {"Qwen3MoeForCausalLM", &ConfigReader::qwen_experts},
    {"Qwen3NextForCausalLM", &ConfigReader::qwen_hybrid_experts},
    {"Qwen3_5ForCausalLM", &ConfigReader::qwen_hybrid},
    {"Qwen3_5ForConditionalGeneration", &ConfigReader::qwen_hybrid},
    {"Qwen3_5MoeForCausalLM", &ConfigReader::qwen_hybrid_experts, true},
    {"Qwen3_5MoeForConditionalGeneration", &ConfigReader::qwen_hybrid_experts, true},
};

const Architecture* find_architecture(const Node& node, Diagnostics& diagnostics) {
  const Node* list = node.find("architectures");
  if (list == nullptr || list->items.size() != 1) {
    diagnostics.error("missing-key", list == nullptr ? node.place : list->place,
                      "'architectures' must name one class, as in [LlamaForCausalLM]");
    return nullptr;
  }
  const Node& word = list->items.front();
  std::vector<std::string> names;
  for (const Architecture& row : kArchitectures) {
    if (row.name == word.text) return &row;
    names.emplace_back(row.name);
  }
  diagnostics.error("unknown-name", word.place,
                    fmt::format("'{}' is not one of: {}", word.text, fmt::join(names, ", ")),
                    did_you_mean(word.text, names));
  return nullptr;
}

}  // namespace

bool is_hugging_face_config(const Node& node) {
  return node.kind == Node::Kind::mapping && node.find("architectures") != nullptr && node.find("kind") == nullptr;
}

std::optional<ModelRecord> read_hugging_face_config(const Node& node, const std::string& id, Diagnostics& diagnostics) {
  const Architecture* architecture = find_architecture(node, diagnostics);
  const Node* inner = node.find("text_config");  // beside a vision encoder, which is left out
  const Node& text = inner == nullptr ? node : *inner;
  const bool experts_only = architecture != nullptr && architecture->experts_only;
  std::optional<HuggingFaceConfig> config = experts_only ? read_record<ExpertsOnlyConfig>(text, diagnostics, true)
                                                         : read_record<HuggingFaceConfig>(text, diagnostics, true);
  const std::optional<OuterConfig> outer = read_record<OuterConfig>(node, diagnostics, true);
  if (architecture == nullptr || !config || !outer) return std::nullopt;
  if (!config->tie_word_embeddings) config->tie_word_embeddings = outer->tie_word_embeddings;
  const std::size_t errors = diagnostics.error_count();
  ConfigReader reader(*config, text, diagnostics);
  ModelRecord model = reader.record();
  (reader.*architecture->fill)(model);
  reader.refuse_what_was_not_read(model);
  if (diagnostics.error_count() > errors) return std::nullopt;

  model.header.id = id;
  model.header.kind = ModelKind::kName;
  model.header.name = id;
  model.header.status = Status::datasheet;
  model.header.source.emplace().id = "config";
  model.header.place = node.place;
  SourceRecord source;
  source.title = fmt::format("config.json of {} ({})", id, architecture->name);
  source.publisher = "the model's publisher";
  source.date = "unknown";
  model.header.sources.push_back({"config", node.place, source});
  return model;
}

}  // namespace orrery
