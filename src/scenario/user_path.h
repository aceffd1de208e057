#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/base/wide_integer.h"
#include "orrery/network/delay_distribution.h"
#include "orrery/network/delay_mixture.h"
#include "orrery/network/radio_states.h"
#include "orrery/network/transport_record.h"
#include "orrery/scenario/catalog.h"
#include "orrery/scenario/user_path_record.h"
#include "orrery/serving/request_outcomes.h"
#include "orrery/serving/request_table.h"

namespace orrery {

/// Where the time on the network of one request goes, or the sums over many, in picoseconds.
struct NetworkTimes {
  Int128 wake_up = 0;     ///< of a user whom the cell had let go of
  Int128 connection = 0;  ///< handshakes
  Int128 upload = 0;      ///< windows of slow start and serialisation of the request
  Int128 access = 0;      ///< radio or home network, both ways
  Int128 core = 0;        ///< of the mobile network, both ways
  Int128 wan = 0;         ///< both ways
  Int128 sleep = 0;       ///< of a user who fell asleep while the server was busy

  Int128 total() const { return wake_up + connection + upload + access + core + wan + sleep; }
  friend NetworkTimes operator+(const NetworkTimes& a, const NetworkTimes& b);
};

/// The network between the users of a service and its pool, idle: what the users of one service send is far less than a
/// cell or a line carries. Each request draws its delays; draws are named, so that nothing else moves them.
class UserPath {
 public:
  /// Loads and compiles what the record names; null where a problem was reported.
  static std::shared_ptr<const UserPath> compile(const UserPathRecord& record, const Catalog& catalog,
                                                 std::vector<ProvenanceItem>& provenance, Diagnostics& diagnostics);

  /// "SK Telecom 5G at 3.5 GHz, korea-central to japan-east".
  const std::string& name() const { return name_; }

  /// What one request draws, and how much of it lies on each side of the server.
  struct Way {
    NetworkTimes parts;
    std::int64_t up = 0;
    std::int64_t down = 0;
  };
  Way draw(RandomStream& stream) const;

  /// Takes the arrivals of the table as the times at which users send: sent_ps keeps them, answer_way_ps gets the way
  /// back, and arrival_ps becomes when a request reaches the server, in whose order the rows then are. Returns the sums
  /// of the parts. `entity` names the draws.
  NetworkTimes send(RequestTable& table, std::uint64_t seed, std::uint64_t entity) const;
  /// After the run: an answer that the server kept a user waiting for, for longer than the radio stays awake, waits for
  /// the rest of a sleep cycle. Adds it to answer_way_ps and returns the sum.
  Int128 reach_sleepers(RequestTable& table, const RequestOutcomes& outcomes, std::uint64_t seed,
                        std::uint64_t entity) const;

  /// What requests and answers of so many tokens, one chunk a token, put on the way.
  Bytes bytes(std::int64_t requests, std::int64_t output_tokens) const;
  JoulesPerByte energy_per_byte() const { return energy_per_byte_; }  ///< of all links
  DollarsPerByte price_per_byte() const { return price_per_byte_; }   ///< between regions

 private:
  UserPath() = default;
  bool take_cell(const UserPathRecord& record, const Catalog& catalog, std::vector<ProvenanceItem>& provenance,
                 Diagnostics& diagnostics);
  bool take_access(const UserPathRecord& record, const Catalog& catalog, std::vector<ProvenanceItem>& provenance,
                   Diagnostics& diagnostics);
  bool take_wan(const UserPathRecord& record, const Catalog& catalog, std::vector<ProvenanceItem>& provenance,
                Diagnostics& diagnostics);

  std::string name_;
  std::optional<DelayDistribution> cell_up_, cell_down_;  ///< ticks; of a cell
  std::optional<DelayMixture> round_trip_;                ///< of another access
  std::optional<DelayMixture> wan_;
  Seconds core_;
  Seconds wake_up_;                   ///< of a released user
  std::optional<Seconds> awake_for_;  ///< without traffic, then cycles of sleep
  Seconds sleep_cycle_;
  double released_ = 0;
  double new_connections_ = 0;
  std::int64_t handshakes_ = 0;  ///< round trips
  std::int64_t windows_ = 1;     ///< of slow start, for the request
  Seconds serialisation_;
  Bytes request_, chunk_;
  JoulesPerByte energy_per_byte_;
  DollarsPerByte price_per_byte_;
};

}  // namespace orrery
