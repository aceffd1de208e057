#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "orrery/memory/access_source.h"
#include "orrery/memory/checker_rules.h"
#include "orrery/memory/controller_settings.h"

namespace orrery {

struct StepperRun {
  std::int64_t end_tick = 0;
  std::int64_t reads = 0;
  std::int64_t sum_of_latencies = 0;
  std::int64_t combined = 0;  ///< reads answered by a waiting write, and writes merged into one

  double mean_latency() const { return static_cast<double>(sum_of_latencies) / static_cast<double>(reads); }
};

/// The rules of section 7 of the memory reference ("compat: ramulator2"), stepped tick by tick as they are written:
/// an oracle for the event-driven engine, slow and plain. One unit of one rank, all-bank refresh. It takes from the
/// device the organisation and the timings by name, and its rules are those of section 4, not the catalog's.
///
/// Three points are not in the text of section 7, and are needed for Ramulator's tick counts: writes may enter
/// although the reads under way are at their limit; of LPDDR, PREab to REFab takes tRPab_REF; and the write mode is
/// evaluated where the queues are looked at, twice a tick on two buses.
class LiteralStepper {
 public:
  struct Options {
    std::int64_t outstanding = 64;  ///< 0: the ticks of the accesses alone decide
    bool combines = true;           ///< point 2: forwarding and merging
  };

  LiteralStepper(const DramDevice& device, const ControllerSettings& settings, const Options& options,
                 AccessSource& source, CommandSink* sink)
      : device_(device),
        standard_(*checked_standard(device.standard)),
        settings_(settings),
        options_(options),
        source_(source),
        sink_(sink),
        is_lpddr_(standard_.activates_in_two),
        t_(device, standard_),
        open_row_(static_cast<std::size_t>(device.banks_per_rank()), -1) {
    for (auto& row : last_) row.assign(open_row_.size(), kLongAgo);
  }

  StepperRun run() {
    std::int64_t next_refresh = t_.REFI;
    for (peek();;) {
      inject();
      if (!head_ && outstanding_ == 0) break;
      ++now_;
      while (!returns_.empty() && returns_.front() <= now_) take_return(returns_);
      while (!forwards_.empty() && forwards_.front() <= now_) take_return(forwards_);
      if (settings_.refresh == RefreshMode::all_bank && now_ >= next_refresh) {
        refresh_waits_ = true;
        next_refresh += t_.REFI;
      }
      step();
    }
    run_.end_tick = now_;
    return run_;
  }

 private:
  using enum DramCommand;
  static constexpr std::int64_t kLongAgo = -1'000'000'000'000;

  struct Request {
    int bank = 0;
    std::int32_t row = 0;
    std::int32_t column = 0;
    bool write = false;
    std::int64_t stamp = 0;
    std::int64_t number = 0;
    std::int64_t deadline = 0;  // of its ACT2
  };
  using Buffer = std::vector<Request>;
  enum class Kind { any, column, row };

  /// In ticks.
  struct Timings {
    Timings(const DramDevice& device, const CheckedStandard& standard) {
      const auto at = [&](std::string_view name, std::int64_t otherwise = 0) {
        return clocks_of(device, name).value_or(otherwise) * standard.ticks_per_clock;
      };
      nBL = standard.burst_clocks * standard.ticks_per_clock;
      nBL_max = at("nBL_max", standard.burst_clocks);
      CL = at("CL"), CWL = at("CWL"), RCDrd = at("RCDrd"), RCDwr = at("RCDwr"), RP = at("RP"), RAS = at("RAS");
      RC = at("RC"), WR = at("WR"), RTP = at("RTP"), CCD_S = at("CCD_S"), CCD_L = at("CCD_L"), RTW = at("RTW");
      CCD_L_WR = std::max(CCD_L, at("CCD_L_WR"));
      RRD_S = at("RRD_S"), RRD_L = at("RRD_L"), FAW = at("FAW"), WTR_S = at("WTR_S"), WTR_L = at("WTR_L");
      PPD = at("PPD"), RFC = at("RFCab"), REFI = at("REFI"), AAD = at("AAD"), WCKPST = at("WCKPST");
      RPab = clocks_of(device, "RPab") ? at("RPab") : RP;
      RPab_REF = clocks_of(device, "RPab_REF") ? at("RPab_REF") : RPab;
    }
    std::int64_t nBL, nBL_max, CL, CWL, RCDrd, RCDwr, RP, RPab, RPab_REF, RAS, RC, WR, RTP, CCD_S, CCD_L, CCD_L_WR, RTW,
        RRD_S, RRD_L, FAW, WTR_S, WTR_L, PPD, RFC, REFI, AAD, WCKPST;
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  int banks() const { return static_cast<int>(open_row_.size()); }
  int group_of(int bank) const { return bank / device_.banks_per_group; }
  std::int64_t ticks_of(DramCommand command) const { return standard_.ticks[static_cast<std::size_t>(command)]; }
  std::int64_t last(DramCommand command, int bank) const { return last_[static_cast<std::size_t>(command)][at(bank)]; }

