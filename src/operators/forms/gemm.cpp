#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "orrery/operators/forms/forms.h"
#include "orrery/operators/forms/gemm_kernel.h"

namespace orrery {
namespace {

using gemm::Library;
using gemm::Problem;
using gemm::TileChoice;
using enum ConstantSpec::Pooling;

constexpr std::string_view kColumns[] = {"m", "n", "k"};
constexpr std::string_view kFamilyColumns[] = {"dtype"};
constexpr double kLargest = 16777216;
constexpr double kHotShare = 0.95;  // of the cache, that a loop over the operands may fill

constexpr ConstantSpec kPlainSpecs[] = {
    {"launch", "us", 2, 0.2, 12, "Launch inside a graph, first loads and tail", matrix_class},
    {"matrix_fraction", "1", 0.9, 0.3, 1, "Sustained share of the dense peak at full clock", all},
    {"flop_energy", "pJ", 0.65, 0.01, 5, "Energy of a 16-bit FLOP at 1830 MHz; sets the power cap", all},
    {"controller_factor", "1", 0.87, 0.2, 1.15, "Share of what the memory gives to streams of weights", all},
    {"iteration", "cycles", 300, 10, 1500, "Least time of an iteration of 128 bytes of k", matrix_class},
    {"fill", "iterations", 3, 0.1, 30, "Iterations of matrix time that a tile spends on filling and draining", all},
    {"tile", "cycles", 1000, 1, 20000, "Fixed time of a tile", matrix_class},
    {"split", "us", 2, 0.01, 20, "Fixed cost of splitting k, at 1830 MHz", matrix_class},
    {"overlap", "1", 2.5, 1.2, 12, "1: tile and memory time add up; large: the longer one counts", matrix_class},
    {"rounding", "1", 0.5, 0.001, 1, "1: tiles run in whole waves over the units; 0: they spread evenly", matrix_class},
    {"cache_speed", "1", 2, 1, 8, "Over memory, when a benchmark finds its operands in the cache", matrix_class},
};
constexpr ConstantSpec kQuantizationSpecs[] = {
    {"quantization_launch", "us", 2.5, 0.2, 20, "Launch of the pass that quantises the activations", matrix_class},
    {"quantization_element", "cycles", 0.5, 0.01, 5, "Of a unit, for an element of a row", all},
    {"quantization_row", "cycles", 1000, 1, 10000, "Of a unit, for a row, however short", all},
    {"quantization_passes", "1", 2, 0.5, 8, "How often activations larger than the cache are read", all},
    {"single_row", "us", 4, 0.01, 30, "More for a single row, which takes another path", matrix_class},
};
constexpr ConstantSpec kExpansionSpecs[] = {
    {"expansion", "1/cycle", 64, 1, 2000, "Weights that a unit expands to 16 bits per clock", all},
};

template <std::size_t A, std::size_t B>
constexpr std::array<ConstantSpec, A + B> joined(const ConstantSpec (&first)[A], const ConstantSpec (&second)[B]) {
  std::array<ConstantSpec, A + B> all{};
  std::copy(second, second + B, std::copy(first, first + A, all.begin()));
  return all;
}
constexpr auto kQuantizedSpecs = joined(kPlainSpecs, kQuantizationSpecs);
constexpr auto kExpandedSpecs = joined(kPlainSpecs, kExpansionSpecs);
static_assert(std::size(kPlainSpecs) == gemm::at::kernel_count);
static_assert(std::size(kQuantizedSpecs) == gemm::at::quantized_count);
static_assert(std::size(kExpandedSpecs) == gemm::at::expanded_count);

/// Which kernel a dtype of the data means.
struct Family {
  std::string_view name;
  double ChipFacts::* peak = nullptr;
  double activation_bytes = 2;
  double weight_bytes = 2;
  double iteration_elements = 64;
  double weight_copies = 6;  ///< that the benchmark goes round
  Library library;
  std::span<const ConstantSpec> specs;
  bool quantizes = false;
  bool expands = false;
};

// Hand-written low-precision kernels (CUTLASS, DeepGEMM) do not split k; cuBLAS and the TensorRT-LLM plugins do.
constexpr Family kGemm[] = {
    {"bfloat16", &ChipFacts::bf16_flops, 2, 2, 64, 6, {}, kPlainSpecs},
    {"fp8", &ChipFacts::fp8_flops, 1, 1, 128, 6, {false, TileChoice::by_rows}, kQuantizedSpecs, true},
};
constexpr Family kFp8Block[] = {
    {"fp8_block",
     &ChipFacts::fp8_flops,
     1 + 4.0 / 128,
     1 + 4.0 / (128 * 128),
     128,
     1,
     {false, TileChoice::tall},
     kQuantizedSpecs,
     true},
};
constexpr Family kNvfp4[] = {
    {"nvfp4", &ChipFacts::fp4_flops, 0.5625, 0.5625, 256, 1, {false, TileChoice::any}, kQuantizedSpecs, true},
};
constexpr Family kWeightOnly[] = {
    {"int4_wo", &ChipFacts::bf16_flops, 2, 0.5 + 2.0 / 64, 64, 6, {}, kExpandedSpecs, false, true},
    {"int8_wo", &ChipFacts::bf16_flops, 2, 1, 64, 6, {}, kExpandedSpecs, false, true},
    {"sq", &ChipFacts::int8_flops, 1, 1, 128, 6, {}, kPlainSpecs},
};

/// One dense matrix product and, where its dtype asks for it, the pass that quantises the activations before.
/// Shape: m tokens, n outputs, k inputs.
class GemmForm final : public OperatorForm {
 public:
  constexpr GemmForm(std::string_view kind, std::span<const Family> families) : kind_(kind), families_(families) {}

