#pragma once

#include <bit>
#include <cstdint>

#include "orrery/base/result.h"

namespace orrery {

/// Divides by a number that is chosen once: by a shift and a mask where it is a power of two, else by a product.
/// Exact. Source: Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994.
class Divisor {
 public:
  struct Parts {
    std::uint64_t quotient = 0;
    std::uint64_t remainder = 0;
  };

  /// Pre: 0 < value < 2^63.
  explicit Divisor(std::uint64_t value)
      : value_(value), shift_(static_cast<int>(std::bit_width(value)) - 1), is_power_(std::has_single_bit(value)) {
    ORRERY_CHECK(value > 0 && value >> 63 == 0);
    // 2^(64 + shift) / value, rounded up: it fits, since value is more than 2^shift.
    if (!is_power_) factor_ = static_cast<std::uint64_t>((Wide{1} << (64 + shift_)) / value) + 1;
  }

  std::uint64_t value() const { return value_; }
  /// Pre: dividend < 2^63.
  Parts divide(std::uint64_t dividend) const {
    if (is_power_) return {dividend >> shift_, dividend & (value_ - 1)};
    const auto product = static_cast<std::uint64_t>((Wide{dividend} * factor_) >> 64);
    const std::uint64_t quotient = product >> shift_;
    return {quotient, dividend - quotient * value_};
  }
  /// Of any 64 bits.
  std::uint64_t remainder(std::uint64_t dividend) const {
    if (is_power_) return dividend & (value_ - 1);
    const std::uint64_t twice = 2 * divide(dividend >> 1).remainder + (dividend & 1);
    return twice >= value_ ? twice - value_ : twice;
  }

 private:
  __extension__ typedef unsigned __int128 Wide;

  std::uint64_t value_;
  std::uint64_t factor_ = 0;
  int shift_;
  bool is_power_;
};

}  // namespace orrery
