#include <gtest/gtest.h>

#include "../chip/example_chips.h"
#include "orrery/model/model_record.h"

namespace orrery {
namespace {

using Codes = std::vector<std::string>;

template <class Change>
Codes codes_after(const char* id, Change change) {
  auto model = catalog_entry<ModelRecord>("model", id);
  change(model);
  Diagnostics diagnostics;
  check_physics(model, diagnostics);
  return codes(diagnostics);
}

TEST(ModelPhysics, EveryModelOfTheCatalogIsPossible) {
  for (const char* id : {"deepseek-v3", "gpt-oss-120b", "llama-2-70b", "llama-2-7b", "llama-3.1-405b", "llama-3.1-70b",
                         "llama-3.1-8b", "mixtral-8x7b", "qwen3-30b-a3b", "qwen3-32b"}) {
    EXPECT_EQ(codes_after(id, [](ModelRecord&) {}), Codes{}) << id;
  }
}

TEST(ModelPhysics, CountsThePublishedParameters) {
  const struct {
    const char* id;
    double billion;
  } rows[] = {{"llama-2-7b", 6.738},       {"llama-3.1-8b", 8.030},  {"llama-3.1-70b", 70.554},
              {"llama-3.1-405b", 405.853}, {"mixtral-8x7b", 46.703}, {"qwen3-30b-a3b", 30.532},
              {"qwen3-32b", 32.762},       {"deepseek-v3", 671.026}, {"gpt-oss-120b", 116.83}};
  for (const auto& row : rows) {
    const double count = parameter_count(catalog_entry<ModelRecord>("model", row.id)) / 1e9;
    EXPECT_NEAR(count / row.billion, 1, 2e-3) << row.id << " " << count;
  }
}

TEST(ModelPhysics, FindsContradictions) {
  const Codes kContradiction{"impossible-physics"};
  EXPECT_EQ(codes_after("llama-3.1-8b", [](ModelRecord& m) { m.kv_heads = 7, m.parameters_billion.reset(); }),
            kContradiction);
  EXPECT_EQ(codes_after("llama-3.1-8b", [](ModelRecord& m) { m.parameters_billion->value = 70; }), kContradiction);
  EXPECT_EQ(codes_after("qwen3-32b", [](ModelRecord& m) { m.head_size = 80; }), kContradiction);  // hidden / heads
  EXPECT_EQ(codes_after("mixtral-8x7b", [](ModelRecord& m) { m.experts->per_token = 9; }), kContradiction);
  EXPECT_EQ(codes_after("mixtral-8x7b", [](ModelRecord& m) { m.experts->shared_count = 1; }), kContradiction);
  EXPECT_EQ(codes_after("mixtral-8x7b", [](ModelRecord& m) { m.intermediate_size = 14336; }), kContradiction);
  EXPECT_EQ(codes_after("gpt-oss-120b", [](ModelRecord& m) { m.sliding_window->full_attention_every = 37; }),
            kContradiction);
}

TEST(ModelPhysics, ReportsAllContradictionsAtOnce) {
  EXPECT_EQ(codes_after("mixtral-8x7b", [](ModelRecord& m) { m.kv_heads = 5, m.experts->per_token = 9; }).size(), 2u);
}

}  // namespace
}  // namespace orrery
