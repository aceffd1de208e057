#include "orrery/scenario/pool_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace orrery {
namespace {

struct LayoutKey {
  std::string_view key;
  std::int64_t EngineLayout::* number;
};
constexpr LayoutKey kKeys[] = {
    {"tensor_parallel", &EngineLayout::tensor},
    {"pipeline_parallel", &EngineLayout::pipeline},
    {"data_parallel", &EngineLayout::data},
    {"expert_parallel", &EngineLayout::expert},
};

/// "tensor_parallel: 4" and whatever else differs.
std::string changes(const EngineLayout& from, const EngineLayout& to) {
  std::vector<std::string> changed;
  for (const LayoutKey& row : kKeys) {
    if (from.*row.number != to.*row.number) changed.push_back(fmt::format("{}: {}", row.key, to.*row.number));
  }
  return fmt::format("{}", fmt::join(changed, ", "));
}

/// The key of the number that the nearest layout would change.
std::string_view culprit(const EngineLayout& from, const EngineLayout& to) {
  for (const LayoutKey& row : kKeys) {
    if (from.*row.number != to.*row.number) return row.key;
  }
  return kKeys[0].key;
}

/// So many neighbouring chips of the servers that an engine lies on.
std::optional<Interconnect> join(std::int64_t chips, const ServerRecord& server, const std::optional<LinkRecord>& link,
                                 const std::optional<LinkRecord>& network) {
  const std::int64_t near = std::min(chips, server.chips.value);
  const std::int64_t nodes = chips / near;
  if (chips < 2 || (near > 1 && !link) || (nodes > 1 && !network)) return std::nullopt;
  InterconnectShape shape;
  shape.link = link ? *link : *network;
  if (server.link_bandwidth && link) shape.bandwidth = server.link_bandwidth->value;
  shape.ranks = static_cast<double>(near);
  shape.nodes = static_cast<double>(nodes);
  if (nodes > 1) shape.network = network;
  return Interconnect(std::move(shape));
}

}  // namespace

EngineLayout layout_of(const PoolRecord& pool) {
  return {pool.tensor_parallel, pool.pipeline_parallel.value_or(1), pool.data_parallel.value_or(1),
          pool.expert_parallel.value_or(1)};
}

void check_pool_layout(const PoolRecord& pool, const ServerRecord& server, const ModelRecord& model,
                       const PoolReport& report) {
  const EngineLayout layout = layout_of(pool);
  const std::int64_t chips = server.chips.value;
  const bool is_within_server = layout.chips() <= chips && chips % layout.chips() == 0;
  const bool spans_servers = layout.chips() > chips && layout.chips() % chips == 0;
  const std::string_view what = layout.lanes() > 1 ? "engine" : "replica";
  if (!is_within_server && !(spans_servers && pool.network)) {
    report("invalid-parallelism", "tensor_parallel",
           fmt::format("{} chips per {} do not divide the {} chips of server {}", layout.chips(), what, chips,
                       server.header.id),
           spans_servers ? "an engine that spans servers needs a link between them: network: infiniband-ndr400"
                         : "choose a divisor of its chips, a multiple of them with a network, or another server");
  } else if (spans_servers && pool.servers % (layout.chips() / chips) != 0) {
    report("invalid-parallelism", "servers",
           fmt::format("engines of {} servers do not divide {} servers", layout.chips() / chips, pool.servers),
           fmt::format("servers: a multiple of {}", layout.chips() / chips));
  } else if (layout.stage_chips() > chips && layout.stage_chips() % chips != 0) {
    report("invalid-parallelism", "tensor_parallel",
           fmt::format("the {} chips of a stage do not divide among servers of {}", layout.stage_chips(), chips), "");
  } else if (layout.tensor > chips && layout.tensor % chips != 0) {
    report("invalid-parallelism", "tensor_parallel",
           fmt::format("{} chips that share a layer do not divide among servers of {}", layout.tensor, chips), "");
  }
  if (const auto good = check_layout(model, layout); !good) {
    const EngineLayout nearest = nearest_layout(model, layout, std::max(layout.chips(), chips));
    const std::string change = changes(layout, nearest);
    report("invalid-parallelism", culprit(layout, nearest), good.error(),
           change.empty() ? "" : "the nearest that divides the model: " + change);
  }
}

PoolLinks join_chips(const EngineLayout& layout, const ServerRecord& server, const std::optional<LinkRecord>& link,
                     const std::optional<LinkRecord>& network) {
  PoolLinks links;
  links.tensor = join(layout.tensor, server, link, network);
  if (layout.data > 1) links.stage = join(layout.stage_chips(), server, link, network);
  if (layout.pipeline > 1) {
    links.stages_between_nodes = layout.chips() > server.chips.value;
    links.stages = join(layout.chips(), server, link, network);
  }
  return links;
}

}  // namespace orrery
