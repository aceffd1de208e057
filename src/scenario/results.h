#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/model/engine_layout.h"
#include "orrery/schema/entry.h"
#include "orrery/serving/kv_exchange.h"
#include "orrery/serving/pool.h"

namespace orrery {

/// A sample of durations, in seconds. Percentiles interpolate linearly between order statistics;
/// above a million samples, and for `itl`, they come from bins of at most 1/128 width.
struct Distribution {
  std::int64_t count = 0;
  double mean = 0, p50 = 0, p90 = 0, p95 = 0, p99 = 0, max = 0;
};

/// Definitions: docs/METRICS.md.
struct LatencySummary {
  Distribution ttft;         ///< arrival to first token
  Distribution ttft_queued;  ///< the engine takes the request up, to first token
  Distribution tpot;         ///< per request, of requests with two tokens or more
  Distribution e2e;          ///< arrival to last token
  Distribution queue;        ///< arrival to the start of the first step
  Distribution user_ttft;    ///< of services with a path: sent by the user to first token at the user
  Distribution user_e2e;     ///< the same, to the last token
};

struct RequestCounts {
  std::int64_t arrived = 0;
  std::int64_t completed = 0;
  std::int64_t rejected = 0;    ///< too long for the context or the KV cache
  std::int64_t failed = 0;      ///< their clients gave up
  std::int64_t unfinished = 0;  ///< of an interrupted run

  /// Those whose fate is known: goodput is a share of them.
  std::int64_t decided() const { return completed + rejected + failed; }
};

/// One latency target and what came of it.
struct SloResult {
  std::string metric;  ///< "ttft_p95"
  double target_s = 0;
  double value_s = 0;
  bool met = false;
};

/// What the network between users and a pool did; means over all requests that were sent.
struct PathResult {
  std::string name;
  double wake_up_s = 0, connection_s = 0, upload_s = 0, access_s = 0, core_s = 0, wan_s = 0, sleep_s = 0;
  double bytes = 0;     ///< of requests and of answers, one packet a token
  double energy_J = 0;  ///< of all links; no part of the pool's
  double cost_usd = 0;  ///< between regions; no part of the pool's

  double total_s() const { return wake_up_s + connection_s + upload_s + access_s + core_s + wan_s + sleep_s; }
};

struct ServiceResult {
  std::string name;
  std::string pool;
  std::string workload;  ///< "trace azure-2023-conv.csv.gz (azure-csv)" or "profile azure-2023-conversation"
  RequestCounts requests;
  std::int64_t skipped_rows = 0;  ///< of the trace, with --skip-bad-rows
  LatencySummary latency;
  std::optional<PathResult> path;
  std::int64_t input_tokens = 0;  ///< of completed requests
  std::int64_t output_tokens = 0;
  std::vector<SloResult> slo;
  /// Share of completed and failed requests that stay within every target themselves; a failed one does not. 1 without
  /// targets.
  double goodput_share = 1;
};

/// How prompts came to a pool from the one that computed them. The three waits lie one after the other between the
/// end of a prefill and the first step of the decode engine.
struct TransferResult {
  std::string from;  ///< the other pool
  std::string link;
  std::int64_t links = 0;  ///< side by side in one shared path
  LinkSharing shared_by = LinkSharing::sender;
  FirstToken first_token = FirstToken::prefill;
  TransferOverlap overlap = TransferOverlap::none;
  std::int64_t transfers = 0;  ///< with at least one byte
  std::int64_t tokens = 0;
  double bytes = 0;
  Distribution blocks;          ///< the prompt is computed, the decode engine has no blocks for it
  Distribution transfer;        ///< it has, and keys and values are on their way
  Distribution resume;          ///< they are there; until the first step that uses them starts
  double link_utilisation = 0;  ///< bytes over what the links could carry, over the whole run
  double energy_J = 0;          ///< of the bytes; part of the energy of the pool that sends them
};

/// What adapters the steps of a pool served.
struct AdapterResult {
  std::int64_t most_per_step = 0;
  double mean_per_step = 0;  ///< distinct ones
};

/// What speculative decoding has made of its drafts.
struct SpeculationResult {
  std::string draft;  ///< who drafts
  std::int64_t tokens = 0;
  std::int64_t drafted = 0;
  std::int64_t accepted = 0;
  std::int64_t verifications = 0;      ///< sequences of steps with drafts
  double tokens_per_verification = 0;  ///< the one that comes for certain included
};

struct PoolResult {
  std::string name;
  std::string site;
  std::string server;
  std::string chip;
  std::string model;
  std::int64_t servers = 0;
  std::int64_t replicas = 0;  ///< lanes of all engines
  EngineLayout layout;
  bool has_other_chip = false;  ///< than its servers have of their own
  std::int64_t chips = 0;
  RequestCounts requests;
  Distribution itl;  ///< every gap between successive tokens of every request
  std::int64_t steps = 0;
  std::int64_t preemptions = 0;
  std::int64_t recomputed_tokens = 0;
  std::int64_t hit_tokens = 0;      ///< of prompts, found in the prefix cache at their first admission
  std::int64_t evicted_blocks = 0;  ///< cached KV blocks that were handed out again
  std::int64_t generated_tokens = 0;
  std::int64_t failed_tokens = 0;    ///< of these, tokens of requests whose clients gave up
  double mean_batch = 0;             ///< sequences per step
  double busy_share = 0;             ///< of the replicas' time
  double compute_utilisation = 0;    ///< FLOPs done over dense peak, while busy
  double bandwidth_utilisation = 0;  ///< memory bytes moved over peak, while busy
  double kv_mean = 0;                ///< computed tokens over capacity, mean over steps
  double kv_peak = 0;                ///< blocks in use over all, largest
  std::int64_t kv_blocks = 0;        ///< per replica
  double weight_bytes_per_chip = 0;
  double kv_bytes_per_token = 0;  ///< per chip
  double it_energy_J = 0;         ///< chips and hosts
  double facility_energy_J = 0;   ///< with the site's overhead
  double mean_chip_power_W = 0;
  double cost_usd = 0;
  double carbon_g = 0;
  std::optional<AdapterResult> adapters;
  std::optional<SpeculationResult> speculation;
  std::optional<TransferResult> transfers;  ///< of a pool whose prompts another one computes
};

/// Which statuses a result rests on.
struct Provenance {
  Status weakest = Status::measured;
  std::vector<ProvenanceItem> items;  ///< every sourced quantity of every entry used
};

struct Results {
  std::string scenario;
  std::string description;
  std::uint64_t seed = 0;
  bool complete = true;  ///< false: interrupted
  double simulated_s = 0;
  double wall_s = 0;
  double cpu_s = 0;
  RequestCounts requests;
  LatencySummary latency;
  Distribution itl;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double it_energy_J = 0;
  double energy_J = 0;  ///< at the facility's meter
  double cost_usd = 0;
  double carbon_g = 0;
  std::vector<ServiceResult> services;
  std::vector<PoolResult> pools;
  Provenance provenance;
  /// Conservation laws that do not hold: our bug. Empty in every good run.
  std::vector<std::string> broken_laws;

  /// Per request, for --requests-out and the store; one block per service, in the order of services.
  struct ServiceRequests {
    RequestTable table;
    RequestOutcomes outcomes;
  };
  std::vector<ServiceRequests> request_log;

  bool all_slo_met() const {
    for (const auto& service : services) {
      for (const auto& slo : service.slo) {
        if (!slo.met) return false;
      }
    }
    return true;
  }
};

}  // namespace orrery
