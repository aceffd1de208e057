#include "orrery/sim/log_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "orrery/base/result.h"

namespace orrery {
namespace {

// Values below 2^7 have a bin each; above, every octave has 2^7 bins.
constexpr int kBits = 7;
constexpr std::int64_t kPerOctave = std::int64_t{1} << kBits;

std::size_t bin_of(std::int64_t value) {
  const auto v = static_cast<std::uint64_t>(value);
  if (value < kPerOctave) return static_cast<std::size_t>(v);
  const int shift = 63 - std::countl_zero(v) - kBits;
  return static_cast<std::size_t>(shift) * kPerOctave + (v >> shift);
}

struct BinRange {
  std::int64_t low;
  std::int64_t width;
};

BinRange range_of(std::size_t index) {
  const auto i = static_cast<std::int64_t>(index);
  if (i < kPerOctave) return {i, 1};
  const int shift = static_cast<int>(i / kPerOctave) - 1;
  return {(kPerOctave + i % kPerOctave) << shift, std::int64_t{1} << shift};
}

}  // namespace

std::int64_t& LogHistogram::bin(std::size_t index) {
  if (index >= bins_.size()) bins_.resize(index + 1);
  return bins_[index];
}

void LogHistogram::add(std::int64_t value, std::int64_t count) { add_ramp(value, 0, 1, count); }

void LogHistogram::add_ramp(std::int64_t first, std::int64_t step, std::int64_t terms, std::int64_t weight) {
  ORRERY_CHECK(first >= 0 && step >= 0 && terms >= 0);
  if (terms == 0 || weight == 0) return;
  const std::int64_t last = first + step * (terms - 1);
  for (std::int64_t done = 0; done < terms;) {
    const std::size_t index = bin_of(first + step * done);
    std::int64_t end = terms;
    if (step > 0) {
      const BinRange range = range_of(index);
      end = std::min(terms, (range.low + range.width - first + step - 1) / step);
    }
    bin(index) += (end - done) * weight;
    done = end;
  }
  count_ += terms * weight;
  sum_ += (static_cast<Int128>(first) + last) * terms / 2 * weight;
  smallest_ = std::min(smallest_, first);
  largest_ = std::max(largest_, last);
}

void LogHistogram::merge(const LogHistogram& other) {
  if (other.bins_.size() > bins_.size()) bins_.resize(other.bins_.size());
  for (std::size_t i = 0; i < other.bins_.size(); ++i) bins_[i] += other.bins_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  smallest_ = std::min(smallest_, other.smallest_);
  largest_ = std::max(largest_, other.largest_);
}

double LogHistogram::quantile(double fraction) const {
  ORRERY_CHECK(fraction >= 0 && fraction <= 1);
  return count_ == 0 ? 0 : at_rank(fraction * static_cast<double>(count_ - 1));
}

double LogHistogram::at_rank(double rank) const {
  std::int64_t below = 0;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    if (bins_[i] == 0) continue;
    if (rank < static_cast<double>(below + bins_[i])) {
      const BinRange range = range_of(i);
      const double inside = (rank - static_cast<double>(below) + 0.5) / static_cast<double>(bins_[i]);
      const double value = static_cast<double>(range.low) + inside * static_cast<double>(range.width - 1);
      return std::clamp(value, static_cast<double>(smallest_), static_cast<double>(largest_));
    }
    below += bins_[i];
  }
  return static_cast<double>(largest_);
}

}  // namespace orrery
