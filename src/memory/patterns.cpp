#include "orrery/memory/patterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "orrery/base/nearest_name.h"

namespace orrery {
namespace {

constexpr std::int64_t kBlockBytes = 64;
constexpr std::int64_t kMostBlocks = 1'000'000'000'000'000;
constexpr std::int64_t kMostTicks = std::int64_t{1} << 62;
constexpr std::int64_t kIdleBlocks = 64;      // blocks that come at a time in idle_bursts
constexpr std::int64_t kIdleClocks = 20'000;  // from one of these bundles to the next

std::int64_t bursts_per_block(const AddressMapping& mapping) {
  return std::max<std::int64_t>(1, kBlockBytes / mapping.access_bytes());
}

using WriteRule = bool (*)(std::int64_t block);

bool writes_every_third(std::int64_t block) { return block % 3 == 2; }
bool writes_every_third_64(std::int64_t block) { return block / 64 % 3 == 2; }
bool writes_every_other(std::int64_t block) { return block % 2 == 1; }

/// What all patterns share: how many there are, which are writes, and when they may enter.
class PatternSource : public AccessSource {
 public:
  PatternSource(const DramDevice& device, const AddressMapping& mapping, const PatternOptions& options,
                WriteRule is_write)
      : mapping_(mapping),
        per_block_(bursts_per_block(mapping)),
        bursts_(options.blocks * per_block_),
        is_write_(is_write),
        entry_(device.burst_ticks, options.load) {}

  std::size_t next(std::span<MemoryAccess> accesses) final {
    const auto left = static_cast<std::size_t>(bursts_ - position_);
    accesses = accesses.first(std::min(accesses.size(), left));
    locate(position_, accesses);
    entry_.set(position_, accesses);
    if (is_write_ != nullptr) mark_writes(accesses);
    if (idle_ticks_ > 0) wait(accesses);
    position_ += std::ssize(accesses);
    return accesses.size();
  }
  void wait_between_bundles(std::int64_t idle_ticks) { idle_ticks_ = idle_ticks; }

 protected:
  /// Places bursts `first`, `first` + 1, ..., as reads that may enter at once. Called in their order.
  virtual void locate(std::int64_t first, std::span<MemoryAccess> accesses) = 0;

  const AddressMapping& mapping() const { return mapping_; }
  std::int64_t per_block() const { return per_block_; }
  std::int64_t blocks_of_unit() const { return mapping_.bursts() / per_block_; }

 private:
  /// Calls `act` with each block and its part of the accesses.
  template <class Act>
  void for_each_block(std::span<MemoryAccess> accesses, Act act) const {
    std::int64_t block = position_ / per_block_;
    auto count = static_cast<std::size_t>(per_block_ - position_ % per_block_);
    for (std::size_t done = 0; done < accesses.size(); ++block) {
      count = std::min(count, accesses.size() - done);
      act(block, accesses.subspan(done, count));
      done += count;
      count = static_cast<std::size_t>(per_block_);
    }
  }
  void mark_writes(std::span<MemoryAccess> accesses) const {
    for_each_block(accesses, [&](std::int64_t block, std::span<MemoryAccess> bursts) {
      const bool write = is_write_(block);
      for (MemoryAccess& access : bursts) access.write = write;
    });
  }
  void wait(std::span<MemoryAccess> accesses) const {
    for_each_block(accesses, [&](std::int64_t block, std::span<MemoryAccess> bursts) {
      const std::int64_t tick = block / kIdleBlocks * idle_ticks_;
      for (MemoryAccess& access : bursts) access.tick = std::max(access.tick, tick);
    });
  }

  AddressMapping mapping_;
  std::int64_t per_block_;
  std::int64_t bursts_;
  std::int64_t position_ = 0;
  std::int64_t idle_ticks_ = 0;  // from one bundle to the next; 0 where there are none
  WriteRule is_write_;           // null where all are reads
  EntryTicks entry_;
};

/// Block after block, from the first again behind the last.
class SequentialSource final : public PatternSource {
 public:
  using PatternSource::PatternSource;

 private:
  void locate(std::int64_t first, std::span<MemoryAccess> accesses) override {
    const std::int64_t all = blocks_of_unit() * per_block();
    for (std::int64_t burst = first % all; !accesses.empty(); burst = 0) {
      const std::size_t count = std::min(accesses.size(), static_cast<std::size_t>(all - burst));
      mapping().decode_run(burst, accesses.first(count));
      accesses = accesses.subspan(count);
    }
  }
};

class RandomSource final : public PatternSource {
 public:
  RandomSource(const DramDevice& device, const AddressMapping& mapping, const PatternOptions& options,
               WriteRule is_write)
      : PatternSource(device, mapping, options, is_write),
        blocks_(static_cast<std::uint64_t>(blocks_of_unit())),
        draw_(splitmix64_start(options.seed)) {}

 private:
  void locate(std::int64_t /*first*/, std::span<MemoryAccess> accesses) override {
    for (MemoryAccess& access : accesses) {
      if (of_block_ == 0) burst_ = static_cast<std::int64_t>(blocks_.remainder(splitmix64(draw_++))) * per_block();
      access = access_at(mapping().decode(burst_ + of_block_));
      if (++of_block_ == per_block()) of_block_ = 0;
    }
  }

  Divisor blocks_;
  std::uint64_t draw_;
  std::int64_t burst_ = 0;     // the first of the block
  std::int64_t of_block_ = 0;  // bursts of it that are placed
};

class StridedSource final : public PatternSource {
 public:
  StridedSource(const DramDevice& device, const AddressMapping& mapping, const PatternOptions& options)
      : PatternSource(device, mapping, options, nullptr), stride_(options.stride % blocks_of_unit()) {}

