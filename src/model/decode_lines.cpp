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
std::vector<double> DecodeLines::knots_ps(std::int64_t sequences) const {
  const auto exact = [&](std::int64_t count) {
    std::vector<double> knots;
    for (std::int64_t octave = 0; octave <= octaves_; ++octave) {
      const auto context = static_cast<double>(first_context(octave));
      const Seconds time = *kernels_.calibrated_decode(static_cast<double>(count), context);
      const double ps = kernels_.layers().full * time.si() * kPicosecondsPerSecond;
      knots.push_back(knots.empty() ? ps : std::max(ps, knots.back()));
    }
    return knots;
  };
  if (sequences <= kDenseSequences) return exact(sequences);
  const std::int64_t below = sequences / kStride * kStride;
  std::vector<double> knots = exact(below);
  if (below == sequences) return knots;
  const std::vector<double> above = exact(below + kStride);
  const double share = static_cast<double>(sequences - below) / static_cast<double>(kStride);
  for (std::size_t i = 0; i < knots.size(); ++i) knots[i] += share * (above[i] - knots[i]);
  return knots;
}

std::vector<StepCost::DecodeLine> DecodeLines::full_layers(std::int64_t sequences) const {
  const std::vector<double> knots = knots_ps(sequences);
  const auto count = static_cast<double>(sequences);
  std::vector<StepCost::DecodeLine> lines;
  for (std::int64_t octave = 0; octave < octaves_; ++octave) {
    const auto i = static_cast<std::size_t>(octave);
    lines.push_back(line_through(count * static_cast<double>(first_context(octave)), knots[i],
                                 count * static_cast<double>(first_context(octave + 1)), knots[i + 1]));
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
