#include "orrery/memory/divisor.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace orrery {
namespace {

constexpr std::uint64_t kMostDividend = (std::uint64_t{1} << 63) - 1;

TEST(Divisor, DividesAtTheEndsOfItsRange) {
  for (const std::uint64_t value :
       {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{160}, std::uint64_t{24'576},
        (std::uint64_t{1} << 62), (std::uint64_t{1} << 62) + 1, kMostDividend - 1, kMostDividend}) {
    const Divisor divisor(value);
    EXPECT_EQ(divisor.value(), value);
    for (const std::uint64_t dividend : {std::uint64_t{0}, value - 1, value, kMostDividend / value * value,
                                         kMostDividend / value * value - 1, kMostDividend}) {
      const auto [quotient, remainder] = divisor.divide(dividend);
      EXPECT_EQ(quotient, dividend / value) << dividend << " / " << value;
      EXPECT_EQ(remainder, dividend % value) << dividend << " / " << value;
    }
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(divisor.remainder(kMost), kMost % value);
  }
}

RC_GTEST_PROP(Divisor, EqualsTheDivisionOfTheMachine, ()) {
  const auto bits = [](int least) {
    const int shift = *rc::gen::inRange(least, 64);
    return *rc::gen::arbitrary<std::uint64_t>() >> shift;
  };
  const std::uint64_t value = bits(1) + (*rc::gen::inRange(0, 2) == 0 ? 1 : 0);
  RC_PRE(value > 0 && value <= kMostDividend);
  const Divisor divisor(value);
  const std::uint64_t dividend = bits(1);
  const auto [quotient, remainder] = divisor.divide(dividend);
  RC_ASSERT(quotient == dividend / value);
  RC_ASSERT(remainder == dividend % value);
  const std::uint64_t any = bits(0);
  RC_ASSERT(divisor.remainder(any) == any % value);
}

}  // namespace
}  // namespace orrery
