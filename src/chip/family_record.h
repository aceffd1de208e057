#pragma once

#include <optional>

#include "orrery/chip/chip_record.h"

namespace orrery {

/// GEMM as one soft maximum of matrix time and memory time.
struct GemmConstants {
  Sourced<Seconds> fixed_time;
  Sourced<double> peak_fraction;
  Sourced<double> overlap_exponent;
};
constexpr RecordName record_name(const GemmConstants*) { return {"GemmConstants", "Dense matrix products in bf16"}; }
template <class Visitor>
void visit(Visitor& v, GemmConstants& r) {
  v.required("fixed_time", r.fixed_time, "Launch, prologue and tail", in_range(Seconds(0), Seconds(1e-3)));
  v.required("peak_fraction", r.peak_fraction, "Sustained share of the dense peak", in_range(0.01, 1));
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
  Sourced<Seconds> work_item_time;
};
constexpr RecordName record_name(const DecodeAttentionConstants*) {
  return {"DecodeAttentionConstants", "Attention of one new token per sequence"};
}
template <class Visitor>
void visit(Visitor& v, DecodeAttentionConstants& r) {
  v.required("fixed_time", r.fixed_time, "Per kernel", in_range(Seconds(0), Seconds(1e-3)));
  v.required("work_item_time", r.work_item_time, "Per sequence and KV head, on one compute unit",
             in_range(Seconds(0), Seconds(1e-3)));
}

/// Causal attention of a prompt, in tiles of 128 x 128 scores.
struct ContextAttentionConstants {
  Sourced<Seconds> fixed_time;
  Sourced<double> peak_fraction;
  Sourced<double> exponential_factor;
  Sourced<double> pass_efficiency;
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
  v.required("pass_efficiency", r.pass_efficiency,
             "Splitting, rotating and storing Q, K and V, as a share of what the memory gives to mixed traffic",
             in_range(0.01, 2));
  v.required("iteration_latency", r.iteration_latency, "Clocks that one tile takes at least", in_range(0, 1e6));
}

/// Attention over one compressed vector per token.
struct LatentDecodeConstants {
  Sourced<Seconds> fixed_time;
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
  Sourced<double> pass_efficiency;
};
constexpr RecordName record_name(const ElementwiseConstants*) {
  return {"ElementwiseConstants", "Norms, activations and other passes over memory"};
}
template <class Visitor>
void visit(Visitor& v, ElementwiseConstants& r) {
  v.required("fixed_time", r.fixed_time, "Per kernel", in_range(Seconds(0), Seconds(1e-3)));
  v.required("pass_efficiency", r.pass_efficiency, "Share of what the memory gives to mixed traffic",
             in_range(0.01, 2));
}

/// Energy above static power.
struct EnergyConstants {
  Sourced<JoulesPerByte> memory;
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
  v.required("bf16", r.bf16, "Per FLOP at full clock", flop);
  v.optional("fp8", r.fp8, "Per FLOP at full clock; needed with gemm_fp8", flop);
  v.optional("int8", r.int8, "Per operation at full clock; needed with gemm_int8", flop);
  v.optional("fp4", r.fp4, "Per FLOP at full clock; needed with gemm_fp4", flop);
}

/// How well the kernels of one generation of chips use their hardware.
struct FamilyRecord {
  EntryHeader header;
  Sourced<double> controller_factor;
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
  EnergyConstants energy;
};
constexpr RecordName record_name(const FamilyRecord*) {
  return {"Family", "How well the kernels of one generation of chips use their hardware"};
}
template <class Visitor>
void visit(Visitor& v, FamilyRecord& r) {
  visit_header(v, r.header);
  v.required("controller_factor", r.controller_factor,
             "What kernels that stream get, as a share of what the memory gives under row misses, turnarounds and "
             "refresh: the memory controller and the way to the units",
             in_range(0.1, 1.2));
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
  v.required("energy", r.energy, "Energy above static power");
}

/// Reports a narrow matrix product whose energy is missing.
void check_physics(const FamilyRecord& family, Diagnostics& diagnostics);

}  // namespace orrery
