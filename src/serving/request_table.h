#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace orrery {

/// The requests of one service, in order of arrival, as columns of equal length.
///
/// Where a workload tells what its tokens are, each request also has a chain of content keys, so that
/// a prefix cache can be simulated: key j stands for the j-th `tokens_per_key` tokens, prompt first, then
/// the answer. Two requests share a prefix as far as their keys are equal from the first on. The last key
/// may stand for fewer tokens, and is equal only where these are the same and as many. Keys are hashes, spread over
/// all 64 bits, of their tokens and of the key before: content that returns at other places has other keys.
struct RequestTable {
  std::vector<std::int64_t> arrival_ps;     ///< non-decreasing, from 0
  std::vector<std::int32_t> input_tokens;   ///< >= 1
  std::vector<std::int32_t> output_tokens;  ///< >= 1
  std::vector<std::uint32_t> adapters;      ///< from 1 on; 0: none; empty: nobody has one
  std::vector<std::int32_t> priorities;     ///< lower numbers are served first; empty: all are alike
  std::vector<std::int64_t> give_up_ps;     ///< when its client stops to wait for it; empty: nobody ever does
  std::vector<std::int64_t> sent_ps;        ///< by its user, before it arrived; empty: users are where the server is
  std::vector<std::int64_t> answer_way_ps;  ///< from the server to the user; as long as sent_ps

  /// Where the keys of one request end in content_keys, and what they stand for.
  struct KeyRange {
    std::uint64_t end = 0;
    std::int32_t known_tokens = 0;  ///< tokens from the first on that the keys identify
    std::int32_t tokens_per_key = 0;
  };
  std::vector<std::uint64_t> content_keys;
  std::vector<KeyRange> key_ranges;  ///< one of each request, or none at all

  std::size_t size() const { return arrival_ps.size(); }
  bool clients_give_up() const { return !give_up_ps.empty(); }
  bool has_priorities() const { return !priorities.empty(); }
  bool has_ways() const { return !sent_ps.empty(); }
  /// By the user's clock: when the request was sent, and how much later than the server a token is seen.
  std::int64_t asked_ps(std::size_t request) const { return has_ways() ? sent_ps[request] : arrival_ps[request]; }
  std::int64_t way_back_ps(std::size_t request) const { return has_ways() ? answer_way_ps[request] : 0; }
  bool has_keys() const { return !key_ranges.empty(); }
  std::span<const std::uint64_t> keys_of(std::size_t request) const {
    const std::uint64_t begin = request == 0 ? 0 : key_ranges[request - 1].end;
    return {content_keys.data() + begin, key_ranges[request].end - begin};
  }

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
  /// Never, where the time would be too long for a number.
  static std::int64_t give_up_after(std::int64_t arrival, std::int64_t patience) {
    return arrival > INT64_MAX - patience ? INT64_MAX : arrival + patience;
  }
  /// Every client waits so long for its whole answer.
  void set_patience(std::int64_t patience_ps) {
    give_up_ps.clear();
    for (const std::int64_t arrival : arrival_ps) give_up_ps.push_back(give_up_after(arrival, patience_ps));
  }
  /// Gives the request added last its keys. Pre: all before it have theirs; `keys` hold `known_tokens`.
  void add_keys(std::span<const std::uint64_t> keys, std::int32_t known_tokens, std::int32_t tokens_per_key) {
    content_keys.insert(content_keys.end(), keys.begin(), keys.end());
    key_ranges.push_back({content_keys.size(), known_tokens, tokens_per_key});
  }
  /// Keeps the first requests only.
  void truncate(std::size_t count) {
    arrival_ps.resize(count);
    input_tokens.resize(count);
    output_tokens.resize(count);
    if (clients_give_up()) give_up_ps.resize(count);
    if (!adapters.empty()) adapters.resize(count);
    if (has_priorities()) priorities.resize(count);
    if (has_ways()) sent_ps.resize(count), answer_way_ps.resize(count);
    if (!has_keys()) return;
    key_ranges.resize(count);
    content_keys.resize(count == 0 ? 0 : key_ranges.back().end);
  }
  /// Puts all rows into the order of their arrivals; equal ones keep theirs.
  void sort_by_arrival();
  void drop_keys() {
    content_keys = {};
    key_ranges = {};
  }
};

}  // namespace orrery
