#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "orrery/report/decode_report.h"
#include "orrery/report/human_text.h"
#include "orrery/report/provenance_text.h"

namespace orrery {
namespace {

constexpr double kWideBits = 16;

std::string times_text(double ratio) { return fmt::format("{:.{}f}x", ratio, ratio < 10 ? 2 : 1); }

std::string ratio_text(double numerator, double denominator) {
  return denominator > 0 ? times_text(numerator / denominator) : "-";
}

std::string format_text(Precision precision, double bits) {
  if (precision != Precision::compressed) return std::string(enum_name(precision));
  return fmt::format("compressed to {:.3g} bits ({})", bits, times_text(kWideBits / bits));
}

std::string head_text(const SystemPool& pool, const DecodeBreakdown& breakdown, const TextStyle& style) {
  const std::int64_t ranks = pool.record.tensor_parallel;
  std::string text = colored(fmt::format("Pool {}", plain_text(pool.name)), TextColor::bold, style);
  text += fmt::format(": {} on {} {}, {} a replica\n", plain_text(pool.model.header.id), pool.chips,
                      plain_text(pool.chip.header.id), ranks == 1 ? "one" : count_text(ranks));
  text += fmt::format("  weights {}, KV cache {}\n  per chip {} of weights, {} of cache for each token, room for {}\n",
                      format_text(pool.precision.weights, breakdown.weight_bits),
                      format_text(pool.precision.kv_cache, breakdown.cache_bits),
                      to_text(Bytes(pool.memory.weights), 3), to_text(Bytes(pool.memory.kv_per_token), 3),
                      short_count_text(pool.limits.usable_blocks * pool.limits.block_size));
  if (pool.speculation) text += "  plain steps: what speculation drafts and verifies is left out\n";
  if (pool.record.engine_settings && pool.record.engine_settings->lora) text += "  without what adapters add\n";
  return text;
}

std::string_view traffic_name(AccessKind kind) {
  switch (kind) {
    case AccessKind::weight_stream:
      return "weights";
    case AccessKind::kv_gather:
      return "KV cache";
    case AccessKind::mixed:
      return "mixed";
  }
  return {};
}

/// Each column takes from what the one before it left.
std::string waterfall_text(const SystemPool& pool, const DecodeBreakdown& breakdown, const TextStyle& style) {
  const ChipMemory& memory = pool.chip.memory;
  std::string text = memory.part ? fmt::format("  memory of a chip: {} of {}", memory.packages->value, memory.part->id)
                                 : fmt::format("  memory of a chip: {} of no known part, whose own losses are left out",
                                               plain_text(memory.type));
  const auto measured = [](const MemoryWaterfall& fall) { return fall.measured; };
  const bool all = std::all_of(breakdown.memory.begin(), breakdown.memory.end(), measured);
  const bool any = std::any_of(breakdown.memory.begin(), breakdown.memory.end(), measured);
  text += fmt::format("; controller factors {}\n",
                      all   ? "fitted to its kernels"
                      : any ? fmt::format("fitted to its kernels, others of family {}", pool.family.header.id)
                            : fmt::format("of family {}", pool.family.header.id));
  TextTable table({"traffic", "pin rate", "row misses", "turnarounds", "refresh", "controller", "achieved"});
  const auto taken = [](double share) { return fmt::format("x {:.3f}", share); };
  for (const MemoryWaterfall& fall : breakdown.memory) {
    table.add({std::string(traffic_name(fall.kind)), to_text(fall.pin_rate, 4), taken(fall.row_misses),
               taken(fall.turnarounds), taken(fall.refresh), taken(fall.controller_factor), to_text(fall.achieved, 4)});
  }
  return text + table.render(style) + '\n';
}

/// Amdahl: each kernel's own gain, and that of the step which they make up.
std::string shares_text(const std::vector<DecodeShare>& shares, const DecodePoint& point, const TextStyle& style) {
  TextTable table({fmt::format("batch {}, context {}", count_text(point.batch), count_text(point.context)), "time",
                   "share", "bytes", "fewer bytes", "faster", "limit"});
  const auto row = [&](std::string name, Seconds time, Seconds wide, Bytes bytes, Bytes wide_bytes, std::string limit) {
    table.add({std::move(name), duration_text(time.si()), share_text(time / point.time), to_text(bytes, 3),
               bytes > Bytes(0) ? ratio_text(wide_bytes.si(), bytes.si()) : "-", ratio_text(wide.si(), time.si()),
               std::move(limit)});
  };
  for (const DecodeShare& share : shares) {
    row(std::string(enum_name(share.kind)), share.time, share.wide_time, share.memory_bytes, share.wide_memory_bytes,
        share.kind == KernelKind::host ? "processor" : std::string(enum_name(share.limit)));
  }
  row("the step", point.time, point.wide_time, point.memory_bytes, point.wide_memory_bytes, "");
  return table.render(style);
}

/// A row for each batch, a column for each context; "-" where the cache cannot hold it.
template <class Cell>
std::string grid_text(std::string title, const DecodeGrid& grid, const DecodeBreakdown& breakdown, Cell&& cell,
                      const TextStyle& style) {
  std::vector<std::string> head{std::move(title)};
  for (const std::int64_t context : grid.contexts) head.push_back(count_text(context));
  TextTable table(std::move(head));
  auto point = breakdown.points.begin();
  for (const std::int64_t batch : grid.batches) {
    std::vector<std::string> cells{count_text(batch)};
    for (std::size_t i = 0; i < grid.contexts.size(); ++i, ++point) cells.push_back(point->fits ? cell(*point) : "-");
    table.add(std::move(cells));
  }
  return table.render(style);
}

std::string claims_text(const SystemPool& pool, const DecodeBreakdown& breakdown) {
  if (!pool.chip.claims) return {};
  const DecodePoint& first = breakdown.points.front();
  const DecodePoint& last = breakdown.points[breakdown.last_point];
  std::string text;
  if (const auto& claim = pool.chip.claims->weight_traffic) {
    text += fmt::format(
        "  {}: weight traffic to 1/{:.3g}. Here weights shrink {};\n  the traffic of a step {} at batch {}, {} at "
        "batch "
        "{} with {} tokens each.\n",
        enum_name(*claim->status), 1 / claim->value, times_text(kWideBits / breakdown.weight_bits),
        ratio_text(first.wide_memory_bytes.si(), first.memory_bytes.si()), first.batch,
        ratio_text(last.wide_memory_bytes.si(), last.memory_bytes.si()), last.batch, count_text(last.context));
  }
  if (const auto& claim = pool.chip.claims->energy_efficiency) {
    text += fmt::format("  {}: {:.3g} times the power efficiency, of what is not said; see the energy below.\n",
                        enum_name(*claim->status), claim->value);
  }
  return text;
}

/// Cached tokens, batch x context, at which a step moves only `gain` times fewer bytes: (W + K) / (W / w + K / k) for
/// weights W that shrink w times and a cache K that shrinks k times. Nothing where it never falls so low.
std::optional<double> tokens_at_gain(const SystemPool& pool, const DecodeBreakdown& breakdown, double gain) {
  double weights = 0;
  for (const DecodeShare& share : breakdown.first) {
    if (reads_weights(share.kind)) weights += share.wide_memory_bytes.si();
  }
  const double weight_ratio = kWideBits / breakdown.weight_bits;
  const double cache_ratio = kWideBits / breakdown.cache_bits;
  if (gain >= weight_ratio || gain <= cache_ratio) return std::nullopt;
  const double wide_cache = pool.memory.kv_per_token * cache_ratio;
  return weights * (1 - gain / weight_ratio) / (wide_cache * (gain / cache_ratio - 1));
}

std::string thinning_text(const SystemPool& pool, const DecodeBreakdown& breakdown) {
  std::string text;
  for (const double gain : {6.0, 4.0, 3.0, 2.0}) {
    const auto tokens = tokens_at_gain(pool, breakdown, gain);
    if (!tokens) continue;
    text +=
        fmt::format("{}{:g}x at {}", text.empty() ? "" : ", ", gain, count_text(static_cast<std::int64_t>(*tokens)));
  }
  if (text.empty()) return {};
  return fmt::format("  A step moves fewer bytes by {} tokens of batch x context.\n", text);
}

std::string ranges_text(const BatchRanges& ranges, std::int64_t largest) {
  if (largest == 0) return "fits nowhere";
  if (ranges.empty()) return "never";
  if (ranges.size() == 1 && ranges[0] == std::pair<std::int64_t, std::int64_t>{1, largest}) {
    return fmt::format("all, 1-{}", largest);
  }
  std::string text;
  for (const auto& [first, last] : ranges) {
    text += text.empty() ? "" : ", ";
    text += first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
  }
  return clipped_text(text, 24);
}

std::string break_even_text(const System& system, const std::vector<DecodeBreakdown>& breakdowns,
                            const TextStyle& style) {
  if (breakdowns.size() < 2) return {};
  std::string text;
  const std::string reference = plain_text(system.pools.front().name);
  for (const bool by_cost : {false, true}) {
    std::vector<std::string> head{by_cost ? "token costs no more" : "step takes no longer"};
    for (const BreakEven& one : breakdowns[1].break_even) head.push_back(count_text(one.context));
    TextTable table(std::move(head));
    for (std::size_t i = 1; i < breakdowns.size(); ++i) {
      std::vector<std::string> cells{plain_text(system.pools[breakdowns[i].pool].name)};
      for (const BreakEven& one : breakdowns[i].break_even) {
        cells.push_back(ranges_text(by_cost ? one.cheaper : one.faster, one.largest_common_batch));
      }
      table.add(std::move(cells));
    }
    text += table.render(style) + '\n';
  }
  return colored(fmt::format("Break-even with {}", reference), TextColor::bold, style) +
         ", by context; batches that fit both pools\n" + text;
}

}  // namespace

std::string decode_text(const System& system, const DecodeGrid& grid, const std::vector<DecodeBreakdown>& breakdowns,
                        const TextStyle& style) {
  std::string text =
      colored(plain_text(system.name), TextColor::bold, style) +
      ": one decode step of each pool, taken apart. \"Fewer\" and \"faster\" compare with bf16 weights "
      "and cache\non the same chips, whether or not those would fit. A dash: the KV cache cannot hold it.\n\n";
  for (const DecodeBreakdown& breakdown : breakdowns) {
    const SystemPool& pool = system.pools[breakdown.pool];
    const DecodePoint& first = breakdown.points.front();
    const DecodePoint& last = breakdown.points[breakdown.last_point];
    text += head_text(pool, breakdown, style) + claims_text(pool, breakdown) + thinning_text(pool, breakdown);
    text += waterfall_text(pool, breakdown, style);
    text += shares_text(breakdown.first, first, style) + '\n';
    if (&last != &first) text += shares_text(breakdown.last, last, style) + '\n';
    const bool is_wide = breakdown.weight_bits == kWideBits && breakdown.cache_bits == kWideBits;
    text += grid_text(
        is_wide ? "step, ms: batch | context" : "step, ms, and gain: batch | context", grid, breakdown,
        [&](const DecodePoint& p) {
          const std::string time = figure_text(1e3 * p.time.si());
          return is_wide ? time : fmt::format("{} {:>5}", time, times_text(p.wide_time / p.time));
        },
        style);
    text += grid_text(
        "$ a million tokens, J a token", grid, breakdown,
        [](const DecodePoint& p) {
          const auto tokens = static_cast<double>(p.batch);
          return fmt::format("{} {:>6}", figure_text(1e6 * p.cost.si() / tokens), figure_text(p.energy.si() / tokens));
        },
        style);
    text += '\n';
  }
  return text + break_even_text(system, breakdowns, style) + weak_numbers_text(system.provenance, style);
}

}  // namespace orrery
