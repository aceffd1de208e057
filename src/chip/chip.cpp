#include "orrery/chip/chip.h"

#include <fmt/format.h>

#include <algorithm>

#include "orrery/chip/kernel_time.h"

namespace orrery {
namespace {

constexpr double kBitsPerByte = 8;

constexpr std::size_t index_of(MathPrecision precision) { return static_cast<std::size_t>(precision); }

constexpr std::string_view name_of(MathPrecision precision) {
  constexpr std::string_view kNames[] = {"bf16", "fp8", "int8", "fp4"};
  return kNames[index_of(precision)];
}

}  // namespace

std::optional<MathPrecision> math_precision(Precision weights, Precision activations) {
  const bool is_4_bit = weights == Precision::int4 || weights == Precision::nvfp4 || weights == Precision::mxfp4;
  const bool is_compressed = weights == Precision::compressed;
  switch (activations) {
    case Precision::bf16:
    case Precision::fp16:
      return MathPrecision::bf16;
    case Precision::fp8:
      if (weights == Precision::fp8 || is_4_bit || is_compressed) return MathPrecision::fp8;
      return std::nullopt;
    case Precision::fp8_block:
      if (weights == Precision::fp8_block) return MathPrecision::fp8;
      return std::nullopt;
    case Precision::int8:
      if (weights == Precision::int8 || weights == Precision::int4 || is_compressed) return MathPrecision::int8;
      return std::nullopt;
    case Precision::nvfp4:
    case Precision::mxfp4:
      if (weights == activations) return MathPrecision::fp4;
      return std::nullopt;
    case Precision::int4:
    case Precision::compressed:
      return std::nullopt;
  }
  return std::nullopt;
}

Chip::Chip(const ChipRecord& chip, const FamilyRecord& family, std::optional<LinkRecord> link,
           const AchievableShares& shares)
    : chip_(chip), family_(family), link_(std::move(link)), shares_(shares) {
  const DensePeaks& peak = chip_.dense_peak;
  const EnergyConstants& energy = family_.energy;
  ORRERY_CHECK(peak.bf16.has_value());
  rates_[index_of(MathPrecision::bf16)] = {peak.bf16->value, family_.gemm.peak_fraction.value, energy.bf16.value,
                                           Seconds(0), 0};
  const auto narrow = [&](MathPrecision precision, const std::optional<Sourced<FlopsPerSecond>>& rate,
                          const std::optional<QuantizedGemmConstants>& gemm,
                          const std::optional<Sourced<JoulesPerFlop>>& flop_energy) {
    if (!rate || !gemm) return;
    ORRERY_CHECK(flop_energy.has_value());
    rates_[index_of(precision)] = {rate->value, gemm->peak_fraction.value, flop_energy->value,
                                   gemm->quantization_time.value, gemm->quantization_bytes_per_element.value};
  };
  narrow(MathPrecision::fp8, peak.fp8, family_.gemm_fp8, energy.fp8);
  narrow(MathPrecision::int8, peak.int8, family_.gemm_int8, energy.int8);
  narrow(MathPrecision::fp4, peak.fp4, family_.gemm_fp4, energy.fp4);
}

std::optional<FlopsPerSecond> Chip::dense_peak(MathPrecision precision) const {
  const std::optional<MathRate>& rate = rates_[index_of(precision)];
  if (!rate) return std::nullopt;
  return rate->peak;
}

Result<void> Chip::supports(Precision weights, Precision activations) const {
  const std::optional<MathPrecision> math = math_precision(weights, activations);
  if (!math) {
    return failure(fmt::format("no kernel multiplies {} weights by {} activations; use activations: bf16",
                               enum_name(weights), enum_name(activations)));
  }
  if (!rates_[index_of(*math)]) {
    return failure(
        fmt::format("{} has no {} arithmetic that family {} describes; use activations: bf16, which expands {} weights "
                    "in the kernel",
                    id(), name_of(*math), family_.header.id, enum_name(weights)));
  }
  if (weights == Precision::compressed) {
    if (!chip_.compression) return failure(fmt::format("{} has no compression of its own for weights", id()));
    return {};
  }
  if (bytes_per_element(weights) < bytes_per_element(activations) && !family_.gemm_weight_only) {
    return failure(fmt::format("family {} has no kernel that expands {} weights to {} activations", family_.header.id,
                               enum_name(weights), enum_name(activations)));
  }
  return {};
}

Result<void> Chip::supports_kv_cache(Precision precision) const {
  if (precision == Precision::fp8_block)
    return failure("no kernel reads a KV cache with scales for blocks of 128 x 128");
  if (precision != Precision::compressed || (chip_.compression && chip_.compression->kv_cache)) return {};
  return failure(fmt::format("{} has no compression of its own for the KV cache", id()));
}

std::optional<Interconnect> Chip::interconnect(double ranks) const {
  if (!link_ || !chip_.link_bandwidth) return std::nullopt;
  InterconnectShape shape;
  shape.link = *link_;
  shape.bandwidth = chip_.link_bandwidth->value;
  shape.ranks = ranks;
  return Interconnect(std::move(shape));
}

double Chip::weight_bytes(Precision precision) const {
  if (precision != Precision::compressed) return bytes_per_element(precision);
  ORRERY_CHECK(chip_.compression.has_value());
  return bits_per_element(chip_.compression->weights) / kBitsPerByte;
}

double Chip::kv_cache_bytes(Precision precision) const {
  if (precision != Precision::compressed) return bytes_per_element(precision);
  ORRERY_CHECK(chip_.compression.has_value() && chip_.compression->kv_cache.has_value());
  return bits_per_element(*chip_.compression->kv_cache) / kBitsPerByte;
}

Precision Chip::output_layer_precision(Precision weights) const {
  if (weights == Precision::compressed && chip_.compression && chip_.compression->output_layer.value) return weights;
  return Precision::bf16;
}

Result<void> Chip::supports_latent_attention() const {
  if (family_.latent) return {};
  return failure(fmt::format("family {} of {} has no figures for latent attention (MLA)", family_.header.id, id()));
}

const Chip::MathRate& Chip::rate(MathPrecision precision) const {
  const std::optional<MathRate>& rate = rates_[index_of(precision)];
  ORRERY_CHECK(rate.has_value());
  return *rate;
}

const Chip::MathRate& Chip::rate(Precision weights, Precision activations) const {
  const std::optional<MathPrecision> math = math_precision(weights, activations);
  ORRERY_CHECK(math.has_value());
  return rate(*math);
}

KernelCost Chip::timed(const Phases& phases, KernelCost work, const MathRate& math) const {
  const Seconds overlapped = soft_maximum(phases.compute, phases.memory, phases.overlap_exponent);
  const Seconds kernel = phases.fixed + overlapped;
  // Constants near 1 may come out above the datasheet on shapes that they were not fitted on.
  const Seconds roof = std::max(work.flops / math.peak, work.memory_bytes / memory_bandwidth());
  const EnergyConstants& energy = family_.energy;
  const PowerLimited limited =
      limited_by_power(std::max(kernel, roof), phases.compute, work.flops * math.energy,
                       work.memory_bytes * energy.memory.value, power_limit() - static_power());
  work.time = limited.time;
  work.dynamic_energy = limited.dynamic_energy;

  const Seconds longest = std::max({phases.fixed, phases.compute, phases.memory});
  if ((limited.stretched && phases.compute > Seconds(0)) || longest == phases.compute) {
    work.limit = phases.waits_for_decoder ? Limit::decoder : Limit::compute;
  } else {
    work.limit = longest == phases.memory ? Limit::memory : Limit::latency;
  }
  return work;
}

KernelCost Chip::stream(Bytes bytes, BytesPerSecond bandwidth) const {
  KernelCost work;
  work.memory_bytes = bytes;
  Phases phases;
  phases.memory = bytes / bandwidth;
  return timed(phases, work, rate(MathPrecision::bf16));
}

}  // namespace orrery
