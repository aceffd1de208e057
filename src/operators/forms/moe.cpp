#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "orrery/base/unit.h"
#include "orrery/operators/forms/expert_load.h"
#include "orrery/operators/forms/forms.h"

namespace orrery {
namespace {

enum Column { kTokens, kHidden, kIntermediate, kPerToken, kExperts, kTensorWays, kRanks, kDistribution, kGemms };
constexpr std::string_view kColumns[] = {"tokens", "hidden",       "inter",           "topk", "experts", "moe_tp",
                                         "moe_ep", "distribution", "gemms_per_expert"};
constexpr std::string_view kFamilyColumns[] = {"dtype", "kernel"};

enum Constant {
  kLaunch,
  kMatrix,
  kController,
  kOverlap,
  kTile,
  kExpert,
  kRouting,
  kActivations,
  kPipeline,
  kUnaligned,
  kRestream,
  kCache
};
using enum ConstantSpec::Pooling;
constexpr ConstantSpec kConstants[] = {
    {"launch", "us", 20, 1, 200, "Launches of the layer's kernels in a graph", all},
    {"matrix_fraction", "1", 0.5, 0.03, 1, "Sustained share of the dense peak", all},
    {"controller_factor", "1", 0.9, 0.2, 1.15, "Share of what the memory gives to streams of weights", all},
    {"overlap", "1", 2, 1, 8, "1: matrix and memory time add up; large: the longer one counts", all},
    {"row_tile", "rows", 32, 4, 160, "Rows of an expert are padded to a multiple of it", all},
    {"expert", "us", 0.05, 1e-4, 1, "For each expert that a token visits", all},
    {"routing", "1", 2, 0.01, 60, "Passes over all token copies at the hidden width: routing, permutation, reduction",
     all},
    {"activations", "1", 1, 0.01, 30, "Passes over all token copies at the expert's width, whichever rank holds them",
     all},
    {"pipeline", "cycles", 3, 0.01, 100, "A work item alone takes this for each element of the inner dimension", all},
    {"unaligned", "1", 4, 1, 30, "Slowdown of the second product's weights when rows are not whole 32-byte lines", all},
    {"restream", "1", 0.1, 0.001, 2,
     "Share of an expert's weights read again for each 128 rows when the cache cannot hold them", all},
    {"cache_bytes_per_clock", "B", 24, 4, 256,
     "Last-level cache to one unit, when the benchmark finds its operands there", all},
};

constexpr double kActivationBytes = 2;  // bf16 between the products
constexpr double kDraws = 5;            // benchmarks with a skewed popularity average so many draws of it
constexpr double kAlignedElements = 16;
constexpr double kRowsOfPass = 128;
constexpr double kMicrosecond = 1e-6;

/// Precisions of weights and arithmetic, by their names in the data.
struct Dtype {
  std::string_view name;
  double weight_bytes;
  double ChipFacts::* peak;
};
constexpr Dtype kDtypes[] = {
    {"bfloat16", 2, &ChipFacts::bf16_flops},
    {"fp8", 1, &ChipFacts::fp8_flops},
    {"fp8_block", 1, &ChipFacts::fp8_flops},
    {"nvfp4", 0.5625, &ChipFacts::fp4_flops},
    {"int4_wo", 0.53125, &ChipFacts::bf16_flops},
    {"w4a16_mxfp4", 0.53125, &ChipFacts::bf16_flops},
    {"w4a8_mxfp4_mxfp8", 0.53125, &ChipFacts::fp8_flops},
};

const Dtype* find_dtype(std::string_view family) {
  const std::string_view name = family.substr(0, family.find('/'));
  const auto* found =
      std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](const Dtype& row) { return row.name == name; });
  return found == std::end(kDtypes) ? nullptr : found;
}

/// The kernel of vLLM up to 0.14. Its benchmark ran gated experts whatever `gemms_per_expert` says, and dealt the
/// copies that rounding left over to the first experts.
bool is_older_benchmark(std::string_view family) { return family.ends_with("/vllm_fused_moe"); }

constexpr std::string_view kTriton = "bfloat16/vllm_unquantizedfusedmoe_triton_tritonexperts";

