#include "orrery/memory/ai_patterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "orrery/memory/divisor.h"
#include "orrery/memory/patterns.h"

namespace orrery {
namespace {

constexpr std::int64_t kMostNumber = std::int64_t{1} << 50;       // of bytes and of what is drawn
constexpr std::int64_t kMostTokenNumber = std::int64_t{1} << 24;  // of bytes of a token, and of tokens of a page
constexpr std::int64_t kMostMatrices = 1'000;

/// Consecutive bursts of the whole memory.
struct BurstRun {
  std::int64_t first = 0;
  std::int64_t count = 0;
  bool write = false;
};

/// Gives the runs of a pattern in their order.
class RunSource {
 public:
  virtual ~RunSource() = default;
  virtual std::optional<BurstRun> next() = 0;
};

class UnitShareSource final : public AccessSource {
 public:
  UnitShareSource(const MemoryUnit& unit, const AiPatternOptions& options, std::unique_ptr<RunSource> runs)
      : memory_(unit.mapping),
        within_(unit.mapping.within_unit()),
        unit_(unit.unit),
        entry_(unit.device.burst_ticks, options.load),
        runs_(std::move(runs)) {}

  std::size_t next(std::span<MemoryAccess> accesses) override {
    std::size_t done = 0;
    while (done < accesses.size() && (begin_ < end_ || next_share())) {
      const std::size_t count = std::min(accesses.size() - done, static_cast<std::size_t>(end_ - begin_));
      const std::span<MemoryAccess> part = accesses.subspan(done, count);
      within_.decode_run(begin_, part);
      if (write_) {
        for (MemoryAccess& access : part) access.write = true;
      }
      begin_ += static_cast<std::int64_t>(count);
      done += count;
    }
    entry_.set(given_, accesses.first(done));
    given_ += static_cast<std::int64_t>(done);
    return done;
  }

 private:
  /// Goes on to the next run that has bursts on the unit.
  bool next_share() {
    while (const auto run = runs_->next()) {
      begin_ = memory_.bursts_before(run->first, unit_);
      end_ = memory_.bursts_before(run->first + run->count, unit_);
      write_ = run->write;
      if (begin_ < end_) return true;
    }
    return false;
  }

  AddressMapping memory_;
  AddressMapping within_;
  std::int64_t unit_;
  EntryTicks entry_;
  std::unique_ptr<RunSource> runs_;
  std::int64_t begin_ = 0;  // what is left of the current run, in bursts of the unit
  std::int64_t end_ = 0;
  bool write_ = false;
  std::int64_t given_ = 0;
};

/// One piece of memory after the other, all of the same size.
struct Pieces {
  std::int64_t first = 0;  // burst
  std::int64_t size = 0;   // bursts of one
  BurstRun operator[](std::int64_t index) const { return {first + index * size, size}; }
};

class WeightRuns final : public RunSource {
 public:
  explicit WeightRuns(BurstRun weights) : weights_(weights) {}
  std::optional<BurstRun> next() override { return std::exchange(weights_, std::nullopt); }

 private:
  std::optional<BurstRun> weights_;
};

/// Draws an index, gives its piece of each table, and draws the next.
class DrawnRuns final : public RunSource {
 public:
  DrawnRuns(std::vector<Pieces> tables, std::int64_t entries, std::int64_t draws, std::uint64_t seed)
      : tables_(std::move(tables)),
        entries_(static_cast<std::uint64_t>(entries)),
        start_(splitmix64_start(seed)),
        draws_(draws) {}

  std::optional<BurstRun> next() override {
    if (table_ == tables_.size()) {
      table_ = 0;
      ++drawn_;
    }
    if (drawn_ == draws_) return std::nullopt;
    if (table_ == 0) {
      index_ = static_cast<std::int64_t>(entries_.remainder(splitmix64(start_ + static_cast<std::uint64_t>(drawn_))));
    }
    return tables_[table_++][index_];
  }

