#include "orrery/operators/forms/attention_split.h"
#include "orrery/operators/forms/forms.h"
#include "orrery/operators/forms/mla_shape.h"

namespace orrery {
namespace {

using namespace attention;
using namespace latent;

enum Column { kHeads, kBatch, kKvTokens };
constexpr std::string_view kColumns[] = {"q_heads", "batch", "kv_tokens"};
constexpr double kLeast[] = {1, 1, 1};
constexpr std::string_view kFamilyColumns[] = {"kv_cache_dtype"};

/// Cached tokens of one step of a work item: half of what attention_generation covers, as a token holds more.
constexpr double kBlock = 64;
/// Heads that a work item handles together, filled or not.
constexpr double kHeadRows = 64;

enum Constant { kLaunch, kController, kMatrix, kItem, kExposed, kCombine, kSplitLimit, kOverlap, kRounding, kCache };
using enum ConstantSpec::Pooling;
constexpr ConstantSpec kConstants[] = {
    {"launch", "us", 7, 1, 40, "Launch, metadata and tail of the kernel", matrix_class},
    {"controller_factor", "1", 0.95, 0.2, 1.5, "Share of what the memory gives to pages of a cache", all},
    {"matrix_fraction", "1", 0.8, 0.05, 2, "Share of the pace of matrix units and shared memory in a work item",
     matrix_class},
    {"item", "us", 2.5, 0.1, 30, "Start and end of one work item on one unit: dependent memory latencies", all},
    {"exposed", "1", 1, 0.1, 4, "Starts and ends of work items that memory traffic cannot hide", all},
    {"combine", "us", 2, 0.01, 20, "Second kernel that combines parts of a split cache", matrix_class},
    {"split_limit", "1", 32, 4, 256, "Most parts of the cache of one sequence", matrix_class},
    {"overlap", "1", 1.5, 1, 8, "1: work items and memory time add up; large: the longer one counts", matrix_class},
    {"rounding", "1", 0.7, 0.001, 1, "1: work items run in whole waves over the units; 0: they spread evenly", all},
    {"cache_bytes_per_clock", "B", 24, 4, 256,
     "Last-level cache to one unit, when the benchmark finds its operands there", all},
};

/// Kernels of async chips multiply an fp8 cache in fp8; those of sync chips widen it first.
bool is_narrow(std::string_view family, const ChipFacts& chip) {
  return family == "fp8" && chip.matrix_class == MatrixClass::async;
}

double peak_flops(std::string_view family, const ChipFacts& chip) {
  return is_narrow(family, chip) ? chip.fp8_flops : chip.bf16_flops;
}

double flops(const Shape& shape) {
  return 2 * shape[kBatch] * shape[kHeads] * shape[kKvTokens] * (kRank + kRope + kRank);
}

double cache_bytes(const Shape& shape, std::string_view family) {
  return shape[kBatch] * shape[kKvTokens] * (kRank + kRope) * cache_element_bytes(family);
}

/// Queries in the latent space and outputs.
double activation_bytes(const Shape& shape) {
  return kActivationBytes * shape[kBatch] * shape[kHeads] * (kRank + kRope + kRank);
}

class MlaGenerationForm final : public OperatorForm {
 public:
  std::string_view kind() const override { return "mla_generation"; }
  std::span<const std::string_view> columns() const override { return kColumns; }
  std::span<const std::string_view> family_columns() const override { return kFamilyColumns; }
  std::span<const ConstantSpec> constants(std::string_view) const override { return kConstants; }
  std::string_view fallback_family(std::string_view family) const override {
    return family == "fp8" ? std::string_view("bfloat16") : std::string_view();
  }

  Result<void> accepts(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    if (auto known = accepts_family(family); !known) return known;
    if (is_narrow(family, chip) && !(chip.fp8_flops > 0)) return failure("the chip has no fp8 peak for an fp8 cache");
    return accepts_counts(shape, kColumns, kLeast);
  }

  bool is_cold(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    return cache_bytes(shape, family) > chip.l2_bytes;
  }

  double time_us(const Shape& shape, std::string_view family, const ChipFacts& chip, std::span<const double> constants,
                 bool benchmark_hot, std::vector<TimeTerm>* terms) const override {
    const double items = shape[kBatch] * std::ceil(shape[kHeads] / kHeadRows);
    const double blocks = std::ceil(shape[kKvTokens] / kBlock);
    const double rows =
        chip.matrix_class == MatrixClass::async ? std::min(kHeadRows, 16 * std::ceil(shape[kHeads] / 16)) : kHeadRows;
    const double operand_bytes = kBlock * (kRank + kRope + kRank) * kActivationBytes;
    const double row_flops = 2 * kBlock * (kRank + kRope + kRank);
    const double narrow = peak_flops(family, chip) / chip.bf16_flops;
    const double block_us =
        products_us(rows * row_flops / narrow, std::min(kHeadRows, shape[kHeads]) * row_flops / narrow, operand_bytes,
                    kWarps, constants[kMatrix], chip);
    const double hits = benchmark_hot ? cache_hits(cache_bytes(shape, family), chip) : 0;
    const double factor = constants[kController];
    const double memory =
        memory_us(cache_bytes(shape, family), hits, chip, AccessKind::kv_gather, factor, constants[kCache]) +
        memory_us(activation_bytes(shape), hits, chip, AccessKind::mixed, factor, constants[kCache]);
    const SplitRate rate{.item_us = constants[kItem],
                         .block_us = block_us,
                         .exposed = constants[kExposed],
                         .rounding = constants[kRounding],
                         .combine_us = constants[kCombine],
                         .overlap = constants[kOverlap]};
    // Sync chips have no kernel of their own for this: theirs walks each cache from end to end.
    const double most_splits = chip.matrix_class == MatrixClass::async ? constants[kSplitLimit] : 1;
    SplitTime time = split_time(items, blocks, most_splits, memory, rate, chip.units);
    time.both = std::max(time.both, flops(shape) / peak_flops(family, chip) / kMicrosecond);
    if (terms != nullptr) {
      terms->push_back({"launch", constants[kLaunch]});
      terms->push_back({"work items", time.work});
      terms->push_back({"memory", memory});
      terms->push_back({"overlap", time.both - time.work - memory});
      terms->push_back({"combine", time.combine});
    }
    return constants[kLaunch] + time.both + time.combine;
  }

  double roofline_us(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    const double bytes = cache_bytes(shape, family) + activation_bytes(shape);
    return std::max(flops(shape) / peak_flops(family, chip), bytes / chip.bandwidth_Bps) / kMicrosecond;
  }
};

}  // namespace

/// Absorbed latent attention of one new token a sequence: all heads read the one compressed vector of each cached
/// token. Projections are not included.
///
/// The form of attention_generation with 64 heads of a sequence as a work item. On sync chips the cache is never
/// split, so that time follows the cached tokens of one sequence until units run out.
/// Source: sections 6.1 and 6.3 of the operator reference.
/// Valid: the ranks in mla_shape.h.
const OperatorForm& mla_generation_form() {
  static const MlaGenerationForm form;
  return form;
}

}  // namespace orrery
