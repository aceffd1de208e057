#pragma once

#include "orrery/scenario/results.h"

namespace orrery {

/// The results of a small run, made up by hand: round figures that are easy to recognise.
inline Results example_results() {
  Results r;
  r.scenario = "two-chats";
  r.description = "How long does a user wait?\nSecond line, not shown.";
  r.seed = 7;
  r.simulated_s = 3600;
  r.wall_s = 0.05;
  r.cpu_s = 0.04;
  r.requests = {1000, 990, 10, 0, 0};
  const Distribution ttft{990, 0.2, 0.15, 0.3, 0.45, 0.9, 2.5};
  r.latency.ttft = ttft;
  r.latency.ttft_queued = {990, 0.18, 0.14, 0.28, 0.4, 0.8, 2.25};
  r.latency.tpot = {900, 0.02, 0.019, 0.025, 0.03, 0.04, 0.05};
  r.latency.e2e = {990, 4, 3.5, 7, 9, 15, 40};
  r.latency.queue = {990, 0.0005, 0.00025, 0.001, 0.002, 0.01, 0.125};
  r.itl = {98010, 0.02, 0.018, 0.026, 0.032, 0.045, 0.5};
  r.input_tokens = 990000;
  r.output_tokens = 99000;
  r.it_energy_J = 1.8e6;
  r.energy_J = 2.25e6;
  r.cost_usd = 4.95;
  r.carbon_g = 269.1;

  ServiceResult chat;
  chat.name = "chat";
  chat.pool = "main";
  chat.workload = "trace conversation.csv.gz (azure-csv)";
  chat.requests = r.requests;
  chat.skipped_rows = 3;
  chat.latency = r.latency;
  chat.input_tokens = r.input_tokens;
  chat.output_tokens = r.output_tokens;
  chat.slo = {{"ttft_p95", 1.0, 0.45, true}, {"tpot_p99", 0.035, 0.04, false}};
  chat.goodput_share = 0.955;
  r.services.push_back(chat);

  PoolResult pool;
  pool.name = "main";
  pool.site = "korea";
  pool.server = "h100-sxm-x8";
  pool.chip = "h100-sxm";
  pool.model = "llama-3.1-70b";
  pool.servers = 2;
  pool.replicas = 4;
  pool.chips = 16;
  pool.requests = r.requests;
  pool.itl = r.itl;
  pool.steps = 123456;
  pool.preemptions = 2;
  pool.recomputed_tokens = 2048;
  pool.generated_tokens = 99000;
  pool.mean_batch = 8.25;
  pool.busy_share = 0.5;
  pool.compute_utilisation = 0.125;
  pool.bandwidth_utilisation = 0.625;
  pool.kv_mean = 0.25;
  pool.kv_peak = 0.99;
  pool.kv_blocks = 20000;
  pool.weight_bytes_per_chip = 3.5e10;
  pool.kv_bytes_per_token = 81920;
  pool.it_energy_J = r.it_energy_J;
  pool.facility_energy_J = r.energy_J;
  pool.mean_chip_power_W = 350;
  pool.cost_usd = r.cost_usd;
  pool.carbon_g = r.carbon_g;
  r.pools.push_back(pool);

  r.provenance.weakest = Status::assumed;
  r.provenance.items = {{"chip/h100-sxm.memory.bandwidth", Status::datasheet},
                        {"server/h100-sxm-x8.price", Status::measured},
                        {"site/korea.power_usage_effectiveness", Status::assumed}};

  Results::ServiceRequests log{RequestTable(), RequestOutcomes(3)};
  log.table.add(0, 100, 10);
  log.table.add(1'000'000'000'001, 200, 1);
  log.table.add(61'234'567'890'123, 300000, 5);
  log.outcomes.queued_ps = {0, 1'000'500'000'000, -1};
  log.outcomes.scheduled_ps = {0, 1'000'500'000'000, -1};
  log.outcomes.first_token_ps = {50'000'000'000, 1'100'000'000'000, -1};
  log.outcomes.finish_ps = {230'000'000'000, 1'100'000'000'000, -1};
  log.outcomes.preemptions = {0, 2, 0};
  log.outcomes.replica = {0, 3, 1};
  log.outcomes.state = {RequestState::completed, RequestState::completed, RequestState::rejected};
  r.request_log.push_back(std::move(log));
  return r;
}

/// The same with a drafter.
inline Results example_with_drafts() {
  Results r = example_results();
  r.pools[0].speculation = SpeculationResult{.draft = "llama-3.1-8b",
                                             .tokens = 4,
                                             .drafted = 160000,
                                             .accepted = 60000,
                                             .verifications = 40000,
                                             .tokens_per_verification = 2.5};
  return r;
}

/// The same where another pool computes the prompts.
inline Results example_of_split_pools() {
  Results r = example_results();
  PoolResult prompts = r.pools[0];
  prompts.name = "prompts";
  prompts.facility_energy_J = 0.75e6;
  prompts.cost_usd = 1.65;
  prompts.generated_tokens = 990;
  r.pools[0].generated_tokens = 98010;
  r.pools[0].hit_tokens = 5000;
  r.pools[0].transfers = TransferResult{.from = "prompts",
                                        .link = "infiniband-ndr400",
                                        .links = 4,
                                        .shared_by = LinkSharing::sender,
                                        .first_token = FirstToken::prefill,
                                        .overlap = TransferOverlap::layers,
                                        .transfers = 980,
                                        .tokens = 980000,
                                        .bytes = 3.2e11,
                                        .blocks = {980, 0.001, 0, 0.002, 0.003, 0.004, 0.005},
                                        .transfer = {980, 0.01, 0.009, 0.02, 0.03, 0.04, 0.05},
                                        .resume = {980, 0.02, 0.018, 0.021, 0.022, 0.023, 0.024},
                                        .link_utilisation = 0.125,
                                        .energy_J = 96};
  r.pools.push_back(prompts);
  return r;
}

}  // namespace orrery
