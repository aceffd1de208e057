#include "orrery/report/text_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "orrery/report/human_text.h"

namespace orrery {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kMostServices = 3;  // described; their table has more rows
constexpr std::size_t kMostRows = 6;
constexpr std::size_t kMostTargets = 6;
constexpr std::size_t kLongestName = 20;
constexpr std::size_t kLongestPoolName = 12;  // what the table leaves it

using Color = TextColor;

std::string name_text(std::string_view name) { return clipped_text(plain_text(name), kLongestName); }
std::string line_of(std::string_view text) { return clipped_text(text, kWidth) + "\n"; }

std::string more_line(std::size_t all, std::size_t shown, std::string_view what) {
  return all > shown ? fmt::format("... and {} more {} (--json has all)\n", all - shown, what) : std::string();
}

double per(double amount, double of) { return of > 0 ? amount / of : std::numeric_limits<double>::quiet_NaN(); }

std::string requests_text(const Results& results) {
  const RequestCounts& counts = results.requests;
  std::string text = fmt::format("{} requests in {}: ", count_text(counts.arrived), duration_text(results.simulated_s));
  text += counts.completed == counts.arrived ? "all completed" : count_text(counts.completed) + " completed";
  if (counts.rejected > 0) text += fmt::format(", {} rejected (too long)", count_text(counts.rejected));
  if (counts.failed > 0) text += fmt::format(", {} failed (gave up)", count_text(counts.failed));
  if (counts.unfinished > 0) text += fmt::format(", {} unfinished", count_text(counts.unfinished));
  return text;
}

std::string head_text(const Results& results, const TextStyle& style) {
  std::string text;
  if (!results.complete) {
    text +=
        colored("PARTIAL: interrupted; figures are those of the requests that were completed", Color::yellow, style);
    text += '\n';
  }
  text += colored(clipped_text(plain_text(results.scenario), kWidth), Color::bold, style) + '\n';
  const std::string_view description = results.description;
  const std::string first_line = plain_text(description.substr(0, description.find('\n')));
  if (!first_line.empty()) text += colored(clipped_text(first_line, kWidth), Color::dim, style) + '\n';
  text += line_of(requests_text(results));

  const std::size_t services = std::min(results.services.size(), kMostServices);
  for (std::size_t i = 0; i < services; ++i) {
    const ServiceResult& service = results.services[i];
    std::string line = fmt::format("  {} {} {}: {}", name_text(service.name), style.unicode ? "\u2192" : "->",
                                   name_text(service.pool), plain_text(service.workload));
    if (results.services.size() > 1) line += fmt::format(", {} requests", count_text(service.requests.arrived));
    if (service.skipped_rows > 0) line += fmt::format(", {} bad rows skipped", count_text(service.skipped_rows));
    text += line_of(line);
  }
  return text + more_line(results.services.size(), services, "services");
}

void add_latency(TextTable& table, const std::string& name, const Distribution& d) {
  if (d.count == 0) {
    table.add({name, "-", "-", "-", "-", "-", "-"});
    return;
  }
  table.add({name, duration_text(d.mean), duration_text(d.p50), duration_text(d.p90), duration_text(d.p95),
             duration_text(d.p99), duration_text(d.max)});
}

/// What the pool of a service makes of energy and money, with the pool that computes its prompts.
struct PoolBill {
  double tokens = 0;
  double joules = 0;
  double dollars = 0;
};
PoolBill bill_of(const Results& results, std::string_view name) {
  PoolBill bill;
  for (const PoolResult& pool : results.pools) {
    if (pool.name != name) continue;
    const std::int64_t delivered = pool.requests.completed > 0 ? pool.generated_tokens - pool.failed_tokens : 0;
    bill = {static_cast<double>(delivered), pool.facility_energy_J, pool.cost_usd};
    if (!pool.transfers) continue;
    const PoolBill prompts = bill_of(results, pool.transfers->from);
    bill.joules += prompts.joules;
    bill.dollars += prompts.dollars;
    if (pool.transfers->first_token == FirstToken::prefill) bill.tokens += prompts.tokens;
  }
  return bill;
}

/// A row for each service beside the others: what its users see, and what its pool makes of energy and money.
std::string services_text(const Results& results, const TextStyle& style) {
  if (results.services.size() < 2) return {};
  const std::size_t shown = std::min(results.services.size(), kMostRows);
  TextTable table({"Service", "TTFT p50", "p95", "TPOT p50", "p95", "E2E p50", "pool: J/token", "$/M tokens"});
  for (std::size_t i = 0; i < shown; ++i) {
    const ServiceResult& service = results.services[i];
    const LatencySummary& latency = service.latency;
    const PoolBill bill = bill_of(results, service.pool);
    table.add({name_text(service.name), duration_text(latency.ttft.p50), duration_text(latency.ttft.p95),
               duration_text(latency.tpot.p50), duration_text(latency.tpot.p95), duration_text(latency.e2e.p50),
               figure_text(per(bill.joules, bill.tokens)), figure_text(per(1e6 * bill.dollars, bill.tokens))});
  }
  return "\n" + table.render(style) + more_line(results.services.size(), shown, "services");
}

/// Where the time between users and servers goes, of services with a network.
std::string paths_text(const Results& results, const TextStyle& style) {
  TextTable table({"Network, mean", "wake-up", "connection", "upload", "access", "core", "WAN", "sleep",
                   "user TTFT p50", "p95", "of it network"});
  std::string names;
  std::size_t rows = 0, shown = 0;
  for (const ServiceResult& service : results.services) {
    if (!service.path) continue;
    ++rows;
    if (shown == kMostRows) continue;
    ++shown;
    const PathResult& path = *service.path;
    const Distribution& ttft = service.latency.user_ttft;
    const auto part_text = [](double seconds) { return seconds > 0 ? duration_text(seconds) : std::string("-"); };
    table.add({name_text(service.name), part_text(path.wake_up_s), part_text(path.connection_s),
               part_text(path.upload_s), part_text(path.access_s), part_text(path.core_s), part_text(path.wan_s),
               part_text(path.sleep_s), duration_text(ttft.p50), duration_text(ttft.p95),
               share_text(per(path.total_s(), ttft.mean))});
    names += fmt::format("  {}: {}; {:.3g} J and {:.3g} USD of traffic, beside the bills of pools\n",
                         name_text(service.name), path.name, path.energy_J, path.cost_usd);
  }
  return rows == 0 ? "" : "\n" + table.render(style) + names + more_line(rows, shown, "services");
}

std::string latency_text(const Results& results, const TextStyle& style) {
  TextTable table({"Latency", "mean", "p50", "p90", "p95", "p99", "max"});
  add_latency(table, "TTFT, from arrival", results.latency.ttft);
  add_latency(table, "TTFT, once queued", results.latency.ttft_queued);
  if (results.latency.user_ttft.count > 0) add_latency(table, "TTFT, at the user", results.latency.user_ttft);
  add_latency(table, "TPOT, per request", results.latency.tpot);
  add_latency(table, "ITL, every gap", results.itl);
  add_latency(table, "E2E", results.latency.e2e);
  if (results.latency.user_e2e.count > 0) add_latency(table, "E2E, at the user", results.latency.user_e2e);
  add_latency(table, "queue", results.latency.queue);
  return table.render(style) + services_text(results, style) + paths_text(results, style);
}

/// What the caches held of the prompts that came to each pool with services of its own.
std::string prefix_text(const Results& results) {
  std::string text;
  const bool names_pools = results.pools.size() > 1;
  for (const PoolResult& pool : results.pools) {
    if (pool.hit_tokens == 0 || pool.transfers) continue;  // otherwise the other pool computed the prompts
    std::int64_t input = 0;
    for (const ServiceResult& service : results.services) {
      if (service.pool == pool.name) input += service.input_tokens;
    }
    if (input == 0) continue;
    const std::string share = share_text(per(static_cast<double>(pool.hit_tokens), static_cast<double>(input)));
    text += line_of(names_pools ? fmt::format("Prefix cache  {}: held {} of its input tokens when they came",
                                              name_text(pool.name), share)
                                : fmt::format("Prefix cache  held {} of the input tokens when they came", share));
  }
  return text;
}

std::string throughput_text(const Results& results) {
  std::int64_t chips = 0;
  for (const PoolResult& pool : results.pools) chips += pool.chips;
  const double output = per(static_cast<double>(results.output_tokens), results.simulated_s);
  return line_of(fmt::format("Throughput  {} requests/s   {} input tokens/s   {} output tokens/s, {} per chip",
                             figure_text(per(static_cast<double>(results.requests.completed), results.simulated_s)),
                             figure_text(per(static_cast<double>(results.input_tokens), results.simulated_s)),
                             figure_text(output), figure_text(per(output, static_cast<double>(chips))))) +
         prefix_text(results);
}

/// Of engines with more than one lane: what their rows count as replicas.
std::string layout_text(const EngineLayout& layout) {
  if (layout.lanes() == 1) return {};
  std::vector<std::string> parts;
  if (layout.pipeline > 1) parts.push_back(fmt::format("{} stages", layout.pipeline));
  if (layout.data > 1) parts.push_back(fmt::format("{} groups in step", layout.data));
  if (layout.expert > 1) parts.push_back(fmt::format("experts over {}", layout.expert));
  return fmt::format("; engines of {} chips: {}", layout.chips(), fmt::join(parts, ", "));
}

std::string pools_text(const Results& results, const TextStyle& style) {
  const std::size_t shown = std::min(results.pools.size(), kMostRows);
  TextTable table(
      {"Pool", "replicas", "busy", "compute", "mem BW", "KV mean", "KV peak", "batch", "preempt", "steps", "W/chip"});
  std::string what;
  for (std::size_t i = 0; i < shown; ++i) {
    const PoolResult& pool = results.pools[i];
    table.add({clipped_text(plain_text(pool.name), kLongestPoolName), short_count_text(pool.replicas),
               share_text(pool.busy_share), share_text(pool.compute_utilisation),
               share_text(pool.bandwidth_utilisation), share_text(pool.kv_mean), share_text(pool.kv_peak),
               figure_text(pool.mean_batch), short_count_text(pool.preemptions), short_count_text(pool.steps),
               figure_text(pool.mean_chip_power_W)});
    if (i >= kMostServices) continue;
    const std::string chips = pool.has_other_chip ? plain_text(pool.chip) : pool.chips == 1 ? "chip" : "chips";
    what += line_of(fmt::format("  {}: {} on {} {} {} ({} {}) at {}{}", name_text(pool.name), plain_text(pool.model),
                                count_text(pool.servers), style.unicode ? "\u00d7" : "x", plain_text(pool.server),
                                count_text(pool.chips), chips, plain_text(pool.site), layout_text(pool.layout)));
  }
  return table.render(style) + what + more_line(results.pools.size(), shown, "pools");
}

/// How many adapters steps served at once.
std::string adapters_text(const Results& results) {
  std::string text;
  std::size_t shown = 0;
  std::size_t all = 0;
  for (const PoolResult& pool : results.pools) {
    if (!pool.adapters || ++all > kMostRows) continue;
    ++shown;
    text += line_of(fmt::format("Adapters  {}: {} in a step in the mean, at most {}", name_text(pool.name),
                                figure_text(pool.adapters->mean_per_step), count_text(pool.adapters->most_per_step)));
  }
  return text.empty() ? text : text + more_line(all, shown, "pools with adapters") + '\n';
}

/// What drafts were worth.
std::string speculation_text(const Results& results) {
  std::string text;
  std::size_t shown = 0;
  std::size_t all = 0;
  for (const PoolResult& pool : results.pools) {
    if (!pool.speculation || ++all > kMostRows) continue;
    ++shown;
    const SpeculationResult& drafts = *pool.speculation;
    text +=
        line_of(fmt::format("Speculation  {}: {} tokens at a time, {} of the drafts taken ({} by {})",
                            name_text(pool.name), figure_text(drafts.tokens_per_verification),
                            share_text(per(static_cast<double>(drafts.accepted), static_cast<double>(drafts.drafted))),
                            count_text(drafts.tokens), plain_text(drafts.draft)));
  }
  return text.empty() ? text : text + more_line(all, shown, "pools with drafts") + '\n';
}

/// The way of prompts from the pool that computes them: what it takes, after the first token and before the others.
std::string transfers_text(const Results& results, const TextStyle& style) {
  std::string text;
  std::size_t shown = 0;
  std::size_t all = 0;
  for (const PoolResult& pool : results.pools) {
    if (!pool.transfers || ++all > kMostServices) continue;
    ++shown;
    const TransferResult& transfers = *pool.transfers;
    TextTable table({"Prompts for " + clipped_text(plain_text(pool.name), kLongestPoolName), "mean", "p50", "p90",
                     "p95", "p99", "max"});
    add_latency(table, "wait for blocks", transfers.blocks);
    add_latency(table, "transfer", transfers.transfer);
    add_latency(table, "wait for a step", transfers.resume);
    text += table.render(style);
    text += line_of(fmt::format("  {} over {} {} {} (by {}, {} used); first token: {}; overlap: {}",
                                to_text(Bytes(transfers.bytes), 3), count_text(transfers.links),
                                style.unicode ? "\u00d7" : "x", plain_text(transfers.link),
                                enum_name(transfers.shared_by), share_text(transfers.link_utilisation),
                                enum_name(transfers.first_token), enum_name(transfers.overlap)));
  }
  return text.empty() ? text : text + more_line(all, shown, "pools with transfers") + '\n';
}

std::string bill_text(const Results& results) {
  const auto output = static_cast<double>(results.output_tokens);
  std::string text = line_of(fmt::format("Energy  {} ({} without the facility's overhead)   {} J per output token",
                                         energy_text(results.energy_J), energy_text(results.it_energy_J),
                                         figure_text(per(results.energy_J, output))));
  text += line_of(fmt::format("Cost    ${}   ${} per million output tokens", figure_text(results.cost_usd),
                              figure_text(per(results.cost_usd, output / 1e6))));
  text += line_of(fmt::format("Carbon  {}   {} gCO2 per thousand output tokens", carbon_text(results.carbon_g),
                              figure_text(per(results.carbon_g, output / 1e3))));
  return text;
}

std::string slo_line(const std::string& service, const SloResult& slo, const TextStyle& style) {
  const bool answered = std::isfinite(slo.value_s) && (slo.met || slo.value_s > slo.target_s);
  const std::string verdict = slo.met ? colored("met", Color::green, style) : colored("MISSED", Color::red, style);
  return fmt::format("SLO  {}  {:<9} {:>9}   target {:>9}   {}\n", service, plain_text(slo.metric),
                     answered ? duration_text(slo.value_s) : "-", duration_text(slo.target_s), verdict);
}

/// Missed targets come first, so that the end of a long list hides none of them.
std::string slo_text(const Results& results, const TextStyle& style) {
  std::size_t name_width = 0;
  for (const ServiceResult& service : results.services) {
    if (!service.slo.empty()) name_width = std::max(name_width, text_width(name_text(service.name)));
  }
  std::vector<std::string> missed;
  std::vector<std::string> met;
  std::string goodput;
  for (const ServiceResult& service : results.services) {
    if (service.slo.empty()) continue;
    const std::string name = name_text(service.name);
    const std::string padded = name + std::string(name_width - text_width(name), ' ');
    for (const SloResult& slo : service.slo) (slo.met ? met : missed).push_back(slo_line(padded, slo, style));
    goodput += fmt::format("{}{} {}", goodput.empty() ? "" : ", ", name,
                           service.requests.decided() > 0 ? share_text(service.goodput_share) : "-");
  }
  std::vector<std::string> lines = missed;
  lines.insert(lines.end(), met.begin(), met.end());
  if (lines.empty()) return {};
  const std::size_t shown = std::min(lines.size(), kMostTargets);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) text += lines[i];
  text += more_line(lines.size(), shown, "targets");
  return text + line_of(fmt::format("Goodput (requests within every target): {}", goodput));
}