/// What to use for a kernel that nobody measured: a kernel of the same kind, at last the plain Triton one.
struct Fallback {
  std::string_view dtype;
  std::string_view kernel_part;
  std::string_view family;
};
constexpr Fallback kFallbacks[] = {
    {"fp8", "trtllm", "fp8/vllm_modeloptfp8moe_flashinfer_trtllm_trtllmfp8expertsmonolithic"},
    {"fp8", "cutlass", "fp8/vllm_modeloptfp8moe_flashinfer_cutlass_flashinferexperts"},
    {"fp8", "triton", "fp8_block/vllm_fp8moe_triton_tritonexperts"},
    {"fp8_block", "trtllm", "fp8_block/vllm_fp8moe_flashinfer_trtllm_trtllmfp8expertsmonolithic"},
    {"fp8_block", "", "fp8_block/vllm_fp8moe_triton_tritonexperts"},
    {"nvfp4", "", "nvfp4/vllm_compressedtensorsw4a4nvfp4moe_flashinfer_trtllm_trtllmnvfp4expertsmonolithic"},
    {"int4_wo", "", "int4_wo/vllm_compressedtensorswna16marlinmoe_marlin_marlinexperts"},
    {"w4a16_mxfp4", "marlin", "int4_wo/vllm_compressedtensorswna16marlinmoe_marlin_marlinexperts"},
};

double gemms(const Shape& shape, std::string_view family) { return is_older_benchmark(family) ? 3 : shape[kGemms]; }

double width(const Shape& shape) { return shape[kIntermediate] / shape[kTensorWays]; }

ExpertLoad load_of(const Shape& shape, std::string_view family) {
  return ExpertLoad({shape[kTokens], shape[kPerToken], shape[kExperts], shape[kRanks], shape[kDistribution],
                     is_older_benchmark(family)});
}

/// Bytes that repeated calls of a benchmark touch.
double footprint(const Shape& shape, std::string_view family, const ExpertLoad& load) {
  const double weights = load.touched(kDraws) * gemms(shape, family) * shape[kHidden] * width(shape);
  return weights * find_dtype(family)->weight_bytes + 2 * kActivationBytes * shape[kTokens] * shape[kHidden];
}

/// Share of what repeated calls read that the last-level cache still holds. It falls over the last tenth of the
/// cache's size, as replacement is not perfect.
double cache_hits(double touched_bytes, const ChipFacts& chip) {
  return std::clamp(10 * (1 - touched_bytes / chip.l2_bytes), 0.0, 1.0);
}

class MoeForm final : public OperatorForm {
 public:
  std::string_view kind() const override { return "moe"; }
  std::span<const std::string_view> columns() const override { return kColumns; }
  std::span<const std::string_view> family_columns() const override { return kFamilyColumns; }
  std::span<const ConstantSpec> constants(std::string_view) const override { return kConstants; }

  /// Distributions: "balanced", "uniform" (each token chooses at random) and "power_law_A".
  Result<double> number_of(std::string_view column, std::string_view text) const override {
    if (column != kColumns[kDistribution]) return OperatorForm::number_of(column, text);
    if (text == "balanced") return ExpertRouting::kBalanced;
    if (text == "uniform") return 0;
    constexpr std::string_view kPrefix = "power_law_";
    if (!text.starts_with(kPrefix)) {
      return failure(fmt::format("'{}' is none of balanced, uniform and power_law_A", text));
    }
    auto exponent = OperatorForm::number_of(column, text.substr(kPrefix.size()));
    if (exponent && (*exponent <= 0 || *exponent > 4))
      return failure("the exponent of a power law is above 0 and at most 4");
    return exponent;
  }

  std::string_view fallback_family(std::string_view family) const override {
    const Dtype* dtype = find_dtype(family);
    if (dtype == nullptr || family == kTriton) return {};
    for (const Fallback& row : kFallbacks) {
      if (row.dtype == dtype->name && row.family != family && family.find(row.kernel_part) != family.npos)
        return row.family;
    }
    return kTriton;
  }

  Result<void> accepts(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    const Dtype* dtype = find_dtype(family);
    if (dtype == nullptr)
      return failure(fmt::format("experts of dtype '{}' are not modelled", family.substr(0, family.find('/'))));
    if (!(chip.*(dtype->peak) > 0)) return failure(fmt::format("{} has no peak rate for {}", chip.id, dtype->name));
    for (const Column column : {kTokens, kHidden, kIntermediate, kPerToken, kExperts, kTensorWays, kRanks}) {
      if (!(shape[column] >= 1)) return failure(fmt::format("{} is below 1", kColumns[column]));
    }
    if (shape[kGemms] != 2 && shape[kGemms] != 3) return failure("gemms_per_expert is 2 or 3");
    if (shape[kPerToken] > shape[kExperts]) return failure("topk is above experts");
    if (shape[kRanks] > shape[kExperts]) return failure("moe_ep is above experts");
    if (width(shape) < 1) return failure("moe_tp is above inter");
    return {};
  }

