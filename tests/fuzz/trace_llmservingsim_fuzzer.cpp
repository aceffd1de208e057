#include "trace_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  orrery::fuzz_trace(orrery::TraceFormat::llmservingsim_jsonl, data, size);
  return 0;
}