  // ---- section 4: distances count from the last tick of one command to the last tick of the next

  bool far(DramCommand from, std::int64_t tick, DramCommand to, std::int64_t least) const {
    return now_ >= tick + least + (ticks_of(from) - 1) - (ticks_of(to) - 1);
  }
  bool far_in_bank(DramCommand from, DramCommand to, int bank, std::int64_t least) const {
    return far(from, last(from, bank), to, least);
  }
  /// Of all banks: `near` in the bank group, `elsewhere` in others.
  bool far_in_rank(DramCommand from, DramCommand to, int bank, std::int64_t near, std::int64_t elsewhere) const {
    for (int other = 0; other < banks(); ++other) {
      if (!far_in_bank(from, to, other, group_of(other) == group_of(bank) ? near : elsewhere)) return false;
    }
    return true;
  }
  bool far_in_rank(DramCommand from, DramCommand to, std::int64_t least) const {
    return far_in_rank(from, to, 0, least, least);
  }

  bool is_ready(DramCommand command, int bank) const {
    const std::int64_t bus = is_column(command) && standard_.has_two_buses ? column_bus_free_ : row_bus_free_;
    if (now_ < bus) return false;
    if (holds(standard_.rising, command) && now_ % 2 == 0) return false;
    switch (command) {
      case RD:
        return far_in_rank(RD, RD, bank, t_.CCD_L, std::max(t_.nBL, t_.CCD_S)) &&
               far_in_rank(WR, RD, bank, t_.CWL + t_.nBL_max + t_.WTR_L, t_.CWL + t_.nBL + t_.WTR_S) &&
               far_in_bank(ACT, RD, bank, t_.RCDrd);
      case WR:
        return far_in_rank(WR, WR, bank, t_.CCD_L_WR, std::max(t_.nBL, t_.CCD_S)) && far_in_rank(RD, WR, t_.RTW) &&
               far_in_bank(ACT, WR, bank, t_.RCDwr);
      case ACT:
        return far_in_rank(ACT, ACT, bank, t_.RRD_L, t_.RRD_S) && far(ACT, fourth_activation(), ACT, t_.FAW) &&
               far_in_bank(ACT, ACT, bank, t_.RC) && far_in_bank(PRE, ACT, bank, t_.RP) &&
               far(PREab, last(PREab, 0), ACT, t_.RPab) && far(REFab, last(REFab, 0), ACT, t_.RFC);
      case PRE:
        return far_in_bank(ACT, PRE, bank, t_.RAS) && far_in_bank(RD, PRE, bank, t_.RTP) &&
               far_in_bank(WR, PRE, bank, t_.CWL + t_.nBL + t_.WR) && precharges_apart(PRE);
      case PREab:
        return far_in_rank(ACT, PREab, t_.RAS) && far_in_rank(RD, PREab, t_.RTP) &&
               far_in_rank(WR, PREab, t_.CWL + t_.nBL + t_.WR) && precharges_apart(PREab);
      case REFab:
        return far_in_rank(ACT, REFab, t_.RC) && far_in_rank(PRE, REFab, t_.RP) &&
               far(PREab, last(PREab, 0), REFab, t_.RPab_REF) && far(REFab, last(REFab, 0), REFab, t_.RFC);
      default:
        return true;  // CAS, ACT2
    }
  }
  bool precharges_apart(DramCommand to) const {
    return far_in_rank(PRE, to, t_.PPD) && far(PREab, last(PREab, 0), to, t_.PPD);
  }
  std::int64_t fourth_activation() const { return activations_.size() < 4 ? kLongAgo : activations_.front(); }

