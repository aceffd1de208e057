#include "orrery/memory/checker_rules.h"

#include <algorithm>
#include <utility>

namespace orrery {
namespace {

using enum DramCommand;

constexpr CommandSet kReads = command_set(RD, RDA);
constexpr CommandSet kWrites = command_set(WR, WRA);
constexpr CommandSet kColumns = kReads | kWrites;
constexpr CommandSet kPrecharges = command_set(PRE, PREab, PREsb);
constexpr CommandSet kManageOneBank = command_set(REFpb, RFMpb);
/// Needs every bank of the rank idle.
constexpr CommandSet kNeedsIdleRank = command_set(REFab, RFMab, SRE);
constexpr CommandSet kAll = (CommandSet{1} << kDramCommands) - 1;

constexpr CommandSet kBasic = command_set(ACT, PRE, PREab, REFab, PDE, PDX, SRE, SRX) | kColumns;
constexpr CommandSet kSameBank = command_set(PREsb, REFsb, RFMab);
constexpr CommandSet kPerBank = command_set(REFpb, RFMab, RFMpb);
constexpr CommandSet kLowPower = command_set(ACT2, CAS);

void set_ticks(CheckedStandard& standard, CommandSet commands, std::int32_t ticks) {
  for (int i = 0; i < kDramCommands; ++i) {
    if (holds(commands, static_cast<DramCommand>(i))) standard.ticks[static_cast<std::size_t>(i)] = ticks;
  }
}

/// A tick is half a clock: ACT rises, falls and rises; column commands take a whole clock.
CheckedStandard half_clock_stack() {
  CheckedStandard standard{.burst_clocks = 2, .ticks_per_clock = 2, .is_stack = true, .has_two_buses = true};
  standard.commands = kBasic | kPerBank;
  standard.rising = command_set(ACT, REFab) | kPerBank | kColumns;
  set_ticks(standard, kAll, 1);
  set_ticks(standard, command_set(ACT), 3);
  set_ticks(standard, kColumns, 2);
  return standard;
}

CheckedStandard whole_clock(std::int64_t burst_clocks, CommandSet commands, CommandSet of_two_ticks) {
  CheckedStandard standard{.burst_clocks = burst_clocks, .commands = kBasic | commands};
  set_ticks(standard, kAll, 1);
  set_ticks(standard, of_two_ticks, 2);
  return standard;
}

/// Collects the rules of one device, a group of section 4 at a time.
class RuleTable {
 public:
  RuleTable(const DramDevice& device, const CheckedStandard& standard)
      : device_(device),
        standard_(standard),
        across_(standard.is_stack ? RuleScope::unit : RuleScope::rank),
        near_(standard.has_bank_groups ? RuleScope::group : RuleScope::bank),
        burst_(standard.burst_clocks),
        read_latency_(at("CL").value_or(0)),
        write_latency_(at("CWL").value_or(0)),
        read_to_precharge_(at("RTP")),
        precharge_(at("RP")) {
    if (const auto recovery = at("WR")) write_to_precharge_ = write_latency_ + burst_ + *recovery;
  }

  std::vector<TimingRule> take() {
    columns();
    columns_of_ranks();
    turnarounds();
    activations();
    precharges();
    closing_columns();
    before_refresh();
    after_refresh();
    power();
    return std::move(rules_);
  }

 private:
  using Clocks = std::optional<std::int64_t>;

  Clocks at(std::string_view timing) const { return clocks_of(device_, timing); }
  Clocks at_least_burst(Clocks clocks) const { return clocks ? Clocks(std::max(burst_, *clocks)) : clocks; }
  static Clocks sum(Clocks a, Clocks b) { return a && b ? Clocks(*a + *b) : std::nullopt; }

  /// A rule whose timing the device does not have is no rule.
  void add(std::string_view name, RuleScope scope, CommandSet from, CommandSet to, Clocks clocks) {
    if (clocks) rules_.push_back({name, scope, from, to, *clocks});
  }

  void columns() {
    for (const CommandSet columns : {kReads, kWrites}) {
      add("tCCD_S", RuleScope::rank, columns, columns, at_least_burst(at("CCD_S")));
    }
    add("tCCD_L", near_, kReads, kReads, at_least_burst(at("CCD_L")));
    const bool writes_differ = at("CCD_L_WR").has_value();
    add(writes_differ ? "tCCD_L_WR" : "tCCD_L", near_, kWrites, kWrites,
        at_least_burst(at(writes_differ ? "CCD_L_WR" : "CCD_L")));
  }