 private:
  void locate(std::int64_t /*first*/, std::span<MemoryAccess> accesses) override {
    for (MemoryAccess& access : accesses) {
      access = access_at(mapping().decode(block_ * per_block() + of_block_));
      if (++of_block_ < per_block()) continue;
      of_block_ = 0;
      block_ += stride_;
      if (block_ >= blocks_of_unit()) block_ -= blocks_of_unit();
    }
  }

  std::int64_t stride_;
  std::int64_t block_ = 0;
  std::int64_t of_block_ = 0;
};

/// Two rows of the first bank in turn: each access needs the other row. It has no use for the mapping.
class PingPongSource final : public PatternSource {
 public:
  PingPongSource(const DramDevice& device, const AddressMapping& mapping, const PatternOptions& options,
                 WriteRule is_write)
      : PatternSource(device, mapping, options, is_write),
        rows_(std::min<std::int64_t>(2, mapping.size(MappingLevel::row))),
        blocks_of_row_(std::max<std::int64_t>(1, mapping.size(MappingLevel::column) / per_block())) {}

 private:
  void locate(std::int64_t first, std::span<MemoryAccess> accesses) override {
    for (MemoryAccess& access : accesses) {
      const std::int64_t block = first / per_block();
      const std::int64_t column = block / 2 % blocks_of_row_ * per_block() + first % per_block();
      access = {};
      access.row = static_cast<std::int32_t>(block % rows_);
      access.column = static_cast<std::int32_t>(column % mapping().size(MappingLevel::column));
      ++first;
    }
  }

  std::int64_t rows_;
  std::int64_t blocks_of_row_;
};

template <class Source, WriteRule IsWrite>
std::unique_ptr<AccessSource> make(const DramDevice& device, const AddressMapping& mapping,
                                   const PatternOptions& options) {
  return std::make_unique<Source>(device, mapping, options, IsWrite);
}

std::unique_ptr<AccessSource> make_idle_bursts(const DramDevice& device, const AddressMapping& mapping,
                                               const PatternOptions& options) {
  auto source = std::make_unique<RandomSource>(device, mapping, options, nullptr);
  source->wait_between_bundles(kIdleClocks * device.ticks_per_clock);
  return source;
}

std::unique_ptr<AccessSource> make_strided(const DramDevice& device, const AddressMapping& mapping,
                                           const PatternOptions& options) {
  return std::make_unique<StridedSource>(device, mapping, options);
}

constexpr AccessPattern kPatterns[] = {
    {"stream", "blocks in order, read", make<SequentialSource, nullptr>},
    {"random", "blocks at random, read", make<RandomSource, nullptr>},
    {"mixed", "blocks at random, two reads and a write in turn", make<RandomSource, writes_every_third>},
    {"turnaround", "blocks in order, 128 reads and 64 writes in turn", make<SequentialSource, writes_every_third_64>},
    {"ping_pong", "two rows of one bank in turn, read", make<PingPongSource, nullptr>},
    {"ping_pong_write", "two rows of one bank in turn, one read and the other written",
     make<PingPongSource, writes_every_other>},
    {"idle_bursts", "64 blocks at random, read, every 20,000 clocks", make_idle_bursts},
    {"strided", "blocks at a fixed distance, read", make_strided},
};

}  // namespace

Result<void> EntryTicks::check(std::int32_t burst_ticks, std::optional<double> load, double bursts) {
  if (!load) return {};
  if (!(*load > 0) || !(*load <= std::numeric_limits<double>::max())) {
    return failure(fmt::format("a load is a fraction of the peak above 0, and not {}", *load));
  }
  if (!(bursts * burst_ticks / *load < static_cast<double>(kMostTicks))) {
    return failure(fmt::format("at a load of {}, {} bursts take longer than can be counted", *load, bursts));
  }
  return {};
}

void EntryTicks::set(std::int64_t first, std::span<MemoryAccess> accesses) const {
  if (load_ == 0) return;
  for (MemoryAccess& access : accesses) {
    access.tick = static_cast<std::int64_t>(static_cast<double>(first++ * burst_ticks_) / load_);
  }
}

std::span<const AccessPattern> access_patterns() { return kPatterns; }

Result<std::unique_ptr<AccessSource>> make_access_pattern(std::string_view name, const DramDevice& device,
                                                          const AddressMapping& mapping,
                                                          const PatternOptions& options) {
  ORRERY_CHECK(mapping.units() == 1 && mapping.bursts() >= bursts_per_block(mapping));
  const auto* found =
      std::find_if(std::begin(kPatterns), std::end(kPatterns), [&](const auto& row) { return row.name == name; });
  if (found == std::end(kPatterns)) {
    std::vector<std::string> names;
    for (const AccessPattern& row : kPatterns) names.emplace_back(row.name);
    const std::string hint = did_you_mean(name, names);
    return failure(fmt::format("'{}' is not a pattern; they are {}{}{}", name, fmt::join(names, ", "),
                               hint.empty() ? "" : "; ", hint));
  }
  if (options.blocks < 1 || options.blocks > kMostBlocks) {
    return failure(fmt::format("a pattern has 1 to {} blocks, and not {}", kMostBlocks, options.blocks));
  }
  if (options.stride < 1) return failure(fmt::format("a stride is 1 block or more, and not {}", options.stride));
  const auto bursts = static_cast<double>(options.blocks * bursts_per_block(mapping));
  if (auto checked = EntryTicks::check(device.burst_ticks, options.load, bursts); !checked) {
    return failure(checked.error());
  }
  return found->make(device, mapping, options);
}

}  // namespace orrery
