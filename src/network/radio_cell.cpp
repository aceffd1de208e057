#include "orrery/network/radio_cell.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "orrery/base/unit.h"

namespace orrery {
namespace {

constexpr std::string_view kImpossible = "impossible-physics";

/// Checks a record and takes its parts over.
class RadioReader {
 public:
  RadioReader(const RadioRecord& record, Diagnostics& diagnostics) : record_(record), diagnostics_(diagnostics) {}

  int mu() const { return static_cast<int>(record_.mu.value); }

  std::optional<SlotPattern> pattern() {
    if (record_.duplexing == Duplexing::fdd) {
      if (record_.tdd) refuse(record_.tdd->place, "a pattern is of tdd, and this cell is fdd", "remove it");
      if (record_.s_split) refuse(record_.s_split->place, "S slots are of tdd, and this cell is fdd", "remove it");
      return SlotPattern::frequency_division(mu());
    }
    if (!record_.tdd || !record_.s_split) {
      diagnostics_.error("missing-key", record_.header.place_of("duplexing"),
                         fmt::format("'{}' is missing: a cell of tdd has one", record_.tdd ? "s_split" : "tdd"));
      return std::nullopt;
    }
    const auto split = SymbolSplit::parse(record_.s_split->value);
    if (!split) {
      refuse(record_.s_split->place, split.error(), "as in 10:2:2");
      return std::nullopt;
    }
    const bool has_special = record_.tdd->value.find('S') != std::string::npos;
    if (has_special && split->downlink < record_.control_symbols.value) {
      refuse(record_.s_split->place, fmt::format("{} downlink symbols do not hold the {} of control", split->downlink,
                                                 record_.control_symbols.value));
    }
    auto pattern = SlotPattern::time_division(record_.tdd->value, *split, mu());
    if (!pattern) {
      refuse(record_.tdd->place, pattern.error(), "as in DDDSU");
      return std::nullopt;
    }
    return std::move(*pattern);
  }

  std::optional<SlotCalendar> calendar() {
    auto pattern = this->pattern();
    if (!pattern) return std::nullopt;
    const RadioTicks slot = pattern->slot();
    const RadioTicks symbol = pattern->symbol();
    RadioTiming timing{std::move(*pattern)};
    timing.ue = ticks_of(record_.ue_time.value);
    timing.gnb = ticks_of(record_.gnb_time.value);
    timing.N1 = symbols(record_.N1.value, symbol);
    timing.N2 = symbols(record_.N2.value, symbol);
    timing.control = record_.control_symbols.value * symbol;
    if (record_.harq_loop) timing.harq_loop = ticks_of(record_.harq_loop->value);
    timing.grant = record_.grant.value;
    const RadioTicks period = ticks_of(record_.sr_period.value);
    if (period <= 0 || period % slot != 0) {
      refuse(record_.sr_period.place,
             fmt::format("{} is no whole number of slots of {:g} ms", to_text(record_.sr_period.value),
                         milliseconds(static_cast<double>(slot))));
      return std::nullopt;
    }
    timing.sr_period = period / slot;
    timing.sr_offset = record_.sr_offset.value;
    auto calendar = SlotCalendar::make(std::move(timing));
    if (!calendar) {
      refuse(record_.sr_offset.place, calendar.error(), "give the slot of an uplink slot of the pattern, from 0");
      return std::nullopt;
    }
    return std::move(*calendar);
  }

  /// Resource blocks of an NR carrier.
  std::optional<int> resource_blocks() {
    const auto range = frequency_range(record_.frequency.value);
    if (!range) {
      refuse(record_.frequency.place,
             fmt::format("{} is in no frequency range of NR", to_text(record_.frequency.value)),
             "FR1 ends at 7.125 GHz, FR2 begins at 24.25 GHz");
      return std::nullopt;
    }
    const auto blocks = orrery::resource_blocks(*range, mu(), record_.bandwidth.value);
    if (blocks) return blocks;
    std::vector<int> known;
    for (const BandwidthRow& row : bandwidth_rows()) {
      if (row.range == *range && row.mu == mu()) known.push_back(row.megahertz);
    }
    refuse(record_.bandwidth.place,
           fmt::format("TS 38.101 has no carrier of {} with {:g} kHz in {}", to_text(record_.bandwidth.value),
                       subcarrier_spacing(mu()).si() / 1e3, *range == FrequencyRange::FR1 ? "FR1" : "FR2"),
           known.empty() ? "there is none of that spacing" : fmt::format("in MHz: {}", fmt::join(known, ", ")));
    return std::nullopt;
  }

