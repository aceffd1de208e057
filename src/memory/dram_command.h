#pragma once

#include <compare>
#include <cstdint>

#include "orrery/schema/enum_names.h"

namespace orrery {

/// What a controller can put on a command bus. Names as JEDEC writes them; ab, pb and sb stand for all banks,
/// per bank and same bank (that bank of each group).
enum class DramCommand : std::uint8_t {
  ACT,    ///< opens a row; on LPDDR the first of two commands
  ACT2,   ///< the second one, which carries the rest of the address
  PRE,    ///< closes the row of a bank
  PREab,  ///< closes all rows of a rank
  PREsb,  ///< closes the rows of one bank of each group
  RD,
  RDA,  ///< and the row closes by itself afterwards
  WR,
  WRA,
  REFab,
  REFpb,
  REFsb,
  RFMab,
  RFMpb,
  CAS,  ///< starts the data clock of LPDDR
  PDE,  ///< enters power-down
  PDX,
  SRE,  ///< enters self-refresh
  SRX,
};
constexpr int kDramCommands = 19;

template <>
struct EnumNames<DramCommand> {
  static constexpr EnumRow<DramCommand> kRows[] = {
      {DramCommand::ACT, "ACT", "open a row"},
      {DramCommand::ACT2, "ACT2", "the second half of an activation"},
      {DramCommand::PRE, "PRE", "close a row"},
      {DramCommand::PREab, "PREab", "close all rows of a rank"},
      {DramCommand::PREsb, "PREsb", "close one bank of each group"},
      {DramCommand::RD, "RD", "read a burst"},
      {DramCommand::RDA, "RDA", "read a burst, then close the row"},
      {DramCommand::WR, "WR", "write a burst"},
      {DramCommand::WRA, "WRA", "write a burst, then close the row"},
      {DramCommand::REFab, "REFab", "refresh all banks of a rank"},
      {DramCommand::REFpb, "REFpb", "refresh one bank"},
      {DramCommand::REFsb, "REFsb", "refresh one bank of each group"},
      {DramCommand::RFMab, "RFMab", "refresh management of all banks"},
      {DramCommand::RFMpb, "RFMpb", "refresh management of one bank"},
      {DramCommand::CAS, "CAS", "start the data clock"},
      {DramCommand::PDE, "PDE", "enter power-down"},
      {DramCommand::PDX, "PDX", "leave power-down"},
      {DramCommand::SRE, "SRE", "enter self-refresh"},
      {DramCommand::SRX, "SRX", "leave self-refresh"},
  };
};

constexpr bool is_read(DramCommand c) { return c == DramCommand::RD || c == DramCommand::RDA; }
constexpr bool is_write(DramCommand c) { return c == DramCommand::WR || c == DramCommand::WRA; }
constexpr bool is_column(DramCommand c) { return is_read(c) || is_write(c); }
constexpr bool is_refresh(DramCommand c) {
  return c == DramCommand::REFab || c == DramCommand::REFpb || c == DramCommand::REFsb;
}
constexpr bool is_refresh_management(DramCommand c) { return c == DramCommand::RFMab || c == DramCommand::RFMpb; }

/// One command as it appeared on the bus of one unit. `tick` is its first cycle. Fields that the command does
/// not carry are 0: no bank of an all-bank command, no row of a precharge.
struct IssuedCommand {
  std::int64_t tick = 0;
  DramCommand command = DramCommand::ACT;
  std::uint8_t rank = 0;   ///< rank, or stack id of a stack
  std::uint8_t group = 0;  ///< bank group in the rank
  std::uint8_t bank = 0;   ///< bank in the group
  std::int32_t row = 0;
  std::int32_t column = 0;  ///< burst in the row

  friend auto operator<=>(const IssuedCommand&, const IssuedCommand&) = default;
};

/// Told of every command of one unit, in the order of their ticks.
class CommandSink {
 public:
  virtual ~CommandSink() = default;
  virtual void issued(const IssuedCommand& command) = 0;
};

}  // namespace orrery
