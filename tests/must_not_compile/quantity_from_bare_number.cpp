// expect: could not convert|no viable conversion
#include "orrery/base/quantity.h"

orrery::Seconds wrong() { return 3.0; }
