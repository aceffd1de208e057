#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace orrery {

/// A read that waits in a stream.
struct StreamedRead {
  std::int64_t stamp = 0;  ///< tick of its arrival
  std::int32_t row = 0;
  std::int32_t column = 0;
  std::uint32_t order = 0;  ///< of arrival
  std::uint16_t bank = 0;   ///< in the unit
  std::uint16_t group = 0;  ///< likewise
};

/// Reads in the order of their arrival, of which one near the front is taken most often.
class StreamedReads {
 public:
  explicit StreamedReads(std::size_t most)
      : reads_(std::bit_ceil(most)), span_{reads_.data(), static_cast<unsigned>(reads_.size() - 1)} {}

  /// The ring without its memory: a copy that the compiler keeps in registers.
  struct Span {
    StreamedRead* reads;
    unsigned mask;
    unsigned head = 0, tail = 0;

    unsigned size() const { return tail - head; }
    StreamedRead& operator[](unsigned i) const { return reads[(head + i) & mask]; }
    /// A place behind the others, to be filled there: a copy would wait for the stores of its parts.
    StreamedRead& add() { return reads[tail++ & mask]; }
    void take(unsigned i) {
      for (; i > 0; --i) reads[(head + i) & mask] = reads[(head + i - 1) & mask];
      ++head;
    }
  };
  const Span& span() const { return span_; }
  /// After changes to a copy.
  void set(const Span& span) { span_ = span; }

  unsigned size() const { return span_.size(); }
  void clear() { span_.head = span_.tail = 0; }
  StreamedRead& operator[](unsigned i) const { return span_[i]; }
  StreamedRead& add() { return span_.add(); }
  void take(unsigned i) { span_.take(i); }
  /// As `take`, for one near the back.
  void erase(unsigned i) {
    for (; i + 1 < size(); ++i) span_[i] = span_[i + 1];
    --span_.tail;
  }

 private:
  std::vector<StreamedRead> reads_;
  Span span_;
};

}  // namespace orrery
