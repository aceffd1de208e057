#pragma once

namespace orrery::latent {

/// Heads of latent attention as DeepSeek-V2 and V3 have them, in elements.
/// Source: their config.json (kv_lora_rank, qk_rope_head_dim, qk_nope_head_dim, v_head_dim).
inline constexpr double kRank = 512;
inline constexpr double kRope = 64;
inline constexpr double kNope = 128;
inline constexpr double kValue = 128;

}  // namespace orrery::latent