std::string provenance_text(const Provenance& provenance, const TextStyle& style) {
  std::string counts;
  std::string announced;
  std::size_t announced_count = 0;
  for (const auto& row : EnumNames<Status>::kRows) {
    const auto count = std::count_if(provenance.items.begin(), provenance.items.end(),
                                     [&](const ProvenanceItem& item) { return item.status == row.value; });
    if (count > 0) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, row.name);
  }
  for (const ProvenanceItem& item : provenance.items) {
    if (item.status != Status::announced) continue;
    if (++announced_count <= 2) announced += (announced.empty() ? "" : ", ") + plain_text(item.path);
  }
  std::string text = line_of(fmt::format("Provenance: weakest is {} ({})", enum_name(provenance.weakest), counts));
  if (provenance.weakest == Status::assumed) text += "`orrery explain` names what is assumed, and so does --json\n";
  if (announced_count > 0) {
    std::string line = "ANNOUNCED, NOT MEASURED: " + announced;
    if (announced_count > 2) line += fmt::format(" and {} more", announced_count - 2);
    text += colored(clipped_text(line, kWidth), Color::yellow, style) + '\n';
  }
  return text;
}

std::string closing_text(const Results& results, const TextStyle& style) {
  std::string text = fmt::format("Seed {}", results.seed);
  if (results.cpu_s > 0) {
    text += fmt::format("; {} of CPU time, {} requests per CPU second", duration_text(results.cpu_s),
                        figure_text(static_cast<double>(results.requests.completed) / results.cpu_s));
  }
  text += '\n';
  if (!results.broken_laws.empty()) {
    text += colored(fmt::format("INTERNAL ERROR: {} conservation laws do not hold", results.broken_laws.size()),
                    Color::red, style);
    text += '\n';
  }
  return text;
}

}  // namespace

std::string text_summary(const Results& results, const TextStyle& style) {
  std::string text = head_text(results, style) + '\n';
  text += latency_text(results, style) + '\n';
  text += throughput_text(results) + '\n';
  text += pools_text(results, style) + '\n';
  text += adapters_text(results);
  text += speculation_text(results);
  text += transfers_text(results, style);
  text += bill_text(results) + '\n';
  const std::string slo = slo_text(results, style);
  if (!slo.empty()) text += slo + '\n';
  text += provenance_text(results.provenance, style);
  return text + closing_text(results, style);
}

}  // namespace orrery
