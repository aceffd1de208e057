#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "orrery/network/modulation.h"
#include "orrery/network/slot_calendar.h"
#include "orrery/schema/entry.h"

namespace orrery {

struct RadioKind {
  static constexpr std::string_view kName = "radio";
};

enum class RadioTechnology { nr, lte };
template <>
struct EnumNames<RadioTechnology> {
  static constexpr EnumRow<RadioTechnology> kRows[] = {
      {RadioTechnology::nr, "nr", "5G New Radio"},
      {RadioTechnology::lte, "lte", "LTE, whose block sizes are not described"},
  };
};

enum class Duplexing { tdd, fdd };
template <>
struct EnumNames<Duplexing> {
  static constexpr EnumRow<Duplexing> kRows[] = {
      {Duplexing::tdd, "tdd", "slots of one carrier go either way, by a pattern"},
      {Duplexing::fdd, "fdd", "each direction has a carrier of its own"},
  };
};

/// A share of the users by the channel quality that they report.
struct ChannelQualityShare {
  Sourced<std::int64_t> cqi;
  Sourced<double> share;
};
constexpr RecordName record_name(const ChannelQualityShare*) {
  return {"ChannelQualityShare", "A share of the users, by the channel quality that they report"};
}
template <class Visitor>
void visit(Visitor& v, ChannelQualityShare& r) {
  v.required("cqi", r.cqi, "Channel quality indicator, 1 to 15", in_range(1, 15));
  v.required("share", r.share, "Of the users", in_range(0, 1));
}

/// How a cell carries data; of NR.
struct RadioData {
  Sourced<std::int64_t> downlink_layers;
  Sourced<std::int64_t> uplink_layers;
  Sourced<Constellation> downlink_modulation;
  Sourced<Constellation> uplink_modulation;
  Sourced<std::int64_t> dmrs_elements;
  std::vector<ChannelQualityShare> channel_quality;
  Sourced<double> multi_user_gain;
  Sourced<double> most_multi_user_gain;
};
constexpr RecordName record_name(const RadioData*) { return {"RadioData", "How a cell of NR carries data"}; }
template <class Visitor>
void visit(Visitor& v, RadioData& r) {
  v.required("downlink_layers", r.downlink_layers, "Spatial layers of one user", in_range(1, 4));
  v.required("uplink_layers", r.uplink_layers, "Spatial layers of one user", in_range(1, 4));
  v.required("downlink_modulation", r.downlink_modulation, "The largest constellation, which chooses the tables");
  v.required("uplink_modulation", r.uplink_modulation, "The largest constellation, which chooses the tables");
  v.required("dmrs_elements", r.dmrs_elements, "Reference signals of one resource block and slot", in_range(0, 72));
  v.required("channel_quality", r.channel_quality, "What users report; the shares add up to 1");
  v.required("multi_user_gain", r.multi_user_gain, "g of 1 + g ln(users), the rate of n users over that of one",
             in_range(0, 1));
  v.required("most_multi_user_gain", r.most_multi_user_gain, "No number of users has more", in_range(1, 10));
}

/// What happens outside the slots.
struct RadioStates {
  Sourced<Seconds> wake_up;
  Sourced<Seconds> inactivity;
  std::optional<Sourced<Seconds>> drx_cycle;
  std::optional<Sourced<Seconds>> drx_inactivity;
  Sourced<Seconds> handover;
  std::optional<Reference<RadioKind>> anchor;
};
constexpr RecordName record_name(const RadioStates*) {
  return {"RadioStates", "Waking up, sleeping and changing cells"};
}
template <class Visitor>
void visit(Visitor& v, RadioStates& r) {
  v.required("wake_up", r.wake_up, "From idle or inactive to connected", in_range(Seconds(0), Seconds(2)));
  v.required("inactivity", r.inactivity, "Without traffic before the connection is released",
             in_range(Seconds(0.1), Seconds(3600)));
  v.optional("drx_cycle", r.drx_cycle, "Of sleep while connected; left out where users never sleep",
             in_range(Seconds(1e-3), Seconds(10.24)));
  v.optional("drx_inactivity", r.drx_inactivity, "Without traffic before sleep begins; comes with drx_cycle",
             in_range(Seconds(0), Seconds(3600)));
  v.required("handover", r.handover, "Interruption when the cell changes", in_range(Seconds(0), Seconds(2)));
  v.optional("anchor", r.anchor, "The LTE cell that controls this one, where it is not standalone");
}

/// What was measured on networks with such cells, to compare with.
struct RadioMeasurements {
  std::optional<Sourced<Seconds>> round_trip;
  std::optional<Sourced<BytesPerSecond>> downlink;
  std::optional<Sourced<BytesPerSecond>> uplink;
};
constexpr RecordName record_name(const RadioMeasurements*) {
  return {"RadioMeasurements", "What was measured on networks with such cells, to compare with"};
}
template <class Visitor>
void visit(Visitor& v, RadioMeasurements& r) {
  v.optional("round_trip", r.round_trip, "Mean, to the server of the test", in_range(Seconds(1e-4), Seconds(10)));
  v.optional("downlink", r.downlink, "Mean of one user", in_range(BytesPerSecond(1), BytesPerSecond(1e10)));
  v.optional("uplink", r.uplink, "Mean of one user", in_range(BytesPerSecond(1), BytesPerSecond(1e10)));
}

/// A cell of a mobile network. Names of 3GPP keep their spelling.
struct RadioRecord {
  EntryHeader header;
  RadioTechnology technology = RadioTechnology::nr;
  Sourced<Hertz> frequency;
  Sourced<Hertz> bandwidth;
  Sourced<std::int64_t> mu;
  Duplexing duplexing = Duplexing::tdd;
  std::optional<Sourced<std::string>> tdd;
  std::optional<Sourced<std::string>> s_split;
  Sourced<double> N1;
  Sourced<double> N2;
  Sourced<std::int64_t> control_symbols;
  Sourced<std::int64_t> pdcch_per_slot;
  Sourced<Grant> grant;
  Sourced<Seconds> sr_period;
  Sourced<std::int64_t> sr_offset;
  Sourced<double> bler;
  Sourced<double> bler_factor;
  Sourced<std::int64_t> retransmissions;
  std::optional<Sourced<Seconds>> harq_loop;
  Sourced<Seconds> ue_time;
  Sourced<Seconds> gnb_time;
  Sourced<Seconds> core_round_trip;
  Sourced<JoulesPerByte> energy_per_byte;
  RadioStates states;
  std::optional<RadioData> data;
  std::optional<RadioMeasurements> measured;
};
constexpr RecordName record_name(const RadioRecord*) { return {"Radio", "A cell of a mobile network"}; }
template <class Visitor>
void visit(Visitor& v, RadioRecord& r) {
  visit_header(v, r.header);
  v.required("technology", r.technology, "What the cell speaks");
  v.required("frequency", r.frequency, "Of the carrier", in_range(Hertz(410e6), Hertz(71e9)));
  v.required("bandwidth", r.bandwidth, "Of the carrier; of NR, one that TS 38.101 has a row for",
             in_range(Hertz(1e6), Hertz(2e9)));
  v.required("mu", r.mu, "Numerology: 15 x 2^mu kHz, slots of 1/2^mu ms", in_range(0, kMostMu));
  v.required("duplexing", r.duplexing, "How directions are kept apart");
  v.optional("tdd", r.tdd, "Pattern of slots over D, S and U; of tdd");
  v.optional("s_split", r.s_split, "Symbols of S slots: downlink:guard:uplink; of tdd");
  v.required("N1", r.N1, "Symbols from the end of downlink data to feedback", in_range(0, 200));
  v.required("N2", r.N2, "Symbols from a grant to uplink data", in_range(0, 200));
  v.required("control_symbols", r.control_symbols, "At the head of downlink slots", in_range(1, 3));
  v.required("pdcch_per_slot", r.pdcch_per_slot, "Downlink packets and uplink grants that a slot can announce",
             in_range(1, 1000));
  v.required("grant", r.grant, "How users get to send");
  v.required("sr_period", r.sr_period, "From one occasion of a user's scheduling request to the next; whole slots",
             in_range(Seconds(1e-5), Seconds(0.64)));
  v.required("sr_offset", r.sr_offset, "Slot of a period in which a user may ask; it must be an uplink slot",
             in_range(0, 10239));
  v.required("bler", r.bler, "Share of first transmissions that are lost", in_range(0, 0.9));
  v.required("bler_factor", r.bler_factor, "Each repeat is lost that many times as often as the one before",
             in_range(0, 1));
  v.required("retransmissions", r.retransmissions, "At most; then a block is taken to arrive", in_range(0, 16));
  v.optional("harq_loop", r.harq_loop, "Distance of repeats, where it is fixed", in_range(Seconds(0), Seconds(0.1)));
  v.required("ue_time", r.ue_time, "In the stack of the user, each way", in_range(Seconds(0), Seconds(0.1)));
  v.required("gnb_time", r.gnb_time, "In the stack of the base station, each way", in_range(Seconds(0), Seconds(0.1)));
  v.required("core_round_trip", r.core_round_trip, "From the base station through the core to its exit and back",
             in_range(Seconds(0), Seconds(0.5)));
  v.required("energy_per_byte", r.energy_per_byte, "Of the access network, for each byte of users",
             in_range(JoulesPerByte(0), JoulesPerByte(1e-3)));
  v.required("states", r.states, "Waking up, sleeping and changing cells");
  v.optional("data", r.data, "How the cell carries data; of nr");
  v.optional("measured", r.measured, "To compare with");
}

/// Reports what cannot be: patterns and splits that are none, bandwidths without a row, requests that never meet an
/// uplink slot, keys of another technology.
void check_physics(const RadioRecord& radio, Diagnostics& diagnostics);

}  // namespace orrery
