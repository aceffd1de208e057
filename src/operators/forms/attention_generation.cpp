#include "orrery/operators/forms/attention_split.h"
#include "orrery/operators/forms/forms.h"

namespace orrery {
namespace {

using namespace attention;

enum Column { kBatch, kKvTokens, kQueryHeads, kKvHeads, kHeadDim, kWindow };
constexpr std::string_view kColumns[] = {"batch", "kv_tokens", "q_heads", "kv_heads", "head_dim", "window_tokens"};
constexpr double kLeast[] = {1, 1, 1, 1, 8, 0};
constexpr std::string_view kFamilyColumns[] = {"kv_cache_dtype"};

enum Constant {
  kLaunch,
  kController,
  kMatrix,
  kItem,
  kExposed,
  kResident,
  kCombine,
  kSplitLimit,
  kRegroup,
  kActivations,
  kOverlap,
  kRounding,
  kCache
};
using enum ConstantSpec::Pooling;
constexpr ConstantSpec kConstants[] = {
    {"launch", "us", 6, 1, 40, "Launch, metadata and tail of the kernel", matrix_class},
    {"controller_factor", "1", 0.95, 0.2, 1.5, "Share of what the memory gives to pages of a cache", matrix_class},
    {"matrix_fraction", "1", 0.6, 0.1, 2, "Share of the pace of matrix units and shared memory in a work item",
     matrix_class},
    {"item", "us", 3, 0.1, 20, "Start and end of a work item: dependent memory latencies", matrix_class},
    {"exposed", "1", 1, 0.1, 4, "Starts and ends of work items that memory traffic cannot hide", all},
    {"resident", "1", 1.4, 1, 4, "Work items that overlap on one unit", all},
    {"combine", "us", 2, 0.01, 20, "Second kernel that combines parts of a split cache", all},
    {"split_limit", "1", 48, 4, 256, "Most parts of the cache of one sequence", all},
    {"regroup", "us", 4, 0.01, 20, "Copies that gather the query heads of a KV head; FlashAttention-2 alone",
     matrix_class},
    {"activation_efficiency", "1", 0.7, 0.1, 1.5,
     "Queries and outputs, as a share of what the memory gives to mixed traffic", all},
    {"overlap", "1", 1.7, 1, 8, "1: work items and memory time add up; large: the longer one counts", matrix_class},
    {"rounding", "1", 0.7, 0.001, 1, "1: work items run in whole waves over the units; 0: they spread evenly", all},
    {"cache_bytes_per_clock", "B", 24, 4, 256,
     "Last-level cache to one unit, when the benchmark finds its operands there", all},
};

/// FlashAttention-2, which the framework runs on sync chips with a bf16 cache. Unlike later kernels it makes the
/// query heads that share a KV head rows of one tile only when there is no window, copying queries and outputs
/// for that; otherwise each query head is a work item of its own, whose cache cannot be split.
/// Source: the conditions of seqlenq_ngroups_swapped in flash_attn's launcher; seen as steps in the data.
bool is_flash_attention_2(std::string_view family, const ChipFacts& chip) {
  return chip.matrix_class == MatrixClass::sync && family != "fp8";
}

/// FlashAttention-3, the framework's kernel for Hopper, launches one thread block a unit, which takes work items in
/// turn. Source: MinBlocksPerMultiprocessor and the persistent tile schedulers in flash_attn's Hopper launcher.
bool runs_one_block_a_unit(const ChipFacts& chip) { return chip.generation == "hopper"; }

double cache_bytes(const Shape& shape, std::string_view family) {
  const double visible = visible_tokens(shape[kKvTokens], shape[kWindow]);
  return 2 * shape[kBatch] * shape[kKvHeads] * visible * shape[kHeadDim] * cache_element_bytes(family);
}

/// Queries and outputs.
double activation_bytes(const Shape& shape) {
  return 2 * kActivationBytes * shape[kBatch] * shape[kQueryHeads] * shape[kHeadDim];
}

double flops(const Shape& shape) {
  return 4 * shape[kBatch] * shape[kQueryHeads] * visible_tokens(shape[kKvTokens], shape[kWindow]) * shape[kHeadDim];
}

/// Query rows of a tile, filled or not. One query token brings as many rows as heads share a KV head, which is
/// fewer; the time of a block still follows the matrix rate from chip to chip.
constexpr double kQueryRows = 64;

class AttentionGenerationForm final : public OperatorForm {
 public:
  std::string_view kind() const override { return "attention_generation"; }
  std::span<const std::string_view> columns() const override { return kColumns; }
  std::span<const std::string_view> family_columns() const override { return kFamilyColumns; }
  std::span<const ConstantSpec> constants(std::string_view) const override { return kConstants; }
  std::string_view fallback_family(std::string_view family) const override {
    return family == "fp8" ? std::string_view("bfloat16") : std::string_view();
  }

