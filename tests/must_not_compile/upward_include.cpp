// expect: orrery/schema/node.h: No such file|'orrery/schema/node.h' file not found
// layers: base
#include "orrery/schema/node.h"
