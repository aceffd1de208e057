#include "orrery/base/random_stream.h"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

namespace orrery {
namespace {

/// The finaliser of splitmix64: every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

std::uint64_t mix_text(std::uint64_t hash, std::string_view text) {
  for (char c : text) hash = mix(hash ^ static_cast<unsigned char>(c));
  return mix(hash ^ (0x100U + text.size()));
}

}  // namespace

std::array<std::uint32_t, 4> philox_block(const std::array<std::uint32_t, 4>& counter,
                                          const std::array<std::uint32_t, 2>& key) {
  const philox4x32_ctr_t c = {{counter[0], counter[1], counter[2], counter[3]}};
  const philox4x32_key_t k = {{key[0], key[1]}};
  const philox4x32_ctr_t r = philox4x32_R(10, c, k);
  return {r.v[0], r.v[1], r.v[2], r.v[3]};
}

RandomStream::RandomStream(std::uint64_t seed, std::string_view layer, std::string_view purpose, std::uint64_t entity)
    : key_(mix(mix_text(mix_text(mix(seed), layer), purpose) ^ mix(entity))) {}

void RandomStream::refill() {
  const auto word = [](std::uint64_t x, int shift) { return static_cast<std::uint32_t>(x >> shift); };
  const auto r = philox_block({word(counter_, 0), word(counter_, 32), 0, 0}, {word(key_, 0), word(key_, 32)});
  block_[0] = (static_cast<std::uint64_t>(r[1]) << 32) | r[0];
  block_[1] = (static_cast<std::uint64_t>(r[3]) << 32) | r[2];
  ++counter_;
  used_ = 0;
}

double RandomStream::exponential() { return -std::log(uniform()); }

double RandomStream::normal() {
  const double radius = std::sqrt(-2 * std::log(uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

double RandomStream::gamma(double shape) {
  if (shape < 1) {  // boost the shape by one, then correct: same source, section 6
    const double boosted = gamma(shape + 1) * (shape + 1);
    return boosted * std::pow(uniform(), 1 / shape) / shape;
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal();
    const double v = 1 + c * x;
    if (v <= 0) continue;
    const double v3 = v * v * v;
    if (std::log(uniform()) < 0.5 * x * x + d - d * v3 + d * std::log(v3)) return d * v3 / shape;
  }
}

std::int64_t RandomStream::poisson(double mean) {
  constexpr double kChunk = 16;
  std::int64_t count = 0;
  while (mean > 0) {
    const double part = std::min(mean, kChunk);
    const double limit = std::exp(-part);
    for (double product = uniform(); product > limit; product *= uniform()) ++count;
    mean -= part;
  }
  return count;
}

}  // namespace orrery
