#include "orrery/network/transport.h"

#include <gtest/gtest.h>

#include <cmath>

#include "example_transport.h"

namespace orrery {
namespace {

TEST(Transport, APhotoTakesSevenWindows) { EXPECT_EQ(slow_start_round_trips(catalog_transport(), Bytes(1.5e6)), 7); }

TEST(Transport, WindowsAreTheLogarithmOfTheBytes) {
  const TransportRecord transport = catalog_transport();
  for (double bytes = 100; bytes < 1e9; bytes *= 1.37) {
    EXPECT_EQ(slow_start_round_trips(transport, Bytes(bytes)),
              static_cast<std::int64_t>(std::ceil(std::log2(bytes / 14'600 + 1) - 1e-12)))
        << bytes;
  }
}

TEST(Transport, AStreamHasOnePacketForEachChunk) {
  const TransportRecord transport = catalog_transport();
  EXPECT_EQ(token_stream(transport, 500, 1).packets, 500);
  EXPECT_DOUBLE_EQ(token_stream(transport, 500, 1).bytes.si(), 500 * 300.0);
  EXPECT_EQ(token_stream(transport, 501, 4).packets, 126);
  EXPECT_DOUBLE_EQ(token_stream(transport, 501, 4).bytes.si(), 126 * 300.0 + (501 - 126) * 5.0);
}

TEST(Transport, LongerChunksAreFewerPacketsAndFewerBytes) {
  const TransportRecord transport = catalog_transport();
  for (std::int64_t interval = 2; interval <= 64; ++interval) {
    EXPECT_LE(token_stream(transport, 1000, interval).packets, token_stream(transport, 1000, interval - 1).packets);
    EXPECT_LE(token_stream(transport, 1000, interval).bytes, token_stream(transport, 1000, interval - 1).bytes);
  }
}

}  // namespace
}  // namespace orrery