  void columns_of_ranks() {
    const auto other = RuleScope::other_rank;
    if (standard_.is_stack) {
      for (const CommandSet columns : {kReads, kWrites}) {
        add("tCCD_R", other, columns, columns, at_least_burst(at("CCD_R")));
      }
      return;
    }
    const Clocks change = sum(burst_, at("CS"));
    add("tCS", other, kReads, kReads, change);
    add("tCS", other, kWrites, kWrites, change);
    if (const Clocks after_write = sum(write_latency_ - read_latency_, change)) {
      add("tCS", other, kWrites, kReads, std::max<std::int64_t>(1, *after_write));
    }
  }

  void turnarounds() {
    // Where the part has no figure of its own: the last read burst, two clocks, the first write burst.
    const std::int64_t preamble = device_.standard == "ddr5" ? 4 : 2;
    add("tRTW", RuleScope::unit, kReads, kWrites,
        at("RTW").value_or(read_latency_ + burst_ + preamble - write_latency_));
    add("tRTW_L", near_, kReads, kWrites, at("RTW_L"));
    add("tWTR_S", across_, kWrites, kReads, sum(write_latency_ + burst_, at("WTR_S")));
    add("tWTR_L", near_, kWrites, kReads, sum(write_latency_ + at("nBL_max").value_or(burst_), at("WTR_L")));
  }

  void activations() {
    const CommandSet act = command_set(ACT);
    add("tRRD_S", across_, act, act, at("RRD_S"));
    if (standard_.has_bank_groups) add("tRRD_L", RuleScope::group, act, act, at("RRD_L"));
    add("tRC", RuleScope::bank, act, act, at("RC"));
    add("tRCDrd", RuleScope::bank, act, kReads, at("RCDrd"));
    add("tRCDwr", RuleScope::bank, act, kWrites, at("RCDwr"));
    add("tRAS", RuleScope::bank, act, command_set(PRE), at("RAS"));
    add("tRAS", RuleScope::slice, act, command_set(PREsb), at("RAS"));
    add("tRAS", RuleScope::rank, act, command_set(PREab), at("RAS"));
  }

  void precharges() {
    const CommandSet act = command_set(ACT);
    add("tRP", RuleScope::bank, command_set(PRE), act, precharge_);
    add("tRP", RuleScope::slice, command_set(PREsb), act, precharge_);
    const bool all_banks_differ = at("RPab").has_value();
    add(all_banks_differ ? "tRPab" : "tRP", RuleScope::rank, command_set(PREab), act,
        all_banks_differ ? at("RPab") : precharge_);
    add("tPPD", across_, kPrecharges, kPrecharges, at("PPD"));
  }

  /// Between a column command and the precharge that follows, be it a command or by itself.
  void closing_columns() {
    struct Direction {
      std::string_view name;
      DramCommand leaves_open;
      DramCommand closes;
      Clocks to_precharge;
    };
    for (const Direction& direction :
         {Direction{"tRTP", RD, RDA, read_to_precharge_}, Direction{"tWR", WR, WRA, write_to_precharge_}}) {
      const CommandSet open = command_set(direction.leaves_open);
      add(direction.name, RuleScope::bank, open, command_set(PRE), direction.to_precharge);
      add(direction.name, RuleScope::slice, open, command_set(PREsb), direction.to_precharge);
      add(direction.name, RuleScope::rank, open, command_set(PREab), direction.to_precharge);

      // The sum of two timings is a rule of both, so that either is named when it is broken.
      const CommandSet closes = command_set(direction.closes);
      const Clocks idle = sum(direction.to_precharge, precharge_);
      for (const std::string_view name : {direction.name, std::string_view("tRP")}) {
        add(name, RuleScope::bank, closes, command_set(ACT) | kManageOneBank, idle);
        add(name, RuleScope::slice, closes, command_set(REFsb), idle);
        add(name, RuleScope::rank, closes, kNeedsIdleRank, idle);
      }
    }
  }

  void before_refresh() {
    const CommandSet act = command_set(ACT);
    const CommandSet same_bank = command_set(REFsb);
    add("tRC", RuleScope::bank, act, kManageOneBank, at("RC"));
    add("tRC", RuleScope::slice, act, same_bank, at("RC"));
    add("tRC", RuleScope::rank, act, command_set(REFab, RFMab), at("RC"));
    add("tRRD_S", across_, act, kManageOneBank, at("RRD_S"));
    add("tRRD_L", RuleScope::rank, act, same_bank, at("RRD_L"));  // REFsb works in every group

    add("tRP", RuleScope::bank, command_set(PRE), kManageOneBank, precharge_);
    add("tRP", RuleScope::slice, command_set(PRE, PREsb), same_bank, precharge_);
    add("tRP", RuleScope::rank, command_set(PRE, PREsb), kNeedsIdleRank, precharge_);
    const CommandSet refreshes = kNeedsIdleRank | kManageOneBank | same_bank;
    const CommandSet all = command_set(PREab);
    if (at("RPab_REF")) {
      add("tRPab_REF", RuleScope::rank, all, refreshes, at("RPab_REF"));
    } else if (at("RPab")) {
      add("tRPab", RuleScope::rank, all, refreshes, at("RPab"));
    } else {
      add("tRP", RuleScope::rank, all, refreshes, precharge_);
    }
  }

