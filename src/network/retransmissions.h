#pragma once

namespace orrery {

/// How often a transport block is lost: `first` of the first transmissions, and each repeat is lost `factor` times as
/// often as the one before, since receivers combine what they have. After `most` repeats a block is taken to arrive,
/// so that the losses that upper layers would mend are left out.
struct Retransmissions {
  double first = 0;
  double factor = 0;
  int most = 0;

  /// Probability of at least `failures` of them.
  double at_least(int failures) const {
    if (failures > most) return 0;
    double reach = 1;
    double error = first;
    for (int i = 0; i < failures; ++i, error *= factor) reach *= error;
    return reach;
  }
  double probability(int failures) const { return at_least(failures) - at_least(failures + 1); }
  double mean_transmissions() const {
    double sum = 1;
    for (int failures = 1; failures <= most; ++failures) sum += at_least(failures);
    return sum;
  }
  /// By a number between 0 and 1.
  int drawn(double uniform) const {
    int failures = 0;
    double error = first;
    for (double reach = first; failures < most && uniform < reach; reach *= error) {
      ++failures;
      error *= factor;
    }
    return failures;
  }
};

}  // namespace orrery
