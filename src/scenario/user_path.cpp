#include "orrery/scenario/user_path.h"

#include <fmt/format.h>

#include <algorithm>

#include "orrery/base/random_stream.h"
#include "orrery/base/sim_time.h"
#include "orrery/network/transport.h"
#include "orrery/network/wan.h"
#include "orrery/scenario/radio_access.h"

namespace orrery {
namespace {

constexpr std::string_view kLayer = "scenario";

std::int64_t ps(Seconds time) { return to_sim_time(time).ps(); }
Seconds of_ticks(double ticks) { return Seconds(milliseconds(ticks) * 1e-3); }

template <class Record, class Kind>
std::optional<Record> load(const Reference<Kind>& reference, const Catalog& catalog,
                           std::vector<ProvenanceItem>& provenance, Diagnostics& diagnostics) {
  auto entry = catalog.load<Record>(reference, diagnostics);
  if (!entry) return std::nullopt;
  provenance.insert(provenance.end(), entry->provenance.begin(), entry->provenance.end());
  return std::move(entry->record);
}

}  // namespace

NetworkTimes operator+(const NetworkTimes& a, const NetworkTimes& b) {
  return {a.wake_up + b.wake_up, a.connection + b.connection,
          a.upload + b.upload,   a.access + b.access,
          a.core + b.core,       a.wan + b.wan,
          a.sleep + b.sleep};
}

std::shared_ptr<const UserPath> UserPath::compile(const UserPathRecord& record, const Catalog& catalog,
                                                  std::vector<ProvenanceItem>& provenance, Diagnostics& diagnostics) {
  if (record.cell.has_value() == record.access.has_value()) {
    diagnostics.error(record.cell ? "impossible-physics" : "missing-key", record.place,
                      "users reach a pool over a cell or another access network",
                      "give exactly one of `cell` and `access`");
    return nullptr;
  }
  const auto path = std::shared_ptr<UserPath>(new UserPath());
  const bool good = record.cell ? path->take_cell(record, catalog, provenance, diagnostics)
                                : path->take_access(record, catalog, provenance, diagnostics);
  if (!good || !path->take_wan(record, catalog, provenance, diagnostics)) return nullptr;
  const auto transport = load<TransportRecord>(record.transport, catalog, provenance, diagnostics);
  if (!transport) return nullptr;
  for (const Handshake& handshake : transport->handshakes) path->handshakes_ += handshake.round_trips.value;
  path->windows_ = slow_start_round_trips(*transport, record.request);
  path->new_connections_ = record.new_connections;
  path->request_ = record.request;
  path->chunk_ = transport->chunk_bytes.value;
  return path;
}

bool UserPath::take_cell(const UserPathRecord& record, const Catalog& catalog, std::vector<ProvenanceItem>& provenance,
                         Diagnostics& diagnostics) {
  if (!record.released) {
    diagnostics.error("missing-key", record.place, "'released' is missing: a cell lets go of silent users",
                      "0 where they never fall silent for long, 1 where each request wakes the phone");
    return false;
  }
  const auto radio = load<RadioRecord>(*record.cell, catalog, provenance, diagnostics);
  if (!radio) return false;
  const auto access = radio_access(*radio, catalog, provenance, diagnostics);
  if (!access) return false;
  if (!access->uplink) {
    diagnostics.error("impossible-physics", record.place,
                      fmt::format("{} has neither block sizes nor a measured uplink", radio->header.id));
    return false;
  }
  const RadioCell& cell = access->cell;
  name_ = radio->header.name;
  cell_up_ = uplink_delays(cell.calendar(), cell.errors());
  cell_down_ = downlink_delays(cell.calendar(), cell.errors());
  core_ = radio->core_round_trip.value;
  wake_up_ = state_delay(*radio, access->anchor, radio->states.inactivity.value, Direction::uplink).total();
  if (radio->states.drx_cycle) {
    awake_for_ = radio->states.drx_inactivity->value;
    sleep_cycle_ = radio->states.drx_cycle->value;
  }
  released_ = *record.released;
  serialisation_ = record.request / *access->uplink;
  energy_per_byte_ = energy_per_byte_ + radio->energy_per_byte.value;
  return true;
}

bool UserPath::take_access(const UserPathRecord& record, const Catalog& catalog,
                           std::vector<ProvenanceItem>& provenance, Diagnostics& diagnostics) {
  if (record.released) {
    diagnostics.error("impossible-physics", record.place, "only a cell lets go of its users",
                      "leave `released` out, or give a `cell`");
    return false;
  }
  const auto access = load<AccessRecord>(*record.access, catalog, provenance, diagnostics);
  if (!access) return false;
  name_ = access->header.name;
  round_trip_ = round_trips(*access);
  serialisation_ = record.request / access->uplink.value;
  energy_per_byte_ = energy_per_byte_ + access->energy_per_byte.value;
  return true;
}

bool UserPath::take_wan(const UserPathRecord& record, const Catalog& catalog, std::vector<ProvenanceItem>& provenance,
                        Diagnostics& diagnostics) {
  if (!record.wan) return true;
  const auto table = load<WanRecord>(record.wan->table, catalog, provenance, diagnostics);
  if (!table) return false;
  const Wan wan(*table);
  const auto p95 = wan.round_trip_p95(record.wan->from, record.wan->to);
  if (!p95) {
    diagnostics.error("unknown-name", record.wan->place, p95.error(), "`orrery wan` prints the table");
    return false;
  }
  wan_ = wan.round_trips(*p95);
  name_ += fmt::format(", {} to {}", record.wan->from, record.wan->to);
  energy_per_byte_ = energy_per_byte_ + table->energy_per_byte.value;
  price_per_byte_ = table->price_per_byte.value;
  return true;
}

UserPath::Way UserPath::draw(RandomStream& stream) const {
  Seconds up, down;
  if (round_trip_) {
    up = down = round_trip_->draw(stream) / 2;
  } else {
    up = of_ticks(cell_up_->draw(stream));
    down = of_ticks(cell_down_->draw(stream));
  }
  const Seconds wan = wan_ ? wan_->draw(stream) : Seconds(0);
  const Seconds round_trip = up + down + core_ + wan;
  const bool is_released = stream.uniform() < released_;
  const bool is_new = stream.uniform() < new_connections_;
  const Seconds waiting = static_cast<double>(windows_ - 1) * round_trip;
  Way way;
  NetworkTimes& parts = way.parts;
  parts.wake_up = is_released ? ps(wake_up_) : 0;
  parts.connection = is_new ? ps(static_cast<double>(handshakes_) * round_trip) : 0;
  parts.upload = ps(std::max(waiting, serialisation_));  // while a window waits, serialisation goes on
  parts.access = ps(up) + ps(down);
  parts.core = Int128{2} * ps(core_ / 2);
  parts.wan = Int128{2} * ps(wan / 2);
  way.down = ps(down) + ps(core_ / 2) + ps(wan / 2);
  way.up = static_cast<std::int64_t>(parts.total()) - way.down;
  return way;
}

NetworkTimes UserPath::send(RequestTable& table, std::uint64_t seed, std::uint64_t entity) const {
  RandomStream stream(seed, kLayer, "ways of users", entity);
  NetworkTimes sums;
  table.sent_ps = table.arrival_ps;
  table.answer_way_ps.reserve(table.size());
  for (std::int64_t& arrival : table.arrival_ps) {
    const Way way = draw(stream);
    arrival += way.up;
    table.answer_way_ps.push_back(way.down);
    sums = sums + way.parts;
  }
  table.sort_by_arrival();
  return sums;
}

Int128 UserPath::reach_sleepers(RequestTable& table, const RequestOutcomes& outcomes, std::uint64_t seed,
                                std::uint64_t entity) const {
  if (!awake_for_) return 0;
  RandomStream stream(seed, kLayer, "sleep of users", entity);
  Int128 sum = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double rest = stream.uniform();  // drawn for each, so that no request moves the others'
    if (outcomes.state[i] != RequestState::completed) continue;
    if (outcomes.first_token_ps[i] - table.arrival_ps[i] < ps(*awake_for_)) continue;
    const std::int64_t sleep = ps(rest * sleep_cycle_);
    table.answer_way_ps[i] += sleep;
    sum += sleep;
  }
  return sum;
}

Bytes UserPath::bytes(std::int64_t requests, std::int64_t output_tokens) const {
  return static_cast<double>(requests) * request_ + static_cast<double>(output_tokens) * chunk_;
}

}  // namespace orrery
