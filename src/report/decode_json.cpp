#include "orrery/base/json_writer.h"
#include "orrery/report/decode_report.h"
#include "orrery/report/provenance_text.h"

namespace orrery {
namespace {

void write_shares(JsonWriter& json, std::string_view key, const std::vector<DecodeShare>& shares,
                  const DecodePoint& point) {
  json.key(key);
  json.begin_object();
  json.field("batch", point.batch);
  json.field("context", point.context);
  json.key("kernels");
  json.begin_array();
  for (const DecodeShare& share : shares) {
    json.begin_object();
    json.field("kind", enum_name(share.kind));
    json.field("reads_weights", reads_weights(share.kind));
    json.field("time_s", share.time.si());
    json.field("bf16_time_s", share.wide_time.si());
    json.field("memory_bytes", share.memory_bytes.si());
    json.field("bf16_memory_bytes", share.wide_memory_bytes.si());
    json.field("limit", enum_name(share.limit));
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_points(JsonWriter& json, const std::vector<DecodePoint>& points) {
  json.key("steps");
  json.begin_array();
  for (const DecodePoint& point : points) {
    const auto tokens = static_cast<double>(point.batch);
    json.begin_object();
    json.field("batch", point.batch);
    json.field("context", point.context);
    json.field("fits", point.fits);
    json.field("time_s", point.time.si());
    json.field("bf16_time_s", point.wide_time.si());
    json.field("memory_bytes", point.memory_bytes.si());
    json.field("bf16_memory_bytes", point.wide_memory_bytes.si());
    json.field("chip_energy_per_token_J", point.energy.si() / tokens);
    json.field("cost_per_million_tokens_usd", 1e6 * point.cost.si() / tokens);
    json.end_object();
  }
  json.end_array();
}

void write_memory(JsonWriter& json, const SystemPool& pool, const DecodeBreakdown& breakdown) {
  json.key("memory_bandwidth");
  json.begin_object();
  if (pool.chip.memory.part) {
    json.field("part", pool.chip.memory.part->id);
    json.field("packages", pool.chip.memory.packages->value);
  }
  for (const MemoryWaterfall& fall : breakdown.memory) {
    json.key(enum_name(fall.kind));
    json.begin_object();
    json.field("pin_rate_Bps", fall.pin_rate.si());
    json.field("row_misses", fall.row_misses);
    json.field("turnarounds", fall.turnarounds);
    json.field("refresh", fall.refresh);
    json.field("controller_factor", fall.controller_factor);
    json.field("controller_factor_measured", fall.measured);
    json.field("achieved_Bps", fall.achieved.si());
    json.end_object();
  }
  json.end_object();
}

void write_ranges(JsonWriter& json, std::string_view key, const BatchRanges& ranges) {
  json.key(key);
  json.begin_array();
  for (const auto& [first, last] : ranges) {
    json.begin_array();
    json.value(first);
    json.value(last);
    json.end_array();
  }
  json.end_array();
}

void write_break_even(JsonWriter& json, const std::vector<BreakEven>& rows) {
  json.key("break_even");
  json.begin_array();
  for (const BreakEven& row : rows) {
    json.begin_object();
    json.field("context", row.context);
    json.field("largest_common_batch", row.largest_common_batch);
    write_ranges(json, "batches_no_slower", row.faster);
    write_ranges(json, "batches_no_dearer", row.cheaper);
    json.end_object();
  }
  json.end_array();
}

void write_claims(JsonWriter& json, const ChipRecord& chip) {
  json.key("claims");
  json.begin_object();
  if (chip.claims && chip.claims->weight_traffic) json.field("weight_traffic", chip.claims->weight_traffic->value);
  if (chip.claims && chip.claims->energy_efficiency) {
    json.field("energy_efficiency", chip.claims->energy_efficiency->value);
  }
  json.end_object();
}

}  // namespace

std::string decode_json(const System& system, const std::vector<DecodeBreakdown>& breakdowns) {
  JsonWriter json;
  json.begin_object();
  json.field("schema_version", 1);
  json.field("scenario", system.name);
  json.key("pools");
  json.begin_array();
  for (const DecodeBreakdown& breakdown : breakdowns) {
    const SystemPool& pool = system.pools[breakdown.pool];
    json.begin_object();
    json.field("name", pool.name);
    json.field("chip", pool.chip.header.id);
    json.field("model", pool.model.header.id);
    json.field("chips_per_replica", pool.record.tensor_parallel);
    json.field("weight_bits", breakdown.weight_bits);
    json.field("kv_cache_bits", breakdown.cache_bits);
    json.field("weight_bytes_per_chip", pool.memory.weights);
    json.field("kv_bytes_per_token", pool.memory.kv_per_token);
    json.field("kv_tokens", pool.limits.usable_blocks * pool.limits.block_size);
    write_claims(json, pool.chip);
    write_memory(json, pool, breakdown);
    write_shares(json, "smallest_step", breakdown.first, breakdown.points.front());
    write_shares(json, "largest_step", breakdown.last, breakdown.points[breakdown.last_point]);
    write_points(json, breakdown.points);
    write_break_even(json, breakdown.break_even);
    json.end_object();
  }
  json.end_array();
  write_weak_numbers(json, system.provenance);
  json.end_object();
  return json.text();
}

}  // namespace orrery
