// expect: nothing
#include "orrery/base/quantity.h"

orrery::Seconds transfer_time(orrery::Bytes size, orrery::BytesPerSecond rate) { return size / rate; }
