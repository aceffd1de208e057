#include "orrery/model/decode_lines.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace orrery {
namespace {

constexpr double kPicosecondsPerSecond = 1e12;
constexpr std::int64_t kDenseSequences = 128;  // up to here each count is priced, and then each kStride-th
constexpr std::int64_t kStride = 16;
constexpr std::int64_t kFirstOctaveBits = StepCost().first_octave_bits;

/// The mean context at which an octave begins.
std::int64_t first_context(std::int64_t octave) {
  return octave == 0 ? 1 : std::int64_t{1} << (kFirstOctaveBits + octave - 1);
}

/// Through two points of (tokens in sum, ps).
StepCost::DecodeLine line_through(double tokens, double ps, double later_tokens, double later_ps) {
  StepCost::DecodeLine line;
  line.token_ps = std::llround(std::max(0.0, later_ps - ps) / (later_tokens - tokens));
  line.fixed_ps = std::llround(ps - static_cast<double>(line.token_ps) * tokens);
  return line;
}

}  // namespace

DecodeLines::DecodeLines(const StepKernels& kernels, std::int64_t context_limit)
    : kernels_(kernels), octaves_(std::bit_width(static_cast<std::uint64_t>(context_limit) >> kFirstOctaveBits) + 1) {}

/// At the beginning of each octave and the end of the last. Heuristics of a kernel may make a longer cache faster by a
/// little; simulations must not.
DecodeLines::Knots DecodeLines::priced_knots(std::int64_t sequences) const {
  Knots knots;
  for (std::int64_t octave = 0; octave <= octaves_; ++octave) {
    const auto context = static_cast<double>(first_context(octave));
    const Seconds time = *kernels_.calibrated_decode(static_cast<double>(sequences), context);
    const double ps = kernels_.layers().full * time.si() * kPicosecondsPerSecond;
    knots.push_back(knots.empty() ? ps : std::max(ps, knots.back()));
  }
  return knots;
}

void DecodeLines::append_lines(std::int64_t sequences, const Knots& knots,
                               std::vector<StepCost::DecodeLine>& lines) const {
  const auto count = static_cast<double>(sequences);
  for (std::int64_t octave = 0; octave < octaves_; ++octave) {
    const auto i = static_cast<std::size_t>(octave);
    lines.push_back(line_through(count * static_cast<double>(first_context(octave)), knots[i],
                                 count * static_cast<double>(first_context(octave + 1)), knots[i + 1]));
  }
}

std::vector<StepCost::DecodeLine> DecodeLines::full_layers(std::int64_t first, std::int64_t last) const {
  std::vector<StepCost::DecodeLine> lines;
  std::int64_t anchor = -1;
  Knots below;
  Knots above;
  for (std::int64_t n = first; n <= last; ++n) {
    if (n <= kDenseSequences) {
      append_lines(n, priced_knots(n), lines);
      continue;
    }
    if (n / kStride * kStride != anchor) {
      const bool follows = anchor >= 0;
      anchor = n / kStride * kStride;
      below = follows ? std::move(above) : priced_knots(anchor);
      above = priced_knots(anchor + kStride);
    }
    const double share = static_cast<double>(n - anchor) / static_cast<double>(kStride);
    Knots between = below;
    for (std::size_t i = 0; i < between.size(); ++i) between[i] += share * (above[i] - below[i]);
    append_lines(n, between, lines);
  }
  return lines;
}

StepCost::DecodeLine DecodeLines::window_layers(std::int64_t sequences, std::int64_t window_tokens) const {
  const auto count = static_cast<double>(sequences);
  const auto window = static_cast<double>(window_tokens);
  const auto ps = [&](double context) {
    return kernels_.layers().windowed * kernels_.calibrated_window_decode(count, context)->si() * kPicosecondsPerSecond;
  };
  const double half = std::max(1.0, std::floor(window / 2));
  return line_through(count * half, ps(half), count * window, std::max(ps(half), ps(2 * window)));
}

}  // namespace orrery
