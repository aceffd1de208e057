#include "orrery/estimate/real_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "orrery/base/file.h"
#include "orrery/base/gzip.h"
#include "orrery/base/unit.h"
#include "orrery/scenario/trace_reader.h"
#include "orrery/schema/node.h"

namespace orrery {
namespace {

constexpr std::size_t kMostBytes = 1'000'000'000;  // of an unpacked file

/// Which machine and engine a folder's run had.
struct Hardware {
  std::string_view folder;  ///< beginning of its name
  std::string_view server;
  std::string_view model;
  std::string_view engine;
};
constexpr Hardware kHardware[] = {
    {"vllm-rtx4090-llama3.1-8b", "rtx-4090-x1", "llama-3.1-8b", "vllm-0.19"},
    {"vllm-rtxpro6000x2-qwen3-32b", "rtx-pro-6000-x2", "qwen3-32b", "vllm-0.19"},
    {"llama-2-7b-tp1", "h100-sxm-x1", "llama-2-7b", "vllm-0.15"},
    {"mixtral-8x7b-v0-1-tp2", "h100-sxm-x2", "mixtral-8x7b", "vllm-0.15"},
};

/// Values of one document by path; the first thing that is missing is reported.
class Document {
 public:
  Document(std::string path, Diagnostics& diagnostics)
      : path_(std::move(path)), diagnostics_(diagnostics), node_(parse_yaml_file(path_, diagnostics)) {}

  bool good() const { return node_.has_value() && good_; }
  const Node* find(std::initializer_list<std::string_view> keys) const {
    const Node* node = node_ ? &*node_ : nullptr;
    for (const std::string_view key : keys) node = node == nullptr ? nullptr : node->find(key);
    return node;
  }
  double number(std::initializer_list<std::string_view> keys) {
    const Node* node = find(keys);
    const auto value = node == nullptr ? Result<double>(failure("it is missing")) : parse_number(node->text);
    if (value) return *value;
    if (node_) fail(fmt::format("{}: {}", fmt::join(keys, "."), value.error()));
    return 0;
  }
  std::int64_t count(std::initializer_list<std::string_view> keys) { return std::llround(number(keys)); }

 private:
  void fail(std::string message) {
    if (good_) diagnostics_.error("invalid-number", node_->place, std::move(message));
    good_ = false;
  }

  std::string path_;
  Diagnostics& diagnostics_;
  std::optional<Node> node_;
  bool good_ = true;
};

/// The rows of requests.jsonl.gz by request number.
struct RequestTimes {
  double queued = 0;
  double first = 0;
  double last = 0;
};

std::vector<RequestTimes> read_times(const std::string& path, std::size_t count, Diagnostics& diagnostics) {
  std::vector<RequestTimes> times(count);
  const auto packed = read_file(path);
  const auto text = packed ? inflate_gzip(*packed, kMostBytes) : Result<std::string>(failure(packed.error()));
  if (!text) {
    diagnostics.error("unreadable-file", Place(), fmt::format("{}: {}", path, text.error()));
    return {};
  }
  std::size_t rows = 0;
  for (std::size_t begin = 0; begin < text->size();) {
    const std::size_t end = std::min(text->find('\n', begin), text->size());
    const auto source = std::make_shared<const SourceText>(path, text->substr(begin, end - begin));
    begin = end + 1;
    const auto row = parse_yaml(source, diagnostics);
    if (!row) return {};
    const auto number = [&](std::string_view key) {
      const Node* node = row->find(key);
      return node == nullptr ? std::numeric_limits<double>::quiet_NaN() : parse_number(node->text).value_or(NAN);
    };
    const Node* id = row->find("request_id");
    const auto index = id == nullptr ? Result<long long>(failure("no request_id"))
                                     : parse_integer(id->text.substr(id->text.find('-') + 1));
    if (!index || *index < 0 || static_cast<std::size_t>(*index) >= count) continue;
    times[static_cast<std::size_t>(*index)] = {number("queued_ts"), number("first_token_ts"), number("last_token_ts")};
    ++rows;
  }
  if (rows != count) {
    diagnostics.error("invalid-number", Place(), fmt::format("{}: {} of {} requests are there", path, rows, count));
    return {};
  }
  return times;
}

void read_by_request(const std::string& folder, RealRun& run, Diagnostics& diagnostics) {
  Document meta(folder + "/meta.json", diagnostics);
  run.tensor_parallel = meta.count({"engine_kwargs", "tensor_parallel_size"});
  run.max_num_seqs = meta.count({"engine_kwargs", "max_num_seqs"});
  run.max_num_batched_tokens = meta.count({"engine_kwargs", "max_num_batched_tokens"});
  const Node* longest = meta.find({"engine_kwargs", "max_model_len"});
  if (longest != nullptr && !longest->text.empty()) run.max_model_len = meta.count({"engine_kwargs", "max_model_len"});
  if (meta.find({"kv_cache", "num_gpu_blocks"}) != nullptr) {
    run.measured_blocks = meta.count({"kv_cache", "num_gpu_blocks"});
  }
  auto trace = read_trace(folder + "/workload.jsonl.gz", {}, diagnostics);
  if (!trace || !meta.good()) return;
  run.requests = std::move(trace->requests);
  const std::vector<RequestTimes> times = read_times(folder + "/requests.jsonl.gz", run.requests.size(), diagnostics);
  if (times.empty()) return;

  // Arrivals are on another clock: the earliest that any request could have been taken up sets the offset.
  const auto arrival = [&](std::size_t i) { return static_cast<double>(run.requests.arrival_ps[i]) * 1e-12; };
  double offset = std::numeric_limits<double>::infinity();
  double first_queued = offset;
  double last_token = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    offset = std::min(offset, times[i].queued - arrival(i));
    first_queued = std::min(first_queued, times[i].queued);
    last_token = std::max(last_token, times[i].last);
  }
  run.makespan = last_token - first_queued;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const RequestTimes& t = times[i];
    const double arrived = arrival(i) + offset;
    const auto gaps = static_cast<double>(run.requests.output_tokens[i] - 1);
    run.measured.push_back({t.first - t.queued, t.first - arrived, gaps > 0 ? (t.last - t.first) / gaps : 0,
                            t.last - t.queued, t.last - arrived});
  }
}

