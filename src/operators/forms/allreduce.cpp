#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "orrery/operators/forms/collective_terms.h"
#include "orrery/operators/forms/forms.h"

namespace orrery {
namespace {

enum Column { kRanks, kMessage };
constexpr std::string_view kColumns[] = {"num_gpus", "message_bytes"};
constexpr std::string_view kFamilyColumns[] = {"launch_mode"};

enum Constant {
  kFloor,
  kOneFixed,
  kOneRank,
  kOneLink,
  kTwoFixed,
  kTwoRank,
  kTwoLink,
  kBulkFixed,
  kBulkRank,
  kBulkLink,
  kBulkCopy,
  kHostLink,
  kHostSharing,
  kConstantCount
};
using enum ConstantSpec::Pooling;
constexpr std::array<ConstantSpec, kConstantCount> with_floor(double prior) {
  return {{
      {"launch_floor", "us", prior, 0.1, 200, "The host cannot launch calls faster than this", all},
      {"one_shot_fixed", "us", 5, 0.5, 60, "Every rank reads all others: start and end", all},
      {"one_shot_rank", "us", 0.1, 1e-3, 10, "Every rank reads all others: for each further rank", all},
      {"one_shot_link", "1", 0.5, 0.02, 1, "Every rank reads all others: share of the link", all},
      {"two_shot_fixed", "us", 10, 0.5, 60, "Reduce-scatter, then gather: start and end", all},
      {"two_shot_rank", "us", 0.1, 1e-3, 10, "Reduce-scatter, then gather: for each further rank", all},
      {"two_shot_link", "1", 0.7, 0.02, 1, "Reduce-scatter, then gather: share of the link", all},
      {"bulk_fixed", "us", 15, 0.5, 200, "Library for large messages: start and end", all},
      {"bulk_rank", "us", 0.8, 1e-3, 40, "Library for large messages: for each further rank", all},
      {"bulk_link", "1", 0.9, 0.01, 1.1, "Library for large messages: share of the link", all},
      {"bulk_copy", "1", 0.3, 1e-3, 4, "Library for large messages: local copies at the link's rate", all},
      {"host_link", "1", 0.6, 0.01, 1, "Library for large messages, through a host: share of the link", all},
      {"host_sharing", "1", 1, 0.01, 3, "Links through a host: bandwidth falls with this power of ranks / 2", all},
  }};
}
constexpr auto kGraph = with_floor(1);
constexpr auto kEager = with_floor(25);
constexpr std::string_view kGraphFamily = "vllm_graph";
constexpr std::string_view kEagerFamily = "vllm_eager";

/// Sizes from which the framework leaves the one-shot kernel, and from which other libraries take part.
/// Source: assumed, after vLLM's custom all-reduce, and placed at the steps that the measured times show. The framework
/// has other limits for each generation; on Blackwell with two ranks the step is above 256 KiB.
constexpr double kOneShotOfTwo = 2 * 1048576.0;
constexpr double kOneShotOfFour = 512 * 1024.0;
constexpr double kOneShotOfEight = 256 * 1024.0;
constexpr double kTwoShotAlone = 1048576.0;

double one_shot_limit(double ranks) {
  if (ranks <= 2) return kOneShotOfTwo;
  return ranks <= 4 ? kOneShotOfFour : kOneShotOfEight;
}

class AllReduceForm final : public OperatorForm {
 public:
  std::string_view kind() const override { return "allreduce"; }
  std::span<const std::string_view> columns() const override { return kColumns; }
  std::span<const std::string_view> family_columns() const override { return kFamilyColumns; }
  std::span<const ConstantSpec> constants(std::string_view family) const override {
    return family == kEagerFamily ? kEager : kGraph;
  }

  Result<void> accepts(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    if (family != kGraphFamily && family != kEagerFamily) {
      return failure(fmt::format("the launch mode '{}' is neither {} nor {}", family, kGraphFamily, kEagerFamily));
    }
    return accepts_message(shape[kRanks], shape[kMessage], chip);
  }

  /// Messages pass the link whether or not a cache holds them.
  bool is_cold(const Shape&, std::string_view, const ChipFacts&) const override { return true; }

  double time_us(const Shape& shape, std::string_view, const ChipFacts& chip, std::span<const double> constants, bool,
                 std::vector<TimeTerm>* terms) const override {
    const double ranks = shape[kRanks];
    const double others = ranks - 1;
    const double ring = 2 * others / ranks;
    const double message = message_us(shape[kMessage], ranks, chip, constants[kHostSharing]);
    const CollectivePath one_shot{"one-shot start", constants[kOneFixed] + constants[kOneRank] * others,
                                  message * others / constants[kOneLink]};
    const CollectivePath two_shot{"two-shot start", constants[kTwoFixed] + constants[kTwoRank] * others,
                                  message * ring / constants[kTwoLink]};
    const CollectivePath bulk{
        "bulk start", constants[kBulkFixed] + constants[kBulkRank] * others,
        message * (ring / constants[is_through_host(chip) ? kHostLink : kBulkLink] + constants[kBulkCopy])};
    const CollectivePath& custom = ranks <= 2 || shape[kMessage] < one_shot_limit(ranks) ? one_shot : two_shot;
    const bool alone = shape[kMessage] < std::max(kTwoShotAlone, one_shot_limit(ranks));
    // Through a host the custom kernels serve two ranks only.
    const bool library_only = is_through_host(chip) && ranks > 2;
    const CollectivePath& path = library_only ? bulk : alone || custom.total() <= bulk.total() ? custom : bulk;
    const double waiting = std::max(0.0, constants[kFloor] - path.total());
    if (terms != nullptr) {
      terms->push_back({path.name, path.start});
      terms->push_back({"transfer", path.transfer});
      terms->push_back({"waiting for the host", waiting});
    }
    return path.total() + waiting;
  }

  double roofline_us(const Shape& shape, std::string_view, const ChipFacts& chip) const override {
    return message_us(shape[kMessage], shape[kRanks], chip, 0) * 2 * (shape[kRanks] - 1) / shape[kRanks];
  }
};

}  // namespace

/// All-reduce of a serving framework inside one node: kernels of its own for small messages, a library for large ones.
/// Source: section 10.2 of the operator reference; the switch of kernels as stated above.
/// Valid: 2 to 8 ranks in one NVLink domain, 4 to 16 % mean error on unseen rows; through a host two ranks only, more
/// are a property of one host.
const OperatorForm& allreduce_form() {
  static const AllReduceForm form;
  return form;
}

}  // namespace orrery
