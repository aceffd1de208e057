#include "orrery/model/hugging_face.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "../chip/example_chips.h"

namespace orrery {
namespace {

std::optional<ModelRecord> read(const std::string& text, Diagnostics& diagnostics) {
  const auto node = parse_yaml(std::make_shared<SourceText>("config.json", text), diagnostics);
  if (!node) return std::nullopt;
  return read_hugging_face_config(*node, "example", diagnostics);
}

ModelRecord read_good(const std::string& text) {
  Diagnostics diagnostics;
  const auto model = read(text, diagnostics);
  EXPECT_TRUE(model && !diagnostics.has_errors()) << all_messages(diagnostics);
  return model.value_or(ModelRecord{});
}

std::string config(const std::string& architecture, const std::string& rest) {
  return R"({"architectures": [")" + architecture + R"("], "torch_dtype": "bfloat16", "rope_scaling": null, )" + rest +
         "}";
}

constexpr const char* kQwen3 = R"("hidden_size": 5120, "num_hidden_layers": 64, "num_attention_heads": 64,
  "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 25600, "vocab_size": 151936,
  "max_position_embeddings": 40960, "tie_word_embeddings": false, "sliding_window": null, "use_sliding_window": false)";

/// All but the header, the names in data sets and the published count.
std::string shape_of(ModelRecord model) {
  model.header = {};
  model.aliases.clear();
  model.parameters_billion.reset();
  return to_yaml(write_record(model));
}

TEST(HuggingFace, AnExplicitHeadSizeWinsOverHiddenByHeads) {
  const ModelRecord model = read_good(config("Qwen3ForCausalLM", kQwen3));
  EXPECT_EQ(model.head_size, 128);  // 5120 / 64 is 80
  EXPECT_NEAR(parameter_count(model) / 32.762e9, 1, 1e-3);
}

TEST(HuggingFace, GivesTheShapesOfTheCatalog) {
  ModelRecord qwen = read_good(config("Qwen3ForCausalLM", kQwen3));
  qwen.context_limit = catalog_entry<ModelRecord>("model", "qwen3-32b").context_limit;
  EXPECT_EQ(shape_of(qwen), shape_of(catalog_entry<ModelRecord>("model", "qwen3-32b")));

  const ModelRecord deepseek = read_good(config("DeepseekV3ForCausalLM", R"("hidden_size": 7168,
    "num_hidden_layers": 61, "num_attention_heads": 128, "num_key_value_heads": 128, "intermediate_size": 18432,
    "vocab_size": 129280, "max_position_embeddings": 163840, "tie_word_embeddings": false, "n_routed_experts": 256,
    "n_shared_experts": 1, "num_experts_per_tok": 8, "moe_intermediate_size": 2048, "first_k_dense_replace": 3,
    "moe_layer_freq": 1, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
    "v_head_dim": 128)"));
  EXPECT_EQ(shape_of(deepseek), shape_of(catalog_entry<ModelRecord>("model", "deepseek-v3")));

  std::string types;
  for (int i = 0; i < 18; ++i) types += R"("sliding_attention", "full_attention",)";
  types.pop_back();
  const ModelRecord gpt_oss = read_good(config("GptOssForCausalLM", R"("hidden_size": 2880, "num_hidden_layers": 36,
    "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "intermediate_size": 2880,
    "vocab_size": 201088, "max_position_embeddings": 131072, "num_local_experts": 128, "num_experts_per_tok": 4,
    "sliding_window": 128, "layer_types": [)" + types + "]"));
  EXPECT_EQ(shape_of(gpt_oss), shape_of(catalog_entry<ModelRecord>("model", "gpt-oss-120b")));

  const ModelRecord experts = read_good(config("Qwen3MoeForCausalLM", R"("hidden_size": 2048, "num_hidden_layers": 48,
    "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128, "intermediate_size": 6144,
    "vocab_size": 151936, "max_position_embeddings": 40960, "num_experts": 128, "num_experts_per_tok": 8,
    "moe_intermediate_size": 768, "decoder_sparse_step": 1, "mlp_only_layers": [])"));
  EXPECT_NEAR(parameter_count(experts) / 30.532e9, 1, 1e-3);
}

constexpr const char* kGlm5 = R"("hidden_size": 6144, "num_hidden_layers": 78, "num_attention_heads": 64,
  "num_key_value_heads": 64, "head_dim": 64, "intermediate_size": 12288, "vocab_size": 154880,
  "max_position_embeddings": 202752, "tie_word_embeddings": false, "n_routed_experts": 256, "n_shared_experts": 1,
  "num_experts_per_tok": 8, "moe_intermediate_size": 2048, "first_k_dense_replace": 3, "moe_layer_freq": 1,
  "q_lora_rank": 2048, "kv_lora_rank": 512, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64, "v_head_dim": 256,
  "index_topk": 2048, "index_n_heads": 32, "index_head_dim": 128)";

/// The text_config of Qwen3.5-397B-A17B; `third` is the kind of its third layer.
std::string qwen35(const std::string& third) {
  std::string types;
  for (int i = 0; i < 60; ++i) {
    types += i == 2 ? "\"" + third + "\"," : i % 4 == 3 ? "\"full_attention\"," : "\"linear_attention\",";
  }
  types.pop_back();
  return R"("hidden_size": 4096, "num_hidden_layers": 60, "num_attention_heads": 32, "num_key_value_heads": 2,
    "head_dim": 256, "vocab_size": 248320, "max_position_embeddings": 262144, "attn_output_gate": true,
    "linear_num_key_heads": 16, "linear_num_value_heads": 64, "linear_key_head_dim": 128,
    "linear_value_head_dim": 128, "full_attention_interval": 4, "num_experts": 512, "num_experts_per_tok": 10,
    "moe_intermediate_size": 1024, "shared_expert_intermediate_size": 1024, "layer_types": [)" +
         types + "]";
}

TEST(HuggingFace, ReadsLinearAttentionInsideATextConfig) {
  const ModelRecord model =
      read_good(config("Qwen3_5MoeForConditionalGeneration",
                       R"("tie_word_embeddings": false, "vision_config": {"depth": 27}, "text_config": {)" +
                           qwen35("linear_attention") + "}"));
  EXPECT_EQ(shape_of(model), shape_of(catalog_entry<ModelRecord>("model", "qwen3.5-397b-a17b")));
  Diagnostics diagnostics;
  EXPECT_FALSE(read(config("Qwen3_5MoeForCausalLM", qwen35("full_attention")), diagnostics));
  EXPECT_EQ(codes(diagnostics), std::vector<std::string>{"unknown-name"});
}

TEST(HuggingFace, ReadsSparseAttention) {
  const ModelRecord model = read_good(config("GlmMoeDsaForCausalLM", kGlm5));
  EXPECT_EQ(shape_of(model), shape_of(catalog_entry<ModelRecord>("model", "glm-5")));
  Diagnostics shared;
  EXPECT_FALSE(read(config("GlmMoeDsaForCausalLM", std::string(kGlm5) + R"(, "index_topk_freq": 4)"), shared));
  EXPECT_EQ(codes(shared), std::vector<std::string>{"unknown-name"});
}

TEST(HuggingFace, ReadsModelsWithoutADenseMlp) {
  const ModelRecord model = read_good(config("MiniMaxM2ForCausalLM", R"("hidden_size": 3072, "num_hidden_layers": 62,
    "num_attention_heads": 48, "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 1536,
    "vocab_size": 200064, "max_position_embeddings": 196608, "num_local_experts": 256, "num_experts_per_tok": 8,
    "attn_type_list": [1, 1], "tie_word_embeddings": false)"));
  EXPECT_EQ(shape_of(model), shape_of(catalog_entry<ModelRecord>("model", "minimax-m2.5")));
}

TEST(HuggingFace, RefusesAttentionThatAnArchitectureIsNotKnownToHave) {
  for (const char* keys : {R"("index_topk": 2048)", R"("linear_num_value_heads": 32)",
                           R"("layer_types": ["linear_attention", "full_attention"])"}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(read(config("Qwen3ForCausalLM", std::string(kQwen3) + ", " + keys), diagnostics)) << keys;
    EXPECT_EQ(codes(diagnostics), std::vector<std::string>{"unknown-name"}) << keys;
  }
}

TEST(HuggingFace, ReadsAWindowOfAllLayers) {
  const ModelRecord model = read_good(config("MistralForCausalLM", R"("hidden_size": 4096, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 32000,
    "max_position_embeddings": 32768, "sliding_window": 4096)"));
  ASSERT_TRUE(model.sliding_window);
  EXPECT_EQ(model.sliding_window->tokens, 4096);
  EXPECT_EQ(model.sliding_window->full_attention_every, 0);
  EXPECT_NEAR(parameter_count(model) / 7.242e9, 1, 1e-3);
}

TEST(HuggingFace, RefusesAnUnknownArchitectureAtItsPlace) {
  Diagnostics diagnostics;
  EXPECT_FALSE(read(config("Qwen4ForCausalLM", kQwen3), diagnostics));
  const auto found = diagnostics.sorted();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].code, "unknown-name");
  EXPECT_EQ(found[0].place.line, 1);
  EXPECT_NE(found[0].hint.find("Qwen3ForCausalLM"), std::string::npos) << found[0].hint;
}

TEST(HuggingFace, RefusesVariantsThatAreNotModelled) {
  Diagnostics diagnostics;
  std::string windows = kQwen3;
  windows.replace(windows.find("\"use_sliding_window\": false"), 27, "\"use_sliding_window\": true ");
  EXPECT_FALSE(read(config("Qwen2ForCausalLM", windows), diagnostics));
  EXPECT_EQ(codes(diagnostics), std::vector<std::string>{"unknown-name"});
}

TEST(HuggingFace, NamesEveryMissingKey) {
  Diagnostics diagnostics;
  EXPECT_FALSE(read(config("MixtralForCausalLM", kQwen3), diagnostics));
  EXPECT_EQ(codes(diagnostics), (std::vector<std::string>{"missing-key", "missing-key"}));
  Diagnostics empty;
  EXPECT_FALSE(read(R"({"architectures": ["LlamaForCausalLM"], "vocab_size": 32000})", empty));
  EXPECT_EQ(empty.error_count(), 5u);
}

TEST(HuggingFace, ReadsPublishedFiles) {
  const std::string folder = "../shared/data/serving/h100/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  for (const char* id : {"llama-2-7b", "mixtral-8x7b"}) {
    Diagnostics diagnostics;
    const auto node = parse_yaml_file(folder + id + ".config.json", diagnostics);
    ASSERT_TRUE(node) << all_messages(diagnostics);
    EXPECT_TRUE(is_hugging_face_config(*node));
    const auto model = read_hugging_face_config(*node, id, diagnostics);
    ASSERT_TRUE(model) << all_messages(diagnostics);
    EXPECT_EQ(shape_of(*model), shape_of(catalog_entry<ModelRecord>("model", id)));
  }
}

}  // namespace
}  // namespace orrery