  bool is_cold(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    return footprint(shape, family, load_of(shape, family)) >= chip.l2_bytes;
  }

  double time_us(const Shape& shape, std::string_view family, const ChipFacts& chip, std::span<const double> constants,
                 bool benchmark_hot, std::vector<TimeTerm>* terms) const override {
    const Dtype& dtype = *find_dtype(family);
    const ExpertLoad load = load_of(shape, family);
    const double products = gemms(shape, family);
    const double hidden = shape[kHidden];
    const double inner = width(shape);
    const double all_copies = shape[kTokens] * shape[kPerToken];
    const double rows = load.padded_rows(constants[kTile]);

    const double matrix =
        2 * products * hidden * inner * rows / (constants[kMatrix] * (chip.*(dtype.peak))) / kMicrosecond;

    // A column count that is not whole lines denies vector loads to the product that reads along it.
    const double misfit = std::fmod(inner, kAlignedElements) == 0 ? 1 : constants[kUnaligned];
    const double expert_bytes = products * hidden * inner * dtype.weight_bytes;
    const double weights = load.active() * expert_bytes * (1 + (misfit - 1) / products);
    const double passes = std::max(0.0, rows / kRowsOfPass - load.active());
    const double restreamed = constants[kRestream] * passes * std::max(0.0, expert_bytes - chip.l2_bytes);
    const double local = load.copies() * (2 * hidden + products * inner) * kActivationBytes;
    const double sustained = chip.achieved_Bps(AccessKind::weight_stream, constants[kController]) * kMicrosecond;
    const double passing = chip.achieved_Bps(AccessKind::mixed, 1) * kMicrosecond;
    double memory = (weights + local + restreamed) / sustained;
    if (benchmark_hot) {
      const double hits = cache_hits(footprint(shape, family, load), chip);
      const double cache = std::max(sustained, constants[kCache] * chip.units * chip.clock_Hz * kMicrosecond);
      memory -= hits * (weights + local) * (1 / sustained - 1 / cache);
    }

    const double both = std::pow(std::pow(matrix, constants[kOverlap]) + std::pow(memory, constants[kOverlap]),
                                 1 / constants[kOverlap]);
    const double experts = constants[kExpert] * load.active();
    const double routing =
        constants[kRouting] * shape[kTokens] * (2 + shape[kPerToken]) * hidden * kActivationBytes / passing;
    const double activations =
        constants[kActivations] * all_copies * (products * inner + hidden) * kActivationBytes / passing;
    const double pipeline = constants[kPipeline] * (hidden + inner) / chip.clock_Hz / kMicrosecond;
    if (terms != nullptr) {
      terms->push_back({"launch", constants[kLaunch]});
      terms->push_back({"matrix", matrix});
      terms->push_back({"memory", memory});
      terms->push_back({"overlap", both - matrix - memory});
      terms->push_back({"experts", experts});
      terms->push_back({"routing", routing});
      terms->push_back({"activations", activations});
      terms->push_back({"pipeline", pipeline});
    }
    return constants[kLaunch] + both + experts + routing + activations + pipeline;
  }

  double roofline_us(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    const Dtype& dtype = *find_dtype(family);
    const ExpertLoad load = load_of(shape, family);
    const double products = gemms(shape, family) * shape[kHidden] * width(shape);
    const double bytes =
        load.active() * products * dtype.weight_bytes + 2 * load.copies() * shape[kHidden] * kActivationBytes;
    return std::max(2 * products * load.copies() / (chip.*(dtype.peak)), bytes / chip.bandwidth_Bps) / kMicrosecond;
  }
};

}  // namespace

/// Fused experts of one rank, without communication: the busiest rank where the popularity of experts is skewed.
///
/// T = launch + p-norm(padded products at the peak's share, weights and local activations at the memory's share)
///     + experts + passes over all token copies + the pipeline of one work item.
/// Copies that other ranks compute still cost this one: the activation between the products, the reduction and the
/// permutation run over all of them. Weights larger than the cache are partly read again for every 128 rows.
/// Source: section 7 of the operator reference, whose terms are those without pipeline, activations, unaligned and
/// restream; the load from ExpertLoad instead of its mean.
/// Valid: 8 to 512 experts, 1 to 65,536 tokens. A kernel that was never measured on a chip carries 11 to 100 % mean
/// error.
const OperatorForm& moe_form() {
  static const MoeForm form;
  return form;
}

}  // namespace orrery
