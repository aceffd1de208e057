#pragma once

#include <cstdint>
#include <optional>

#include "orrery/schema/entry.h"

namespace orrery {

/// Which operand stays in a systolic array while the others stream past.
enum class Dataflow { weight_stationary, output_stationary, input_stationary };
template <>
struct EnumNames<Dataflow> {
  static constexpr EnumRow<Dataflow> kRows[] = {
      {Dataflow::weight_stationary, "weight-stationary", "weights stay; a fold holds rows x columns of them"},
      {Dataflow::output_stationary, "output-stationary", "sums stay; a fold computes rows x columns of them"},
      {Dataflow::input_stationary, "input-stationary", "activations stay; a fold holds rows x columns of them"},
  };
};

/// The arrays of a chip of class systolic; `compute_units` of them.
struct SystolicArray {
  Sourced<std::int64_t> rows;
  Sourced<std::int64_t> columns;
  Dataflow dataflow = Dataflow::weight_stationary;
  Sourced<bool> double_buffered;
  Sourced<FlopsPerSecond> vector_peak;
  Place place;
};
constexpr RecordName record_name(const SystolicArray*) {
  return {"SystolicArray", "The arrays of a chip of class systolic; `compute_units` of them"};
}
template <class Visitor>
void visit(Visitor& v, SystolicArray& r) {
  v.required("rows", r.rows, "Multipliers from top to bottom", in_range(1, 65536));
  v.required("columns", r.columns, "Multipliers from left to right", in_range(1, 65536));
  v.required("dataflow", r.dataflow, "What stays in the array");
  v.required("double_buffered", r.double_buffered, "The next fold is loaded while the present one streams");
  v.required("vector_peak", r.vector_peak, "bf16 rate of the vector units, which take matrix-vector products",
             in_range(FlopsPerSecond(1e6), FlopsPerSecond(1e17)));
  v.place(r.place);
}

/// Clocks that `arrays` arrays take for `products` times C[m, n] = A[m, k] B[k, n], folds shared out among them,
/// operands at hand.
/// Single-buffered: folds x (2 rows + columns + stream - 2), fill and drain paid for every fold. Double-buffered: a
/// fold takes as long as it streams or the next one loads, folds x max(stream, rows) + 2 rows + columns - 2.
/// Source: SCALE-Sim (1d62b68), scalesim/compute/systolic_compute_{ws,os,is}.py, which counts one clock less; the
/// overlapped load as in ONNXim's weight preload (a1e8629).
/// Valid: dense layers without bank conflicts. Pre: m, n, k >= 1.
double systolic_clocks(const SystolicArray& array, double arrays, double m, double n, double k, double products = 1);

}  // namespace orrery
