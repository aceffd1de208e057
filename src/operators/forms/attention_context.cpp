#include "orrery/operators/forms/attention_tiles.h"
#include "orrery/operators/forms/forms.h"

namespace orrery {
namespace {

using namespace attention;

enum Column { kBatch, kQueryTokens, kPrefixTokens, kQueryHeads, kKvHeads, kHeadDim, kWindow };
constexpr std::string_view kColumns[] = {"batch",    "query_tokens", "prefix_tokens", "q_heads",
                                         "kv_heads", "head_dim",     "window_tokens"};
constexpr double kLeast[] = {1, 1, 0, 1, 1, 8, 0};
constexpr std::string_view kFamilyColumns[] = {"kv_cache_dtype"};

enum Constant {
  kLaunch,
  kMatrix,
  kExponential,
  kTileOverlap,
  kLatency,
  kItem,
  kBalance,
  kActivations,
  kStore,
  kOverlap,
  kCache
};
using enum ConstantSpec::Pooling;
constexpr ConstantSpec kConstants[] = {
    {"launch", "us", 8, 1, 40, "Launch and tail of the kernels", matrix_class},
    {"matrix_fraction", "1", 0.75, 0.2, 1, "Share of the pace of matrix units and shared memory inside a tile", all},
    {"exponential_factor", "1", 1, 0.1, 4, "Exponentials spent per score", all},
    {"tile_overlap", "1", 1.5, 1, 8, "1: products and exponentials add up; large: the longer one counts", matrix_class},
    {"tile_latency", "cycles", 500, 20, 12000, "Least time of a tile of scores", all},
    {"item", "us", 1, 0.02, 20, "Start and end of a row of tiles on one unit", all},
    {"balance", "1", 3, 1, 16, "1: the longest row adds to the mean unit; large: the longer one counts", all},
    {"activation_efficiency", "1", 0.7, 0.1, 1.5,
     "Queries and outputs, as a share of what the memory gives to mixed traffic", all},
    {"store_efficiency", "1", 0.45, 0.05, 1.5,
     "Keys and values, read and stored, as a share of what the memory gives to mixed traffic", all},
    {"overlap", "1", 1.1, 1, 8, "1: tiles and memory time add up; large: the longer one counts", all},
    {"cache_bytes_per_clock", "B", 8, 2, 128,
     "Last-level cache to one unit, when the benchmark finds its operands there", all},
};

/// Queries and outputs.
double activation_bytes(const Shape& shape) {
  return 2 * kActivationBytes * shape[kBatch] * shape[kQueryTokens] * shape[kQueryHeads] * shape[kHeadDim];
}

/// New keys and values, and those of the prefix that are in sight.
double key_value_bytes(const Shape& shape, std::string_view family) {
  const double prefix = visible_tokens(shape[kPrefixTokens], shape[kWindow]) * cache_element_bytes(family);
  return 2 * shape[kBatch] * shape[kKvHeads] * shape[kHeadDim] * (kActivationBytes * shape[kQueryTokens] + prefix);
}

double moved_bytes(const Shape& shape, std::string_view family) {
  return activation_bytes(shape) + key_value_bytes(shape, family);
}

/// FlashAttention-3, the framework's kernel for Hopper, makes the query heads that share a KV head rows of one tile.
/// Source: should_pack_gqa of flash_attn's Hopper launcher: always for batches of unequal lengths.
bool packs_heads(const ChipFacts& chip) { return chip.generation == "hopper"; }

class AttentionContextForm final : public OperatorForm {
 public:
  std::string_view kind() const override { return "attention_context"; }
  std::span<const std::string_view> columns() const override { return kColumns; }
  std::span<const std::string_view> family_columns() const override { return kFamilyColumns; }
  std::span<const ConstantSpec> constants(std::string_view) const override { return kConstants; }
  std::string_view fallback_family(std::string_view family) const override {
    return family == "fp8" ? std::string_view("bfloat16") : std::string_view();
  }

  Result<void> accepts(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    if (auto known = accepts_family(family); !known) return known;
    if (auto counts = accepts_counts(shape, kColumns, kLeast); !counts) return counts;
    if (shape[kQueryHeads] < shape[kKvHeads])
      return failure("q_heads is below kv_heads; each KV head serves a query head");
    if (!(chip.exponentials_per_clock > 0)) return failure("the chip states no exponentials_per_clock_per_unit");
    return {};
  }

  bool is_cold(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    return moved_bytes(shape, family) > chip.l2_bytes;
  }

  double time_us(const Shape& shape, std::string_view family, const ChipFacts& chip, std::span<const double> constants,
                 bool benchmark_hot, std::vector<TimeTerm>* terms) const override {
    const ScoreTile tile = score_tile(chip);
    TileWork work = count_tile_work(tile, shape[kPrefixTokens], shape[kQueryTokens], shape[kWindow]);
    double heads = shape[kBatch] * shape[kQueryHeads];
    if (packs_heads(chip) || shape[kQueryTokens] == 1) {
      const double shared = std::ceil(shape[kQueryHeads] / shape[kKvHeads]);
      heads *= std::ceil(shared * shape[kQueryTokens] / tile.queries) / (shared * work.rows);
    }
    work.rows *= heads;
    work.tiles *= heads;
    const TileRate rate{.matrix_fraction = constants[kMatrix],
                        .exponential_factor = constants[kExponential],
                        .tile_overlap = constants[kTileOverlap],
                        .latency_us = constants[kLatency] / chip.clock_Hz / kMicrosecond,
                        .item_us = constants[kItem],
                        .balance = constants[kBalance]};
    const double tiles = tile_work_us(work, tile, 2 * shape[kHeadDim], rate, chip);
    const double hits = benchmark_hot ? cache_hits(moved_bytes(shape, family), chip) : 0;
    const auto pass_us = [&](double bytes, Constant efficiency) {
      return memory_us(bytes, hits, chip, AccessKind::mixed, constants[efficiency], constants[kCache]);
    };
    const double memory =
        pass_us(activation_bytes(shape), kActivations) + pass_us(key_value_bytes(shape, family), kStore);
    const double both = soft_maximum(tiles, memory, constants[kOverlap]);
    if (terms != nullptr) {
      terms->push_back({"launch", constants[kLaunch]});
      terms->push_back({"tiles", tiles});
      terms->push_back({"memory", memory});
      terms->push_back({"overlap", both - tiles - memory});
    }
    return constants[kLaunch] + both;
  }

  double roofline_us(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    const double scores = causal_scores(shape[kPrefixTokens], shape[kQueryTokens], shape[kWindow]);
    const double flops = 4 * shape[kBatch] * shape[kQueryHeads] * shape[kHeadDim] * scores;
    return std::max(flops / chip.bf16_flops, moved_bytes(shape, family) / chip.bandwidth_Bps) / kMicrosecond;
  }
};

}  // namespace

/// Causal attention of new tokens, after a cached prefix if there is one.
///
/// T = launch + soft maximum(tiles, memory). A work item is a row of 128 queries of one head; its score tiles up to the
/// diagonal take two products and their exponentials.
/// Source: section 6.2 of the operator reference. Prefixes are counted by tiles up to the diagonal: assumed, as
/// the data has no rows with a prefix.
/// Valid: head sizes 64 to 256.
const OperatorForm& attention_context_form() {
  static const AttentionContextForm form;
  return form;
}

}  // namespace orrery
