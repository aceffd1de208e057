#pragma once

#include <cstdint>

namespace orrery {

/// 128-bit integers for sums of picoseconds over many tokens, which outgrow 64 bits.
__extension__ typedef __int128 Int128;

}  // namespace orrery
