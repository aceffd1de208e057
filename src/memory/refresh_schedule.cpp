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
  for (int number = 0; number < sets_; ++number) set_of_banks_[static_cast<std::size_t>(number)] = set_of_banks(number);
  for (int rank = 0; rank < rank_count_; ++rank) resume(rank, 0);
}

void RefreshSchedule::resume(int rank, std::int64_t tick) {
  if (mode_ == RefreshMode::none) return;
  ranks_[static_cast<std::size_t>(rank)] = {tick + (staggers_ ? interval_ * (rank + 1) / rank_count_ : interval_), 0,
                                            0};
  find_next_due();
  count_owed();
}

void RefreshSchedule::suspend(int rank) {
  ranks_[static_cast<std::size_t>(rank)] = {};
  find_next_due();
  count_owed();
}

void RefreshSchedule::find_next_due() {
  next_due_ = kNever;
  for (const Rank& rank : ranks_) next_due_ = std::min(next_due_, rank.due);
}

void RefreshSchedule::count_owed() {
  owed_ = 0;
  for (const Rank& rank : ranks_) {
    owed_ += std::max(0, rank.owed);
    most_owed_ = std::max(most_owed_, rank.owed);
  }
}

std::array<int, 4> RefreshSchedule::by_urgency() const {
  std::array<int, 4> order{};
  for (int rank = 0; rank < rank_count_; ++rank) {
    std::size_t place = static_cast<std::size_t>(rank);
    for (; place > 0 && owed_by(order[place - 1]) < owed_by(rank); --place) order[place] = order[place - 1];
    order[place] = rank;
  }
  return order;
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

std::uint64_t RefreshSchedule::set_of_banks(int number) const {
  if (mode_ == RefreshMode::all_bank) return (std::uint64_t{2} << (banks_per_rank_ - 1)) - 1;
  if (mode_ == RefreshMode::per_bank) return std::uint64_t{1} << number;
  std::uint64_t banks = 0;
  for (int bank = number; bank < banks_per_rank_; bank += banks_per_group_) banks |= std::uint64_t{1} << bank;
  return banks;
}

std::uint64_t RefreshSchedule::idle_sets(std::uint64_t left, std::uint64_t busy) const {
  if (mode_ == RefreshMode::per_bank) return left & ~busy;
  std::uint64_t idle = 0;
  for (; left != 0; left &= left - 1) {
    const int number = std::countr_zero(left);
    if ((set_of_banks_[static_cast<std::size_t>(number)] & busy) == 0) idle |= std::uint64_t{1} << number;
  }
  return idle;
}

std::optional<MaintenanceWork> RefreshSchedule::take(int rank, std::uint64_t busy, bool ahead) {
  Rank& own = ranks_[static_cast<std::size_t>(rank)];
  if (mode_ == RefreshMode::none || own.owed <= (ahead ? -postponed_ : 0)) return std::nullopt;
  if (own.unrefreshed == 0) own.unrefreshed = (std::uint64_t{2} << (sets_ - 1)) - 1;
  // A stack is refreshed as a whole: what one stack id would hide behind the others, measured stacks lose.
  if (!staggers_ && mode_ == RefreshMode::all_bank && busy != 0) busy = ~std::uint64_t{0};
  const int first = rank * banks_per_rank_;
  std::uint64_t choice = idle_sets(own.unrefreshed, busy >> first);
  if (choice == 0) {
    if (own.owed <= postponed_) return std::nullopt;
    choice = own.unrefreshed;
  }
  const int number = std::countr_zero(choice);
  own.unrefreshed &= ~(std::uint64_t{1} << number);
  --own.owed;
  count_owed();
  return MaintenanceWork{command_, rank, set_of_banks_[static_cast<std::size_t>(number)] << first};
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