  void issue(DramCommand command, int bank, std::int32_t row = 0, std::int32_t column = 0) {
    auto& bus = is_column(command) && standard_.has_two_buses ? column_bus_free_ : row_bus_free_;
    bus = now_ + ticks_of(command);
    last_[static_cast<std::size_t>(command)][at(bank)] = now_;
    if (command == ACT) {
      open_row_[at(bank)] = row;
      activations_.push_back(now_);
      if (activations_.size() > 4) activations_.pop_front();
    } else if (command == PRE) {
      open_row_[at(bank)] = -1;
    } else if (command == PREab) {
      std::fill(open_row_.begin(), open_row_.end(), -1);
    }
    if (sink_ == nullptr) return;
    sink_->issued({now_, command, 0, static_cast<std::uint8_t>(group_of(bank)),
                   static_cast<std::uint8_t>(bank % device_.banks_per_group), row, column});
  }

  // ---- points 1 and 2: who enters, and who leaves

  void peek() {
    MemoryAccess access;
    head_ = source_.next({&access, 1}) == 1 ? std::optional(access) : std::nullopt;
  }

  void inject() {
    while (head_ && now_ >= head_->tick) {
      const bool write = head_->write;
      if (options_.outstanding > 0 && outstanding_ >= options_.outstanding && !write) return;
      Buffer& buffer = write ? writes_ : reads_;
      if (std::ssize(buffer) >= (write ? settings_.write_entries : settings_.read_entries)) return;
      Request request;
      request.bank = head_->group * device_.banks_per_group + head_->bank;
      request.row = head_->row;
      request.column = head_->column;
      request.write = write;
      request.stamp = now_;
      request.number = next_number_++;
      run_.reads += write ? 0 : 1;
      outstanding_ += write ? 0 : 1;
      if (options_.combines && is_written(request)) {
        ++run_.combined;
        if (!write) answer(forwards_, now_ + 1, request);
      } else {
        buffer.push_back(request);
      }
      peek();
    }
  }
  bool is_written(const Request& request) const {
    return std::any_of(writes_.begin(), writes_.end(), [&](const Request& other) {
      return other.bank == request.bank && other.row == request.row && other.column == request.column;
    });
  }
  void answer(std::deque<std::int64_t>& returns, std::int64_t tick, const Request& request) {
    returns.push_back(tick);
    run_.sum_of_latencies += tick - request.stamp;
  }
  void take_return(std::deque<std::int64_t>& returns) {
    returns.pop_front();
    --outstanding_;
  }

  // ---- points 3 to 8: which command

  Buffer& queue() {
    const auto entries = static_cast<double>(settings_.write_entries);
    const auto writes = static_cast<double>(writes_.size());
    if (!write_mode_) {
      write_mode_ = writes > settings_.write_high * entries || reads_.empty();
    } else if (writes < settings_.write_low * entries && !reads_.empty()) {
      write_mode_ = false;
    }
    return write_mode_ ? writes_ : reads_;
  }

