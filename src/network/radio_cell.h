#pragma once

#include <optional>
#include <span>

#include "orrery/network/cell_rate.h"
#include "orrery/network/radio_record.h"
#include "orrery/network/retransmissions.h"
#include "orrery/network/slot_calendar.h"

namespace orrery {

/// A cell as it runs: the record, checked, in ticks and tables.
class RadioCell {
 public:
  /// Reports every problem of the record at its place; nothing where there was one.
  static std::optional<RadioCell> compile(const RadioRecord& record, Diagnostics& diagnostics);

  const SlotCalendar& calendar() const { return calendar_; }
  const Retransmissions& errors() const { return errors_; }
  int pdcch_per_slot() const { return pdcch_per_slot_; }
  /// D and S slots: each announces up to pdcch_per_slot packets and grants.
  double control_slots_per_second() const;

  /// Whether its block sizes are described: of NR. The rates below need it.
  bool carries_data() const { return data_.has_value(); }
  int resource_blocks() const { return resource_blocks_; }
  /// By the formula of makers, with the pattern's share of symbols.
  BytesPerSecond peak(Direction direction) const;
  /// With every slot full, at the highest row of the table of modulations.
  BytesPerSecond highest_rate(Direction direction) const;
  /// Of the whole cell downlink while one user of that channel quality gets it. Pre: 1 <= cqi <= 15.
  BytesPerSecond rate_at_quality(int cqi) const;
  /// What users report, with their shares.
  struct Quality {
    int cqi;
    double share;
  };
  std::span<const Quality> qualities() const { return qualities_; }
  /// Rate of n users together over that of one. Pre: users > 0.
  double multi_user_gain(double users) const;

  const SlotOverhead& overhead() const { return overhead_; }
  int downlink_layers() const { return data_->downlink.layers; }
  Constellation downlink_modulation() const { return data_->downlink.largest; }

 private:
  struct Data {
    CarrierRate downlink;
    CarrierRate uplink;
    double gain = 0;
    double most_gain = 1;
  };

  explicit RadioCell(SlotCalendar calendar) : calendar_(std::move(calendar)) {}
  const CarrierRate& carrier(Direction direction) const {
    return direction == Direction::downlink ? data_->downlink : data_->uplink;
  }

  SlotCalendar calendar_;
  Retransmissions errors_;
  int pdcch_per_slot_ = 0;
  int resource_blocks_ = 0;
  SlotOverhead overhead_;
  std::optional<Data> data_;
  std::vector<Quality> qualities_;
};

}  // namespace orrery
