#include "orrery/report/replay_report.h"

#include <fmt/format.h>

#include <cmath>

namespace orrery {
namespace {

constexpr std::string_view kTreatment =
    "Runs of real engines, replayed by the engine of the simulations: same arrivals, token ids and settings. Step "
    "times\n"
    "on H100 come from forms calibrated on kernels measured there, on the other chips from their entry and family: no\n"
    "kernel of the RTX 4090 and the RTX PRO 6000 was measured for it, they are predicted from their datasheets. The\n"
    "all-reduce of the RTX PRO 6000 is one published for such boards, looked for after this run had been seen. H100\n"
    "runs: 100 distinct prompts in their order, exponential gaps scaled to the stage, the mean of three seeds; 9.3 ms\n"
    "before and 1.85 ms after the engine for the API; the time per token is the measured (E2E - TTFT) / (output - 1),\n"
    "since the client counted chunks. The host time of a step of vLLM 0.15 was estimated from two of these very "
    "stages\n"
    "(Llama-2-7B, 8 and 20 requests/s), and the workspace of vLLM 0.19 from the blocks of the RTX 4090 run: those\n"
    "figures are not unseen. \"Queued\" counts from when the engine takes a request up, \"arrival\" from when the "
    "client\n"
    "sent it. A request's own error: the mean over requests of |simulated / measured - 1|.\n"
    "In overload the client gives up after 300 s, rounded up to a whole second of its clock (aiohttp's default, and "
    "what\n"
    "the failures show); the engine lets go of the request at the next step boundary. Times are then the survivors'. "
    "The\n"
    "KV blocks of these runs are not known and are predicted. Nothing was fitted on the two runs in overload; \"TPOT "
    "given\"\n"
    "is no prediction: every step is made longer or shorter by as much as brings the time per token to the measured "
    "one,\n"
    "so that what is left are the errors of queueing and of clients that give up (shown where it is off by over 5 "
    "%).\n";

/// What LLMServingSim 5daddb2 reaches on the same two runs, with kernel tables measured on those very GPUs; on the RTX
/// 4090 with the memory utilisation chosen so that the block count is the measured one. Errors of means in percent,
/// then of single requests. Source: its bench/examples and the serving reference, 5.2.
struct PeerRow {
  std::string_view run;
  std::string_view means;
  std::string_view requests;
};
constexpr PeerRow kPeers[] = {
    {"vllm-rtx4090-llama3.1-8b", "TTFT +0.6, TPOT +0.2, E2E +0.5", "3.8 / 1.6 / 0.65"},
    {"vllm-rtxpro6000x2-qwen3-32b", "TTFT +1.3, TPOT +0.8, E2E +1.0", "2.6 / 0.8 / 1.1"},
};

std::string value_text(const ReplayedFigure& figure, double value) {
  return figure.name == "KV blocks" ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

std::string error_text(const ReplayedFigure& figure) { return fmt::format("{:+.1f}", 100 * figure.error()); }

std::string head_of(const Replay& replay) {
  return fmt::format("{}, {}, {}: {} steps, {} preemptions, {} tokens found cached", replay.run, replay.chip,
                     replay.variant, replay.steps, replay.preemptions, replay.hit_tokens);
}

std::string own_errors(const std::vector<std::pair<std::string, double>>& errors) {
  std::string text;
  for (const auto& [name, error] : errors) {
    text += fmt::format("{}{} {:.1f}", text.empty() ? "" : ", ", name, 100 * error);
  }
  return text;
}

std::string peer_text(const Replay& replay) {
  for (const PeerRow& peer : kPeers) {
    if (peer.run == replay.run) {
      return fmt::format("LLMServingSim, tables of this GPU: {} % of means; {} % of a request", peer.means,
                         peer.requests);
    }
  }
  return "";
}

/// Mean absolute errors of each figure over the stages.
std::string stage_means(const std::vector<Replay>& stages) {
  if (stages.empty()) return "";
  std::string text;
  for (std::size_t i = 0; i < stages.front().figures.size(); ++i) {
    double sum = 0;
    for (const Replay& stage : stages) sum += std::abs(stage.figures[i].error());
    text += fmt::format("{}{} {:.1f}", text.empty() ? "" : ", ", stages.front().figures[i].name,
                        100 * sum / static_cast<double>(stages.size()));
  }
  return text;
}

std::string overload_value(const ReplayedFigure& figure, double value) {
  return figure.name == "failures" ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

void write_replay(JsonWriter& json, const Replay& replay) {
  json.begin_object();
  json.field("run", replay.run);
  json.field("variant", replay.variant);
  json.field("chip", replay.chip);
  json.field("steps", replay.steps);
  json.field("preemptions", replay.preemptions);
  json.field("hit_tokens", replay.hit_tokens);
  json.key("figures");
  json.begin_array();
  for (const ReplayedFigure& figure : replay.figures) {
    json.begin_object();
    json.field("name", figure.name);
    json.field("measured", figure.measured);
    json.field("simulated", figure.simulated);
    json.field("error", figure.error());
    json.end_object();
  }
  json.end_array();
  json.key("per_request_error");
  json.begin_object();
  for (const auto& [name, error] : replay.per_request) json.field(name, error);
  json.end_object();
  json.key("per_warm_request_error");
  json.begin_object();
  for (const auto& [name, error] : replay.per_warm_request) json.field(name, error);
  json.end_object();
  json.end_object();
}

}  // namespace

std::string replay_text(const ReplaySuite& suite, const TextStyle& style) {
  std::string text;
  for (const Replay& replay : suite.by_request) {
    text += colored(head_of(replay), TextColor::bold, style) + '\n';
    TextTable table({"seconds", "measured", "simulated", "error %"});
    for (const ReplayedFigure& figure : replay.figures) {
      table.add(
          {figure.name, value_text(figure, figure.measured), value_text(figure, figure.simulated), error_text(figure)});
    }
    text += table.render(style);
    text +=
        fmt::format("A request's own error, %: {}\n  without the first {}: {}\n{}\n\n", own_errors(replay.per_request),
                    kColdRequests, own_errors(replay.per_warm_request), peer_text(replay));
  }
  if (!suite.by_stage.empty()) {
    TextTable table({"H100 run", "stage", "E2E s", "simulated", "error %", "TPOT ms", "simulated", "error %",
                     "TTFT p50 ms", "simulated", "error %"},
                    2);
    for (const Replay& replay : suite.by_stage) {
      std::vector<std::string> cells{replay.run, replay.variant};
      for (std::size_t i = 0; i < replay.figures.size(); ++i) {
        const ReplayedFigure& figure = replay.figures[i];
        const double unit = i == 0 ? 1 : 1e3;
        cells.push_back(fmt::format("{:.4g}", unit * figure.measured));
        cells.push_back(fmt::format("{:.4g}", unit * figure.simulated));
        cells.push_back(error_text(figure));
      }
      table.add(std::move(cells));
    }
    text += table.render(style) + fmt::format("Mean absolute errors, %: {}\n\n", stage_means(suite.by_stage));
  }
  if (!suite.in_overload.empty()) {
    TextTable table({"H100 run in overload", "stage", "seconds", "measured", "simulated", "error %"}, 3);
    for (const Replay& replay : suite.in_overload) {
      for (const ReplayedFigure& figure : replay.figures) {
        table.add({replay.run, replay.variant, figure.name, overload_value(figure, figure.measured),
                   overload_value(figure, figure.simulated), error_text(figure)});
      }
    }
    text += table.render(style) + '\n';
  }
  return text + std::string(kTreatment);
}

std::string replay_markdown(const ReplaySuite& suite) {
  std::string text = fmt::format(
      "# Accuracy of replayed runs\n\nGenerated by `orrery validate DATA --markdown` from public runs; not written by "
      "hand.\n\n{}",
      kTreatment);
  for (const Replay& replay : suite.by_request) {
    text +=
        fmt::format("\n## {}\n\n| seconds | measured | simulated | error % |\n|---|---:|---:|---:|\n", head_of(replay));
    for (const ReplayedFigure& figure : replay.figures) {
      text += fmt::format("| {} | {} | {} | {} |\n", figure.name, value_text(figure, figure.measured),
                          value_text(figure, figure.simulated), error_text(figure));
    }
    text +=
        fmt::format("\nA request's own error, %: {}; without the first {}: {}.\n{}.\n", own_errors(replay.per_request),
                    kColdRequests, own_errors(replay.per_warm_request), peer_text(replay));
  }
  if (!suite.by_stage.empty()) {
    text +=
        "\n## vLLM 0.15.1 on H100\n\n| run | stage | E2E s | simulated | error % | TPOT ms | simulated | error % | "
        "TTFT p50 "
        "ms | simulated | error % |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    for (const Replay& replay : suite.by_stage) {
      text += fmt::format("| {} | {} ", replay.run, replay.variant);
      for (std::size_t i = 0; i < replay.figures.size(); ++i) {
        const ReplayedFigure& figure = replay.figures[i];
        const double unit = i == 0 ? 1 : 1e3;
        text +=
            fmt::format("| {:.4g} | {:.4g} | {} ", unit * figure.measured, unit * figure.simulated, error_text(figure));
      }
      text += "|\n";
    }
    text += fmt::format("\nMean absolute errors, %: {}.\n", stage_means(suite.by_stage));
  }
  if (!suite.in_overload.empty()) {
    text +=
        "\n## vLLM 0.15.1 on H100, in overload\n\n| run | stage | seconds | measured | simulated | error % |\n"
        "|---|---|---|---:|---:|---:|\n";
    for (const Replay& replay : suite.in_overload) {
      for (const ReplayedFigure& figure : replay.figures) {
        text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", replay.run, replay.variant, figure.name,
                            overload_value(figure, figure.measured), overload_value(figure, figure.simulated),
                            error_text(figure));
      }
    }
  }
  return text;
}

std::string replay_json(const ReplaySuite& suite) {
  JsonWriter json;
  json.begin_object();
  json.field("schema_version", 1);
  for (const auto& [key, replays] : {std::pair("by_request", &suite.by_request),
                                     {"by_stage", &suite.by_stage},
                                     {"in_overload", &suite.in_overload}}) {
    json.key(key);
    json.begin_array();
    for (const Replay& replay : *replays) write_replay(json, replay);
    json.end_array();
  }
  json.end_object();
  return json.text();
}

}  // namespace orrery
