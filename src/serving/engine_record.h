#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "orrery/schema/entry.h"

namespace orrery {

struct EngineKind {
  static constexpr std::string_view kName = "engine";
};

/// Limits that an engine chooses on chips with less memory.
struct SmallChipLimits {
  Sourced<Bytes> below_memory;
  Sourced<std::int64_t> max_num_seqs;
  Sourced<std::int64_t> max_num_batched_tokens;
};
constexpr RecordName record_name(const SmallChipLimits*) {
  return {"SmallChipLimits", "Limits that an engine chooses on chips with less memory"};
}
template <class Visitor>
void visit(Visitor& v, SmallChipLimits& r) {
  v.required("below_memory", r.below_memory, "For chips of less capacity than this", in_range(Bytes(1e6), Bytes(1e13)));
  v.required("max_num_seqs", r.max_num_seqs, "Most requests that run at once", in_range(1, 1e6));
  v.required("max_num_batched_tokens", r.max_num_batched_tokens, "Most tokens of one step", in_range(1, 1e6));
}

/// A serving engine's rules and overheads: one release of vLLM, say.
struct EngineRecord {
  EntryHeader header;
  std::string policy;
  Sourced<std::int64_t> max_num_seqs;
  Sourced<std::int64_t> max_num_batched_tokens;
  std::optional<SmallChipLimits> small_chips;
  Sourced<std::int64_t> block_size;
  Sourced<double> gpu_memory_utilization;
  std::optional<Sourced<bool>> reserve_full_prompt;
  Sourced<bool> chunked_prefill;
  Sourced<bool> prefix_caching;
  Sourced<bool> async_scheduling;
  Sourced<std::int64_t> long_prefill_token_threshold;
  Sourced<std::int64_t> largest_captured_batch;
  Sourced<Seconds> step_overhead;
  Sourced<Seconds> request_overhead;
  Sourced<double> hidden_transfers;
  Sourced<Bytes> framework_memory;
};
constexpr RecordName record_name(const EngineRecord*) { return {"Engine", "A serving engine's rules and overheads"}; }
template <class Visitor>
void visit(Visitor& v, EngineRecord& r) {
  visit_header(v, r.header);
  v.required("policy", r.policy, "Batching policy, as `orrery list policy` prints");
  v.required("max_num_seqs", r.max_num_seqs, "Most requests that run at once", in_range(1, 1e6));
  v.required("max_num_batched_tokens", r.max_num_batched_tokens, "Most tokens of one step", in_range(1, 1e6));
  v.optional("small_chips", r.small_chips, "Other limits on chips with less memory");
  v.required("block_size", r.block_size, "Tokens of one KV block", in_range(1, 4096));
  v.required("gpu_memory_utilization", r.gpu_memory_utilization, "Share of a chip's memory that the engine takes",
             in_range(0.01, 1));
  v.optional("reserve_full_prompt", r.reserve_full_prompt,
             "Of vllm-v1: admit a request only if its whole prompt fits the free blocks");
  v.required("chunked_prefill", r.chunked_prefill,
             "Compute a prompt over several steps where the tokens of one do not suffice; without, such a prompt is "
             "rejected");
  v.required("prefix_caching", r.prefix_caching, "Keep full blocks findable by their content until they are reused");
  v.required("async_scheduling", r.async_scheduling, "Schedule a step while the one before it runs");
  v.required("long_prefill_token_threshold", r.long_prefill_token_threshold,
             "Most tokens of one request in one step; 0: no such limit", in_range(0, 1e6));
  v.required("largest_captured_batch", r.largest_captured_batch,
             "Largest batch replayed from a CUDA graph, padded up to the captured sizes; 0: none", in_range(0, 1e6));
  v.required("step_overhead", r.step_overhead, "Host time of a step that kernels do not hide",
             in_range(Seconds(0), Seconds(10)));
  v.required("request_overhead", r.request_overhead, "The same, per request of the step",
             in_range(Seconds(0), Seconds(1)));
  v.required("hidden_transfers", r.hidden_transfers,
             "Share of the time of collectives that other kernels of the step hide", in_range(0, 1));
  v.required("framework_memory", r.framework_memory, "Context, captured graphs and workspace on every chip",
             in_range(Bytes(0), Bytes(1e12)));
}

}  // namespace orrery
