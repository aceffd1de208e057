#include "orrery/serving/split_pool.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "linear_cost.h"
#include "reference_split.h"

namespace orrery {
namespace {

constexpr std::int64_t kUnset = RequestOutcomes::kUnset;

/// Steps of 1,000 ps whatever the batch, blocks of 4 tokens, a link of one byte in a picosecond, 100 bytes a token.
struct SmallCase {
  SmallCase() {
    limits.max_sequences = 8;
    limits.max_batched_tokens = 32;
    limits.block_size = 4;
    limits.usable_blocks = 32;
    limits.context_limit = 1000;
    path.capacity = BytesPerSecond(1e12);
    path.most_of_one = BytesPerSecond(1e12);
    path.set_up = SimTime(50);
    path.bytes_per_token = 100;
    path.layers = 4;
  }
  SplitOutcome run(std::size_t prefill = 1, std::size_t decode = 1) const {
    EngineLimits decode_limits = limits;
    if (decode_blocks > 0) decode_limits.usable_blocks = decode_blocks;
    const RoutingPolicy* routing = find_routing_policy("round-robin");
    const SplitSetup setup{
        {&cost, limits, prefill, routing, step_by_step}, {&cost, decode_limits, decode, routing, step_by_step}, path};
    RunControl control;
    return run_split_pool(setup, table, control);
  }
  StepCost cost = linear_cost(1000, 0, 0, 32, 8);
  EngineLimits limits;
  std::int64_t decode_blocks = 0;
  TransferPath path;
  RequestTable table;
  bool step_by_step = false;
};

using Times = std::vector<std::int64_t>;

TEST(SplitPool, V92TheDecodeEngineRecomputesTheLastPromptTokenWhenTheTransferIsOver) {
  SmallCase c;
  c.table.add(0, 8, 3);
  const SplitOutcome outcome = c.run();
  EXPECT_EQ(outcome.transfers[0].prefilled_ps, 1000);
  EXPECT_EQ(outcome.transfers[0].reserved_ps, 1000);
  EXPECT_EQ(outcome.transfers[0].received_ps, 1000 + 50 + 800);
  EXPECT_EQ(outcome.requests.first_token_ps, (Times{2850}));
  EXPECT_EQ(outcome.requests.finish_ps, (Times{4850}));
  EXPECT_EQ(outcome.asked_bytes, 800);
  EXPECT_EQ(outcome.decode.replicas[0].decode_sequence_steps, 3);
  EXPECT_EQ(outcome.decode.replicas[0].prefill_tokens, 0);
}

TEST(SplitPool, V95TheFirstTokenOfThePrefillEngineDoesNotWaitForTheTransfer) {
  SmallCase c;
  c.path.first_token = FirstToken::prefill;
  c.table.add(0, 8, 3);
  c.table.add(20'000, 8, 1);  // no answer left to compute: nothing is sent
  const SplitOutcome outcome = c.run();
  EXPECT_EQ(outcome.requests.first_token_ps, (Times{1000, 21'000}));
  EXPECT_EQ(outcome.requests.finish_ps, (Times{3850, 21'000}));
  EXPECT_EQ(outcome.sent, 1);
  EXPECT_EQ(outcome.answers.size(), 1U);
  const LogHistogram& gaps = outcome.decode.replicas[0].token_gaps;
  EXPECT_EQ(gaps.count(), 2) << "the transfer lies in the gap before the second token";
  EXPECT_EQ(gaps.largest(), 2850 - 1000);
}

TEST(SplitPool, V94TransfersShareTheLinkInEqualParts) {
  SmallCase c;
  c.table.add(0, 8, 3);
  c.table.add(0, 8, 3);
  c.table.add(0, 4, 2);
  const SplitOutcome outcome = c.run();
  // Of 800, 800 and 400 bytes from 1,050 on the small one ends after 1,200, and the others have 400 left.
  EXPECT_EQ(outcome.transfers[2].received_ps, 2250);
  EXPECT_EQ(outcome.transfers[0].received_ps, 3050);
  EXPECT_EQ(outcome.transfers[1].received_ps, 3050);
  // The large ones are noticed at the end of the step that runs (V-92).
  EXPECT_EQ(outcome.requests.first_token_ps, (Times{4250, 4250, 3250}));
  EXPECT_EQ(outcome.requests.finish_ps, (Times{6250, 6250, 4250}));
}

TEST(SplitPool, V90BlocksStayAllocatedUntilTheTransferIsAcknowledged) {
  SmallCase c;
  c.limits.usable_blocks = 2;
  c.decode_blocks = 32;
  c.table.add(0, 8, 3);
  c.table.add(0, 8, 3);
  const SplitOutcome outcome = c.run();
  EXPECT_EQ(outcome.requests.scheduled_ps, (Times{0, 1850}));
  EXPECT_TRUE(outcome.prefill.blocks_balance);
}

TEST(SplitPool, V91ATransferWaitsForBlocksOfTheDecodeEngine) {
  SmallCase c;
  c.decode_blocks = 3;
  c.table.add(0, 8, 4);
  c.table.add(0, 8, 3);
  const SplitOutcome outcome = c.run();
  EXPECT_EQ(outcome.requests.finish_ps[0], 1850 + 4000);
  EXPECT_EQ(outcome.transfers[1].reserved_ps, 1850 + 4000);
  EXPECT_EQ(outcome.transfers[1].received_ps, 1850 + 4000 + 850);
  EXPECT_EQ(outcome.requests.finish_ps[1], 1850 + 4000 + 850 + 3000);
}

TEST(SplitPool, V91RequestsThatWaitForTheirPromptHoldBlocksButNoPlaceInTheBatch) {
  SmallCase c;
  c.limits.max_sequences = 1;
  c.cost = linear_cost(1000, 0, 0, 32, 1);
  c.table.add(0, 4, 4);
  c.table.add(0, 4, 1);
  const SplitOutcome outcome = c.run();  // one prompt after the other, on the prefill engine as well
  EXPECT_EQ(outcome.transfers[0].received_ps, 1450);
  EXPECT_EQ(outcome.transfers[1].reserved_ps, 5450) << "nobody is let in while the batch is full (V-21)";
  EXPECT_EQ(outcome.requests.finish_ps, (Times{5450, 5450 + 450 + 1000}));
}

TEST(SplitPool, V94LayersThatAreSentWithThePrefillLeaveOneToWaitFor) {
  SmallCase c;
  c.path.overlap = TransferOverlap::layers;
  c.table.add(0, 8, 3);
  const SplitOutcome outcome = c.run();
  // 600 bytes from 50 on, when the prefill starts, the last 200 when the prefill is over, at 1,000.
  EXPECT_EQ(outcome.transfers[0].reserved_ps, 0);
  EXPECT_EQ(outcome.transfers[0].received_ps, 1000 + 50 + 200);
  EXPECT_EQ(outcome.requests.finish_ps, (Times{1250 + 3000}));
  c.path.capacity = BytesPerSecond(0.5e12);  // the early part takes until 1,250, and the rest follows at once
  EXPECT_EQ(c.run().transfers[0].received_ps, 50 + 1600);
}

TEST(SplitPool, ARequestThatFitsNeitherHalfIsRejectedAtOnce) {
  SmallCase c;
  c.decode_blocks = 4;
  c.limits.usable_blocks = 5;
  c.table.add(0, 21, 1);  // too long for the prefill engine
  c.table.add(0, 12, 9);  // its answer is too long for the decode engine
  c.table.add(0, 12, 2);
  const SplitOutcome outcome = c.run();
  EXPECT_EQ(outcome.requests.state,
            (std::vector{RequestState::rejected, RequestState::rejected, RequestState::completed}));
  EXPECT_EQ(outcome.requests.finish_ps[0], kUnset);
  EXPECT_EQ(outcome.answers.size(), 1U);
}

TEST(SplitPool, OnlyWhatTheDecodeEngineDoesNotHaveIsSent) {
  SmallCase c;
  c.limits.prefix_caching = true;
  const std::vector<std::uint64_t> keys = {1, 2};
  for (const std::int64_t arrival : {0, 50'000}) {
    c.table.add(arrival, 8, 2);
    c.table.add_keys(keys, 8, 4);
  }
  const SplitOutcome outcome = c.run();
  EXPECT_EQ(outcome.asked_bytes, 800 + 400) << "of 8 tokens one block is a hit: the last one is computed in any case";
  EXPECT_EQ(outcome.prefill.replicas[0].hit_tokens, 4);
  EXPECT_EQ(outcome.decode.replicas[0].hit_tokens, 4);
}

TEST(SplitPool, EachHalfIsRoutedByItsOwnPolicy) {
  SmallCase c;
  for (int i = 0; i < 6; ++i) c.table.add(i * 100, 8, 2);
  const SplitOutcome outcome = c.run(2, 3);
  EXPECT_EQ(outcome.prefill.requests.replica, (std::vector<std::uint16_t>{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(std::accumulate(outcome.decode.requests.replica.begin(), outcome.decode.requests.replica.end(), 0), 6);
}

/// Tight cases of all kinds.
struct RandomSplit {
  explicit RandomSplit(std::uint64_t seed) : random(seed) {
    const std::int64_t block_size = draw(1, 9);
    const bool prefix_caching = (seed & 1) != 0;
    for (auto* half : {&setup.prefill, &setup.decode}) {
      EngineLimits& limits = half->limits;
      limits.block_size = block_size;
      limits.max_sequences = draw(1, 8);
      limits.max_batched_tokens = limits.max_sequences + draw(0, 40);
      limits.usable_blocks = draw(6, 40);
      limits.context_limit = draw(40, 200);
      limits.reserve_full_prompt = draw(0, 1) == 1;
      limits.prefix_caching = prefix_caching && draw(0, 3) > 0;
      limits.async_scheduling = draw(0, 1) == 1;
      if (draw(0, 3) == 0) limits.long_prefill_token_threshold = draw(1, 12);
      StepCost& cost = half == &setup.prefill ? prefill_cost : decode_cost;
      cost = linear_cost(draw(1, 1000), draw(0, 50), draw(0, 9), limits.max_batched_tokens, limits.max_sequences);
      cost.decode_fixed_ps = draw(0, 30);
      cost.prefill_fixed_ps = draw(0, 20);
      half->cost = &cost;
      half->replicas = static_cast<std::size_t>(draw(1, 3));
      half->routing = find_routing_policy("round-robin");
    }
    if (draw(0, 2) == 0) speculate(setup.decode, decode_speculation);
    if (draw(0, 3) == 0) speculate(setup.prefill, prefill_speculation);
    TransferPath& path = setup.path;
    path.capacity = BytesPerSecond(static_cast<double>(draw(1, 40)) * 1e11);
    path.most_of_one = draw(0, 1) == 0 ? path.capacity : 0.3 * path.capacity;
    path.set_up = SimTime(draw(1, 500));
    path.bytes_per_token = static_cast<double>(draw(1, 300)) / 2;
    path.layers = draw(1, 5);
    path.sharing = static_cast<LinkSharing>(draw(0, 3));
    path.first_token = static_cast<FirstToken>(draw(0, 1));
    path.overlap = static_cast<TransferOverlap>(draw(0, 1));
    std::int64_t now = 0;
    for (std::int64_t i = draw(1, 40); i > 0; --i) {
      now += draw(0, 2) == 0 ? 0 : draw(0, 3000);
      table.add(now, static_cast<std::int32_t>(draw(1, 60)), static_cast<std::int32_t>(draw(1, 40)));
    }
    if (!prefix_caching) return;
    const std::int64_t tokens_per_key = draw(0, 1) == 0 ? 1 : block_size;
    const bool with_answers = draw(0, 1) == 1;
    for (std::size_t i = 0; i < table.size(); ++i) {
      const std::int64_t known = table.input_tokens[i] + (with_answers ? table.output_tokens[i] : 0);
      std::vector<std::uint64_t> keys;
      const std::int64_t tail = draw(0, 3) == 0 ? draw(0, known) : known;
      for (std::int64_t token = 0; token < known; token += tokens_per_key) {
        keys.push_back(static_cast<std::uint64_t>(token < tail ? 1 : 2 + static_cast<std::int64_t>(i)));
      }
      table.add_keys(keys, static_cast<std::int32_t>(known), static_cast<std::int32_t>(tokens_per_key));
    }
  }
  std::int64_t draw(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
  }
  /// Answers are drafted and verified by the decode engines; prefill engines compute what the drafter needs.
  void speculate(PoolSetup& half, Speculation& speculation) {
    EngineLimits& limits = half.limits;
    limits.async_scheduling = false;
    limits.draft_tokens = draw(1, 4);
    speculation.tokens = limits.draft_tokens;
    speculation.acceptance = 0.6;
    speculation.cost.rows_ps.assign(static_cast<std::size_t>(limits.max_batched_tokens) + 1, 3);
    speculation.cost.rows_work.resize(speculation.cost.rows_ps.size());
    speculation.cost.draft = linear_cost(draw(1, 50), 1, 0, limits.max_batched_tokens, limits.max_sequences);
    half.speculation = &speculation;
  }

  std::mt19937_64 random;
  StepCost prefill_cost;
  StepCost decode_cost;
  Speculation prefill_speculation;
  Speculation decode_speculation;
  SplitSetup setup;
  RequestTable table;
};

TEST(SplitPool, AgreesWithThePlainViewInClosedFormAndStepByStep) {
  std::int64_t preemptions = 0;
  std::int64_t hits = 0;
  std::int64_t waits = 0;
  for (std::uint64_t seed = 1; seed <= 6000; ++seed) {
    RandomSplit c(seed);
    ReferenceSplit reference(c.setup, c.table);
    reference.run();
    for (const bool step_by_step : {false, true}) {
      c.setup.prefill.step_by_step = step_by_step;
      RunControl control;
      const SplitOutcome outcome = run_split_pool(c.setup, c.table, control);
      std::size_t answer = 0;
      for (std::size_t i = 0; i < c.table.size(); ++i) {
        const ReferenceSplit::Request& expected = reference.requests[i];
        ASSERT_EQ(outcome.requests.state[i], expected.rejected ? RequestState::rejected : RequestState::completed)
            << seed << ' ' << i;
        ASSERT_EQ(outcome.requests.scheduled_ps[i], expected.started) << seed << ' ' << i;
        ASSERT_EQ(outcome.requests.first_token_ps[i], expected.first_token) << seed << ' ' << i;
        ASSERT_EQ(outcome.requests.finish_ps[i], expected.finish) << seed << ' ' << i;
        ASSERT_EQ(outcome.requests.preemptions[i], expected.preemptions) << seed << ' ' << i;
        if (expected.asked < 0) continue;
        const SplitOutcome::Transfer& transfer = outcome.transfers[answer++];
        ASSERT_EQ(transfer.prefilled_ps, expected.prefilled) << seed << ' ' << i;
        ASSERT_EQ(transfer.reserved_ps, expected.reserved) << seed << ' ' << i;
        ASSERT_EQ(transfer.received_ps, expected.received) << seed << ' ' << i;
        waits += transfer.reserved_ps > transfer.prefilled_ps;
        preemptions += expected.preemptions;
      }
      ASSERT_EQ(answer, outcome.transfers.size()) << seed;
      ASSERT_TRUE(outcome.prefill.blocks_balance && outcome.decode.blocks_balance) << seed;
      for (const auto& [replicas, engines] : {std::pair{&outcome.prefill.replicas, &reference.prefill},
                                              std::pair{&outcome.decode.replicas, &reference.decode}}) {
        for (std::size_t i = 0; i < replicas->size(); ++i) {
          ASSERT_EQ((*replicas)[i].hit_tokens, (*engines)[i].scheduler.hit_tokens) << seed;
          ASSERT_EQ((*replicas)[i].evicted_blocks, (*engines)[i].scheduler.evictions()) << seed;
          ASSERT_EQ((*replicas)[i].recomputed_tokens, (*engines)[i].scheduler.recomputed) << seed;
          ASSERT_EQ((*replicas)[i].steps, static_cast<std::int64_t>((*engines)[i].scheduler.steps.size())) << seed;
          hits += (*replicas)[i].hit_tokens;
        }
      }
    }
  }
  EXPECT_GT(preemptions, 10'000) << "the cases must be tight enough to matter";
  EXPECT_GT(hits, 100'000);
  EXPECT_GT(waits, 10'000);
}

TEST(SplitPool, ConservesTokensRequestsAndBytes) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const RandomSplit c(seed);
    RunControl control;
    const SplitOutcome outcome = run_split_pool(c.setup, c.table, control);
    std::int64_t answers = 0;
    std::int64_t completed = 0;
    for (std::size_t i = 0; i < outcome.answers.size(); ++i) answers += outcome.answers.output_tokens[i];
    for (const RequestState state : outcome.requests.state) completed += state == RequestState::completed;
    std::int64_t generated = 0;
    for (const ReplicaTotals& totals : outcome.decode.replicas) generated += totals.generated_tokens;
    ASSERT_EQ(generated, answers) << seed;
    generated = 0;
    for (const ReplicaTotals& totals : outcome.prefill.replicas) generated += totals.generated_tokens;
    ASSERT_EQ(generated, completed) << seed;
    ASSERT_EQ(outcome.ended_bytes, static_cast<double>(outcome.asked_bytes)) << seed;
    ASSERT_NEAR(outcome.flowed_bytes, outcome.ended_bytes,
                1e-9 * outcome.ended_bytes + static_cast<double>(outcome.sent) * 400);
    ASSERT_GE(static_cast<double>(outcome.link_busy_ps) * c.setup.path.capacity.si() * 1e-12,
              outcome.ended_bytes * (1 - 1e-9))
        << seed;
  }
}

TEST(SplitPool, AFasterLinkNeverDelaysALonelyRequest) {
  SmallCase c;
  c.table.add(0, 30, 5);
  std::int64_t before = INT64_MAX;
  for (const double rate : {1e11, 3e11, 1e12, 1e13, 1e15}) {
    c.path.capacity = c.path.most_of_one = BytesPerSecond(rate);
    const std::int64_t finish = c.run().requests.finish_ps[0];
    EXPECT_LT(finish, before);
    before = finish;
  }
}

TEST(SplitPool, AStoppedRunKeepsWhatIsDoneAndSaysSo) {
  SmallCase c;
  for (int i = 0; i < 5000; ++i) c.table.add(i * 1000, 8, 4);
  RunControl control;
  control.stop();
  const RoutingPolicy* routing = find_routing_policy("join-shortest-queue");
  const SplitSetup setup{{&c.cost, c.limits, 2, routing, false}, {&c.cost, c.limits, 2, routing, false}, c.path};
  const SplitOutcome outcome = run_split_pool(setup, c.table, control);
  EXPECT_TRUE(outcome.prefill.stopped);
  EXPECT_EQ(outcome.requests.state.front(), RequestState::completed);
  EXPECT_EQ(outcome.requests.state.back(), RequestState::unfinished);
}

}  // namespace
}  // namespace orrery
