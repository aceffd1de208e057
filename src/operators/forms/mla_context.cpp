#include "orrery/operators/forms/attention_tiles.h"
#include "orrery/operators/forms/forms.h"
#include "orrery/operators/forms/mla_shape.h"

namespace orrery {
namespace {

using namespace attention;
using namespace latent;

enum Column { kHeads, kBatch, kQueryTokens, kPrefixTokens };
constexpr std::string_view kColumns[] = {"q_heads", "batch", "query_tokens", "prefix_tokens"};
constexpr double kLeast[] = {1, 1, 1, 0};
constexpr std::string_view kFamilyColumns[] = {"kv_cache_dtype"};

enum Constant { kLaunch, kMatrix, kExponential, kTileOverlap, kItem, kBalance, kPass, kOverlap, kCache };
using enum ConstantSpec::Pooling;
constexpr ConstantSpec kConstants[] = {
    {"launch", "us", 10, 1, 40, "Launch and tail of the kernels", matrix_class},
    {"matrix_fraction", "1", 0.75, 0.2, 1, "Share of the pace of matrix units and shared memory inside a tile", all},
    {"exponential_factor", "1", 1, 0.1, 4, "Exponentials spent per score", all},
    {"tile_overlap", "1", 1.5, 1, 8, "1: products and exponentials add up; large: the longer one counts", matrix_class},
    {"item", "us", 1, 0.02, 20, "Start and end of a row of tiles on one unit", all},
    {"balance", "1", 2, 1, 16, "1: the longest row adds to the mean unit; large: the longer one counts", all},
    {"pass_efficiency", "1", 0.7, 0.1, 1.5,
     "Joining, rotating and storing Q, K and V, as a share of what the memory gives to mixed traffic", all},
    {"overlap", "1", 1.1, 1, 8, "1: tiles and memory time add up; large: the longer one counts", all},
    {"cache_bytes_per_clock", "B", 8, 2, 128,
     "Last-level cache to one unit, when the benchmark finds its operands there", all},
};

/// Queries, keys, values and outputs of all heads, expanded; the cached prefix is expanded beforehand.
double moved_bytes(const Shape& shape) {
  const double queries = shape[kQueryTokens] * (kNope + kRope + kValue);
  const double keys = (shape[kQueryTokens] + shape[kPrefixTokens]) * (kNope + kRope + kValue);
  return kActivationBytes * shape[kBatch] * shape[kHeads] * (queries + keys);
}

class MlaContextForm final : public OperatorForm {
 public:
  std::string_view kind() const override { return "mla_context"; }
  std::span<const std::string_view> columns() const override { return kColumns; }
  std::span<const std::string_view> family_columns() const override { return kFamilyColumns; }
  std::span<const ConstantSpec> constants(std::string_view) const override { return kConstants; }
  std::string_view fallback_family(std::string_view family) const override {
    return family == "fp8" ? std::string_view("bfloat16") : std::string_view();
  }

  Result<void> accepts(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    if (auto known = accepts_family(family); !known) return known;
    if (auto counts = accepts_counts(shape, kColumns, kLeast); !counts) return counts;
    if (!(chip.exponentials_per_clock > 0)) return failure("the chip states no exponentials_per_clock_per_unit");
    return {};
  }

  bool is_cold(const Shape& shape, std::string_view, const ChipFacts& chip) const override {
    return moved_bytes(shape) > chip.l2_bytes;
  }

  double time_us(const Shape& shape, std::string_view, const ChipFacts& chip, std::span<const double> constants,
                 bool benchmark_hot, std::vector<TimeTerm>* terms) const override {
    const ScoreTile tile = score_tile(chip);
    TileWork work = count_tile_work(tile, shape[kPrefixTokens], shape[kQueryTokens], 0);
    work.rows *= shape[kBatch] * shape[kHeads];
    work.tiles *= shape[kBatch] * shape[kHeads];
    const TileRate rate{.matrix_fraction = constants[kMatrix],
                        .exponential_factor = constants[kExponential],
                        .tile_overlap = constants[kTileOverlap],
                        .item_us = constants[kItem],
                        .balance = constants[kBalance]};
    const double tiles = tile_work_us(work, tile, kNope + kRope + kValue, rate, chip);
    const double bytes = moved_bytes(shape);
    const double hits = benchmark_hot ? cache_hits(bytes, chip) : 0;
    const double memory = memory_us(bytes, hits, chip, AccessKind::mixed, constants[kPass], constants[kCache]);
    const double both = soft_maximum(tiles, memory, constants[kOverlap]);
    if (terms != nullptr) {
      terms->push_back({"launch", constants[kLaunch]});
      terms->push_back({"tiles", tiles});
      terms->push_back({"memory", memory});
      terms->push_back({"overlap", both - tiles - memory});
    }
    return constants[kLaunch] + both;
  }

  double roofline_us(const Shape& shape, std::string_view, const ChipFacts& chip) const override {
    const double scores = causal_scores(shape[kPrefixTokens], shape[kQueryTokens], 0);
    const double flops = 2 * (kNope + kRope + kValue) * shape[kBatch] * shape[kHeads] * scores;
    return std::max(flops / chip.bf16_flops, moved_bytes(shape) / chip.bandwidth_Bps) / kMicrosecond;
  }
};

}  // namespace

/// Latent attention of a prompt with keys and values expanded to heads of 192 and 128 elements. Projections are not
/// included. The form of attention_context.
/// Source: sections 6.2 and 6.3 of the operator reference. Prefixes are assumed, as there.
const OperatorForm& mla_context_form() {
  static const MlaContextForm form;
  return form;
}

}  // namespace orrery
