#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "orrery/calibration/fit.h"
#include "orrery/operators/forms/collective_terms.h"
#include "orrery/operators/forms/forms.h"

namespace orrery {
namespace {

constexpr std::string_view kAllReduce = "all_reduce/half";
constexpr const char* kData = "../shared/data/silicon";

ChipFacts h100() {
  ChipFacts chip;
  chip.id = "h100-sxm";
  chip.generation = "hopper";
  chip.bf16_flops = 989e12;
  chip.bandwidth_Bps = 3350e9;
  chip.link_Bps = 450e9;
  return chip;
}

ChipFacts l40s() {
  ChipFacts chip = h100();
  chip.id = "l40s";
  chip.generation = "ada";
  chip.matrix_class = MatrixClass::sync;
  chip.link_Bps = 32e9;
  return chip;
}

std::vector<double> priors(const OperatorForm& form, std::string_view family) {
  std::vector<double> constants;
  for (const ConstantSpec& spec : form.constants(family)) constants.push_back(spec.prior);
  return constants;
}

/// Two protocols, as in the reference: LL and LL128 are one.
std::vector<double> reference_constants() {
  const std::map<std::string_view, double> values = {{"latency", 1},       {"low_fixed", 5.64}, {"low_rank", 1.47},
                                                     {"low_link", .35},    {"packed_start", 1}, {"packed_link", .35},
                                                     {"bulk_fixed", 19.7}, {"bulk_rank", 2.03}, {"bulk_link", .98},
                                                     {"bulk_copy", .44},   {"host_link", 1},    {"host_sharing", 1}};
  std::vector<double> constants;
  for (const ConstantSpec& spec : nccl_form().constants(kAllReduce)) constants.push_back(values.at(spec.name));
  return constants;
}

double time_us(const OperatorForm& form, const Shape& shape, std::string_view family, const ChipFacts& chip) {
  return form.time_us(shape, family, chip, priors(form, family), true);
}

TEST(NcclForm, GivesTheReferenceValues) {
  const auto constants = reference_constants();
  const auto us = [&](double ranks, double bytes) {
    return nccl_form().time_us({ranks, bytes}, kAllReduce, h100(), constants, true);
  };
  EXPECT_NEAR(us(8, 1024) / 15.941, 1, 1e-3);
  EXPECT_NEAR(us(8, 1048576) / 27.581, 1, 1e-3);
  EXPECT_NEAR(us(8, 67108864) / 365.833, 1, 1e-3);
  EXPECT_NEAR(us(2, 67108864) / 239.522, 1, 1e-3);
}

TEST(NcclForm, LargerMessagesAreNeverFasterAndNothingBeatsTheLink) {
  for (const std::string_view family : {"all_reduce/half", "all_gather/int8", "reduce_scatter/half", "alltoall/half"}) {
    for (const ChipFacts& chip : {h100(), l40s()}) {
      for (const double ranks : {2.0, 4.0, 8.0}) {
        double before = 0;
        for (double bytes = 512; bytes <= 2e9; bytes *= 2) {
          const Shape shape{ranks, bytes};
          const double us = time_us(nccl_form(), shape, family, chip);
          EXPECT_GE(us, before) << family << " " << ranks << " " << bytes;
          EXPECT_GE(us, nccl_form().roofline_us(shape, family, chip)) << family << " " << ranks << " " << bytes;
          before = us;
        }
      }
    }
  }
}

TEST(NcclForm, SharedHostsSlowDownWithRanksAndSwitchesDoNot) {
  const double message = 256e6;
  EXPECT_GT(message_us(message, 8, l40s(), 1), 3.9 * message_us(message, 2, l40s(), 1));
  EXPECT_EQ(message_us(message, 8, h100(), 1), message_us(message, 2, h100(), 1));
}

TEST(NcclForm, SaysWhatItCannotSpeakOf) {
  ChipFacts alone = h100();
  alone.link_Bps = std::nan("");
  EXPECT_EQ(nccl_form().accepts({8, 1024}, kAllReduce, alone).error(), "h100-sxm has no link to other chips");
  EXPECT_EQ(nccl_form().accepts({1, 1024}, kAllReduce, h100()).error(), "num_gpus is below 2");
  EXPECT_EQ(nccl_form().accepts({8, 1024}, "broadcast/half", h100()).error(),
            "the collective 'broadcast' is not modelled");
  EXPECT_EQ(nccl_form().fallback_family("all_gather/int8"), "all_gather/half");
  EXPECT_EQ(nccl_form().fallback_family("all_gather/half"), "");
}

TEST(AllReduceForm, LargerMessagesAreNeverFasterAndNothingBeatsTheLink) {
  for (const std::string_view family : {"vllm_graph", "vllm_eager"}) {
    for (const double ranks : {2.0, 4.0, 8.0}) {
      double before = 0;
      for (double bytes = 256; bytes <= 2e9; bytes *= 2) {
        const Shape shape{ranks, bytes};
        const double us = time_us(allreduce_form(), shape, family, h100());
        EXPECT_GE(us, before) << family << " " << ranks << " " << bytes;
        EXPECT_GE(us, allreduce_form().roofline_us(shape, family, h100())) << family << " " << ranks << " " << bytes;
        before = us;
      }
    }
  }
}

TEST(AllReduceForm, EagerCallsWaitForTheHost) {
  const double graph = time_us(allreduce_form(), {8, 1024}, "vllm_graph", h100());
  const double eager = time_us(allreduce_form(), {8, 1024}, "vllm_eager", h100());
  EXPECT_GT(eager, 3 * graph);
  EXPECT_FALSE(allreduce_form().accepts({8, 1024}, "lazy", h100()));
}

Shape exchange(double nodes, double tokens, double per_token, double experts, double units) {
  return {nodes, 8 * nodes, 7168, tokens, per_token, experts, units};
}

constexpr std::string_view kExchanges[] = {"deepep_low_latency/dispatch", "deepep_low_latency/combine",
                                           "deepep_normal/dispatch", "deepep_normal/combine"};

TEST(AllToAllForm, MoreTokensAreNeverFasterAndNothingBeatsLinkAndNetwork) {
  for (const std::string_view family : kExchanges) {
    for (const double nodes : {1.0, 2.0, 8.0}) {
      double before = 0;
      for (double tokens = 1; tokens <= 131072; tokens *= 2) {
        const Shape shape = exchange(nodes, tokens, 8, 256, 24);
        const double us = time_us(all2all_form(), shape, family, h100());
        EXPECT_GE(us, before) << family << " " << nodes << " " << tokens;
        EXPECT_GE(us, all2all_form().roofline_us(shape, family, h100())) << family << " " << nodes << " " << tokens;
        before = us;
      }
    }
  }
}

TEST(AllToAllForm, FewExpertsLeaveTheReceiversOfADispatchIdle) {
  const Shape few = exchange(1, 256, 2, 8, 0);
  const Shape many = exchange(1, 256, 2, 256, 0);
  const std::string_view dispatch = "deepep_low_latency/dispatch";
  EXPECT_GT(time_us(all2all_form(), few, dispatch, h100()), 2 * time_us(all2all_form(), many, dispatch, h100()));
}

TEST(AllToAllForm, ReadsAnEmptyUnitCountAndRefusesHosts) {
  EXPECT_EQ(all2all_form().number_of("comm_sms", ""), 0);
  EXPECT_FALSE(all2all_form().number_of("hidden", ""));
  EXPECT_FALSE(all2all_form().accepts(exchange(1, 64, 8, 256, 24), kExchanges[2], l40s()));
  EXPECT_FALSE(all2all_form().accepts(exchange(1, 64, 8, 256, 0), kExchanges[2], h100()));
}

/// Measured points of a chip of nccl all-reduce.
std::vector<MeasuredPoint> points_of_chip(const PointSet& set, std::string_view family, std::string_view chip) {
  for (const PointGroup& group : set.groups) {
    if (group.family == family && group.chip->id == chip) return group.points;
  }
  return {};
}

double mean_error(const std::vector<double>& log_errors) {
  double sum = 0;
  for (const double error : log_errors) sum += std::abs(std::exp(error) - 1);
  return sum / static_cast<double>(log_errors.size());
}

/// Bandwidth transfers between generations and latency does not: one multiplier, from messages up to 4 KiB.
TEST(NcclForm, PredictsB200FromH100AndOneLatencyMultiplier) {
  if (!std::filesystem::exists(std::string(kData) + "/nccl.csv.gz")) GTEST_SKIP() << kData << "/nccl.csv.gz is absent";
  ChipFacts b200 = h100();
  b200.id = "b200-sxm";
  b200.link_Bps = 900e9;
  ChipTable chips;
  chips.add(h100(), {"h100_sxm"});
  chips.add(b200, {"b200_sxm"});
  std::vector<RowProblem> problems;
  const auto set = read_points(nccl_form(), kData, chips, problems);
  ASSERT_TRUE(set) << set.error();

  double sum = 0;
  for (const std::string_view family : {"all_reduce/half", "all_reduce/int8"}) {
    const auto known = points_of_chip(*set, family, "h100-sxm");
    Constants constants =
        fit_chip(nccl_form(), family, h100(), known, specified_priors(nccl_form(), family), FitOptions());
    EXPECT_LE(mean_error(log_errors(nccl_form(), family, h100(), known, constants)), 0.06) << family;

    const auto unknown = points_of_chip(*set, family, "b200-sxm");
    std::vector<MeasuredPoint> small;
    for (const MeasuredPoint& point : unknown) {
      if (point.shape[1] <= 4096) small.push_back(point);
    }
    auto ratios = log_errors(nccl_form(), family, b200, small, constants);
    std::nth_element(ratios.begin(), ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2), ratios.end());
    constants[0] /= std::exp(ratios[ratios.size() / 2]);
    const double error = mean_error(log_errors(nccl_form(), family, b200, unknown, constants));
    RecordProperty(std::string(family), std::to_string(error));
    sum += error / 2;
  }
  EXPECT_LE(sum, 0.08);
}

}  // namespace
}  // namespace orrery
