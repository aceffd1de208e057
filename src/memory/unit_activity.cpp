#include "orrery/memory/unit_engine.h"

namespace orrery {

std::int64_t UnitActivity::commands(DramCommand command) const {
  std::int64_t count = 0;
  for (const RankActivity& rank : ranks) count += rank.commands[static_cast<std::size_t>(command)];
  return count;
}

}  // namespace orrery