  DramCommand next_command(const Request& request) const {
    const std::int32_t row = open_row_[at(request.bank)];
    if (row == request.row) return request.write ? WR : RD;
    return row < 0 ? ACT : PRE;
  }
  bool is_eligible(const Request& request, DramCommand command, const Buffer& buffer) const {
    if (&buffer == &active_) return true;
    const auto of_bank = [&](const Request& other) { return other.bank == request.bank; };
    if (std::any_of(owed_.begin(), owed_.end(), of_bank) || (command == ACT && !owed_.empty())) return false;
    if (command != PRE) return true;
    if (std::any_of(active_.begin(), active_.end(), of_bank)) return false;
    return settings_.policy != SchedulingPolicy::ramulator2_row_hit ||
           std::none_of(buffer.begin(), buffer.end(), [&](const Request& other) {
             return of_bank(other) && other.row == open_row_[at(request.bank)] && other.stamp <= request.stamp;
           });
  }
  /// Position of the oldest request of a buffer whose next command can issue; -1: none.
  int oldest_ready(const Buffer& buffer, Kind kind) const {
    int best = -1;
    for (int i = 0; i < static_cast<int>(buffer.size()); ++i) {
      const Request& request = buffer[at(i)];
      if (best >= 0 && buffer[at(best)].stamp <= request.stamp) continue;
      const DramCommand command = next_command(request);
      if (kind != Kind::any && is_column(command) != (kind == Kind::column)) continue;
      if (is_eligible(request, command, buffer) && is_ready(command, request.bank)) best = i;
    }
    return best;
  }
  /// Serves that request; false when there is none.
  bool serve(Buffer& buffer, Kind kind) {
    const int position = oldest_ready(buffer, kind);
    if (position < 0) return false;
    const Request request = buffer[at(position)];
    const DramCommand command = next_command(request);
    if (is_lpddr_ && is_column(command) && now_ >= data_clock_end_) {
      start_data_clock(request, buffer);
      return true;
    }
    if (command == PRE) {
      issue(PRE, request.bank);
      return true;
    }
    buffer.erase(buffer.begin() + position);
    if (command == ACT) {
      issue(ACT, request.bank, request.row);
      (is_lpddr_ ? owed_ : active_).push_back(request);
      if (is_lpddr_) owed_.back().deadline = now_ + t_.AAD;
    } else {
      transfer(request);
    }
    return true;
  }
  void transfer(const Request& request) {
    issue(request.write ? WR : RD, request.bank, request.row, request.column);
    if (!request.write) answer(returns_, now_ + t_.CL + t_.nBL, request);
    data_clock_end_ = std::max(data_clock_end_, now_ + (request.write ? t_.CWL : t_.CL) + t_.nBL + t_.WCKPST);
  }
  void maintain() {
    if (!owed_.empty()) return;
    const bool is_open = std::any_of(open_row_.begin(), open_row_.end(), [](std::int32_t row) { return row >= 0; });
    const DramCommand command = is_open ? PREab : REFab;
    if ((is_open && !active_.empty()) || !is_ready(command, 0)) return;
    issue(command, 0);
    if (command == REFab) refresh_waits_ = false;
  }

  void step() {
    if (standard_.has_two_buses) {
      if (!serve(active_, Kind::column) && !refresh_waits_) serve(queue(), Kind::column);
      if (refresh_waits_) {
        maintain();
      } else {
        serve(queue(), Kind::row);
      }
    } else if (is_lpddr_) {
      step_lpddr();
    } else if (!serve(active_, Kind::any)) {
      if (refresh_waits_) {
        maintain();
      } else {
        serve(queue(), Kind::any);
      }
    }
  }

  void step_lpddr() {
    if (clocked_) {  // (a)
      const Request request = *clocked_;
      clocked_.reset();
      std::erase_if(*clocked_from_, [&](const Request& other) { return other.number == request.number; });
      return transfer(request);
    }
    if (!owed_.empty() && now_ >= owed_.front().deadline) return complete_activation();  // (b)
    if (serve(active_, Kind::any)) return;                                               // (c)
    if (refresh_waits_) {
      const std::int64_t bus = row_bus_free_;
      maintain();
      if (row_bus_free_ != bus) return;
    } else if (serve(queue(), Kind::any)) {
      return;
    }
    if (!owed_.empty()) complete_activation();  // (d)
  }
  /// At most one is owed: no ACT while any is.
  void complete_activation() {
    issue(ACT2, owed_.front().bank, owed_.front().row);
    active_.push_back(owed_.front());
    owed_.clear();
  }
  void start_data_clock(const Request& request, Buffer& buffer) {
    if (!owed_.empty() && owed_.front().deadline <= now_ + 1) return complete_activation();
    issue(CAS, request.bank);
    clocked_ = request;
    clocked_from_ = &buffer;
  }

  const DramDevice& device_;
  const CheckedStandard standard_;
  const ControllerSettings settings_;
  const Options options_;
  AccessSource& source_;
  CommandSink* sink_;
  const bool is_lpddr_;
  const Timings t_;

  std::int64_t now_ = 0;
  std::array<std::vector<std::int64_t>, kDramCommands> last_;  // by command and bank; all-bank commands at bank 0
  std::deque<std::int64_t> activations_;
  std::vector<std::int32_t> open_row_;
  std::int64_t row_bus_free_ = 0;
  std::int64_t column_bus_free_ = 0;

  std::optional<MemoryAccess> head_;
  std::int64_t next_number_ = 0;
  std::int64_t outstanding_ = 0;
  std::deque<std::int64_t> returns_, forwards_;
  Buffer reads_, writes_, active_;
  bool write_mode_ = false;
  bool refresh_waits_ = false;

  Buffer owed_;  // activated by half
  std::optional<Request> clocked_;
  Buffer* clocked_from_ = nullptr;
  std::int64_t data_clock_end_ = 0;
  StepperRun run_;
};

}  // namespace orrery
