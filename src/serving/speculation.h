#pragma once

#include <cstdint>

#include "orrery/model/speculation_cost.h"

namespace orrery {

/// Speculative decoding of one pool: how many tokens a drafter proposes, how many of them the model takes, and what
/// that costs.
struct Speculation {
  std::int64_t tokens = 0;  ///< drafts of a sequence in a step
  double acceptance = 0;    ///< chance that a draft is taken where all before it were
  std::uint64_t seed = 0;
  SpeculationCost cost;

  /// Drafts that are taken of those for the token at a position of a request's answer: a truncated geometric draw.
  /// It depends on nothing but seed, request and position: the same text is as easy to guess whenever its turn comes,
  /// and more acceptance never takes fewer.
  /// Source of the distribution: Leviathan et al., "Fast inference from transformers via speculative decoding", ICML
  /// 2023, where acceptance is taken to be independent from token to token.
  std::int64_t accepted(std::uint32_t request, std::int64_t position, std::int64_t drafts) const;
};

}  // namespace orrery