  Result<void> accepts(const Shape& shape, std::string_view family, const ChipFacts&) const override {
    if (auto known = accepts_family(family); !known) return known;
    if (auto counts = accepts_counts(shape, kColumns, kLeast); !counts) return counts;
    if (shape[kQueryHeads] < shape[kKvHeads])
      return failure("q_heads is below kv_heads; each KV head serves a query head");
    return {};
  }

  bool is_cold(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    return cache_bytes(shape, family) > chip.l2_bytes;
  }

  double time_us(const Shape& shape, std::string_view family, const ChipFacts& chip, std::span<const double> constants,
                 bool benchmark_hot, std::vector<TimeTerm>* terms) const override {
    const bool flash_attention_2 = is_flash_attention_2(family, chip);
    const bool packed = !flash_attention_2 || (shape[kQueryHeads] > shape[kKvHeads] && shape[kWindow] == 0);
    const double items = shape[kBatch] * (packed ? shape[kKvHeads] : shape[kQueryHeads]);
    const double shared = packed ? std::ceil(shape[kQueryHeads] / shape[kKvHeads]) : 1;
    // A window starts inside a block, which is computed whole.
    const bool cut = shape[kWindow] > 0 && shape[kKvTokens] > shape[kWindow];
    const double blocks = std::ceil(visible_tokens(shape[kKvTokens], shape[kWindow]) / kTile) + (cut ? 1 : 0);
    const double rows = kQueryRows * std::ceil(shared / kQueryRows);
    const double operand_bytes = 2 * kTile * shape[kHeadDim] * kActivationBytes;
    const double row_flops = 4 * kTile * shape[kHeadDim];
    const double block_us = products_us(rows * row_flops, shared * row_flops, operand_bytes, kWarps * rows / kQueryRows,
                                        constants[kMatrix], chip);
    const double hits = benchmark_hot ? cache_hits(cache_bytes(shape, family), chip) : 0;
    const double activations = activation_bytes(shape);
    const double activation_us = memory_us(activations, 0, chip, AccessKind::mixed, constants[kActivations], 1);
    const double memory = memory_us(cache_bytes(shape, family), hits, chip, AccessKind::kv_gather,
                                    constants[kController], constants[kCache]) +
                          activation_us;

    // Wide tiles of query rows fill a unit alone.
    const bool alone = runs_one_block_a_unit(chip) || (shared > 16 && chip.matrix_class == MatrixClass::async);
    const SplitRate rate{.item_us = constants[kItem],
                         .block_us = block_us,
                         .exposed = constants[kExposed],
                         .resident = alone ? 1 : constants[kResident],
                         .rounding = constants[kRounding],
                         .combine_us = constants[kCombine],
                         .overlap = constants[kOverlap]};
    SplitTime time = split_time(items, blocks, packed ? constants[kSplitLimit] : 1, memory, rate, chip.units);
    time.both = std::max(time.both, flops(shape) / chip.bf16_flops / kMicrosecond);
    const bool regroups = flash_attention_2 && packed && shape[kBatch] > 1 && shape[kKvHeads] > 1;
    const double regroup = regroups ? constants[kRegroup] + 2 * activation_us : 0;
    if (terms != nullptr) {
      terms->push_back({"launch", constants[kLaunch]});
      terms->push_back({"work items", time.work});
      terms->push_back({"memory", memory});
      terms->push_back({"overlap", time.both - time.work - memory});
      terms->push_back({"combine", time.combine});
      terms->push_back({"regroup", regroup});
    }
    return constants[kLaunch] + time.both + time.combine + regroup;
  }

  double roofline_us(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    return std::max(flops(shape) / chip.bf16_flops,
                    (cache_bytes(shape, family) + activation_bytes(shape)) / chip.bandwidth_Bps) /
           kMicrosecond;
  }
};

}  // namespace

/// Attention of one new token a sequence over its paged cache.
///
/// T = launch + exposed starts + soft maximum(work items, memory) + combine + regroup. A work item is one KV head of
/// one sequence, or a part of it: a start and an end that wait for memory, and blocks of 128 cached tokens that run at
/// the pace of matrix units and shared memory, 64 query rows at a time. Starts are constant in time rather than in
/// clocks (2.5 to 5 us on clocks that differ by 1.8), and how many items overlap on a unit is the kernel's choice: the
/// cost of an item seems to halve from Hopper to Blackwell because two overlap there.
/// Source: section 6.1 of the operator reference; FlashAttention-2 and -3 launchers.
/// Valid: head sizes 64 to 256, cached tokens from 1, pages of 64 tokens. Heads of 512 on Hopper run a kernel whose
/// time hardly depends on the cached tokens, and heads of 192 with an fp8 cache run a generic kernel on other chips:
/// both are answered, several times too fast.
const OperatorForm& attention_generation_form() {
  static const AttentionGenerationForm form;
  return form;
}

}  // namespace orrery
