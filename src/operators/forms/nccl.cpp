#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "orrery/operators/forms/collective_terms.h"
#include "orrery/operators/forms/forms.h"

namespace orrery {
namespace {

enum Column { kRanks, kMessage };
constexpr std::string_view kColumns[] = {"num_gpus", "message_bytes"};
constexpr std::string_view kFamilyColumns[] = {"collective", "dtype"};

enum Constant {
  kLatency,
  kLowFixed,
  kLowRank,
  kLowLink,
  kPackedStart,
  kPackedLink,
  kBulkFixed,
  kBulkRank,
  kBulkLink,
  kBulkCopy,
  kHostLink,
  kHostSharing
};
using enum ConstantSpec::Pooling;
constexpr ConstantSpec kConstants[] = {
    {"latency", "1", 1, 0.3, 4, "Multiplier of all fixed and per-rank times: what a new generation changes", all},
    {"low_fixed", "us", 6, 0.5, 60, "Flag beside each word (LL): start and end", all},
    {"low_rank", "us", 1.2, 1e-3, 20, "Flag beside each word (LL): for each further rank", all},
    {"low_link", "1", 0.02, 5e-4, 1, "Flag beside each word (LL): share of the link", all},
    {"packed_start", "1", 1.2, 1, 3, "Flag in each line of 128 bytes (LL128): its start in those of LL", all},
    {"packed_link", "1", 0.3, 0.005, 1, "Flag in each line of 128 bytes (LL128): share of the link", all},
    {"bulk_fixed", "us", 20, 1, 200, "Bulk protocol: start and end", all},
    {"bulk_rank", "us", 0.8, 1e-3, 40, "Bulk protocol: for each further rank", all},
    {"bulk_link", "1", 0.95, 0.01, 1.1, "Bulk protocol: share of the link", all},
    {"bulk_copy", "1", 0.4, 1e-3, 4, "Bulk protocol: local copies and reductions of the message at the link's rate",
     all},
    {"host_link", "1", 0.6, 0.01, 1, "Bulk protocol, through a host: share of the link", all},
    {"host_sharing", "1", 1, 0.01, 3, "Links through a host: bandwidth falls with this power of ranks / 2", all},
};

/// What each rank sends, in messages, on a ring.
struct Collective {
  std::string_view name;
  double (*sent)(double ranks);
};
double once(double ranks) { return (ranks - 1) / ranks; }
double twice(double ranks) { return 2 * once(ranks); }
constexpr Collective kCollectives[] = {
    {"all_reduce", twice}, {"all_gather", once}, {"reduce_scatter", once}, {"alltoall", once}};

const Collective* find_collective(std::string_view family) {
  const std::string_view name = family.substr(0, family.find('/'));
  const auto* found =
      std::find_if(std::begin(kCollectives), std::end(kCollectives), [&](const auto& row) { return row.name == name; });
  return found == std::end(kCollectives) ? nullptr : found;
}

class NcclForm final : public OperatorForm {
 public:
  std::string_view kind() const override { return "nccl"; }
  std::span<const std::string_view> columns() const override { return kColumns; }
  std::span<const std::string_view> family_columns() const override { return kFamilyColumns; }
  std::span<const ConstantSpec> constants(std::string_view) const override { return kConstants; }

  std::string_view fallback_family(std::string_view family) const override {
    if (family.ends_with("/half")) return {};
    for (const std::string_view half : {"all_reduce/half", "all_gather/half", "reduce_scatter/half", "alltoall/half"}) {
      if (family.substr(0, family.find('/')) == half.substr(0, half.find('/'))) return half;
    }
    return {};
  }

  Result<void> accepts(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    if (find_collective(family) == nullptr) {
      return failure(fmt::format("the collective '{}' is not modelled", family.substr(0, family.find('/'))));
    }
    return accepts_message(shape[kRanks], shape[kMessage], chip);
  }

  /// Messages pass the link whether or not a cache holds them.
  bool is_cold(const Shape&, std::string_view, const ChipFacts&) const override { return true; }

  double time_us(const Shape& shape, std::string_view family, const ChipFacts& chip, std::span<const double> constants,
                 bool, std::vector<TimeTerm>* terms) const override {
    const double others = shape[kRanks] - 1;
    const double sent = find_collective(family)->sent(shape[kRanks]);
    const double message = message_us(shape[kMessage], shape[kRanks], chip, constants[kHostSharing]);
    const double low_start = constants[kLatency] * (constants[kLowFixed] + constants[kLowRank] * others);
    const double bulk_start = constants[kLatency] * (constants[kBulkFixed] + constants[kBulkRank] * others);
    const CollectivePath paths[] = {
        {"low-latency start", low_start, message * sent / constants[kLowLink]},
        {"packed start", constants[kPackedStart] * low_start, message * sent / constants[kPackedLink]},
        {"bulk start", bulk_start,
         message * (sent / constants[is_through_host(chip) ? kHostLink : kBulkLink] + constants[kBulkCopy])},
    };
    const CollectivePath& fastest =
        *std::min_element(std::begin(paths), std::end(paths),
                          [](const CollectivePath& a, const CollectivePath& b) { return a.total() < b.total(); });
    if (terms != nullptr) {
      terms->push_back({fastest.name, fastest.start});
      terms->push_back({"transfer", fastest.transfer});
    }
    return fastest.total();
  }

  double roofline_us(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    return message_us(shape[kMessage], shape[kRanks], chip, 0) * find_collective(family)->sent(shape[kRanks]);
  }
};

}  // namespace

/// A collective of NCCL inside one node: the fastest of three protocols.
///
/// T = min over protocols of latency x (fixed + rank x (ranks - 1)) + transfer. Local copies and reductions explain why
/// two ranks reach 0.57 to 0.70 of the link and eight 0.75 to 0.87. Bandwidth follows the datasheet from chip to chip,
/// latency does not: one measurement of a small message sets its multiplier.
/// Source: section 10.1 of the operator reference, whose two branches are LL128 and bulk; the step between LL and
/// LL128 at 8 to 32 KiB is in the data of all generations.
/// Valid: 2 to 8 ranks in one NVLink domain, 3 to 18 % mean error on unseen rows, about ten rows each; through a host
/// two ranks only, more are a property of one host.
const OperatorForm& nccl_form() {
  static const NcclForm form;
  return form;
}

}  // namespace orrery
