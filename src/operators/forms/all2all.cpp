#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "orrery/operators/forms/collective_terms.h"
#include "orrery/operators/forms/forms.h"

namespace orrery {
namespace {

enum Column { kNodes, kRanks, kHidden, kTokens, kPerToken, kExperts, kCommUnits };
constexpr std::string_view kColumns[] = {"nodes", "num_gpus", "hidden",  "tokens_per_gpu",
                                         "topk",  "experts",  "comm_sms"};
constexpr std::string_view kFamilyColumns[] = {"kernel", "phase"};
constexpr std::string_view kMeasured[] = {"dispatch_us", "combine_us"};

using enum ConstantSpec::Pooling;

enum LowLatency { kFixed, kExpert, kLink, kGroup, kFarFixed, kFarNode, kFarNetwork };
constexpr ConstantSpec kLowLatencyConstants[] = {
    {"fixed", "us", 10, 1, 100, "One node: start and end", all},
    {"expert", "ns", 10, 0.1, 200, "For each expert: its counter is sent and awaited", all},
    {"link", "1", 0.6, 0.05, 1, "One node: share of the link", all},
    {"group", "GB/s", 4, 0.2, 200, "One node: the warps that serve one expert of one rank", all},
    {"far_fixed", "us", 20, 1, 200, "Several nodes: start and end", all},
    {"far_node", "us", 1, 0.01, 50, "Several nodes: for each node", all},
    {"far_network", "1", 0.85, 0.1, 1, "Several nodes: share of the network", all},
};

enum Normal {
  kNormalFixed,
  kNormalLink,
  kUnitRate,
  kLocalRate,
  kCopy,
  kNormalFarFixed,
  kNormalFarNode,
  kNormalFarNetwork,
  kNormalFarLink,
  kFarUnitRate
};
constexpr ConstantSpec kNormalConstants[] = {
    {"fixed", "us", 30, 1, 300, "One node: start and end", all},
    {"link", "1", 0.8, 0.05, 1, "One node: share of the link", all},
    {"unit_rate", "GB/s", 15, 1, 200, "One node: a unit given to communication", all},
    {"local_rate", "GB/s", 12, 0.5, 200, "One node: what such a unit copies or reduces of the rank's own tokens", all},
    {"copy", "ns", 20, 0.1, 2000, "One node: such a unit takes this for each copy of a token, whatever its width", all},
    {"far_fixed", "us", 40, 1, 500, "Several nodes: start and end", all},
    {"far_node", "us", 10, 0.01, 100, "Several nodes: for each node", all},
    {"far_network", "1", 0.6, 0.1, 1, "Several nodes: share of the network", all},
    {"far_link", "1", 0.6, 0.05, 1, "Several nodes: share of the link", all},
    {"far_unit_rate", "GB/s", 10, 1, 200, "Several nodes: a unit given to communication", all},
};

constexpr double kRanksOfNode = 8;
constexpr double kNetwork =
    50e9;  // of one chip, one direction. Source: systems.csv, H100 nodes on 400 Gbit/s InfiniBand
constexpr double kCombineBytes = 2;             // bf16
constexpr double kScaledBytes = 1 + 4.0 / 128;  // fp8 with one fp32 scale for 128 elements
constexpr double kGiga = 1e9;
constexpr double kNanosecond = 1e-3;  // in us
constexpr double kMicrosecond = 1e-6;

bool is_low_latency(std::string_view family) { return family.starts_with("deepep_low_latency/"); }
bool is_dispatch(std::string_view family) { return family.ends_with("/dispatch"); }

/// Dispatch is in fp8. For the normal kernels the data does not state it: assumed, since with bf16 the fitted share of
/// the network ran into its bound of 1.
double element_bytes(std::string_view family) { return is_dispatch(family) ? kScaledBytes : kCombineBytes; }

/// Distinct ones of `places` that the choices of a token fall on.
double distinct(double places, double choices) { return places * (1 - std::pow(1 - 1 / places, choices)); }

class AllToAllForm final : public OperatorForm {
 public:
  std::string_view kind() const override { return "all2all"; }
  std::span<const std::string_view> columns() const override { return kColumns; }
  std::span<const std::string_view> family_columns() const override { return kFamilyColumns; }
  std::span<const std::string_view> measured_columns() const override { return kMeasured; }
  std::span<const ConstantSpec> constants(std::string_view family) const override {
    if (is_low_latency(family)) return kLowLatencyConstants;
    return kNormalConstants;
  }

  /// Low-latency kernels take all units, and their cell is empty.
  Result<double> number_of(std::string_view column, std::string_view text) const override {
    if (column == kColumns[kCommUnits] && text.empty()) return 0;
    return OperatorForm::number_of(column, text);
  }

  Result<void> accepts(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    if (!is_low_latency(family) && !family.starts_with("deepep_normal/")) {
      return failure(fmt::format("the kernel '{}' is not modelled", family.substr(0, family.find('/'))));
    }
    if (is_through_host(chip))
      return failure(fmt::format("{} has no direct link to the other chips of its node", chip.id));
    for (const Column column : {kNodes, kHidden, kTokens, kPerToken, kExperts}) {
      if (!(shape[column] >= 1)) return failure(fmt::format("{} is below 1", kColumns[column]));
    }
    if (shape[kRanks] != shape[kNodes] * kRanksOfNode) return failure("num_gpus is not 8 a node");
    if (!is_low_latency(family) && !(shape[kCommUnits] >= 1)) return failure("comm_sms is below 1");
    return {};
  }

