#pragma once

namespace orrery {

/// How tokens choose experts.
struct ExpertRouting {
  double tokens = 1;  ///< entering the layer, over all ranks
  double per_token = 1;
  double experts = 1;  ///< over all ranks
  double ranks = 1;    ///< that the experts are spread over
  /// kBalanced, or the exponent a of a popularity with density x^-a; 0: all experts are equally popular.
  double exponent = 0;
  /// Expected loads are rounded to whole tokens; what rounding leaves over goes to the least loaded expert of each
  /// rank in turn or, if set, to the first experts, which the first rank holds.
  bool leftovers_to_first = false;

  static constexpr double kBalanced = -1;  ///< tokens are dealt out to experts in turn
};

/// The expected load of the busiest rank.
///
/// Skewed popularities are sampled from the truncated power law x^-a on [1, 0.8 tokens], or on [0.01, 2] when there
/// are more experts than token copies. A rank's load is a sum of experts / ranks of them: its expected maximum over
/// ranks is that of gamma variates with the sum's mean and variance, by the cube-root (Wilson-Hilferty) quantile at
/// Blom's plotting position.
/// Source: the popularity is that of the AIConfigurator collector (power_law_logits_v3), whose tables have the
/// columns `power_law_*`. Valid: from 16 tokens on within 12 % of sampled
/// mean loads where a rank holds 8 experts or more, within 21 % where it holds fewer; 8 to 512 experts, 1 to 128 ranks.
class ExpertLoad {
 public:
  /// Pre: all fields at least 1, per_token <= experts, ranks <= experts.
  explicit ExpertLoad(const ExpertRouting& routing);

  double copies() const { return copies_; }  ///< of tokens, on the busiest rank
  double active() const { return active_; }  ///< experts of that rank that any token chose
  /// Experts that `draws` samples of the same popularity touch between them.
  double touched(double draws) const;
  /// Token copies, each expert's rounded up to whole tiles of rows.
  double padded_rows(double tile) const;

 private:
  void route_evenly(const ExpertRouting& routing);
  void route_by_popularity(const ExpertRouting& routing);

  double local_experts_ = 1;
  double copies_ = 1;
  double active_ = 1;
  double drawn_ = 0;        ///< active experts that another draw of the popularity would change
  bool same_loads_ = true;  ///< of all active experts; else the rest describes their spread
  double power_ = 0;        ///< 1 - exponent, never 0
  double low_ = 0;          ///< least and largest load of an active expert before the cap, and their powers
  double high_ = 0;
  double low_power_ = 0;
  double high_power_ = 0;
};

}  // namespace orrery
