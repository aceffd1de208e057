#include "orrery/base/result.h"

#include <cstdio>
#include <cstdlib>

namespace orrery {

void report_bug(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "internal error: %s does not hold (%s:%d)\n", condition, file, line);
  std::_Exit(1);
}

}  // namespace orrery
