#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace orrery {

/// Work of one chip: what is counted beside time.
struct StepWork {
  double flops = 0;
  double memory_bytes = 0;
  double link_bytes = 0;      ///< sent by one chip
  double dynamic_joules = 0;  ///< above static power

  StepWork& operator+=(const StepWork& b) {
    flops += b.flops;
    memory_bytes += b.memory_bytes;
    link_bytes += b.link_bytes;
    dynamic_joules += b.dynamic_joules;
    return *this;
  }
  friend StepWork operator*(double k, const StepWork& w) {
    return {k * w.flops, k * w.memory_bytes, k * w.link_bytes, k * w.dynamic_joules};
  }
};

/// The time of one engine step of one replica, in whole picoseconds, and the work of one of its
/// chips, split into the parts that the serving layer combines.
///
/// A step that schedules T tokens for n sequences, of which d are decoding with K cached tokens in
/// sum (their new token included), takes
///   tokens_ps[T] + sequences_ps[n]
///   + (d > 0 ? decode_fixed_ps + d * decode_sequence_ps + K * context_token_ps + K_w * window_token_ps
///              + line(d, K).at(K) + window_lines[d].at(K_w) : 0)
///   + (any prompt chunk ? prefill_fixed_of(d) + prefill_ps(all of them) : 0)
/// where K_w sums min(cached, window_tokens) over the decoding sequences. Attention that is not linear in the number of
/// sequences and their tokens is a line for each d and, over full layers, each octave of the mean context: what a run
/// of steps takes stays a closed form as long as it keeps d and the octave. Each part is rounded to
/// a whole picosecond once, when the table is built, so that m steps in closed form and one by one
/// are equal to the last bit. Rounding context_token_ps is off by at most half a picosecond per
/// cached token: below 0.1 % of it on every chip of the catalog.
struct StepCost {
  std::vector<std::int64_t> tokens_ps;     ///< index T, 0 .. max batched tokens; graph padding included
  std::vector<std::int64_t> sequences_ps;  ///< index n, 0 .. max sequences: LM head, sampling, host
  std::int64_t decode_fixed_ps = 0;
  std::int64_t decode_sequence_ps = 0;
  std::int64_t context_token_ps = 0;
  std::int64_t window_token_ps = 0;
  std::int64_t window_tokens = 0;  ///< 0: no windowed layers
  /// Attention of decoding sequences over their tokens in sum.
  struct DecodeLine {
    std::int64_t fixed_ps = 0;
    std::int64_t token_ps = 0;
    std::int64_t at(std::int64_t tokens) const { return fixed_ps + tokens * token_ps; }
  };
  std::vector<DecodeLine> lines;         ///< index d * octaves + octave; empty: all is linear
  std::vector<DecodeLine> window_lines;  ///< index d; empty: all is linear
  std::int64_t octaves = 0;
  std::int64_t first_octave_bits = 7;  ///< octave 0: mean contexts below 2 to this power
  /// Pre: decoding >= 1.
  std::int64_t octave_of(std::int64_t decoding, std::int64_t context_tokens) const {
    const auto above = static_cast<std::uint64_t>(context_tokens / decoding) >> first_octave_bits;
    return std::min<std::int64_t>(std::bit_width(above), octaves - 1);
  }
  /// Steps, each adding a token to every sequence, of which the first has `context_tokens`, until the octave ends.
  std::int64_t steps_in_octave(std::int64_t decoding, std::int64_t context_tokens) const {
    const std::int64_t octave = octave_of(decoding, context_tokens);
    if (octave == octaves - 1) return INT64_MAX;
    return (std::int64_t{1} << (first_octave_bits + octave)) - context_tokens / decoding;
  }
  const DecodeLine& line(std::int64_t decoding, std::int64_t octave) const {
    return lines[static_cast<std::size_t>(decoding * octaves + octave)];
  }
  /// The decoding sequences' part of a step. Pre: decoding >= 1.
  std::int64_t decode_ps(std::int64_t decoding, std::int64_t context_tokens, std::int64_t window_tokens) const;

  std::int64_t decode_launch_ps = 0;  ///< part of the decoding sequences' time that is launch
  std::int64_t prefill_fixed_ps = 0;
  /// One launch serves prompts and decoding sequences together (varlen kernels), so that its fixed time, the larger of
  /// the two, is paid once.
  std::int64_t prefill_fixed_of(std::int64_t decoding) const {
    return decoding == 0 ? prefill_fixed_ps : std::max<std::int64_t>(0, prefill_fixed_ps - decode_launch_ps);
  }

  /// Attention of prompt chunks, as numbers of 128 x 128 score tiles. Full and windowed layers.
  struct ChunkAttention {
    double tile_ps = 0;      ///< one tile of all heads and layers of this kind, spread over the units
    double tile_row_ps = 0;  ///< one tile of one head: the longest row of tiles of the step is a floor
    double token_ps = 0;     ///< per token of a chunk: rope, QKV split, KV write
    double context_ps = 0;   ///< per cached token that a chunk sees: reading its keys and values
    std::int64_t window_tokens = 0;
    StepWork tile_work;
    StepWork token_work;
    StepWork context_work;
  };
  ChunkAttention full_layers;
  ChunkAttention window_layers;

  /// What the prompt chunks of one step add up to: one kernel takes them together.
  struct PrefillLoad {
    struct Layers {
      double tiles = 0;
      double longest_row = 0;
      double seen_tokens = 0;  ///< cached tokens, as far as the layers look back
    };
    double tokens = 0;
    Layers full;
    Layers window;
  };
  /// Pre: cached >= 0, tokens >= 1.
  void add_chunk(PrefillLoad& load, std::int64_t cached, std::int64_t tokens) const;
  std::int64_t prefill_ps(const PrefillLoad& load) const;
  StepWork prefill_work(const PrefillLoad& load) const;

  std::vector<StepWork> tokens_work;     ///< index T
  std::vector<StepWork> sequences_work;  ///< index n
  StepWork decode_sequence_work;
  StepWork context_token_work;
  StepWork window_token_work;
};

}  // namespace orrery
