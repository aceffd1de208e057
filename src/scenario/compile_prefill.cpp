#include "orrery/scenario/compile_prefill.h"

#include <fmt/format.h>

#include <algorithm>

#include "orrery/base/nearest_name.h"
#include "orrery/chip/chip.h"
#include "orrery/model/memory_footprint.h"
#include "orrery/model/model_shape.h"
#include "orrery/scenario/compile_pool.h"

namespace orrery {
namespace {

template <class Named>
auto find_named(Named& all, const std::string& name) {
  return std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
}

/// Bytes of one token's keys and values, undivided.
double whole_kv_bytes(const SystemPool& pool) {
  const Chip chip = compiled_chip(pool);
  return kv_bytes_per_token(pool.model, element_bytes(chip, pool.precision), 1).si();
}

/// One pool whose prompts come from another, and where to report.
class PrefillJoin {
 public:
  PrefillJoin(System& system, SystemPool& decode, const Node& node, const Catalog& catalog, Diagnostics& diagnostics)
      : system_(system),
        decode_(decode),
        record_(*decode.record.prefilled_by),
        node_(node),
        catalog_(catalog),
        diagnostics_(diagnostics) {}

  void join(std::size_t prefill_index, std::size_t decode_index) {
    SystemPool& prefill = system_.pools[prefill_index];
    if (prefill_index == decode_index || prefill.record.prefilled_by) {
      report("pool", fmt::format("the prompts of pool '{}' come from another pool themselves", prefill.name),
             "name a pool without prefilled_by");
      return;
    }
    if (prefill.prefills_for) {
      report("pool", fmt::format("pool '{}' computes the prompts of pool '{}' already", prefill.name,
                                 system_.pools[*prefill.prefills_for].name));
      return;
    }
    const std::size_t errors_before = diagnostics_.error_count();
    check_pair(prefill);
    const auto link = load_link(prefill);
    if (!link || diagnostics_.error_count() > errors_before) return;
    prefill.prefills_for = decode_index;
    decode_.prefill = SystemPrefill{prefill_index, path_over(*link, prefill), link->energy_per_byte.value};
  }

 private:
  void report(std::string_view key, std::string message, std::string hint = {},
              std::string_view code = "pools-do-not-match") {
    const Node* at = node_.find(key);
    diagnostics_.error(code, at != nullptr ? at->place : node_.place, std::move(message), std::move(hint));
  }

  void check_pair(const SystemPool& prefill) {
    if (prefill.limits.rules.reservation != Reservation::by_setting) {
      report("pool", fmt::format("pool '{}' does not have an engine of policy vllm-v1: no other hands prompts over",
                                 prefill.name));
      return;
    }
    const auto differ = [&](std::string_view what, const auto& here, const auto& there) {
      report("pool",
             fmt::format("{} differs: {} in pool '{}', {} in pool '{}'", what, there, prefill.name, here, decode_.name),
             "keys and values are used as they come: make both pools equal in this");
    };
    if (prefill.model.header.id != decode_.model.header.id) {
      differ("the model", decode_.model.header.id, prefill.model.header.id);
      return;
    }
    const Precision here = decode_.precision.kv_cache;
    const Precision there = prefill.precision.kv_cache;
    if (here != there) {
      differ("the format of the KV cache", enum_name(here), enum_name(there));
    } else if (const double a = whole_kv_bytes(decode_), b = whole_kv_bytes(prefill); a != b) {
      differ("the compression of the KV cache", to_text(Bytes(a), 4) + " a token", to_text(Bytes(b), 4) + " a token");
    }
    if (prefill.limits.block_size != decode_.limits.block_size) {
      differ("the size of KV blocks", decode_.limits.block_size, prefill.limits.block_size);
    }
    if (prefill.limits.max_adapters > 0 || decode_.limits.max_adapters > 0) {
      report("pool", "adapters are not simulated where one pool computes the prompts of another",
             "leave engine_settings.lora out, or let one pool compute prompts and answers");
    }
    if (prefill.limits.by_priority || decode_.limits.by_priority) {
      report("pool", "priorities are not simulated where one pool computes the prompts of another",
             "leave engine_settings.scheduling out, or let one pool compute prompts and answers");
    }
    const auto drafts = [](const SystemPool& pool) {
      return pool.speculation ? fmt::format("{} by {}", pool.speculation->setup.tokens, pool.speculation->name)
                              : "none";
    };
    if (drafts(prefill) != drafts(decode_)) differ("what is drafted", drafts(decode_), drafts(prefill));
    if (prefill.site.header.id != decode_.site.header.id) {
      differ("the site", decode_.site.header.id, prefill.site.header.id);
    }
    for (const SystemPool* pool : {&prefill, static_cast<const SystemPool*>(&decode_)}) {
      if (pool->layout.lanes() == 1) continue;
      report("pool",
             fmt::format("pool '{}' has stages or groups, whose transfers between pools are not simulated", pool->name),
             "leave pipeline_parallel and data_parallel out, or serve prompts and answers in one pool",
             "invalid-parallelism");
    }
    const std::int64_t ranks = decode_.record.tensor_parallel;
    const std::int64_t other_ranks = prefill.record.tensor_parallel;
    if (ranks % other_ranks != 0 && other_ranks % ranks != 0) {
      report("pool",
             fmt::format("tensor_parallel is {} in pool '{}' and {} in pool '{}': heads of one rank would come from "
                         "parts of several",
                         other_ranks, prefill.name, ranks, decode_.name),
             "choose degrees of which one divides the other", "invalid-parallelism");
    }
    check_links(other_ranks, ranks, prefill.chips, decode_.chips);
  }

