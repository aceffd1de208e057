#pragma once

#include <span>

#include "orrery/schema/enum_names.h"

namespace orrery {

/// The largest constellation of a link: it chooses the tables of CQI and MCS.
enum class Constellation { qam64, qam256 };
template <>
struct EnumNames<Constellation> {
  static constexpr EnumRow<Constellation> kRows[] = {
      {Constellation::qam64, "64QAM", "6 bits a symbol, tables 1"},
      {Constellation::qam256, "256QAM", "8 bits a symbol, tables 2"},
  };
};

/// A modulation with a code rate. The rate is kept as R x 2048, which is whole in every row of the tables.
struct ModulationCoding {
  int symbol_bits = 0;  ///< Q_m
  int rate_2048 = 0;    ///< code rate x 2048

  constexpr double code_rate() const { return rate_2048 / 2048.0; }
  constexpr double bits_per_symbol() const { return symbol_bits * code_rate(); }
};

/// The rows of the channel quality indicator from 1 to 15: row i is element i - 1.
/// Source: TS 38.214, tables 5.2.2.1-2 (64QAM) and 5.2.2.1-3 (256QAM).
std::span<const ModulationCoding> cqi_table(Constellation largest);
/// The rows of the modulation and coding scheme, from 0.
/// Source: TS 38.214, tables 5.1.3.1-1 (64QAM, 29 rows) and 5.1.3.1-2 (256QAM, 28 rows).
std::span<const ModulationCoding> mcs_table(Constellation largest);

/// Bits of a symbol of the largest constellation.
constexpr int most_bits(Constellation largest) { return largest == Constellation::qam64 ? 6 : 8; }

}  // namespace orrery
