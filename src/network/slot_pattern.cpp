#include "orrery/network/slot_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "orrery/base/unit.h"

namespace orrery {

Result<SymbolSplit> SymbolSplit::parse(std::string_view text) {
  std::array<int, 3> parts{};
  std::string_view rest = text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t colon = rest.find(':');
    const auto value = parse_unsigned(rest.substr(0, colon));
    const bool is_last = i + 1 == parts.size();
    if (!value || *value > kSymbolsPerSlot || (colon == std::string_view::npos) != is_last) {
      return failure(fmt::format("'{}' is not DOWNLINK:GUARD:UPLINK symbols, as in 10:2:2", text));
    }
    parts[i] = static_cast<int>(*value);
    if (!is_last) rest.remove_prefix(colon + 1);
  }
  const int sum = parts[0] + parts[1] + parts[2];
  if (sum != kSymbolsPerSlot) {
    return failure(fmt::format("the symbols of '{}' add up to {}, and a slot has {}", text, sum, kSymbolsPerSlot));
  }
  return SymbolSplit{parts[0], parts[1], parts[2]};
}

SlotPattern::SlotPattern(std::vector<Slot> of, int mu) : of_(std::move(of)), mu_(mu), slot_(slot_ticks(mu)) {
  for (std::int64_t slot = 0; slot < slots(); ++slot) {
    Slot& here = of_[static_cast<std::size_t>(slot)];
    while (!carries_downlink(slot + here.to_downlink)) ++here.to_downlink;
    while (!carries_uplink(slot + here.to_uplink)) ++here.to_uplink;
    downlink_symbols_ += here.downlink_symbols;
    downlink_slots_ += here.downlink_symbols > 0 ? 1 : 0;
    uplink_slots_ += here.uplink ? 1 : 0;
    uplink_symbols_ += here.uplink ? kSymbolsPerSlot : 0;
  }
}

Result<SlotPattern> SlotPattern::time_division(std::string_view letters, SymbolSplit split, int mu) {
  std::vector<Slot> of;
  const auto has = [&](char letter) { return letters.find(letter) != std::string_view::npos; };
  for (const char letter : letters) {
    if (letter == 'D') {
      of.push_back({kSymbolsPerSlot, false});
    } else if (letter == 'S') {
      of.push_back({split.downlink, false});
    } else if (letter == 'U') {
      of.push_back({0, true});
    } else {
      return failure(fmt::format("'{}' in '{}' is no kind of slot: they are D, S and U", letter, letters));
    }
  }
  if (has('S') && split.downlink == 0) {
    return failure(fmt::format("the S slots of '{}' have no downlink symbols: write them as U", letters));
  }
  if (!has('D') && !has('S')) return failure(fmt::format("'{}' has no slot for the downlink: D or S", letters));
  if (!has('U')) return failure(fmt::format("'{}' has no slot for the uplink: U", letters));
  SlotPattern pattern(std::move(of), mu);
  pattern.uplink_symbols_ += std::count(letters.begin(), letters.end(), 'S') * split.uplink;
  return pattern;
}

SlotPattern SlotPattern::frequency_division(int mu) { return {{{kSymbolsPerSlot, true}}, mu}; }

}  // namespace orrery
