#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "orrery/chip/server_record.h"
#include "orrery/model/step_cost_builder.h"
#include "orrery/scenario/scenario_record.h"

namespace orrery {

/// What joins the chips of one engine; nothing where no chips talk.
struct PoolLinks {
  std::optional<Interconnect> tensor;
  std::optional<Interconnect> stage;
  std::optional<Interconnect> stages;
  bool stages_between_nodes = false;

  EngineLinks view() const {
    return {tensor ? &*tensor : nullptr, stage ? &*stage : nullptr, stages ? &*stages : nullptr, stages_between_nodes};
  }
};

EngineLayout layout_of(const PoolRecord& pool);

/// Reports code, key of the pool, message and hint.
using PoolReport = std::function<void(std::string_view, std::string_view, std::string, std::string)>;

/// Reports a layout that does not divide the model or the servers, with the nearest one that works.
void check_pool_layout(const PoolRecord& pool, const ServerRecord& server, const ModelRecord& model,
                       const PoolReport& report);

/// Joins the chips of an engine by the server's link and, where it spans servers, by the network. Links are null where
/// the pool names none. Pre: check_pool_layout() reported nothing.
PoolLinks join_chips(const EngineLayout& layout, const ServerRecord& server, const std::optional<LinkRecord>& link,
                     const std::optional<LinkRecord>& network);

}  // namespace orrery