  bool is_cold(const Shape&, std::string_view, const ChipFacts&) const override { return true; }

  double time_us(const Shape& shape, std::string_view family, const ChipFacts& chip, std::span<const double> constants,
                 bool, std::vector<TimeTerm>* terms) const override {
    const Parts parts =
        is_low_latency(family) ? low_latency(shape, family, chip, constants) : normal(shape, family, chip, constants);
    if (terms != nullptr) {
      terms->push_back({"start", parts.start});
      terms->push_back({"counters", parts.counters});
      terms->push_back({"own tokens", parts.local});
      terms->push_back({"transfer", parts.transfer});
    }
    return parts.start + parts.counters + parts.local + parts.transfer;
  }

  double roofline_us(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    const double token = shape[kTokens] * shape[kHidden] * element_bytes(family);
    const Copies copies = copies_of(shape, family);
    return std::max(token * copies.near / chip.link_Bps, token * copies.far / kNetwork) / kMicrosecond;
  }

 private:
  struct Parts {
    double start = 0;
    double counters = 0;
    double local = 0;
    double transfer = 0;
  };
  /// Of each token, to other chips of a node over its links, and to other nodes over the network.
  struct Copies {
    double near = 0;
    double far = 0;
  };

  /// Low-latency kernels send every choice straight to its rank; the others send a token once to each rank, and
  /// between nodes once to each node.
  static Copies copies_of(const Shape& shape, std::string_view family) {
    const double nodes = shape[kNodes];
    const double choices = shape[kPerToken];
    constexpr double kOthers = (kRanksOfNode - 1) / kRanksOfNode;
    if (is_low_latency(family)) {
      return nodes > 1 ? Copies{0, choices * (nodes - 1) / nodes} : Copies{choices * kOthers, 0};
    }
    if (nodes > 1) return {distinct(nodes * kRanksOfNode, choices), distinct(nodes, choices) * (nodes - 1) / nodes};
    return {distinct(kRanksOfNode, choices) * kOthers, 0};
  }

  static Parts low_latency(const Shape& shape, std::string_view family, const ChipFacts& chip,
                           std::span<const double> constants) {
    const double token = shape[kTokens] * shape[kHidden] * element_bytes(family);
    const Copies copies = copies_of(shape, family);
    Parts parts;
    parts.counters = constants[kExpert] * shape[kExperts] * kNanosecond;
    if (shape[kNodes] > 1) {
      parts.start = constants[kFarFixed] + constants[kFarNode] * shape[kNodes];
      parts.transfer = token * copies.far / (constants[kFarNetwork] * kNetwork) / kMicrosecond;
      return parts;
    }
    parts.start = constants[kFixed];
    // Each expert of each rank has warps of its own to receive: few experts leave most units idle.
    const double rate = std::min(constants[kLink] * chip.link_Bps, constants[kGroup] * kGiga * shape[kExperts]);
    parts.transfer = token * copies.near / rate / kMicrosecond;
    return parts;
  }

  static Parts normal(const Shape& shape, std::string_view family, const ChipFacts& chip,
                      std::span<const double> constants) {
    const double token = shape[kTokens] * shape[kHidden] * element_bytes(family);
    const Copies copies = copies_of(shape, family);
    Parts parts;
    if (shape[kNodes] > 1) {
      const double near =
          std::min(constants[kNormalFarLink] * chip.link_Bps, constants[kFarUnitRate] * kGiga * shape[kCommUnits]);
      parts.start = constants[kNormalFarFixed] + constants[kNormalFarNode] * shape[kNodes];
      parts.transfer =
          token * std::max(copies.far / (constants[kNormalFarNetwork] * kNetwork), copies.near / near) / kMicrosecond;
      return parts;
    }
    const double rate =
        std::min(constants[kNormalLink] * chip.link_Bps, constants[kUnitRate] * kGiga * shape[kCommUnits]);
    parts.start = constants[kNormalFixed];
    parts.local = token / (constants[kLocalRate] * kGiga * shape[kCommUnits]) / kMicrosecond;
    parts.counters = constants[kCopy] * kNanosecond * shape[kTokens] * copies.near / shape[kCommUnits];
    parts.transfer = token * copies.near / rate / kMicrosecond;
    return parts;
  }
};

}  // namespace

/// Expert-parallel all-to-all (DeepEP): `dispatch` sends tokens to their experts, `combine` brings them back. A row of
/// the data holds both times, so a row is two points, told apart by the phase in the family.
/// Source: section 10.3 of the operator reference, and the warps of one expert as a limit of the low-latency kernels.
/// Valid: 8 ranks a node linked directly; 2 to 8 nodes on 50 GB/s a chip, measured on Hopper alone.
const OperatorForm& all2all_form() {
  static const AllToAllForm form;
  return form;
}

}  // namespace orrery
