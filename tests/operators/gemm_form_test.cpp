#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "orrery/operators/forms/forms.h"
#include "orrery/operators/forms/gemm_kernel.h"

namespace orrery {
namespace {

constexpr double kNever = 1e-12;  // switches a mechanism off
constexpr double kNoExpansion = std::numeric_limits<double>::infinity();
constexpr std::array kForms = {&gemm_form, &gemm_fp8_block_form, &gemm_nvfp4_form, &gemm_weight_only_form};

ChipFacts chip_of(MatrixClass matrix_class, double units, double megahertz, double bf16_teraflops,
                  double gigabytes_per_s, double watts, double l2_megabytes) {
  ChipFacts chip;
  chip.id = "example";
  chip.matrix_class = matrix_class;
  chip.units = units;
  chip.clock_Hz = megahertz * 1e6;
  chip.bf16_flops = bf16_teraflops * 1e12;
  chip.fp8_flops = 2 * chip.bf16_flops;
  chip.int8_flops = 2 * chip.bf16_flops;
  chip.fp4_flops = 4 * chip.bf16_flops;
  chip.bandwidth_Bps = gigabytes_per_s * 1e9;
  chip.power_limit_W = watts;
  chip.l2_bytes = l2_megabytes * 1e6;
  return chip;
}

ChipFacts h100() { return chip_of(MatrixClass::async, 132, 1830, 989, 3350, 700, 50); }
ChipFacts a100() { return chip_of(MatrixClass::sync, 108, 1410, 312, 2039, 400, 40); }
ChipFacts b200() { return chip_of(MatrixClass::async, 148, 1855, 2250, 7700, 1000, 126); }

gemm::Problem bf16_problem(const Shape& shape, const ChipFacts& chip) {
  return {shape[0], shape[1], shape[2], 2, 2, 64, chip.bf16_flops};
}

/// Published eight-parameter form: no fill, no power cap, iterations not blended; tiles in whole waves or evenly.
gemm::KernelTime eight_parameters(const Shape& shape, const ChipFacts& chip, double launch, double alpha,
                                  double bandwidth, double iteration, double tile, double split, double overlap,
                                  double rounding) {
  const double constants[] = {launch, alpha, kNever, bandwidth, iteration, kNever, tile, split, overlap, rounding, 1.9};
  static_assert(std::size(constants) == gemm::at::kernel_count);
  gemm::Library library;
  library.plain_iterations = true;
  return gemm::kernel_time(bf16_problem(shape, chip), library, chip, constants, false, kNoExpansion);
}

gemm::KernelTime h100_time(const Shape& shape) {
  return eight_parameters(shape, h100(), 2.80, .783, .860, 145, 63, 2.77, 2.15, kNever);
}
gemm::KernelTime a100_time(const Shape& shape) {
  return eight_parameters(shape, a100(), 1.22, .834, .815, 441, 3770, 2.00, 1.73, 1);
}
gemm::KernelTime b200_time(const Shape& shape) {
  return eight_parameters(shape, b200(), 2.09, .691, .861, 137, 128, 3.15, 1.76, kNever);
}

struct Golden {
  Shape shape;
  double h100, a100, b200, roofline, closed;  // us; closed 0: not given
};
constexpr Golden kGolden[] = {
    {{1, 4096, 4096}, 15.333, 27.070, 9.401, 10.021, 14.658},
    {{1, 8192, 8192}, 50.213, 93.799, 25.234, 40.075, 49.891},
    {{16, 256, 65536}, 18.267, 30.115, 11.351, 10.645, 0},
    {{64, 12288, 12288}, 110.899, 212.091, 53.158, 91.085, 110.829},
    {{256, 4096, 14336}, 60.166, 169.366, 32.977, 37.874, 57.379},
    {{257, 4096, 14336}, 63.404, 186.344, 34.425, 37.885, 0},
    {{1024, 1024, 32}, 3.596, 5.132, 2.480, 0.665, 0},
    {{4096, 8192, 28672}, 2497.262, 7496.414, 1250.853, 1945.546, 2377.608},
    {{32768, 65536, 1024}, 5852.152, 18142.132, 2973.610, 4446.963, 0},
};

std::vector<double> prior_constants(const OperatorForm& form, std::string_view family) {
  std::vector<double> constants;
  for (const ConstantSpec& spec : form.constants(family)) constants.push_back(spec.prior);
  return constants;
}

double time_of(const OperatorForm& form, std::string_view family, const ChipFacts& chip, const Shape& shape,
               bool benchmark_hot = false) {
  return form.time_us(shape, family, chip, prior_constants(form, family), benchmark_hot);
}

std::vector<Shape> random_shapes(int count) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> exponent(0, 16);
  std::vector<Shape> shapes;
  for (int i = 0; i < count; ++i) {
    Shape shape{};
    for (int column = 0; column < 3; ++column) shape[column] = std::floor(std::exp2(exponent(random)));
    shapes.push_back(shape);
  }
  return shapes;
}

template <class Check>
void for_every_family(const Check& check) {
  for (const auto form : kForms) {
    for (const std::string_view family : {"bfloat16", "fp8", "fp8_block", "nvfp4", "int4_wo", "int8_wo", "sq"}) {
      if (!form().constants(family).empty()) check(form(), family);
    }
  }
}

TEST(Gemm, AddsUpToThePublishedTimesWhenItsOwnMechanismsAreOff) {
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.h100);
    EXPECT_NEAR(h100_time(golden.shape).us / golden.h100, 1, 1e-3);
    EXPECT_NEAR(a100_time(golden.shape).us / golden.a100, 1, 1e-3);
    EXPECT_NEAR(b200_time(golden.shape).us / golden.b200, 1, 1e-3);
    EXPECT_NEAR(gemm_form().roofline_us(golden.shape, "bfloat16", h100()) / golden.roofline, 1, 1e-3);
    if (golden.closed == 0) continue;
    const double closed = gemm::closed_form_us(bf16_problem(golden.shape, h100()), h100(), 2.91, .821, .853, 2.43);
    EXPECT_NEAR(closed / golden.closed, 1, 1e-3);
  }
}