void read_by_stage(const std::string& folder, RealRun& run, Diagnostics& diagnostics) {
  Document config(folder + "/exp-config.yaml", diagnostics);
  run.tensor_parallel = config.count({"tensor_parallelism"});
  run.max_num_seqs = config.count({"max_num_seqs"});
  run.max_num_batched_tokens = config.count({"max_num_batched_tokens"});
  run.max_model_len = config.count({"max_model_len"});
  Document client(folder + "/client-resolved.yaml", diagnostics);
  run.groups = client.count({"data", "shared_prefix", "num_groups"});
  run.prompts_per_group = client.count({"data", "shared_prefix", "num_prompts_per_group"});
  run.shared_tokens = client.count({"data", "shared_prefix", "system_prompt_len"});
  run.output_tokens = client.count({"data", "shared_prefix", "output_len"});
  const Node* stages = client.find({"load", "stages"});
  if (stages == nullptr || !config.good() || !client.good()) return;
  for (std::size_t i = 0; i < stages->items.size(); ++i) {
    const Node* rate = stages->items[i].find("rate");
    const Node* duration = stages->items[i].find("duration");
    Document stage(fmt::format("{}/stage_{}_lifecycle_metrics.json", folder, i), diagnostics);
    MeasuredStage measured;
    measured.rate = rate == nullptr ? 0 : parse_number(rate->text).value_or(0);
    measured.duration = duration == nullptr ? 0 : parse_number(duration->text).value_or(0);
    measured.completed = stage.count({"successes", "count"});
    measured.failed = stage.count({"failures", "count"});
    measured.e2e_mean = stage.number({"successes", "latency", "request_latency", "mean"});
    measured.e2e_median = stage.number({"successes", "latency", "request_latency", "median"});
    measured.ttft_mean = stage.number({"successes", "latency", "time_to_first_token", "mean"});
    measured.ttft_median = stage.number({"successes", "latency", "time_to_first_token", "median"});
    run.prompt_tokens = stage.count({"successes", "prompt_len", "mean"});
    if (!stage.good()) return;
    run.stages.push_back(measured);
  }
}

std::vector<std::string> folders_of(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.is_directory()) names.push_back(entry.path().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

bool RealRun::is_overloaded() const {
  return std::any_of(stages.begin(), stages.end(), [](const MeasuredStage& stage) { return stage.failed > 0; });
}

std::vector<RealRun> read_real_runs(const std::string& folder, Diagnostics& diagnostics) {
  std::vector<std::string> paths = folders_of(folder);
  for (const std::string& path : folders_of(folder + "/h100")) paths.push_back(path);
  std::vector<RealRun> runs;
  for (const std::string& path : paths) {
    const std::string name = std::filesystem::path(path).filename().string();
    const bool by_request = std::filesystem::exists(path + "/requests.jsonl.gz");
    if (!by_request && !std::filesystem::exists(path + "/exp-config.yaml")) continue;
    const auto* hardware = std::find_if(std::begin(kHardware), std::end(kHardware),
                                        [&](const Hardware& row) { return name.starts_with(row.folder); });
    if (hardware == std::end(kHardware)) {
      diagnostics.error("unknown-name", Place(), fmt::format("{}: it is not known what machine this ran on", path));
      continue;
    }
    RealRun run;
    run.name = name;
    run.server = hardware->server;
    run.model = hardware->model;
    run.engine = hardware->engine;
    if (by_request) {
      read_by_request(path, run, diagnostics);
    } else {
      read_by_stage(path, run, diagnostics);
    }
    if (run.is_by_request() || !run.stages.empty()) runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace orrery
