#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "orrery/base/result.h"
#include "orrery/chip/attention_cost.h"
#include "orrery/chip/family_record.h"
#include "orrery/chip/kernel_cost.h"
#include "orrery/chip/kernel_shape.h"
#include "orrery/memory/achievable.h"
#include "orrery/network/collectives.h"

namespace orrery {

/// Precisions that matrix units compute in.
enum class MathPrecision { bf16, fp8, int8, fp4 };

/// What a matrix product of these operands computes in. Weights narrower than the activations are expanded to
/// them; activations narrower than the weights, and pairs without a kernel, give nothing.
std::optional<MathPrecision> math_precision(Precision weights, Precision activations);

/// One chip, compiled from its datasheet and the kernel efficiencies of its family: the only way by which the
/// model layer learns what a kernel costs.
///
/// Each kernel is a closed form with three or four constants; times add fixed costs to a soft maximum of matrix
/// and memory time. No result is above the datasheet: a kernel takes at least FLOPs / dense peak and bytes / peak
/// bandwidth, and where its power would pass the limit, its matrix phase is stretched (see limited_by_power).
/// Valid: operands stream from memory (no reuse of the cache between kernels), cuBLAS-class kernels; each
/// constant's status tells whether it was fitted on this chip or borrowed.
class Chip {
 public:
  /// `link` is the one that the chip's record names, `shares` are those of its memory; by default nothing is lost.
  /// Pre: check_physics found nothing in any record.
  Chip(const ChipRecord& chip, const FamilyRecord& family, std::optional<LinkRecord> link = std::nullopt,
       const AchievableShares& shares = {});

  const std::string& id() const { return chip_.header.id; }
  const std::string& family_id() const { return family_.header.id; }
  Bytes usable_memory() const { return chip_.memory.capacity.value - chip_.memory.reserved.value; }
  BytesPerSecond memory_bandwidth() const { return chip_.memory.bandwidth.value; }
  double controller_factor() const { return family_.controller_factor.value; }
  /// What a kernel that keeps the memory busy gets of its bandwidth: the memory's share times the family's factor.
  BytesPerSecond achieved(AccessKind kind) const {
    return family_.controller_factor.value * shares_[static_cast<std::size_t>(kind)].of_pin_rate() * memory_bandwidth();
  }
  Watts power_limit() const { return chip_.power_limit.value; }
  Watts idle_power() const { return chip_.idle_power.value; }
  Watts static_power() const { return chip_.static_power.value; }
  /// Dense; nothing where the chip has no such units.
  std::optional<FlopsPerSecond> dense_peak(MathPrecision precision) const;
  /// So many chips of this kind in its usual server; nothing where its link is not known. Pre: ranks >= 2.
  std::optional<Interconnect> interconnect(double ranks) const;
  /// Bytes per element in this chip's memory, scales and masks included. Pre: supports() or supports_kv_cache().
  double weight_bytes(Precision precision) const;
  double kv_cache_bytes(Precision precision) const;
  /// bf16, but for a chip whose compression covers it too.
  Precision output_layer_precision(Precision weights) const;

  /// Fails, with what to change, when the chip cannot multiply these operands.
  Result<void> supports(Precision weights, Precision activations) const;
  /// Fails when the chip's compression does not cover the KV cache.
  Result<void> supports_kv_cache(Precision precision) const;
  /// Fails when nothing is known of latent attention on this family.
  Result<void> supports_latent_attention() const;

  /// Pre for both: supports(shape.weights, shape.activations).
  KernelCost gemm(const GemmShape& shape) const;
  KernelCost experts(const ExpertsShape& shape) const;

  DecodeAttentionCost decode_attention(const AttentionShape& shape) const;
  ContextAttentionCost context_attention(const AttentionShape& shape) const;
  /// Pre for both: supports_latent_attention(). Projections are GEMMs and not included.
  DecodeAttentionCost decode_attention(const LatentAttentionShape& shape) const;
  ContextAttentionCost context_attention(const LatentAttentionShape& shape) const;
  /// Scores of all cached tokens and the choice of the best, without the attention to these.
  DecodeAttentionCost decode_attention(const IndexerShape& shape) const;
  ContextAttentionCost context_attention(const IndexerShape& shape) const;

  /// One pass over memory: `bytes` read and written in all.
  KernelCost elementwise(Bytes bytes) const;
  /// What `bytes` more take in such a kernel, so that elementwise(a + b) is elementwise(a) and this of b.
  KernelCost elementwise_stream(Bytes bytes) const;

 private:
  struct MathRate {
    FlopsPerSecond peak;
    double peak_fraction = 0;  ///< of GEMMs
    JoulesPerFlop energy;
    Seconds quantization_time;
    double quantization_bytes_per_element = 0;  ///< 0: the activations need none
  };
  /// Components of a kernel's time: fixed + soft maximum of compute and memory.
  struct Phases {
    Seconds fixed;
    Seconds compute;
    Seconds memory;
    double overlap_exponent = 1;
    bool waits_for_decoder = false;  ///< compute is the time of the decoder
  };
  /// What context attention of either kind differs in.
  struct TileShape {
    double heads = 0;
    double flops = 0;  ///< of one tile of one head
    Bytes token_bytes;
    Bytes cached_token_bytes;
  };

  /// m rows against each of `count` weight matrices [k, n].
  struct Products {
    double m = 0;
    double n = 0;
    double k = 0;
    double count = 1;
  };
  struct ProductTime {
    Seconds time;
    Flops flops;
    bool waits_for_decoder = false;
  };
  ProductTime product_time(const Products& products, Precision weights, const MathRate& math,
                           double peak_fraction) const;
  const MathRate& rate(MathPrecision precision) const;
  const MathRate& rate(Precision weights, Precision activations) const;
  double units() const { return static_cast<double>(chip_.compute_units.value); }
  /// Completes a cost whose FLOPs (done in `math`) and bytes are set.
  KernelCost timed(const Phases& phases, KernelCost work, const MathRate& math) const;
  KernelCost stream(Bytes bytes, BytesPerSecond bandwidth) const;
  ContextAttentionCost context_cost(const ContextAttentionConstants& constants, const TileShape& shape) const;

  ChipRecord chip_;
  FamilyRecord family_;
  std::optional<LinkRecord> link_;
  AchievableShares shares_;
  std::array<std::optional<MathRate>, 4> rates_;
};

}  // namespace orrery
