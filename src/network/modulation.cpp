#include "orrery/network/modulation.h"

namespace orrery {
namespace {

/// A row as the standard prints it: R x 1024, which has halves.
consteval ModulationCoding row(int symbol_bits, double rate_1024) {
  return {symbol_bits, static_cast<int>(2 * rate_1024)};
}

constexpr ModulationCoding kCqi64[] = {row(2, 78),  row(2, 120), row(2, 193), row(2, 308), row(2, 449),
                                       row(2, 602), row(4, 378), row(4, 490), row(4, 616), row(6, 466),
                                       row(6, 567), row(6, 666), row(6, 772), row(6, 873), row(6, 948)};
constexpr ModulationCoding kCqi256[] = {row(2, 78),  row(2, 193), row(2, 449), row(4, 378), row(4, 490),
                                        row(4, 616), row(6, 466), row(6, 567), row(6, 666), row(6, 772),
                                        row(6, 873), row(8, 711), row(8, 797), row(8, 885), row(8, 948)};
constexpr ModulationCoding kMcs64[] = {row(2, 120), row(2, 157), row(2, 193), row(2, 251), row(2, 308), row(2, 379),
                                       row(2, 449), row(2, 526), row(2, 602), row(2, 679), row(4, 340), row(4, 378),
                                       row(4, 434), row(4, 490), row(4, 553), row(4, 616), row(4, 658), row(6, 438),
                                       row(6, 466), row(6, 517), row(6, 567), row(6, 616), row(6, 666), row(6, 719),
                                       row(6, 772), row(6, 822), row(6, 873), row(6, 910), row(6, 948)};
constexpr ModulationCoding kMcs256[] = {row(2, 120), row(2, 193), row(2, 308),   row(2, 449), row(2, 602), row(4, 378),
                                        row(4, 434), row(4, 490), row(4, 553),   row(4, 616), row(4, 658), row(6, 466),
                                        row(6, 517), row(6, 567), row(6, 616),   row(6, 666), row(6, 719), row(6, 772),
                                        row(6, 822), row(6, 873), row(8, 682.5), row(8, 711), row(8, 754), row(8, 797),
                                        row(8, 841), row(8, 885), row(8, 916.5), row(8, 948)};

}  // namespace

std::span<const ModulationCoding> cqi_table(Constellation largest) {
  return largest == Constellation::qam64 ? std::span<const ModulationCoding>(kCqi64) : kCqi256;
}

std::span<const ModulationCoding> mcs_table(Constellation largest) {
  return largest == Constellation::qam64 ? std::span<const ModulationCoding>(kMcs64) : kMcs256;
}

}  // namespace orrery
