#include "orrery/report/json_summary.h"

#include <cmath>
#include <concepts>
#include <limits>
#include <map>

#include "orrery/base/json_writer.h"

namespace orrery {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double ratio(double numerator, double denominator) { return denominator > 0 ? numerator / denominator : kNone; }

// Every function takes a sink with the calls of JsonWriter, so that the metrics are those of the text.

template <class Sink>
void write_distribution(Sink& sink, std::string_view name, const Distribution& d) {
  const bool some = d.count > 0;
  sink.key(name);
  sink.begin_object();
  sink.field("count", d.count);
  sink.field("mean", some ? d.mean : kNone);
  sink.field("p50", some ? d.p50 : kNone);
  sink.field("p90", some ? d.p90 : kNone);
  sink.field("p95", some ? d.p95 : kNone);
  sink.field("p99", some ? d.p99 : kNone);
  sink.field("max", some ? d.max : kNone);
  sink.end_object();
}

template <class Sink>
void write_latency(Sink& sink, const LatencySummary& latency, const Distribution* itl) {
  sink.key("latency_s");
  sink.begin_object();
  write_distribution(sink, "ttft", latency.ttft);
  write_distribution(sink, "ttft_queued", latency.ttft_queued);
  write_distribution(sink, "tpot", latency.tpot);
  if (itl != nullptr) write_distribution(sink, "itl", *itl);
  write_distribution(sink, "e2e", latency.e2e);
  write_distribution(sink, "queue", latency.queue);
  if (latency.user_ttft.count > 0) {
    write_distribution(sink, "user_ttft", latency.user_ttft);
    write_distribution(sink, "user_e2e", latency.user_e2e);
  }
  sink.end_object();
}

template <class Sink>
void write_requests(Sink& sink, const RequestCounts& counts) {
  sink.key("requests");
  sink.begin_object();
  sink.field("arrived", counts.arrived);
  sink.field("completed", counts.completed);
  sink.field("rejected", counts.rejected);
  sink.field("failed", counts.failed);
  sink.field("unfinished", counts.unfinished);
  sink.end_object();
}

template <class Sink>
void write_tokens(Sink& sink, std::int64_t input, std::int64_t output, double duration_s) {
  sink.key("tokens");
  sink.begin_object();
  sink.field("input", input);
  sink.field("output", output);
  sink.field("input_per_s", ratio(static_cast<double>(input), duration_s));
  sink.field("output_per_s", ratio(static_cast<double>(output), duration_s));
  sink.end_object();
}

template <class Sink>
void write_path(Sink& sink, const PathResult& path) {
  sink.key("path");
  sink.begin_object();
  sink.field("name", path.name);
  sink.key("mean_s");
  sink.begin_object();
  sink.field("wake_up", path.wake_up_s);
  sink.field("connection", path.connection_s);
  sink.field("upload", path.upload_s);
  sink.field("access", path.access_s);
  sink.field("core", path.core_s);
  sink.field("wan", path.wan_s);
  sink.field("sleep", path.sleep_s);
  sink.end_object();
  sink.field("bytes", path.bytes);
  sink.field("energy_J", path.energy_J);
  sink.field("cost_usd", path.cost_usd);
  sink.end_object();
}

template <class Sink>
void write_service(Sink& sink, const ServiceResult& service, double duration_s) {
  sink.key(service.name);
  sink.begin_object();
  sink.field("pool", service.pool);
  sink.field("workload", service.workload);
  sink.field("skipped_rows", service.skipped_rows);
  write_requests(sink, service.requests);
  write_latency(sink, service.latency, nullptr);
  if (service.path) write_path(sink, *service.path);
  write_tokens(sink, service.input_tokens, service.output_tokens, duration_s);
  sink.field("goodput_share", service.requests.decided() > 0 ? service.goodput_share : kNone);
  sink.end_object();
}

template <class Sink>
void write_transfers(Sink& sink, const TransferResult& transfers) {
  sink.key("kv_transfers");
  sink.begin_object();
  sink.field("from", transfers.from);
  sink.field("link", transfers.link);
  sink.field("links", transfers.links);
  sink.field("shared_by", enum_name(transfers.shared_by));
  sink.field("first_token", enum_name(transfers.first_token));
  sink.field("overlap", enum_name(transfers.overlap));
  sink.field("transfers", transfers.transfers);
  sink.field("tokens", transfers.tokens);
  sink.field("bytes", transfers.bytes);
  sink.field("link_utilisation", transfers.link_utilisation);
  sink.field("energy_J", transfers.energy_J);
  sink.key("latency_s");
  sink.begin_object();
  write_distribution(sink, "blocks", transfers.blocks);
  write_distribution(sink, "transfer", transfers.transfer);
  write_distribution(sink, "resume", transfers.resume);
  sink.end_object();
  sink.end_object();
}

template <class Sink>
void write_speculation(Sink& sink, const SpeculationResult& speculation) {
  sink.key("speculation");
  sink.begin_object();
  sink.field("draft", speculation.draft);
  sink.field("draft_tokens", speculation.tokens);
  sink.field("drafted_tokens", speculation.drafted);
  sink.field("accepted_tokens", speculation.accepted);
  sink.field("accepted_share",
             ratio(static_cast<double>(speculation.accepted), static_cast<double>(speculation.drafted)));
  sink.field("tokens_per_verification", speculation.verifications > 0 ? speculation.tokens_per_verification : kNone);
  sink.end_object();
}

template <class Sink>
void write_pool(Sink& sink, const PoolResult& pool) {
  sink.key(pool.name);
  sink.begin_object();
  sink.field("site", pool.site);
  sink.field("server", pool.server);
  sink.field("chip", pool.chip);
  sink.field("model", pool.model);
  sink.field("servers", pool.servers);
  sink.field("replicas", pool.replicas);
  sink.field("chips", pool.chips);
  sink.field("tensor_parallel", pool.layout.tensor);
  sink.field("pipeline_parallel", pool.layout.pipeline);
  sink.field("data_parallel", pool.layout.data);
  sink.field("expert_parallel", pool.layout.expert);
  write_requests(sink, pool.requests);
  sink.key("latency_s");
  sink.begin_object();
  write_distribution(sink, "itl", pool.itl);
  sink.end_object();
  sink.field("steps", pool.steps);
  sink.field("mean_batch", pool.mean_batch);
  sink.field("generated_tokens", pool.generated_tokens);
  sink.field("failed_tokens", pool.failed_tokens);
  sink.field("preemptions", pool.preemptions);
  sink.field("recomputed_tokens", pool.recomputed_tokens);
  sink.field("prefix_hit_tokens", pool.hit_tokens);
  sink.field("evicted_blocks", pool.evicted_blocks);
  sink.key("utilisation");
  sink.begin_object();
  sink.field("busy", pool.busy_share);
  sink.field("compute", pool.compute_utilisation);
  sink.field("memory_bandwidth", pool.bandwidth_utilisation);
  sink.field("kv_mean", pool.kv_mean);
  sink.field("kv_peak", pool.kv_peak);
  sink.end_object();
  sink.key("memory");
  sink.begin_object();
  sink.field("weight_bytes_per_chip", pool.weight_bytes_per_chip);
  sink.field("kv_bytes_per_token", pool.kv_bytes_per_token);
  sink.field("kv_blocks", pool.kv_blocks);
  sink.end_object();
  sink.field("it_energy_J", pool.it_energy_J);
  sink.field("energy_J", pool.facility_energy_J);
  sink.field("mean_chip_power_W", pool.mean_chip_power_W);
  sink.field("cost_usd", pool.cost_usd);
  sink.field("carbon_g", pool.carbon_g);
  if (pool.adapters) {
    sink.key("adapters");
    sink.begin_object();
    sink.field("most_per_step", pool.adapters->most_per_step);
    sink.field("mean_per_step", pool.adapters->mean_per_step);
    sink.end_object();
  }
  if (pool.speculation) write_speculation(sink, *pool.speculation);
  if (pool.transfers) write_transfers(sink, *pool.transfers);
  sink.end_object();
}

struct SiteTotals {
  std::int64_t chips = 0;
  double it_joules = 0, joules = 0, dollars = 0, grams = 0;
};

template <class Sink>
void write_sites(Sink& sink, const Results& results) {
  std::map<std::string, SiteTotals> sites;
  for (const PoolResult& pool : results.pools) {
    SiteTotals& site = sites[pool.site];
    site.chips += pool.chips;
    site.it_joules += pool.it_energy_J;
    site.joules += pool.facility_energy_J;
    site.dollars += pool.cost_usd;
    site.grams += pool.carbon_g;
  }
  sink.key("sites");
  sink.begin_object();
  for (const auto& [name, site] : sites) {
    sink.key(name);
    sink.begin_object();
    sink.field("chips", site.chips);
    sink.field("it_energy_J", site.it_joules);
    sink.field("energy_J", site.joules);
    sink.field("cost_usd", site.dollars);
    sink.field("carbon_g", site.grams);
    sink.end_object();
  }
  sink.end_object();
}

template <class Sink>
void write_slo(Sink& sink, const Results& results) {
  sink.field("slo_met", results.all_slo_met());
  sink.key("slo");
  sink.begin_object();
  for (const ServiceResult& service : results.services) {
    if (service.slo.empty()) continue;
    sink.key(service.name);
    sink.begin_object();
    for (const SloResult& slo : service.slo) {
      sink.key(slo.metric);
      sink.begin_object();
      sink.field("target_s", slo.target_s);
      sink.field("value_s", std::isfinite(slo.value_s) && (slo.met || slo.value_s > slo.target_s)
                                ? slo.value_s
                                : kNone);  // no request, no value
      sink.field("met", slo.met);
      sink.end_object();
    }
    sink.end_object();
  }
  sink.end_object();
}

template <class Sink>
void write_provenance(Sink& sink, const Provenance& provenance) {
  sink.key("provenance");
  sink.begin_object();
  sink.field("weakest", enum_name(provenance.weakest));
  sink.key("counts");
  sink.begin_object();
  for (const auto& row : EnumNames<Status>::kRows) {
    std::int64_t count = 0;
    for (const ProvenanceItem& item : provenance.items) count += item.status == row.value;
    sink.field(row.name, count);
  }
  sink.end_object();
  for (const Status status : {Status::announced, Status::estimated, Status::assumed}) {
    sink.key(enum_name(status));
    sink.begin_array();
    for (const ProvenanceItem& item : provenance.items) {
      if (item.status == status) sink.value(item.path);
    }
    sink.end_array();
  }
  sink.end_object();
}

template <class Sink>
void write_summary(Sink& sink, const Results& results, SummaryTiming timing) {
  const auto output = static_cast<double>(results.output_tokens);
  std::int64_t chips = 0;
  for (const PoolResult& pool : results.pools) chips += pool.chips;

  sink.begin_object();
  sink.field("schema_version", kSummarySchemaVersion);
  sink.field("scenario", results.scenario);
  sink.field("description", results.description);
  sink.field("seed", results.seed);
  sink.field("complete", results.complete);
  sink.field("simulated_s", results.simulated_s);
  if (timing == SummaryTiming::included) {
    sink.field("wall_s", results.wall_s);
    sink.field("cpu_s", results.cpu_s);
  }
  write_requests(sink, results.requests);
  sink.field("requests_per_s", ratio(static_cast<double>(results.requests.completed), results.simulated_s));
  write_latency(sink, results.latency, &results.itl);
  write_tokens(sink, results.input_tokens, results.output_tokens, results.simulated_s);
  sink.field("output_tokens_per_s_per_chip", ratio(ratio(output, results.simulated_s), static_cast<double>(chips)));
  sink.field("it_energy_J", results.it_energy_J);
  sink.field("energy_J", results.energy_J);
  sink.field("energy_per_output_token_J", ratio(results.energy_J, output));
  sink.field("cost_usd", results.cost_usd);
  sink.field("cost_per_million_output_tokens_usd", ratio(results.cost_usd, output / 1e6));
  sink.field("carbon_g", results.carbon_g);
  sink.field("carbon_per_thousand_output_tokens_g", ratio(results.carbon_g, output / 1e3));
  sink.key("services");
  sink.begin_object();
  for (const ServiceResult& service : results.services) write_service(sink, service, results.simulated_s);
  sink.end_object();
  sink.key("pools");
  sink.begin_object();
  for (const PoolResult& pool : results.pools) write_pool(sink, pool);
  sink.end_object();
  write_sites(sink, results);
  write_slo(sink, results);
  write_provenance(sink, results.provenance);
  sink.key("broken_laws");
  sink.begin_array();
  for (const std::string& law : results.broken_laws) sink.value(law);
  sink.end_array();
  sink.end_object();
}

struct KeyDimension {
  std::string_view key;
  Dimension dimension;
};

template <class Q>
constexpr Dimension kDimension = dimension_of(Q{});

/// The innermost key of a path that stands here decides.
constexpr KeyDimension kKeyDimensions[] = {
    {"count", {}},
    {"latency_s", kDimension<Seconds>},
    {"simulated_s", kDimension<Seconds>},
    {"wall_s", kDimension<Seconds>},
    {"cpu_s", kDimension<Seconds>},
    {"requests_per_s", kDimension<Hertz>},
    {"input_per_s", kDimension<TokensPerSecond>},
    {"output_per_s", kDimension<TokensPerSecond>},
    {"output_tokens_per_s_per_chip", kDimension<TokensPerSecond>},
    {"it_energy_J", kDimension<Joules>},
    {"energy_J", kDimension<Joules>},
    {"energy_per_output_token_J", kDimension<Joules>},
    {"cost_usd", kDimension<Dollars>},
    {"cost_per_million_output_tokens_usd", kDimension<Dollars>},
    {"carbon_g", kDimension<GramsCO2>},
    {"carbon_per_thousand_output_tokens_g", kDimension<GramsCO2>},
    {"mean_chip_power_W", kDimension<Watts>},
    {"weight_bytes_per_chip", kDimension<Bytes>},
    {"kv_bytes_per_token", kDimension<Bytes>},
    {"bytes", kDimension<Bytes>},
};

const Dimension* find_dimension(std::string_view key) {
  for (const KeyDimension& row : kKeyDimensions) {
    if (row.key == key) return &row.dimension;
  }
  return nullptr;
}

/// Takes the calls of a JsonWriter and keeps the numbers.
class MetricCollector {
 public:
  void begin_object() { open_.push_back(key_); }
  void end_object() { open_.pop_back(); }
  void begin_array() {}
  void end_array() {}
  void key(std::string_view name) { key_ = name; }
  void value(std::string_view) {}
  void value(double number) {
    if (key_ == "schema_version" || key_ == "seed" || (open_.size() > 1 && open_[1] == "slo")) return;
    Metric metric;
    for (std::size_t i = 1; i < open_.size(); ++i) metric.path += open_[i] + ".";
    metric.path += key_;
    if (!std::isnan(number)) metric.value = number;
    const Dimension* dimension = find_dimension(key_);
    for (std::size_t i = open_.size(); dimension == nullptr && i > 1; --i) dimension = find_dimension(open_[i - 1]);
    if (dimension != nullptr) metric.dimension = *dimension;
    metrics_.push_back(std::move(metric));
  }
  template <class T>
  void field(std::string_view name, const T& v) {
    key(name);
    if constexpr (std::same_as<T, bool>) {
      return;
    } else if constexpr (std::integral<T>) {
      value(static_cast<double>(v));
    } else {
      value(v);
    }
  }
  std::vector<Metric> take() { return std::move(metrics_); }

 private:
  std::vector<std::string> open_;  // the keys of the objects around; the first is the whole summary
  std::string key_;
  std::vector<Metric> metrics_;
};

}  // namespace

std::string json_summary(const Results& results, SummaryTiming timing) {
  JsonWriter json;
  write_summary(json, results, timing);
  return json.text();
}

std::vector<Metric> summary_metrics(const Results& results) {
  MetricCollector collector;
  write_summary(collector, results, SummaryTiming::included);
  return collector.take();
}

}  // namespace orrery
