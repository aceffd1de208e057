#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "orrery/base/result.h"
#include "orrery/memory/access_source.h"
#include "orrery/memory/address_mapping.h"
#include "orrery/memory/device.h"

namespace orrery {

// What inference asks of a memory: runs of consecutive bytes, which the mapping interleaves over all units. Each
// source gives, in order, the bursts that fall on one unit, without walking over those of the others: about 1.2 ns per
// burst, and 30 ns per run, wherever `unit` stands in the mapping.

/// One unit of a memory.
struct MemoryUnit {
  const DramDevice& device;
  const AddressMapping& mapping;  ///< of the whole memory
  std::int64_t unit = 0;          ///< below mapping.units()
};

/// Where the data lie, and how fast they are asked for.
struct AiPatternOptions {
  std::int64_t first_byte = 0;                ///< where the data begin; rounded up to a whole burst
  std::optional<double> load = std::nullopt;  ///< of the unit's peak; its burst k may enter at floor(k x burst / load)
  std::uint64_t seed = 0;                     ///< of what is chosen at random
};

/// Tensors that lie behind one another are read once.
struct WeightStream {
  std::int64_t bytes = 0;
};

/// Attention reads pages of the KV cache of one layer: of each page the keys, then the values. The keys of all pages
/// lie together, and their values behind them.
struct KvGather {
  std::int64_t key_bytes = 0;    ///< of one token
  std::int64_t value_bytes = 0;  ///< of one token; 0 where keys stand for both, as in latent attention
  std::int64_t tokens_per_page = 16;
  std::int64_t pages = 0;         ///< that are read, each chosen at random
  std::int64_t pages_in_all = 0;  ///< that are in memory
};

/// Experts of one layer are read, each chosen at random: all of its matrices. The first matrices of all experts lie
/// together, their second ones behind them, and so on.
struct ExpertFetch {
  std::int64_t matrix_bytes = 0;
  std::int64_t matrices_per_expert = 0;
  std::int64_t fetches = 0;
  std::int64_t experts = 0;  ///< that are in memory
};

/// Tensors are read once, while new keys and values are written behind them, one token's after the other; at the end
/// of the cache they begin anew.
struct WeightsAndAppends {
  std::int64_t weight_bytes = 0;
  std::int64_t append_bytes = 0;  ///< of one token, keys or values: written at one go
  std::int64_t cache_bytes = 0;   ///< where they are written
  double write_share = 0;         ///< of all bursts, below 1
};

/// The accesses that fall on one unit. Fail, with the reason: a size out of range, data that the memory cannot hold.
/// The mapping is copied.
Result<std::unique_ptr<AccessSource>> make_weight_stream(const WeightStream& pattern, const MemoryUnit& unit,
                                                         const AiPatternOptions& options = {});
Result<std::unique_ptr<AccessSource>> make_kv_gather(const KvGather& pattern, const MemoryUnit& unit,
                                                     const AiPatternOptions& options = {});
Result<std::unique_ptr<AccessSource>> make_expert_fetch(const ExpertFetch& pattern, const MemoryUnit& unit,
                                                        const AiPatternOptions& options = {});
Result<std::unique_ptr<AccessSource>> make_weights_and_appends(const WeightsAndAppends& pattern, const MemoryUnit& unit,
                                                               const AiPatternOptions& options = {});

}  // namespace orrery
