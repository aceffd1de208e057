#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "orrery/model/step_cost_builder.h"
#include "orrery/scenario/system.h"

namespace orrery {

/// The decode steps to take apart: every batch with every context.
struct DecodeGrid {
  std::vector<std::int64_t> batches;   ///< ascending, >= 1
  std::vector<std::int64_t> contexts;  ///< cached tokens of each sequence, ascending, >= 1
};

/// One step in which `batch` sequences of `context` cached tokens gain a token each. Bytes and FLOPs are of one chip.
/// "Wide" is the same step on the same chips with bf16 weights and cache, whether or not they would fit.
struct DecodePoint {
  std::int64_t batch = 0;
  std::int64_t context = 0;
  bool fits = false;  ///< the KV cache holds it, and the engine's limits allow it
  Seconds time;
  Seconds wide_time;
  Bytes memory_bytes;
  Bytes wide_memory_bytes;
  Joules energy;  ///< of all chips of the replica, without host and facility
  Dollars cost;   ///< of the replica, as the pool is paid for
};

/// What one kind of kernel takes of a step.
struct DecodeShare {
  KernelKind kind = KernelKind::host;
  Seconds time;
  Seconds wide_time;
  Bytes memory_bytes;
  Bytes wide_memory_bytes;
  Limit limit = Limit::latency;
};

/// From the rate of all pins of one chip down to what kernels that keep the memory busy get; see AchievableShare.
struct MemoryWaterfall {
  AccessKind kind = AccessKind::weight_stream;
  BytesPerSecond pin_rate;
  double row_misses = 1;
  double turnarounds = 1;
  double refresh = 1;
  double controller_factor = 1;
  bool measured = false;  ///< the factor was fitted to kernels of such chips, and is not that of the family
  BytesPerSecond achieved;
};

/// Batches, first and last, of one context at which a pool is at least as good as the first pool of the scenario.
using BatchRanges = std::vector<std::pair<std::int64_t, std::int64_t>>;
struct BreakEven {
  std::int64_t context = 0;
  std::int64_t largest_common_batch = 0;  ///< that fits both pools
  BatchRanges faster;                     ///< its step takes no longer
  BatchRanges cheaper;                    ///< its token costs no more
};

/// Decode steps of one pool: where their time goes, and what narrow formats buy as a share of it (Amdahl).
struct DecodeBreakdown {
  std::size_t pool = 0;  ///< in System::pools
  double weight_bits = 16;
  double cache_bits = 16;
  std::array<MemoryWaterfall, kAccessKinds> memory;
  std::vector<DecodePoint> points;    ///< grid.batches.size() rows of grid.contexts.size()
  std::vector<DecodeShare> first;     ///< of the smallest batch and context
  std::vector<DecodeShare> last;      ///< of the largest batch and context that fit together
  std::size_t last_point = 0;         ///< in `points`
  std::vector<BreakEven> break_even;  ///< by context; empty for the first pool
};

/// Takes the decode steps of every pool apart. Host time of the engine is included, as in a simulation.
std::vector<DecodeBreakdown> break_down_decode(const System& system, const DecodeGrid& grid);

/// What the kernels of a step serve.
constexpr bool reads_weights(KernelKind kind) {
  switch (kind) {
    case KernelKind::attention_projection:
    case KernelKind::dense_mlp:
    case KernelKind::router:
    case KernelKind::routed_experts:
    case KernelKind::shared_experts:
    case KernelKind::output_layer:
      return true;
    default:
      return false;
  }
}

}  // namespace orrery
