#include "orrery/memory/refresh_schedule.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace orrery {

RefreshSchedule::RefreshSchedule(const DramDevice& device, const ControllerSettings& settings)
    : rank_count_(device.ranks),
      banks_per_rank_(device.banks_per_rank()),
      banks_per_group_(device.banks_per_group),
      mode_(settings.refresh),
      postponed_(settings.postponed),
      limit_(settings.activations_per_management),
      staggers_(!device.stacked) {
  if (!device.commands[static_cast<std::size_t>(DramCommand::RFMpb)].exists) management_ = DramCommand::RFMab;
  if (mode_ == RefreshMode::none) return;
  const DeviceRefresh& refresh = *device.refresh[static_cast<std::size_t>(mode_)];
  command_ = refresh.command;
  interval_ = std::llround(std::floor(refresh.interval * settings.refresh_interval_factor));
  if (mode_ == RefreshMode::per_bank) sets_ = banks_per_rank_;
  if (mode_ == RefreshMode::same_bank) sets_ = banks_per_group_;
  restart(0);
}

void RefreshSchedule::restart(std::int64_t tick) {
  for (int rank = 0; rank < rank_count_; ++rank) {
    Rank& own = ranks_[static_cast<std::size_t>(rank)];
    own.owed = 0;
    own.due =
        mode_ == RefreshMode::none ? kNever : tick + (staggers_ ? interval_ * (rank + 1) / rank_count_ : interval_);
  }
  find_next_due();
  count_owed();
}

void RefreshSchedule::find_next_due() {
  next_due_ = kNever;
  for (const Rank& rank : ranks_) next_due_ = std::min(next_due_, rank.due);
}

void RefreshSchedule::count_owed() {
  owed_ = 0;
  for (const Rank& rank : ranks_) owed_ += std::max(0, rank.owed);
}

void RefreshSchedule::fall_due(std::int64_t tick) {
  for (Rank& rank : ranks_) {
    while (rank.due <= tick) {
      ++rank.owed;
      rank.due += interval_;
    }
  }
  find_next_due();
  count_owed();
}

std::uint64_t RefreshSchedule::set_of_banks(int rank, int number) const {
  const int first = rank * banks_per_rank_;
  if (mode_ == RefreshMode::per_bank) return std::uint64_t{1} << (first + number);
  std::uint64_t banks = 0;
  for (int bank = 0; bank < banks_per_rank_; ++bank) {
    if (mode_ == RefreshMode::all_bank || bank % banks_per_group_ == number) {
      banks |= std::uint64_t{1} << (first + bank);
    }
  }
  return banks;
}

std::optional<MaintenanceWork> RefreshSchedule::take(int rank, std::uint64_t busy, bool ahead) {
  Rank& own = ranks_[static_cast<std::size_t>(rank)];
  if (mode_ == RefreshMode::none || own.owed <= (ahead ? -postponed_ : 0)) return std::nullopt;
  if (own.unrefreshed == 0) own.unrefreshed = (sets_ == 64 ? 0 : std::uint64_t{1} << sets_) - 1;
  const bool must = own.owed > postponed_;
  // A stack is refreshed as a whole: what one stack id would hide behind the others, measured stacks lose.
  if (!staggers_ && mode_ == RefreshMode::all_bank && busy != 0) busy = ~std::uint64_t{0};
  for (std::uint64_t left = own.unrefreshed; left != 0; left &= left - 1) {
    const int number = std::countr_zero(left);
    const std::uint64_t banks = set_of_banks(rank, number);
    if ((banks & busy) != 0) continue;
    own.unrefreshed &= ~(std::uint64_t{1} << number);
    --own.owed;
    count_owed();
    return MaintenanceWork{command_, rank, banks};
  }
  if (!must) return std::nullopt;
  const int number = std::countr_zero(own.unrefreshed);
  own.unrefreshed &= own.unrefreshed - 1;
  --own.owed;
  count_owed();
  return MaintenanceWork{command_, rank, set_of_banks(rank, number)};
}

MaintenanceWork RefreshSchedule::management(int bank) {
  const int rank = bank / banks_per_rank_;
  std::uint64_t banks = std::uint64_t{1} << bank;
  if (management_ == DramCommand::RFMab) {
    banks = 0;
    for (int i = 0; i < banks_per_rank_; ++i) banks |= std::uint64_t{1} << (rank * banks_per_rank_ + i);
  }
  for (int i = 0; i < 64; ++i) {
    if ((banks >> i & 1) != 0) activations_[static_cast<std::size_t>(i)] = 0;
  }
  return {management_, rank, banks};
}

}  // namespace orrery
