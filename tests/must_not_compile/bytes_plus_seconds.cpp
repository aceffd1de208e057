// expect: no match for .operator\+.|invalid operands to binary expression
#include "orrery/base/quantity.h"

auto wrong(orrery::Bytes size, orrery::Seconds time) { return size + time; }