  std::string_view kind() const override { return kind_; }
  std::span<const std::string_view> columns() const override { return kColumns; }
  std::span<const std::string_view> family_columns() const override { return kFamilyColumns; }
  std::span<const ConstantSpec> constants(std::string_view family) const override {
    const Family* found = find(family);
    return found ? found->specs : std::span<const ConstantSpec>();
  }

  Result<void> accepts(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    const Family* found = find(family);
    if (!found) return failure(fmt::format("{} has no dtype '{}'", kind_, family));
    for (std::size_t i = 0; i < std::size(kColumns); ++i) {
      if (!(shape[i] >= 1 && shape[i] <= kLargest)) {
        return failure(fmt::format("{} is {}; it must lie between 1 and {}", kColumns[i], shape[i], kLargest));
      }
    }
    if (!(chip.*(found->peak) > 0)) return failure(fmt::format("{} has no arithmetic for '{}'", chip.id, family));
    return {};
  }

  bool is_cold(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    const Family& found = known(family);
    const Problem p = problem(shape, found, chip);
    const double more_copies = (found.weight_copies - 1) * p.weight_bytes * p.n * p.k;
    return gemm::operand_bytes(p) + more_copies >= kHotShare * chip.l2_bytes;
  }

  double time_us(const Shape& shape, std::string_view family, const ChipFacts& chip, std::span<const double> constants,
                 bool benchmark_hot, std::vector<TimeTerm>* terms) const override {
    const Family& found = known(family);
    const Problem p = problem(shape, found, chip);
    const double weights_per_clock =
        found.expands ? constants[gemm::at::expansion] : std::numeric_limits<double>::infinity();
    const bool cached = benchmark_hot && !is_cold(shape, family, chip);
    const gemm::KernelTime kernel = gemm::kernel_time(p, found.library, chip, constants, cached, weights_per_clock);
    const double quantization = found.quantizes ? gemm::quantization_us(p, chip, constants) : 0;
    if (terms) {
      terms->push_back({"launch", constants[gemm::at::launch]});
      terms->push_back({"tiles", kernel.tiles_us});
      terms->push_back({"memory", kernel.memory_us});
      terms->push_back({"split of k", kernel.split_us});
      terms->push_back({"power limit", kernel.throttle_us});
      if (found.quantizes) terms->push_back({"quantization", quantization});
    }
    return kernel.us + quantization;
  }

  double roofline_us(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    return gemm::roofline_us(problem(shape, known(family), chip), chip);
  }

 private:
  const Family* find(std::string_view name) const {
    for (const Family& family : families_) {
      if (family.name == name) return &family;
    }
    return nullptr;
  }
  const Family& known(std::string_view name) const {
    const Family* found = find(name);
    ORRERY_CHECK(found != nullptr);
    return *found;
  }
  static Problem problem(const Shape& shape, const Family& family, const ChipFacts& chip) {
    return {
        shape[0],           shape[1], shape[2], family.activation_bytes, family.weight_bytes, family.iteration_elements,
        chip.*(family.peak)};
  }

  std::string_view kind_;
  std::span<const Family> families_;
};

}  // namespace

const OperatorForm& gemm_form() {
  static const GemmForm form("gemm", kGemm);
  return form;
}
const OperatorForm& gemm_fp8_block_form() {
  static const GemmForm form("gemm_fp8_block", kFp8Block);
  return form;
}
const OperatorForm& gemm_nvfp4_form() {
  static const GemmForm form("gemm_nvfp4", kNvfp4);
  return form;
}
const OperatorForm& gemm_weight_only_form() {
  static const GemmForm form("gemm_weight_only", kWeightOnly);
  return form;
}

}  // namespace orrery
