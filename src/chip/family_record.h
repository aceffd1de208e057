#pragma once

#include <cstdint>
#include <optional>

#include "orrery/chip/chip_record.h"

namespace orrery {

/// GEMM as one soft maximum of matrix time and memory time.
struct GemmConstants {
  Sourced<Seconds> fixed_time;
  Sourced<double> peak_fraction;
  Sourced<double> bandwidth_fraction;
  Sourced<double> overlap_exponent;
};
constexpr RecordName record_name(const GemmConstants*) { return {"GemmConstants", "Dense matrix products in bf16"}; }
template <class Visitor>
void visit(Visitor& v, GemmConstants& r) {
  v.required("fixed_time", r.fixed_time, "Launch, prologue and tail", in_range(Seconds(0), Seconds(1e-3)));
  v.required("peak_fraction", r.peak_fraction, "Sustained share of the dense peak", in_range(0.01, 1));
  v.required("bandwidth_fraction", r.bandwidth_fraction, "Sustained share of the peak bandwidth", in_range(0.01, 1));
  v.required("overlap_exponent", r.overlap_exponent, "1: matrix and memory time add up; large: the longer one counts",
             in_range(1, 50));
}

/// What changes when both operands are narrow: the matrix rate, and a kernel that quantises the activations first.
struct QuantizedGemmConstants {
  Sourced<double> peak_fraction;
  Sourced<Seconds> quantization_time;
  Sourced<double> quantization_bytes_per_element;
};
constexpr RecordName record_name(const QuantizedGemmConstants*) {
  return {"QuantizedGemmConstants", "Matrix products with narrow weights and activations"};
}
template <class Visitor>
void visit(Visitor& v, QuantizedGemmConstants& r) {
  v.required("peak_fraction", r.peak_fraction, "Sustained share of the dense peak of that precision",
             in_range(0.01, 1));
  v.required("quantization_time", r.quantization_time, "Fixed time of quantising the activations",
             in_range(Seconds(0), Seconds(1e-3)));
  v.required("quantization_bytes_per_element", r.quantization_bytes_per_element,
             "Memory traffic per activation that would take as long as quantising it does", in_range(0, 100));
}

/// Weights narrower than the activations are expanded in the main loop.
struct WeightOnlyConstants {
  Sourced<double> weights_per_clock_per_unit;
};
constexpr RecordName record_name(const WeightOnlyConstants*) {
  return {"WeightOnlyConstants", "Matrix products that expand narrow weights"};
}
template <class Visitor>
void visit(Visitor& v, WeightOnlyConstants& r) {
  v.required("weights_per_clock_per_unit", r.weights_per_clock_per_unit, "Weights expanded per clock and compute unit",
             in_range(0.1, 1e5));
}

/// One query token per sequence over a paged cache.
struct DecodeAttentionConstants {
  Sourced<Seconds> fixed_time;
  Sourced<double> bandwidth_fraction;
  Sourced<Seconds> work_item_time;
};
constexpr RecordName record_name(const DecodeAttentionConstants*) {
  return {"DecodeAttentionConstants", "Attention of one new token per sequence"};
}
template <class Visitor>
void visit(Visitor& v, DecodeAttentionConstants& r) {
  v.required("fixed_time", r.fixed_time, "Per kernel", in_range(Seconds(0), Seconds(1e-3)));
  v.required("bandwidth_fraction", r.bandwidth_fraction, "Sustained share of the peak bandwidth", in_range(0.01, 1));
  v.required("work_item_time", r.work_item_time, "Per sequence and KV head, on one compute unit",
             in_range(Seconds(0), Seconds(1e-3)));
}

/// Causal attention of a prompt, in tiles of 128 x 128 scores.
struct ContextAttentionConstants {
  Sourced<Seconds> fixed_time;
  Sourced<double> peak_fraction;
  Sourced<double> exponential_factor;
  Sourced<double> bandwidth_fraction;
  Sourced<double> iteration_latency;
};
constexpr RecordName record_name(const ContextAttentionConstants*) {
  return {"ContextAttentionConstants", "Causal attention of a prompt"};
}
template <class Visitor>
void visit(Visitor& v, ContextAttentionConstants& r) {
  v.required("fixed_time", r.fixed_time, "Per kernel", in_range(Seconds(0), Seconds(1e-3)));
  v.required("peak_fraction", r.peak_fraction, "Share of the dense bf16 peak inside a tile", in_range(0.01, 1.2));
  v.required("exponential_factor", r.exponential_factor, "Exponentials spent per score", in_range(0, 100));
  v.required("bandwidth_fraction", r.bandwidth_fraction,
             "Share of the peak bandwidth while splitting, rotating and storing Q, K and V", in_range(0.01, 1.2));
  v.required("iteration_latency", r.iteration_latency, "Clocks that one tile takes at least", in_range(0, 1e6));
}

/// Attention over one compressed vector per token.
struct LatentDecodeConstants {
  Sourced<Seconds> fixed_time;
  Sourced<double> bandwidth_fraction;
  Sourced<double> peak_fraction;
  Sourced<Seconds> work_item_time;
  Sourced<double> overlap_exponent;
};
constexpr RecordName record_name(const LatentDecodeConstants*) {
  return {"LatentDecodeConstants", "Absorbed latent attention of one new token per sequence"};
}
template <class Visitor>
void visit(Visitor& v, LatentDecodeConstants& r) {
  v.required("fixed_time", r.fixed_time, "Per kernel", in_range(Seconds(0), Seconds(1e-3)));
  v.required("bandwidth_fraction", r.bandwidth_fraction, "Sustained share of the peak bandwidth", in_range(0.01, 1));
  v.required("peak_fraction", r.peak_fraction, "Share of the dense bf16 peak", in_range(0.01, 1.2));
  v.required("work_item_time", r.work_item_time, "Per sequence, on one compute unit",
             in_range(Seconds(0), Seconds(1e-3)));
  v.required("overlap_exponent", r.overlap_exponent, "1: matrix and memory time add up; large: the longer one counts",
             in_range(1, 50));
}
struct LatentConstants {
  LatentDecodeConstants decode;
  ContextAttentionConstants context;
};
constexpr RecordName record_name(const LatentConstants*) {
  return {"LatentConstants", "Multi-head latent attention; left out where no kernel for it was seen"};
}
template <class Visitor>
void visit(Visitor& v, LatentConstants& r) {
  v.required("decode", r.decode, "One new token per sequence");
  v.required("context", r.context, "A prompt");
}

/// Routed experts as one fused kernel.
struct ExpertsConstants {
  Sourced<Seconds> fixed_time;
  Sourced<double> peak_fraction;
  Sourced<double> bandwidth_fraction;
  Sourced<double> overlap_exponent;
  Sourced<double> row_tile;
  Sourced<Seconds> per_expert_time;
  Sourced<double> routing_factor;
};
constexpr RecordName record_name(const ExpertsConstants*) {
  return {"ExpertsConstants", "Routed experts as one fused kernel"};
}
template <class Visitor>
void visit(Visitor& v, ExpertsConstants& r) {
  v.required("fixed_time", r.fixed_time, "Per kernel", in_range(Seconds(0), Seconds(1e-3)));
  v.required("peak_fraction", r.peak_fraction, "Sustained share of the dense peak", in_range(0.01, 1));
  v.required("bandwidth_fraction", r.bandwidth_fraction, "Sustained share of the peak bandwidth", in_range(0.01, 1));
  v.required("overlap_exponent", r.overlap_exponent, "1: matrix and memory time add up; large: the longer one counts",
             in_range(1, 50));
  v.required("row_tile", r.row_tile, "Rows to which the tokens of one expert are padded", in_range(1, 1024));
  v.required("per_expert_time", r.per_expert_time, "Per expert that any token visits",
             in_range(Seconds(0), Seconds(1e-3)));
  v.required("routing_factor", r.routing_factor,
             "Passes over the tokens and their copies to route, permute and reduce them", in_range(0, 100));
}

struct ElementwiseConstants {
  Sourced<Seconds> fixed_time;
  Sourced<double> bandwidth_fraction;
};
constexpr RecordName record_name(const ElementwiseConstants*) {
  return {"ElementwiseConstants", "Norms, activations and other passes over memory"};
}
template <class Visitor>
void visit(Visitor& v, ElementwiseConstants& r) {
  v.required("fixed_time", r.fixed_time, "Per kernel", in_range(Seconds(0), Seconds(1e-3)));
  v.required("bandwidth_fraction", r.bandwidth_fraction, "Sustained share of the peak bandwidth", in_range(0.01, 1));
}

/// One way to run an all-reduce: fixed_time + rank_time x (ranks - 1) + bytes at a share of the link.
struct AllReducePath {
  Sourced<Seconds> fixed_time;
  Sourced<Seconds> rank_time;
  Sourced<double> link_fraction;
};
constexpr RecordName record_name(const AllReducePath*) { return {"AllReducePath", "One way to run an all-reduce"}; }
template <class Visitor>
void visit(Visitor& v, AllReducePath& r) {
  v.required("fixed_time", r.fixed_time, "Whatever the size", in_range(Seconds(0), Seconds(1e-2)));
  v.required("rank_time", r.rank_time, "Per rank beyond the first", in_range(Seconds(0), Seconds(1e-2)));
  v.required("link_fraction", r.link_fraction, "Sustained share of the link's bandwidth in one direction",
             in_range(0.001, 1.2));
}

/// The serving framework's own kernels for small messages.
struct CustomAllReduce {
  AllReducePath one_shot;
  AllReducePath two_shot;
  Sourced<Bytes> largest_message;
  Sourced<std::int64_t> most_ranks;
};
constexpr RecordName record_name(const CustomAllReduce*) {
  return {"CustomAllReduce", "The serving framework's own all-reduce for small messages"};
}
template <class Visitor>
void visit(Visitor& v, CustomAllReduce& r) {
  v.required("one_shot", r.one_shot, "Every rank reads all others");
  v.required("two_shot", r.two_shot, "Reduce-scatter, then all-gather");
  v.required("largest_message", r.largest_message, "Above it the library's all-reduce runs",
             in_range(Bytes(0), Bytes(1e12)));
  v.required("most_ranks", r.most_ranks, "With more ranks the library's all-reduce runs", in_range(2, 1024));
}

struct AllReduceConstants {
  AllReducePath low_latency;
  AllReducePath simple;
  Sourced<double> copy_factor;
  std::optional<CustomAllReduce> custom;
};
constexpr RecordName record_name(const AllReduceConstants*) {
  return {"AllReduceConstants", "All-reduce between the chips of one server"};
}
template <class Visitor>
void visit(Visitor& v, AllReduceConstants& r) {
  v.required("low_latency", r.low_latency, "The library's protocol for small messages");
  v.required("simple", r.simple, "The library's protocol for large messages");
  v.required("copy_factor", r.copy_factor, "Local copy and reduction under `simple`, in passes at link speed",
             in_range(0, 10));
  v.optional("custom", r.custom, "The framework's kernels; left out where it has none");
}

/// Energy above static power.
struct EnergyConstants {
  Sourced<JoulesPerByte> memory;
  Sourced<JoulesPerByte> link;
  Sourced<JoulesPerFlop> bf16;
  std::optional<Sourced<JoulesPerFlop>> fp8;
  std::optional<Sourced<JoulesPerFlop>> int8;
  std::optional<Sourced<JoulesPerFlop>> fp4;
};
constexpr RecordName record_name(const EnergyConstants*) { return {"EnergyConstants", "Energy above static power"}; }
template <class Visitor>
void visit(Visitor& v, EnergyConstants& r) {
  const Range flop = in_range(JoulesPerFlop(1e-15), JoulesPerFlop(1e-10));
  const Range byte = in_range(JoulesPerByte(0), JoulesPerByte(1e-8));
  v.required("memory", r.memory, "Per byte of memory traffic", byte);
  v.required("link", r.link, "Per byte sent to another chip", byte);
  v.required("bf16", r.bf16, "Per FLOP at full clock", flop);
  v.optional("fp8", r.fp8, "Per FLOP at full clock; needed with gemm_fp8", flop);
  v.optional("int8", r.int8, "Per operation at full clock; needed with gemm_int8", flop);
  v.optional("fp4", r.fp4, "Per FLOP at full clock; needed with gemm_fp4", flop);
}

/// How well the kernels of one generation of chips use their hardware.
struct FamilyRecord {
  EntryHeader header;
  GemmConstants gemm;
  std::optional<QuantizedGemmConstants> gemm_fp8;
  std::optional<QuantizedGemmConstants> gemm_int8;
  std::optional<QuantizedGemmConstants> gemm_fp4;
  std::optional<WeightOnlyConstants> gemm_weight_only;
  DecodeAttentionConstants attention_decode;
  ContextAttentionConstants attention_context;
  std::optional<LatentConstants> latent;
  ExpertsConstants experts;
  ElementwiseConstants elementwise;
  AllReduceConstants all_reduce;
  EnergyConstants energy;
};
constexpr RecordName record_name(const FamilyRecord*) {
  return {"Family", "How well the kernels of one generation of chips use their hardware"};
}
template <class Visitor>
void visit(Visitor& v, FamilyRecord& r) {
  visit_header(v, r.header);
  v.required("gemm", r.gemm, "Matrix products in bf16");
  v.optional("gemm_fp8", r.gemm_fp8, "fp8 weights and activations; left out where the hardware has none");
  v.optional("gemm_int8", r.gemm_int8, "int8 weights and activations; left out where no kernel was seen");
  v.optional("gemm_fp4", r.gemm_fp4, "4-bit weights and activations; left out where the hardware has none");
  v.optional("gemm_weight_only", r.gemm_weight_only, "Weights narrower than the activations");
  v.required("attention_decode", r.attention_decode, "One new token per sequence");
  v.required("attention_context", r.attention_context, "A prompt");
  v.optional("latent", r.latent, "Multi-head latent attention; left out where no kernel for it was seen");
  v.required("experts", r.experts, "Routed experts");
  v.required("elementwise", r.elementwise, "Norms and activations");
  v.required("all_reduce", r.all_reduce, "Between the chips of one server");
  v.required("energy", r.energy, "Energy above static power");
}

/// Reports a narrow matrix product whose energy is missing.
void check_physics(const FamilyRecord& family, Diagnostics& diagnostics);

}  // namespace orrery
