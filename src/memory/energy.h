#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "orrery/base/quantity.h"
#include "orrery/memory/device.h"
#include "orrery/memory/unit_engine.h"

namespace orrery {

/// Toggle rates of data: see DataDependence.
constexpr double kStaticData = 0;
constexpr double kRandomData = 0.5;

/// Where energy went. `background` is standby, closed and open.
struct EnergyBreakdown {
  Joules activation;
  Joules read;
  Joules write;
  Joules refresh;
  Joules background;
  Joules power_down;
  Joules self_refresh;
  Joules io;

  Joules total() const;
  EnergyBreakdown& operator+=(const EnergyBreakdown& other);
};

/// Energy per bit of payload, in joules. Pre: payload > 0.
double joules_per_bit(const EnergyBreakdown& energy, Bytes payload);

/// Energy of one unit from its commands and the time in each state. Immutable.
///
/// From currents, with V of each rail and n open banks of B of the rank:
///   activation, its precharge included   V ((IDD0 - IDD3N1) tRAS + (IDD0 - IDD2N) tRP)
///   read, write                          V (IDD4 - IDD3N1) tBurst x (1 + data dependence)
///   refresh of all banks                 V (IDD5B - IDD3N) tRFC, on top of all banks open
///   background                           V IDD2N, or V (IDD3N1 + (n - 1) (IDD3N - IDD3N1) / (B - 1))
/// where the times of the loops are those of the measurement. Any other refresh takes its share of a refresh of all
/// banks: the same rows cost the same, whichever command comes for them. Currents of devices count once per device;
/// those of a whole unit are shared by its ranks in the background, and are of one rank above it. A command in
/// flight, and a row that closes by itself, count to their end even where that lies beyond the end of the run.
///
/// Source: JEDEC's definitions of the IDD loops; for HBM as CMU-SAFARI/HBM-Power, how-ayna-computes-power.md, writes
/// them. Valid: loops of IDD4 with one open bank, as HBM's were measured. JEDEC's of DDR have all banks open: where
/// IDD3N_one_bank is given there, reads and writes are too dear by what is between it and IDD3N. The differences
/// between banks and bank groups (4 % of a read of HBM2) are left out.
class EnergyModel {
 public:
  /// Nothing where the part has no energies. Pre: check_physics has found nothing in them.
  static std::optional<EnergyModel> from(const DramDevice& device);

  /// Of one rank, or stack id, in `ticks`. Open banks and the three kinds of sleep exclude each other; what they
  /// leave of `ticks` is standby with all banks closed, refreshes included. Pre: 0 <= toggle <= 1.
  EnergyBreakdown of(const RankActivity& activity, std::int64_t ticks, double toggle) const;
  /// Of all ranks, idle ones too: each has its own devices or dies, and so its own background.
  EnergyBreakdown of(const UnitActivity& activity, double toggle) const;

  /// Of one ACT and its precharge, above the background.
  Joules activate_energy() const { return activation_; }
  /// Of one burst, above the background and without `io`.
  Joules read_energy(double toggle) const { return read_.at(toggle); }
  Joules write_energy(double toggle) const { return write_.at(toggle); }
  Joules read_io_energy() const { return read_io_; }
  Joules write_io_energy() const { return write_io_; }
  /// Of a refresh command, above all banks open; 0 of other commands.
  Joules refresh_energy(DramCommand command) const;
  /// Background of a refresh command beyond that of closed banks; 0 of other commands.
  Joules refresh_background(DramCommand command) const;
  /// Of one rank with `open` banks open.
  Watts standby_power(int open) const;
  Watts power_down_power() const { return power_down_; }
  Watts active_power_down_power() const { return active_power_down_; }
  Watts self_refresh_power() const { return self_refresh_; }

  /// Whether the currents made the activation negative, and it was taken as 0: IDD3N of one bank is not known and
  /// all banks open draw more than IDD0. Activations are then too cheap, and results say so.
  bool activation_clamped() const { return activation_clamped_; }
  /// The band of the truth, as multiples of every energy.
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  /// Linear in the toggle rate.
  struct AccessEnergy {
    Joules static_data;
    Joules per_toggle;
    Joules at(double toggle) const { return static_data + per_toggle * toggle; }
  };
  struct RailTimes;

  EnergyModel() = default;
  void take_rails(const EnergyRecord& record, const DramDevice& device);
  void add_rail(const SupplyRail& rail, const EnergyRecord& record, const DramDevice& device, const RailTimes& times);
  void take_per_bit(const OperationEnergies& energies, const DramDevice& device);
  void take_refresh_shares(const DramDevice& device);

  Seconds tick_;
  Joules activation_;
  AccessEnergy read_;
  AccessEnergy write_;
  Joules read_io_;
  Joules write_io_;
  Joules refresh_;                                     // REFab
  Joules refresh_background_;                          // REFab
  std::array<double, kDramCommands> refresh_share_{};  // of REFab
  Watts closed_;
  Watts first_bank_;  // more with one bank open
  Watts next_bank_;   // and with each further one
  Watts power_down_;
  Watts active_power_down_;
  Watts self_refresh_;
  bool activation_clamped_ = false;
  double low_ = 1;
  double high_ = 1;
};

}  // namespace orrery
