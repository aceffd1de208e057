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

/// All but the header and the published count.
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
