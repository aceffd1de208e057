#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/base/trace_problems.h"
#include "orrery/scenario/trace_reader.h"

namespace orrery {

// What the readers of the trace formats share; for them alone.

/// The lines of a text, without their ends and without those that are blank.
class TraceLines {
 public:
  explicit TraceLines(std::string_view text) : rest_(text), has_mark_(text.starts_with("\xef\xbb\xbf")) {
    if (has_mark_) rest_.remove_prefix(kMarkBytes);
  }
  /// Moves to the next line that is not blank.
  bool next();
  std::string_view line() const { return line_; }
  int number() const { return number_; }
  /// Bytes of the line in the text that stand before line(): a byte-order mark.
  int hidden_bytes() const { return has_mark_ && number_ == 1 ? kMarkBytes : 0; }

 private:
  static constexpr int kMarkBytes = 3;

  std::string_view rest_;
  bool has_mark_;
  std::string_view line_;
  int number_ = 0;
};

/// A time as a trace writes it: 0 <= picoseconds < 10^12.
struct TraceTime {
  std::int64_t seconds = 0;
  std::int64_t picoseconds = 0;
};

/// Fill `value`, or say what is wrong; an empty answer is success.
std::string read_tokens(std::string_view text, std::int32_t& value);
/// "12.25" and "1e-3" are rounded to the nearest picosecond.
std::string read_seconds(std::string_view text, TraceTime& value);
std::string read_milliseconds(std::string_view text, TraceTime& value);
std::string read_nanoseconds(std::string_view text, TraceTime& value);

std::string_view trim_blanks(std::string_view text);

/// Collects rows and problems of one trace, in the order of the file.
class TraceBuilder {
 public:
  TraceBuilder(const TraceOptions& options, const TraceLines& lines) : options_(options), lines_(lines) {}

  /// The current row cannot be read because of `where`, a part of the current line.
  void reject(std::string_view where, std::string message);
  /// The whole trace cannot be read; nothing is read after that.
  void fail(std::string_view code, std::string_view where, std::string message, std::string hint);
  /// `time_text`, a part of the current line, is where `time` was read. False where the time is out of order or range.
  bool add(const TraceTime& time, std::string_view time_text, std::int32_t input, std::int32_t output);

  /// Times count from the first row.
  void count_from_first() { origin_is_first_ = true; }
  bool is_full() const { return options_.limit && requests_.size() >= static_cast<std::size_t>(*options_.limit); }
  RequestTable& requests() { return requests_; }
  void set_spread_interval(SimTime interval) { spread_interval_ = interval; }

  /// The trace, or its problems; `text` is what the lines were taken from.
  std::optional<Trace> finish(const std::string& name, std::string text, TraceFormat format, Diagnostics& diagnostics);

 private:
  TraceProblems::Part part(std::string_view where) const;
  bool report(const std::string& name, std::string text, Diagnostics& diagnostics) const;
  bool change_rate(const std::string& name, Diagnostics& diagnostics);

  const TraceOptions& options_;
  const TraceLines& lines_;
  RequestTable requests_;
  SimTime spread_interval_;
  bool origin_is_first_ = false;
  TraceTime origin_;
  TraceProblems problems_;
  std::size_t skipped_rows_ = 0;
  int previous_line_ = 0;
};

/// A CSV format: the names of its three columns, and how it writes times.
struct CsvFormat {
  TraceFormat format;
  std::string_view time;
  std::string_view input;
  std::string_view output;
  std::string (*read_time)(std::string_view, TraceTime&);
  bool from_first;
};
const CsvFormat& azure_csv_format();
const CsvFormat& plain_csv_format();

/// The names of a CSV header.
std::vector<std::string_view> csv_names(std::string_view line);

/// Reads the current line as the header, then the rows.
void read_csv_rows(TraceLines& lines, const CsvFormat& format, TraceBuilder& builder);

/// Where the clock of a trace ticks so coarsely that requests share a tick, puts request i of the k of a tick
/// at (i + 0.5) / k of the interval of the ticks, which is returned; otherwise 0.
SimTime spread_over_ticks(std::vector<std::int64_t>& times);

/// Bytes that may be read behind the end of a text with a JSON object in each line.
inline constexpr std::size_t kTracePadding = 64;

/// Read the current line and those after it. Pre: kTracePadding bytes behind the last line are ours.
/// `name` is that of the trace: its ids mean something within it only.
void read_mooncake_rows(TraceLines& lines, std::string_view name, TraceBuilder& builder);
void read_serving_sim_rows(TraceLines& lines, TraceBuilder& builder);

}  // namespace orrery
