#include "orrery/model/adapter_cost.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "orrery/model/model_shape.h"

namespace orrery {
namespace {

constexpr double kHalf = 2;          // bytes of bf16
constexpr double kLaunches = 4 * 2;  // of a layer: QKV, output, gate and up, down; each shrinks and expands

/// A product of the model on one chip: what its adapter reads, and writes.
struct Adapted {
  double inputs;
  double outputs;
  double slices;  ///< products of the same inputs, each with an A of its own
};

/// Of one layer.
std::array<Adapted, 4> adapted_products(const ModelRecord& model, double ranks) {
  const auto hidden = static_cast<double>(model.hidden_size);
  const auto size = static_cast<double>(model.head_size);
  const double heads = static_cast<double>(model.query_heads) / ranks;
  const double width = static_cast<double>(model.intermediate_size) / ranks;
  const double keys = 2 * kv_heads_per_rank(model, ranks) * size;
  return {Adapted{hidden, heads * query_columns(model) + keys, 3}, Adapted{heads * size, hidden, 1},
          Adapted{hidden, 2 * width, 2}, Adapted{width, hidden, 1}};
}

StepWork work_of(const KernelCost& cost) {
  return {cost.flops.si(), cost.memory_bytes.si(), cost.link_bytes.si(), cost.dynamic_energy.si()};
}

std::int64_t to_whole_ps(Seconds time) { return std::llround(time.si() * 1e12); }

}  // namespace

Result<void> check_adapters(const ModelRecord& model) {
  const auto refuse = [&](std::string_view what) -> Result<void> {
    return failure(
        fmt::format("{} has {}: adapters are described for dense layers with plain attention", model.header.id, what));
  };
  if (model.experts) return refuse("experts");
  if (model.latent_attention) return refuse("latent attention");
  if (model.linear_attention) return refuse("linear attention");
  return {};
}

Bytes adapter_bytes_per_rank(const ModelRecord& model, std::int64_t rank, std::int64_t ranks) {
  double elements = 0;
  for (const Adapted& product : adapted_products(model, static_cast<double>(ranks))) {
    elements += product.slices * product.inputs + product.outputs;
  }
  return Bytes(kHalf * static_cast<double>(model.layers) * static_cast<double>(rank) * elements);
}

AdapterCost build_adapter_cost(const Chip& chip, const ModelRecord& model, std::int64_t rank, std::int64_t ranks) {
  const auto layers = static_cast<double>(model.layers);
  double token_elements = 0;
  double flops = 0;
  for (const Adapted& product : adapted_products(model, static_cast<double>(ranks))) {
    const double shrunk = product.slices * static_cast<double>(rank);
    // Inputs are read, outputs read and written; the shrunk ones, in fp32, are written and read.
    token_elements += product.inputs + 2 * product.outputs + 4 * shrunk;
    flops += 2 * static_cast<double>(rank) * (product.slices * product.inputs + product.outputs);
  }
  const KernelCost adapter = chip.elementwise_stream(adapter_bytes_per_rank(model, rank, ranks));
  const KernelCost token = chip.elementwise_stream(Bytes(kHalf * layers * token_elements));
  AdapterCost cost;
  cost.step_ps = to_whole_ps(layers * kLaunches * chip.elementwise(Bytes(0)).time);
  cost.adapter_ps = to_whole_ps(adapter.time);
  cost.token_ps = to_whole_ps(token.time);
  cost.adapter_work = work_of(adapter);
  cost.token_work = work_of(token);
  cost.token_work.flops += layers * flops;
  return cost;
}

}  // namespace orrery
