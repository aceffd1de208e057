#pragma once

#include <cstdint>
#include <optional>

#include "orrery/schema/entry.h"

namespace orrery {

/// How a compressed tensor codes the numbers that pruning leaves.
enum class Coding { uniform, binary };
template <>
struct EnumNames<Coding> {
  static constexpr EnumRow<Coding> kRows[] = {
      {Coding::uniform, "uniform", "integers with a 16-bit scale and a 16-bit zero point per group"},
      {Coding::binary, "binary", "planes of signs, each with a 16-bit scale per group (BCQ)"},
  };
};

/// How a compressed tensor says which numbers pruning has left.
enum class PruningMask { none, bitmap, entropy };
template <>
struct EnumNames<PruningMask> {
  static constexpr EnumRow<PruningMask> kRows[] = {
      {PruningMask::none, "none", "nothing is pruned"},
      {PruningMask::bitmap, "bitmap", "one bit per number; 2:4 patterns cost as much"},
      {PruningMask::entropy, "entropy", "a coded bitmap at its entropy"},
  };
};

/// A lossy format in which a chip keeps one kind of tensor.
struct CompressionScheme {
  Sourced<double> code_bits;
  Coding coding = Coding::uniform;
  Sourced<double> sparsity;
  PruningMask mask = PruningMask::none;
  Sourced<std::int64_t> group_size;
  Place place;
};
constexpr RecordName record_name(const CompressionScheme*) {
  return {"CompressionScheme", "A lossy format in which a chip keeps one kind of tensor"};
}
template <class Visitor>
void visit(Visitor& v, CompressionScheme& r) {
  v.required("code_bits", r.code_bits, "Of one number that is kept; with `binary`, the number of planes",
             in_range(1, 16));
  v.required("coding", r.coding, "How those bits are meant");
  v.required("sparsity", r.sparsity, "Share of the numbers that are pruned", in_range(0, 0.99));
  v.required("mask", r.mask, "How the pruned ones are marked");
  v.required("group_size", r.group_size, "Numbers that share a scale", in_range(8, 65536));
  v.place(r.place);
}

/// Bits per number of the tensor: codes, mask and scales.
/// Source: arithmetic of the format; golden values: uniform 4 bits 4.25, 3 bits with 75 % bitmap 2.00, two binary
/// planes 2.25 (groups of 128).
double bits_per_element(const CompressionScheme& scheme);

/// Products by table lookup: signs of a group of activations index sums that were built before.
struct LookupProducts {
  Sourced<std::int64_t> activations_per_table;
};
constexpr RecordName record_name(const LookupProducts*) {
  return {"LookupProducts", "Products by table lookup (LUT-GEMM) in place of decoding to dense numbers"};
}
template <class Visitor>
void visit(Visitor& v, LookupProducts& r) {
  v.required("activations_per_table", r.activations_per_table, "Activations whose sums one table holds",
             in_range(1, 12));
}

/// What the memory path of a chip compresses.
struct CompressionRecord {
  CompressionScheme weights;
  Sourced<bool> output_layer;
  std::optional<CompressionScheme> kv_cache;
  Sourced<BytesPerSecond> decoder_rate;
  std::optional<LookupProducts> lookup;
};
constexpr RecordName record_name(const CompressionRecord*) {
  return {"Compression", "Tensors that a chip keeps compressed in memory and expands on their way in"};
}
template <class Visitor>
void visit(Visitor& v, CompressionRecord& r) {
  v.required("weights", r.weights, "Of linear layers, chosen in a scenario by `weights: compressed`");
  v.required("output_layer", r.output_layer, "Whether that scheme covers the output layer too");
  v.optional("kv_cache", r.kv_cache, "Keys and values, chosen by `kv_cache: compressed`; left out where not covered");
  v.required("decoder_rate", r.decoder_rate,
             "Compressed bytes that the decoder takes in; above the memory's rate it is free",
             in_range(BytesPerSecond(1e6), BytesPerSecond(1e15)));
  v.optional("lookup", r.lookup, "Binary codes are multiplied by table; left out where they are expanded first");
}

}  // namespace orrery
