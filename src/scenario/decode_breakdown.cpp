#include "orrery/scenario/decode_breakdown.h"

#include <algorithm>
#include <optional>

#include "orrery/model/model_shape.h"

namespace orrery {
namespace {

constexpr double kBitsPerByte = 8;

/// The decode steps of one pool, in its own formats and in bf16.
class PoolSteps {
 public:
  explicit PoolSteps(const SystemPool& pool)
      : pool_(pool), chip_(compiled_chip(pool)), narrow_(step_request(pool, chip_)), wide_(narrow_) {
    wide_.precision.weights = Precision::bf16;
    wide_.precision.experts = Precision::bf16;
    wide_.precision.activations = Precision::bf16;
    wide_.precision.kv_cache = Precision::bf16;
  }

  double weight_bits() const { return kBitsPerByte * chip_.weight_bytes(narrow_.precision.weights); }
  double cache_bits() const { return kBitsPerByte * chip_.kv_cache_bytes(narrow_.precision.kv_cache); }

  /// What matrix products get of streams and of mixed traffic, and decode attention of the cache.
  MemoryWaterfall waterfall(AccessKind kind) const {
    const ModelPrecision& precision = pool_.precision;
    const AchievableShare& share = pool_.memory_shares[static_cast<std::size_t>(kind)];
    std::optional<double> factor;
    if (pool_.times && kind == AccessKind::kv_gather) {
      const bool is_latent = pool_.model.latent_attention.has_value();
      factor = pool_.times->controller_factor(is_latent ? "mla_generation" : "attention_generation",
                                              {precision.kv_cache, precision.kv_cache});
    } else if (pool_.times) {
      factor = pool_.times->controller_factor("gemm", {precision.weights, precision.activations});
    }
    MemoryWaterfall fall;
    fall.kind = kind;
    fall.pin_rate = chip_.memory_bandwidth();
    fall.row_misses = share.row_misses;
    fall.turnarounds = share.turnarounds;
    fall.refresh = share.refresh;
    fall.measured = factor.has_value();
    fall.controller_factor = factor.value_or(chip_.controller_factor());
    fall.controller_factor = std::min(fall.controller_factor, 1 / share.of_pin_rate());  // no more than the pins carry
    fall.achieved = share.of_pin_rate() * fall.controller_factor * fall.pin_rate;
    return fall;
  }

  bool fits(std::int64_t batch, std::int64_t context) const {
    const EngineLimits& limits = pool_.limits;
    const std::int64_t blocks = (context + limits.block_size - 1) / limits.block_size;
    return batch <= limits.max_sequences && context <= limits.context_limit && batch * blocks <= limits.usable_blocks;
  }

  /// In the pool's own formats; what is wide stays zero.
  DecodePoint narrow_point(std::int64_t batch, std::int64_t context) const {
    DecodePoint point;
    point.batch = batch;
    point.context = context;
    point.fits = fits(batch, context);
    const KernelCost narrow = sum(narrow_, batch, context);
    point.time = narrow.time;
    point.memory_bytes = narrow.memory_bytes;
    const auto chips = static_cast<double>(pool_.record.tensor_parallel);
    point.energy = chips * (narrow.dynamic_energy + pool_.chip.static_power.value * narrow.time);
    point.cost = cost_of_step(point);
    return point;
  }

  DecodePoint point(std::int64_t batch, std::int64_t context) const {
    DecodePoint point = narrow_point(batch, context);
    const KernelCost wide = sum(wide_, batch, context);
    point.wide_time = wide.time;
    point.wide_memory_bytes = wide.memory_bytes;
    return point;
  }

  std::vector<DecodeShare> shares(std::int64_t batch, std::int64_t context) const {
    const std::vector<StepPart> narrow = parts(narrow_, batch, context);
    const std::vector<StepPart> wide = parts(wide_, batch, context);
    std::vector<DecodeShare> shares;
    for (const StepPart& part : narrow) {
      const auto same = std::find_if(wide.begin(), wide.end(), [&](const auto& w) { return w.kind == part.kind; });
      ORRERY_CHECK(same != wide.end());
      shares.push_back({part.kind, part.cost.time, same->cost.time, part.cost.memory_bytes, same->cost.memory_bytes,
                        part.cost.limit});
    }
    return shares;
  }

