#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "orrery/operators/forms/forms.h"

namespace orrery {
namespace {

ChipFacts h100() {
  ChipFacts chip;
  chip.id = "h100-sxm";
  chip.generation = "hopper";
  chip.matrix_class = MatrixClass::async;
  chip.units = 132;
  chip.clock_Hz = 1830e6;
  chip.exponentials_per_clock = 16;
  chip.bf16_flops = 989e12;
  chip.fp8_flops = 1978e12;
  chip.bandwidth_Bps = 3350e9;
  chip.l2_bytes = 50e6;
  chip.power_limit_W = 700;
  return chip;
}

ChipFacts a100() {
  ChipFacts chip;
  chip.id = "a100-sxm-80gb";
  chip.generation = "ampere";
  chip.matrix_class = MatrixClass::sync;
  chip.units = 108;
  chip.clock_Hz = 1410e6;
  chip.exponentials_per_clock = 16;
  chip.bf16_flops = 312e12;
  chip.bandwidth_Bps = 2039e9;
  chip.l2_bytes = 40e6;
  chip.power_limit_W = 400;
  return chip;
}

ChipFacts b200() {
  ChipFacts chip = h100();
  chip.id = "b200-sxm";
  chip.generation = "blackwell";
  chip.units = 148;
  chip.clock_Hz = 1855e6;
  chip.bf16_flops = 2250e12;
  chip.fp8_flops = 4500e12;
  chip.bandwidth_Bps = 7700e9;
  chip.l2_bytes = 126e6;
  chip.power_limit_W = 1000;
  return chip;
}

std::vector<double> priors(const OperatorForm& form, std::string_view family) {
  std::vector<double> constants;
  for (const ConstantSpec& spec : form.constants(family)) constants.push_back(spec.prior);
  return constants;
}

/// The prior constants with those of the list in place of theirs. Every name must exist.
std::vector<double> constants_with(const OperatorForm& form,
                                   const std::vector<std::pair<std::string_view, double>>& values) {
  std::vector<double> constants = priors(form, "bfloat16");
  for (const auto& [name, value] : values) {
    bool found = false;
    for (std::size_t i = 0; i < constants.size(); ++i) {
      if (form.constants("bfloat16")[i].name == name) {
        constants[i] = value;
        found = true;
      }
    }
    EXPECT_TRUE(found) << name;
  }
  return constants;
}

const OperatorForm* const kForms[] = {&attention_generation_form(), &attention_context_form(), &mla_generation_form(),
                                      &mla_context_form()};

double cold_us(const OperatorForm& form, const Shape& shape, const ChipFacts& chip,
               std::string_view family = "bfloat16") {
  EXPECT_TRUE(form.accepts(shape, family, chip).has_value());
  return form.time_us(shape, family, chip, priors(form, family), false);
}

/// Shapes of each form over which properties are checked: small and large in every direction.
std::vector<Shape> shapes_of(const OperatorForm& form) {
  std::vector<Shape> shapes;
  const double batches[] = {1, 7, 128, 2048};
  const double tokens[] = {1, 16, 129, 2048, 65536};
  for (const double batch : batches) {
    for (const double length : tokens) {
      if (form.kind() == "mla_generation") {
        for (const double heads : {1.0, 16.0, 128.0}) shapes.push_back({heads, batch, length});
      } else if (form.kind() == "mla_context") {
        for (const double heads : {1.0, 16.0, 128.0}) shapes.push_back({heads, batch, length, 0});
      } else {
        for (const double head_dim : {64.0, 128.0, 256.0}) {
          for (const double window : {0.0, 128.0, 1024.0}) {
            for (const auto& [query, kv] : {std::pair{8.0, 8.0}, {32.0, 8.0}, {64.0, 1.0}}) {
              if (form.kind() == "attention_generation") {
                shapes.push_back({batch, length, query, kv, head_dim, window});
              } else {
                shapes.push_back({batch, length, 0, query, kv, head_dim, window});
                shapes.push_back({batch, length, 3000, query, kv, head_dim, window});
              }
            }
          }
        }
      }
    }
  }
  return shapes;
}

TEST(AttentionGeneration, GoldenValuesOfTheReferenceFormAreReached) {
  // H100, fitted on the measured file: launch 8.3, bandwidth 1.0, block 820 clocks, item 5950 clocks, combine 1.16,
  // p 1.15.
  const OperatorForm& form = attention_generation_form();
  const ChipFacts chip = h100();
  const double clocks_per_us = chip.clock_Hz * 1e-6;
  const double block_flops = 4.0 * 64 * 128 * 128;
  const std::vector<double> constants =
      constants_with(form, {{"launch", 8.3},
                            {"controller_factor", 1.0},
                            {"matrix_fraction", block_flops * chip.units * chip.clock_Hz / chip.bf16_flops / 820},
                            {"item", 5950 / clocks_per_us},
                            {"exposed", 1e-12},
                            {"resident", 1},
                            {"combine", 1.16},
                            {"split_limit", 256},
                            {"activation_efficiency", 1.0},
                            {"overlap", 1.15},
                            {"rounding", 1e-12}});
  const std::pair<Shape, double> golden[] = {{{1, 1024, 32, 8, 128, 0}, 14.073},
                                             {{16, 4096, 32, 8, 128, 0}, 100.560},
                                             {{64, 8192, 64, 8, 128, 0}, 733.325},
                                             {{256, 16384, 8, 1, 128, 0}, 728.196}};
  for (const auto& [shape, us] : golden) {
    EXPECT_NEAR(form.time_us(shape, "bfloat16", chip, constants, false) / us, 1, 1e-3) << us;
  }
}

TEST(AttentionContext, GoldenValuesOfTheReferenceFormAreReached) {
  const OperatorForm& form = attention_context_form();
  const ChipFacts chip = h100();
  const std::vector<double> constants = constants_with(form, {{"launch", 11.7},
                                                              {"matrix_fraction", 0.909},
                                                              {"exponential_factor", 0.668},
                                                              {"tile_overlap", 1},
                                                              {"tile_latency", 2041},
                                                              {"item", 1e-12},
                                                              {"balance", 1e6},
                                                              {"activation_efficiency", 0.438},
                                                              {"store_efficiency", 0.438},
                                                              {"overlap", 1}});
  const std::pair<Shape, double> golden[] = {{{1, 512, 0, 32, 8, 128, 0}, 25.268},
                                             {{1, 4096, 0, 32, 8, 128, 0}, 274.372},
                                             {{8, 2048, 0, 64, 8, 128, 0}, 1270.244},
                                             {{1, 16384, 0, 8, 1, 128, 0}, 866.479}};
  for (const auto& [shape, us] : golden) {
    EXPECT_NEAR(form.time_us(shape, "bfloat16", chip, constants, false) / us, 1, 1e-3) << us;
  }
}

TEST(AttentionForms, AreNeverFasterThanTheDatasheetWhenCold) {
  for (const OperatorForm* form : kForms) {
    for (const ChipFacts& chip : {h100(), a100(), b200()}) {
      for (const std::string_view family : {"bfloat16", "fp8"}) {
        for (const Shape& shape : shapes_of(*form)) {
          ASSERT_GE(cold_us(*form, shape, chip, family) * (1 + 1e-9), form->roofline_us(shape, family, chip))
              << form->kind() << " " << chip.id << " " << family << " " << shape[0] << " " << shape[1] << " "
              << shape[2] << " " << shape[3] << " " << shape[4] << " " << shape[5] << " " << shape[6];
        }
      }
    }
  }
}

TEST(AttentionForms, AreNeverFasterThanTheDatasheetAtTheirFastestConstants) {
  for (const OperatorForm* form : kForms) {
    std::vector<double> fastest;
    for (const ConstantSpec& spec : form->constants("bfloat16")) {
      const bool is_rate = spec.name.find("fraction") != std::string_view::npos ||
                           spec.name.find("bandwidth") != std::string_view::npos || spec.name == "resident" ||
                           spec.name == "split_limit" || spec.name == "overlap" || spec.name == "tile_overlap" ||
                           spec.name == "balance" || spec.name == "cache_bytes_per_clock";
      fastest.push_back(is_rate ? spec.high : spec.low);
    }
    for (const ChipFacts& chip : {h100(), a100(), b200()}) {
      for (const Shape& shape : shapes_of(*form)) {
        ASSERT_GE(form->time_us(shape, "bfloat16", chip, fastest, false) * (1 + 1e-9),
                  form->roofline_us(shape, "bfloat16", chip))
            << form->kind() << " " << chip.id << " " << shape[0] << " " << shape[1] << " " << shape[2];
      }
    }
  }
}

TEST(AttentionForms, MoreSequencesOrTokensAreNeverFaster) {
  for (const OperatorForm* form : kForms) {
    const bool latent = form->kind().substr(0, 3) == "mla";
    const std::size_t batch = latent ? 1 : 0;
    for (const ChipFacts& chip : {h100(), a100(), b200()}) {
      for (const Shape& shape : shapes_of(*form)) {
        for (const std::size_t column : {batch, batch + 1}) {
          Shape more = shape;
          more[column] = 2 * more[column] + 1;
          ASSERT_GE(cold_us(*form, more, chip) * (1 + 1e-9), cold_us(*form, shape, chip))
              << form->kind() << " " << chip.id << " column " << column << ": " << shape[0] << " " << shape[1] << " "
              << shape[2] << " " << shape[3] << " " << shape[4] << " " << shape[5] << " " << shape[6];
        }
      }
    }
  }
}

TEST(AttentionForms, CacheReuseIsNeverSlowerAndAbsentFromColdRows) {
  for (const OperatorForm* form : kForms) {
    for (const ChipFacts& chip : {h100(), a100(), b200()}) {
      const std::vector<double> constants = priors(*form, "bfloat16");
      for (const Shape& shape : shapes_of(*form)) {
        const double hot = form->time_us(shape, "bfloat16", chip, constants, true);
        const double cold = form->time_us(shape, "bfloat16", chip, constants, false);
        ASSERT_LE(hot, cold * (1 + 1e-9));
        if (form->is_cold(shape, "bfloat16", chip)) {
          ASSERT_DOUBLE_EQ(hot, cold);
        }
      }
    }
  }
}

TEST(AttentionForms, TermsAddUpToTheTime) {
  for (const OperatorForm* form : kForms) {
    const std::vector<double> constants = priors(*form, "bfloat16");
    for (const Shape& shape : shapes_of(*form)) {
      std::vector<TimeTerm> terms;
      const double us = form->time_us(shape, "bfloat16", a100(), constants, false, &terms);
      double sum = 0;
      for (const TimeTerm& term : terms) sum += term.us;
      ASSERT_NEAR(sum / us, 1, 1e-9) << form->kind();
    }
  }
}

TEST(AttentionGeneration, AWindowCapsTheCost) {
  for (const ChipFacts& chip : {h100(), a100(), b200()}) {
    const OperatorForm& form = attention_generation_form();
    EXPECT_DOUBLE_EQ(cold_us(form, {16, 4096, 32, 8, 128, 1024}, chip),
                     cold_us(form, {16, 65536, 32, 8, 128, 1024}, chip));
    EXPECT_LT(cold_us(form, {64, 65536, 32, 8, 128, 1024}, chip), cold_us(form, {64, 65536, 32, 8, 128, 0}, chip));
  }
}

TEST(AttentionContext, AWindowMakesTimeGrowLinearlyWithTokens) {
  for (const ChipFacts& chip : {h100(), a100(), b200()}) {
    const double half = cold_us(attention_context_form(), {4, 32768, 0, 32, 8, 128, 1024}, chip);
    const double full = cold_us(attention_context_form(), {4, 65536, 0, 32, 8, 128, 1024}, chip);
    EXPECT_NEAR(full / half, 2, 0.1) << chip.id;
  }
}

TEST(AttentionContext, APromptInTwoChunksCostsAtLeastAsMuchAsWhole) {
  for (const ChipFacts& chip : {h100(), a100(), b200()}) {
    const OperatorForm& form = attention_context_form();
    const double whole = cold_us(form, {2, 8192, 0, 32, 8, 128, 0}, chip);
    const double chunks =
        cold_us(form, {2, 4096, 0, 32, 8, 128, 0}, chip) + cold_us(form, {2, 4096, 4096, 32, 8, 128, 0}, chip);
    EXPECT_GE(chunks, whole) << chip.id;
    EXPECT_LT(chunks, 1.2 * whole) << chip.id;
  }
}

TEST(AttentionGeneration, FlashAttention2SplitsTheCacheOnlyForGroupedHeads) {
  const OperatorForm& form = attention_generation_form();
  const double grouped = cold_us(form, {1, 65536, 8, 2, 128, 0}, a100());
  const double alone = cold_us(form, {1, 65536, 2, 2, 128, 0}, a100());
  EXPECT_GT(alone, 5 * grouped);
  EXPECT_LT(cold_us(form, {1, 65536, 2, 2, 128, 0}, h100()), 1.1 * cold_us(form, {1, 65536, 8, 2, 128, 0}, h100()));
}

TEST(AttentionForms, ImpossibleShapesAreRefusedWithTheReason) {
  const auto reason = [](const Result<void>& result) { return result.has_value() ? std::string() : result.error(); };
  const OperatorForm& form = attention_generation_form();
  EXPECT_EQ(reason(form.accepts({0, 16, 8, 8, 128, 0}, "bfloat16", h100())),
            "batch is 0; it must be a whole number from 1 to 1e9");
  EXPECT_EQ(reason(form.accepts({1, 16.5, 8, 8, 128, 0}, "bfloat16", h100())),
            "kv_tokens is 16.5; it must be a whole number from 1 to 1e9");
  EXPECT_EQ(reason(form.accepts({1, 16, 4, 8, 128, 0}, "bfloat16", h100())),
            "q_heads is below kv_heads; each KV head serves a query head");
  EXPECT_EQ(reason(form.accepts({1, 16, 8, 8, 128, 0}, "int3", h100())),
            "attention over a cache of 'int3' is not modelled; it can be bfloat16 or fp8");
}

}  // namespace
}  // namespace orrery
