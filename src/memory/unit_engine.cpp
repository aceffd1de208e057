#include "orrery/memory/unit_engine.h"

#include "orrery/memory/engine.h"
#include "orrery/memory/engine_candidates.h"
#include "orrery/memory/engine_commands.h"
#include "orrery/memory/engine_idleness.h"
#include "orrery/memory/engine_maintenance.h"
#include "orrery/memory/engine_requests.h"
#include "orrery/memory/engine_stream_rows.h"
#include "orrery/memory/engine_streams.h"

namespace orrery {
namespace engine {

template <EngineKind Kind>
Engine<Kind>::Engine(const DramDevice& device, const ControllerSettings& settings, const Injection& injection,
                     AccessSource& source, CommandSink* sink)
    : settings_(settings),
      follows_ramulator_(settings.policy != SchedulingPolicy::row_hit_first),
      outstanding_limit_(injection.outstanding),
      read_entries_(static_cast<std::size_t>(settings.read_entries)),
      source_(source),
      times_(device, settings.takes_turns ? device.units_sharing_commands : 1, settings.turn),
      queue_(settings.read_entries + settings.write_entries + device.banks()),
      refresh_(device, settings),
      power_(device, settings),
      recorder_(device, Kind.recorded ? sink : nullptr),
      banks_per_rank_(device.banks_per_rank()),
      banks_per_group_(device.banks_per_group),
      groups_per_rank_(device.bank_groups),
      ranks_(device.ranks),
      read_time_(device.read_latency + device.burst_ticks),
      write_time_(device.write_latency + device.burst_ticks),
      most_writes_(static_cast<int>(std::floor(settings.write_high * settings.write_entries))),
      least_writes_(static_cast<int>(std::ceil(settings.write_low * settings.write_entries))),
      reads_(read_entries_),
      activated_reads_(RequestQueue::kMostBanks) {
  if constexpr (Kind.two_step) {
    activation_deadline_ = device.timing("AAD") * device.ticks_per_clock;
    clock_runs_on_ = device.timing("WCKPST") * device.ticks_per_clock;
    clock_start_ticks_ = times_.ticks_of(CAS);
    longest_command_ = std::max({times_.ticks_of(ACT), times_.ticks_of(RD), times_.ticks_of(WR), clock_start_ticks_});
  }
  wants_idleness_ = settings.postponed > 0;
  for (const std::int64_t after : {settings.power_down_after, settings.self_refresh_after}) {
    if (after > 0) first_power_change_ = std::min(first_power_change_, after);
  }
  idle_before_pulling_in_ = device.timing("RFCab") * device.ticks_per_clock;
  completions_.reserve(static_cast<std::size_t>(std::min(outstanding_limit_, kMostOutstandingInStream)) + 2);
}

template <EngineKind Kind>
UnitActivity Engine<Kind>::run() {
  fill();
  inject(0);
  settle(1);
  while (true) {
    const std::int64_t tick = next_event();
    if (is_over(tick)) break;
    now_ = tick;
    pass(tick);
    if (reads_in_order_ >= streak_) stream();
    if (may_serve_alone()) serve_alone();
  }
  UnitActivity activity = recorder_.finish(end_tick());
  activity.most_refreshes_owed = refresh_.most_owed();
  return activity;
}

template <EngineKind Kind>
std::int64_t Engine<Kind>::next_event() const {
  std::int64_t tick = std::min({active_.tick, maintenance_.tick, refresh_.next_due(), wake_});
  if (power_.is_used()) tick = std::min({tick, power_step_.tick, power_alarm_});
  if (!queue_blocked_) tick = std::min({tick, column_.tick, open_.tick, close_.tick});
  if (waits_for_completion_) tick = std::min(tick, completions_.next());
  if (position_ < filled_) tick = std::min(tick, std::max(accesses_[position_].tick, arrival_));
  if constexpr (Kind.two_step) {
    if (clocked_.tick != kNever) tick = std::min({clocked_.tick, refresh_.next_due(), completion_or_never()});
    if (owed_ != RequestQueue::kNone) tick = std::min(tick, times_.bus(now_ + 1));
  }
  return std::max(tick, now_ + 1);
}

template <EngineKind Kind>
bool Engine<Kind>::is_over(std::int64_t tick) const {
  return position_ == filled_ && queue_.size(false) == 0 && active_reads_ == 0 && tick > end_tick();
}

template <EngineKind Kind>
void Engine<Kind>::pass(std::int64_t tick) {
  outstanding_ -= completions_.take(tick);
  if (refresh_.next_due() <= tick) fall_due(tick);
  if (tick >= wake_) be_idle();
  if constexpr (Kind.split_bus) {
    if (issue_column(tick)) settle(tick);
    issue_row(tick);
  } else {
    issue_one(tick);
  }
  inject(tick);
  settle(tick + 1);
}

template <EngineKind Kind>
void Engine<Kind>::settle(std::int64_t from) {
  if (refresh_may_start_ && !work_) start_maintenance(from);
  if (active_stale_) find_active(from);
  if (looks_at_queues(from)) choose_direction();
  if (maintenance_stale_ && work_) find_maintenance(from);
  if (!queue_blocked_) {
    if (column_stale_) find_column(from);
    if (open_stale_) find_open(from);
    if (close_stale_) find_close(from);
  }
  if (wants_idleness_) watch_idleness(from);
  if (power_.is_used()) find_power_step(from);
}

template <EngineKind Kind>
bool Engine<Kind>::looks_at_queues(std::int64_t tick) const {
  if (queue_blocked_ || (follows_ramulator_ && refresh_.next_due() <= tick)) return false;
  if constexpr (Kind.split_bus) return true;
  if constexpr (Kind.two_step) {
    if (clocked_.tick != kNever || (owed_ != RequestQueue::kNone && must_finish_activation(tick))) return false;
  }
  return active_.tick != tick;
}

template <EngineKind Kind>
void Engine<Kind>::choose_direction() {
  const int writes = queue_.size(true);
  const int reads = queue_.size(false);
  if (!writing_) {
    if (writes > most_writes_ || (reads == 0 && (writes > 0 || follows_ramulator_))) turn(true);
  } else if ((writes < least_writes_ || writes == 0) && reads != 0) {
    turn(false);
  }
}

template <EngineKind Kind>
void Engine<Kind>::turn(bool writing) {
  writing_ = writing;
  column_stale_ = true;
  row_stale();
}

template <EngineKind Kind>
UnitActivity run_engine(const DramDevice& device, const ControllerSettings& settings, const Injection& injection,
                        AccessSource& source, CommandSink* sink) {
  constexpr EngineKind kRecorded{Kind.split_bus, Kind.two_step, true};
  if (sink != nullptr) return Engine<kRecorded>(device, settings, injection, source, sink).run();
  return Engine<Kind>(device, settings, injection, source, sink).run();
}

}  // namespace engine

UnitActivity simulate_unit(const DramDevice& device, const ControllerSettings& settings, const Injection& injection,
                           AccessSource& source, CommandSink* sink) {
  using engine::EngineKind;
  using engine::run_engine;
  constexpr EngineKind kTwoSteps{.two_step = true};
  constexpr EngineKind kTwoBuses{.split_bus = true};
  if (device.data_clock) return run_engine<kTwoSteps>(device, settings, injection, source, sink);
  const bool split = device.commands[static_cast<std::size_t>(DramCommand::RD)].bus == CommandBus::column;
  if (split) return run_engine<kTwoBuses>(device, settings, injection, source, sink);
  return run_engine<EngineKind{}>(device, settings, injection, source, sink);
}

}  // namespace orrery