  /// A link is one chip's: there are no more of them than chips at either end.
  void check_links(std::int64_t sender, std::int64_t receiver, std::int64_t senders, std::int64_t receivers) {
    std::int64_t most = 0;
    switch (record_.shared_by) {
      case LinkSharing::pair:
        most = std::min(sender, receiver);
        break;
      case LinkSharing::sender:
        most = sender;
        break;
      case LinkSharing::receiver:
        most = receiver;
        break;
      case LinkSharing::pool:
        most = std::min(senders, receivers);
        break;
    }
    if (record_.links <= most) return;
    report("links",
           fmt::format("{} links side by side, shared by {}, but {} chip{} to use them", record_.links,
                       enum_name(record_.shared_by), most, most == 1 ? "" : "s"),
           "every chip has one link", "impossible-physics");
  }

  std::optional<LinkRecord> load_link(const SystemPool& prefill) {
    auto entry = catalog_.load<LinkRecord>(record_.link, diagnostics_);
    if (!entry) return std::nullopt;
    const auto joins = [&](const SystemPool& pool) {
      return pool.server.link && pool.server.link->id == record_.link.id;
    };
    if (entry->record.reach == LinkReach::node && !(joins(prefill) && joins(decode_))) {
      report("link",
             fmt::format("{} joins the chips of one server, and {} and {} are not slices of one", record_.link.id,
                         prefill.server.header.id, decode_.server.header.id),
             "choose a link of reach network", "impossible-physics");
      return std::nullopt;
    }
    add_provenance(system_.provenance, entry->provenance);
    return std::move(entry->record);
  }

  /// Every rank of the receiver gets its own part: where ranks hold copies of the same heads, or a whole latent
  /// vector, these are sent once for each (V-94). One transfer uses one link for each pair of chips.
  TransferPath path_over(const LinkRecord& link, const SystemPool& prefill) const {
    const PointToPoint& constants = link.point_to_point;
    BytesPerSecond one = link.bandwidth.value;
    if (constants.bandwidth) one = std::min(one, constants.bandwidth->value);
    one = constants.link_fraction.value * one;
    const std::int64_t ranks = decode_.record.tensor_parallel;
    const std::int64_t of_one = std::min({record_.links, ranks, prefill.record.tensor_parallel});
    TransferPath path;
    path.capacity = static_cast<double>(record_.links) * one;
    path.most_of_one = static_cast<double>(of_one) * one;
    path.set_up = std::max(SimTime(1), to_sim_time(link.latency.value + constants.fixed_time.value));
    path.bytes_per_token = decode_.memory.kv_per_token * static_cast<double>(ranks);
    path.layers = decode_.model.layers;
    path.sharing = record_.shared_by;
    path.first_token = record_.first_token;
    path.overlap = record_.overlap;
    return path;
  }

  System& system_;
  SystemPool& decode_;
  const PrefilledBy& record_;
  const Node& node_;
  const Catalog& catalog_;
  Diagnostics& diagnostics_;
};

}  // namespace

void join_prefill(const ScenarioRecord& scenario, const Node& pool_nodes, const Catalog& catalog, System& system,
                  Diagnostics& diagnostics) {
  for (const auto& named : scenario.pools) {
    if (!named.value.prefilled_by) continue;
    const std::string& wanted = named.value.prefilled_by->pool;
    const Node& node = *pool_nodes.find(named.name)->find("prefilled_by");
    if (find_named(scenario.pools, wanted) == scenario.pools.end()) {
      std::vector<std::string> names;
      for (const auto& pool : scenario.pools) {
        if (pool.name != named.name) names.push_back(pool.name);
      }
      std::string hint = did_you_mean(wanted, names);
      if (hint.empty() && !names.empty()) hint = fmt::format("the scenario has: {}", fmt::join(names, ", "));
      diagnostics.error("dangling-reference", node.find("pool")->place,
                        fmt::format("pool '{}' is prefilled by a pool '{}' that does not exist", named.name, wanted),
                        std::move(hint));
      continue;
    }
    const auto decode = find_named(system.pools, named.name);
    const auto prefill = find_named(system.pools, wanted);
    if (decode == system.pools.end() || prefill == system.pools.end()) continue;  // reported already
    PrefillJoin(system, *decode, node, catalog, diagnostics)
        .join(static_cast<std::size_t>(prefill - system.pools.begin()),
              static_cast<std::size_t>(decode - system.pools.begin()));
  }
  for (const auto& service : scenario.services) {
    const auto pool = find_named(system.pools, service.value.pool);
    if (pool == system.pools.end() || !pool->prefills_for) continue;
    const std::string& decode = system.pools[*pool->prefills_for].name;
    diagnostics.error("pools-do-not-match", service.value.place,
                      fmt::format("service '{}' goes to pool '{}', which computes the prompts of pool '{}'",
                                  service.name, pool->name, decode),
                      fmt::format("send it to pool '{}'", decode));
  }
}

}  // namespace orrery
