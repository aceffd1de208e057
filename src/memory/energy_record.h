#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/schema/entry.h"

namespace orrery {

/// What one device draws from one supply in the loops that JEDEC defines. Where the part says how it depends on the
/// data, IDD4R and IDD4W hold with static data.
struct SupplyRail {
  Sourced<Volts> voltage;
  Sourced<Amperes> IDD0;
  Sourced<Amperes> IDD2N;
  std::optional<Sourced<Amperes>> IDD2P;
  Sourced<Amperes> IDD3N;
  std::optional<Sourced<Amperes>> IDD3N_one_bank;
  std::optional<Sourced<Amperes>> IDD3P;
  Sourced<Amperes> IDD4R;
  Sourced<Amperes> IDD4W;
  Sourced<Amperes> IDD5B;
  std::optional<Sourced<Amperes>> IDD6;
  Place place;
};
constexpr RecordName record_name(const SupplyRail*) {
  return {"SupplyRail", "What one device draws from one supply in the loops that JEDEC defines"};
}
template <class Visitor>
void visit(Visitor& v, SupplyRail& r) {
  const Range current = in_range(Amperes(0), Amperes(10));
  v.required("voltage", r.voltage, "Of the supply", in_range(Volts(0.1), Volts(5)));
  v.required("IDD0", r.IDD0, "One bank, activated and precharged without pause", current);
  v.required("IDD2N", r.IDD2N, "Standby, all banks closed", current);
  v.optional("IDD2P", r.IDD2P, "Power-down, all banks closed; as IDD2N if left out", current);
  v.required("IDD3N", r.IDD3N, "Standby, all banks open", current);
  v.optional("IDD3N_one_bank", r.IDD3N_one_bank, "Standby, one bank open; as IDD3N if left out", current);
  v.optional("IDD3P", r.IDD3P, "Power-down with open banks; as the standby if left out", current);
  v.required("IDD4R", r.IDD4R, "Reads without pause", current);
  v.required("IDD4W", r.IDD4W, "Writes without pause", current);
  v.required("IDD5B", r.IDD5B, "Refreshes of all banks without pause", current);
  v.optional("IDD6", r.IDD6, "Self-refresh; if left out, standby and refreshes at the usual interval", current);
  v.place(r.place);
}

/// Times of the loops in which IDD0 and IDD5B were measured.
struct MeasuringLoop {
  std::optional<Sourced<Seconds>> RAS;
  std::optional<Sourced<Seconds>> RP;
  std::optional<Sourced<Seconds>> RFC;
};
constexpr RecordName record_name(const MeasuringLoop*) {
  return {"MeasuringLoop", "Times of the loops in which IDD0 and IDD5B were measured"};
}
template <class Visitor>
void visit(Visitor& v, MeasuringLoop& r) {
  const Range time = in_range(Seconds(1e-9), Seconds(1e-5));
  v.optional("RAS", r.RAS, "From activation to precharge, in IDD0; tRAS of the part if left out", time);
  v.optional("RP", r.RP, "From precharge to activation, in IDD0; tRP of the part if left out", time);
  v.optional("RFC", r.RFC, "From refresh to refresh, in IDD5B; tRFCab of the part if left out", time);
}

/// How the currents change with the rate of a pin: IDD2N, IDD4R and IDD4W in proportion to it; what IDD3N is above
/// IDD2N not at all; what IDD0 is above IDD2N, and IDD5B above IDD3N of one bank, by a slope.
struct CurrentScaling {
  Sourced<BytesPerSecond> reference_rate;
  std::optional<Sourced<double>> IDD0_slope;
  std::optional<Sourced<double>> IDD5B_slope;
};
constexpr RecordName record_name(const CurrentScaling*) {
  return {"CurrentScaling", "How the currents change with the rate of a pin"};
}
template <class Visitor>
void visit(Visitor& v, CurrentScaling& r) {
  v.required("reference_rate", r.reference_rate, "Pin rate at which the currents hold, as in 6.4 Gbit/s",
             in_range(BytesPerSecond(1e7), BytesPerSecond(1e11)));
  v.optional("IDD0_slope", r.IDD0_slope, "Of IDD0 - IDD2N, relative, per Gbit/s above the reference; 0 if left out",
             in_range(-1, 1));
  v.optional("IDD5B_slope", r.IDD5B_slope,
             "Of IDD5B - IDD3N_one_bank, relative, per Gbit/s above the reference; 0 if left out", in_range(-1, 1));
}

/// Energy of reads and writes by how often the data toggles: static + DQ x t + TSV x t + bank_group x t, where the
/// toggle rate t is 0 of static and 0.5 of uniform random data. Only the ratio to `static` counts.
struct DataDependence {
  Sourced<JoulesPerByte> static_data;
  Sourced<JoulesPerByte> DQ;
  Sourced<JoulesPerByte> TSV;
  Sourced<JoulesPerByte> bank_group;
  std::optional<Sourced<Volts>> VDDQ;
};
constexpr RecordName record_name(const DataDependence*) {
  return {"DataDependence", "Energy of reads and writes by how often the data toggles"};
}
template <class Visitor>
void visit(Visitor& v, DataDependence& r) {
  const Range energy = in_range(JoulesPerByte(0), JoulesPerByte(1e-9));
  v.required("static", r.static_data, "With data that never changes, as in 3.1798 pJ/bit",
             in_range(JoulesPerByte(1e-14), JoulesPerByte(1e-9)));
  v.required("DQ", r.DQ, "More where every data pin toggles with every bit", energy);
  v.required("TSV", r.TSV, "More where every via, or data line between banks and pins, does", energy);
  v.required("bank_group", r.bank_group, "More where every line of the bank group bus does", energy);
  v.optional("VDDQ", r.VDDQ, "Supply that the DQ part of reads is charged at; the rails' own if left out",
             in_range(Volts(0.1), Volts(5)));
}

/// Energy at the pins that no current holds: termination and drivers, at both ends of the wire.
struct InterfaceEnergy {
  Sourced<JoulesPerByte> read;
  Sourced<JoulesPerByte> write;
};
constexpr RecordName record_name(const InterfaceEnergy*) {
  return {"InterfaceEnergy", "Energy at the pins that no current holds: termination and drivers"};
}
template <class Visitor>
void visit(Visitor& v, InterfaceEnergy& r) {
  const Range energy = in_range(JoulesPerByte(0), JoulesPerByte(1e-9));
  v.required("read", r.read, "Per byte of payload read", energy);
  v.required("write", r.write, "Per byte of payload written", energy);
}

/// Energies where no currents are public, with uniform random data and of a whole unit.
struct OperationEnergies {
  Sourced<JoulesPerByte> read;
  Sourced<JoulesPerByte> write;
  Sourced<Joules> activation;
  Sourced<Joules> refresh;
  Sourced<Watts> background;
  Place place;
};
constexpr RecordName record_name(const OperationEnergies*) {
  return {"OperationEnergies", "Energies of a whole unit with uniform random data, where no currents are public"};
}
template <class Visitor>
void visit(Visitor& v, OperationEnergies& r) {
  const Range access = in_range(JoulesPerByte(0), JoulesPerByte(1e-9));
  v.required("read", r.read, "Per byte of payload read, interface included, as in 6.4 pJ/bit", access);
  v.required("write", r.write, "Per byte of payload written, interface included", access);
  v.required("activation", r.activation, "Of one ACT and its precharge", in_range(Joules(0), Joules(1e-6)));
  v.required("refresh", r.refresh, "Of one REFab of a rank", in_range(Joules(0), Joules(1e-4)));
  v.required("background", r.background, "Of one unit, whatever its state", in_range(Watts(0), Watts(100)));
  v.place(r.place);
}

/// Currents or energies of a part: `rails` with what explains them, or `per_bit`, never both.
///
/// `low` and `high` are the band of the truth, as multiples of every energy.
struct EnergyRecord {
  std::vector<Named<SupplyRail>> rails;
  std::optional<Sourced<std::int64_t>> devices;
  std::optional<MeasuringLoop> loop;
  std::optional<CurrentScaling> rate;
  std::optional<DataDependence> data;
  std::optional<InterfaceEnergy> io;
  std::optional<OperationEnergies> per_bit;
  std::optional<Sourced<double>> low;
  std::optional<Sourced<double>> high;
  Place place;
};
constexpr RecordName record_name(const EnergyRecord*) {
  return {"DramEnergy", "Currents or energies of a part: `rails` with what explains them, or `per_bit`"};
}
template <class Visitor>
void visit(Visitor& v, EnergyRecord& r) {
  v.optional_list("rails", r.rails, "Currents by supply: VDD, VPP, VDDQ");
  v.optional("devices", r.devices,
             "Of a rank, each drawing these currents, as 8 of a x64 rank of x8; left out where the currents are of the "
             "unit with all its ranks, as of a pseudo channel",
             in_range(1, 64));
  v.optional("loop", r.loop, "Times at which IDD0 and IDD5B were measured, where not those of the part");
  v.optional("rate", r.rate, "Scales the currents to the pin rate; if left out, they hold at any");
  v.optional("data", r.data, "How reads and writes depend on the data; if left out, they do not");
  v.optional("io", r.io, "Energy at the pins beyond the currents");
  v.optional("per_bit", r.per_bit, "Energies, where no currents are public");
  v.optional("low", r.low, "Least of what is plausible, as a multiple of these energies; with per_bit always",
             in_range(0.01, 1));
  v.optional("high", r.high, "Most of what is plausible, as a multiple of these energies; with per_bit always",
             in_range(1, 100));
  v.place(r.place);
}

/// Reports a record with both forms or neither, keys that belong to the other form, per_bit without a band, and
/// currents that cannot be: IDD2N above IDD3N, one open bank outside both, IDD4R or IDD4W below IDD3N of one bank,
/// IDD0 or IDD5B below IDD2N, power-down above standby.
void check_physics(const EnergyRecord& energy, Diagnostics& diagnostics);

}  // namespace orrery
