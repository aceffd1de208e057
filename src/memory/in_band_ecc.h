#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "orrery/memory/access_source.h"
#include "orrery/memory/device.h"

namespace orrery {

/// Adds the traffic of error correction whose code lies in the memory itself, as systems with LPDDR do it: the last
/// eighth of each row holds the code of the others, one burst of code for seven of data.
///
/// The controller keeps one burst of code for each bank. A read that needs another one reads it; a burst of code that
/// was changed is written back when another takes its place, and read before unless all its data were written.
/// Side-band code travels on pins of its own and on-die code stays on the die: neither adds traffic.
class InBandEcc final : public AccessSource {
 public:
  static constexpr std::int32_t kDataPerCode = 7;

  /// Pre: the columns of `data` are below those of data_part(device).
  InBandEcc(std::unique_ptr<AccessSource> data, const DramDevice& device);
  std::size_t next(std::span<MemoryAccess> accesses) override;
  std::int64_t overhead_bursts() const override { return overhead_; }

  /// The device as its data see it: seven eighths of each row. Fails where a row cannot be divided so.
  static Result<DramDevice> data_part(const DramDevice& device);

 private:
  /// The burst of code that the controller holds of one bank.
  struct Code {
    std::int32_t row = -1;
    std::int32_t column = 0;
    std::uint32_t written = 0;  ///< of its data, a bit each
  };

  void expand(const MemoryAccess& access);
  void take_code(Code& code, const MemoryAccess& access, std::int32_t column);
  void add_code(MemoryAccess access, std::int32_t row, std::int32_t column, bool write);

  std::unique_ptr<AccessSource> data_;
  std::int32_t banks_per_rank_;
  std::int32_t banks_per_group_;
  std::int32_t first_code_column_;
  std::vector<Code> codes_;
  std::vector<MemoryAccess> waiting_;  // in reverse order
  std::array<MemoryAccess, 128> batch_{};
  std::size_t taken_ = 0, filled_ = 0;
  std::int64_t overhead_ = 0;
};

}  // namespace orrery