TEST(Gemm, ChoosesThePublishedTilesAndSplits) {
  const gemm::KernelTime single = h100_time({1, 8192, 8192});
  EXPECT_EQ(single.tile_rows, 16);
  EXPECT_EQ(single.tile_columns, 64);
  EXPECT_EQ(single.split_ways, 1);
  EXPECT_NEAR(single.tiles_us, 10.177, 0.01);
  EXPECT_NEAR(single.memory_us, 46.599, 0.05);
  EXPECT_EQ(h100_time({16, 256, 65536}).split_ways, 32);
}

TEST(Gemm, IsNeverFasterThanTheDatasheetAllows) {
  for_every_family([](const OperatorForm& form, std::string_view family) {
    for (const ChipFacts& chip : {h100(), a100(), b200()}) {
      for (const Shape& shape : random_shapes(500)) {
        EXPECT_GE(time_of(form, family, chip, shape), form.roofline_us(shape, family, chip))
            << family << " " << shape[0] << " " << shape[1] << " " << shape[2];
      }
    }
  });
}

TEST(Gemm, MoreBandwidthIsNeverSlower) {
  for_every_family([](const OperatorForm& form, std::string_view family) {
    const ChipFacts chip = h100();
    ChipFacts faster = chip;
    faster.bandwidth_Bps *= 1.3;
    for (const Shape& shape : random_shapes(500)) {
      EXPECT_LE(time_of(form, family, faster, shape), time_of(form, family, chip, shape) * (1 + 1e-12));
    }
  });
}

TEST(Gemm, MorePowerIsNeverSlower) {
  const ChipFacts chip = h100();
  ChipFacts stronger = chip;
  stronger.power_limit_W *= 1.3;
  for (const Shape& shape : random_shapes(500)) {
    EXPECT_LE(time_of(gemm_form(), "bfloat16", stronger, shape), time_of(gemm_form(), "bfloat16", chip, shape));
  }
}

TEST(Gemm, MoreRowsAreNeverFasterWithinATile) {
  for (const ChipFacts& chip : {h100(), a100(), b200()}) {
    for (const double n : {512.0, 4096.0, 14336.0}) {
      double before = 0;
      for (double m = 1; m <= 8192; m += 1 + std::floor(m / 16)) {
        const double now = time_of(gemm_form(), "bfloat16", chip, {m, n, 4096});
        EXPECT_GE(now, before * (1 - 1e-9)) << "m " << m << " n " << n;
        before = now;
      }
    }
  }
}

TEST(Gemm, ColdRowsDoNotDependOnTheBenchmarksCache) {
  for_every_family([](const OperatorForm& form, std::string_view family) {
    for (const Shape& shape : random_shapes(500)) {
      const double served = time_of(form, family, h100(), shape, false);
      const double benchmarked = time_of(form, family, h100(), shape, true);
      if (form.is_cold(shape, family, h100())) {
        EXPECT_EQ(served, benchmarked);
      } else {
        EXPECT_LE(benchmarked, served);
      }
    }
  });
}

TEST(Gemm, CountsSixCopiesOfTheWeightsOfABenchmark) {
  const Shape shape{1, 2048, 2048};  // 8.4 MB of weights
  EXPECT_TRUE(gemm_form().is_cold(shape, "bfloat16", h100()));
  EXPECT_FALSE(gemm_form().is_cold({1, 1024, 2048}, "bfloat16", h100()));
  EXPECT_FALSE(gemm_fp8_block_form().is_cold(shape, "fp8_block", h100()));
}

TEST(Gemm, RefusesWhatItCannotSpeakOf) {
  const Shape shape{16, 4096, 4096};
  EXPECT_TRUE(gemm_form().accepts(shape, "fp8", h100()).has_value());
  ChipFacts without = a100();
  without.fp8_flops = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(gemm_form().accepts(shape, "fp8", without).error(), "example has no arithmetic for 'fp8'");
  EXPECT_EQ(gemm_form().accepts(shape, "float64", h100()).error(), "gemm has no dtype 'float64'");
  EXPECT_FALSE(gemm_form().accepts({0, 4096, 4096}, "bfloat16", h100()).has_value());
  EXPECT_FALSE(gemm_form().accepts({1, std::nan(""), 4096}, "bfloat16", h100()).has_value());
}

TEST(Gemm, NamesItsTerms) {
  std::vector<TimeTerm> terms;
  const std::vector<double> constants = prior_constants(gemm_form(), "fp8");
  gemm_form().time_us({16, 4096, 4096}, "fp8", h100(), constants, false, &terms);
  ASSERT_EQ(terms.size(), 6u);
  EXPECT_EQ(terms.back().name, "quantization");
  for (const TimeTerm& term : terms) EXPECT_GE(term.us, 0) << term.name;
}

TEST(Gemm, WeightsOfFourBitsGainOnlyWhileTheyAreReadForFewRows) {
  const auto gain = [](double m) {
    const Shape shape{m, 12288, 12288};
    return time_of(gemm_form(), "bfloat16", a100(), shape) / time_of(gemm_weight_only_form(), "int4_wo", a100(), shape);
  };
  EXPECT_GT(gain(1), 2.5);
  EXPECT_LT(gain(4096), 1.05);
}

}  // namespace
}  // namespace orrery
