#include "orrery/schema/type_graph.h"

#include <algorithm>

namespace orrery {

std::vector<const RecordType*> records_reached_from(const RecordType& record) {
  std::vector<const RecordType*> reached = {&record};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    for (const Field& field : reached[i]->fields) {
      const RecordType* below = field.type->record();
      if (below != nullptr && std::find(reached.begin(), reached.end(), below) == reached.end()) {
        reached.push_back(below);
      }
    }
  }
  return reached;
}

}  // namespace orrery