 private:
  std::vector<StepPart> parts(const StepCostRequest& request, std::int64_t batch, std::int64_t context) const {
    StepLoad load;
    load.tokens = batch;
    load.sequences = batch;
    load.decoding = batch;
    load.context_tokens = batch * context;
    load.window_tokens = batch * std::min(context, window_tokens(pool_.model));
    return explain_step(request, load);
  }

  KernelCost sum(const StepCostRequest& request, std::int64_t batch, std::int64_t context) const {
    KernelCost sum;
    for (const StepPart& part : parts(request, batch, context)) sum += part.cost;
    return sum;
  }

  /// Of servers that do nothing else: rent, or purchase over the lifetime and electricity.
  Dollars cost_of_step(const DecodePoint& point) const {
    const double servers = static_cast<double>(pool_.record.servers) / static_cast<double>(pool_.replicas);
    if (pool_.record.ownership == Ownership::rented) return servers * pool_.server.price_per_hour.value * point.time;
    const Joules host = servers * pool_.server.host.peak_power.value * point.time;
    const Joules facility = pool_.site.power_usage_effectiveness.value * (point.energy + host);
    return servers * (point.time / *pool_.record.lifetime) * pool_.server.capital_price.value +
           facility * pool_.site.electricity_price.value;
  }

  const SystemPool& pool_;
  Chip chip_;
  StepCostRequest narrow_;
  StepCostRequest wide_;
};

/// Appends a batch to the ranges, which grow upwards.
void extend(BatchRanges& ranges, std::int64_t batch) {
  if (!ranges.empty() && ranges.back().second == batch - 1) {
    ranges.back().second = batch;
  } else {
    ranges.emplace_back(batch, batch);
  }
}

BreakEven break_even(const PoolSteps& pool, const PoolSteps& reference, std::int64_t context, std::int64_t batches) {
  BreakEven result;
  result.context = context;
  for (std::int64_t batch = 1; batch <= batches; ++batch) {
    if (!pool.fits(batch, context) || !reference.fits(batch, context)) break;
    result.largest_common_batch = batch;
    const DecodePoint own = pool.narrow_point(batch, context);
    const DecodePoint other = reference.narrow_point(batch, context);
    if (own.time <= other.time) extend(result.faster, batch);
    if (own.cost <= other.cost) extend(result.cheaper, batch);
  }
  return result;
}

}  // namespace

std::vector<DecodeBreakdown> break_down_decode(const System& system, const DecodeGrid& grid) {
  ORRERY_CHECK(!grid.batches.empty() && !grid.contexts.empty());
  std::vector<DecodeBreakdown> breakdowns;
  const PoolSteps reference(system.pools.front());
  for (std::size_t i = 0; i < system.pools.size(); ++i) {
    const PoolSteps steps(system.pools[i]);
    DecodeBreakdown breakdown;
    breakdown.pool = i;
    breakdown.weight_bits = steps.weight_bits();
    breakdown.cache_bits = steps.cache_bits();
    for (std::size_t kind = 0; kind < breakdown.memory.size(); ++kind) {
      breakdown.memory[kind] = steps.waterfall(static_cast<AccessKind>(kind));
    }
    for (const std::int64_t batch : grid.batches) {
      for (const std::int64_t context : grid.contexts) {
        breakdown.points.push_back(steps.point(batch, context));
        const DecodePoint& point = breakdown.points.back();
        const DecodePoint& largest = breakdown.points[breakdown.last_point];
        if (point.fits && point.batch * point.context >= largest.batch * largest.context) {
          breakdown.last_point = breakdown.points.size() - 1;
        }
      }
    }
    breakdown.first = steps.shares(grid.batches.front(), grid.contexts.front());
    const DecodePoint& last = breakdown.points[breakdown.last_point];
    breakdown.last = steps.shares(last.batch, last.context);
    if (i > 0) {
      for (const std::int64_t context : grid.contexts) {
        breakdown.break_even.push_back(break_even(steps, reference, context, grid.batches.back()));
      }
    }
    breakdowns.push_back(std::move(breakdown));
  }
  return breakdowns;
}

}  // namespace orrery