  void after_refresh() {
    const CommandSet opening = command_set(ACT, REFab, REFpb, REFsb, RFMab, RFMpb);
    add("tRFCab", RuleScope::rank, command_set(REFab), opening | kPrecharges | command_set(SRE), at("RFCab"));
    const bool managed = at("RFMab").has_value();
    add(managed ? "tRFMab" : "tRFCab", RuleScope::rank, command_set(RFMab), opening | kPrecharges | command_set(SRE),
        at(managed ? "RFMab" : "RFCab"));

    one_bank("tRFCpb", REFpb, at("RFCpb"));
    if (const Clocks management = at("RFMpb")) {
      one_bank("tRFMpb", RFMpb, management);
    } else {
      one_bank("tRFCpb", RFMpb, at("RFCpb"));
    }
    const Clocks apart = at("RREFD");
    const bool paired = at("pbR2pbR").has_value();
    add(paired ? "pbR2pbR" : "tRREFD", across_, kManageOneBank, kManageOneBank, paired ? at("pbR2pbR") : apart);
    const bool activated = at("pbR2act").has_value();
    add(activated ? "pbR2act" : "tRREFD", across_, kManageOneBank, command_set(ACT), activated ? at("pbR2act") : apart);

    const CommandSet same_bank = command_set(REFsb);
    add("tRFCsb", RuleScope::slice, same_bank, command_set(ACT), at("RFCsb"));
    add("tRFCsb", RuleScope::rank, same_bank, same_bank | kNeedsIdleRank, at("RFCsb"));
    add("tRREFD", RuleScope::rank, same_bank, command_set(ACT), apart);
  }

  void one_bank(std::string_view name, DramCommand command, Clocks busy) {
    add(name, RuleScope::bank, command_set(command), command_set(ACT) | kManageOneBank, busy);
    add(name, RuleScope::rank, command_set(command), kNeedsIdleRank, busy);
  }

  void power() {
    add("tPD", RuleScope::rank, command_set(PDE), command_set(PDX), at("PD"));
    add("tXP", RuleScope::rank, command_set(PDX), kAll & ~command_set(PDX, SRX), at("XP"));
    add("tXS", RuleScope::rank, command_set(SRX), kAll & ~command_set(PDX, SRX), at("XS"));
  }

  const DramDevice& device_;
  const CheckedStandard& standard_;
  RuleScope across_;  ///< of what holds for a rank, or for all stack ids
  RuleScope near_;    ///< of the long timings
  std::int64_t burst_;
  std::int64_t read_latency_;
  std::int64_t write_latency_;
  Clocks read_to_precharge_;
  Clocks write_to_precharge_;
  Clocks precharge_;
  std::vector<TimingRule> rules_;
};

}  // namespace

std::optional<CheckedStandard> checked_standard(std::string_view name) {
  if (name == "ddr4") return whole_clock(4, 0, 0);
  if (name == "ddr5") return whole_clock(8, kSameBank, command_set(ACT) | kColumns);
  if (name == "hbm2") {
    CheckedStandard standard = whole_clock(2, kPerBank, command_set(ACT));
    standard.is_stack = standard.has_two_buses = true;
    return standard;
  }
  if (name == "hbm3" || name == "hbm4") return half_clock_stack();
  if (name == "lpddr5" || name == "lpddr6") {
    CheckedStandard standard =
        name == "lpddr5" ? whole_clock(2, kPerBank | kLowPower, 0) : whole_clock(6, kPerBank | kLowPower, kAll);
    standard.activates_in_two = true;
    return standard;
  }
  if (name == "gddr6") return whole_clock(2, kPerBank, 0);
  if (name == "gddr7") {
    CheckedStandard standard = whole_clock(2, kPerBank, command_set(ACT) | kColumns);
    standard.has_two_buses = true;
    standard.has_bank_groups = false;
    return standard;
  }
  return std::nullopt;
}

std::optional<std::int64_t> clocks_of(const DramDevice& device, std::string_view timing) {
  for (const auto& [name, clocks] : device.timings) {
    if (name == timing) return clocks;
  }
  return std::nullopt;
}

std::vector<TimingRule> timing_rules(const DramDevice& device, const CheckedStandard& standard) {
  return RuleTable(device, standard).take();
}

}  // namespace orrery