  void keys_of_technology() {
    const bool is_nr = record_.technology == RadioTechnology::nr;
    if (is_nr && !record_.data) {
      diagnostics_.error("missing-key", record_.header.place_of("technology"),
                         "'data' is missing: a cell of nr has it");
    } else if (!is_nr && record_.data) {
      refuse(record_.header.place_of("data"), "block sizes are described of nr only, and this cell is lte");
    }
    if (!is_nr && record_.mu.value != 0) refuse(record_.mu.place, "LTE has slots of 1 ms here: mu 0");
    if (record_.states.drx_cycle.has_value() != record_.states.drx_inactivity.has_value()) {
      refuse(record_.header.place_of("states"), "drx_cycle and drx_inactivity come together");
    }
    if (!record_.data) return;
    double sum = 0;
    for (const auto& each : record_.data->channel_quality) sum += each.share.value;
    constexpr double kRounding = 1e-6;
    if (std::fabs(sum - 1) > kRounding) {
      refuse(record_.header.place_of("data"),
             fmt::format("the shares of channel_quality add up to {:g}, not to 1", sum));
    }
  }

 private:
  static RadioTicks symbols(double count, RadioTicks symbol) {
    return static_cast<RadioTicks>(std::ceil(count * static_cast<double>(symbol)));
  }
  void refuse(const Place& place, std::string message, std::string hint = {}) {
    diagnostics_.error(kImpossible, place, std::move(message), std::move(hint));
  }

  const RadioRecord& record_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<RadioCell> RadioCell::compile(const RadioRecord& record, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  RadioReader reader(record, diagnostics);
  reader.keys_of_technology();
  auto calendar = reader.calendar();
  const bool is_nr = record.technology == RadioTechnology::nr;
  const auto blocks = is_nr ? reader.resource_blocks() : std::optional(0);
  if (!calendar || !blocks || diagnostics.error_count() > errors_before) return std::nullopt;

  RadioCell cell(std::move(*calendar));
  cell.errors_ = {record.bler.value, record.bler_factor.value, static_cast<int>(record.retransmissions.value)};
  cell.pdcch_per_slot_ = static_cast<int>(record.pdcch_per_slot.value);
  cell.resource_blocks_ = *blocks;
  cell.overhead_.control_symbols = static_cast<int>(record.control_symbols.value);
  if (!record.data) return cell;
  const RadioData& data = *record.data;
  cell.overhead_.dmrs_elements = static_cast<int>(data.dmrs_elements.value);
  const auto carrier = [&](std::int64_t layers, Constellation largest) {
    return CarrierRate{*frequency_range(record.frequency.value), reader.mu(), *blocks, static_cast<int>(layers),
                       largest};
  };
  cell.data_ = Data{carrier(data.downlink_layers.value, data.downlink_modulation.value),
                    carrier(data.uplink_layers.value, data.uplink_modulation.value), data.multi_user_gain.value,
                    data.most_multi_user_gain.value};
  for (const auto& each : data.channel_quality) {
    cell.qualities_.push_back({static_cast<int>(each.cqi.value), each.share.value});
  }
  return cell;
}

double RadioCell::control_slots_per_second() const {
  const SlotPattern& pattern = calendar_.timing().pattern;
  return slots_per_second(pattern.mu()) * static_cast<double>(pattern.downlink_slots()) /
         static_cast<double>(pattern.slots());
}

BytesPerSecond RadioCell::peak(Direction direction) const {
  return peak_rate(carrier(direction), direction) * symbol_share(calendar_.timing().pattern, direction);
}

BytesPerSecond RadioCell::highest_rate(Direction direction) const {
  const CarrierRate& given = carrier(direction);
  return slot_exact_rate(calendar_.timing().pattern, overhead_, direction, resource_blocks_,
                         mcs_table(given.largest).back(), given.layers);
}

BytesPerSecond RadioCell::rate_at_quality(int cqi) const {
  const CarrierRate& given = data_->downlink;
  return slot_exact_rate(calendar_.timing().pattern, overhead_, Direction::downlink, resource_blocks_,
                         cqi_table(given.largest)[static_cast<std::size_t>(cqi - 1)], given.layers);
}

double RadioCell::multi_user_gain(double users) const {
  return std::min(data_->most_gain, 1 + data_->gain * std::log(users));
}

void check_physics(const RadioRecord& radio, Diagnostics& diagnostics) { RadioCell::compile(radio, diagnostics); }

}  // namespace orrery
