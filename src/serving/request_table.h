#pragma once

#include <cstdint>
#include <vector>

namespace orrery {

/// The requests of one service, in order of arrival, as columns of equal length.
struct RequestTable {
  std::vector<std::int64_t> arrival_ps;     ///< non-decreasing, from 0
  std::vector<std::int32_t> input_tokens;   ///< >= 1
  std::vector<std::int32_t> output_tokens;  ///< >= 1

  std::size_t size() const { return arrival_ps.size(); }
  void reserve(std::size_t count) {
    arrival_ps.reserve(count);
    input_tokens.reserve(count);
    output_tokens.reserve(count);
  }
  void add(std::int64_t arrival, std::int32_t input, std::int32_t output) {
    arrival_ps.push_back(arrival);
    input_tokens.push_back(input);
    output_tokens.push_back(output);
  }
};

}  // namespace orrery