 private:
  std::vector<Pieces> tables_;
  Divisor entries_;
  std::uint64_t start_;
  std::int64_t draws_;
  std::int64_t drawn_ = 0;
  std::int64_t index_ = 0;
  std::size_t table_ = 0;
};

class AppendingRuns final : public RunSource {
 public:
  AppendingRuns(BurstRun weights, Pieces appends, std::int64_t slots, double write_share)
      : weights_(weights),
        appends_(appends),
        slots_(slots),
        reads_per_append_(static_cast<double>(appends.size) * (1 - write_share) / write_share) {}

  std::optional<BurstRun> next() override {
    if (read_ == weights_.count) return std::nullopt;
    if (std::exchange(append_next_, !append_next_)) {
      BurstRun run = appends_[appended_++ % slots_];
      run.write = true;
      return run;
    }
    const double due = static_cast<double>(appended_ + 1) * reads_per_append_;
    const bool all = due >= static_cast<double>(weights_.count);
    const std::int64_t begin = std::exchange(read_, all ? weights_.count : static_cast<std::int64_t>(due));
    return BurstRun{weights_.first + begin, read_ - begin};
  }

 private:
  BurstRun weights_;
  Pieces appends_;
  std::int64_t slots_;  // where the memory has room for appends
  double reads_per_append_;
  std::int64_t appended_ = 0;
  std::int64_t read_ = 0;
  bool append_next_ = false;
};

/// Puts the data of a pattern behind one another, in whole bursts, and keeps the first thing that is wrong.
class Layout {
 public:
  Layout(const MemoryUnit& unit, const AiPatternOptions& options) : unit_(unit), options_(options) {
    ORRERY_CHECK(unit.unit >= 0 && unit.unit < unit.mapping.units());
    require("the first byte", options.first_byte, 0, unit.mapping.bytes() - 1);
    if (good()) end_ = bursts_of(options.first_byte);
  }

  void require(std::string_view what, std::int64_t value, std::int64_t least, std::int64_t most = kMostNumber) {
    if (value < least || value > most) fail(fmt::format("{} must be {} to {}, and not {}", what, least, most, value));
  }
  void fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  bool good() const { return problem_.empty(); }
  const std::string& problem() const { return problem_; }

  /// `count` pieces of so many bytes; nothing where something is wrong.
  Pieces place(std::string_view what, std::int64_t bytes, std::int64_t count) {
    if (!good()) return {};
    const std::int64_t size = bursts_of(bytes);
    if (size > (unit_.mapping.bursts() - end_) / count) {
      fail(fmt::format("{} of {} x {} bytes, from byte {} on, do not fit into a memory of {} bytes", what, count, bytes,
                       end_ * unit_.mapping.access_bytes(), unit_.mapping.bytes()));
      return {};
    }
    return {std::exchange(end_, end_ + size * count), size};
  }
  std::int64_t bursts_of(std::int64_t bytes) const {
    const std::int64_t each = unit_.mapping.access_bytes();
    return bytes / each + (bytes % each > 0 ? 1 : 0);
  }
  /// The answer; `bursts` is what all units are asked for together.
  template <class Runs, class... Arguments>
  Result<std::unique_ptr<AccessSource>> source(double bursts, Arguments&&... arguments) {
    if (auto checked = EntryTicks::check(unit_.device.burst_ticks, options_.load, bursts); !checked) {
      fail(checked.error());
    }
    if (!good()) return failure(problem_);
    return std::make_unique<UnitShareSource>(unit_, options_,
                                             std::make_unique<Runs>(std::forward<Arguments>(arguments)...));
  }

