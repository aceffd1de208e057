#include "orrery/memory/bank_times.h"

namespace orrery {
namespace {

using enum DramCommand;
using enum TimingScope;

constexpr std::int64_t kLongAgo = -1'000'000'000'000;  // before every window

/// Distances of a device, where 0 stands for no rule.
class Distances {
 public:
  explicit Distances(const DramDevice& device) : device_(device) {}
  std::int32_t operator()(TimingScope scope, DramCommand from, DramCommand to) const {
    return device_
        .distance[static_cast<std::size_t>(scope)][static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
  }
  /// At rank scope or wider, in the same rank.
  std::int32_t in_rank(DramCommand from, DramCommand to) const {
    return std::max((*this)(rank, from, to), (*this)(unit, from, to));
  }
  std::int32_t in_other_rank(DramCommand from, DramCommand to) const {
    return std::max((*this)(other_rank, from, to), (*this)(unit, from, to));
  }
  /// To a refresh, or its management, of that bank, alone or with others.
  std::int32_t refresh_of_bank(DramCommand from) const {
    std::int32_t most = std::max(in_rank(from, REFab), in_rank(from, RFMab));
    for (const DramCommand to : {REFab, REFpb, REFsb, RFMab, RFMpb}) most = std::max(most, (*this)(bank, from, to));
    return most;
  }
  std::int32_t one_bank_refresh_in_rank(DramCommand from) const {
    return std::max({in_rank(from, REFpb), in_rank(from, REFsb), in_rank(from, RFMpb)});
  }
  std::int32_t one_bank_refresh_in_other_rank(DramCommand from) const {
    return std::max({in_other_rank(from, REFpb), in_other_rank(from, REFsb), in_other_rank(from, RFMpb)});
  }

 private:
  const DramDevice& device_;
};

}  // namespace

BankTimes::BankTimes(const DramDevice& device, int turns, int turn) : commands_(device.commands) {
  rank_count_ = device.ranks;
  for (int bank = 0; bank < device.banks(); ++bank) {
    const int rank = bank / device.banks_per_rank();
    rank_[at(bank)] = static_cast<std::uint8_t>(rank);
    group_[at(bank)] = static_cast<std::uint8_t>(bank / device.banks_per_group);
    rank_mask_[at(rank)] |= std::uint64_t{1} << bank;
  }
  split_bus_ = device.commands[static_cast<std::size_t>(RD)].bus == CommandBus::column;
  pairs_edges_ =
      device.ticks_per_clock == 2 && device.commands[static_cast<std::size_t>(REFab)].edge == ClockEdge::rising;
  window_of_unit_ = device.activation_window.scope == TimingScope::unit;
  window_ticks_ = device.activation_window.ticks;
  for (Window& window : window_) {
    window.ticks.fill(kLongAgo);
    window.count = std::max(1, device.activation_window.count);
  }
  take_slots(device, turns, turn);
  take_distances(device);
}

void BankTimes::take_slots(const DramDevice& device, int turns, std::int64_t turn) {
  const bool rising = device.commands[static_cast<std::size_t>(RD)].edge == ClockEdge::rising;
  const std::int64_t clock = device.ticks_per_clock;
  const std::int64_t first = rising ? 1 : 0;  // rising edges are the odd ticks
  if (turns == 1) {
    if (rising) row_slots_ = column_slots_ = {clock - 1, first, 0};
    return;
  }
  // A turn on the column bus lasts a clock; one on the row bus lasts two, so that an activation of up to two
  // clocks and a precharge in its last tick fit.
  column_slots_ = {2 * clock - 1, first + turn * clock, 0};
  row_slots_ = {4 * clock - 1, first + turn * 2 * clock, 0};
  precharge_slots_ = {4 * clock - 1, first + turn * 2 * clock, 2 * clock - 1};
}

void BankTimes::take_distances(const DramDevice& device) {
  const Distances distance(device);
  after_activate_ = {distance(bank, ACT, ACT),
                     distance(bank, ACT, PRE),
                     distance.refresh_of_bank(ACT),
                     distance(group, ACT, ACT),
                     distance.in_rank(ACT, ACT),
                     distance.in_other_rank(ACT, ACT),
                     distance.one_bank_refresh_in_rank(ACT),
                     distance.one_bank_refresh_in_other_rank(ACT),
                     {distance(bank, ACT, RD), distance(bank, ACT, WR)}};
  for (const bool write : {false, true}) {
    const DramCommand from = write ? WR : RD;
    after_column_[write] = {distance(bank, from, PRE),
                            {distance(group, from, RD), distance(group, from, WR)},
                            {distance.in_rank(from, RD), distance.in_rank(from, WR)},
                            {distance.in_other_rank(from, RD), distance.in_other_rank(from, WR)}};
    // Whatever the constraints say, the data of one must be over when those of the other begin.
    const std::int32_t latency =
        write ? device.write_latency - device.read_latency : device.read_latency - device.write_latency;
    std::int32_t& turned = after_column_[write].rank[!write];
    turned = std::max(turned, latency + device.burst_ticks);
  }
  after_precharge_ = {distance(bank, PRE, ACT), distance.refresh_of_bank(PRE), distance.in_rank(PRE, PRE),
                      distance.in_other_rank(PRE, PRE)};
  const auto after_several = [&](DramCommand from) {
    return AfterPrecharge{std::max(distance(bank, from, ACT), distance.in_rank(from, ACT)),
                          std::max(distance.refresh_of_bank(from), distance.one_bank_refresh_in_rank(from)),
                          distance.in_rank(from, PRE), distance.in_other_rank(from, PRE)};
  };
  after_precharge_all_ = after_several(PREab);
  after_precharge_same_ = after_several(PREsb);
  for (const DramCommand from : {REFab, REFpb, REFsb, RFMab, RFMpb}) {
    const std::int32_t bank_refresh = std::max({distance(bank, from, REFab), distance(bank, from, REFpb),
                                                distance(bank, from, REFsb), distance(bank, from, RFMpb)});
    after_refresh_[static_cast<std::size_t>(from)] = {
        distance(bank, from, ACT),
        bank_refresh,
        distance.in_rank(from, ACT),
        distance.in_rank(from, PRE),
        std::max(distance.in_rank(from, REFab), distance.in_rank(from, RFMab)),
        distance.one_bank_refresh_in_rank(from),
        distance.in_other_rank(from, ACT),
        distance.one_bank_refresh_in_other_rank(from)};
  }
  for (const DramCommand from : {PDX, SRX}) {
    after_waking_[from == SRX] = {distance.in_rank(from, ACT),
                                  distance.in_rank(from, PRE),
                                  distance.in_rank(from, REFab),
                                  distance.one_bank_refresh_in_rank(from),
                                  {distance.in_rank(from, RD), distance.in_rank(from, WR)}};
  }
}

void BankTimes::precharged_all(std::uint64_t banks, int rank, std::int64_t tick, DramCommand command) {
  take_bus(command, tick);
  const AfterPrecharge& after = command == PREab ? after_precharge_all_ : after_precharge_same_;
  for_each(banks, [&](int bank) {
    raise(activate_[at(bank)], tick + after.bank_activate);
    raise(refresh_[at(bank)], tick + after.bank_refresh);
  });
  raise_ranks(rank, tick + after.rank_precharge, tick + after.other_precharge,
              [](Rank& one) -> std::int64_t& { return one.precharge; });
}

std::int64_t BankTimes::auto_precharged(bool write, int bank, std::int64_t tick) {
  accessed(write, bank, tick);
  const std::int64_t begins = precharge_[at(bank)];
  raise(activate_[at(bank)], begins + after_precharge_.bank_activate);
  raise(refresh_[at(bank)], begins + after_precharge_.bank_refresh);
  return begins;
}

void BankTimes::refreshed(DramCommand command, std::uint64_t banks, int rank, std::int64_t tick) {
  take_bus(command, tick);
  const AfterRefresh& after = after_refresh_[static_cast<std::size_t>(command)];
  for_each(banks, [&](int bank) {
    raise(activate_[at(bank)], tick + after.bank_activate);
    raise(refresh_[at(bank)], tick + after.bank_refresh);
  });
  raise_ranks(rank, tick + after.rank_activate, tick + after.other_activate,
              [](Rank& one) -> std::int64_t& { return one.activate; });
  raise_ranks(rank, tick + after.rank_refresh_one, tick + after.other_refresh_one,
              [](Rank& one) -> std::int64_t& { return one.refresh_one; });
  if (pairs_edges_) pair_edge(command, tick);
  raise(ranks_[at(rank)].precharge, tick + after.rank_precharge);
  raise(ranks_[at(rank)].refresh_all, tick + after.rank_refresh_all);
}

/// The edge after a command of all banks is closed to precharges, the one after a command of one bank to those of all.
void BankTimes::pair_edge(DramCommand command, std::int64_t tick) {
  precharge_all_ = tick + 2;
  if (command == REFpb || command == RFMpb || command == REFsb) return;
  for (Rank& rank : ranks_) raise(rank.precharge, tick + 2);
}

void BankTimes::power_changed(DramCommand command, std::int64_t tick) {
  take_bus(command, tick);
  if (pairs_edges_) pair_edge(command, tick);
}

void BankTimes::woke(DramCommand command, int rank, std::int64_t tick) {
  const AfterWaking& after = after_waking_[command == SRX];
  Rank& own = ranks_[at(rank)];
  raise(own.activate, tick + after.activate);
  raise(own.precharge, tick + after.precharge);
  raise(own.refresh_all, tick + after.refresh_all);
  raise(own.refresh_one, tick + after.refresh_one);
  for (const bool write : {false, true}) raise(own.column[write], tick + after.column[write]);
}

}  // namespace orrery
