#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "orrery/memory/controller_settings.h"
#include "orrery/memory/device.h"

namespace orrery {

/// How a kernel goes through memory.
enum class AccessKind { weight_stream, kv_gather, mixed };
constexpr int kAccessKinds = 3;
template <>
struct EnumNames<AccessKind> {
  static constexpr EnumRow<AccessKind> kRows[] = {
      {AccessKind::weight_stream, "weight_stream", "reads of long runs: weights"},
      {AccessKind::kv_gather, "kv_gather", "reads of pages of 64 tokens, wherever they lie: the KV cache"},
      {AccessKind::mixed, "mixed", "two reads to a write, in long runs: activations"},
  };
};

/// What is left of the pin rate after each loss; the product is what a saturating kernel gets.
struct AchievableShare {
  double row_misses = 1;   ///< opening rows, and bank groups that are not alternated
  double turnarounds = 1;  ///< between reads and writes
  double refresh = 1;

  double of_pin_rate() const { return row_misses * turnarounds * refresh; }
};
using AchievableShares = std::array<AchievableShare, kAccessKinds>;

/// Shares of the pin rate that a memory of `units` such units gives, saturated: the command-level view of one unit
/// under the default controller with the usual refresh of its standard, a few thousand blocks of each kind with
/// and without refresh. Costs about 10 ms. Pre: units >= 1. Valid: the interleave of the default mapping, KV pages of
/// 64 tokens of 2 KiB (8 heads of 128, 16 bits), as the measured kernels have them.
AchievableShares achievable_shares(const DramDevice& device, std::int64_t units);

/// The controller that achievable_shares assumes.
ControllerSettings saturating_settings(const DramDevice& device);

/// Remembers shares by the content of the device: what is asked for twice is simulated once.
class AchievableShareCache {
 public:
  const AchievableShares& of(const DramDevice& device, std::int64_t units);

 private:
  std::map<std::string, AchievableShares> shares_;
};

}  // namespace orrery