 private:
  const MemoryUnit& unit_;
  const AiPatternOptions& options_;
  std::int64_t end_ = 0;  // burst behind what has been placed
  std::string problem_;
};

double product(std::int64_t a, std::int64_t b) { return static_cast<double>(a) * static_cast<double>(b); }

}  // namespace

Result<std::unique_ptr<AccessSource>> make_weight_stream(const WeightStream& pattern, const MemoryUnit& unit,
                                                         const AiPatternOptions& options) {
  Layout layout(unit, options);
  layout.require("bytes of weights", pattern.bytes, 1);
  const BurstRun weights = layout.place("weights", pattern.bytes, 1)[0];
  return layout.source<WeightRuns>(static_cast<double>(weights.count), weights);
}

Result<std::unique_ptr<AccessSource>> make_kv_gather(const KvGather& pattern, const MemoryUnit& unit,
                                                     const AiPatternOptions& options) {
  Layout layout(unit, options);
  layout.require("bytes of the keys of a token", pattern.key_bytes, 1, kMostTokenNumber);
  layout.require("bytes of the values of a token", pattern.value_bytes, 0, kMostTokenNumber);
  layout.require("tokens of a page", pattern.tokens_per_page, 1, kMostTokenNumber);
  layout.require("pages to read", pattern.pages, 1);
  layout.require("pages in memory", pattern.pages_in_all, 1);
  if (!layout.good()) return failure(layout.problem());
  std::vector<Pieces> tables = {
      layout.place("keys", pattern.key_bytes * pattern.tokens_per_page, pattern.pages_in_all)};
  if (pattern.value_bytes > 0) {
    tables.push_back(layout.place("values", pattern.value_bytes * pattern.tokens_per_page, pattern.pages_in_all));
  }
  const double bursts = product(pattern.pages, tables.front().size + tables.back().size);
  return layout.source<DrawnRuns>(bursts, std::move(tables), pattern.pages_in_all, pattern.pages, options.seed);
}

Result<std::unique_ptr<AccessSource>> make_expert_fetch(const ExpertFetch& pattern, const MemoryUnit& unit,
                                                        const AiPatternOptions& options) {
  Layout layout(unit, options);
  layout.require("bytes of a matrix", pattern.matrix_bytes, 1);
  layout.require("matrices of an expert", pattern.matrices_per_expert, 1, kMostMatrices);
  layout.require("experts to read", pattern.fetches, 1);
  layout.require("experts in memory", pattern.experts, 1);
  std::vector<Pieces> tables;
  for (std::int64_t i = 0; layout.good() && i < pattern.matrices_per_expert; ++i) {
    tables.push_back(layout.place("matrices of experts", pattern.matrix_bytes, pattern.experts));
  }
  if (!layout.good()) return failure(layout.problem());
  const double bursts = product(pattern.fetches, pattern.matrices_per_expert * tables[0].size);
  return layout.source<DrawnRuns>(bursts, std::move(tables), pattern.experts, pattern.fetches, options.seed);
}

Result<std::unique_ptr<AccessSource>> make_weights_and_appends(const WeightsAndAppends& pattern, const MemoryUnit& unit,
                                                               const AiPatternOptions& options) {
  Layout layout(unit, options);
  layout.require("bytes of weights", pattern.weight_bytes, 1);
  layout.require("bytes of an append", pattern.append_bytes, 1);
  layout.require("bytes of the cache", pattern.cache_bytes, pattern.append_bytes);
  if (!(pattern.write_share >= 0 && pattern.write_share < 1)) {
    layout.fail(fmt::format("the share of writes must be 0 or more and below 1, and not {}", pattern.write_share));
  }
  const BurstRun weights = layout.place("weights", pattern.weight_bytes, 1)[0];
  if (!layout.good()) return failure(layout.problem());
  if (pattern.write_share == 0) return layout.source<WeightRuns>(static_cast<double>(weights.count), weights);
  const std::int64_t slots =
      std::max<std::int64_t>(1, layout.bursts_of(pattern.cache_bytes) / layout.bursts_of(pattern.append_bytes));
  const Pieces appends = layout.place("appends", pattern.append_bytes, slots);
  const double bursts = static_cast<double>(weights.count) / (1 - pattern.write_share);
  return layout.source<AppendingRuns>(bursts, weights, appends, slots, pattern.write_share);
}

}  // namespace orrery
