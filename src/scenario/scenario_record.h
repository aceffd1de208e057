#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/chip/precision.h"
#include "orrery/chip/server_record.h"
#include "orrery/model/model_record.h"
#include "orrery/scenario/site_record.h"
#include "orrery/scenario/user_path_record.h"
#include "orrery/scenario/workload_record.h"
#include "orrery/serving/engine_record.h"
#include "orrery/serving/kv_exchange.h"

namespace orrery {

struct ModelOrConfigKind {
  static constexpr std::string_view kName = "model or config.json";
};

/// Number formats of one deployment.
struct PrecisionRecord {
  Precision weights = Precision::bf16;
  std::optional<Precision> experts;
  Precision activations = Precision::bf16;
  Precision kv_cache = Precision::bf16;
};
constexpr RecordName record_name(const PrecisionRecord*) {
  return {"PrecisionChoice", "Number formats of one deployment"};
}
template <class Visitor>
void visit(Visitor& v, PrecisionRecord& r) {
  v.required("weights", r.weights, "Linear layers; embedding and LM head stay bf16");
  v.optional("experts", r.experts, "Routed experts, where they differ from `weights`");
  v.required("activations", r.activations, "Inputs of the linear layers");
  v.required("kv_cache", r.kv_cache, "Cached keys and values");
}

/// A model of its own that drafts, on the same chips.
struct DraftModelRecord {
  Reference<ModelKind> model;
  PrecisionRecord precision;
};
constexpr RecordName record_name(const DraftModelRecord*) {
  return {"DraftModel", "A model of its own that drafts, on the same chips"};
}
template <class Visitor>
void visit(Visitor& v, DraftModelRecord& r) {
  v.required("model", r.model, "Which, of the same vocabulary");
  v.required("precision", r.precision, "Its number formats");
}

/// Drafts that the model verifies several at a time.
struct SpeculationRecord {
  std::int64_t tokens = 0;
  double acceptance = 0;
  std::optional<DraftModelRecord> draft_model;
  std::optional<std::int64_t> head_layers;
  Place place;
};
constexpr RecordName record_name(const SpeculationRecord*) {
  return {"Speculation", "Drafts that the model verifies several at a time, from a draft model or a head of its own"};
}
template <class Visitor>
void visit(Visitor& v, SpeculationRecord& r) {
  v.required("tokens", r.tokens, "Drafts of a sequence in a step", in_range(1, 64));
  v.required("acceptance", r.acceptance, "Chance that a draft is taken where those before it were", in_range(0, 1));
  v.optional("draft_model", r.draft_model, "Who drafts: another model");
  v.optional("head_layers", r.head_layers,
             "Who drafts: so many more layers of the model's own kind under its LM head, as MTP and EAGLE have",
             in_range(1, 1000));
  v.place(r.place);
}

/// Low-rank adapters that the engine serves beside the model.
struct LoraRecord {
  std::int64_t max_loras = 0;
  std::int64_t rank = 0;
  Place place;
};
constexpr RecordName record_name(const LoraRecord*) {
  return {"Lora", "Low-rank adapters that the engine serves beside the model"};
}
template <class Visitor>
void visit(Visitor& v, LoraRecord& r) {
  v.required("max_loras", r.max_loras, "Most distinct adapters of a step; memory is set aside for so many",
             in_range(1, 10000));
  v.required("rank", r.rank, "Of every adapter, on all linear layers", in_range(1, 4096));
  v.place(r.place);
}

/// Which requests an engine serves first, and which it takes back first.
enum class Scheduling { fcfs, priority };
template <>
struct EnumNames<Scheduling> {
  static constexpr EnumRow<Scheduling> kRows[] = {
      {Scheduling::fcfs, "fcfs", "first come, first served; the youngest that runs is taken back"},
      {Scheduling::priority, "priority",
       "those of the lowest number first, and of equal ones the earlier; the last in this order is taken back"},
  };
};

/// What to change of the engine's own settings.
struct EngineSettings {
  std::optional<std::int64_t> max_num_seqs;
  std::optional<std::int64_t> max_num_batched_tokens;
  std::optional<std::int64_t> max_model_len;
  std::optional<double> gpu_memory_utilization;
  std::optional<std::int64_t> kv_blocks;
  std::optional<bool> chunked_prefill;
  std::optional<bool> prefix_caching;
  std::optional<bool> async_scheduling;
  std::optional<std::int64_t> long_prefill_token_threshold;
  std::optional<Scheduling> scheduling;
  std::optional<SpeculationRecord> speculation;
  std::optional<LoraRecord> lora;
};
constexpr RecordName record_name(const EngineSettings*) {
  return {"EngineSettings", "What to change of the engine's own settings"};
}
template <class Visitor>
void visit(Visitor& v, EngineSettings& r) {
  v.optional("max_num_seqs", r.max_num_seqs, "Most requests that run at once", in_range(1, 1e6));
  v.optional("max_num_batched_tokens", r.max_num_batched_tokens, "Most tokens of one step", in_range(1, 1e6));
  v.optional("max_model_len", r.max_model_len, "Longest prompt plus answer; the model's own limit when absent",
             in_range(1, 1e9));
  v.optional("gpu_memory_utilization", r.gpu_memory_utilization, "Share of a chip's memory that the engine takes",
             in_range(0.01, 1));
  v.optional("kv_blocks", r.kv_blocks, "KV blocks as a real engine reported them, in place of the prediction",
             in_range(2, 1e10));
  v.optional("chunked_prefill", r.chunked_prefill, "Compute a prompt over several steps where one does not suffice");
  v.optional("prefix_caching", r.prefix_caching, "Keep full blocks findable by their content until they are reused");
  v.optional("async_scheduling", r.async_scheduling, "Schedule a step while the one before it runs");
  v.optional("long_prefill_token_threshold", r.long_prefill_token_threshold,
             "Most tokens of one request in one step; 0: no such limit", in_range(0, 1e6));
  v.optional("scheduling", r.scheduling, "Whom the engine serves first; fcfs when absent, as vLLM");
  v.optional("speculation", r.speculation, "Speculative decoding; none when absent");
  v.optional("lora", r.lora, "Adapters of the requests; none when absent");
}

enum class Ownership { rented, owned };
template <>
struct EnumNames<Ownership> {
  static constexpr EnumRow<Ownership> kRows[] = {
      {Ownership::rented, "rented", "the server's price per hour, electricity included"},
      {Ownership::owned, "owned", "the capital price over the lifetime, and electricity"},
  };
};

/// Another pool computes the prompts of this one, whose engines only generate: disaggregated prefill and decode.
struct PrefilledBy {
  std::string pool;
  Reference<LinkKind> link;
  std::int64_t links = 0;
  LinkSharing shared_by = LinkSharing::sender;
  FirstToken first_token = FirstToken::prefill;
  TransferOverlap overlap = TransferOverlap::none;
  Place place;
};
constexpr RecordName record_name(const PrefilledBy*) {
  return {"PrefilledBy", "Another pool computes the prompts of this one: disaggregated prefill and decode"};
}
template <class Visitor>
void visit(Visitor& v, PrefilledBy& r) {
  v.required("pool", r.pool, "Which; no service goes to it");
  v.required("link", r.link, "What carries keys and values; of reach network unless both servers are joined by it");
  v.required("links", r.links, "How many of them side by side make up what transfers share, one for a chip",
             in_range(1, 1e6));
  v.required("shared_by", r.shared_by, "Which transfers share these links");
  v.required("first_token", r.first_token, "Who hands the first token to the user");
  v.required("overlap", r.overlap, "What is sent while the prompt is computed");
  v.place(r.place);
}

/// Servers of one kind that serve one model.
struct PoolRecord {
  Reference<SiteKind> site;
  Reference<ServerKind> server;
  std::int64_t servers = 0;
  std::optional<Reference<ChipKind>> chip;
  Reference<ModelOrConfigKind> model;
  PrecisionRecord precision;
  std::int64_t tensor_parallel = 0;
  std::optional<std::int64_t> pipeline_parallel;
  std::optional<std::int64_t> data_parallel;
  std::optional<std::int64_t> expert_parallel;
  std::optional<double> expert_skew;
  std::optional<Reference<LinkKind>> network;
  Reference<EngineKind> engine;
  std::optional<EngineSettings> engine_settings;
  std::optional<PrefilledBy> prefilled_by;
  std::string routing;
  Ownership ownership = Ownership::rented;
  std::optional<Seconds> lifetime;
  Place place;
};
constexpr RecordName record_name(const PoolRecord*) { return {"Pool", "Servers of one kind that serve one model"}; }
template <class Visitor>
void visit(Visitor& v, PoolRecord& r) {
  v.required("site", r.site, "Where they stand");
  v.required("server", r.server, "Which servers");
  v.required("servers", r.servers, "How many", in_range(1, 1e5));
  v.optional("chip", r.chip, "Chip in place of the servers' own; their host, link and price stay");
  v.required("model", r.model, "Id of a model, or the path of a Hugging Face config.json");
  v.required("precision", r.precision, "Number formats");
  v.required("tensor_parallel", r.tensor_parallel,
             "Chips that share every layer; one replica, where none of the three keys below is given",
             in_range(1, 1024));
  v.optional("pipeline_parallel", r.pipeline_parallel,
             "Stages that an engine's layers are cut into; as many groups of requests pass them in turn; 1 when absent",
             in_range(1, 1024));
  v.optional("data_parallel", r.data_parallel,
             "Groups of an engine that attend to requests of their own and share its experts; 1 when absent",
             in_range(1, 1024));
  v.optional("expert_parallel", r.expert_parallel,
             "Chips that experts are spread over, of tensor_parallel x data_parallel; experts are cut over the rest; 1 "
             "when absent",
             in_range(1, 1024));
  v.optional("expert_skew", r.expert_skew,
             "Experts have popularities x of density x^-skew. 0: each token chooses at random; 1.2 when absent, as the "
             "measured tables draw served traffic; towards 2, a few experts are ever more loaded",
             in_range(0, 2));
  v.optional("network", r.network, "Link between servers, for engines that span them");
  v.required("engine", r.engine, "Serving engine");
  v.optional("engine_settings", r.engine_settings, "Changes to the engine's settings");
  v.optional("prefilled_by", r.prefilled_by, "Another pool computes the prompts; this one only generates");
  v.required("routing", r.routing, "Routing policy, as `orrery list policy` prints");
  v.required("ownership", r.ownership, "How the servers are paid for");
  v.optional("lifetime", r.lifetime, "Of an owned server, as in 4 years", in_range(Seconds(86400), Seconds(9.5e8)));
  v.place(r.place);
}

/// Latency targets; a percentile of the requests must stay at or below.
struct SloRecord {
  std::optional<Seconds> ttft_p50, ttft_p95, ttft_p99;
  std::optional<Seconds> tpot_p50, tpot_p95, tpot_p99;
  std::optional<Seconds> e2e_p50, e2e_p95, e2e_p99;
};
constexpr RecordName record_name(const SloRecord*) {
  return {"Slo", "Latency targets: a percentile must stay at or below"};
}
template <class Visitor>
void visit(Visitor& v, SloRecord& r) {
  const Range range = in_range(Seconds(1e-9), Seconds(1e6));
  v.optional("ttft_p50", r.ttft_p50, "Arrival to first token, median", range);
  v.optional("ttft_p95", r.ttft_p95, "Arrival to first token", range);
  v.optional("ttft_p99", r.ttft_p99, "Arrival to first token", range);
  v.optional("tpot_p50", r.tpot_p50, "Mean time per token after the first, median request", range);
  v.optional("tpot_p95", r.tpot_p95, "Mean time per token after the first", range);
  v.optional("tpot_p99", r.tpot_p99, "Mean time per token after the first", range);
  v.optional("e2e_p50", r.e2e_p50, "Arrival to last token, median", range);
  v.optional("e2e_p95", r.e2e_p95, "Arrival to last token", range);
  v.optional("e2e_p99", r.e2e_p99, "Arrival to last token", range);
}

/// Every request of a service asks for one of so many adapters.
struct AdaptersRecord {
  std::int64_t count = 0;
  double zipf_exponent = 0;
};
constexpr RecordName record_name(const AdaptersRecord*) {
  return {"Adapters", "Every request of a service asks for one of so many adapters"};
}
template <class Visitor>
void visit(Visitor& v, AdaptersRecord& r) {
  v.required("count", r.count, "How many there are", in_range(1, 1e6));
  v.required("zipf_exponent", r.zipf_exponent,
             "The i-th is asked for in proportion to 1 / i to this power; 0: all alike", in_range(0, 10));
}

/// Requests of one kind that go to one pool.
struct ServiceRecord {
  std::string pool;
  WorkloadRecord workload;
  std::optional<SloRecord> slo;
  std::optional<Seconds> patience;
  std::optional<AdaptersRecord> adapters;
  std::optional<std::int64_t> priority;
  std::optional<UserPathRecord> path;
  Place place;
};
constexpr RecordName record_name(const ServiceRecord*) {
  return {"Service", "Requests of one kind that go to one pool"};
}
template <class Visitor>
void visit(Visitor& v, ServiceRecord& r) {
  v.required("pool", r.pool, "Which pool serves it");
  v.required("workload", r.workload, "Its requests");
  v.optional("slo", r.slo, "Latency targets");
  v.optional("patience", r.patience,
             "How long a client waits for its whole answer before it gives up, as in 300 s; for ever when absent",
             in_range(Seconds(1e-3), Seconds(1e6)));
  v.optional("adapters", r.adapters, "Adapters that its requests ask for; of a pool with engine_settings.lora");
  v.optional("priority", r.priority,
             "Requests of lower numbers are served first, in a pool with engine_settings.scheduling: priority; 0 when "
             "absent",
             in_range(-1e6, 1e6));
  v.optional("path", r.path,
             "The network between its users and the pool; latency targets then count at the user. None when absent");
  v.place(r.place);
}

/// One question: a system and its users, described in one file.
struct ScenarioRecord {
  std::string scenario;
  std::optional<std::string> description;
  std::uint64_t seed = 0;
  std::vector<Named<PoolRecord>> pools;
  std::vector<Named<ServiceRecord>> services;
  Place place;
};
constexpr RecordName record_name(const ScenarioRecord*) { return {"Scenario", "One question: a system and its users"}; }
template <class Visitor>
void visit(Visitor& v, ScenarioRecord& r) {
  v.required("scenario", r.scenario, "Short name");
  v.optional("description", r.description, "What is asked");
  v.required("seed", r.seed, "Of all random draws; equal seed, equal result");
  v.required("pools", r.pools, "Servers, by a name of your choice");
  v.required("services", r.services, "Requests, by a name of your choice");
  v.place(r.place);
}

}  // namespace orrery
