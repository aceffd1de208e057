#include "orrery/memory/energy.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "orrery/base/result.h"

namespace orrery {
namespace {

constexpr std::size_t index(DramCommand command) { return static_cast<std::size_t>(command); }

/// A time between two commands of a part: as measured, or the timing of that name, or the rule of its bank or rank.
struct LoopTime {
  const std::optional<Sourced<Seconds>>& measured;
  std::string_view name;
  TimingScope scope;
  DramCommand from;
  DramCommand to;
};

Seconds loop_time(const DramDevice& device, const LoopTime& loop) {
  if (loop.measured) return loop.measured->value;
  for (const auto& [name, clocks] : device.timings) {
    if (name == loop.name) return Seconds(static_cast<double>(clocks) * device.ticks_per_clock * device.tick_seconds());
  }
  const auto from = index(loop.from);
  const auto to = index(loop.to);
  // Rules count from last tick to last tick, distances from first to first.
  const int ticks = device.distance[static_cast<std::size_t>(loop.scope)][from][to] - device.commands[from].ticks +
                    device.commands[to].ticks;
  return Seconds(ticks * device.tick_seconds());
}

/// The currents of a rail at the pin rate of the device.
struct Currents {
  Amperes IDD0, IDD2N, IDD2P, IDD3N, IDD3N_one_bank, IDD3P, IDD4R, IDD4W, IDD5B;
};

Currents currents_of(const SupplyRail& rail, const std::optional<CurrentScaling>& rate, const DramDevice& device) {
  const auto or_else = [](const std::optional<Sourced<Amperes>>& given, Amperes otherwise) {
    return given ? given->value : otherwise;
  };
  Currents c;
  c.IDD0 = rail.IDD0.value;
  c.IDD2N = rail.IDD2N.value;
  c.IDD3N = rail.IDD3N.value;
  c.IDD3N_one_bank = or_else(rail.IDD3N_one_bank, c.IDD3N);
  c.IDD4R = rail.IDD4R.value;
  c.IDD4W = rail.IDD4W.value;
  c.IDD5B = rail.IDD5B.value;
  if (rate) {
    const double reference = rate->reference_rate.value.si() * 8;  // bit/s
    const double actual = static_cast<double>(device.rate_kbit_per_s) * 1e3;
    const auto factor = [&](const std::optional<Sourced<double>>& slope) {
      return slope ? 1 + slope->value * (actual - reference) * 1e-9 : 1;
    };
    const Amperes activation = (c.IDD0 - c.IDD2N) * factor(rate->IDD0_slope);
    const Amperes refresh = (c.IDD5B - c.IDD3N_one_bank) * factor(rate->IDD5B_slope);
    const Amperes one_bank = c.IDD3N_one_bank - c.IDD2N;
    const Amperes all_banks = c.IDD3N - c.IDD2N;
    c.IDD2N = c.IDD2N * (actual / reference);
    c.IDD4R = c.IDD4R * (actual / reference);
    c.IDD4W = c.IDD4W * (actual / reference);
    c.IDD3N_one_bank = c.IDD2N + one_bank;
    c.IDD3N = c.IDD2N + all_banks;
    c.IDD0 = c.IDD2N + activation;
    c.IDD5B = c.IDD3N_one_bank + refresh;
  }
  c.IDD2P = or_else(rail.IDD2P, c.IDD2N);
  c.IDD3P = or_else(rail.IDD3P, c.IDD3N_one_bank);
  return c;
}

std::int64_t count_of(const RankActivity& activity, std::initializer_list<DramCommand> commands) {
  std::int64_t count = 0;
  for (const DramCommand command : commands) count += activity.commands[index(command)];
  return count;
}

}  // namespace

Joules EnergyBreakdown::total() const {
  return activation + read + write + refresh + background + power_down + self_refresh + io;
}

EnergyBreakdown& EnergyBreakdown::operator+=(const EnergyBreakdown& other) {
  activation += other.activation;
  read += other.read;
  write += other.write;
  refresh += other.refresh;
  background += other.background;
  power_down += other.power_down;
  self_refresh += other.self_refresh;
  io += other.io;
  return *this;
}

double joules_per_bit(const EnergyBreakdown& energy, Bytes payload) {
  ORRERY_CHECK(payload > Bytes(0));
  return energy.total().si() / (8 * payload.si());
}

/// Times that the currents are multiplied with, and what share of a background a rank has.
struct EnergyModel::RailTimes {
  Seconds RAS;
  Seconds RP;
  Seconds RFC;
  Seconds burst;
  std::optional<Seconds> refresh_interval;
  double devices = 1;
  double background_share = 1;
};

std::optional<EnergyModel> EnergyModel::from(const DramDevice& device) {
  if (!device.energy) return std::nullopt;
  const EnergyRecord& record = *device.energy;
  EnergyModel model;
  model.tick_ = Seconds(device.tick_seconds());
  model.take_refresh_shares(device);
  if (record.per_bit) {
    model.take_per_bit(*record.per_bit, device);
  } else {
    model.take_rails(record, device);
  }
  const Bytes access(device.access_bytes);
  if (record.io) {
    model.read_io_ = record.io->read.value * access;
    model.write_io_ = record.io->write.value * access;
  }
  if (record.low) model.low_ = record.low->value;
  if (record.high) model.high_ = record.high->value;
  return model;
}

void EnergyModel::take_rails(const EnergyRecord& record, const DramDevice& device) {
  const MeasuringLoop loop = record.loop.value_or(MeasuringLoop());
  RailTimes times;
  times.RAS = loop_time(device, {loop.RAS, "RAS", TimingScope::bank, DramCommand::ACT, DramCommand::PRE});
  times.RP = loop_time(device, {loop.RP, "RP", TimingScope::bank, DramCommand::PRE, DramCommand::ACT});
  times.RFC = loop_time(device, {loop.RFC, "RFCab", TimingScope::rank, DramCommand::REFab, DramCommand::ACT});
  times.burst = Seconds(device.burst_ticks * device.tick_seconds());
  if (const auto& refresh = device.refresh[static_cast<std::size_t>(RefreshMode::all_bank)]) {
    times.refresh_interval = Seconds(refresh->interval * device.tick_seconds());
  }
  times.devices = record.devices ? static_cast<double>(record.devices->value) : 1;
  times.background_share = record.devices ? times.devices : 1.0 / device.ranks;
  for (const auto& rail : record.rails) add_rail(rail.value, record, device, times);
  activation_clamped_ = activation_ < Joules(0);
  if (activation_clamped_) activation_ = Joules(0);
}

void EnergyModel::add_rail(const SupplyRail& rail, const EnergyRecord& record, const DramDevice& device,
                           const RailTimes& times) {
  const Currents c = currents_of(rail, record.rate, device);
  const Volts V = rail.voltage.value;
  const Volts above = V * times.devices;
  const Volts share = V * times.background_share;
  activation_ += above * ((c.IDD0 - c.IDD3N_one_bank) * times.RAS + (c.IDD0 - c.IDD2N) * times.RP);
  refresh_ += above * (c.IDD5B - c.IDD3N) * times.RFC;
  refresh_background_ += above * (c.IDD3N - c.IDD2N) * times.RFC;

  const Joules read = above * (c.IDD4R - c.IDD3N_one_bank) * times.burst;
  const Joules write = above * (c.IDD4W - c.IDD3N_one_bank) * times.burst;
  read_.static_data += read;
  write_.static_data += write;
  if (record.data) {
    const DataDependence& data = *record.data;
    const double inside = (data.TSV.value + data.bank_group.value) / data.static_data.value;
    const double pins = data.DQ.value / data.static_data.value;
    const double pin_supply = data.VDDQ ? data.VDDQ->value / V : 1;
    read_.per_toggle += read * (inside + pins * pin_supply);
    write_.per_toggle += write * (inside + pins);
  }

  const Watts first_bank = above * (c.IDD3N_one_bank - c.IDD2N);
  closed_ += share * c.IDD2N;
  first_bank_ += first_bank;
  next_bank_ += above * (c.IDD3N - c.IDD3N_one_bank) / std::max(1, device.banks_per_rank() - 1);
  power_down_ += share * c.IDD2P;
  active_power_down_ += rail.IDD3P ? share * c.IDD3P : share * c.IDD2N + first_bank;
  if (rail.IDD6) {
    self_refresh_ += share * rail.IDD6->value;
  } else {
    self_refresh_ += share * c.IDD2N;
    if (times.refresh_interval) {
      self_refresh_ += above * (c.IDD5B - c.IDD2N) * (times.RFC / *times.refresh_interval);
    }
  }
}

void EnergyModel::take_per_bit(const OperationEnergies& energies, const DramDevice& device) {
  const Bytes access(device.access_bytes);
  activation_ = energies.activation.value;
  read_.static_data = energies.read.value * access;
  write_.static_data = energies.write.value * access;
  refresh_ = energies.refresh.value;
  closed_ = energies.background.value / device.ranks;
  power_down_ = closed_;
  active_power_down_ = closed_;
  self_refresh_ = closed_;
}

void EnergyModel::take_refresh_shares(const DramDevice& device) {
  const auto share = [&](DramCommand command) -> double& { return refresh_share_[index(command)]; };
  share(DramCommand::REFab) = 1;
  share(DramCommand::RFMab) = 1;
  share(DramCommand::REFpb) = 1.0 / device.banks_per_rank();
  share(DramCommand::RFMpb) = share(DramCommand::REFpb);
  share(DramCommand::REFsb) = 1.0 / device.banks_per_group;
  const auto& all_bank = device.refresh[static_cast<std::size_t>(RefreshMode::all_bank)];
  for (const auto& form : device.refresh) {
    if (!form || !all_bank || all_bank->interval <= 0 || !is_refresh(form->command)) continue;
    share(form->command) = static_cast<double>(form->interval) / all_bank->interval;
  }
}

Joules EnergyModel::refresh_energy(DramCommand command) const { return refresh_ * refresh_share_[index(command)]; }

Joules EnergyModel::refresh_background(DramCommand command) const {
  return refresh_background_ * refresh_share_[index(command)];
}

Watts EnergyModel::standby_power(int open) const {
  return open == 0 ? closed_ : closed_ + first_bank_ + next_bank_ * (open - 1);
}

EnergyBreakdown EnergyModel::of(const RankActivity& activity, std::int64_t ticks, double toggle) const {
  const auto time = [&](std::int64_t count) { return tick_ * static_cast<double>(count); };
  const auto reads = static_cast<double>(count_of(activity, {DramCommand::RD, DramCommand::RDA}));
  const auto writes = static_cast<double>(count_of(activity, {DramCommand::WR, DramCommand::WRA}));
  const std::int64_t asleep =
      activity.power_down_ticks + activity.active_power_down_ticks + activity.self_refresh_ticks;

  EnergyBreakdown energy;
  energy.activation = activation_ * static_cast<double>(count_of(activity, {DramCommand::ACT}));
  energy.read = read_.at(toggle) * reads;
  energy.write = write_.at(toggle) * writes;
  energy.io = read_io_ * reads + write_io_ * writes;
  energy.background = closed_ * time(ticks - asleep) + first_bank_ * time(activity.any_bank_open_ticks) +
                      next_bank_ * time(activity.open_bank_ticks - activity.any_bank_open_ticks);
  for (std::size_t i = 0; i < refresh_share_.size(); ++i) {
    const double count = static_cast<double>(activity.commands[i]) * refresh_share_[i];
    energy.refresh += refresh_ * count;
    energy.background += refresh_background_ * count;
  }
  energy.power_down =
      power_down_ * time(activity.power_down_ticks) + active_power_down_ * time(activity.active_power_down_ticks);
  energy.self_refresh = self_refresh_ * time(activity.self_refresh_ticks);
  return energy;
}

EnergyBreakdown EnergyModel::of(const UnitActivity& activity, double toggle) const {
  EnergyBreakdown energy;
  for (const RankActivity& rank : activity.ranks) energy += of(rank, activity.end_tick, toggle);
  return energy;
}

}  // namespace orrery
