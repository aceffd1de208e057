#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/cli/command.h"
#include "orrery/memory/controller_settings.h"
#include "orrery/memory/memory_trace.h"
#include "orrery/memory/unit_engine.h"

namespace orrery {

/// A part to ask, "hbm3e-9200" or "hbm3e-9200:12".
struct AskedPart {
  std::string text;
  std::string id;
  std::optional<std::int64_t> height;
};

/// The command line of `orrery memory`, as far as it can be understood without the catalog.
struct MemoryRequest {
  std::vector<AskedPart> parts;
  std::vector<std::string> patterns;
  std::optional<std::string> trace;
  std::optional<MemoryTraceFormat> trace_format;
  std::int64_t requests = 100'000;
  std::int64_t outstanding = 64;
  bool outstanding_given = false;
  std::int64_t queue = 64;
  std::int64_t stride = 1;
  std::int64_t packages = 1;
  std::uint64_t seed = 0;
  std::optional<double> load;
  std::optional<double> write_share;
  std::optional<std::string> model;
  std::string mapping = "default";
  std::optional<SchedulingPolicy> policy;
  std::optional<PagePolicy> page;
  std::optional<RefreshMode> refresh;
  std::optional<BytesPerSecond> pin_rate;
  std::optional<std::int64_t> ranks;
  std::optional<double> celsius;
  std::optional<Seconds> power_down_after;
  std::optional<Seconds> self_refresh_after;
  std::optional<std::int64_t> activations_per_management;
  std::vector<std::pair<std::string, std::int64_t>> timings;
  double toggle = 0.5;
  bool all_units = false;
  bool curve = false;
  bool check = false;
  int threads = 1;
  std::optional<std::string> commands_out;
  std::optional<std::string> power_out;
  Seconds power_window{1e-6};
};

/// Fails with the first thing that is wrong, its option first.
Result<MemoryRequest> read_memory_request(const Arguments& arguments);

}  // namespace orrery
