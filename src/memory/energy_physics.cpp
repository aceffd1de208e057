#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "orrery/memory/energy_record.h"

namespace orrery {
namespace {

class EnergyChecker {
 public:
  EnergyChecker(const EnergyRecord& energy, Diagnostics& diagnostics) : energy_(energy), diagnostics_(diagnostics) {}

  void check() {
    if (energy_.rails.empty() && !energy_.per_bit) {
      impossible(energy_.place, "neither rails nor per_bit says what this memory draws");
    }
    if (!energy_.rails.empty() && energy_.per_bit) {
      impossible(energy_.per_bit->place, "rails and per_bit are two answers to one question: give one of them");
    }
    if (energy_.per_bit) check_per_bit(*energy_.per_bit);
    for (const auto& rail : energy_.rails) check_rail(rail.value, rail.name);
  }

 private:
  void impossible(const Place& place, std::string message) {
    diagnostics_.error("impossible-physics", place, std::move(message));
  }

  void check_per_bit(const OperationEnergies& per_bit) {
    if (!energy_.low || !energy_.high) {
      diagnostics_.error("missing-key", per_bit.place, "'low' and 'high' are missing: per_bit is given with its band");
    }
    if (energy_.rails.empty() && (energy_.devices || energy_.loop || energy_.rate || energy_.data || energy_.io)) {
      impossible(per_bit.place, "devices, loop, rate, data and io explain rails, and there are none");
    }
  }

  void check_rail(const SupplyRail& rail, const std::string& name) {
    const Current standby{"IDD2N", rail.IDD2N};
    const Current open{"IDD3N", rail.IDD3N};
    const Current one_bank =
        rail.IDD3N_one_bank ? Current{"IDD3N_one_bank", *rail.IDD3N_one_bank} : Current{"IDD3N", rail.IDD3N};
    require_order(name, standby, one_bank);
    if (rail.IDD3N_one_bank) require_order(name, one_bank, open);
    require_order(name, standby, {"IDD0", rail.IDD0});
    require_order(name, one_bank, {"IDD4R", rail.IDD4R});
    require_order(name, one_bank, {"IDD4W", rail.IDD4W});
    require_order(name, standby, {"IDD5B", rail.IDD5B});
    if (rail.IDD2P) require_order(name, {"IDD2P", *rail.IDD2P}, standby);
    if (rail.IDD3P) require_order(name, {"IDD3P", *rail.IDD3P}, open);
  }

  struct Current {
    std::string_view name;
    const Sourced<Amperes>& value;
  };
  void require_order(const std::string& rail, const Current& small, const Current& large) {
    if (small.value.value <= large.value.value) return;
    impossible(large.value.place, fmt::format("{} of {} is {}, less than {}, which is {}", large.name, rail,
                                              to_text(large.value.value), small.name, to_text(small.value.value)));
  }

  const EnergyRecord& energy_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_physics(const EnergyRecord& energy, Diagnostics& diagnostics) { EnergyChecker(energy, diagnostics).check(); }

}  // namespace orrery
