#include "orrery/@id@/@id@.h"

namespace orrery {}  // namespace orrery
