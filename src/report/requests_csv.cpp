#include "orrery/report/requests_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "orrery/base/file.h"
#include "orrery/report/request_state.h"

namespace orrery {
namespace {

constexpr std::int64_t kPicosecondsPerSecond = 1'000'000'000'000;

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void append_integer(std::string& out, std::int64_t value) {
  const fmt::format_int text(value);
  out.append(text.data(), text.size());
  out += ',';
}

/// Six digits, leading zeros included.
void put_six_digits(char* out, std::uint32_t value) {
  for (int i = 5; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

void append_seconds(std::string& out, std::int64_t ps) {
  constexpr std::int64_t kMillion = 1'000'000;
  if (ps != RequestOutcomes::kUnset) {
    const fmt::format_int seconds(ps / kPicosecondsPerSecond);
    const std::int64_t rest = ps % kPicosecondsPerSecond;
    std::array<char, 13> decimals{'.'};
    put_six_digits(&decimals[1], static_cast<std::uint32_t>(rest / kMillion));
    put_six_digits(&decimals[7], static_cast<std::uint32_t>(rest % kMillion));
    out.append(seconds.data(), seconds.size());
    out.append(decimals.data(), decimals.size());
  }
  out += ',';
}

}  // namespace

std::string requests_csv(const Results& results) {
  constexpr std::size_t kUsualLine = 128;
  std::string out =
      "service,request,arrival_s,queued_s,scheduled_s,first_token_s,finish_s,input_tokens,output_tokens,"
      "replica,preemptions,state";
  const bool has_ways = std::any_of(results.request_log.begin(), results.request_log.end(),
                                    [](const auto& log) { return log.table.has_ways(); });
  if (has_ways) out += ",sent_s,answer_way_s";
  out += '\n';
  std::size_t rows = 0;
  for (const auto& log : results.request_log) rows += log.table.size();
  out.reserve(rows * kUsualLine);
  for (std::size_t s = 0; s < results.request_log.size(); ++s) {
    const auto& [table, outcomes] = results.request_log[s];
    const std::string service = csv_field(results.services[s].name) + ',';
    for (std::size_t i = 0; i < table.size(); ++i) {
      out += service;
      append_integer(out, static_cast<std::int64_t>(i));
      append_seconds(out, table.arrival_ps[i]);
      append_seconds(out, outcomes.queued_ps[i]);
      append_seconds(out, outcomes.scheduled_ps[i]);
      append_seconds(out, outcomes.first_token_ps[i]);
      append_seconds(out, outcomes.finish_ps[i]);
      append_integer(out, table.input_tokens[i]);
      append_integer(out, table.output_tokens[i]);
      if (has_replica(outcomes, i)) {
        append_integer(out, outcomes.replica[i]);
      } else {
        out += ',';
      }
      append_integer(out, outcomes.preemptions[i]);
      out += state_name(outcomes.state[i]);
      if (has_ways) {
        out += ',';
        append_seconds(out, table.asked_ps(i));
        append_seconds(out, table.way_back_ps(i));
        out.pop_back();
      }
      out += '\n';
    }
  }
  return out;
}

Result<void> write_requests_csv(const Results& results, const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error)) {
    return failure(fmt::format("cannot write {}: it is not a regular file", path));
  }
  return write_file_atomically(path, requests_csv(results));
}

}  // namespace orrery
